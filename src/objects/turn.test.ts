// Owns: the tests of turns: what one leaves when it fails, what is kept of what it made, needs, limits, time and chance.
// Leaves: containers to nested.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#ground'
import { GENESIS } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { needKey } from './signal.ts'
import { Ref } from './value.ts'
import { answerOf, changesOf, type Guest, TestWorld } from './world.fixture.ts'

/** A turn that does a little of everything and then fails. */
function failing(how: Guest) {
  const t = new TestWorld()
  const parent = t.object({ list: [1], n: 1 })
  const object = t.object({ map: { a: 1 }, gone: 5 }, [parent])
  t.run(object, () => (self) => [self.map.a, self.list[0]])
  const next = t.world.nextOid
  const outcome = t.attempt(object, ({ g }) => (self) => {
    self.n = 2
    self.fresh = g.mirror.bind('new/name', g.mirror.clone(self))
    self.map.a = 2
    self.list.push(2)
    delete self.gone
    self['parent*'] = g.mirror.object('#1')
    return how(self)
  })
  return { t, object, parent, outcome, next }
}

const ENDS: [string, Guest][] = [
  ['throws', () => assert.fail('no')],
  ['asks for a method', (self) => self.missing.x.y],
  ['answers what cannot be answered', () => () => 1],
  [
    'throws what is no error',
    (self) => {
      throw self
    },
  ],
]

for (const [how, end] of ENDS) {
  test(`[OB10] a turn that ${how} leaves nothing`, () => {
    const { t, object, parent, outcome, next } = failing(end)
    assert.equal(outcome.kind, 'fault')
    t.assertAgrees()
    assert.equal(t.world.nextOid, next)
    assert.equal(t.world.lookup('new/name'), undefined)
    const look: Guest = (self) => [self.n, self.map, self.gone, self.list, 'fresh' in self]
    assert.deepEqual(
      t.run(object, () => look),
      [1, { a: 1 }, 5, [1], false],
    )
    assert.deepEqual(t.stored(object)['parent*'], new Ref(parent))
  })
}

test('[OB10] a need leaves nothing, and the turn that runs again finds everything as it was', () => {
  const t = new TestWorld()
  const object = t.object({ n: 0 })
  t.define(object, {
    go:
      ({ rt }) =>
      (self) => {
        self.n++
        return rt.s1(self, 'missing', self.n)
      },
  })
  const first = t.outcome(object, 'go')
  const second = t.outcome(object, 'go')
  assert.deepEqual(first, second)
  assert.deepEqual(first.kind === 'need' && first.need.kind === 'method' && first.need.args, [1])
  assert.equal(t.stored(object).n, 0)
})

test('[OB6] one oid is one object within a turn, by whatever path', () => {
  const t = new TestWorld()
  const a = t.object()
  const b = t.object({ a: new Ref(a), list: [new Ref(a)], deep: { x: [new Ref(a)] } })
  t.names.set('a', a)
  const same: Guest = (self, given, g) => {
    const ways = [self.list[0], self.deep.x[0], g.mirror.object('a'), given, self.a.self]
    return ways.every((way) => way === self.a)
  }
  t.run(a, () => (self) => {
    self.self = self
  })
  const outcome = t.attempt(
    b,
    ({ g }) =>
      (self, given) =>
        same(self, given, g),
    new Ref(a),
  )
  assert.equal(answerOf(outcome), true)
})

test('[OB14] an object nobody refers to is not kept, and its number is given again', () => {
  const t = new TestWorld()
  const object = t.object()
  const next = t.world.nextOid
  const outcome = t.attempt(object, ({ g }) => (self) => {
    for (let i = 0; i < 10; i++) g.mirror.clone(self).x = i
  })
  assert.deepEqual(changesOf(outcome), {})
  assert.equal(t.world.nextOid, next)
})

test('[OB14] a slot, a container, a name and the reply each keep what they refer to, and all behind it', () => {
  const t = new TestWorld()
  const object = t.object()
  const outcome = t.attempt(object, ({ g }) => (self) => {
    const make = (x: unknown) => Object.assign(g.mirror.clone(self), { x })
    make('nobody').other = make('nobody either')
    self.slot = make('slot')
    self.slot.deep = [{ in: make('deep') }]
    g.mirror.bind('name', make('name'))
    return { answer: make('reply') }
  })
  const kept = outcome.kind === 'kept' ? outcome.writes.filter(({ born }) => born) : []
  const names = kept.map(({ oid }) => t.stored(oid).x)
  assert.deepEqual(names.toSorted(), ['deep', 'name', 'reply', 'slot'])
})

test('[OB14] a chain of thousands of new objects is kept whole', () => {
  const t = new TestWorld()
  const object = t.object()
  const outcome = t.attempt(object, ({ g }) => (self) => {
    let last = self
    for (let i = 0; i < 9_000; i++) {
      last.next = g.mirror.clone(g.mirror.object('#1'))
      last = last.next
    }
  })
  assert.equal(outcome.kind === 'kept' && outcome.writes.length, 9_001)
})

test('[OB18] time and chance are fixed, and a turn that runs again draws the same', () => {
  const t = new TestWorld()
  const object = t.object()
  const draw = () =>
    t.run(object, ({ g }) => () => [
      g.Date.now(),
      new g.Date().getTime(),
      g.mirror.now(),
      g.Math.random(),
      g.Math.random(),
      g.Date().length > 0,
    ])
  const first = draw() as number[]
  assert.deepEqual(first.slice(0, 3), [1_000, 1_000, 1_000])
  assert.notEqual(first[3], first[4])
  assert.deepEqual(draw(), first)
})

test('[OB29] a need that could not be met is an ordinary fault when the turn runs again', () => {
  const t = new TestWorld()
  const object = t.object()
  const fault = { code: 'GENERATION_REFUSED', message: 'no', remedy: 'r', retry: 'never' as const }
  t.outcomes = { [needKey({ learner: object, selector: 'fly' })]: { fault } }
  t.define(object, {
    go:
      ({ rt }) =>
      (self) => {
        try {
          return rt.s0(self, 'fly')
        } catch (e) {
          return [(e as Fault).code, (e as Fault).message]
        }
      },
  })
  assert.deepEqual(t.send(object, 'go'), ['GENERATION_REFUSED', 'no'])
  assert.throws(() => t.send(object, 'fly'), { code: 'GENERATION_REFUSED' })
})

test('[OB29] a signal that guest code caught still ends the turn', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1 })
  t.define(object, {
    hide:
      ({ rt }) =>
      (self) => {
        try {
          rt.s0(self, 'missing')
        } catch {
          self.n = 2
        }
        return 'went on'
      },
  })
  const outcome = t.outcome(object, 'hide')
  assert.equal(
    outcome.kind === 'need' && outcome.need.kind === 'method' && outcome.need.selector,
    'missing',
  )
  assert.equal(
    t.run(object, () => (self) => self.n),
    1,
  )
})

test('[OB28] what cannot be a method, and what has no genesis above it, is never asked for', () => {
  const t = new TestWorld()
  const object = t.object()
  for (const selector of ['__proto__', 'constructor', 'x*', '', 'x'.repeat(300), 'a\u0001']) {
    const attempt = () =>
      t.run(
        object,
        ({ rt }) =>
          (self) =>
            rt.s0(self, selector),
      )
    assert.throws(attempt, { code: 'NOT_UNDERSTOOD' }, selector)
  }
  const free = t.object({}, [])
  t.names.set('free', free)
  const learn = () =>
    t.run(
      object,
      ({ g }) =>
        () =>
          g.mirror.learn(g.mirror.object('free'), { selector: 'fly' }),
    )
  assert.throws(learn, { code: 'NOT_UNDERSTOOD' })
})

test('[OB30] ticks end a turn, and cannot be caught', () => {
  const t = new TestWorld()
  t.fuel = 1_000
  const spin = () =>
    t.run(t.object(), ({ rt }) => () => {
      for (;;) if (--rt.n < 0) rt.x()
    })
  assert.throws(spin, { code: 'FUEL', message: /1000 ticks/ })
})

test('[OB30] sends inside sends end a turn, and those that threw and were caught do not add up', () => {
  const t = new TestWorld()
  const object = t.object()
  t.define(object, {
    deep:
      ({ rt }) =>
      (self) =>
        rt.s0(self, 'deep'),
    fail: () => () => assert.fail('no'),
    often:
      ({ rt }) =>
      (self) => {
        for (let i = 0; i < OBJECT_LIMITS.sendDepth * 2; i++) {
          assert.throws(() => rt.s0(self, 'fail'))
        }
        return 'done'
      },
  })
  assert.throws(() => t.send(object, 'deep'), { code: 'LIMIT', message: /400 deep/ })
  assert.equal(t.send(object, 'often'), 'done')
})

test('[OB30] functions that call functions too deeply are a fault', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1 })
  const dive = (): unknown => [dive()]
  assert.throws(() => t.run(object, () => dive), { code: 'LIMIT', message: /too deeply/ })
  const outcome = t.attempt(object, () => (self) => {
    assert.throws(() => {
      const deeper = (x: number): number => {
        self.n = x
        return deeper(x + 1) + 1
      }
      deeper(1)
    }, RangeError)
    self.list = [self.n]
    return self.n > 100
  })
  assert.equal(answerOf(outcome), true)
  t.assertAgrees()
})

test('[OB30] objects made, objects asked for and bytes answered have limits', () => {
  const t = new TestWorld()
  const object = t.object()
  const breed = () =>
    t.run(object, ({ g }) => (self) => {
      for (let i = 0; i <= OBJECT_LIMITS.births; i++) g.mirror.clone(self)
    })
  assert.throws(breed, { code: 'LIMIT', message: /10000 objects/ })
  const ask = () =>
    t.run(object, ({ g }) => () => {
      for (let i = 0; i <= OBJECT_LIMITS.questions; i++) g.mirror.object(`nobody/${i}`)
    })
  assert.throws(ask, { code: 'LIMIT', message: /50000/ })
  const answer = () => t.run(object, () => () => new Array(20).fill('x'.repeat(500_000)))
  assert.throws(answer, { code: 'LIMIT', message: /a reply would take/ })
})

test('[OB30] the bytes that one turn writes have a limit', () => {
  const t = new TestWorld()
  const object = t.object()
  const fill = () =>
    t.run(object, ({ g }) => (self) => {
      const text = 'x'.repeat(200_000)
      self.list = []
      for (let i = 0; i < 100; i++) {
        const one = g.mirror.clone(g.mirror.object('#1'))
        one.text = text
        self.list.push(one)
      }
    })
  assert.throws(fill, { code: 'LIMIT', message: /what one message writes/ })
  t.assertAgrees()
})

test('[OB33] a fault of ours cannot be altered', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1 })
  const alter = (change: (e: Fault) => void) =>
    t.run(object, ({ rt }) => (self) => {
      try {
        rt.s1(self, 'n', 1)
      } catch (e) {
        change(e as Fault)
        throw e
      }
    })
  for (const change of [
    (e: Fault) => Object.assign(e, { code: 'IMAGE_DAMAGED' }),
    (e: Fault) => Object.assign(e, { message: { toString: 1 } }),
    (e: Fault) => Object.assign(e.data as object, { secret: () => 1 }),
    (e: Fault) => Object.defineProperty(e, 'toRecord', { value: () => 5 }),
  ]) {
    assert.throws(() => alter(change), {
      code: 'METHOD_FAILED',
      message: /not extensible|read only|Cannot/,
    })
  }
  assert.throws(() => alter(() => undefined), { code: 'METHOD_FAILED', message: /n is data/ })
})

test('[OB33] whatever guest code throws ends in a fault with a sentence', () => {
  const t = new TestWorld()
  const object = t.object()
  const forged = new Fault({ code: 'UNAUTHENTICATED', message: 'm', remedy: 'r', retry: 'later' })
  const trap = Object.defineProperty(new Error('x'), 'message', {
    get: () => assert.fail('guest code ran'),
  })
  for (const [thrown, message] of [
    ['text', /^text$/],
    [new Error('y'.repeat(10_000)), /^y{2000}$/],
    [forged, /^m$/],
    [trap, /without a message/],
    [null, /not an error/],
    [undefined, /not an error/],
    [Symbol('s'), /not an error/],
    [{ code: 'POLICY', message: 'x', toRecord: () => 5 }, /not an error/],
    [() => 1, /not an error/],
  ] as [unknown, RegExp][]) {
    const attempt = () =>
      t.run(object, () => () => {
        throw thrown
      })
    assert.throws(attempt, { code: 'METHOD_FAILED', message })
  }
  assert.throws(
    () =>
      t.run(object, () => (self) => {
        throw self
      }),
    { code: 'METHOD_FAILED' },
  )
})

test('[OB20] a target that is not there is unknown', () => {
  const t = new TestWorld()
  assert.throws(() => t.send(99_999, 'clone'), { code: 'TARGET_UNKNOWN' })
  assert.equal(
    t.run(
      t.object(),
      ({ g }) =>
        () =>
          g.mirror.object('#zzz'),
    ),
    null,
  )
  assert.equal(
    t.run(
      GENESIS,
      ({ g }) =>
        () =>
          g.mirror.object('nobody'),
    ),
    null,
  )
})
