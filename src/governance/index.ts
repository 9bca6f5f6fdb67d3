// The door of governance: who may put what into the image, and by which gates.
export { putMethod, type Swap, swapMethod } from './atomic-swap.ts'
export {
  asksForChange,
  beyondAuto,
  type Refusal,
  type Trying,
  tryDraft,
  type Verdict,
} from './crucible.ts'
export { governanceFault } from './faults.ts'
export { undoTransaction } from './undo.ts'
