// Owns: the type check of a method against what is known of its receiver, with one compiler kept warm.
// Leaves: writing the declaration of the receiver to the caller; names and forms to gate.ts.
// Laws: KN59 the receiver is Self when its parameter has no type. KN60 positions are those of the source given. KN157 what is
// checked for a call is Self whatever type its parameter has, and takes the arguments of that call.
import type {
  ArrowFunction,
  CompilerOptions,
  Diagnostic,
  FunctionDeclaration,
  FunctionExpression,
  IScriptSnapshot,
  LanguageService,
  Node,
  SourceFile,
} from 'typescript'
import { DECLARATION_LENGTH_MAX, PROBLEMS_MAX, SENTENCE_LENGTH_MAX } from './limits.ts'
import { type Problem, problemAt } from './problem.ts'
import { type TypeScript, typescript } from './typescript.ts'

/** What is checked: a source, the selector it answers, and TypeScript text that declares `interface Self`. */
export interface CheckRequest {
  source: string
  selector: string
  declaration: string
  /** Types of the arguments, for those parameters after the first that have none; `any` otherwise. */
  argTypes?: readonly string[]
  /** Those are the arguments of a call that the method is written for: its own types must take them. */
  isCalled?: boolean
}

const METHOD = '/method.ts'
const WORLD = '/world.d.ts'
const PRELUDE = '/prelude.d.ts'

/** What every method has besides the language: reflection, and the way to the holder's parents. */
const PRELUDE_TEXT = 'declare const mirror: any\ndeclare const resend: any\n'

type FunctionNode = FunctionDeclaration | FunctionExpression | ArrowFunction

/** A change of the source before it is checked: `remove` units at `at` give way to `insert`. */
interface Edit {
  at: number
  remove: number
  insert: string
}

/** Pairs in a list, as in [['M', 1000], ['D', 500]], have one type for both places: nothing is wrong with what uses them. */
const MIXED = /'(?:string \| number|number \| string)'|side of an arithmetic operation must be/

export class TypeChecker {
  readonly #ts: TypeScript = typescript()
  readonly #files = new Map<string, { text: string; version: number; snapshot: IScriptSnapshot }>()
  readonly #libraries = new Map<string, IScriptSnapshot>()
  readonly #service: LanguageService

  constructor() {
    const ts = this.#ts
    this.#put(PRELUDE, PRELUDE_TEXT)
    this.#put(WORLD, '')
    this.#put(METHOD, 'export {}')
    const options: CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.ESNext,
      moduleDetection: ts.ModuleDetectionKind.Legacy,
      types: [],
      strict: false,
      noImplicitThis: true,
      strictBindCallApply: true,
      noEmit: true,
      skipLibCheck: true,
      skipDefaultLibCheck: true,
    }
    const folder = ts.getDefaultLibFilePath(options).replace(/[^/\\]*$/, '')
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [PRELUDE, WORLD, METHOD],
      getScriptVersion: (name) => String(this.#files.get(name)?.version ?? 0),
      getScriptSnapshot: (name) => this.#files.get(name)?.snapshot ?? this.#library(name),
      getCurrentDirectory: () => '/',
      getDefaultLibFileName: () => `${folder}lib.es2023.d.ts`,
      fileExists: (name) => this.#files.has(name) || name.startsWith(folder),
      readFile: (name) => this.#files.get(name)?.text,
    })
  }

  /** Checks a method that has compiled. Problems have the code TYPE. */
  check(request: CheckRequest): Problem[] {
    if (request.declaration.length > DECLARATION_LENGTH_MAX) {
      return [
        problemAt(
          '',
          0,
          'SOURCE_SIZE',
          `The declaration of the receiver has ${request.declaration.length} characters; at most ${DECLARATION_LENGTH_MAX} are allowed.`,
        ),
      ]
    }
    const { edits, call, at } = this.#edits(request)
    const method = apply(request.source, edits)
    this.#put(WORLD, request.declaration)
    this.#put(METHOD, `${method}\nexport {}\n${call}`)
    const found: Diagnostic[] = [
      ...this.#service.getSyntacticDiagnostics(METHOD),
      ...this.#service.getSemanticDiagnostics(METHOD),
    ]
    return found
      .filter(({ category }) => category === this.#ts.DiagnosticCategory.Error)
      .map(({ start, messageText }) => {
        const whole = this.#ts.flattenDiagnosticMessageText(messageText, ' ')
        return { start: start ?? 0, sentence: whole.slice(0, SENTENCE_LENGTH_MAX) }
      })
      .filter(({ sentence }) => !MIXED.test(sentence))
      .slice(0, PROBLEMS_MAX)
      .map(({ start, sentence }) =>
        problemAt(
          request.source,
          start > method.length ? at : origin(start, edits),
          'TYPE',
          sentence,
        ),
      )
  }

  #put(name: string, text: string): void {
    const before = this.#files.get(name)
    if (before?.text === text) return
    const snapshot = this.#ts.ScriptSnapshot.fromString(text)
    this.#files.set(name, { text, version: (before?.version ?? 0) + 1, snapshot })
  }

  #library(name: string): IScriptSnapshot | undefined {
    const known = this.#libraries.get(name)
    if (known !== undefined) return known
    const text = this.#ts.sys.readFile(name)
    if (text === undefined) return undefined
    const snapshot = this.#ts.ScriptSnapshot.fromString(text)
    this.#libraries.set(name, snapshot)
    return snapshot
  }

  /**
   * What makes the source a module with one typed function, in the order of the source; the call that it is written for, and where
   * problems of that are told.
   */
  #edits({ source, argTypes = [], isCalled = false }: CheckRequest): Typed {
    const ts = this.#ts
    const edits: Edit[] = []
    let file = ts.createSourceFile(METHOD, source, ts.ScriptTarget.ES2023, true)
    let shift = 0
    let method = findFunction(ts, file)
    const exported = method?.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (method?.name?.getText(file) === '' && !exported) {
      // A function without a name is no statement, so it becomes what the module exports.
      const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, undefined, source)
      if (scanner.scan() === ts.SyntaxKind.FunctionKeyword) {
        const insert = 'export default '
        const at = scanner.getTokenStart()
        edits.push({ at, remove: 0, insert })
        file = ts.createSourceFile(METHOD, apply(source, edits), ts.ScriptTarget.ES2023, true)
        shift = insert.length
        method = findFunction(ts, file)
      }
    }
    if (method === undefined) return { edits, call: '', at: 0 }
    const self = method.parameters.find((one) => one.name.getText(file) !== 'this')
    if (!ts.isArrowFunction(method)) {
      if (self === method.parameters[0]) {
        edits.push({ at: method.parameters.pos - shift, remove: 0, insert: 'this: Self, ' })
      }
    }
    let argument = -1
    for (const parameter of method.parameters) {
      if (parameter.name.getText(file) === 'this') continue
      argument += 1
      const known = argument === 0 ? 'Self' : (argTypes[argument - 1] ?? 'any')
      const { type: given } = parameter
      if (
        given !== undefined &&
        isCalled &&
        (argument === 0 || ANYTHING.has(given.getText(file)))
      ) {
        // A receiver by another type, or a type that takes anything, would keep the mistakes of the body unseen.
        edits.push({
          at: given.getStart(file) - shift,
          remove: given.getWidth(file),
          insert: known,
        })
      }
      if (given !== undefined || parameter.initializer !== undefined) continue
      const type = parameter.dotDotDotToken === undefined ? known : 'any[]'
      const at = (parameter.questionToken ?? parameter.name).end - shift
      const bare =
        ts.isArrowFunction(method) &&
        !/^[^(]*\(/.test(file.text.slice(method.getStart(file), parameter.getStart(file)))
      if (bare) edits.push({ at: parameter.getStart(file) - shift, remove: 0, insert: '(' })
      edits.push({ at, remove: 0, insert: `: ${type}${bare ? ')' : ''}` })
    }
    if (ts.isArrowFunction(method) && self !== undefined) {
      const name = self.name.getText(file)
      for (const found of receivers(ts, method.body)) {
        edits.push({ at: found.getStart(file) - shift, remove: 'this'.length, insert: name })
      }
    }
    edits.sort((a, b) => a.at - b.at)
    const name = ts.isFunctionDeclaration(method) ? method.name?.getText(file) : undefined
    const at = method.parameters.pos - shift
    return { edits, call: isCalled && name ? callOf(name, argTypes) : '', at }
  }
}

interface Typed {
  edits: Edit[]
  call: string
  at: number
}

const ANYTHING = new Set(['any', 'unknown', 'object', 'Object'])

/** The call that a method is written for, as a statement behind it. */
function callOf(name: string, argTypes: readonly string[]): string {
  const types = ['Self', ...argTypes]
  const names = types.map((_, i) => `$${i}`)
  const declared = types.map((type, i) => `declare const ${names[i]}: ${type}\n`)
  return `${declared.join('')}${name}.call(${['$0', ...names].join(', ')})\n`
}

function findFunction(ts: TypeScript, file: SourceFile): FunctionNode | undefined {
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement)) {
      if (statement.body !== undefined) return statement
      continue
    }
    let found: Node | undefined
    if (ts.isExpressionStatement(statement)) found = statement.expression
    if (ts.isExportAssignment(statement)) found = statement.expression
    while (found !== undefined && ts.isParenthesizedExpression(found)) found = found.expression
    if (found !== undefined && (ts.isArrowFunction(found) || ts.isFunctionExpression(found))) {
      return found
    }
  }
  return undefined
}

/** Each `this` of an arrow's body that belongs to what is around the arrow. */
function receivers(ts: TypeScript, root: Node): Node[] {
  const found: Node[] = []
  const walk = (node: Node): void => {
    if (node.kind === ts.SyntaxKind.ThisKeyword) found.push(node)
    if (ts.isFunctionExpression(node) || ts.isFunctionDeclaration(node)) return
    if (ts.isMethodDeclaration(node)) return
    ts.forEachChild(node, walk)
  }
  walk(root)
  return found
}

function apply(text: string, edits: readonly Edit[]): string {
  let out = ''
  let at = 0
  for (const edit of edits) {
    out += text.slice(at, edit.at) + edit.insert
    at = edit.at + edit.remove
  }
  return out + text.slice(at)
}

/** The offset in the source of an offset in the edited text. */
function origin(offset: number, edits: readonly Edit[]): number {
  let moved = 0
  for (const { at, remove, insert } of edits) {
    const begins = at + moved
    if (offset < begins) break
    if (offset < begins + insert.length) return at
    moved += insert.length - remove
  }
  return offset - moved
}
