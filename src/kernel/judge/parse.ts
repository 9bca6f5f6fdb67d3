// Owns: from a source to one function's tree: size, depth, types stripped, comments blanked, exactly one function.
// Leaves: which forms are refused to gate.ts; positions stay those of the source, since stripping keeps them.
// Laws: KN40 a method is exactly one function whose first parameter is a plain name. KN41 limits name themselves.
import { stripTypeScriptTypes } from 'node:module'
import {
  type ArrowFunctionExpression,
  type FunctionDeclaration,
  type FunctionExpression,
  type Options,
  parse,
  parseExpressionAt,
} from 'acorn'
import type { SourceFile, Node as TypeScriptNode } from 'typescript'
import { DEPTH_MAX, NODES_MAX, PROBLEMS_MAX, SOURCE_LENGTH_MAX } from './limits.ts'
import { type Problem, type ProblemCode, problemAt, Refusal } from './problem.ts'
import { measure, type Tree } from './tree.ts'
import { typescript } from './typescript.ts'

export type MethodTree = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression

export interface ParsedMethod {
  /** The source as given. */
  source: string
  /** Plain JavaScript of the same length: types and comments are blanks. */
  text: string
  method: MethodTree
  /** The name of the first parameter, which holds the receiver. */
  self: string
}

/** True once the type stripper broke: its memory cannot be trusted, and the process must be replaced. */
let broken = false

export function stripperBroken(): boolean {
  return broken
}

/** Parses one method. Throws Refusal. */
export function parseMethod(source: string): ParsedMethod {
  if (source.length > SOURCE_LENGTH_MAX) {
    throw new Refusal([
      problemAt(
        '',
        0,
        'SOURCE_SIZE',
        `The source has ${source.length} characters; at most ${SOURCE_LENGTH_MAX} are allowed.`,
      ),
    ])
  }
  const opening = readOpening(source)
  const tree = outline(source, opening)
  const stripped = strip(source, opening, tree)
  const comments: { start: number; end: number }[] = []
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType: 'module',
    onComment: (_block, _text, start, end) => comments.push({ start, end }),
  }
  const method = withStack(source, () => {
    try {
      return opening.anonymous
        ? anonymousFunction(source, stripped, opening.start, options)
        : onlyFunction(source, parse(stripped, options).body)
    } catch (thrown) {
      throw syntaxRefusal(source, tree, thrown)
    }
  })
  const size = measure(method)
  if (size.depth > DEPTH_MAX) throw tooDeep(source)
  if (size.nodes > NODES_MAX) throw tooMany(source)
  return { source, text: blank(stripped, comments), method, self: selfOf(source, method) }
}

interface Opening {
  /** Where the first token begins. */
  start: number
  /** Whether the source is a function without a name, which is no statement. */
  anonymous: boolean
}

/** The first tokens, read with the compiler's scanner because comments may stand between them. */
function readOpening(source: string): Opening {
  const ts = typescript()
  const scanner = ts.createScanner(
    ts.ScriptTarget.Latest,
    true,
    ts.LanguageVariant.Standard,
    source,
  )
  let token = scanner.scan()
  const start = scanner.getTokenStart()
  if (token !== ts.SyntaxKind.FunctionKeyword) return { start, anonymous: false }
  token = scanner.scan()
  if (token === ts.SyntaxKind.AsteriskToken) token = scanner.scan()
  const anonymous = token === ts.SyntaxKind.OpenParenToken || token === ts.SyntaxKind.LessThanToken
  return { start, anonymous }
}

const EXPORT_DEFAULT = 'export default '

/** The compiler's own tree, which is parsed first because its parser fails softly where the stripper breaks. */
function outline(source: string, opening: Opening): SourceFile {
  const ts = typescript()
  const shift = opening.anonymous ? EXPORT_DEFAULT.length : 0
  return withStack(source, () => {
    const text = opening.anonymous ? EXPORT_DEFAULT + source : source
    const file = ts.createSourceFile('method.ts', text, ts.ScriptTarget.Latest, false)
    const waiting: { node: TypeScriptNode; depth: number }[] = [{ node: file, depth: 1 }]
    let nodes = 0
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const depth = next.depth + 1
      nodes += 1
      if (depth > DEPTH_MAX) throw tooDeep(source)
      ts.forEachChild(next.node, (child) => {
        waiting.push({ node: child, depth })
      })
    }
    if (nodes > NODES_MAX) throw tooMany(source)
    // The parser keeps its complaints in a property that its declaration does not show.
    const complaints = (
      file as unknown as {
        parseDiagnostics: { start: number; messageText: string | { messageText: string } }[]
      }
    ).parseDiagnostics
    if (complaints.length > 0) {
      throw new Refusal(
        complaints.slice(0, PROBLEMS_MAX).map(({ start, messageText }) => {
          const sentence = typeof messageText === 'string' ? messageText : messageText.messageText
          return problemAt(source, Math.max(0, start - shift), 'SYNTAX', sentence)
        }),
      )
    }
    return file
  })
}

function strip(source: string, opening: Opening, tree: SourceFile): string {
  if (broken) {
    throw new Refusal([
      problemAt('', 0, 'JUDGE_DIED', 'The type stripper broke on another source.'),
    ])
  }
  try {
    if (!opening.anonymous) return stripTypeScriptTypes(source, { mode: 'strip' })
    const stripped = stripTypeScriptTypes(EXPORT_DEFAULT + source, { mode: 'strip' })
    return stripped.slice(EXPORT_DEFAULT.length)
  } catch (thrown) {
    const code = (thrown as { code?: unknown }).code
    if (code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
      throw syntaxRefusal(source, tree, thrown)
    }
    broken = true
    throw new Refusal([problemAt('', 0, 'SOURCE_DEPTH', 'The source breaks the type stripper.')])
  }
}

/** Why `<!--` is refused wherever it is code. */
export const HTML_COMMENT = 'The mark of an HTML comment hides code from some readers.'

/** Forms that the strict parser names badly or not at all, found in the compiler's tree. */
function syntaxRefusal(source: string, tree: SourceFile, thrown: unknown): Refusal {
  if (thrown instanceof Refusal || thrown instanceof RangeError) throw thrown
  const ts = typescript()
  const kinds = new Map<number, [ProblemCode, string]>([
    [ts.SyntaxKind.WithStatement, ['WITH', 'A `with` statement hides where names come from.']],
    [ts.SyntaxKind.AwaitExpression, ['ASYNC', 'Methods are synchronous: `await` has no place.']],
    [ts.SyntaxKind.AwaitKeyword, ['ASYNC', 'Methods are synchronous: `await` has no place.']],
    [ts.SyntaxKind.YieldExpression, ['GENERATOR', 'Methods are not generators.']],
    [ts.SyntaxKind.EnumDeclaration, ['TYPESCRIPT_ONLY', 'An enum has no plain JavaScript form.']],
    [ts.SyntaxKind.ModuleDeclaration, ['TYPESCRIPT_ONLY', 'A namespace is not a method.']],
    [ts.SyntaxKind.Decorator, ['CLASS', 'Decorators belong to classes, which are refused.']],
    [ts.SyntaxKind.TypeAssertionExpression, ['TYPESCRIPT_ONLY', 'Write `x as T`, not `<T>x`.']],
  ])
  const waiting: TypeScriptNode[] = [tree]
  const problems: Problem[] = []
  const shift = tree.text.length - source.length
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const at = node.getStart(tree)
    // The stripper takes `a<!--b` for a comment, as a script would; to a module it is a comparison.
    const mark = node.kind === ts.SyntaxKind.PrefixUnaryExpression
    if (mark && tree.text.slice(at - 1, at + 3) === '<!--') {
      problems.push(problemAt(source, at - 1 - shift, 'HTML_COMMENT', HTML_COMMENT))
    }
    const known = kinds.get(node.kind)
    if (known && problems.length < PROBLEMS_MAX) {
      problems.push(problemAt(source, at - shift, known[0], known[1]))
    }
    ts.forEachChild(node, (child) => {
      waiting.push(child)
    })
  }
  if (problems.length > 0) return new Refusal(problems)
  const { message, pos } = thrown as { message: string; pos?: number }
  const sentence = message.replace(/ \(\d+:\d+\)$/, '')
  return new Refusal([problemAt(source, pos ?? 0, 'SYNTAX', `${sentence}.`.replace(/\.\.$/, '.'))])
}

/** The only function of a program's body; `export` before it is dropped. */
function onlyFunction(source: string, body: readonly Tree[]): MethodTree {
  const [first, ...others] = body.filter((statement) => statement.type !== 'EmptyStatement')
  if (first === undefined) {
    throw new Refusal([problemAt(source, 0, 'ONE_FUNCTION', 'There is no function here.')])
  }
  let found: Tree = first
  if (first.type === 'ExportDefaultDeclaration') found = first.declaration
  else if (first.type === 'ExportNamedDeclaration' && first.declaration) found = first.declaration
  else if (first.type === 'ExpressionStatement') found = first.expression
  if (others.length > 0 || !isMethodTree(found)) {
    const place = isMethodTree(found) ? (others[0] as Tree) : first
    throw new Refusal([
      problemAt(
        source,
        place.start,
        'ONE_FUNCTION',
        `A method is exactly one function: \`function name(self, …) { … }\`; this is ${place.type}.`,
      ),
    ])
  }
  return found
}

function isMethodTree(node: Tree): node is MethodTree {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

function anonymousFunction(
  source: string,
  stripped: string,
  start: number,
  options: Options,
): MethodTree {
  const found = parseExpressionAt(stripped, start, options) as Tree
  const rest = stripped.slice(found.end)
  // What follows must be nothing: parsing it alone shows whether it is more than comments and semicolons.
  const others = parse(rest, { ...options, onComment: undefined }).body
  return onlyFunction(source, [
    { type: 'ExpressionStatement', expression: found, start, end: found.end } as Tree,
    ...others.map((node) => Object.assign(node, { start: node.start + found.end })),
  ])
}

function selfOf(source: string, method: MethodTree): string {
  const first = method.params[0]
  if (first?.type === 'Identifier') return first.name
  const place = first?.start ?? method.start
  throw new Refusal([
    problemAt(
      source,
      place,
      'SELF_PARAMETER',
      'The first parameter of a method is a plain name, `self`, and holds the receiver.',
    ),
  ])
}

/** Comments become blanks, since their text would pass for code in filters that do not parse; line ends stay. */
function blank(text: string, comments: readonly { start: number; end: number }[]): string {
  let out = ''
  let at = 0
  for (const { start, end } of comments) {
    if (start < at) continue
    out += text.slice(at, start)
    out += text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, ' ')
    at = end
  }
  return out + text.slice(at)
}

function withStack<Result>(source: string, work: () => Result): Result {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof RangeError) throw tooDeep(source)
    throw thrown
  }
}

function tooDeep(source: string): Refusal {
  const sentence = `The source nests deeper than ${DEPTH_MAX} levels.`
  return new Refusal([problemAt(source, 0, 'SOURCE_DEPTH', sentence)])
}

function tooMany(source: string): Refusal {
  const sentence = `The source has more than ${NODES_MAX} nodes.`
  return new Refusal([problemAt(source, 0, 'SOURCE_NODES', sentence)])
}
