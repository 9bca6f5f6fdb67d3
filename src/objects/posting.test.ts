// Owns: the tests of what a turn posts and of what it needs from other hosts.
// Leaves: delivering and asking to the tests of the kernel.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeValue } from './codec.ts'
import { OBJECT_LIMITS } from './limits.ts'
import type { Posting } from './posting.ts'
import { readRequest } from './request.ts'
import { type HttpNeed, needKey } from './signal.ts'
import type { TurnOutcome } from './turn.ts'
import { Ref } from './value.ts'
import { answerOf, type Guest, type Kit, TestWorld } from './world.fixture.ts'

type Method = (kit: Kit) => Guest

/** Runs a function as a method of a new object. */
function attempt(method: Method, ...args: unknown[]) {
  const t = new TestWorld()
  const object = t.object()
  return { t, object, outcome: t.attempt(object, method, ...args) }
}

const postingsOf = (outcome: TurnOutcome): readonly Posting[] => {
  answerOf(outcome)
  return outcome.kind === 'kept' ? outcome.postings : []
}

function needOf(outcome: TurnOutcome): HttpNeed {
  if (outcome.kind !== 'need' || outcome.need.kind !== 'http') throw outcome
  return outcome.need
}

const faultOf = (outcome: TurnOutcome) => {
  if (outcome.kind !== 'fault') throw outcome
  return outcome.fault
}

const answer = (body: string) => ({ value: { status: 200, headers: {}, body } })

test('[OB40] what a turn posts is in its outcome, in stored form and in order', () => {
  const { object, outcome } = attempt(({ g }) => (self) => {
    const list = [1, self]
    g.mirror.later(self, 'first', [list])
    list.push(2)
    g.mirror.request('http://a.test/', self, 'second', 5)
    return null
  })
  assert.deepEqual(postingsOf(outcome), [
    { kind: 'send', target: object, selector: 'first', args: [[1, new Ref(object)]], after: 0 },
    {
      kind: 'request',
      target: object,
      selector: 'second',
      request: readRequest('http://a.test/'),
      after: 5,
    },
  ])
})

test('[OB40] a turn that ends in a fault or a need posts nothing, and neither does the next', () => {
  const t = new TestWorld()
  const object = t.object()
  const ends: ((kit: Kit, self: unknown) => unknown)[] = [
    () => {
      throw new Error('no')
    },
    ({ rt }, self) => rt.s0(self, 'missing'),
    ({ rt }) => rt.x(),
  ]
  for (const end of ends) {
    const outcome = t.attempt(object, (kit) => (self) => {
      kit.g.mirror.later(self, 'never')
      return end(kit, self)
    })
    assert.equal('postings' in outcome, false)
    assert.deepEqual(postingsOf(t.attempt(object, () => () => 1)), [])
  }
})

test('[OB40] [OB14] an object made in the turn lives when a posting names it, as target or deep in an argument', () => {
  const { t, outcome } = attempt(({ g }) => (self) => {
    const [one, two, lost] = [1, 2, 3].map((n) => {
      const born = g.mirror.clone(self)
      g.mirror.set(born, 'n', n)
      return born
    })
    g.mirror.later(one, 'go')
    g.mirror.later(self, 'go', [{ deep: [two] }])
    return g.mirror.get(lost, 'n')
  })
  const [first, second] = postingsOf(outcome)
  assert.ok(first?.kind === 'send' && second?.kind === 'send')
  const [{ deep }] = second.args as [{ deep: [Ref] }]
  assert.deepEqual([t.stored(first.target).n, t.stored(deep[0].oid).n], [1, 2])
  assert.equal(outcome.kind === 'kept' && outcome.writes.length, 2)
})

test('[OB41] a posting is so many whole milliseconds later, and guest code is told when', () => {
  const later = (after: unknown) =>
    attempt(
      ({ g }) =>
        (self, ms) =>
          g.mirror.later(self, 'go', [], ms),
      after,
    ).outcome
  assert.deepEqual(
    [undefined, null, 0, 1.6, OBJECT_LIMITS.postingDelay].map((ms) => answerOf(later(ms))),
    [1_000, 1_000, 1_000, 1_002, 1_000 + OBJECT_LIMITS.postingDelay],
  )
  assert.equal(postingsOf(later(1.6))[0]?.kind === 'send', true)
  for (const wrong of [-1, OBJECT_LIMITS.postingDelay + 1, '5', true]) {
    assert.match(faultOf(later(wrong)).message, /milliseconds/, String(wrong))
  }
})

test('[OB42] how many, how many arguments, and how large: over a limit the turn ends in LIMIT', () => {
  const many = (count: number) =>
    attempt(({ g }) => (self) => {
      for (let i = 0; i < count; i++) g.mirror.later(self, 'go', [i])
      return count
    }).outcome
  assert.equal(postingsOf(many(OBJECT_LIMITS.postings)).length, OBJECT_LIMITS.postings)
  assert.equal(faultOf(many(OBJECT_LIMITS.postings + 1)).code, 'LIMIT')
  const large = (args: unknown[]) =>
    attempt(
      ({ g }) =>
        (self, list) =>
          g.mirror.later(self, 'go', list),
      args,
    ).outcome
  const room = OBJECT_LIMITS.postingBytes - encodeValue(['']).length - 4
  assert.equal(large(['x'.repeat(room)]).kind, 'kept')
  assert.equal(faultOf(large(['x'.repeat(OBJECT_LIMITS.postingBytes)])).code, 'LIMIT')
  assert.equal(large(Array(OBJECT_LIMITS.postingArgs).fill(1)).kind, 'kept')
  assert.equal(faultOf(large(Array(OBJECT_LIMITS.postingArgs + 1).fill(1))).code, 'LIMIT')
})

test('[OB42] a turn posts no more than its surroundings allow', () => {
  const t = new TestWorld()
  const object = t.object()
  t.define(object, {
    post:
      ({ g }) =>
      (self, count) => {
        for (let i = 0; i < count; i++) g.mirror.later(self, 'go')
        return null
      },
  })
  const post = (count: number, postings: number) => {
    const frame = { now: 1, seed: 1, fuel: 1_000, postings }
    return t.world.runSend({ ...frame, target: object, selector: 'post', args: [count] })
  }
  assert.equal(postingsOf(post(2, 2)).length, 2)
  assert.match(faultOf(post(3, 2)).message, /too many messages for later wait/)
  assert.match(faultOf(post(1, 0)).message, /too many messages for later wait/)
})

test('[OB40] [OB19] what cannot be posted is refused with a sentence: no object, no selector, a function', () => {
  const wrong: Method[] = [
    ({ g }) =>
      () =>
        g.mirror.later({}, 'go'),
    ({ g }) =>
      (self) =>
        g.mirror.later(self, 'parent*'),
    ({ g }) =>
      (self) =>
        g.mirror.later(self, 'constructor'),
    ({ g }) =>
      (self) =>
        g.mirror.later(self, 5),
    ({ g }) =>
      (self) =>
        g.mirror.later(self, 'go', 'text'),
    ({ g }) =>
      (self) =>
        g.mirror.later(self, 'go', [() => 1]),
    ({ g }) =>
      (self) =>
        g.mirror.request(self, self, 'go'),
  ]
  for (const method of wrong) {
    const { outcome } = attempt(method)
    assert.equal(faultOf(outcome).code, 'METHOD_FAILED')
    assert.ok(faultOf(outcome).message.length > 10)
  }
})

test('[OB47] calling off drops what the turn has posted under that name, and names it to the surroundings', () => {
  const { object, outcome } = attempt(({ g }) => (self) => {
    g.mirror.later(self, 'go')
    g.mirror.later(self, 'stay')
    g.mirror.cancelLater(self, 'go')
    g.mirror.later(self, 'go', [2])
    const born = g.mirror.clone(self)
    g.mirror.later(born, 'go')
    g.mirror.cancelLater(born, 'go')
    return null
  })
  assert.deepEqual(postingsOf(outcome), [
    { kind: 'send', target: object, selector: 'stay', args: [], after: 0 },
    { kind: 'cancel', target: object, selector: 'go' },
    { kind: 'send', target: object, selector: 'go', args: [2], after: 0 },
  ])
  assert.equal(outcome.kind === 'kept' && outcome.writes.length, 0)
})

test('[OB43] a request has one form: defaults filled in, headers in lower case and in order', () => {
  const whole = {
    method: 'GET',
    url: 'http://a.test/',
    headers: {},
    body: null,
    idempotent: false,
  }
  assert.deepEqual(readRequest('http://a.test/'), whole)
  assert.deepEqual(readRequest({ url: 'http://a.test/', method: 'get', headers: null }), whole)
  const one = readRequest({ url: 'u', method: 'POST', body: '{}', headers: { B: '1', a: '2' } })
  const other = readRequest({ headers: { A: '2', b: '1' }, body: '{}', method: 'post', url: 'u' })
  assert.equal(JSON.stringify(one), JSON.stringify(other))
})

test('[OB43] a request that is not whole is refused with a sentence', () => {
  const url = 'http://a.test/'
  const headers = (given: unknown) => ({ url, headers: given })
  const wrong = [
    5,
    null,
    [],
    {},
    { url: 5 },
    { url: 'x'.repeat(OBJECT_LIMITS.urlLength + 1) },
    { url, method: 'TRACE' },
    { url, method: 5 },
    { url, body: 'x' },
    { url, method: 'POST', body: 5 },
    { url, method: 'POST', body: 'x'.repeat(OBJECT_LIMITS.bodyLength + 1) },
    { url, idempotent: 1 },
    { url, timeout: 5 },
    headers([]),
    headers({ host: 'b.test' }),
    headers({ 'Content-Length': '5' }),
    headers({ constructor: 'x' }),
    headers({ 'a b': 'x' }),
    headers({ a: 5 }),
    headers({ a: 'x\r\nb: y' }),
    headers({ a: 'ü' }),
    headers({ a: 'x'.repeat(OBJECT_LIMITS.headerLength) }),
    headers({ a: '1', A: '2' }),
    headers(Object.fromEntries([...Array(OBJECT_LIMITS.headers + 1)].map((_, i) => [`h${i}`, '']))),
  ]
  for (const [i, given] of wrong.entries()) {
    assert.throws(() => readRequest(given), { code: 'METHOD_FAILED' }, `request ${i}`)
  }
})

test('[OB44] [OB10] a fetch ends the attempt; with its outcome the turn runs to its end', () => {
  const { t, object, outcome } = attempt(({ g }) => (self) => {
    self.n = 1
    return g.mirror.fetch('http://a.test/').body
  })
  const need = needOf(outcome)
  assert.deepEqual(need, { kind: 'http', request: readRequest('http://a.test/'), n: 0 })
  assert.equal(t.stored(object).n, undefined)
  t.outcomes = { [needKey(need)]: answer('hello') }
  const fetch: Method =
    ({ g }) =>
    () => {
      const { status, headers, body } = g.mirror.fetch({ url: 'http://a.test/' })
      return [status, headers, body]
    }
  assert.deepEqual(t.run(object, fetch), [200, {}, 'hello'])
})

test('[OB44] equal requests of one attempt are told apart by their order, and differ from any other', () => {
  const t = new TestWorld()
  const object = t.object()
  const twice: Method =
    ({ g }) =>
    () => [g.mirror.fetch('u').body, g.mirror.fetch('u').body, g.mirror.fetch('v').body]
  const bodies = ['one', 'two', 'three']
  const needs: HttpNeed[] = []
  for (const body of bodies) {
    const need = needOf(t.attempt(object, twice))
    needs.push(need)
    t.outcomes = { ...t.outcomes, [needKey(need)]: answer(body) }
  }
  assert.deepEqual(
    needs.map(({ n, request }) => [n, request.url]),
    [
      [0, 'u'],
      [1, 'u'],
      [0, 'v'],
    ],
  )
  assert.deepEqual(t.run(object, twice), bodies)
  assert.deepEqual(t.run(object, twice), bodies)
})

test('[OB44] [OB29] a fault of a host is an ordinary fault, which the method may catch', () => {
  const t = new TestWorld()
  const object = t.object()
  const fetch: Method =
    ({ g }) =>
    () => {
      try {
        return g.mirror.fetch('u')
      } catch (error) {
        return (error as { code: string }).code
      }
    }
  const fault = { code: 'POLICY', message: 'no', remedy: 'none', retry: 'never' as const }
  const need: HttpNeed = { kind: 'http', request: readRequest('u'), n: 0 }
  t.outcomes = { [needKey(need)]: { fault } }
  assert.equal(t.run(object, fetch), 'POLICY')
})

test('[OB45] an attempt that ends in a need names the outcomes that it did not ask for', () => {
  const t = new TestWorld()
  const object = t.object()
  const key = (url: string) => needKey({ kind: 'http', request: readRequest(url), n: 0 })
  t.outcomes = { [key('old')]: answer('old'), [key('used')]: answer('used') }
  const outcome = t.attempt(object, ({ g }) => () => {
    g.mirror.fetch('used')
    return g.mirror.fetch('new')
  })
  assert.deepEqual(outcome.kind === 'need' && outcome.stale, [key('old')])
})

test('[OB46] only a request that may be made again can be needed', () => {
  const fetch = (request: unknown) =>
    attempt(
      ({ g }) =>
        (_, given) =>
          g.mirror.fetch(given),
      request,
    ).outcome
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    assert.equal(needOf(fetch({ url: 'u', method })).request.method, method)
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    assert.match(faultOf(fetch({ url: 'u', method })).remedy, /mirror.request/)
    assert.equal(needOf(fetch({ url: 'u', method, idempotent: true })).request.method, method)
  }
})
