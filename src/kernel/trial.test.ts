// Owns: the tests of trials: what they report, and that they change nothing.
// Leaves: the gates to governance.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ref } from '#objects'
import { scripted, startKernel, type TestKernel } from './kernel.fixture.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Probe, TrialReport } from './trial.ts'

const t = await startKernel({
  learner: scripted({}).learner,
  methods: {
    fill: 'function fill(self) { self.n = 5; self.list = [1]; self.gone = 1; return self.n }',
    twice: 'function twice(self, x) { return x * 2 }',
  },
})
await t.send('fill')

/** Tries a source as the method `try` of `it`. */
async function probed(
  source: string,
  probes: Probe[],
  args: unknown[] = [],
  on: TestKernel = t,
): Promise<TrialReport[]> {
  const compiled = await on.judge.compile(source)
  assert.ok('code' in compiled, JSON.stringify(compiled))
  const it = on.oid('it')
  const request = { now: 1, seed: 1, fuel: 1_000_000, target: it, selector: 'try', args }
  const { code, globals } = compiled
  const candidate = { learner: it, selector: 'try', code: { code, globals }, request }
  return on.kernel.workbench.trial(candidate, probes)
}

const tried = async (source: string, args: unknown[] = [], on: TestKernel = t) =>
  (await probed(source, [{}], args, on))[0] as TrialReport

test('[KN8] a trial reports its reply and what it wrote, and the image is as before', async () => {
  const before = t.graph()
  const report = await tried(
    `function f(self, by) {
      self.n += by
      self.list.push(self.twice(by))
      self.fresh = mirror.bind('fresh', mirror.clone(self))
      delete self.gone
      return [self.n, self.list]
    }`,
    [3],
  )
  assert.equal(report.kind, 'kept')
  if (report.kind !== 'kept') return
  assert.deepEqual(report.reply, [8, [1, 6]])
  const [own] = report.wrote.filter(({ born }) => !born)
  assert.equal(own?.oid, t.oid('it'))
  assert.deepEqual(own?.changed.toSorted(), ['fresh', 'gone', 'list', 'n'])
  assert.deepEqual(own?.slots.find(({ name }) => name === 'n')?.value, 8)
  assert.equal(report.wrote.filter(({ born }) => born).length, 1)
  assert.ok(report.fuel > 0)
  assert.equal(t.graph(), before)
  assert.equal(t.kernel.head.name('fresh'), undefined)
  assert.equal((await t.fault('try', [], { policy: 'off' })).code, 'NOT_UNDERSTOOD')
})

test('[KN8] each trial begins with nothing of the one before', async () => {
  const count = 'function f(self) { self.n += 1; mirror.bind("x", self); return self.n }'
  const replies = [await tried(count), await tried(count), await tried(count)]
  assert.deepEqual(
    replies.map((one) => one.kind === 'kept' && one.reply),
    [6, 6, 6],
  )
})

test('[KN8] a fault, a missing method and a missing reply are reports', async () => {
  const failed = await tried('function f(self) { throw new Error("no") }')
  assert.equal(failed.kind === 'fault' && failed.fault.message, 'no')
  assert.deepEqual(await tried('function f(self) { return self.fly() }'), {
    kind: 'not-understood',
    selector: 'fly',
  })
  const odd = await tried('function f(self) { return () => 1 }')
  assert.equal(odd.kind === 'fault' && odd.fault.code, 'METHOD_FAILED')
  const spent = await tried('function f(self) { for (;;) {} }')
  assert.equal(spent.kind === 'fault' && spent.fault.code, 'FUEL')
})

test('[KN8] a trial that takes all memory or time ends alone, and messages are answered meanwhile', async () => {
  const eater = tried('function f(self) { let a = [1]; for (;;) a = [...a, ...a] }')
  const places = await Promise.all(Array.from({ length: 50 }, () => t.send('twice', [2])))
  assert.deepEqual(new Set(places), new Set([4]))
  const report = await eater
  assert.equal(report.kind, 'fault')
  assert.ok(report.kind === 'fault' && ['LIMIT', 'FUEL'].includes(report.fault.code))
  assert.deepEqual(t.endings, [])
  assert.equal((await tried('function f(self) { return 1 }')).kind, 'kept')
})

test('[KN9] a trial reads the image as of one transaction, whatever is written meanwhile', async () => {
  // The helper is a second read that happens after the writes below.
  const trial = tried('function f(self, other) { return [self.n, other.n, self.twice(1)] }', [
    new Ref(t.oid('it')),
  ])
  const writes = Array.from({ length: 20 }, () => t.send('setSlot:value:', ['n', 99]))
  const report = await trial
  await Promise.all(writes)
  assert.deepEqual(report.kind === 'kept' && report.reply, [5, 5, 2])
  await t.send('setSlot:value:', ['n', 5])
})

test('[KN37] a probe may call the method before, and what is told is what the last call left', async () => {
  const source =
    'function f(self, by) { if (by > 8) throw new Error("no"); self.n += by; return self.n }'
  const probes = [{ earlier: [[3]] }, { earlier: [[1], [2]], args: [4] }, { earlier: [[9]] }, {}]
  const [twice, thrice, refused, plain] = await probed(source, probes, [3])
  const before = plain?.kind === 'kept' ? (plain.reply as number) - 3 : Number.NaN
  assert.equal(twice?.kind === 'kept' && twice.reply, before + 6)
  assert.equal(thrice?.kind === 'kept' && thrice.reply, before + 7)
  assert.deepEqual(thrice?.kind === 'kept' && thrice.wrote[0]?.changed, ['n'])
  assert.ok(refused?.kind === 'fault' && refused.fault.message.includes('no'))
})

test('[KN37] every probe has its slots and arguments, and nothing of the one before', async () => {
  const it = t.oid('it')
  const source = 'function f(self, by) { self.n += by; self.list.push(by); return self.list }'
  const replies = await probed(
    source,
    [
      {},
      { args: [7] },
      { sets: [{ target: it, slot: 'list', value: [] }] },
      {
        sets: [
          { target: it, slot: 'n', value: 90 },
          { target: it, slot: 'list', value: ['x'] },
        ],
        args: [1],
      },
      {},
    ],
    [3],
  )
  assert.deepEqual(
    replies.map((one) => one.kind === 'kept' && one.reply),
    [[1, 3], [1, 7], [3], ['x', 1], [1, 3]],
  )
  const last = replies[3]
  const own = last?.kind === 'kept' ? last.wrote[0]?.slots : undefined
  assert.equal(own?.find(({ name }) => name === 'n')?.value, 91)
  // Slots that the probe set and the method left alone are no change of the method's.
  assert.deepEqual(last?.kind === 'kept' && last.wrote[0]?.changed.toSorted(), ['list', 'n'])
})

test('[KN37] a probe that ends its process has its report, and those behind it go on', async () => {
  const source =
    'function f(self, n) { if (n !== 2) return n; let s = "x"; for (;;) s = [s, s, s].flat(9) }'
  const reports = await probed(source, [{ args: [1] }, { args: [2] }, { args: [3] }])
  assert.deepEqual(
    reports.map((one) => (one.kind === 'kept' ? one.reply : one.kind)),
    [1, 'fault', 3],
  )
})

test('[KN155] an invariant is asked before and after each call, on what the call left, and changes nothing of the report', async () => {
  const it = t.oid('it')
  const sound =
    "function sound(self) { if (self.n > 90) throw new Error('high'); return self.n < 9 || 'odd' }"
  await t.put('sound', sound)
  const compiled = await t.judge.compile('function f(self, by) { self.n += by; return self.n }')
  assert.ok('code' in compiled)
  const { code, globals } = compiled
  const request = { now: 1, seed: 1, fuel: 1_000_000, target: it, selector: 'try', args: [1] }
  const candidate = { learner: it, selector: 'try', code: { code, globals }, request }
  const set = (value: number) => ({ sets: [{ target: it, slot: 'n', value }] })
  const probes = [set(1), set(8), set(50), set(90), { args: ['x'] }]
  const plain = await t.kernel.workbench.trial(candidate, probes)
  const held = await t.kernel.workbench.trial({ ...candidate, invariant: 'sound' }, probes)
  assert.deepEqual(
    held.map((one) => one.kind === 'kept' && one.invariant),
    [
      { before: { reply: true }, after: { reply: true } },
      { before: { reply: true }, after: { reply: 'odd' } },
      { before: { reply: 'odd' }, after: { reply: 'odd' } },
      { before: { reply: 'odd' }, after: { fault: 'high' } },
      { before: { reply: true }, after: { reply: 'odd' } },
    ],
  )
  const withoutIt = held.map((one) => {
    const { invariant: _, ...rest } = one as Extract<TrialReport, { kind: 'kept' }>
    return rest
  })
  assert.deepEqual(withoutIt, plain)
})

test('[KN155] an invariant that writes leaves the changes of the call what they are', async () => {
  const it = t.oid('it')
  await t.put('busy', 'function busy(self) { self.n = 1; return true }')
  const compiled = await t.judge.compile('function f(self) { self.list = [2]; return 1 }')
  assert.ok('code' in compiled)
  const { code, globals } = compiled
  const request = { now: 1, seed: 1, fuel: 1_000_000, target: it, selector: 'try', args: [] }
  const candidate = { learner: it, selector: 'try', code: { code, globals }, request }
  const [report] = await t.kernel.workbench.trial({ ...candidate, invariant: 'busy' }, [{}])
  assert.deepEqual(report.kind === 'kept' && report.wrote[0]?.changed, ['list'])
})

test('[KN8] after the kernel is closed nothing is tried any more, and no process is left', async () => {
  const late = await startKernel({ learner: scripted({}).learner })
  late.kernel.prepareTrial()
  const going = tried('function f(self) { for (;;) {} }', [], late)
  const { code, globals } = (await late.judge.compile('function f(self) {}')) as never
  await late.close()
  assert.equal((await going).kind, 'fault')
  const it = late.oid('it')
  const request = { now: 1, seed: 1, fuel: 1, target: it, selector: 'try', args: [] }
  const candidate = { learner: it, selector: 'try', code: { code, globals }, request }
  const [after] = await late.kernel.workbench.trial(candidate, [{}])
  assert.equal(after.kind === 'fault' && after.fault.code, 'CANCELLED')
  assert.ok(KERNEL_LIMITS.trialTime > 0)
})
