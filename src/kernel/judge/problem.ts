// Owns: what the judge says against a source: a code, a sentence and a place.
// Leaves: faults on the wire to the kernel, which wraps problems into GENERATION_FAILED or FIELD_INVALID.

/** Why a source is refused. SELF_CHECK is the one that blames the rewriter, not the source. */
export type ProblemCode =
  | 'SOURCE_SIZE'
  | 'SOURCE_DEPTH'
  | 'SOURCE_NODES'
  | 'SYNTAX'
  | 'ONE_FUNCTION'
  | 'SELF_PARAMETER'
  | 'TYPESCRIPT_ONLY'
  | 'ASYNC'
  | 'GENERATOR'
  | 'CLASS'
  | 'ACCESSOR'
  | 'MODULE'
  | 'WITH'
  | 'ARGUMENTS'
  | 'META_PROPERTY'
  | 'TAGGED_TEMPLATE'
  | 'DEBUGGER'
  | 'PROTO'
  | 'CONSTRUCTOR'
  | 'SUPER'
  | 'NEW'
  | 'DELETE'
  | 'RESEND'
  | 'THIS_PARAMETER'
  | 'PRIVATE_NAME'
  | 'ASSIGN_GLOBAL'
  | 'FREE_NAME'
  | 'HTML_COMMENT'
  | 'TYPE'
  | 'SELF_CHECK'
  | 'JUDGE_HUNG'
  | 'JUDGE_DIED'
  | 'JUDGE_BUSY'

/** One thing wrong with a source. `line` and `column` count from 1 and are those of the source given. */
export interface Problem {
  code: ProblemCode
  message: string
  line: number
  column: number
}

/** What stops the judging of a source at once. */
export class Refusal extends Error {
  readonly problems: Problem[]

  constructor(problems: Problem[]) {
    super(problems[0]?.message ?? 'refused')
    this.name = 'Refusal'
    this.problems = problems
  }
}

/** The line and column, both from 1, of an offset in a text. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  const breaks = /\r\n|[\n\r\u2028\u2029]/g
  for (let found = breaks.exec(text); found !== null; found = breaks.exec(text)) {
    if (found.index >= offset) break
    line += 1
    start = found.index + found[0].length
  }
  return { line, column: Math.max(0, offset - start) + 1 }
}

/** A problem at an offset of a text. */
export function problemAt(
  text: string,
  offset: number,
  code: ProblemCode,
  message: string,
): Problem {
  return { code, message, ...placeOf(text, offset) }
}
