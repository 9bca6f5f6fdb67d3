// Owns: walking a syntax tree of acorn without knowing its node types.
// Leaves: what the nodes mean to scope.ts, gate.ts, rewrite.ts and verify.ts.
// Laws: KN41 the tree is measured without recursion, so that its depth cannot break the measuring.
import type { AnyNode } from 'acorn'

export type Tree = AnyNode

/** The children of a node in the order of the source; a shorthand property has its value only. */
export function childrenOf(node: Tree): Tree[] {
  const children: Tree[] = []
  const shorthand = node.type === 'Property' && node.shorthand
  for (const [key, value] of Object.entries(node)) {
    if (shorthand && key === 'key') continue
    if (Array.isArray(value)) {
      for (const item of value) if (isTree(item)) children.push(item)
    } else if (isTree(value)) {
      children.push(value)
    }
  }
  // acorn lists keys in the order of parsing, which for a few nodes is not the order of the source.
  return children.sort((a, b) => a.start - b.start)
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The depth in levels and the number of nodes of a tree. */
export function measure(root: Tree): { depth: number; nodes: number } {
  const waiting: { node: Tree; depth: number }[] = [{ node: root, depth: 1 }]
  let depth = 0
  let nodes = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    nodes += 1
    if (next.depth > depth) depth = next.depth
    for (const child of childrenOf(next.node)) {
      waiting.push({ node: child, depth: next.depth + 1 })
    }
  }
  return { depth, nodes }
}

/** The name in a member's property or a literal's key when it stands in the source, else undefined. */
export function staticName(key: Tree, computed: boolean): string | undefined {
  if (!computed && key.type === 'Identifier') return key.name
  if (key.type === 'Literal' && (typeof key.value === 'string' || typeof key.value === 'number')) {
    return String(key.value)
  }
  if (key.type === 'TemplateLiteral' && key.expressions.length === 0) {
    return key.quasis[0]?.value.cooked ?? undefined
  }
  return undefined
}
