// Owns: what a claim about connections is made of: a store, a clock, the warnings, and short ways to set a scene.
// Leaves: the claims to the files that end in -contract.ts.
// Laws: none of its own.
import type { Warning } from './connection-limits.ts'
import type { Connection } from './connection.ts'
import { type Database, type DatabaseOptions, openDatabase } from './database.ts'
import { mergeCounter, mergeKeyed } from './merge.ts'
import { Persistent } from './persistent.ts'
import { type CommitInfo, Storage, type StorageOptions } from './storage.ts'
import type { Store } from './store.ts'

/** What a store brings to the suite. */
export interface ConnectionContract {
  /** Stands in every title. */
  name: string
  /** A new, empty store; the suite closes it. */
  open(): Store | Promise<Store>
  /** Closes a store and opens what it kept; a store that cannot says why. */
  reopen: ((store: Store) => Promise<Store>) | { reason: string }
}

/** Registers one claim; the title begins with the ids of its rules. */
export type Register = (title: string, check: (bench: Bench) => Promise<void> | void) => void

/** A transaction's description for calls of the storage itself. */
export const info = (note = ''): CommitInfo => ({ author: 'contract', note, extension: {} })

export class Bench {
  store: Store
  /** Milliseconds since 1970. */
  time = 1_800_000_000_000
  readonly warnings: Warning[] = []
  readonly #contract: ConnectionContract

  constructor(store: Store, contract: ConnectionContract) {
    this.store = store
    this.#contract = contract
  }

  /** One more store, which its caller closes. */
  async openStore(): Promise<Store> {
    return await this.#contract.open()
  }

  /** Goes on with a new, empty store. */
  async renew(): Promise<void> {
    await this.store.close()
    this.store = await this.#contract.open()
  }

  get options(): StorageOptions {
    return {
      now: () => ++this.time,
      warn: (warning) => this.warnings.push(warning),
      merge: { counter: mergeCounter, keyed: mergeKeyed },
    }
  }

  storage(options: Partial<StorageOptions> = {}): Storage {
    return new Storage(this.store, { ...this.options, ...options })
  }

  database(options: Partial<DatabaseOptions> = {}): Database {
    return openDatabase(options.storage?.records ?? this.store, { ...this.options, ...options })
  }

  /** Opens the store again; false when it does not outlive its closing. */
  async reopen(): Promise<boolean> {
    const { reopen } = this.#contract
    if (typeof reopen !== 'function') return false
    this.store = await reopen(this.store)
    return true
  }
}

/** Commits a new object with these slots under the name `root`. Answers a connection and the object in it. */
export async function planted(
  database: Database,
  slots: Readonly<Record<string, unknown>> = {},
): Promise<{ connection: Connection; root: Persistent }> {
  const connection = database.open()
  const root = new Persistent(slots)
  connection.bind('root', root)
  await connection.manager.commit()
  return { connection, root }
}

/** Another connection and what it has under the name `root`. */
export function another(database: Database): { connection: Connection; root: Persistent } {
  const connection = database.open()
  return { connection, root: rootOf(connection) }
}

/** What a connection has under the name `root`. */
export function rootOf(connection: Connection): Persistent {
  const root = connection.name('root')
  if (root === undefined) throw new Error('nothing is bound to root')
  return root
}

/** Changes one slot of `root` in a connection of its own and commits. */
export async function elsewhere(database: Database, slot: string, value: unknown): Promise<void> {
  await database.run((connection) => rootOf(connection).set(slot, value))
}

/** A store in which some calls are others. */
export function altered(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const changed = changes[name as keyof Store]
      if (changed !== undefined) return changed
      const value = target[name as keyof Store] as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
