// Owns: the path of a source through parse, gate, rewrite and proof, as one pure function.
// Leaves: types to typing.ts; running it where it may hang to judge-main.ts.
// Laws: KN54 code is answered only when its proof holds; otherwise problems are, and never both.
import type { MethodFacts } from './facts.ts'
import { gateMethod } from './gate.ts'
import { type ParsedMethod, parseMethod } from './parse.ts'
import { type Problem, problemAt, Refusal } from './problem.ts'
import { rewriteMethod } from './rewrite.ts'
import type { Tree } from './tree.ts'
import { verifyCode } from './verify.ts'

/** Goes up when the same source gives other code, or is judged otherwise; compiled code is kept under it. */
export const REWRITER_VERSION = 3

/** A method ready for the runtime. */
export interface CompiledMethod {
  /** One expression: a function of the runtime, the holder's oid and the globals, answering the method. */
  code: string
  /** The globals that the code takes, in order. */
  globals: string[]
  /** The function's name in the source, null when it has none. */
  name: string | null
  /** The parameters as they stand, without types and defaults, the receiver first. */
  params: string[]
  /** How many arguments the method takes besides the receiver; `most` is null with a rest parameter. */
  arity: { least: number; most: number | null }
  facts: MethodFacts
}

/** Compiles one method, or says what is wrong with it. */
export function compileMethod(source: string): CompiledMethod | { problems: Problem[] } {
  try {
    const parsed = parseMethod(source)
    const gated = gateMethod(parsed)
    const code = rewriteMethod(parsed, gated)
    const failures = verifyCode(code, gated.globals)
    if (failures.length > 0) {
      const sentence = `The rewritten method does not hold: ${failures.join(' ')}`
      const problem = problemAt(source, parsed.method.start, 'SELF_CHECK', sentence)
      return { problems: [problem] }
    }
    const { globals, facts } = gated
    return { code, globals, ...signatureOf(parsed), facts }
  } catch (thrown) {
    if (thrown instanceof Refusal) return { problems: thrown.problems }
    throw thrown
  }
}

function signatureOf({
  method,
  text,
}: ParsedMethod): Pick<CompiledMethod, 'name' | 'params' | 'arity'> {
  const id = method.type === 'ArrowFunctionExpression' ? null : method.id
  const others = method.params.slice(1)
  const rest = others.at(-1)?.type === 'RestElement'
  const firstOptional = others.findIndex(
    (one) => one.type === 'AssignmentPattern' || one.type === 'RestElement',
  )
  return {
    name: id?.name ?? null,
    params: method.params.map((one: Tree) => {
      const shown = one.type === 'AssignmentPattern' ? one.left : one
      return text.slice(shown.start, shown.end).replace(/\s+/g, ' ').trim()
    }),
    arity: {
      least: firstOptional === -1 ? others.length : firstOptional,
      most: rest ? null : others.length,
    },
  }
}
