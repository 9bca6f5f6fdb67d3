// Owns: the tests of the one order of gates, and of the rule of the vote in words.
// Leaves: what each gate refuses to gates.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstRefusal, GATE_STEPS, GATES, type GateKeepers, type Refusal } from './refusal.ts'
import { RULE } from './ruling.ts'
import { voteWords } from './vote-words.ts'

/** Keepers that write down that they were asked; one step refuses by a gate. */
function keepers(asked: string[], refusing?: string, gate?: string): GateKeepers {
  const entries = GATE_STEPS.map(({ step, gates }) => [
    step,
    () => {
      asked.push(step)
      return step === refusing ? ({ gate: gate ?? gates[0], sentence: 'no' } as Refusal) : undefined
    },
  ])
  return Object.fromEntries(entries) as GateKeepers
}

test('[GO1] the steps are asked in the order that is shown, none behind a refusal, and each refuses by its own gates', async () => {
  const steps = GATE_STEPS.map(({ step }) => step)
  const all: string[] = []
  assert.equal(await firstRefusal(keepers(all)), undefined)
  assert.deepEqual(all, steps)
  assert.deepEqual(
    GATES,
    GATE_STEPS.flatMap(({ gates }) => [...gates]),
  )
  const some: string[] = []
  assert.equal((await firstRefusal(keepers(some, 'said')))?.gate, 'examples')
  assert.deepEqual(some, steps.slice(0, steps.indexOf('said') + 1))
  // What people said is asked before what the trial did is looked at.
  assert.ok(GATES.indexOf('invariant') < GATES.indexOf('trial'))
  await assert.rejects(firstRefusal(keepers([], 'said', 'parse')), /asked in another step/)
})

test('[GO23] a vote that is not enough says what it lacks, of alike drafts, of ways and of others', () => {
  const verdict = (alike: number, passed: number, ways: number, isShown = false) =>
    voteWords({ alike, passed, ways }, RULE, isShown).verdict
  assert.equal(verdict(3, 4, 2), 'enough')
  assert.equal(verdict(1, 1, 1, true), 'enough: it only shows its object')
  assert.equal(verdict(3, 4, 1), 'not enough: 1 of 2 ways of asking led to them')
  assert.equal(
    verdict(3, 5, 2),
    'not enough: 2 behave otherwise, so that 4 would have to behave alike',
  )
  assert.equal(verdict(2, 2, 2), 'not enough: 2 behave alike')
})
