// Owns: the numbers that bound the ranking of models, each with its unit and its reason.
// Leaves: what a draft may cost to the mind's own limits.

export const RANK_LIMITS = {
  /** Characters of a task file: three thousand tasks of the usual length. */
  fileLength: 8_000_000,
  /** Tasks in one file: at five seconds each a night's work. */
  tasks: 5_000,
  /** Checks, objects, calls and tools of one task: ten times what the longest open one has. */
  parts: 64,
  /** Characters of a source, a sentence or a name in a task. */
  textLength: 20_000,
  /** Milliseconds for one task of code: six drafts on a machine that is busy. */
  taskTime: 900_000,
  /** Tokens of an answer that is a call or a directive: the longest right one has forty. */
  callTokens: 96,
  /** Tokens of a persona's answer: twice what the longest rule allows. */
  personaTokens: 200,
  /** Characters of a completion that is kept: a hundred times the longest method. */
  completionLength: 200_000,
} as const
