// Owns: the names of the gates, their order, and the shape of a refusal.
// Leaves: each gate to its file; what each step asks to the crucible.
// Laws: GO1 the gates are asked in one order, which is the one that is shown.
import { assert } from '#ground'

/**
 * The steps in which the Crucible asks, and the gates of each, in their order. This is the one table of that order: the Crucible walks
 * it, and cases and versions show it. The words of an intent are asked three times: of the source, of what it did, and of the answer
 * to the call as it came.
 */
export const GATE_STEPS = [
  { step: 'judge', gates: ['parse', 'shape', 'types'] },
  { step: 'history', gates: ['history'] },
  { step: 'source', gates: ['literal', 'denial', 'intent'] },
  { step: 'said', gates: ['examples', 'invariant'] },
  {
    step: 'behaviour',
    gates: ['trial', 'reply', 'slots', 'effect', 'alias', 'intent', 'resources'],
  },
  { step: 'example', gates: ['intent'] },
] as const

type Step = (typeof GATE_STEPS)[number]

/** The gates in their order. */
export const GATES: readonly Step['gates'][number][] = GATE_STEPS.flatMap(
  ({ gates }): readonly Step['gates'][number][] => gates,
)

/** What answers for one step: the gate that a draft fails, if any. */
export type GateKeepers = Readonly<
  Record<Step['step'], () => Refusal | undefined | Promise<Refusal | undefined>>
>

/** The first refusal, of the steps in their order; a step is not begun when one before it refuses. */
export async function firstRefusal(keepers: GateKeepers): Promise<Refusal | undefined> {
  for (const { step, gates } of GATE_STEPS) {
    const refusal = await keepers[step]()
    if (refusal === undefined) continue
    const own: readonly string[] = gates
    assert(own.includes(refusal.gate), `the gate ${refusal.gate} is asked in another step`)
    return refusal
  }
  return undefined
}

/** Why a draft was refused: the gate, and a sentence for whoever drafts again. */
export interface Refusal {
  gate: Step['gates'][number]
  sentence: string
}
