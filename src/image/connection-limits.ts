// Owns: how much the layer above a store holds at once, with units and the reason for each number.
// Leaves: the limits of records and groups to limits.ts.
// Laws: IM54 caches have limits by count and by bytes. IM37 what is over a limit is refused before anything is written.

export const CONNECTION_LIMITS = {
  /** Commits that wait for their turn: more means that one of them holds the turn and does not end. */
  commitQueue: 10_000,
  /** Bytes of a transaction's extension, encoded: facts about a change, not the change. */
  extensionBytes: 64 * 1024,
  /** Oids that wait for a connection's next boundary; beyond it everything it holds is invalidated. */
  invalidations: 100_000,
  /** Transactions of other writers looked up one by one; beyond it everything is invalidated. */
  catchUp: 1_000,
  /** Loaded objects of a connection, when the caller names no number. */
  cacheCount: 1_000,
  /** Bytes of the records of those objects. */
  cacheBytes: 64 * 1024 * 1024,
  /** Connections of a database at once before it warns; at twice as many the warning is critical. */
  poolSize: 7,
  /** Historical connections that wait for the next use. */
  historicalPool: 3,
  /** Milliseconds after which an unused historical connection is let go: as long as one looks at a page. */
  historicalIdle: 300_000,
  /** Bytes of all records that the savepoints of one transaction hold: what one commit may hold. */
  savepointBytes: 64 * 1024 * 1024,
  /** Rounds of hooks before a commit; hooks that add hooks must come to an end. */
  hooks: 1_000,
  /** Attempts of one `transact`, when the caller names no number. */
  attempts: 3,
  /** Transactions that one undo takes back together: their objects must fit one commit. */
  undoTransactions: 1_000,
  /** Entries of the undo log, when the caller names no number. */
  undoLog: 20,
  /** Objects in one exported subgraph. */
  exportObjects: 50_000,
  /** Milliseconds by which the newest transaction may be ahead of the clock before opening warns. */
  clockAhead: 15 * 60_000,
  /** The same, before the warning is critical. */
  clockFarAhead: 60 * 60_000,
} as const

/** Something that a person should know and that stops nothing. */
export interface Warning {
  level: 'warning' | 'critical'
  message: string
}

export type Warn = (warning: Warning) => void
