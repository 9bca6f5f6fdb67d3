// Owns: the proof that rewritten code holds what it must: it trusts the text alone, not the rewriter.
// Leaves: a failed proof to compile.ts, which refuses the source and blames the rewriter.
// Laws: KN51 ticks and guards. KN52 no member is touched but through the runtime, save the targets of patterns.
// KN53 nothing free is left, and the runtime's names are used in its own shapes only. KN55 no refused text.
import { parse } from 'acorn'
import {
  catchGuard,
  finallyCatch,
  finallyFlag,
  finallyGuard,
  HOLDER,
  OPERATIONS,
  RECEIVER,
  REFUSED_TEXT,
  RUNTIME,
  TICK,
  TICK_EXPRESSION,
} from './emit.ts'
import { PROBLEMS_MAX } from './limits.ts'
import { resolveNames } from './scope.ts'
import { childrenOf, staticName, type Tree } from './tree.ts'

type Kind<Type extends Tree['type']> = Extract<Tree, { type: Type }>
type FunctionTree = Kind<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>

/** Every type of node that compiled code may hold. */
const ALLOWED: ReadonlySet<string> = new Set(
  `ArrayExpression ArrayPattern ArrowFunctionExpression AssignmentExpression AssignmentPattern BinaryExpression
  BlockStatement BreakStatement CallExpression CatchClause ConditionalExpression ContinueStatement DoWhileStatement
  EmptyStatement ExpressionStatement ForInStatement ForOfStatement ForStatement FunctionDeclaration
  FunctionExpression Identifier IfStatement LabeledStatement Literal LogicalExpression MemberExpression
  NewExpression ObjectExpression ObjectPattern Property RestElement ReturnStatement SequenceExpression
  SpreadElement SwitchCase SwitchStatement TemplateElement TemplateLiteral ThisExpression ThrowStatement
  TryStatement UnaryExpression UpdateExpression VariableDeclaration VariableDeclarator WhileStatement`.split(
    /\s+/,
  ),
)

/** A name of the rewriter's own. */
const PRIVATE = /^\$t[0-9]+$/

/** What is wrong with the code, as sentences; none when it holds. */
export function verifyCode(code: string, globals: readonly string[]): string[] {
  if (REFUSED_TEXT.test(code)) return ['The code holds text that the evaluator refuses.']
  let root: Tree
  try {
    root = parse(code, { ecmaVersion: 'latest', sourceType: 'script' })
  } catch (thrown) {
    return [`The code does not parse: ${(thrown as Error).message}.`]
  }
  return new Verifier(code).run(root, globals)
}

class Verifier {
  readonly #code: string
  readonly #problems: string[] = []
  readonly #targets = new Set<Tree>()
  /** Functions that the rewriter made and that hold one expression. */
  readonly #thunks = new Set<Tree>()
  /** Tries in a block of their own that declares the flag of their `finally`. */
  readonly #flags = new Map<Tree, string>()
  /** Names that are written to where the flag of a `finally` is. */
  readonly #flagged = new Set<Tree>()
  #method: Tree | undefined

  constructor(code: string) {
    this.#code = code
  }

  run(root: Tree, globals: readonly string[]): string[] {
    const method = this.#open(root, globals)
    if (method === undefined) this.#fail(root, 'is not the factory of a method')
    else {
      this.#method = method
      this.#function(method)
    }
    for (const { node, write, home } of resolveNames(root).references) {
      if (home === undefined) this.#fail(node, 'is free')
      if (write && node.name.startsWith('$') && !this.#flagged.has(node)) {
        // Only the tick changes the runtime, and the walk has checked its shape.
        if (/^\$(?:rts?|h|t[0-9]+)$/.test(node.name)) this.#fail(node, 'is written to')
      }
    }
    return this.#problems
  }

  #fail(node: Tree, what: string): void {
    if (this.#problems.length >= PROBLEMS_MAX) return
    const text = this.#code.slice(node.start, Math.min(node.end, node.start + 60))
    this.#problems.push(`\`${text}\` ${what}.`)
  }

  #text(node: Tree): string {
    return this.#code.slice(node.start, node.end)
  }

  /** The method inside the factory, when the factory is exactly what it must be. */
  #open(root: Tree, globals: readonly string[]): FunctionTree | undefined {
    if (root.type !== 'Program' || root.body.length !== 1) return undefined
    const [statement] = root.body
    if (statement?.type !== 'ExpressionStatement') return undefined
    const factory: Tree = statement.expression
    if (factory.type !== 'FunctionExpression' || factory.id || factory.async || factory.generator) {
      return undefined
    }
    const names = factory.params.map((one) => (one.type === 'Identifier' ? one.name : ''))
    if (names.join() !== [RUNTIME, HOLDER, ...globals].join()) return undefined
    const [strict, answer, ...others] = factory.body.body
    if (strict?.type !== 'ExpressionStatement' || strict.directive !== 'use strict')
      return undefined
    if (answer?.type !== 'ReturnStatement' || others.length > 0) return undefined
    const method: Tree | null | undefined = answer.argument
    if (method?.type !== 'FunctionExpression' && method?.type !== 'ArrowFunctionExpression') {
      return undefined
    }
    return method
  }

  #function(node: FunctionTree): void {
    if (node.async || node.generator) this.#fail(node, 'is async or a generator')
    for (const parameter of node.params) this.#parameter(parameter)
    if (node.body.type !== 'BlockStatement') {
      this.#fail(node, 'does not begin with a tick')
      return
    }
    let rest: Tree[] = this.#afterTick(node.body)
    if (node === this.#method) {
      const first = node.params[0]
      const self = first?.type === 'Identifier' ? first.name : ''
      const [receiver, ...others] = rest
      if (receiver === undefined || this.#text(receiver) !== `const ${RECEIVER}=${self};`) {
        this.#fail(node, 'does not name the receiver')
      }
      rest = others
    }
    for (const statement of rest) this.#visit(statement)
  }

  #parameter(node: Tree): void {
    if (node.type === 'AssignmentPattern') {
      const value: Tree = node.right
      if (value.type === 'SequenceExpression') {
        const [tick, ...others] = value.expressions
        if (tick === undefined || this.#text(tick) !== TICK_EXPRESSION) {
          this.#fail(value, 'is a default that does not begin with a tick')
        }
        for (const other of others) this.#visit(other)
      } else if (
        value.type === 'Literal' ||
        value.type === 'Identifier' ||
        value.type === 'FunctionExpression' ||
        value.type === 'ArrowFunctionExpression'
      ) {
        this.#visit(value)
      } else this.#fail(value, 'is a default that does not begin with a tick')
      this.#parameter(node.left)
    } else if (node.type === 'Property') {
      this.#patternKey(node)
      if (node.computed) this.#visit(node.key)
      this.#parameter(node.value)
    } else if (node.type === 'ObjectPattern' || node.type === 'ArrayPattern') {
      for (const child of childrenOf(node)) this.#parameter(child)
    } else if (node.type === 'RestElement') this.#parameter(node.argument)
    else if (node.type !== 'Identifier') this.#fail(node, 'is no parameter')
  }

  /** The statements of a block after its tick. */
  #afterTick(block: Tree): Tree[] {
    if (block.type === 'BlockStatement') {
      const [tick, ...rest] = block.body
      if (tick !== undefined && this.#text(tick) === TICK) return rest
    }
    this.#fail(block, 'does not begin with a tick')
    return []
  }

  #visit(node: Tree): void {
    if (!ALLOWED.has(node.type)) {
      this.#fail(node, `is a ${node.type}`)
      return
    }
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (this.#thunks.has(node)) this.#visit(node.body)
        else this.#function(node)
        return
      case 'ForStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.type === 'ForOfStatement' && node.await) this.#fail(node, 'awaits')
        if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') {
          this.#targets.add(node.left)
        }
        for (const child of childrenOf(node)) if (child !== node.body) this.#visit(child)
        for (const statement of this.#afterTick(node.body)) this.#visit(statement)
        return
      case 'TryStatement':
        this.#try(node)
        return
      case 'ObjectPattern':
        this.#objectPattern(node)
        break
      case 'BlockStatement':
        this.#flag(node)
        break
      case 'ArrayPattern':
        for (const one of node.elements) if (one) this.#targets.add(one)
        break
      case 'RestElement':
        this.#targets.add(node.argument)
        break
      case 'AssignmentPattern':
        this.#targets.add(node.left)
        break
      case 'Property':
        if (node.kind !== 'init') this.#fail(node, 'is an accessor')
        if (staticName(node.key, node.computed) === '__proto__')
          this.#fail(node, 'sets a prototype')
        if (node.computed) this.#visit(node.key)
        this.#visit(node.value)
        return
      case 'MemberExpression':
        this.#member(node)
        return
      case 'CallExpression':
        this.#call(node)
        return
      case 'NewExpression':
        if (node.callee.type !== 'Identifier') this.#fail(node, 'makes something unnamed')
        break
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#fail(node, 'deletes outside the runtime')
        break
      case 'Identifier':
        if (node.name === RUNTIME) this.#fail(node, 'lets the runtime out')
        return
      default:
    }
    for (const child of childrenOf(node)) this.#visit(child)
  }

  #objectPattern(node: Kind<'ObjectPattern'>): void {
    for (const one of node.properties) {
      if (one.type !== 'Property') continue
      this.#patternKey(one)
      this.#targets.add(one.value)
    }
  }

  /** A computed key of a pattern reads a member, so the runtime has a look at it. */
  #patternKey(node: Kind<'Property'>): void {
    const { computed, key } = node as { computed: boolean; key: Tree }
    if (
      computed &&
      !(key.type === 'CallExpression' && this.#code.startsWith('$rt.k(', key.start))
    ) {
      this.#fail(node, 'reads a member outside the runtime')
    }
  }

  #try(node: Kind<'TryStatement'>): void {
    this.#visit(node.block)
    const { handler, finalizer } = node
    if (finalizer) return this.#finally(node, finalizer)
    if (handler?.param?.type !== 'Identifier') return this.#fail(node, 'takes a signal apart')
    const [guard, ...rest] = handler.body.body
    if (guard === undefined || this.#text(guard) !== catchGuard(handler.param.name)) {
      this.#fail(handler, 'catches signals')
    }
    for (const statement of rest) this.#visit(statement)
  }

  /** Remembers the flag of a block that holds one and its try. */
  #flag(block: Kind<'BlockStatement'>): void {
    const [flag, guarded] = block.body
    if (flag?.type !== 'VariableDeclaration' || guarded?.type !== 'TryStatement') return
    const name = /^let (\$t[0-9]+)=/.exec(this.#text(flag))?.[1]
    if (name !== undefined && this.#text(flag) === finallyFlag(name)) this.#flags.set(guarded, name)
  }

  #finally(node: Kind<'TryStatement'>, finalizer: Kind<'BlockStatement'>): void {
    const flag = this.#flags.get(node) ?? ''
    const { handler } = node
    const caught = handler?.param?.type === 'Identifier' ? handler.param.name : ''
    if (
      !handler ||
      !PRIVATE.test(caught) ||
      this.#text(handler.body) !== finallyCatch(flag, caught)
    ) {
      return this.#fail(node, 'runs on signals')
    }
    for (const { node: written, write } of resolveNames(handler.body).references) {
      if (write && written.name === flag) this.#flagged.add(written)
    }
    const [guard, ...others] = finalizer.body
    const guarded = guard?.type === 'IfStatement' && !guard.alternate ? guard : undefined
    if (guarded === undefined || others.length > 0) return this.#fail(finalizer, 'runs on signals')
    const condition = this.#code.slice(guarded.start, guarded.consequent.start)
    if (condition !== finallyGuard(flag) || guarded.consequent.type !== 'BlockStatement') {
      return this.#fail(finalizer, 'runs on signals')
    }
    this.#visit(guarded.consequent)
  }

  /** A member that is no callee: only a target of a pattern or of a loop's head may be one. */
  #member(node: Kind<'MemberExpression'>): void {
    if (!this.#targets.has(node)) this.#fail(node, 'is a member outside the runtime')
    const name = staticName(node.property, node.computed)
    if (name === '__proto__' || name === 'constructor') this.#fail(node, 'writes a refused name')
    this.#visit(node.object)
    if (node.computed) this.#visit(node.property)
  }

  #call(node: Kind<'CallExpression'>): void {
    const callee: Tree = node.callee
    if (node.optional) this.#fail(node, 'is optional')
    if (callee.type === 'MemberExpression') this.#operation(node, callee)
    else if (callee.type === 'ArrowFunctionExpression' && isHolder(callee)) {
      this.#thunks.add(callee)
      this.#visit(callee)
    } else this.#visit(callee)
    for (const argument of node.arguments) this.#visit(argument)
  }

  #operation(node: Kind<'CallExpression'>, callee: Kind<'MemberExpression'>): void {
    const { object, property } = callee
    const name = property.type === 'Identifier' && !callee.computed ? property.name : ''
    const known = object.type === 'Identifier' && object.name === RUNTIME && !callee.optional
    const spread = node.arguments.some((one) => one.type === 'SpreadElement')
    if (!known || OPERATIONS.get(name) !== node.arguments.length || spread) {
      this.#fail(node, 'is no operation of the runtime')
      return
    }
    const last = node.arguments.at(-1) as Tree
    if (!'oqulp'.includes(name)) return
    if (
      last.type !== 'ArrowFunctionExpression' ||
      last.body.type === 'BlockStatement' ||
      last.async
    ) {
      this.#fail(node, 'lacks its function')
      return
    }
    const names = last.params.map((one) => (one.type === 'Identifier' ? one.name : '?')).join()
    const right =
      name === 'o'
        ? /^\$t[0-9]+$/.test(names)
        : name === 'q' || name === 'l'
          ? names === ''
          : names === '$v'
    if (!right) this.#fail(node, 'lacks its function')
    this.#thunks.add(last)
  }
}

/** The function that holds a receiver and a selector, called where it stands. */
function isHolder(node: Kind<'ArrowFunctionExpression'>): boolean {
  return (
    node.params.length === 2 &&
    !node.async &&
    node.body.type !== 'BlockStatement' &&
    node.params.every((one) => one.type === 'Identifier' && /^\$t[0-9]+$/.test(one.name))
  )
}
