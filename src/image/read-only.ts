// Owns: a store that can be read and not written, over any other.
// Leaves: what is read to the store below; LMDB's own read-only opening to lmdb/.
// Laws: IM71 every read answers as the store below; every write faults READ_ONLY and leaves it as it was.
import type { Oid, Tid } from '#objects'
import { closedFault, readOnlyFault } from './faults.ts'
import type {
  PackReport,
  PackRequest,
  Revision,
  Store,
  TableName,
  Transaction,
  TransactionInfo,
  VerifyReport,
} from './store.ts'

/** A view of `store` that refuses writes. Closing it leaves the store open. */
export function readOnly(store: Store): Store {
  return new ReadOnlyStore(store)
}

class ReadOnlyStore implements Store {
  readonly #store: Store
  #closed = false

  constructor(store: Store) {
    this.#store = store
  }

  get #open(): Store {
    if (this.#closed) throw closedFault()
    return this.#store
  }

  head(): { tid: Tid; oid: Oid } {
    return this.#open.head()
  }

  read(oid: Oid, at?: Tid): Revision | undefined {
    return this.#open.read(oid, at)
  }

  revisions(oid: Oid, options?: { before?: Tid; limit?: number }): Revision[] {
    return this.#open.revisions(oid, options)
  }

  name(name: string, at?: Tid): Oid | undefined {
    return this.#open.name(name, at)
  }

  names(options?: { prefix?: string; after?: string; limit?: number; at?: Tid }) {
    return this.#open.names(options)
  }

  transaction(tid: Tid): TransactionInfo | undefined {
    return this.#open.transaction(tid)
  }

  transactions(options?: { before?: Tid; limit?: number }): TransactionInfo[] {
    return this.#open.transactions(options)
  }

  tidAt(time: number): Tid {
    return this.#open.tidAt(time)
  }

  get(table: TableName, key: string): Uint8Array | undefined {
    return this.#open.get(table, key)
  }

  scan(table: TableName, options?: { from?: string; limit?: number }) {
    return this.#open.scan(table, options)
  }

  async commit(): Promise<void> {
    this.head()
    throw readOnlyFault()
  }

  objects(options?: { at?: Tid }): Iterable<Revision> {
    return this.#walk(this.#open.objects(options))
  }

  *#walk(objects: Iterable<Revision>): Generator<Revision, void, undefined> {
    this.head()
    for (const revision of objects) {
      yield revision
      this.head()
    }
  }

  replay(options?: { start?: Tid; stop?: Tid }): Iterable<Transaction> {
    return this.#open.replay(options)
  }

  packedTo(): Tid {
    return this.#open.packedTo()
  }

  async pack(request: PackRequest): Promise<PackReport> {
    if (request.checkOnly === true) return this.#open.pack(request)
    this.head()
    throw readOnlyFault()
  }

  onRemoved(hear: (oids: readonly Oid[]) => void): () => void {
    return this.#open.onRemoved?.(hear) ?? (() => {})
  }

  bytes(): number {
    return this.#open.bytes()
  }

  verify(): VerifyReport {
    return this.#open.verify()
  }

  get files(): Store['files'] {
    const { files } = this.#open
    return files === undefined ? undefined : () => files.call(this.#open)
  }

  isReadOnly(): boolean {
    return true
  }

  async close(): Promise<void> {
    this.#closed = true
  }
}
