// The door of governance: who may put what into the image, and by which gates.
export { putMethod, type Swap, swapMethod } from './atomic-swap.ts'
export type { Party, Question } from './ballot.ts'
export { beyondAuto, Case, type CaseGiven, type Verdict, type Vote } from './crucible.ts'
export { governanceFault } from './faults.ts'
export { type Acceptance, acceptProposal, proposalOf } from './proposing.ts'
export { type Objection, type Tested, testObjection } from './objection.ts'
export { GATES, type Refusal } from './refusal.ts'
export { Probation } from './probation.ts'
export { type Comparison, Replacement } from './replacing.ts'
export {
  holderOf,
  keepVersion,
  type Listed,
  releaseVersion,
  swapBack,
  versionOf,
  versionsOf,
} from './swapping.ts'
export { runUnseen, type UnseenTest } from './unseen-tests.ts'
export { planUndo, spanText, type UndoPlan, type UndoSpan, undoPlanned } from './undo.ts'
export { asksForChange } from './words.ts'
