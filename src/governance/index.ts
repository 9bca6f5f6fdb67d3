// The door of governance: who may put what into the image, and by which gates.
export { type Answered, type Answering, answerProposal } from './answering.ts'
export { putMethod, type Swap, swapMethod } from './atomic-swap.ts'
export type { Party, Question } from './ballot.ts'
export { beyondAuto, Case, type CaseGiven, type Verdict, type Vote } from './crucible.ts'
export { examplesFor } from './examples.ts'
export { lastFailure } from './failures.ts'
export { governanceFault } from './faults.ts'
export { type Given, type GivenAnswer, giveMethod } from './giving.ts'
export { type Objection, type Tested, testObjection } from './objection.ts'
export { Probation } from './probation.ts'
export { type Acceptance, acceptProposal, proposalOf } from './proposing.ts'
export { GATE_STEPS, GATES, type Refusal } from './refusal.ts'
export { type Comparison, Replacement } from './replacing.ts'
export { DRAWS, noneOf, RULE, type Ruling, rulingOf } from './ruling.ts'
export {
  holderOf,
  keepVersion,
  type Listed,
  releaseVersion,
  swapBack,
  versionOf,
  versionsOf,
} from './swapping.ts'
export { planUndo, spanText, type UndoPlan, type UndoSpan, undoPlanned } from './undo.ts'
export { runUnseen, type UnseenTest } from './unseen-tests.ts'
export { type KeptReview, standingVetoes } from './veto.ts'
export { type VoteRule, voteWords } from './vote-words.ts'
export { asksForChange } from './words.ts'
