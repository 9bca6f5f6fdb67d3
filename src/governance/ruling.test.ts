// What a vote allows, in numbers and by what its leader did.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MethodNeedCall } from '#kernel'
import type { Verdict } from './crucible.ts'
import { DRAWS, noneOf, rulingOf } from './ruling.ts'

const call: MethodNeedCall = {
  ...{ kind: 'method', receiver: 7, learner: 7, selector: 'add', args: [1] },
  frame: { now: 0, seed: 1, fuel: 1_000 },
}
const leader: Verdict = {
  ...{ source: 'x', reply: 1, wrote: [7], posted: [], fuel: 1 },
  ...{ shows: false, refuses: false },
}
const plain = { call, shows: false, isReview: false }

/** What becomes of a vote, in a word or two. */
function ruling(counts: string, left: number, did: Partial<Verdict> = {}, given = plain): string {
  const [alike = 0, ways = 0, passed = 0] = counts.split(' ').map(Number)
  const vote = { alike, ways, passed, probes: 9, leader: { ...leader, ...did } }
  const ruled = rulingOf(vote, left, given)
  return ruled.kind === 'ask' ? `ask ${ruled.why.code}` : ruled.kind
}

test('[GO80] three alike of two ways, twice as many as the others, are installed, and no fewer', () => {
  assert.equal(ruling('3 2 3', 3), 'install')
  assert.equal(ruling('3 2 4', 2), 'install')
  assert.equal(ruling('4 2 6', 0), 'install')
  assert.equal(ruling('2 2 2', 4), 'draw')
  assert.equal(ruling('3 1 3', 3), 'draw')
  assert.equal(ruling('3 2 5', 1), 'draw')
  assert.equal(ruling('3 1 3', 0), 'ask undecided')
})

test('[GO80] nothing more is drawn where the rest cannot bring the vote in', () => {
  assert.equal(ruling('1 1 4', 2), 'ask undecided')
  assert.equal(ruling('2 2 4', 2), 'draw')
  assert.equal(ruling('1 1 1', 1), 'ask undecided')
  assert.ok(DRAWS >= 3)
})

test('[GO80] one draft that only shows its object is enough where that is asked for', () => {
  const shown = { ...plain, shows: true }
  assert.equal(ruling('1 1 1', 5, { shows: true }, shown), 'install')
  assert.equal(ruling('1 1 1', 5, { shows: false }, shown), 'draw')
  assert.equal(ruling('1 1 1', 5, { shows: true }), 'draw')
})

test('[GO80] [GO7] what a person has to see goes to one, with the reason', () => {
  assert.equal(ruling('3 2 3', 3, {}, { ...plain, isReview: true }), 'ask policy')
  assert.equal(ruling('3 2 3', 3, { refuses: true }), 'ask undecided')
  assert.equal(ruling('3 2 3', 3, { wrote: [9] }), 'ask beyond')
  assert.match(noneOf('add', 6).sentence, /^none of 6 drafts of add passed the gates$/)
})
