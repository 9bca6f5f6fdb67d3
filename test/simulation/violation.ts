// Owns: what a check of a simulation says when something does not hold, and by which rule.
// Leaves: the checks to model.ts, portrait.ts, followers.ts and history.ts.

export class Violation extends Error {
  /** The rule that does not hold. */
  readonly rule: string

  constructor(rule: string, sentence: string) {
    super(`${sentence} (${rule})`)
    this.rule = rule
  }
}

/** Ends a check. */
export function violated(rule: string, sentence: string): never {
  throw new Violation(rule, sentence)
}
