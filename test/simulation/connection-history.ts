// Owns: histories of connections to one database: many transactions at once, each over several objects.
// Leaves: whether a history is serializable to history.ts; what a transaction does to connection-work.ts.
// Laws: IM39 IM45 told from outside: with read checks a history is serializable, without them it is one of snapshots.
import { assert } from '#ground'
import {
  type Connection,
  type Database,
  type DatabaseOptions,
  type Group,
  openDatabase,
  openMemoryStore,
  Persistent,
  Storage,
  type Store,
} from '#image'
import { ConnectionWork, mergeLists } from './connection-work.ts'
import type { HistoryTransaction, Step } from './history.ts'
import { type Life, Universe } from './universe.ts'

/** Connections that work at once. */
const CONNECTIONS = 8
/** Lists in use at once, and appends after which one goes out of use. */
const LISTS = 4
const APPENDS = 30
/** Appends of one transaction, more than on average. */
const APPENDS_A_TRANSACTION = 2
/** How likely a client ends its connection and takes another after a transaction. */
const CHANGES_CONNECTION = 0.05

export interface ConnectionHistoryOptions {
  /** Declares what each transaction read, so that a commit checks it. */
  readChecks: boolean
  /** Transactions after which the process ends with all that is under way, again and again. */
  crashEvery?: number
  /** A storage that is not what it should be. */
  Kind?: typeof Storage
  /** A database with other parts. */
  options?: (store: Store) => Partial<DatabaseOptions>
}

/** What happened besides transactions. */
export interface ConnectionCounts {
  crashes: number
  conflicts: number
  merges: number
  rollbacks: number
}

class Recorder {
  readonly history: HistoryTransaction[] = []
  readonly counts: ConnectionCounts = { crashes: 0, conflicts: 0, merges: 0, rollbacks: 0 }
  readonly #universe: Universe
  readonly #options: ConnectionHistoryOptions
  readonly #store: Store = openMemoryStore()
  readonly #appends = new Map<string, number>()
  readonly #work: ConnectionWork
  #database: Database | undefined
  #life: Life = { number: 0, alive: true }
  #inUse: string[] = []
  #lists = 0
  #value = 0
  #left: number
  #time = 1_800_000_000_000
  #failure: unknown

  constructor(seed: number, count: number, options: ConnectionHistoryOptions) {
    this.#universe = new Universe(seed)
    this.#options = options
    this.#left = count
    this.#work = new ConnectionWork({
      universe: this.#universe,
      readChecks: options.readChecks,
      counts: this.counts,
      turn: () => this.#turn(),
    })
  }

  async run(): Promise<void> {
    // All of them before anything is read: that a name is bound to nothing is no read that could be checked.
    const { length } = await this.#plant(this.#open())
    assert(length >= LISTS, 'there are lists to use')
    this.#inUse = Array.from({ length: LISTS }, () => this.#newName())
    const { crashEvery = Number.POSITIVE_INFINITY } = this.#options
    while (this.#left > 0) {
      const until = Math.max(0, this.#left - crashEvery)
      const database = this.#database ?? this.#open()
      for (let i = 0; i < CONNECTIONS; i++) this.#client(database)
      await this.#universe.run(() => this.#failure !== undefined || this.#left <= until)
      if (this.#failure !== undefined) throw this.#failure
      if (this.#left > 0) this.#crash()
    }
    await this.#universe.run(() => this.#failure !== undefined)
    if (this.#failure === undefined) this.#readAll()
    await this.#universe.run(() => this.#failure !== undefined)
    if (this.#failure !== undefined) throw this.#failure
  }

  // Beginnings and ends -----------------------------------------------------------------------------

  #open(): Database {
    const life: Life = { number: this.#life.number + 1, alive: true }
    this.#life = life
    const store = this.#slow(this.#store, life)
    const { Kind = Storage, options } = this.#options
    const merge = { lists: mergeLists(this.counts) }
    const more = { now: () => ++this.#time, merge, ...options?.(store) }
    const storage = new Kind(store, more)
    // Few objects in memory, so that they come and go within one transaction too.
    const cache = { count: this.#universe.pick([1, 3, 100]) }
    this.#database = openDatabase(store, { ...more, poolSize: CONNECTIONS + 1, storage, cache })
    return this.#database
  }

  #crash(): void {
    this.counts.crashes++
    this.#life.alive = false
    this.#database = undefined
  }

  async #plant(database: Database): Promise<string[]> {
    const count = LISTS + Math.ceil((this.#left * APPENDS_A_TRANSACTION) / APPENDS)
    const names = Array.from({ length: count }, (_, i) => `list${i + 1}`)
    const planted = database.run((connection) => {
      for (const [i, name] of names.entries()) {
        const slots = this.#isMerged(i + 1) ? { items: [], mergeBy: 'lists' } : { items: [] }
        connection.bind(name, new Persistent(slots))
      }
    })
    await this.#universe.run()
    await planted
    return names
  }

  /** Without read checks a merge keeps both of two transactions that saw neither's other writes, so there is none. */
  #isMerged(number: number): boolean {
    return this.#options.readChecks && number % 3 === 0
  }

  #newName(): string {
    return `list${++this.#lists}`
  }

  /** Resolves when others had their turn, if the process lives so long. */
  #turn(): Promise<void> {
    const life = this.#life
    const ms = this.#universe.between(0, 10)
    return new Promise((go) => this.#universe.after(ms, 'a turn', go, life))
  }

  /** A store whose commits take a while before and after they are kept: the windows of races, and of a crash. */
  #slow(store: Store, life: Life): Store {
    const turn = () =>
      new Promise<void>((go) =>
        this.#universe.after(this.#universe.between(0, 10), 'a turn of the disk', go, life),
      )
    const commit = async (group: Group) => {
      await turn()
      await store.commit(group)
      await turn()
    }
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'commit') return commit
        const member = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  }

  // Clients -----------------------------------------------------------------------------------------

  #client(database: Database): void {
    let connection: Connection = database.open()
    const work = async () => {
      while (this.#left > 0) {
        this.#left--
        await this.#transaction(connection, this.#steps())
        if (!this.#universe.chance(CHANGES_CONNECTION)) continue
        connection.close()
        connection = database.open()
      }
      connection.manager.abort()
    }
    work().catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  async #transaction(connection: Connection, steps: Step[]): Promise<void> {
    const id = `T${this.history.length + 1}`
    const place = this.history.length
    // One that is under way when the process ends may be kept: then this is what it did.
    const done: Step[] = []
    this.history.push({ id, status: 'unknown', steps: done })
    const end = await this.#work.transaction(connection, steps, done)
    this.history[place] = { id, steps: done, ...end }
  }

  #steps(): Step[] {
    const appended = new Set<string>()
    const read = new Set<string>()
    const steps: Step[] = []
    const count = 1 + this.#universe.below(4)
    for (let i = 0; i < count; i++) {
      const at = this.#universe.below(LISTS)
      const key = this.#inUse[at] as string
      // What is merged is appended to unseen, or it is read: whoever read it and has it merged saw another state.
      const isMerged = this.#isMerged(Number(key.slice(4)))
      if (this.#universe.chance(0.6)) {
        if (isMerged && appended.has(key)) continue
        read.add(key)
        steps.push({ kind: 'read', key, list: undefined })
        continue
      }
      if (isMerged && read.has(key)) continue
      appended.add(key)
      const appends = (this.#appends.get(key) ?? 0) + 1
      this.#appends.set(key, appends)
      if (appends >= APPENDS) this.#inUse[at] = this.#newName()
      steps.push({ kind: 'append', key, value: ++this.#value })
    }
    return steps
  }

  #readAll(): void {
    const connection = (this.#database ?? this.#open()).open()
    const work = async () => {
      for (let i = 1; i <= this.#lists; i++) {
        await this.#transaction(connection, [{ kind: 'read', key: `list${i}`, list: undefined }])
      }
      connection.manager.abort()
    }
    work().catch((error: unknown) => {
      this.#failure ??= error
    })
  }
}

/** A history of so many transactions. */
export async function connectionHistory(
  seed: number,
  count: number,
  options: ConnectionHistoryOptions,
): Promise<{ history: HistoryTransaction[]; counts: ConnectionCounts }> {
  const recorder = new Recorder(seed, count, options)
  await recorder.run()
  return recorder
}
