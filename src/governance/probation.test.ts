// Owns: the tests of versions: provenance, probation, shadow runs, roll-backs, quarantine, and what a person says of them.
// Leaves: the same by the command line to test/journeys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dump } from '#image'
import { loadDump } from '#kernel'
import type { MethodRef } from '#objects'
import {
  Case,
  planUndo,
  releaseVersion,
  swapBack,
  swapMethod,
  undoPlanned,
  versionOf,
  versionsOf,
} from './index.ts'

import { reliedOn } from './reliance.ts'
import { openTestWorld, type TestWorld, temporaryFolder } from './world.fixture.ts'

/** What says that a model wrote a method. */
const TINY = { model: 'tiny', prompt: 'ab12', verdict: { votes: 3, of: 3 } }

async function start(options: { silence?: number } = {}) {
  const t = await openTestWorld(options)
  return { t, probation: t.probation }
}

const listed = (t: TestWorld, selector: string) =>
  versionsOf(t.kernel, t.oid('it'), selector).map(({ version, state, current }) => [
    version,
    state,
    current,
  ])

test('[GO51] [GO50] [G18] a replacement that fails where the version before answers is taken back by itself', async () => {
  const { t, probation } = await start()
  await t.give('double', 'function double(self, n) { return n * 2 }')
  await t.give('double', 'function double(self, n) { return n.twice() }')
  assert.deepEqual(listed(t, 'double'), [
    [1, 'durable', false],
    [2, 'probation', true],
  ])
  assert.match((await t.fault('double', [2])).message, /twice/)
  assert.match((await t.fault('double', [3])).message, /twice/)
  await probation.idle()
  assert.equal(await t.send('double', [4]), 8)
  assert.deepEqual(listed(t, 'double'), [
    [1, 'durable', true],
    [2, 'rolled-back', false],
  ])
  const [last] = t.notes()
  assert.match(last ?? '', /^system: roll back double, version 2: it failed on 2 of 2 calls/)
  const [, row] = t.kernel.versions.of(t.oid('it'), 'double')
  assert.match(row?.evidence[0] ?? '', /^double\(2\) failed \(.*; the version before answered 4$/)
  await t.close()
})

test('[GO51] [GO57] a version that has none before it is removed when its calls break, and its source does not come back', async () => {
  const { t, probation } = await start()
  const holder = t.oid('it')
  const source = 'function twice(self, n) { return n.valuee.toFixed(2) }'
  const made = { holder, selector: 'twice', comment: '', author: 'ann', ...TINY }
  await swapMethod(t.kernel.workbench, { ...made, source, expect: null })
  for (const n of [1, 2, 3]) await t.fault('twice', [n])
  await probation.idle()
  assert.equal((await t.fault('twice', [4])).code, 'NOT_UNDERSTOOD')
  assert.match(
    t.notes()[0] ?? '',
    /roll back twice, version 1: 3 of its 3 calls broke; it is removed/,
  )
  const call = {
    kind: 'method' as const,
    receiver: holder,
    learner: holder,
    selector: 'twice',
    args: [4],
  }
  const frame = { now: 1, seed: 1, fuel: 100_000 }
  const given = {
    call: { ...call, frame },
    declaration: 'interface Self { [n: string]: any }',
    argTypes: ['any'],
  }
  const refusal = await new Case(t.kernel.workbench, { ...given, intent: undefined }).consider(
    source,
  )
  assert.ok('gate' in refusal)
  assert.equal(refusal.gate, 'history')
  assert.match(
    refusal.sentence,
    /^this was version 1, which was taken back: 3 of its 3 calls broke/,
  )
  const { version } = await swapMethod(t.kernel.workbench, {
    ...{ ...made, source: 'function twice(self, n) { return n * 2 }', expect: null },
  })
  assert.equal(version, 2)
  await t.close()
})

test('[GO51] [G18] a refusal on purpose is no break', async () => {
  const { t, probation } = await start()
  const source = "function pay(self, n) { throw new Error('no money') }"
  const made = { holder: t.oid('it'), selector: 'pay', comment: '', author: 'ann', ...TINY }
  await swapMethod(t.kernel.workbench, { ...made, source, expect: null })
  for (let i = 0; i < 5; i++) assert.match((await t.fault('pay', [1])).message, /no money/)
  await probation.idle()
  assert.deepEqual(listed(t, 'pay'), [[1, 'probation', true]])
  await t.close()
})

test('[GO50] [G18] answers that differ are evidence and no reason; a call that wrote is not made again', async () => {
  const { t, probation } = await start()
  await t.give('name', "function name(self) { return 'it' }")
  await t.give('name', "function name(self) { return 'IT' }")
  await t.give('note', 'function note(self, n) { self.n = n; return n }')
  await t.give('note', 'function note(self, n) { self.n = n; return n + 1 }')
  assert.equal(await t.send('name'), 'IT')
  assert.equal(await t.send('note', [1]), 2)
  await probation.idle()
  const holder = t.oid('it')
  const named = t.kernel.versions.find(holder, 'name', 2)
  assert.deepEqual(named?.evidence, ['name() answered "IT"; the version before answered "it"'])
  assert.deepEqual([named?.state, named?.shadows.runs, named?.shadows.differ], ['probation', 1, 1])
  const noted = t.kernel.versions.find(holder, 'note', 2)
  assert.deepEqual([noted?.calls, noted?.shadows.runs], [1, 0])
  await t.close()
})

test('[GO51] [G18] a replacement that costs more than twice as much on the same calls is taken back', async () => {
  const { t, probation } = await start()
  const sum = (times: number) =>
    `function sum(self, n) { let s = 0; for (let k = 0; k < ${times}; k++) { s = 0; for (let i = 1; i <= n; i++) s += i } return s }`
  await t.give('sum', sum(1))
  await t.give('sum', sum(3))
  for (const n of [2_000, 2_001, 2_002]) {
    await t.send('sum', [n])
    await probation.idle()
  }
  assert.match(
    t.notes()[0] ?? '',
    /roll back sum, version 2: it takes \d+ ticks for 3 calls that took \d+ before/,
  )
  assert.deepEqual(listed(t, 'sum')[0], [1, 'durable', true])
  await t.close()
})

test('[GO51] [KN104] [G18] a person’s replacement that does not answer a kept example is taken back before anybody calls it', async () => {
  const { t, probation } = await start()
  await t.give('area', 'function area(self, n) { return n * n }')
  const example = {
    ...{ receiver: t.oid('it'), sets: [], args: [3], frame: { now: 1, seed: 1 } },
    ...{ expected: { reply: 9 }, by: 'ann', proposal: 'p1' },
  }
  await t.kernel.keep([t.kernel.examples.adding(t.oid('it'), 'area', example)])
  await t.give('area', 'function area(self, n) { return n * 4 }')
  await probation.idle()
  assert.match(
    t.notes()[0] ?? '',
    /roll back area, version 2: with .* it must answer 9, as a person said, and it answers 12/,
  )
  assert.equal(await t.send('area', [4]), 16)
  await t.close()
})

test('[GO52] [KN151] [G19] ten calls in two sessions make a version durable, and a restart forgets none of them', async () => {
  const folder = temporaryFolder()
  const first = await openTestWorld({ folder })
  await first.give('double', 'function double(self, n) { return n * 2 }')
  await first.give('double', 'function double(self, n) { return n + n }')
  for (let n = 0; n < 9; n++) await first.send('double', [n], { session: 'one' })
  await first.close()
  const second = await openTestWorld({ folder })
  const { probation } = second
  const row = () => second.kernel.versions.find(second.oid('it'), 'double', 2)
  assert.deepEqual([row()?.calls, row()?.state], [9, 'probation'])
  await second.send('double', [1], { session: 'one' })
  await probation.idle()
  assert.equal(row()?.state, 'probation')
  await second.send('double', [1], { session: 'two' })
  await probation.idle()
  assert.deepEqual([row()?.state, row()?.calls], ['durable', 11])
  await second.send('double', [1], { session: 'two' })
  assert.equal(row()?.calls, 11)
  await second.close()
})

test('[GO54] [GO55] an older version is called by its number, and put back by a person, with its number', async () => {
  const { t, probation } = await start()
  for (const n of [1, 2, 3]) await t.give('say', `function say(self) { return self.word + ${n} }`)
  await t.send('setSlot:value:', ['word', 'v'])
  const it = t.oid('it')
  const { method } = versionOf(t.kernel, it, 'say', 1)
  const version = { method: method.oid, holder: method.holder }
  assert.deepEqual([await t.send('say', [], { version }), await t.send('say')], ['v1', 'v3'])
  assert.throws(() => versionOf(t.kernel, it, 'say', 7), /no version 7 of say .*; it has 1, 2, 3/)
  await probation.idle()
  const back = await swapBack(t.kernel, { target: it, selector: 'say', by: 'ann', version: 1 })
  assert.deepEqual([back.version, await t.send('say')], [1, 'v1'])
  assert.deepEqual(listed(t, 'say'), [
    [1, 'durable', true],
    [2, 'replaced', false],
    [3, 'rolled-back', false],
  ])
  assert.equal(t.notes()[0], 'ann: swap say back to version 1')
  assert.equal((await t.give('say', 'function say(self) { return 4 }')).version, 4)
  await t.close()
})

test('[GO56] [G17] what was judged with a method that has been replaced since is not installed', async () => {
  const { t } = await start()
  await t.give('rate', 'function rate(self) { return 2 }')
  const it = t.oid('it')
  const need = { kind: 'method' as const, receiver: it, learner: it, selector: 'cost', args: [] }
  const call = { ...need, frame: { now: 1, seed: 1, fuel: 1 } }
  const relies = reliedOn(t.kernel.head, call)
  await t.give('rate', 'function rate(self) { return 3 }')
  const swap = {
    holder: it,
    selector: 'cost',
    comment: '',
    author: 'ann',
    ...TINY,
    expect: null,
  }
  const source = 'function cost(self) { return self.rate() * 2 }'
  const moved = swapMethod(t.kernel.workbench, { ...swap, source, relies })
  await assert.rejects(moved, { code: 'CONFLICT', message: /rate of .* has changed since/ })
  const verdict = { gates: ['parse'], probes: 7, votes: 3, of: 4 }
  const now = { ...swap, source, relies: reliedOn(t.kernel.head, call), verdict }
  await swapMethod(t.kernel.workbench, { ...now, persona: 'robin', prompt: 'ab12' })
  const { method } = versionOf(t.kernel, it, 'cost', 1)
  assert.deepEqual(
    [method.verdict, method.persona, method.prompt, method.model],
    [verdict, 'robin', 'ab12', 'tiny'],
  )
  await t.close()
})

const HANG = 'function hang(self) { return /^(a+)+$/.test("a".repeat(40) + "b") }'

test('[KN152] [KN153] [GO53] [GO55] [G20] a version on the stack at two deaths does not run, undone or copied, until it is released', async () => {
  const { t, probation } = await start({ silence: 1_500 })
  await t.give('hang', HANG)
  await t.give('outer', 'function outer(self) { return self.hang() }')
  assert.equal((await t.fault('outer')).code, 'FUEL')
  await probation.idle()
  const fault = await t.fault('hang')
  assert.equal(fault.code, 'QUARANTINED')
  assert.match(fault.message, /^version 1 of hang of #\d+ does not run any more: .* 2 deaths/)
  assert.deepEqual([fault.data?.version, fault.data?.selector], [1, 'hang'])
  // Whoever called it was on the stack as well.
  assert.equal((await t.fault('outer')).code, 'QUARANTINED')
  const told = t.notes().filter((note) => note.startsWith('system: quarantine hang, version 1'))
  assert.equal(told.length, 1)
  // As another method, and as an older state.
  await assert.rejects(t.give('other', HANG), { code: 'QUARANTINED' })
  const { tid } = await t.give('hang', 'function hang(self) { return 1 }')
  const done = await undoPlanned(t.kernel, await planUndo(t.kernel, { from: tid, to: tid }), 'ann')
  assert.ok(done.ok)
  assert.equal((await t.fault('hang')).code, 'QUARANTINED')
  const asked = { target: t.oid('it'), selector: 'hang', by: 'ann' }
  await releaseVersion(t.kernel, asked)
  assert.match(t.notes()[0] ?? '', /^ann: release hang, version \d+, from quarantine/)
  assert.equal((await t.fault('hang')).code, 'FUEL')
  await t.close()
})

test('[KN152] a dump takes the quarantine with it', async () => {
  const { t, probation } = await start({ silence: 1_500 })
  await t.give('hang', HANG)
  await t.fault('hang')
  await probation.idle()
  const text = [...dump(t.kernel.head.store)].join('')
  await t.close()
  const other = await openTestWorld({ isBare: true })
  await loadDump(other.kernel, text, 'ann')
  assert.equal((await other.fault('hang')).code, 'QUARANTINED')
  await other.close()
})

test('[GO52] [G19] ten calls in one session, or fewer in two, prove nothing', async () => {
  const { t, probation } = await start()
  for (const name of ['often', 'seldom']) {
    await t.give(name, 'function f(self) { return 1 }')
    await t.give(name, 'function f(self) { return 2 - 1 }')
  }
  for (let n = 0; n < 12; n++) await t.send('often', [], { session: 'one' })
  for (let n = 0; n < 9; n++) await t.send('seldom', [], { session: n % 2 === 0 ? 'one' : 'two' })
  await probation.idle()
  const stateOf = (name: string) => t.kernel.versions.find(t.oid('it'), name, 2)?.state
  assert.deepEqual([stateOf('often'), stateOf('seldom')], ['probation', 'probation'])
  await t.close()
})

test('[GO53] [G20] one death does not keep a version from running, and the second does', async () => {
  const { t, probation } = await start()
  await t.give('work', 'function work(self) { return 5 }')
  const slot = t.kernel.head.object(t.oid('it')).slots.find(({ name }) => name === 'work')
  const method = (slot?.value as MethodRef).oid
  t.kernel.onCharged([method], 1, 'silent')
  await probation.idle()
  assert.equal(await t.send('work'), 5)
  assert.deepEqual(listed(t, 'work'), [[1, 'degraded', true]])
  t.kernel.onCharged([method], 1, 'silent')
  await probation.idle()
  assert.deepEqual(listed(t, 'work'), [[1, 'quarantined', true]])
  await t.close()
})
