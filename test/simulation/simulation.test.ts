// Owns: the claims of the simulation: seeds in which everything holds, and scenes interrupted everywhere.
// Leaves: what is a serializable history to history.test.ts; mistakes that are caught to mistakes.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, awaken } from '#kernel'
import { encodeValue } from '#objects'
import { bankText } from './bank.ts'
import { BEGINNING, bootKernel, simulatedJudge } from './boot.ts'
import { Disk } from './disk.ts'
import { NO_FAULTS, simulate } from './simulation.ts'
import { crashEverywhere, failEverywhere, type SweepReport } from './sweep.ts'
import { Universe } from './universe.ts'

test('[KN82] [KN91] [KN92] [KN93] [KN94] in a hundred seeds of crashes, deaths and packs everything acknowledged holds', async () => {
  const sums = { crashes: 0, deaths: 0, packs: 0 }
  for (let seed = 1; seed <= 100; seed++) {
    const report = await simulate(seed)
    assert.equal(report.violation, undefined, `seed ${seed}: ${report.violation}`)
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
  }
  for (const [name, count] of Object.entries(sums)) assert.ok(count > 50, `${count} ${name}`)
})

test('[KN90] the same seed is the same trace, byte by byte, and another is another', async () => {
  const traceOf = async (seed: number) => {
    const { trace, events, digest } = await simulate(seed, { keepsTrace: true })
    return { bytes: Buffer.from(trace.join('\n')), events, digest }
  }
  for (const seed of [7, 19, 42]) {
    const [one, other] = [await traceOf(seed), await traceOf(seed)]
    assert.equal(Buffer.compare(one.bytes, other.bytes), 0, `seed ${seed}`)
    assert.ok(one.bytes.length > 10_000, `seed ${seed}: ${one.bytes.length} bytes`)
    assert.deepEqual([one.events, one.digest], [other.events, other.digest])
  }
  assert.notEqual((await traceOf(8)).digest, (await traceOf(7)).digest)
})

function assertHeld({ points, within, broken }: SweepReport, atLeast: number): void {
  assert.equal(broken, undefined, `${broken?.point}: ${broken?.report.violation}`)
  assert.ok(within >= atLeast && points >= within, `${points} points, ${within} that matter`)
}

test('[KN97] a process that ends after any event, with nothing, half or all of a group on the disk, loses nothing', async () => {
  assertHeld(await crashEverywhere(1), 40)
})

test('[KN97] whichever commit fails, in any way, and whichever read, the scene is whole and goes on', async () => {
  assertHeld(await failEverywhere(1), 100)
})

test('[KN94] a kernel that cannot write what it removes at its start says so, and answers', async () => {
  const universe = new Universe(1)
  const disk = new Disk(universe, { ...NO_FAULTS })
  await awaken(disk.store, simulatedJudge(universe), [bankText()], BEGINNING)
  const value = encodeValue([0, true, encodeValue(1), null])
  const old = [{ table: 'replies' as const, key: 'too old', value }]
  await disk.store.commit({ transactions: [], tables: old })
  disk.failing = { commit: 1, how: 'refused' }
  const told: string[] = []
  const kernel = bootKernel({
    universe,
    disk,
    life: { number: 1, alive: true },
    faults: NO_FAULTS,
    onWorkerEnd: ({ detail }) => told.push(detail),
  })
  await universe.run()
  assert.match(told.join('\n'), /could not be written/)
  const answers: Answer[] = []
  const target = kernel.head.name('counter1') as number
  const message = { principal: 'client', author: 'op', target, selector: 'inc', args: [2] }
  kernel.send(message, { event: () => undefined, answer: (answer) => answers.push(answer) })
  await universe.run()
  assert.deepEqual(
    answers.map(({ ok }) => ok),
    [true],
  )
})
