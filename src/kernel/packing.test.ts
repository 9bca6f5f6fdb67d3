// Owns: the tests of packs under a running kernel: what messages on their way hold, and packs that begin by themselves.
// Leaves: what a pack keeps and removes to image/contract-pack.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageFault, openMemoryStore, type Store } from '#image'
import { type Change, decodeValue, type Oid, parseOid, Ref } from '#objects'
import { AutomaticPacking, type PackedByItself, type PackingPolicy } from './automatic-packing.ts'
import { Head } from './head.ts'
import { holding, startKernel, type TestKernel, type TestOptions } from './kernel.fixture.ts'
import { Packs } from './packing.ts'
import { processTimers } from './timers.ts'

const METHODS = {
  // An object that only its reply names, with another one below it.
  make: 'function make(self) { const o = self.clone(); o.below = self.clone(); return o }',
  same: 'function same(self, o) { return o }',
  store: 'function store(self, o) { self.kept = o; return 1 }',
  post: 'function post(self, o) { mirror.later(self, "store", [o], 0); return 1 }',
  many: 'function many(self, n) { self.list = []; for (let i = 0; i < n; i++) self.list.push(self.clone()); return n }',
  add: 'function add(self, n) { self.n = n; return n }',
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((go) => setImmediate(go))
}

/** A kernel whose commits can be held, with every method compiled, and an object that nothing refers to. */
async function withLoose(options: TestOptions = {}) {
  const held = holding(openMemoryStore())
  const t = await startKernel({ store: held.store, methods: METHODS, ...options })
  const make = async () => oidOf(await t.send('make'))
  for (const selector of ['same', 'store', 'post']) await t.send(selector, [new Ref(await make())])
  await until(() => t.kernel.status().outbox === 0 && t.kernel.status().pending === 0)
  await t.send('many', [2])
  await t.send('add', [1])
  return { t, held, loose: await make() }
}

const oidOf = (value: unknown) => parseOid((value as { $ref: string }).$ref) as Oid

/** Whether an object is there, and the one below it. */
function isWhole(t: TestKernel, oid: Oid): boolean {
  const { store } = t.kernel.head
  const found = store.read(oid)
  return found !== undefined && found.refs.every((ref) => store.read(ref) !== undefined)
}

/** The image has no reference to nothing, and no worker was ended for one. */
function assertSound(t: TestKernel): void {
  assert.deepEqual([t.kernel.head.store.verify().damage, t.endings], [[], []])
}

test('[KN85] a pack takes an object that nothing names, and a message that names it afterwards is refused', async () => {
  const { t, loose } = await withLoose()
  await t.kernel.pack(0)
  assert.equal(t.kernel.head.store.read(loose), undefined)
  assert.equal((await t.fault('same', [new Ref(loose)])).code, 'TARGET_UNKNOWN')
  await t.close()
})

test('[KN85] what a queued message names stays, as argument, as target and as holder', async () => {
  const { t, held, loose } = await withLoose()
  const target = oidOf(await t.send('make'))
  const holder = oidOf(await t.send('make'))
  held.hold()
  const first = t.answer('store', [[{ deep: new Ref(loose) }]])
  const second = t.answer('add', [5], { target, holder })
  await t.kernel.pack(0)
  held.release()
  assert.ok((await first).ok && (await second).ok)
  assert.deepEqual(
    [loose, target, holder].map((oid) => isWhole(t, oid)),
    [true, true, true],
  )
  assertSound(t)
  await t.close()
})

test('[KN85] what a queued change names stays', async () => {
  const { t, held, loose } = await withLoose()
  const target = oidOf(await t.send('make'))
  const parent = oidOf(await t.send('make'))
  held.hold()
  const by = { author: 'test', note: '' }
  const changes: Change[] = [
    { kind: 'set', target, slot: 'n', value: new Ref(loose) },
    { kind: 'create', name: 'child', parents: [parent], slots: [] },
  ]
  const answers = changes.map((change) => t.kernel.change(change, by))
  await t.kernel.pack(0)
  held.release()
  for (const answer of await Promise.all(answers)) assert.ok(answer.ok, JSON.stringify(answer))
  assert.deepEqual(
    [loose, target, parent].map((oid) => isWhole(t, oid)),
    [true, true, true],
  )
  assertSound(t)
  await t.close()
})

test('[KN85] what a reply on its way to its key names stays', async () => {
  const { t, held, loose } = await withLoose()
  held.hold()
  const reply = t.answer('same', [new Ref(loose)], { key: 'k' })
  await until(() => held.held === 1)
  await t.kernel.pack(0)
  held.release()
  assert.ok((await reply).ok)
  await t.kernel.pack(0)
  const again = await t.answer('same', [], { key: 'k' })
  assert.equal(again.ok && oidOf(decodeValue(again.result)), loose)
  assert.ok(isWhole(t, loose))
  await t.close()
})

test('[KN85] what a posting names stays until it has arrived, from before it is durable', async () => {
  const { t, held, loose } = await withLoose()
  held.hold()
  const posted = t.answer('post', [new Ref(loose)])
  await until(() => held.held === 1)
  await t.kernel.pack(0)
  held.release()
  assert.ok((await posted).ok)
  await t.kernel.pack(0)
  await until(() => t.kernel.status().outbox === 0 && t.kernel.status().pending === 0)
  assert.equal(oidOf(await t.send('kept')), loose)
  assertSound(t)
  await t.close()
})

test('[KN85] what a message did that was cancelled while the worker had it is kept whole', async () => {
  const { t, held, loose } = await withLoose()
  held.hold()
  const { answer, cancel } = t.start('store', [new Ref(loose)])
  await until(() => held.held === 1)
  assert.ok(cancel())
  await t.kernel.pack(0)
  held.release()
  assert.equal((await answer).ok, false)
  assert.equal(oidOf(await t.send('kept')), loose)
  assertSound(t)
  await t.close()
})

test('[KN85] a message that comes while the pack looks keeps what it names; one that comes when it is going is refused', async () => {
  const { t, loose } = await withLoose()
  const late = oidOf(await t.send('make'))
  // More than the pack looks at between two turns of the event loop.
  await t.send('many', [2_000])
  const answers: Promise<unknown>[] = []
  const phases: string[] = []
  await t.kernel.pack(0, ({ phase }) => {
    if (phase === 'mark' && !phases.includes('mark')) {
      answers.push(t.send('store', [new Ref(loose)]))
    }
    if (phase === 'sweep' && !phases.includes('sweep'))
      answers.push(t.fault('store', [new Ref(late)]))
    phases.push(phase)
  })
  assert.ok(phases.includes('mark') && phases.includes('sweep'))
  const [kept, refused] = await Promise.all(answers)
  assert.deepEqual([kept, (refused as { code: string }).code], [1, 'TARGET_UNKNOWN'])
  assert.ok(isWhole(t, loose) && !isWhole(t, late))
  assertSound(t)
  await t.close()
})

// Packs that begin by themselves ---------------------------------------------------------------

/** What decides when to pack, over a store in memory, with a clock and a timer of the test's own. */
function automatic(policy: PackingPolicy, store: Store = openMemoryStore()) {
  const clock = { now: 0 }
  const told: (PackedByItself | { problem: string })[] = []
  let due: { run: () => void; ms: number } | undefined
  const timers = {
    setTimeout: (run: () => void, ms: number) => {
      due = { run, ms }
      return due
    },
    clearTimeout: () => {
      due = undefined
    },
    setImmediate: processTimers.setImmediate,
  }
  const head = new Head(store)
  const options = { now: () => clock.now }
  const packs = new Packs({ head, timers, options, unkept: () => ({ values: [], groups: [] }) })
  const packing = new AutomaticPacking({
    policy,
    head,
    timers,
    now: options.now,
    run: (keep) => packs.run(keep),
    tell: (one) => told.push(one),
  })
  let tid = 0
  return {
    clock,
    told,
    store,
    packing,
    /** Writes the first object anew at that time. */
    write: async (time: number) => {
      clock.now = time
      const payload = new Uint8Array(100)
      const revisions = [{ oid: 1, tid: ++tid, kind: 'object' as const, refs: [], payload }]
      const transaction = { tid, time, author: 'test', note: '', revisions, names: [] }
      await store.commit({ transactions: [transaction], tables: [] })
    },
    get wait() {
      return due?.ms
    },
    /** Lets the timer fire, and what it began end. */
    look: async (time: number) => {
      clock.now = time
      due?.run()
      await until(() => packing.status.running === false)
    },
  }
}

test('[KN84] history older than its span goes once the image takes more than its bytes, and not before', async () => {
  const a = automatic({ keep: 80_000, above: 2_500 })
  await a.write(0)
  assert.equal(a.wait, 10_000)
  for (let time = 10_000; time <= 80_000; time += 10_000) await a.write(time)
  await a.look(200_000)
  assert.deepEqual([a.told.length, a.store.revisions(1).length], [0, 9])
  for (let time = 200_000; time <= 280_000; time += 5_000) await a.write(time)
  // The span begins at 199,000, as the ninth transaction left it.
  await a.look(279_000)
  assert.deepEqual([a.told.length, a.store.revisions(1).length, a.store.packedTo()], [1, 18, 9])
  const [packed] = a.told as PackedByItself[]
  assert.equal(packed?.revisionsRemoved, 8)
  assert.ok((packed?.after ?? 0) < (packed?.before ?? 0))
  assert.equal((a.packing.status.last as { packedTo: string }).packedTo, '9')
  await a.look(285_000)
  assert.deepEqual([a.told.length, a.store.packedTo()], [2, 11])
  // What would go now is less than an eighth of the span.
  await a.look(290_000)
  assert.equal(a.told.length, 2)
  await a.look(295_000)
  assert.deepEqual([a.told.length, a.store.packedTo()], [3, 13])
  a.packing.close()
  assert.equal(a.wait, undefined)
})

test('[KN84] growth is looked at before its time, and a look costs no pack when nothing is old', async () => {
  const a = automatic({ keep: 1_000_000, above: 6_400 })
  for (let i = 1; i <= 60; i++) await a.write(i * 10_000)
  a.packing.grew(101)
  assert.equal(a.told.length, 0)
  a.clock.now = 5_000_000
  a.packing.grew(100)
  assert.equal(a.packing.status.running, false)
  a.packing.grew(1)
  assert.equal(a.packing.status.running, true)
  await until(() => a.packing.status.running === false)
  assert.equal(a.told.length, 1)
  a.packing.close()
})

test('[KN84] a pack that took long rests long, and one that failed is told once and tried again much later', async () => {
  let failure: Error | undefined
  let took = 0
  const inner = openMemoryStore()
  const clock: { now: number }[] = []
  const store = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'pack') {
        return async (request: Parameters<Store['pack']>[0]) => {
          ;(clock[0] as { now: number }).now += took
          if (failure !== undefined) throw failure
          return inner.pack(request)
        }
      }
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  const a = automatic({ keep: 0, above: 0 }, store)
  clock.push(a.clock)
  await a.write(0)
  await a.write(1_000)
  took = 60_000
  await a.look(2_000)
  assert.equal(a.told.length, 1)
  took = 0
  await a.write(100_000)
  await a.look(540_000)
  assert.equal(a.told.length, 1)
  await a.look(542_000)
  assert.equal(a.told.length, 2)
  await a.write(600_000)
  failure = imageFault('BUSY', 'The image is being packed already.')
  await a.look(601_000)
  assert.equal(a.told.length, 2)
  failure = new Error('the disk is full')
  await a.look(602_000)
  assert.deepEqual([a.told.length, a.told[2]], [3, { problem: 'the disk is full' }])
  assert.equal(a.packing.status.problem, 'the disk is full')
  await a.look(700_000)
  assert.equal(a.told.length, 3)
  failure = undefined
  await a.look(602_000 + 3_600_000)
  assert.deepEqual([a.told.length, a.packing.status.problem], [4, undefined])
  a.packing.close()
})

test('[KN84] a kernel packs by itself while it answers, tells it in its status, and does not when it is not told to', async () => {
  for (const packing of [{ keep: 1_000, above: 1 }, undefined]) {
    let now = 1_000
    const told: unknown[] = []
    const t = await startKernel({
      methods: METHODS,
      now: () => now,
      onPacked: (one) => told.push(one),
      ...(packing === undefined ? {} : { packing }),
    })
    const answers: unknown[] = []
    for (let n = 1; n <= 300; n++) {
      now += 100
      answers.push(await t.send('add', [n]))
    }
    await until(() => !(t.kernel.status().packing as { running: boolean } | undefined)?.running)
    assert.deepEqual(
      answers,
      Array.from({ length: 300 }, (_, i) => i + 1),
    )
    const left = t.kernel.head.store.revisions(t.oid('it')).length
    const status = t.kernel.status().packing as { packs: number; keep: number } | undefined
    if (packing === undefined) assert.deepEqual([told, status, left > 300], [[], undefined, true])
    else {
      assert.ok(told.length > 1 && left < 50, `${told.length} packs, ${left} records left`)
      assert.deepEqual([status?.packs, status?.keep], [told.length, 1_000])
    }
    assertSound(t)
    await t.close()
  }
})
