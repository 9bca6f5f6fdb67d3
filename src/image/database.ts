// Owns: the face of a store for those who work with objects: connections, their pools, the log and its undo.
// Leaves: each of these to its file.
// Laws: IM56 pools. IM69 a historical connection is opened at or before a point, never in the future. IM67 undo.
import type { Tid } from '#objects'
import { ConnectionPool, HistoricalPool } from './connection-pool.ts'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import { Connection } from './connection.ts'
import { imageFault } from './faults.ts'
import type { CacheLimits } from './object-cache.ts'
import { Storage, type StorageOptions, type TransactionRecord } from './storage.ts'
import type { Store } from './store.ts'
import { type TransactOptions, TransactionManager, transact } from './transaction.ts'
import { undoTransactions } from './undo.ts'

export interface DatabaseOptions extends StorageOptions {
  /** Stands in the order of databases that one transaction spans. */
  name?: string
  /** Connections that are planned for. */
  poolSize?: number
  cache?: CacheLimits
  /** Connections to the past: how many wait, for how many milliseconds, with which caches. */
  historical?: { size?: number; idle?: number; cache?: CacheLimits }
  /** A storage over the same store, in place of the usual one. */
  storage?: Storage
}

/** A point of the past: a tid, or a time as a date or as a text of ISO 8601, in UTC when it names no zone. */
export type PastPoint = Tid | Date | string

export interface OpenOptions {
  /** Whose transactions these are; a new manager of its own otherwise. */
  manager?: TransactionManager
  /** Shows the image with this transaction, or with all at and before this time. */
  at?: PastPoint
  /** Shows the image without this transaction, or with all before this time. */
  before?: PastPoint
}

/** What describes a transaction. */
export interface Description {
  author?: string
  note?: string
  extension?: Readonly<Record<string, unknown>>
}

/** Opens the face of a store. The store stays its caller's, who closes it after the database. */
export function openDatabase(store: Store, options: DatabaseOptions): Database {
  return new Database(store, options)
}

export class Database {
  readonly storage: Storage
  readonly #options: DatabaseOptions
  readonly #pool: ConnectionPool
  readonly #past: HistoricalPool
  #isClosed = false

  constructor(store: Store, options: DatabaseOptions) {
    this.#options = options
    this.storage = options.storage ?? new Storage(store, options)
    this.#pool = new ConnectionPool(options.poolSize, this.storage.warn)
    this.#past = new HistoricalPool(options.now, options.historical ?? {})
  }

  /** How many connections are open, and how many wait. */
  get report(): { open: number; waiting: number; past: number } {
    return { ...this.#pool.report, past: this.#past.report.waiting }
  }

  /** A connection to the present, or to a point of the past. Faults FIELD_INVALID on a point that is not. */
  open(options: OpenOptions = {}): Connection {
    if (this.#isClosed) throw imageFault('TRANSACTION_STATE', 'The database is closed.')
    const manager = options.manager ?? new TransactionManager({ warn: this.storage.warn })
    const at = this.#point(options)
    if (at !== undefined) return this.#openPast(at, manager)
    return this.#pool.take(
      (connection) => connection.reopen(manager),
      () => this.#connect(manager),
    )
  }

  /** Runs `work` in a connection and a transaction of its own; commits, or aborts when it throws; closes in any case. */
  async run<Result>(
    work: (connection: Connection) => Result | Promise<Result>,
    description: Description = {},
  ): Promise<Result> {
    return await this.transact(work, { ...description, attempts: 1 })
  }

  /** As `run`, again on what is there now after a conflict, `attempts` times in all. */
  async transact<Result>(
    work: (connection: Connection) => Result | Promise<Result>,
    options: TransactOptions & Description = {},
  ): Promise<Result> {
    using connection = this.open()
    return await transact(
      connection.manager,
      (transaction) => {
        Object.assign(transaction, describe(options))
        return work(connection)
      },
      options,
    )
  }

  /**
   * Transactions, newest first, from the `first`-th to before the `last`-th; a negative `last` is a count. Twenty when
   * nothing is said.
   */
  undoLog(first = 0, last: number = -CONNECTION_LIMITS.undoLog): TransactionRecord[] {
    const count = last < 0 ? -last : Math.max(0, last - first)
    if (count === 0) return []
    const newest = this.storage.lastTransaction()
    const { records } = this.storage
    const listed = records.transactions({ before: newest + 1, limit: first + count }).slice(first)
    // What is packed away has left its description, and cannot be taken back.
    const undoable = listed.filter(({ tid }) => tid > records.packedTo())
    return undoable.map(({ tid }) => this.storage.describe(tid) as TransactionRecord)
  }

  /** Takes transactions back, all as one new transaction, whose tid it answers. Faults CONFLICT, TARGET_UNKNOWN. */
  async undo(tids: Tid | readonly Tid[], description: Description = {}): Promise<Tid> {
    const list = typeof tids === 'number' ? [tids] : tids
    return await undoTransactions(this.storage, list, describe(description))
  }

  /** Takes no more calls. Connections that are open fault on use; the store stays open. */
  close(): void {
    this.#isClosed = true
    this.#pool.clear()
    this.#past.clear()
    this.storage.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #connect(manager: TransactionManager, at?: Tid): Connection {
    const { cache, historical, name } = this.#options
    return new Connection({
      storage: this.storage,
      name: name ?? 'image',
      manager,
      cache: (at === undefined ? cache : historical?.cache) ?? {},
      release: (connection) => (at === undefined ? this.#pool : this.#past).give(connection),
      ...(at === undefined ? {} : { at }),
    })
  }

  #openPast(at: Tid, manager: TransactionManager): Connection {
    const waiting = this.#past.take(at)
    waiting?.reopen(manager)
    return waiting ?? this.#connect(manager, at)
  }

  /** The tid that options name, undefined for the present. */
  #point({ at, before }: OpenOptions): Tid | undefined {
    if (at !== undefined && before !== undefined) {
      throw imageFault(
        'FIELD_INVALID',
        'A connection is opened at a point or before one, not both.',
      )
    }
    const point = at ?? before
    if (point === undefined) return undefined
    const newest = this.storage.lastTransaction()
    if (typeof point === 'number') {
      if (!Number.isSafeInteger(point) || point < 0 || point > newest) {
        throw imageFault('FIELD_INVALID', `Transaction ${point} is none of 0 to ${newest}.`)
      }
      return at === undefined ? Math.max(0, point - 1) : point
    }
    const time = timeOf(point)
    if (time > this.#options.now()) {
      throw imageFault('FIELD_INVALID', 'The future cannot be opened.', { time })
    }
    // Times are whole milliseconds, so anything less than one below is before.
    return this.storage.records.tidAt(at === undefined ? time - 0.5 : time)
  }
}

function timeOf(point: Date | string): number {
  if (typeof point !== 'string') return checkTime(point.getTime())
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/i.test(point)
  const hasTime = /T\d/.test(point)
  return checkTime(Date.parse(hasZone || !hasTime ? point : `${point}Z`))
}

function checkTime(time: number): number {
  if (Number.isFinite(time)) return time
  throw imageFault('FIELD_INVALID', 'This is no point of time.')
}

function describe({ author = '', note = '', extension = {} }: Description) {
  return { author, note, extension: { ...extension } }
}
