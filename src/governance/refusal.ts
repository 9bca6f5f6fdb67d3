// Owns: the names of the gates, and the shape of a refusal.
// Leaves: each gate to its file.

/** The gates in their order. */
export const GATES = [
  'parse',
  'shape',
  'types',
  'history',
  'literal',
  'denial',
  'intent',
  'trial',
  'reply',
  'slots',
  'effect',
  'alias',
  'examples',
  'invariant',
  'resources',
] as const

/** Why a draft was refused: the gate, and a sentence for whoever drafts again. */
export interface Refusal {
  gate: (typeof GATES)[number]
  sentence: string
}
