// Owns: the tests of messages: needs and generations, keys, deadlines, cancels, limits, references.
// Leaves: order and durability to sequence.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { decodeValue, GENESIS, Ref } from '#objects'
import {
  faultOf,
  refusing,
  scripted,
  startKernel,
  startOn,
  temporaryFolder,
  type TestKernel,
} from './kernel.fixture.ts'
import type { Answer } from './kernel.ts'
import type { Learner } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'

const COUNT = 'function count(self) { self.n = (self.n ?? 0) + 1; return self.n }'

/** A gate that generations wait at. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

const codeOf = (answer: Answer) => (answer.ok ? '' : answer.fault.code)

/** Resolves once so many messages wait for a generation. */
async function waiting(t: TestKernel, count: number): Promise<void> {
  while (t.kernel.status().waiting !== count) await new Promise((go) => setImmediate(go))
}

test('[KN11] [KN12] one generation serves everyone who waits for the same method', async () => {
  const door = gate()
  const { learner, asked } = scripted({ count: COUNT }, () => door.opened)
  const t = await startKernel({ learner })
  const answers = Array.from({ length: 100 }, () => t.send('count'))
  await waiting(t, 100)
  door.open()
  assert.deepEqual(
    (await Promise.all(answers)).toSorted((a, b) => Number(a) - Number(b)),
    [...Array(101).keys()].slice(1),
  )
  assert.deepEqual(asked, ['count'])
  await t.close()
})

test('[KN11] others overtake a message that waits, and it runs on what they left', async () => {
  const door = gate()
  const { learner } = scripted({ late: 'function late(self) { return self.n }' }, () => door.opened)
  const t = await startKernel({ learner, methods: { count: COUNT } })
  const late = t.send('late')
  await waiting(t, 1)
  assert.equal(await t.send('count'), 1)
  assert.equal(await t.send('count'), 2)
  door.open()
  assert.equal(await late, 2)
  await t.close()
})

test('[KN11] an attempt that needs a method leaves nothing, and counts once', async () => {
  const { learner } = scripted({ help: 'function help(self) { return self.n * 10 }' })
  const t = await startKernel({ learner })
  await t.put('go', 'function go(self) { self.n = (self.n ?? 0) + 1; return self.help() }')
  assert.equal(await t.send('go'), 10)
  assert.equal(await t.send('n'), 1)
  await t.close()
})

test('[KN11] a method may need one that needs another', async () => {
  const { learner, asked } = scripted({
    a: 'function a(self) { return self.b() + 1 }',
    b: 'function b(self) { return self.c() + 1 }',
    c: 'function c(self) { return 1 }',
  })
  const t = await startKernel({ learner })
  assert.equal(await t.send('a'), 3)
  assert.deepEqual(asked, ['a', 'b', 'c'])
  await t.close()
})

test('[KN12] a generation that failed is remembered for a while, by intent', async () => {
  let now = 1_000_000
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner, now: () => now })
  assert.equal((await t.fault('fly')).code, 'GENERATION_REFUSED')
  assert.equal((await t.fault('fly')).code, 'GENERATION_REFUSED')
  assert.deepEqual(asked, ['fly'])
  await t.fault('fly', [], { intent: 'rise into the air' })
  assert.deepEqual(asked, ['fly', 'fly'])
  now += KERNEL_LIMITS.refusalLife + 1
  await t.fault('fly')
  assert.deepEqual(asked, ['fly', 'fly', 'fly'])
  await t.close()
})

test('[KN12] a learner that breaks is a fault of those who wait, and of nobody else', async () => {
  const broken: Learner = {
    name: 'broken',
    learn: () => {
      throw new Error('no such model')
    },
  }
  const t = await startKernel({ learner: broken, methods: { count: COUNT } })
  const fault = await t.fault('fly')
  assert.deepEqual(
    [fault.code, fault.message],
    ['METHOD_FAILED', 'the generation broke: Error: no such model'],
  )
  assert.equal(await t.send('count'), 1)
  await t.close()
})

test('[KN19] a failed need is a fault that the method can catch', async () => {
  const t = await startKernel({ learner: refusing })
  await t.put('try', 'function f(self) { try { return self.fly() } catch (e) { return e.code } }')
  assert.equal(await t.send('try'), 'GENERATION_FAILED')
  await t.close()
})

test('[KN19] a method that asks for a thousand missing ones and catches each fault is ended', async () => {
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner })
  const source = `function storm(self) {
    let n = 0
    for (let i = 0; i < 1000; i++) try { self['missing' + i]() } catch (e) { n++ }
    return n
  }`
  await t.put('storm', source)
  const fault = await t.fault('storm')
  const { generationsMessage } = KERNEL_LIMITS
  assert.deepEqual([fault.code, asked.length], ['GENERATION_REFUSED', generationsMessage])
  await t.close()
})

test('[KN19] without generation a storm of missing methods is ended as well', async () => {
  const t = await startKernel()
  const source = `function storm(self) {
    for (let i = 0; ; i++) try { self['missing' + i]() } catch (e) {}
  }`
  await t.put('storm', source)
  assert.equal((await t.fault('storm')).code, 'LIMIT')
  assert.equal((await t.fault('storm', [], { policy: 'off' })).code, 'LIMIT')
  await t.close()
})

test('[KN19] never-generated selectors, and policy off, end in NOT_UNDERSTOOD without asking', async () => {
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner })
  const never = ['then', 'constructor', '__proto__', 'toJSON', 'toString', 'valueOf']
  for (const selector of [...never, 'hasOwnProperty']) {
    assert.equal((await t.fault(selector)).code, 'NOT_UNDERSTOOD', selector)
  }
  assert.equal((await t.fault('fly', [], { policy: 'off' })).code, 'NOT_UNDERSTOOD')
  const off = await startKernel({ learner, policy: 'off' })
  assert.equal((await off.fault('fly')).code, 'NOT_UNDERSTOOD')
  assert.deepEqual(asked, [])
  await Promise.all([t.close(), off.close()])
})

test('[KN13] a key runs its message once, and its answer is given again', async () => {
  const t = await startKernel({
    methods: { count: COUNT, no: 'function no(self) { throw "never" }' },
  })
  const key = { key: 'k' }
  const [a, b] = await Promise.all([t.answer('count', [], key), t.answer('count', [], key)])
  const c = await t.answer('count', [], key)
  assert.deepEqual(
    [a, b, c].map((one) => one.ok && [decodeValue(one.result), one.tid]),
    [
      [1, a.ok && a.tid],
      [1, a.ok && a.tid],
      [1, a.ok && a.tid],
    ],
  )
  assert.equal(await t.send('count', [], { ...key, principal: 'another' }), 2)
  const fault = await t.fault('no', [], { key: 'f' })
  assert.deepEqual(await t.fault('no', [], { key: 'f' }), fault)
  await t.close()
})

test('[KN13] an answer is kept for a day and no longer', async () => {
  let now = 5_000_000
  const t = await startKernel({ methods: { count: COUNT }, now: () => now })
  assert.equal(await t.send('count', [], { key: 'k' }), 1)
  now += KERNEL_LIMITS.keyLife - 1
  assert.equal(await t.send('count', [], { key: 'k' }), 1)
  now += 2
  assert.equal(await t.send('count', [], { key: 'k' }), 2)
  await t.close()
})

test('[KN11] [KN13] a waiting message resumes after a restart, once, and its key answers then', async () => {
  const folder = temporaryFolder()
  const never = gate()
  const first = await startOn(folder.path, { learner: scripted({}, () => never.opened).learner })
  const lost = first.start('late', [5], { key: 'k' }).answer
  void lost.catch(() => undefined)
  const plain = first.start('late', [7]).answer
  void plain.catch(() => undefined)
  await waiting(first, 2)
  await first.close()
  const source =
    'function late(self, x) { self.all ??= []; self.all.push(x); return self.all.length }'
  const { learner, asked } = scripted({ late: source })
  const second = await startOn(folder.path, { learner })
  const answered = await second.answer('late', [5], { key: 'k' })
  assert.equal(answered.ok && decodeValue(answered.result), 1)
  assert.equal(await second.send('late', [5], { key: 'k' }), 1)
  while (second.kernel.status().pending !== 0) await new Promise((go) => setImmediate(go))
  assert.deepEqual([await second.send('all'), asked], [[5, 7], ['late']])
  await second.close()
  const third = await startOn(folder.path)
  assert.deepEqual(third.kernel.head.store.scan('waiting'), [])
  assert.equal(await third.send('late', [5], { key: 'k' }), 1)
  assert.deepEqual(await third.send('all'), [5, 7])
  await third.close()
  folder.remove()
})

test('[KN14] a deadline ends a message that waits, and the generation when nobody else awaits it', async () => {
  const signals: AbortSignal[] = []
  const learner: Learner = {
    name: 'slow',
    learn: ({ signal }) => {
      signals.push(signal)
      return new Promise((resolve) => {
        const end = () => resolve({ kind: 'fault', fault: faultOf('CANCELLED', 'ended') })
        signal.addEventListener('abort', end)
      })
    },
  }
  const t = await startKernel({ learner })
  const patient = t.start('fly')
  await waiting(t, 1)
  const hasty = await t.fault('fly', [], { deadline: 1 })
  assert.equal(hasty.code, 'DEADLINE')
  assert.equal(signals[0]?.aborted, false)
  assert.equal(patient.cancel(), true)
  assert.equal(signals[0]?.aborted, true)
  const cancelled = await patient.answer
  assert.equal(!cancelled.ok && cancelled.fault.code, 'CANCELLED')
  assert.equal(patient.cancel(), false)
  // Who asks now gets a generation of its own, not the end of the one that was aborted.
  const later = t.start('fly')
  await waiting(t, 1)
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
  later.cancel()
  await later.answer
  await t.close()
})

test('[KN14] a cancelled message that had not run changes nothing', async () => {
  const t = await startKernel({ methods: { count: COUNT } })
  const sent = t.start('count')
  assert.equal(sent.cancel(), true)
  const answer = await sent.answer
  assert.equal(!answer.ok && answer.fault.code, 'CANCELLED')
  assert.equal(await t.send('count'), 1)
  await t.close()
})

test('[KN14] a message that waited and ended leaves no record behind', async () => {
  const store = openMemoryStore()
  const t = await startKernel({ learner: scripted({}, () => gate().opened).learner, store })
  const sent = t.start('fly')
  await waiting(t, 1)
  assert.equal(store.scan('waiting').length, 1)
  sent.cancel()
  await sent.answer
  await t.send('clone')
  assert.deepEqual(store.scan('waiting'), [])
  await t.close()
})

test('[KN15] messages over a limit of number or of bytes are refused, and the rest are answered', async () => {
  const t = await startKernel({ methods: { count: COUNT } })
  const answers = Array.from({ length: KERNEL_LIMITS.queueLength + 5 }, () => t.answer('count'))
  const refused = (await Promise.all(answers)).filter((one) => !one.ok)
  assert.equal(refused.length, 5)
  for (const one of refused) {
    assert.equal(!one.ok && one.fault.code, 'BUSY')
    assert.ok(!one.ok && Number(one.fault.data?.retryAfter) > 0)
  }
  const large = 'x'.repeat(16_000_000)
  const heavy = Array.from({ length: 20 }, () => t.start('count', [large]))
  // Those that were taken in need not run: they only have to be there at the same time.
  for (const sent of heavy) sent.cancel()
  const ends = await Promise.all(heavy.map(({ answer }) => answer))
  for (const one of ends) {
    if (!one.ok && one.fault.code === 'BUSY') assert.ok(Number(one.fault.data?.retryAfter) > 0)
  }
  const codes = ends.map((one) => codeOf(one))
  assert.deepEqual(new Set(codes), new Set(['CANCELLED', 'BUSY']))
  while (t.kernel.status().queue !== 0) await new Promise((go) => setImmediate(go))
  assert.equal(await t.send('n'), KERNEL_LIMITS.queueLength)
  await t.close()
})

test('[KN18] a message or a change that refers to what is not there is refused and ends no worker', async () => {
  const t = await startKernel({ methods: { keep: 'function keep(self, x) { self.kept = x }' } })
  const nothing = new Ref(999_999)
  for (const args of [[nothing], [[{ deep: [nothing] }]]]) {
    assert.equal((await t.fault('keep', args)).code, 'TARGET_UNKNOWN')
  }
  assert.equal((await t.fault('keep', [1], { holder: 999_999 })).code, 'TARGET_UNKNOWN')
  assert.equal((await t.fault('clone', [], { target: 999_999 })).code, 'TARGET_UNKNOWN')
  const target = t.oid('it')
  const by = { author: 'test', note: 'set' }
  const set = await t.kernel.change({ kind: 'set', target, slot: 'x', value: [nothing] }, by)
  assert.equal(!set.ok && set.fault.code, 'TARGET_UNKNOWN')
  await t.send('keep', [new Ref(GENESIS)])
  assert.deepEqual([await t.send('kept'), t.endings], [{ $ref: '#1' }, []])
  await t.close()
})

test('[KN10] a message is answered once, whatever happens at its end', async () => {
  const t = await startKernel({ methods: { count: COUNT } })
  const ends = Array.from({ length: 50 }, (_, i) => {
    const sent = t.start('count', [], i % 3 === 0 ? { deadline: 1 } : {})
    if (i % 5 === 0) sent.cancel()
    return sent.answer
  })
  const answers = await Promise.all(ends)
  assert.equal(answers.length, 50)
  await t.send('count')
  assert.equal(t.kernel.status().pending, 0)
  await t.close()
})
