// Owns: what a method touches, as far as its source shows it.
// Leaves: judging these facts (capabilities, leaked literals, slow regexes) to governance.
// Laws: KN48 facts name what stands in the source, and say when something does not.
import { endingsOf } from './endings.ts'
import { FACTS_MAX } from './limits.ts'
import { RESEND } from './names.ts'
import type { MethodTree, ParsedMethod } from './parse.ts'
import { childrenOf, staticName, type Tree } from './tree.ts'

type Kind<Type extends Tree['type']> = Extract<Tree, { type: Type }>

/** Each list is sorted and without doubles. */
export interface MethodFacts {
  /** Slots of the receiver that are read. */
  reads: string[]
  /** Slots of the receiver that are assigned, changed or deleted. */
  writes: string[]
  /** Selectors sent to the receiver. */
  selfSends: string[]
  /** Selectors sent to anything, the receiver too. */
  sends: string[]
  /** Selectors sent to the holder's parents. */
  resends: string[]
  /** Whether a slot or selector of the receiver is computed, or the receiver goes by another name. */
  dynamic: boolean
  /** Regular expressions, as they stand in the source. */
  regexes: string[]
  /** Strings, numbers and big integers, as they stand in the source. */
  literals: string[]
  /** Heads of loops that nothing in them can end, and patterns that backtrack without bound. */
  endless: string[]
  slow: string[]
}

/** The `resend` names that stand where they may: before a selector in the source, called at once, in the body. */
export function resendPositions(method: MethodTree): Set<Tree> {
  const positions = new Set<Tree>()
  const walk = (node: Tree): void => {
    if (node.type === 'CallExpression' && !node.optional) {
      const callee: Tree = node.callee
      if (
        callee.type === 'MemberExpression' &&
        !callee.optional &&
        callee.object.type === 'Identifier' &&
        callee.object.name === RESEND &&
        staticName(callee.property, callee.computed) !== undefined
      ) {
        positions.add(callee.object)
      }
    }
    for (const child of childrenOf(node)) walk(child)
  }
  walk(method.body)
  return positions
}

/** Each `this` that means the receiver: those outside every function but arrows. */
export function receiversOf(root: Tree): Tree[] {
  const found: Tree[] = []
  const walk = (node: Tree): void => {
    if (node.type === 'ThisExpression') found.push(node)
    if (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration') return
    for (const child of childrenOf(node)) walk(child)
  }
  walk(root)
  return found
}

/** Collects the facts. `receiver` are the uses of the first parameter, `free` those of free names. */
export function collectFacts(
  parsed: ParsedMethod,
  receiver: ReadonlySet<Tree>,
  free: ReadonlySet<Tree>,
): MethodFacts {
  const { params, body } = parsed.method
  const { endless, slow } = endingsOf(parsed.method, parsed.text)
  const collector = new Collector(new Set([...receiver, ...receiversOf(body)]), free)
  // The name of the first parameter is its declaration, not a use.
  for (const parameter of params.slice(1)) collector.walk(parameter, 'write')
  collector.walk(body, 'read')
  return { ...collector.facts(), endless, slow }
}

/** What is done with the node at hand. */
type Use = 'read' | 'write' | 'update' | 'call'

class Collector {
  /** Every node that stands for the receiver. */
  readonly #self: ReadonlySet<Tree>
  readonly #free: ReadonlySet<Tree>
  readonly #reads = new Set<string>()
  readonly #writes = new Set<string>()
  readonly #selfSends = new Set<string>()
  readonly #sends = new Set<string>()
  readonly #resends = new Set<string>()
  readonly #regexes = new Set<string>()
  readonly #literals = new Set<string>()
  #dynamic = false

  constructor(self: ReadonlySet<Tree>, free: ReadonlySet<Tree>) {
    this.#self = self
    this.#free = free
  }

  facts(): Omit<MethodFacts, 'endless' | 'slow'> {
    return {
      reads: listOf(this.#reads),
      writes: listOf(this.#writes),
      selfSends: listOf(this.#selfSends),
      sends: listOf(this.#sends),
      resends: listOf(this.#resends),
      dynamic: this.#dynamic,
      regexes: listOf(this.#regexes),
      literals: listOf(this.#literals),
    }
  }

  walk(node: Tree, use: Use): void {
    if (this.#self.has(node)) this.#dynamic = true
    switch (node.type) {
      case 'MemberExpression':
        this.#member(node, use)
        return
      case 'CallExpression':
        this.walk(calleeOf(node.callee), 'call')
        for (const one of node.arguments) this.walk(one, 'read')
        return
      case 'AssignmentExpression':
        this.walk(node.left, node.operator === '=' ? 'write' : 'update')
        this.walk(node.right, 'read')
        return
      case 'UpdateExpression':
        this.walk(node.argument, 'update')
        return
      case 'UnaryExpression':
        this.walk(node.argument, node.operator === 'delete' ? 'write' : 'read')
        return
      case 'ForInStatement':
      case 'ForOfStatement':
        this.walk(node.left, 'write')
        this.walk(node.right, 'read')
        this.walk(node.body, 'read')
        return
      case 'VariableDeclarator':
        this.#declarator(node)
        return
      case 'ObjectPattern':
      case 'ArrayPattern':
      case 'RestElement':
        for (const child of childrenOf(node)) this.walk(child, 'write')
        return
      case 'AssignmentPattern':
        this.walk(node.left, 'write')
        this.walk(node.right, 'read')
        return
      case 'Property':
        if (node.computed) this.walk(node.key, 'read')
        this.walk(node.value, use)
        return
      case 'Literal':
        this.#literal(node)
        return
      case 'TemplateElement':
        if (node.value.raw !== '') this.#literals.add(JSON.stringify(node.value.cooked))
        return
      default:
        for (const child of childrenOf(node)) this.walk(child, 'read')
    }
  }

  /** A slot or a selector, of the receiver, of the parents or of something else. */
  #member(node: Kind<'MemberExpression'>, use: Use): void {
    const name = staticName(node.property, node.computed)
    const isSelf = this.#self.has(node.object)
    const isResend = this.#free.has(node.object) && nameOf(node.object) === RESEND
    if (name === undefined) this.#dynamic ||= isSelf
    else if (isResend) this.#resends.add(name)
    else {
      if (use === 'call') this.#sends.add(name)
      if (isSelf) {
        if (use === 'call') this.#selfSends.add(name)
        if (use === 'read' || use === 'update') this.#reads.add(name)
        if (use === 'write' || use === 'update') this.#writes.add(name)
      }
    }
    if (!isSelf) this.walk(node.object, 'read')
    if (node.computed) this.walk(node.property, 'read')
  }

  /** A declaration, whose pattern over the receiver reads the slots that it names. */
  #declarator(node: Kind<'VariableDeclarator'>): void {
    if (node.init && this.#self.has(node.init) && node.id.type === 'ObjectPattern') {
      for (const property of node.id.properties) {
        const name =
          property.type === 'Property' ? staticName(property.key, property.computed) : undefined
        if (name === undefined) this.#dynamic = true
        else this.#reads.add(name)
      }
      this.walk(node.id, 'write')
      return
    }
    this.walk(node.id, 'write')
    if (node.init) this.walk(node.init, 'read')
  }

  #literal(node: Kind<'Literal'>): void {
    if (node.regex) this.#regexes.add(node.raw ?? '')
    else if (typeof node.value !== 'boolean' && node.value !== null) {
      this.#literals.add(node.raw ?? '')
    }
  }
}

function listOf(set: ReadonlySet<string>): string[] {
  return [...set].sort().slice(0, FACTS_MAX)
}

/** A parenthesised optional chain keeps its receiver when it is called. */
function calleeOf(callee: Tree): Tree {
  return callee.type === 'ChainExpression' ? callee.expression : callee
}

function nameOf(node: Tree): string {
  return node.type === 'Identifier' ? node.name : ''
}
