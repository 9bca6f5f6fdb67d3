// Owns: whether a history of transactions that append to lists and read them could have come of a serial order.
// Leaves: making histories to those who have a database; finding a way round to cycle.ts.
// Laws: KN95 a list tells the order of its appends, so every dependency can be told from what was read, and a history is
// serializable when the dependencies make no cycle. The names of what goes wrong are Adya's.
import { type Edge, type EdgeKind, findCycle, Graph } from './cycle.ts'

export type Step =
  | { kind: 'append'; key: string; value: number }
  /** `list` is undefined when nobody knows what was read. */
  | { kind: 'read'; key: string; list: readonly number[] | undefined }

export interface HistoryTransaction {
  id: string
  /** `unknown`: its client was not told; it counts as committed once somebody read what it appended. */
  status: 'committed' | 'aborted' | 'unknown'
  steps: readonly Step[]
  /** When it began and ended, on one clock; then an end before a beginning is an order too. */
  span?: { begin: number; end: number }
}

export type AnomalyName =
  /** Writes over one another in a ring. */
  | 'G0'
  /** A read of what was aborted. */
  | 'G1a'
  /** A read of what its transaction wrote over again. */
  | 'G1b'
  /** Writes and reads in a ring. */
  | 'G1c'
  /** A ring with one read that was written over: a read that is too old, or a lost write. */
  | 'G-single'
  /** A ring with several such reads, of which no two follow each other. */
  | 'G-nonadjacent'
  /** A ring with such reads behind each other, of which write skew is the simplest. */
  | 'G2-item'
  /** A transaction that does not see its own writes, or sees two states. */
  | 'internal'
  /** Reads that no one order of appends explains, or a value from nowhere. */
  | 'incompatible-order'
  | 'duplicate'

export interface Anomaly {
  name: AnomalyName
  sentence: string
}

export interface CheckOptions {
  /** Snapshot isolation lets rings be in which two overwritten reads follow each other; the default lets none. */
  level?: 'serializable' | 'snapshot'
}

/** What a history was found to be: what is wrong with it, the worst first, and how many dependencies it has. */
export interface Examination {
  anomalies: Anomaly[]
  edges: Record<EdgeKind, number>
}

/** Everything that is wrong with a history, the worst first. */
export function checkHistory(
  history: readonly HistoryTransaction[],
  options: CheckOptions = {},
): Anomaly[] {
  return examineHistory(history, options).anomalies
}

export function examineHistory(
  history: readonly HistoryTransaction[],
  { level = 'serializable' }: CheckOptions = {},
): Examination {
  const edges = { ww: 0, wr: 0, rw: 0, time: 0 }
  const writes = writersOf(history)
  if (writes.anomalies.length > 0) return { anomalies: writes.anomalies, edges }
  const orders = ordersOf(history, writes.byValue)
  const anomalies = [
    ...history.flatMap((one) => (one.status === 'committed' ? internal(one) : [])),
    ...orders.anomalies,
    ...history.flatMap((one) => dirtyReads(one, writes.byValue)),
  ]
  // Without one order of appends no dependency can be told.
  if (orders.anomalies.length > 0) return { anomalies, edges }
  const graph = dependencies(history, orders.byKey, writes.byValue)
  for (const { kind } of graph.edges) edges[kind]++
  return { anomalies: [...anomalies, ...rings(graph, level)], edges }
}

// Values ---------------------------------------------------------------------------------------------

interface Writer {
  transaction: HistoryTransaction
  /** Whether it is the last that its transaction appends to the key. */
  isLast: boolean
}

type Writers = ReadonlyMap<string, Writer>

const valueId = (key: string, value: number) => `${key}\n${value}`

function writersOf(history: readonly HistoryTransaction[]) {
  const byValue = new Map<string, Writer>()
  const anomalies: Anomaly[] = []
  for (const transaction of history) {
    const last = new Map<string, Writer>()
    for (const step of transaction.steps) {
      if (step.kind !== 'append') continue
      const id = valueId(step.key, step.value)
      if (byValue.has(id)) {
        const sentence = `${step.value} is appended to ${step.key} twice, so nothing can be told.`
        anomalies.push({ name: 'duplicate', sentence })
      }
      const earlier = last.get(step.key)
      if (earlier !== undefined) earlier.isLast = false
      const writer = { transaction, isLast: true }
      byValue.set(id, writer)
      last.set(step.key, writer)
    }
  }
  return { byValue, anomalies }
}

/** Reads of others' transactions whose outcome is known. */
function* readsOf(
  transaction: HistoryTransaction,
): Generator<{ key: string; list: readonly number[] }> {
  if (transaction.status !== 'committed') return
  for (const step of transaction.steps) {
    if (step.kind === 'read' && step.list !== undefined) yield { key: step.key, list: step.list }
  }
}

// Orders of appends ----------------------------------------------------------------------------------

interface Order {
  list: readonly number[]
  /** Whose read it is. */
  reader: string
}

/** The order of each key's appends: the longest read, of which every other must be a beginning. */
function ordersOf(history: readonly HistoryTransaction[], writers: Writers) {
  const byKey = new Map<string, Order>()
  const anomalies: Anomaly[] = []
  for (const transaction of history) {
    for (const { key, list } of readsOf(transaction)) {
      const longest = byKey.get(key)
      if (longest !== undefined && longest.list.length >= list.length) continue
      byKey.set(key, { list, reader: transaction.id })
    }
  }
  for (const transaction of history) {
    for (const { key, list } of readsOf(transaction)) {
      const { list: longest, reader } = byKey.get(key) as Order
      const at = list.findIndex((value, i) => value !== longest[i])
      if (at < 0) continue
      const sentence =
        `${transaction.id} reads ${list[at]} at place ${at} of ${key}, ` +
        `where ${reader} reads ${longest[at]}.`
      anomalies.push({ name: 'incompatible-order', sentence })
    }
  }
  for (const [key, { list, reader }] of byKey) {
    const strange = list.find((value) => !writers.has(valueId(key, value)))
    const sentence = `${reader} reads ${strange} in ${key}, which nobody appended.`
    if (strange !== undefined) anomalies.push({ name: 'incompatible-order', sentence })
    const twice = list.find((value, i) => list.indexOf(value) !== i)
    if (twice !== undefined) {
      anomalies.push({ name: 'duplicate', sentence: `${reader} reads ${twice} twice in ${key}.` })
    }
  }
  return { byKey, anomalies }
}

// Single transactions --------------------------------------------------------------------------------

/** What a transaction reads is what it read before, with its own appends. */
function internal({ id, steps }: HistoryTransaction): Anomaly[] {
  const seen = new Map<string, { list: number[]; isWhole: boolean }>()
  for (const step of steps) {
    const known = seen.get(step.key) ?? { list: [], isWhole: false }
    seen.set(step.key, known)
    if (step.kind === 'append') known.list.push(step.value)
    else if (step.list !== undefined) {
      const { list } = step
      const part = known.isWhole ? list : list.slice(Math.max(0, list.length - known.list.length))
      if (part.length !== known.list.length || part.some((value, i) => value !== known.list[i])) {
        const own = known.list.join(' ')
        const sentence = `${id} reads ${list.join(' ')} in ${step.key}, after it had ${own} there.`
        return [{ name: 'internal', sentence }]
      }
      seen.set(step.key, { list: [...list], isWhole: true })
    }
  }
  return []
}

function dirtyReads(transaction: HistoryTransaction, writers: Writers): Anomaly[] {
  const found: Anomaly[] = []
  for (const { key, list } of readsOf(transaction)) {
    for (const [i, value] of list.entries()) {
      const writer = writers.get(valueId(key, value))
      if (writer === undefined || writer.transaction === transaction) continue
      const { id, status } = writer.transaction
      const what = `${transaction.id} reads ${value} in ${key}`
      if (status === 'aborted') {
        found.push({ name: 'G1a', sentence: `${what}, which ${id} appended and aborted.` })
      }
      if (i === list.length - 1 && !writer.isLast) {
        found.push({ name: 'G1b', sentence: `${what} last, after which ${id} appended more.` })
      }
    }
  }
  return found
}

// Dependencies ---------------------------------------------------------------------------------------

function dependencies(
  history: readonly HistoryTransaction[],
  orders: ReadonlyMap<string, Order>,
  writers: Writers,
): Graph {
  const graph = new Graph()
  const idOf = (key: string, value: number | undefined) =>
    value === undefined ? undefined : writers.get(valueId(key, value))?.transaction.id
  for (const [key, { list }] of orders) {
    for (let i = 1; i < list.length; i++) {
      const why = `appended ${list[i - 1]} to ${key} before`
      graph.add(idOf(key, list[i - 1]), idOf(key, list[i]), 'ww', `${why} its ${list[i]}`)
    }
  }
  const unread = unreadOf(history, orders)
  for (const [key, values] of unread) {
    const last = orders.get(key)?.list.at(-1)
    for (const value of values) {
      const why = `appended ${last} to ${key} before its ${value}, which no read has`
      graph.add(idOf(key, last), idOf(key, value), 'ww', why)
    }
  }
  for (const transaction of history) {
    const met = new Set<string>()
    for (const { key, list } of readsOf(transaction)) {
      // Later reads of the key have its own appends, whose order is told already.
      if (met.has(key)) continue
      met.add(key)
      const { id } = transaction
      const own = ownFrom(list, key, id, idOf)
      const last = list[own - 1]
      graph.add(idOf(key, last), id, 'wr', `appended ${last} to ${key}, which is read by it:`)
      const order = orders.get(key)?.list ?? []
      const nexts = own < order.length ? [order[own] as number] : (unread.get(key) ?? [])
      for (const next of nexts) {
        graph.add(id, idOf(key, next), 'rw', `read ${key} without the ${next} of`)
      }
    }
  }
  addSpans(graph, history)
  return graph
}

/** Where a read's own appends begin: what stands before them was written by others. */
function ownFrom(
  list: readonly number[],
  key: string,
  id: string,
  idOf: (key: string, value: number) => string | undefined,
): number {
  let at = list.length
  while (at > 0 && idOf(key, list[at - 1] as number) === id) at--
  return at
}

/** Appends of committed transactions that no read has: they come after all that was read. */
function unreadOf(history: readonly HistoryTransaction[], orders: ReadonlyMap<string, Order>) {
  const read = new Map([...orders].map(([key, { list }]) => [key, new Set(list)]))
  const unread = new Map<string, number[]>()
  for (const { status, steps } of history) {
    if (status !== 'committed') continue
    for (const step of steps) {
      if (step.kind !== 'append' || read.get(step.key)?.has(step.value)) continue
      const list = unread.get(step.key)
      if (list === undefined) unread.set(step.key, [step.value])
      else list.push(step.value)
    }
  }
  return unread
}

/** An end before a beginning is an order. Only the newest ends are joined to a beginning: the others follow from them. */
function addSpans(graph: Graph, history: readonly HistoryTransaction[]): void {
  const moments: { at: number; isEnd: boolean; one: HistoryTransaction }[] = []
  for (const one of history) {
    if (one.span === undefined || one.status !== 'committed') continue
    moments.push({ at: one.span.begin, isEnd: false, one })
    moments.push({ at: one.span.end, isEnd: true, one })
  }
  // Beginnings first, so that what ends as another begins is at the same time.
  moments.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd))
  let newest: HistoryTransaction[] = []
  for (const { isEnd, one } of moments) {
    if (!isEnd) {
      for (const { id } of newest) graph.add(id, one.id, 'time', 'ended before the beginning of')
      continue
    }
    const { begin } = one.span as { begin: number }
    newest = newest.filter(({ span }) => (span as { end: number }).end >= begin)
    newest.push(one)
  }
}

// Rings ----------------------------------------------------------------------------------------------

function rings(graph: Graph, level: 'serializable' | 'snapshot'): Anomaly[] {
  const found: Anomaly[] = []
  const hunt = (name: AnomalyName, cycle: Edge[] | undefined): boolean => {
    if (cycle !== undefined) found.push({ name, sentence: inWords(cycle) })
    return cycle !== undefined
  }
  hunt('G0', findCycle(graph, { kinds: ['ww', 'time'] }))
  hunt('G1c', findCycle(graph, { kinds: ['ww', 'wr', 'time'], needs: 'wr' }))
  const all = ['ww', 'wr', 'rw', 'time'] as const
  if (hunt('G-single', findCycle(graph, { kinds: all, overwritten: 'once' }))) return found
  if (hunt('G-nonadjacent', findCycle(graph, { kinds: all, overwritten: 'apart' }))) return found
  if (level === 'snapshot') return found
  if (found.length === 0) hunt('G2-item', findCycle(graph, { kinds: all }))
  return found
}

function inWords(cycle: readonly Edge[]): string {
  const parts = cycle.map(({ from, to, kind, why }) => `${from} ${why} ${to} (${kind})`)
  return `${parts.join('; ')}.`
}
