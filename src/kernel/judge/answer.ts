// Owns: the frames between the kernel and the judge, and the reading of what the judge says as hostile.
// Leaves: lengths to ground's frames; each frame's body is JSON in UTF-8.
// Laws: KN57 an answer of another shape than these ends the judge and is a problem of the judge.
import type { CompiledMethod } from './compile.ts'
import type { MethodFacts } from './facts.ts'
import type { Problem, ProblemCode } from './problem.ts'
import type { CheckRequest } from './typing.ts'

/** What the kernel asks. `n` is answered back. */
export type JudgeRequest =
  | { n: number; op: 'ping' }
  | { n: number; op: 'warm' }
  | { n: number; op: 'compile'; source: string }
  | ({ n: number; op: 'check' } & CheckRequest)

/** What compiling answers. */
export type CompileAnswer = CompiledMethod | { problems: Problem[] }

/** What checking answers: the compiled method with the problems of its types, or why it does not compile. */
export type CheckAnswer = (CompiledMethod & { typeProblems: Problem[] }) | { problems: Problem[] }

/** What the judge says. `last` asks to be replaced before the next request. */
export interface JudgeReply {
  n: number
  last: boolean
  answer: CompileAnswer | CheckAnswer | null
}

/** The reply in a frame's body, undefined when it is not one. */
export function readReply(body: Uint8Array): JudgeReply | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
  if (!isMap(value)) return undefined
  const { n, last, answer } = value
  if (typeof n !== 'number' || typeof last !== 'boolean') return undefined
  if (answer === null) return { n, last, answer }
  const read = readAnswer(answer)
  return read === undefined ? undefined : { n, last, answer: read }
}

function readAnswer(value: unknown): CompileAnswer | CheckAnswer | undefined {
  if (!isMap(value)) return undefined
  if (value.problems !== undefined) {
    const problems = readProblems(value.problems)
    return problems === undefined || problems.length === 0 ? undefined : { problems }
  }
  const { code, globals, name, params, arity, facts, typeProblems } = value
  if (typeof code !== 'string' || !isTexts(globals) || !isTexts(params)) return undefined
  if (name !== null && typeof name !== 'string') return undefined
  const read = readFacts(facts)
  if (!isMap(arity) || typeof arity.least !== 'number' || read === undefined) return undefined
  if (arity.most !== null && typeof arity.most !== 'number') return undefined
  const size = { least: arity.least, most: arity.most }
  const compiled = { code, globals, name, params, arity: size, facts: read }
  if (typeProblems === undefined) return compiled
  const problems = readProblems(typeProblems)
  return problems === undefined ? undefined : { ...compiled, typeProblems: problems }
}

function readFacts(value: unknown): MethodFacts | undefined {
  if (!isMap(value) || typeof value.dynamic !== 'boolean') return undefined
  const { reads, writes, selfSends, sends, resends, dynamic, regexes, literals } = value
  const { endless, slow } = value
  if (!isTexts(reads) || !isTexts(writes) || !isTexts(selfSends) || !isTexts(sends))
    return undefined
  if (!isTexts(resends) || !isTexts(regexes) || !isTexts(literals)) return undefined
  if (!isTexts(endless) || !isTexts(slow)) return undefined
  return { reads, writes, selfSends, sends, resends, dynamic, regexes, literals, endless, slow }
}

function readProblems(value: unknown): Problem[] | undefined {
  if (!Array.isArray(value)) return undefined
  const problems: Problem[] = []
  for (const one of value as unknown[]) {
    if (!isMap(one)) return undefined
    const { code, message, line, column } = one
    if (typeof code !== 'string' || typeof message !== 'string') return undefined
    if (typeof line !== 'number' || typeof column !== 'number') return undefined
    problems.push({ code: code as ProblemCode, message, line, column })
  }
  return problems
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}
