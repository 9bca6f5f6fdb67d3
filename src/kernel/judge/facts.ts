// Owns: what a method touches, as far as its source shows it.
// Leaves: judging these facts (capabilities, leaked literals, slow regexes) to governance.
// Laws: KN48 facts name what stands in the source, and say when something does not.
import { FACTS_MAX } from './limits.ts'
import { RESEND } from './names.ts'
import type { MethodTree, ParsedMethod } from './parse.ts'
import { childrenOf, staticName, type Tree } from './tree.ts'

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
  const self = new Set([...receiver, ...receiversOf(parsed.method.body)])
  const sets = {
    reads: new Set<string>(),
    writes: new Set<string>(),
    selfSends: new Set<string>(),
    sends: new Set<string>(),
    resends: new Set<string>(),
    regexes: new Set<string>(),
    literals: new Set<string>(),
  }
  let dynamic = false

  const walk = (node: Tree, use: 'read' | 'write' | 'update' | 'call'): void => {
    if (self.has(node)) dynamic = true
    switch (node.type) {
      case 'MemberExpression': {
        const name = staticName(node.property, node.computed)
        const isSelf = self.has(node.object)
        const isResend = free.has(node.object) && nameOf(node.object) === RESEND
        if (name === undefined) dynamic ||= isSelf
        else if (isResend) sets.resends.add(name)
        else {
          if (use === 'call') sets.sends.add(name)
          if (isSelf) {
            if (use === 'call') sets.selfSends.add(name)
            if (use === 'read' || use === 'update') sets.reads.add(name)
            if (use === 'write' || use === 'update') sets.writes.add(name)
          }
        }
        if (!isSelf) walk(node.object, 'read')
        if (node.computed) walk(node.property, 'read')
        return
      }
      case 'CallExpression':
        walk(calleeOf(node.callee), 'call')
        for (const one of node.arguments) walk(one, 'read')
        return
      case 'AssignmentExpression':
        walk(node.left, node.operator === '=' ? 'write' : 'update')
        walk(node.right, 'read')
        return
      case 'UpdateExpression':
        walk(node.argument, 'update')
        return
      case 'UnaryExpression':
        walk(node.argument, node.operator === 'delete' ? 'write' : 'read')
        return
      case 'ForInStatement':
      case 'ForOfStatement':
        walk(node.left, 'write')
        walk(node.right, 'read')
        walk(node.body, 'read')
        return
      case 'VariableDeclarator':
        // A pattern over the receiver reads the slots that it names.
        if (node.init && self.has(node.init) && node.id.type === 'ObjectPattern') {
          for (const property of node.id.properties) {
            const name =
              property.type === 'Property' ? staticName(property.key, property.computed) : undefined
            if (name === undefined) dynamic = true
            else sets.reads.add(name)
          }
          walk(node.id, 'write')
          return
        }
        walk(node.id, 'write')
        if (node.init) walk(node.init, 'read')
        return
      case 'ObjectPattern':
      case 'ArrayPattern':
      case 'RestElement':
        for (const child of childrenOf(node)) walk(child, 'write')
        return
      case 'AssignmentPattern':
        walk(node.left, 'write')
        walk(node.right, 'read')
        return
      case 'Property':
        if (node.computed) walk(node.key, 'read')
        walk(node.value, use)
        return
      case 'Literal':
        if (node.regex) sets.regexes.add(node.raw ?? '')
        else if (typeof node.value !== 'boolean' && node.value !== null) {
          sets.literals.add(node.raw ?? '')
        }
        return
      case 'TemplateElement':
        if (node.value.raw !== '') sets.literals.add(JSON.stringify(node.value.cooked))
        return
      default:
        for (const child of childrenOf(node)) walk(child, 'read')
    }
  }
  // The name of the first parameter is its declaration, not a use.
  for (const parameter of parsed.method.params.slice(1)) walk(parameter, 'write')
  walk(parsed.method.body, 'read')

  const list = (set: Set<string>): string[] => [...set].sort().slice(0, FACTS_MAX)
  return {
    reads: list(sets.reads),
    writes: list(sets.writes),
    selfSends: list(sets.selfSends),
    sends: list(sets.sends),
    resends: list(sets.resends),
    dynamic,
    regexes: list(sets.regexes),
    literals: list(sets.literals),
  }
}

/** A parenthesised optional chain keeps its receiver when it is called. */
function calleeOf(callee: Tree): Tree {
  return callee.type === 'ChainExpression' ? callee.expression : callee
}

function nameOf(node: Tree): string {
  return node.type === 'Identifier' ? node.name : ''
}
