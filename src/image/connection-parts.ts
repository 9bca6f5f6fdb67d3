// Owns: what a claim about connections is made of: a store, a clock, the warnings, and short ways to set a scene.
// Leaves: the claims to the files that end in -contract.ts.
// Laws: none of its own.
import type { Oid } from '#objects'
import type { Warning } from './connection-limits.ts'
import type { Connection } from './connection.ts'
import type { Ability, StoreContract } from './contract-parts.ts'
import { type Database, type DatabaseOptions, openDatabase } from './database.ts'
import { mergeCounter, mergeKeyed } from './merge.ts'
import { Persistent } from './persistent.ts'
import { type CommitInfo, Storage, type StorageOptions } from './storage.ts'
import type { Store } from './store.ts'

/** Registers one claim; the title begins with the ids of its rules. */
export type Register = (title: string, check: (bench: Bench) => Promise<void> | void) => void

/** A transaction's description for calls of the storage itself. */
export const info = (note = ''): CommitInfo => ({ author: 'contract', note, extension: {} })

/** Claims that need the same of a store; nothing when they only read what another storage over it wrote. */
export interface ClaimGroup {
  needs: readonly Ability[]
  claims(test: Register): void
}

export class Bench {
  store: Store
  /** Milliseconds since 1970. */
  time = 1_800_000_000_000
  readonly warnings: Warning[] = []
  readonly #contract: StoreContract
  #author: Database | undefined

  constructor(store: Store, contract: StoreContract) {
    this.store = store
    this.#contract = contract
  }

  /** Where scenes are written: the store itself, or the one below a store that cannot be written. */
  get writer(): Store {
    return this.#contract.writer?.(this.store) ?? this.store
  }

  /** A database that writes scenes, beside the one that a claim is about. */
  get author(): Database {
    this.#author ??= openDatabase(this.writer, this.options)
    return this.#author
  }

  /** Commits a new object with these slots under the name `root`, by the author. Answers its oid. */
  async scene(slots: Readonly<Record<string, unknown>> = {}): Promise<Oid> {
    const root = new Persistent(slots)
    return await this.author.run((connection) => {
      connection.bind('root', root)
      return connection.add(root)
    })
  }

  /** One more store, which its caller closes. */
  async openStore(): Promise<Store> {
    return await this.#contract.open()
  }

  /** A new folder for files beside the store, for claims that need `files`. */
  newFolder(): string {
    return this.#contract.folder?.() as string
  }

  /** Goes on with a new, empty store. */
  async renew(): Promise<void> {
    await this.close()
    this.store = await this.#contract.open()
  }

  async close(): Promise<void> {
    const { store, writer } = this
    this.#author = undefined
    await store.close()
    await writer.close()
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

  /** A storage over another store than the one that the claim is about, such as that one in disguise. */
  storageOver(store: Store): Storage {
    return new Storage(store, this.options)
  }

  database(options: Partial<DatabaseOptions> = {}): Database {
    return openDatabase(options.storage?.records ?? this.store, { ...this.options, ...options })
  }

  /** Opens the store again, for claims that need `reopen`. */
  async reopen(): Promise<void> {
    this.#author = undefined
    this.store = (await this.#contract.reopen?.(this.store)) as Store
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

/** Removes an object in a transaction of its own, whatever refers to it. */
export async function removed(storage: Storage, oid: Oid): Promise<void> {
  const tx = info()
  await storage.begin(tx)
  storage.remove(tx, oid, storage.tidOf(oid))
  storage.vote(tx)
  await storage.finish(tx)
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
