// Owns: the check that a mistake of ours cannot pass. Failures of others are faults, not assertions.

/** Throws an Error with the sentence given unless the condition holds. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${sentence}`)
}
