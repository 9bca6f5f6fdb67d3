// Owns: the claim that each mistake put in on purpose is found, within its seeds, by the rule that it breaks.
// Leaves: the mistakes to mistakes.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstCatch, MISTAKES } from './mistakes.ts'

for (const mistake of MISTAKES) {
  test(`[KN96] it is found: ${mistake.name}`, async (t) => {
    const caught = await firstCatch(mistake)
    assert.ok(caught, `${mistake.seeds} seeds do not find it`)
    const { rule, seed, sentence } = caught
    t.diagnostic(`seed ${seed}, ${rule}: ${sentence.split('\n')[0]}`)
    assert.match(rule, mistake.rule)
  })
}
