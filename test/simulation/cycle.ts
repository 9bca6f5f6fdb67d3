// Owns: dependencies between transactions as a graph, and finding a shortest ring in it of a wanted make.
// Leaves: which dependencies there are and what a ring means to history.ts.
// Laws: KN95 a ring is found when there is one, in time proportional to the dependencies.

/** `ww` wrote before, `wr` wrote what was read, `rw` read what was written over, `time` ended before it began. */
export type EdgeKind = 'ww' | 'wr' | 'rw' | 'time'

export interface Edge {
  from: string
  to: string
  kind: EdgeKind
  why: string
}

export class Graph {
  readonly edges: Edge[] = []

  /** A dependency of two different transactions; undefined for one that is not known. */
  add(from: string | undefined, to: string | undefined, kind: EdgeKind, why: string): void {
    if (from === undefined || to === undefined || from === to) return
    this.edges.push({ from, to, kind, why })
  }
}

export interface Wanted {
  kinds: readonly EdgeKind[]
  /** A kind that the ring must have. */
  needs?: EdgeKind
  /** `once`: exactly one read that was written over; `apart`: no two of them behind each other. */
  overwritten?: 'once' | 'apart'
}

/** A ring of the wanted make, undefined when there is none. */
export function findCycle(graph: Graph, { kinds, needs, overwritten }: Wanted): Edge[] | undefined {
  const edges = graph.edges.filter(({ kind }) => kinds.includes(kind))
  if (overwritten === 'once') return ringThrough(edges, 'rw', (kind) => kind !== 'rw')
  if (needs !== undefined) return ringThrough(edges, needs, () => true)
  if (overwritten === 'apart') return ringApart(edges)
  const adjacency = adjacencyOf(edges)
  for (const part of strongParts(adjacency)) return shortestIn(adjacency, part)
  return undefined
}

type Adjacency = Map<string, Edge[]>

function adjacencyOf(edges: readonly Edge[]): Adjacency {
  const adjacency: Adjacency = new Map()
  for (const edge of edges) {
    const list = adjacency.get(edge.from)
    if (list === undefined) adjacency.set(edge.from, [edge])
    else list.push(edge)
  }
  return adjacency
}

/** A ring of one edge of a kind and a way back over edges that may be used. */
function ringThrough(
  edges: readonly Edge[],
  through: EdgeKind,
  mayUse: (kind: EdgeKind) => boolean,
): Edge[] | undefined {
  const whole = adjacencyOf(edges)
  const back = adjacencyOf(edges.filter(({ kind }) => mayUse(kind)))
  for (const part of strongParts(whole)) {
    for (const node of part) {
      for (const edge of whole.get(node) ?? []) {
        if (edge.kind !== through || !part.has(edge.to)) continue
        const way = wayFrom(back, edge.to, edge.from, part)
        if (way !== undefined) return [edge, ...way]
      }
    }
  }
  return undefined
}

/**
 * A ring in which no two `rw` follow each other. Every node is there twice, as reached by an `rw` and as reached by
 * another edge, and from the first no `rw` leads on.
 */
function ringApart(edges: readonly Edge[]): Edge[] | undefined {
  const doubled = edges.flatMap((edge) => {
    const { from, to, kind } = edge
    if (kind === 'rw') return [{ ...edge, to: `${to}\n`, kind }]
    return [edge, { ...edge, from: `${from}\n` }]
  })
  const adjacency = adjacencyOf(doubled)
  for (const part of strongParts(adjacency)) {
    return shortestIn(adjacency, part)?.map((edge) => ({
      ...edge,
      from: edge.from.trimEnd(),
      to: edge.to.trimEnd(),
    }))
  }
  return undefined
}

/** A short ring within a part all of whose nodes reach each other. */
function shortestIn(adjacency: Adjacency, part: ReadonlySet<string>): Edge[] | undefined {
  let shortest: Edge[] | undefined
  let tries = 0
  for (const node of part) {
    for (const edge of adjacency.get(node) ?? []) {
      if (!part.has(edge.to)) continue
      const way = wayFrom(adjacency, edge.to, edge.from, part)
      if (way !== undefined && (shortest === undefined || way.length + 1 < shortest.length)) {
        shortest = [edge, ...way]
      }
    }
    // Good enough: a ring is read by a person, and the search must end.
    if (++tries >= RING_STARTS || shortest?.length === 2) break
  }
  return shortest
}

/** Nodes from which a ring is sought within one part. */
const RING_STARTS = 50

/** The shortest way between two nodes of a part. */
function wayFrom(
  adjacency: Adjacency,
  from: string,
  to: string,
  part: ReadonlySet<string>,
): Edge[] | undefined {
  const came = new Map<string, Edge | undefined>([[from, undefined]])
  let rim = [from]
  while (rim.length > 0 && !came.has(to)) {
    const next: string[] = []
    for (const node of rim) {
      for (const edge of adjacency.get(node) ?? []) {
        if (came.has(edge.to) || !part.has(edge.to)) continue
        came.set(edge.to, edge)
        next.push(edge.to)
      }
    }
    rim = next
  }
  if (!came.has(to)) return undefined
  const way: Edge[] = []
  for (let edge = came.get(to); edge !== undefined; edge = came.get(edge.from)) way.unshift(edge)
  return way
}

/** Parts of more than one node in which every node reaches every other, by Tarjan's way without recursion. */
function* strongParts(adjacency: Adjacency): Generator<Set<string>> {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const isOnStack = new Set<string>()
  let count = 0
  const visit = (node: string) => {
    index.set(node, count)
    low.set(node, count++)
    stack.push(node)
    isOnStack.add(node)
  }
  const lower = (node: string, to: number) => low.set(node, Math.min(low.get(node) as number, to))
  for (const root of adjacency.keys()) {
    if (index.has(root)) continue
    visit(root)
    const work: { node: string; next: number }[] = [{ node: root, next: 0 }]
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const edge = adjacency.get(top.node)?.[top.next++]
      if (edge !== undefined) {
        if (!index.has(edge.to)) {
          visit(edge.to)
          work.push({ node: edge.to, next: 0 })
        } else if (isOnStack.has(edge.to)) lower(top.node, index.get(edge.to) as number)
        continue
      }
      work.pop()
      const above = work.at(-1)
      if (above !== undefined) lower(above.node, low.get(top.node) as number)
      if (low.get(top.node) !== index.get(top.node)) continue
      const part = new Set<string>()
      for (let node = ''; node !== top.node; ) {
        node = stack.pop() as string
        isOnStack.delete(node)
        part.add(node)
      }
      if (part.size > 1) yield part
    }
  }
}
