// Owns: histories of connections to one database: many transactions at once, each over several objects.
// Leaves: whether a history is serializable to history.ts.
// Laws: IM39 IM45 told from outside: with read checks a history is serializable, without them it is one of snapshots.
import { asFault, assert } from '#ground'
import {
  type Connection,
  type DatabaseOptions,
  type Group,
  openDatabase,
  openMemoryStore,
  Persistent,
  Storage,
  type Store,
} from '#image'
import type { HistoryTransaction, Step } from './history.ts'
import { Universe } from './universe.ts'

/** Connections that work at once. */
const CONNECTIONS = 8
/** Lists in use at once, and appends after which one goes out of use. */
const LISTS = 4
const APPENDS = 30
/** Appends of one transaction, more than on average. */
const APPENDS_A_TRANSACTION = 2

export interface ConnectionHistoryOptions {
  /** Declares what each transaction read, so that a commit checks it. */
  readChecks: boolean
  /** A storage that is not what it should be. */
  Kind?: typeof Storage
  /** A database with other parts. */
  options?: (store: Store) => Partial<DatabaseOptions>
}

class Recorder {
  readonly history: HistoryTransaction[] = []
  readonly #universe: Universe
  readonly #checks: boolean
  readonly #store: Store
  readonly #database: ReturnType<typeof openDatabase>
  readonly #appends = new Map<string, number>()
  #inUse: string[] = []
  #lists = 0
  #value = 0
  #left: number
  #time = 1_800_000_000_000
  #failure: unknown

  constructor(
    seed: number,
    count: number,
    { readChecks, Kind, options }: ConnectionHistoryOptions,
  ) {
    this.#universe = new Universe(seed)
    this.#checks = readChecks
    this.#left = count
    this.#store = openMemoryStore()
    const slow = this.#slow(this.#store)
    const now = () => ++this.#time
    const more = options?.(slow) ?? {}
    const storage = new (Kind ?? Storage)(slow, { now, ...more })
    this.#database = openDatabase(slow, { now, poolSize: CONNECTIONS, storage })
  }

  async run(): Promise<void> {
    // All of them before anything is read: that a name is bound to nothing is no read that could be checked.
    const { length } = await this.#plant()
    assert(length >= LISTS, 'there are lists to use')
    this.#inUse = Array.from({ length: LISTS }, () => this.#newName())
    for (let i = 0; i < CONNECTIONS; i++) this.#client(this.#database.open())
    const isOver = () => this.#failure !== undefined
    await this.#universe.run(isOver)
    if (!isOver()) {
      this.#readAll()
      await this.#universe.run(isOver)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async #plant(): Promise<string[]> {
    const count = LISTS + Math.ceil((this.#left * APPENDS_A_TRANSACTION) / APPENDS)
    const names = Array.from({ length: count }, (_, i) => `list${i + 1}`)
    const planted = this.#database.run((connection) => {
      for (const name of names) connection.bind(name, new Persistent({ items: [] }))
    })
    await this.#universe.run()
    await planted
    return names
  }

  #newName(): string {
    return `list${++this.#lists}`
  }

  /** Resolves when others had their turn. */
  #turn(): Promise<void> {
    return new Promise((go) => this.#universe.after(this.#universe.between(0, 10), 'a turn', go))
  }

  /** A store whose commits take a while before and after they are kept: the windows of races. */
  #slow(store: Store): Store {
    const commit = async (group: Group) => {
      await this.#turn()
      await store.commit(group)
      await this.#turn()
    }
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'commit') return commit
        const member = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  }

  #client(connection: Connection): void {
    const work = async () => {
      while (this.#left > 0) {
        this.#left--
        await this.#transaction(connection, this.#steps())
      }
      connection.manager.abort()
    }
    work().catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  /** Does the steps in one transaction, with turns of others between them, and writes down what came of it. */
  async #transaction(connection: Connection, steps: Step[]): Promise<void> {
    const id = `T${this.history.length + 1}`
    const place = this.history.length
    this.history.push({ id, status: 'unknown', steps: [] })
    await this.#turn()
    connection.manager.begin()
    const begin = this.#universe.events
    const done: Step[] = []
    for (const step of steps) {
      done.push(this.#do(connection, step))
      if (this.#universe.chance(0.7)) await this.#turn()
    }
    let status: HistoryTransaction['status'] = 'committed'
    try {
      await connection.manager.commit()
    } catch (error) {
      if (asFault(error)?.retry !== 'transaction') throw error
      connection.manager.abort()
      status = 'aborted'
    }
    const span = { begin, end: this.#universe.events }
    this.history[place] = { id, status, steps: done, span }
  }

  #do(connection: Connection, step: Step): Step {
    const object = connection.name(step.key) as Persistent
    if (step.kind === 'append') {
      object.set('items', [...(object.get('items') as number[]), step.value])
      return step
    }
    if (this.#checks) connection.readCurrent(object)
    return { ...step, list: [...(object.get('items') as number[])] }
  }

  #steps(): Step[] {
    return Array.from({ length: 1 + this.#universe.below(4) }, () => {
      const at = this.#universe.below(LISTS)
      const key = this.#inUse[at] as string
      if (this.#universe.chance(0.6)) return { kind: 'read', key, list: undefined }
      const appends = (this.#appends.get(key) ?? 0) + 1
      this.#appends.set(key, appends)
      if (appends >= APPENDS) this.#inUse[at] = this.#newName()
      return { kind: 'append', key, value: ++this.#value }
    })
  }

  #readAll(): void {
    const connection = this.#database.open()
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
): Promise<HistoryTransaction[]> {
  const recorder = new Recorder(seed, count, options)
  await recorder.run()
  return recorder.history
}
