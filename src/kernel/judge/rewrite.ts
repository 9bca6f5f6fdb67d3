// Owns: the rewriting of a gated method into code for the runtime: sends, reads, writes, ticks, guards.
// Leaves: optional chains to chain.ts; proving that nothing was missed to verify.ts.
// Laws: KN49 each form becomes the runtime's operation of the table, with the order and number of evaluations of
// JavaScript. KN50 lines stay where they were. KN51 every function and loop ticks first, catches and finallies guard.
import { renderChain } from './chain.ts'
import {
  catchGuard,
  finallyCatch,
  finallyFlag,
  finallyGuard,
  HOLDER,
  literalCode,
  quote,
  RECEIVER,
  RUNTIME,
  TICK,
  TICK_EXPRESSION,
  templateCode,
} from './emit.ts'
import type { GatedMethod } from './gate.ts'
import { CONSTANTS, RESEND } from './names.ts'
import type { MethodTree, ParsedMethod } from './parse.ts'
import { childrenOf, staticName, type Tree } from './tree.ts'

type Kind<Type extends Tree['type']> = Extract<Tree, { type: Type }>
type CallTree = Kind<'CallExpression'>
type MemberTree = Kind<'MemberExpression'>

/** A character of a name or a number. */
const WORD = /[\w$\u0080-\uffff]/

/** The code of a method: one expression, a function of the runtime, the holder and the globals. */
export function rewriteMethod(parsed: ParsedMethod, gated: GatedMethod): string {
  const { text, method } = parsed
  const lines = breaksIn(text.slice(0, method.start))
  const parameters = [RUNTIME, HOLDER, ...gated.globals].join(',')
  const body = new Rewriter(parsed, gated.free).method()
  return `(function(${parameters}){"use strict";${lines}return ${body}})`
}

/** The line ends of a piece of source, so that what follows keeps its line. */
function breaksIn(text: string): string {
  return '\n'.repeat(text.match(/\r\n|[\n\r\u2028\u2029]/g)?.length ?? 0)
}

export class Rewriter {
  readonly #text: string
  readonly #method: MethodTree
  readonly #self: string
  readonly #free: ReadonlySet<Tree>
  /** Members that stay, because they are written to by a pattern or by the head of a loop. */
  readonly #targets = new Set<Tree>()
  /** Declarations in heads of loops, which are no statements of their own. */
  readonly #heads = new Set<Tree>()
  /** Properties of patterns, whose keys read. */
  readonly #readers = new Set<Tree>()
  /** Default values in parameters. */
  readonly #defaults = new Set<Tree>()
  #names = 0
  /** Functions with a `this` of their own around the node at hand. */
  #plain = 0

  constructor(parsed: ParsedMethod, free: ReadonlySet<Tree>) {
    this.#text = parsed.text
    this.#method = parsed.method
    this.#self = parsed.self
    this.#free = free
  }

  method(): string {
    return this.#function(this.#method)
  }

  /** The code of a node, in the place that the node has in the source. */
  render(node: Tree): string {
    const code = this.#render(node)
    // A bracket that went away may have parted a word from its operand: `return[1].map(f)`.
    const joins = WORD.test(this.#text[node.start - 1] ?? '') && WORD.test(code[0] ?? '')
    return joins ? ` ${code}` : code
  }

  /** The code of a node where commas part it from its neighbours. */
  argument(node: Tree): string {
    const code = this.#render(node)
    return node.type === 'SequenceExpression' ? `(${code})` : code
  }

  /** A fresh name of the runtime's own. */
  name(): string {
    this.#names += 1
    return `$t${this.#names}`
  }

  /** The line ends of the source between two offsets. */
  gap(start: number, end: number): string {
    return breaksIn(this.#text.slice(start, Math.max(start, end)))
  }

  /** The key of a member, as an argument. */
  key(member: MemberTree): string {
    const property: Tree = member.property
    if (member.computed) return this.argument(property)
    return quote(staticName(property, false) ?? '')
  }

  /** A send of a member's selector to `receiver`, which is code. */
  send(receiver: string, key: string, call: CallTree): string {
    const plain = call.arguments.every((one) => one.type !== 'SpreadElement')
    const count = call.arguments.length
    if (plain && count <= 2) {
      const rest = this.list(call)
      return `${RUNTIME}.s${count}(${receiver},${key}${count > 0 ? `,${rest}` : rest})`
    }
    return `${RUNTIME}.s(${receiver},${key},[${this.list(call)}])`
  }

  /** A call's arguments, with their line ends. */
  list(call: CallTree): string {
    let at = call.arguments[0]?.start ?? call.end
    const parts = call.arguments.map((one) => {
      const before = this.gap(at, one.start)
      at = one.end
      return before + this.argument(one)
    })
    return parts.join(',') + this.gap(at, call.end)
  }

  /** Whether a call is a send to the holder's parents. */
  isResend(node: Tree): boolean {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false
    const { object } = node.callee
    return object.type === 'Identifier' && object.name === RESEND && this.#free.has(object)
  }

  #render(node: Tree): string {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#function(node)
      case 'ForStatement':
        if (node.init) this.#heads.add(node.init)
        return this.#loop(node, node.body)
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#heads.add(node.left)
        this.#targets.add(node.left)
        return this.#loop(node, node.body)
      case 'WhileStatement':
        return this.#loop(node, node.body)
      case 'DoWhileStatement':
        return this.#closed(node, this.#loop(node, node.body))
      case 'VariableDeclaration':
        return this.#heads.has(node) ? this.#splice(node) : this.#closed(node, this.#splice(node))
      case 'ExpressionStatement':
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
        return this.#closed(node, this.#splice(node))
      case 'CatchClause':
        return this.#catch(node)
      case 'TryStatement':
        return this.#try(node)
      case 'ThisExpression':
        return this.#plain === 0 ? RECEIVER : 'this'
      case 'Identifier':
        return this.#free.has(node) ? (CONSTANTS.get(node.name) ?? node.name) : node.name
      case 'Literal':
        return literalCode(node, this.#slice(node))
      case 'TemplateElement':
        return templateCode(this.#slice(node))
      case 'Property':
        return this.#property(node)
      case 'ArrayPattern':
        for (const one of node.elements) if (one) this.#targets.add(one)
        return this.#splice(node)
      case 'AssignmentPattern':
        return this.#default(node)
      case 'RestElement':
        this.#targets.add(node.argument)
        return this.#splice(node)
      case 'ObjectPattern':
        return this.#objectPattern(node)
      case 'MemberExpression':
        return this.#targets.has(node) ? this.#splice(node) : this.#read(node)
      case 'ChainExpression':
        return renderChain(this, node.expression)
      case 'CallExpression':
        return this.#call(node)
      case 'AssignmentExpression':
        return node.left.type === 'MemberExpression'
          ? this.#assign(node, node.left)
          : this.#splice(node)
      case 'UpdateExpression':
        return this.#update(node)
      case 'UnaryExpression':
        return node.operator === 'delete' ? this.#delete(node) : this.#splice(node)
      default:
        return this.#splice(node)
    }
  }

  #slice(node: Tree): string {
    return this.#text.slice(node.start, node.end)
  }

  /** The node's own text with its children's code in their places. */
  #splice(node: Tree, from = node.start, children = childrenOf(node), end = node.end): string {
    let out = ''
    let at = from
    for (const child of children) {
      out += this.#text.slice(at, child.start) + this.render(child)
      at = child.end
    }
    return out + this.#text.slice(at, end)
  }

  /** A statement's code with its semicolon, since what begins the next one may have changed. */
  #closed(node: Tree, code: string): string {
    return this.#text[node.end - 1] === ';' ? code : `${code};`
  }

  #function(node: Kind<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>) {
    const own = node !== this.#method && node.type !== 'ArrowFunctionExpression'
    if (own) this.#plain += 1
    const head = this.#parameters(node)
    const receiver = node === this.#method ? `const ${RECEIVER}=${this.#self};` : ''
    const body: Tree = node.body
    let code: string
    if (body.type === 'BlockStatement') {
      code = `${head}{${TICK}${receiver}${this.#splice(body, body.start + 1)}`
    } else {
      // An arrow's brackets around its value belong to neither node, so they are made anew.
      const arrow = this.#text.indexOf('=>', node.params.at(-1)?.end ?? node.start) + 2
      const before = this.gap(arrow, body.start)
      const after = this.gap(body.end, node.end)
      code = `${head}{${TICK}${receiver}return (${before}${this.#render(body)}${after})}`
    }
    if (own) this.#plain -= 1
    return code
  }

  /** A function up to its body: the name, the parameters, and an arrow's arrow. */
  #parameters(
    node: Kind<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>,
  ) {
    const body: Tree = node.body
    let out = ''
    let at = node.start
    for (const parameter of node.params as Tree[]) {
      for (const found of defaultsIn(parameter)) this.#defaults.add(found)
      out += this.#text.slice(at, parameter.start) + this.render(parameter)
      at = parameter.end
    }
    if (node.type !== 'ArrowFunctionExpression') return out + this.#text.slice(at, body.start)
    const arrow = this.#text.indexOf('=>', at) + 2
    return out + this.#text.slice(at, arrow)
  }

  #objectPattern(node: Kind<'ObjectPattern'>): string {
    for (const one of node.properties) {
      if (one.type !== 'Property') continue
      this.#targets.add(one.value)
      this.#readers.add(one)
    }
    return this.#splice(node)
  }

  /** A default value; those of parameters run before the body's tick, so they tick themselves. */
  #default(node: Kind<'AssignmentPattern'>): string {
    this.#targets.add(node.left)
    if (!this.#defaults.has(node) || this.#isPlain(node.right)) return this.#splice(node)
    const between = this.#text.slice(node.left.end, node.right.start)
    const value = this.argument(node.right) + this.gap(node.right.end, node.end)
    return `${this.render(node.left)}=(${TICK_EXPRESSION},${breaksIn(between)}${value})`
  }

  /** Whether a default value stands for itself and runs nothing. */
  #isPlain(node: Tree): boolean {
    if (node.type === 'Identifier') return !this.#free.has(node)
    return (
      node.type === 'Literal' ||
      node.type === 'FunctionExpression' ||
      node.type === 'ArrowFunctionExpression'
    )
  }

  #loop(node: Tree, body: Tree): string {
    let out = ''
    let at = node.start
    for (const child of childrenOf(node)) {
      out += this.#text.slice(at, child.start)
      if (child !== body) out += this.render(child)
      else if (body.type === 'BlockStatement')
        out += `{${TICK}${this.#splice(body, body.start + 1)}`
      else out += `{${TICK}${this.render(body)}}`
      at = child.end
    }
    return out + this.#text.slice(at, node.end)
  }

  #catch(node: Kind<'CatchClause'>): string {
    const body = this.#splice(node.body, node.body.start + 1)
    if (!node.param || node.param.type === 'Identifier') {
      const breaks = this.gap(node.start, node.body.start)
      const name = node.param ? this.render(node.param) : this.name()
      return `catch(${name}${breaks}){${catchGuard(name)}${body}`
    }
    // A pattern would read the signal and run its defaults before the guard, so it moves behind it.
    const caught = this.name()
    const pattern = this.render(node.param)
    const before = this.gap(node.start, node.param.start)
    const after = this.gap(node.param.end, node.body.start)
    return `catch(${before}${caught}){${catchGuard(caught)}let ${pattern}=${caught};${after}{${body}}`
  }

  #try(node: Kind<'TryStatement'>): string {
    if (!node.finalizer) return this.#splice(node)
    const { finalizer } = node
    const parts = childrenOf(node).filter((child) => child !== finalizer)
    const last = parts.at(-1) as Tree
    const head = this.#splice(node, node.start, parts, last.end)
    const between = this.#text.slice(last.end, finalizer.start)
    const body = this.#splice(finalizer, finalizer.start + 1)
    const [flag, caught] = [this.name(), this.name()]
    // What its own catch throws is looked at as well.
    const guarded = node.handler ? `try{${head}}` : head
    const looked = `${guarded}catch(${caught})${finallyCatch(flag, caught)}`
    return `{${finallyFlag(flag)}${looked}${between}{${finallyGuard(flag)}{${body}}}`
  }

  #property(node: Kind<'Property'>): string {
    const key: Tree = node.key
    if (node.shorthand) {
      const code = this.render(node.value)
      const changed = node.value.type === 'Identifier' && code !== node.value.name
      return changed ? `${quote(staticName(key, false) ?? '')}:${code}` : code
    }
    if (node.computed && this.#readers.has(node)) {
      const before = this.#text.slice(node.start, key.start)
      const between = this.#text.slice(key.end, node.value.start)
      return `${before}${RUNTIME}.k(${this.argument(key)})${between}${this.render(node.value)}`
    }
    if (node.computed || key.type !== 'Identifier') return this.#splice(node)
    // A method called `import` would pass for an import in a filter of text.
    const word = key.name === 'import' || key.name === 'eval'
    const name = word ? quote(key.name) : key.name
    const value = this.#text.slice(key.end, node.value.start) + this.render(node.value)
    return name + value + this.#text.slice(node.value.end, node.end)
  }

  #read(node: MemberTree): string {
    const object = this.argument(node.object)
    const breaks = this.gap(node.object.end, node.property.start)
    const after = this.gap(node.property.end, node.end)
    return `${RUNTIME}.g(${object}${breaks},${this.key(node)}${after})`
  }

  #call(node: CallTree): string {
    const callee: Tree = node.callee
    if (callee.type === 'MemberExpression') {
      const breaks = this.gap(callee.object.end, callee.property.start)
      const after = this.gap(callee.property.end, node.arguments[0]?.start ?? node.end)
      if (this.isResend(node)) {
        const selector = quote(staticName(callee.property, callee.computed) ?? '')
        return `${RUNTIME}.r(${HOLDER},${RECEIVER}${breaks},${selector}${after},[${this.list(node)}])`
      }
      return this.send(this.argument(callee.object) + breaks, this.key(callee) + after, node)
    }
    if (callee.type === 'ChainExpression' && callee.expression.type === 'MemberExpression') {
      // Brackets end the chain but keep the receiver: `(a?.f)(x)` calls on a, or fails when a is nil.
      const member = callee.expression
      return this.send(renderChain(this, member.object), this.key(member), node)
    }
    return this.#splice(node)
  }

  #assign(node: Kind<'AssignmentExpression'>, left: MemberTree): string {
    const place = `${this.argument(left.object)}${this.gap(left.object.end, left.property.start)},${this.key(left)}`
    const breaks = this.gap(left.property.end, node.right.start)
    const value = this.argument(node.right) + this.gap(node.right.end, node.end)
    const operator = node.operator.slice(0, -1)
    if (operator === '') return `${RUNTIME}.w(${place}${breaks},${value})`
    if (operator === '||' || operator === '&&' || operator === '??') {
      return `${RUNTIME}.l(${place},${quote(operator)}${breaks},()=>(${value}))`
    }
    return `${RUNTIME}.u(${place}${breaks},$v=>$v${operator}(${value}))`
  }

  #update(node: Kind<'UpdateExpression'>): string {
    const target: Tree = node.argument
    if (target.type !== 'MemberExpression') {
      // A space, because `n-->0` holds the closing mark of an HTML comment.
      return node.prefix ? this.#splice(node) : `${this.#splice(node)} `
    }
    const object = this.argument(target.object)
    const breaks = this.gap(target.object.end, target.property.start)
    const operation = node.prefix ? 'u' : 'p'
    const place = `${object}${breaks},${this.key(target)}`
    return `${RUNTIME}.${operation}(${place},$v=>${node.operator}$v${this.gap(target.property.end, node.end)})`
  }

  #delete(node: Kind<'UnaryExpression'>): string {
    const target = node.argument as MemberTree
    const breaks = this.gap(node.start, target.object.start)
    const after = this.gap(target.property.end, node.end)
    return `${RUNTIME}.d(${breaks}${this.argument(target.object)},${this.key(target)}${after})`
  }
}

/** The default values in a parameter, but not those inside functions in them. */
function defaultsIn(pattern: Tree): Tree[] {
  const found: Tree[] = []
  const walk = (node: Tree): void => {
    if (node.type === 'AssignmentPattern') {
      found.push(node)
      walk(node.left)
    } else if (node.type === 'Property') walk(node.value)
    else if (node.type.endsWith('Pattern') || node.type === 'RestElement') {
      for (const child of childrenOf(node)) walk(child)
    }
  }
  walk(pattern)
  return found
}
