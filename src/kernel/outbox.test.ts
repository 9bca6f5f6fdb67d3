// Owns: the tests of messages for later: kept with their turn, at their time, once, bounded, called off.
// Leaves: requests to other hosts to http.test.ts; what guest code may post to objects/posting.test.ts.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { encodeValue, GENESIS, MethodRef, OBJECT_LIMITS, type Posting, Ref } from '#objects'
import { Head } from './head.ts'
import { Http } from './http.ts'
import {
  holding,
  refusing,
  scripted,
  startKernel,
  startOn,
  type TestKernel,
  temporaryFolder,
} from './kernel.fixture.ts'
import type { Learner } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { type Arriving, Outbox } from './outbox.ts'
import { processTimers } from './timers.ts'
import { readReport, verifyPostings } from './verify-report.ts'

const NOTE = 'function note(self, i) { self.all ??= []; self.all.push(i); return self.all.length }'
const POST = 'function post(self, i, ms) { mirror.later(self, "note", [i], ms); return i }'
const METHODS = { note: NOTE, post: POST }

/** Resolves once something is as it should be. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((go) => setImmediate(go))
}

const arrived = (t: TestKernel, count: number) =>
  until(() => t.kernel.status().delivered === count && t.kernel.status().pending === 0)

/** Timers that fire when they are told to. */
function handTimers() {
  const set = new Map<object, { run: () => void; ms: number }>()
  return {
    timers: {
      setTimeout: (run: () => void, ms: number) => {
        const timer = {}
        set.set(timer, { run, ms })
        return timer
      },
      clearTimeout: (timer: unknown) => void set.delete(timer as object),
      setImmediate: processTimers.setImmediate,
    },
    waits: () => [...set.values()].map(({ ms }) => ms),
    fire: () => {
      const due = [...set.values()]
      set.clear()
      for (const { run } of due) run()
    },
  }
}

/** An outbox over a store in memory, whose messages arrive when the test says so. */
function outbox(store = openMemoryStore()) {
  const clock = { now: 1_000 }
  const hand = handTimers()
  const arrivals: Arriving[] = []
  const stopped: string[] = []
  const troubles: string[] = []
  const box = new Outbox({
    head: new Head(store),
    http: new Http(undefined, [], hand.timers),
    timers: hand.timers,
    now: () => clock.now,
    random: () => 7,
    arrive: (arriving) => {
      arrivals.push(arriving)
      return () => stopped.push(arriving.selector)
    },
    trouble: (what) => troubles.push(what),
  })
  const take = (postings: Posting[]) => box.take(postings, { now: clock.now, policy: undefined })
  /** Takes and keeps, as a turn that committed. */
  const post = async (...postings: Posting[]) => {
    const taking = take(postings)
    await store.commit({ transactions: [], tables: taking.tables })
    taking.kept()
  }
  return { box, clock, hand, arrivals, stopped, troubles, take, post, store }
}

const message = (selector: string, after = 0, args: unknown[] = []): Posting => ({
  kind: 'send',
  target: GENESIS,
  selector,
  args,
  after,
})
const cancel = (selector: string): Posting => ({ kind: 'cancel', target: GENESIS, selector })
const names = (arrivals: readonly Arriving[]) => arrivals.map(({ selector }) => selector)

test('[KN72] a posting arrives after its turn, as an ordinary message whose author is later', async () => {
  const t = await startKernel({ methods: METHODS })
  assert.equal(await t.send('post', [5]), 5)
  await arrived(t, 1)
  assert.deepEqual(await t.send('all'), [5])
  const store = t.kernel.head.store
  assert.deepEqual(store.scan('outbox'), [])
  assert.deepEqual(
    store
      .transactions()
      .slice(0, 1)
      .map(({ author, note }) => [author, note]),
    [['later', 'note']],
  )
  await t.close()
})

test('[KN72] a turn that wrote nothing but a posting is answered once that is durable', async () => {
  const held = holding(openMemoryStore())
  const t = await startKernel({ methods: METHODS, store: held.store })
  // The first time a method runs, its code is kept as well.
  await t.send('post', [0, 60_000])
  held.hold()
  let isAnswered = false
  const answer = t.send('post', [1, 60_000]).then(() => (isAnswered = true))
  await until(() => held.held === 1)
  assert.deepEqual([isAnswered, t.kernel.status().outbox], [false, 2])
  held.release()
  await answer
  assert.equal(held.store.scan('outbox').length, 2)
  await t.close()
})

test('[KN72] when the commit of its turn fails a posting was never there', async () => {
  const held = holding(openMemoryStore())
  const t = await startKernel({ methods: METHODS, store: held.store })
  await t.send('post', [0])
  await arrived(t, 1)
  held.hold()
  const fault = t.fault('post', [1])
  await until(() => held.held === 1)
  held.release(new Error('the disk is full'))
  assert.equal((await fault).code, 'BUSY')
  assert.equal(t.kernel.status().outbox, 0)
  await t.send('post', [2])
  await arrived(t, 2)
  assert.deepEqual(await t.send('all'), [0, 2])
  await t.close()
})

test('[KN73] postings arrive in the order of their time, equal ones in the order in which they were made', async () => {
  const { box, clock, hand, arrivals, post } = outbox()
  await post(message('c', 30), message('a', 10), message('b', 20), message('a2', 10))
  assert.deepEqual([names(arrivals), hand.waits()], [[], [10]])
  clock.now += 20
  hand.fire()
  assert.deepEqual([names(arrivals), hand.waits()], [['a', 'a2', 'b'], [10]])
  clock.now += 100
  // What is due but has not left yet leaves before one that is made only now.
  await post(message('d'))
  assert.deepEqual(names(arrivals), ['a', 'a2', 'b', 'c', 'd'])
  for (const one of arrivals) one.done(true)
  assert.deepEqual([box.size, box.delivered], [0, 5])
})

test('[KN73] a long wait is cut into short ones, so that a clock that was set is noticed', async () => {
  const { clock, hand, arrivals, post } = outbox()
  await post(message('far', 86_400_000))
  assert.deepEqual(hand.waits(), [KERNEL_LIMITS.outboxTimer])
  hand.fire()
  assert.deepEqual(names(arrivals), [])
  clock.now += 86_400_000
  hand.fire()
  assert.deepEqual(names(arrivals), ['far'])
})

test('[KN73] what was posted before is taken up by the next kernel, more than one page of it', async () => {
  const first = outbox()
  const all = Array.from({ length: 2_500 }, (_, i) => message(`m${i}`, 10 + (i % 7)))
  for (let i = 0; i < all.length; i += 250) await first.post(...all.slice(i, i + 250))
  first.box.close()
  const second = outbox(first.store)
  second.box.resume()
  assert.equal(second.box.size, 2_500)
  second.clock.now += 20
  second.hand.fire()
  for (const one of second.arrivals) one.done(true)
  assert.equal(new Set(names(second.arrivals)).size, 2_500)
  assert.equal(second.box.size, 0)
})

test('[KN73] a message from the outbox that waits for a method arrives once, also after a restart', async () => {
  const folder = temporaryFolder()
  const first = await startOn(folder.path, {
    learner: scripted({}, () => new Promise(() => undefined)).learner,
    methods: { post: 'function post(self) { mirror.later(self, "late", [5]); return 1 }' },
  })
  await first.send('post')
  await until(() => first.kernel.status().waiting === 1 && first.kernel.status().outbox === 0)
  assert.deepEqual(first.kernel.head.store.scan('outbox'), [])
  await first.close()
  const late = 'function late(self, x) { self.all ??= []; self.all.push(x); return 1 }'
  const second = await startOn(folder.path, { learner: scripted({ late }).learner })
  await until(() => second.kernel.status().pending === 0)
  assert.deepEqual(await second.send('all'), [5])
  assert.deepEqual(second.kernel.head.store.scan('waiting'), [])
  await second.close()
  folder.remove()
})

test('[KN73] a kernel killed amid three hundred postings: what was posted arrives, each once', async () => {
  const folder = temporaryFolder()
  const program = new URL('./later-kernel.fixture.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, folder.path, '300'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    // Some have been posted, some have arrived, some are under way.
    if (text.split('.').length > 30 && text.split('\n').length > 60) child.kill('SIGKILL')
  })
  await ended
  const posted = text
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.replaceAll('.', '')))
  assert.ok(posted.length >= 60)
  const t = await startOn(folder.path)
  await Promise.all(
    Array.from({ length: 300 }, (_, i) => t.send('post', [i, 0], { key: `key-${i}` })),
  )
  await until(() => t.kernel.status().outbox === 0 && t.kernel.status().pending === 0)
  const all = (await t.send('all')) as number[]
  assert.deepEqual(
    all.toSorted((a, b) => a - b),
    Array.from({ length: 300 }, (_, i) => i),
  )
  assert.deepEqual(t.kernel.head.store.scan('outbox'), [])
  await t.close()
  folder.remove()
})

test('[KN81] what is due tomorrow keeps no kernel open, and is there for the next one', async () => {
  const folder = temporaryFolder()
  const t = await startOn(folder.path, { methods: METHODS })
  await t.send('post', [1, 86_400_000])
  await t.send('post', [2, 0])
  await t.close()
  const same = await startOn(folder.path)
  // What was due has arrived before the kernel closed.
  assert.deepEqual([await same.send('all'), same.kernel.status().outbox], [[2], 1])
  await same.close()
  const tomorrow = Date.now() + 86_400_000
  const next = await startOn(folder.path, { now: () => tomorrow })
  await arrived(next, 1)
  assert.deepEqual(await next.send('all'), [2, 1])
  await next.close()
  folder.remove()
})

test('[KN75] what is called off does not arrive, by a later turn or by the same', async () => {
  const t = await startKernel({
    methods: {
      ...METHODS,
      stop: 'function stop(self) { mirror.cancelLater(self, "note"); return 1 }',
      both: `function both(self) {
        mirror.later(self, 'note', [7]); mirror.cancelLater(self, 'note'); return 1
      }`,
    },
  })
  await t.send('post', [1, 50_000])
  await Promise.all([t.send('post', [2, 50_000]), t.send('both'), t.send('stop')])
  assert.deepEqual([t.kernel.status().outbox, t.kernel.head.store.scan('outbox')], [0, []])
  await t.send('post', [3])
  await arrived(t, 1)
  assert.deepEqual(await t.send('all'), [3])
  await t.close()
})

test('[KN75] a turn calls off what another posted in the same commit, and what has left but not run', async () => {
  const { box, arrivals, stopped, take, post, store } = outbox()
  const first = take([message('go', 50)])
  const second = take([cancel('go')])
  const tables = [...first.tables, ...second.tables]
  await store.commit({ transactions: [], tables })
  first.kept()
  second.kept()
  assert.deepEqual([box.size, store.scan('outbox')], [0, []])
  await post(message('gone'))
  await post(cancel('gone'))
  assert.deepEqual([names(arrivals), stopped, box.size], [['gone'], ['gone'], 0])
  arrivals[0]?.done(false)
  assert.deepEqual([box.size, store.scan('outbox')], [0, []])
})

test('[KN75] when the turn that called off is not durable, the message arrives after all', async () => {
  const { box, clock, hand, arrivals, take, post } = outbox()
  await post(message('go', 50))
  const taking = take([cancel('go'), message('other')])
  clock.now += 50
  hand.fire()
  assert.deepEqual(names(arrivals), [])
  taking.failed()
  assert.deepEqual([names(arrivals), box.size], [['go'], 1])
})

test('[KN76] so many leave at a time, and the others as those arrive', async () => {
  const { box, arrivals, post } = outbox()
  const count = KERNEL_LIMITS.outboxUnderWay + 3
  for (let i = 0; i < count; i++) await post(message(`m${i}`))
  assert.equal(arrivals.length, KERNEL_LIMITS.outboxUnderWay)
  arrivals[0]?.done(true)
  arrivals[1]?.done(true)
  assert.equal(arrivals.length, KERNEL_LIMITS.outboxUnderWay + 2)
  for (const one of arrivals) one.done(true)
  assert.deepEqual([box.size, arrivals.length], [0, count])
})

test('[KN76] when too many wait a turn may post none', async () => {
  const { box, take } = outbox()
  const full = Array.from({ length: OBJECT_LIMITS.postings }, (_, i) => message(`m${i}`, 1e9))
  assert.equal(box.room, OBJECT_LIMITS.postings)
  const takings = []
  while (box.room === OBJECT_LIMITS.postings) takings.push(take(full))
  assert.equal(box.size, KERNEL_LIMITS.outboxLength)
  assert.equal(box.room, 0)
  takings[0]?.failed()
  assert.equal(box.room, OBJECT_LIMITS.postings)
})

test('[KN76] a turn of a kernel whose outbox is full posts nothing and is a fault', async () => {
  const store = openMemoryStore()
  const value = encodeValue([Number.MAX_SAFE_INTEGER, null, message('go')])
  const entry = (i: number) => ({ table: 'outbox' as const, key: `9-${i}-x`, value })
  const tables = Array.from({ length: KERNEL_LIMITS.outboxLength }, (_, i) => entry(i))
  await store.commit({ transactions: [], tables })
  const t = await startKernel({ methods: METHODS, store })
  const fault = await t.fault('post', [1])
  assert.deepEqual([fault.code, /too many messages/.test(fault.message)], ['LIMIT', true])
  assert.equal(await t.send('note', [1]), 1)
  await t.close()
})

test('[KN80] a fault of a message from the outbox is counted and ends it', async () => {
  const t = await startKernel({
    methods: {
      post: `function post(self) {
        mirror.later(self, 'fail'); mirror.later(self, 'missing'); return 1
      }`,
      fail: 'function fail(self) { self.n = 1; throw "no" }',
    },
  })
  await t.send('post')
  await arrived(t, 2)
  assert.deepEqual([t.kernel.status().faults, t.kernel.status().outbox], [2, 0])
  assert.deepEqual(t.kernel.head.store.scan('outbox'), [])
  await t.close()
})

test('[KN80] a message that ends its worker is charged and does not come again', async () => {
  const t = await startKernel({
    silence: 2_000,
    methods: {
      ...METHODS,
      trap: 'function trap(self) { mirror.later(self, "hang"); return 1 }',
      hang: 'function hang(self) { return /^(a+)+$/.test("a".repeat(40) + "b") }',
    },
  })
  await t.send('trap')
  await arrived(t, 1)
  assert.deepEqual(
    t.endings.map(({ reason }) => reason),
    ['silent', 'silent'],
  )
  assert.deepEqual(t.kernel.head.store.scan('outbox'), [])
  await t.close()
})

test('[KN80] one that could not be made durable leaves again', async () => {
  const held = holding(openMemoryStore())
  const t = await startKernel({ methods: METHODS, store: held.store })
  await t.send('post', [1])
  held.hold()
  await until(() => held.held === 1)
  held.release(new Error('the disk is full'))
  await arrived(t, 1)
  assert.deepEqual(await t.send('all'), [1])
  await t.close()
})

/** A world in which a posted message needs two methods of which one may be begun within a minute. */
const HURRY = {
  post: 'function post(self) { mirror.later(self, "late", [5]); return 1 }',
  late: 'function late(self, x) { self.first(); self.second(); self.all = [x]; return 1 }',
}
const LEARNT = {
  first: 'function first(self) { return 1 }',
  second: 'function second(self) { return 1 }',
}

for (const isKilled of [false, true]) {
  const how = isKilled ? 'that ends meanwhile' : 'that goes on'
  test(`[KN80] a message that meets the budget of a minute at a later need is run again, by a kernel ${how}`, async () => {
    const store = openMemoryStore()
    let now = 1_000_000
    const { learner } = scripted(LEARNT)
    const slow: Learner = {
      ...learner,
      learn: (task, bench) => {
        now += 10_000
        return learner.learn(task, bench)
      },
    }
    const held: (() => void)[] = []
    const timers = {
      ...processTimers,
      setTimeout: (run: () => void, ms: number) =>
        ms === 50_000 ? held.push(run) : processTimers.setTimeout(run, ms),
    }
    const options = { store, learner: slow, timers, now: () => now, budgets: { minute: 1 } }
    const first = await startKernel({ ...options, methods: HURRY })
    await first.send('post')
    await until(() => held.length === 1)
    assert.equal(first.kernel.status().pending, 1)
    assert.equal(store.scan('waiting').length, 1)
    let t = first
    if (isKilled) {
      await first.close()
      t = await startKernel(options)
    } else {
      now += 60_000
      held[0]?.()
    }
    await until(() => t.kernel.status().pending === 0)
    assert.deepEqual(await t.send('all'), [5])
    assert.deepEqual([store.scan('waiting'), store.scan('outbox')], [[], []])
    assert.equal(t.kernel.status().faults, 0)
    await t.close()
  })
}

test('[KN80] a message to what was packed away meanwhile ends with a fault and kills no worker', async () => {
  const store = openMemoryStore()
  const nothing = message('note', 0, [new Ref(999_999)])
  const value = encodeValue([0, null, nothing])
  const gone = encodeValue([0, null, { ...nothing, target: 999_999, args: [] }])
  const tables = [
    { table: 'outbox', key: '0-1-x', value },
    { table: 'outbox', key: '0-2-x', value: gone },
  ] as const
  await store.commit({ transactions: [], tables })
  const t = await startKernel({ methods: METHODS, store })
  await arrived(t, 2)
  assert.deepEqual([t.endings, store.scan('outbox')], [[], []])
  await t.close()
})

test('[KN73] an entry that cannot be read is told and holds up nothing', async () => {
  const { box, troubles, arrivals, take, post } = outbox()
  take([message('lost')]).kept()
  await post(message('next'))
  assert.deepEqual([names(arrivals), troubles.length, box.size], [['next'], 1, 1])
})

test('[KN72] what a sender did not allow, its messages for later may not do either', async () => {
  const { learner, asked } = scripted({})
  const t = await startKernel({
    learner,
    methods: { post: 'function post(self) { mirror.later(self, "fly"); return 1 }' },
  })
  await t.send('post', [], { policy: 'off' })
  await arrived(t, 1)
  assert.deepEqual(asked, [])
  await t.send('post')
  await arrived(t, 2)
  assert.deepEqual(asked, ['fly'])
  await t.close()
})

test('[KN76] a message that posts itself for ever ends with its kernel, and goes on with the next', async () => {
  const folder = temporaryFolder()
  const tick = 'function tick(self) { self.n = (self.n ?? 0) + 1; mirror.later(self, "tick") }'
  const first = await startOn(folder.path, { methods: { tick } })
  await first.send('tick')
  await until(() => first.kernel.status().delivered === 20)
  await first.close()
  const second = await startOn(folder.path)
  const before = Number(await second.send('n'))
  await until(() => Number(second.kernel.status().delivered) >= 20)
  assert.ok(Number(await second.send('n')) > before)
  await second.close()
  folder.remove()
})

test('[KN72] genesis offers it to every object: after:send:, after:send:args:, cancelLater:', async () => {
  const t = await startKernel({ methods: METHODS, learner: refusing })
  const before = Date.now()
  assert.ok(Number(await t.send('after:send:args:', [1, 'note', [5]])) >= before + 1)
  await arrived(t, 1)
  await t.send('after:send:args:', [50_000, 'note', [6]])
  await t.send('cancelLater:', ['note'])
  assert.equal(t.kernel.status().outbox, 0)
  await t.send('after:send:', [0, 'note'])
  await arrived(t, 2)
  assert.deepEqual(await t.send('all'), [5, null])
  await t.close()
})

test('[KN77] postings of a worker are rebuilt, and refused when a part is not what it must be', () => {
  const kept = (postings: unknown) => [1, 'kept', encodeValue(null), [], [], 1, postings]
  const request = {
    method: 'GET',
    url: 'http://a.test/',
    headers: {},
    body: null,
    idempotent: false,
  }
  const send = { ...message('go'), args: [1, new Ref(1), { a: ['x'] }] }
  const asked = { kind: 'request', target: 1, selector: 'go', request, after: 5 }
  const good = [send, asked, cancel('go')]
  const report = readReport(kept(good.map((one) => ({ ...one, more: 'x' }))))
  assert.deepEqual(report.kind === 'kept' && report.postings, good)
  const wrong: unknown[] = [
    null,
    'x',
    [null],
    [[]],
    [{ ...send, kind: 'other' }],
    [{ ...send, target: 0 }],
    [{ ...send, target: '1' }],
    [{ ...send, selector: 'parent*' }],
    [{ ...send, selector: 5 }],
    [{ ...send, after: -1 }],
    [{ ...send, after: 0.5 }],
    [{ ...send, after: OBJECT_LIMITS.postingDelay + 1 }],
    [{ ...send, args: 'x' }],
    [{ ...send, args: Array(OBJECT_LIMITS.postingArgs + 1).fill(1) }],
    [{ ...send, args: [new MethodRef(5)] }],
    [{ ...send, args: [Number.NaN] }],
    [{ ...send, args: ['x'.repeat(OBJECT_LIMITS.postingBytes)] }],
    [{ ...asked, request: { ...request, method: 'TRACE' } }],
    [{ ...asked, request: { ...request, headers: { host: 'b' } } }],
    [{ ...cancel('go'), target: -1 }],
    Array(OBJECT_LIMITS.postings * 2 + 1).fill(send),
  ]
  for (const [i, postings] of wrong.entries()) {
    assert.throws(() => readReport(kept(postings)), `postings ${i}`)
  }
})

test('[KN77] postings are for objects that are there, or are as new as the turn', async () => {
  const t = await startKernel()
  const { head } = t.kernel
  const born = new Set([500])
  verifyPostings([message('go', 0, [new Ref(500)]), { ...message('go'), target: 500 }], born, head)
  for (const one of [message('go', 0, [[new Ref(501)]]), { ...cancel('go'), target: 501 }]) {
    assert.throws(() => verifyPostings([one], born, head))
  }
  await t.close()
})

test('[KN77] a need of a worker for an answer is rebuilt, and refused when it may not be repeated', () => {
  const request = { method: 'GET', url: 'u', headers: {}, body: null, idempotent: false }
  const need = (more: object, stale?: unknown) =>
    readReport([1, 'need', { kind: 'http', request, n: 0, ...more }, stale])
  assert.deepEqual(need({ more: 1 }, ['key']), {
    kind: 'need',
    need: { kind: 'http', request, n: 0 },
    stale: ['key'],
  })
  for (const more of [
    { n: -1 },
    { n: 'x' },
    { request: 5 },
    { request: { ...request, method: 'POST' } },
  ]) {
    assert.throws(() => need(more), JSON.stringify(more))
  }
  for (const stale of ['x', [5], Array(KERNEL_LIMITS.needs + 1).fill('x')]) {
    assert.throws(() => need({}, stale))
  }
})
