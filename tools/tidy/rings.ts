// Owns: finding rings in a graph of imports.
// Leaves: which imports count to imports.ts.
// Laws: ST22 each ring is reported once, beginning at its first path in order.

/** The rings of a graph, each as the paths in it, by depth-first search with one colour per node. */
export function ringsIn(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const rings: string[][] = []
  const seen = new Set<string>()
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (node: string): void => {
    if (done.has(node)) return
    const at = trail.indexOf(node)
    if (at >= 0) {
      const ring = fromFirst(trail.slice(at))
      const key = ring.join('\n')
      if (!seen.has(key)) rings.push(ring)
      seen.add(key)
      return
    }
    trail.push(node)
    for (const next of edges.get(node) ?? []) visit(next)
    trail.pop()
    done.add(node)
  }
  for (const node of [...edges.keys()].sort()) visit(node)
  return rings
}

/** The same ring, begun at its first path in order. */
function fromFirst(ring: string[]): string[] {
  const first = ring.indexOf([...ring].sort()[0] as string)
  return [...ring.slice(first), ...ring.slice(0, first)]
}
