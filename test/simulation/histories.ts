// Owns: many histories of every kind from one seed: what was counted in them, and what was wrong.
// Leaves: making each to kernel-history.ts and connection-history.ts; judging it to history.ts.
// Laws: KN95 each kind is held to what it promises: serializable, or snapshots where nobody declares what was read.
import { connectionHistory, type ConnectionHistoryOptions } from './connection-history.ts'
import type { EdgeKind } from './cycle.ts'
import {
  type Anomaly,
  type CheckOptions,
  examineHistory,
  type HistoryTransaction,
} from './history.ts'
import { kernelHistory } from './kernel-history.ts'

/** Transactions of one history: enough for a ring through many, few enough to be checked at once. */
const HISTORY = 1_000
/** Transactions between two ends of the process. */
const CRASH_EVERY = 240

/** What was counted in some histories. */
export interface Tally extends Record<EdgeKind, number> {
  histories: number
  transactions: number
  committed: number
  aborted: number
  /** Never told of an end, because the process had one. */
  unknown: number
  conflicts: number
  crashes: number
  merges: number
  rollbacks: number
  refused: number
  again: number
  anomalies: number
}

const emptyTally = (): Tally => ({
  ...{ histories: 0, transactions: 0, committed: 0, aborted: 0, unknown: 0 },
  ...{ conflicts: 0, crashes: 0, merges: 0, rollbacks: 0, refused: 0, again: 0 },
  ...{ ww: 0, wr: 0, rw: 0, time: 0, anomalies: 0 },
})

interface Recorded {
  history: HistoryTransaction[]
  counts: Partial<Tally>
}

interface Kind {
  name: string
  /** Of ten histories, so many are of this kind. */
  share: number
  level: NonNullable<CheckOptions['level']>
  record(seed: number, count: number): Promise<Recorded>
}

const connections = (options: Omit<ConnectionHistoryOptions, 'crashEvery'>) => {
  return (seed: number, count: number) =>
    connectionHistory(seed, count, { ...options, crashEvery: CRASH_EVERY })
}

const KINDS: readonly Kind[] = [
  {
    name: 'messages to a kernel',
    share: 5,
    level: 'serializable',
    record: (seed, count) => kernelHistory(seed, count, CRASH_EVERY),
  },
  {
    name: 'connections, read checks',
    share: 4,
    level: 'serializable',
    record: connections({ readChecks: true }),
  },
  {
    name: 'connections without',
    share: 1,
    level: 'snapshot',
    record: connections({ readChecks: false }),
  },
]

/** What was found wrong, and how to see it again. */
export interface Found {
  kind: string
  seed: number
  anomaly: Anomaly
}

export interface HistoriesReport {
  tallies: ReadonlyMap<string, Tally>
  found: Found | undefined
}

/** Makes and judges histories of so many transactions together; ends with the first that is wrong. */
export async function manyHistories(first: number, transactions: number): Promise<HistoriesReport> {
  const tallies = new Map(KINDS.map(({ name }) => [name, emptyTally()]))
  const turns = KINDS.flatMap((kind) => Array.from({ length: kind.share }, () => kind))
  let left = transactions
  for (let seed = first; left > 0; seed++) {
    const kind = turns[(seed * 7) % turns.length] as Kind
    const { history, counts } = await kind.record(seed, Math.min(HISTORY, left))
    left -= history.length
    const { anomalies, edges } = examineHistory(history, { level: kind.level })
    const tally = tallies.get(kind.name) as Tally
    tally.histories++
    tally.transactions += history.length
    for (const { status } of history) tally[status]++
    for (const [name, count] of Object.entries({ ...counts, ...edges })) {
      tally[name as keyof Tally] += count
    }
    const [anomaly] = anomalies
    if (anomaly === undefined) continue
    tally.anomalies += anomalies.length
    return { tallies, found: { kind: kind.name, seed, anomaly } }
  }
  return { tallies, found: undefined }
}

/** The tallies as a table of text, a row for each count. */
export function tableOf(tallies: ReadonlyMap<string, Tally>): string {
  const names = [...tallies.keys(), 'together']
  const rows = (Object.keys(emptyTally()) as (keyof Tally)[]).map((count) => {
    const counts = [...tallies.values()].map((tally) => tally[count])
    const sum = counts.reduce((one, other) => one + other, 0)
    return [count, ...counts, sum].map((cell) => cell.toLocaleString('en'))
  })
  const table = [['', ...names], ...rows]
  const widths = ['', ...names].map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0)))
  return table.map((row) => line(row).join('  ')).join('\n')
}
