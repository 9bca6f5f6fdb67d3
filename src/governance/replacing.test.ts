// Owns: the tests of replacing a method that works by a draft: what is refused, what brings nothing, what is taken in.
// Leaves: how a replacement fares afterwards to probation.test.ts; random replacements to bench/null-model.ts.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Replacement, versionsOf } from './index.ts'
import { givenFor } from './trying.fixture.ts'
import { openTestWorld } from './world.fixture.ts'

const t = await openTestWorld()
after(() => t.close())
await t.send('setSlot:value:', ['prices', [4, 2]])

const TOTAL =
  'function total(self) { let sum = 0; for (const one of self.prices) sum += one; return sum }'
const LOWEST =
  'function lowest(self, n) { return self.prices.reduce((a, b) => Math.min(a, b)) + n }'
const by = { author: 'ann', model: 'tiny', prompt: 'ab12' }

/** What becomes of a source in the place of the method that `it` has. */
async function compared(selector: string, source: string, args: unknown[] = []) {
  const replacement = new Replacement(t.kernel.workbench, givenFor(t, { selector, args }))
  return { replacement, outcome: await replacement.consider(source) }
}

test('[GO65] [G10] a replacement that does otherwise where the version in place answers is refused, with the call', async () => {
  await t.give('total', TOTAL)
  const { outcome } = await compared('total', TOTAL.replace('+= one', '= one'))
  assert.ok(outcome.kind === 'refused')
  assert.equal(outcome.refusal.gate, 'regress')
  assert.match(
    outcome.refusal.sentence,
    /^with the object as it is and arguments \(\) it answers 2; the version in place answers 6$/,
  )
})

test('[GO65] [G10] a replacement that does the same on every probe brings nothing', async () => {
  const other = 'function total(self) { return self.prices.reduce((a, b) => a + b, 0) }'
  const { outcome } = await compared('total', other)
  assert.equal(outcome.kind, 'alike')
})

test('[GO65] [GO67] [G10] one that answers where the version in place breaks is taken in, once three agree, on probation', async () => {
  await t.give('lowest', LOWEST)
  const whole = LOWEST.replace('Math.min(a, b)) +', 'Math.min(a, b), Infinity) +').replace(
    'return',
    'if (self.prices.length === 0) return n; return',
  )
  const { replacement, outcome } = await compared('lowest', whole, [1])
  assert.ok(outcome.kind === 'mends', JSON.stringify(outcome))
  assert.match(outcome.sentence, /^it answers \d+ calls that broke$/)
  assert.equal(await replacement.install(outcome, by), undefined)
  for (let i = 0; i < 2; i++) {
    const again = await replacement.consider(`${whole} // ${i}`, 'otherwise')
    assert.ok(again.kind === 'mends')
    const installed = await replacement.install(again, by)
    assert.equal(installed?.version, i === 0 ? undefined : 2)
  }
  const listed = versionsOf(t.kernel, t.oid('it'), 'lowest')
  assert.deepEqual(
    listed.map(({ version, state, method }) => [version, state, method?.verdict?.votes]),
    [
      [1, 'durable', undefined],
      [2, 'probation', 3],
    ],
  )
})

test('[GO65] [G11] where the version in place does not keep to what a person said, one that does may do otherwise', async () => {
  const it = t.oid('it')
  await t.give('rest', 'function rest(self, n) { return n - 1 }')
  const pinned = { receiver: it, sets: [], args: [3], frame: { now: 1, seed: 1 } }
  const example = { ...pinned, expected: { reply: 6 }, by: 'ann', proposal: 'p1' }
  await t.kernel.keep([t.kernel.examples.adding(it, 'rest', example)])
  const right = await compared('rest', 'function rest(self, n) { return n * 2 }', [3])
  assert.equal(right.outcome.kind, 'corrects')
  const wrong = await compared('rest', 'function rest(self, n) { return n * n }', [3])
  assert.ok(wrong.outcome.kind === 'refused')
  assert.equal(wrong.outcome.refusal.gate, 'examples')
})

test('[GO66] [G16] a replacement that takes more than twice the steps is refused, one that takes a little more is not', async () => {
  const loop = (rounds: number) =>
    `function turns(self, n) { let k = 0; for (let i = 0; i < ${rounds}; i++) k += 1; return k > 0 ? n : 0 }`
  await t.give('turns', loop(2_000))
  const dear = await compared('turns', loop(5_000), [3])
  assert.ok(dear.outcome.kind === 'refused')
  assert.equal(dear.outcome.refusal.gate, 'resources')
  assert.match(dear.outcome.refusal.sentence, /^it takes \d+ steps for \d+ calls/)
  assert.equal((await compared('turns', loop(2_500), [3])).outcome.kind, 'alike')
})

test('[GO65] what is not there is not replaced', () => {
  const given = givenFor(t, { selector: 'nothing' })
  assert.throws(() => new Replacement(t.kernel.workbench, given), { code: 'TARGET_UNKNOWN' })
})
