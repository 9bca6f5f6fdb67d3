// Owns: one view of the image as of one transaction: the objects in memory, their loading, and what is to be committed.
// Leaves: the order of the phases to transaction.ts; conflicts to storage.ts; records under way to pending-writes.ts.
// Laws: IM38 the snapshot and what changed before it are taken together, at borders of transactions alone. IM39 a
// transaction sees one snapshot. IM40 what is not there any more is a conflict, never newer data. IM41 a savepoint moves no
// snapshot. IM51 what nothing reaches is not stored. IM57 a closed connection refuses work.
import { assert } from '#ground'
import { checkObjectName, decodeSlots, encodeSlots, type Oid, oidText, type Tid } from '#objects'
import type { BlobFile, BlobMode } from './blob-file.ts'
import { BlobWork } from './blob-work.ts'
import type { Blobs } from './blobs.ts'
import { type CacheLimits, ObjectCache } from './object-cache.ts'
import { imageFault, readOnlyFault } from './faults.ts'
import type { Follower } from './follower.ts'
import { datedPayload, PendingWrites } from './pending-writes.ts'
import { type Cell, insides, type Owner, Persistent, takeCells } from './persistent.ts'
import { isContainer, liveSlot, refsOf, storedSlot, WeakRefTo } from './slot-values.ts'
import type { CommitInfo, Storage } from './storage.ts'
import type { RecordKind } from './store.ts'
import { exportSubgraph, importSubgraph } from './subgraph.ts'
import type { Boundary, Resource, Transaction, TransactionManager } from './transaction.ts'

export interface ConnectionOptions {
  storage: Storage
  /** The database's name, where one transaction spans several. */
  name: string
  manager: TransactionManager
  cache: CacheLimits
  /** Reads as of this transaction for ever, and commits nothing. */
  at?: Tid
  /** Called when it is closed, to take it back. */
  release: (connection: Connection) => void
}

/** What a savepoint holds of a connection. */
interface Kept {
  pending: PendingWrites
  bindings: ReadonlyMap<string, Oid | null>
  added: ReadonlySet<Oid>
}

export class Connection implements Owner, Resource, Boundary {
  readonly sortKey: string
  readonly cache: ObjectCache
  readonly #storage: Storage
  readonly #release: (connection: Connection) => void
  readonly #fixed: Tid | undefined
  readonly #follower: Follower
  #manager: TransactionManager | undefined
  #unwatch: () => void = () => {}
  #snapshot: Tid = 0
  /** Changed since the last savepoint. */
  readonly #changed = new Set<Persistent>()
  /** Whose containers were handed out. */
  readonly #lent = new Set<Persistent>()
  /** New in this transaction, whether stored in a savepoint or not. */
  readonly #added = new Map<Oid, Persistent>()
  #pending = new PendingWrites()
  #bindings = new Map<string, Oid | null>()
  readonly #reads = new Map<Oid, Tid>()
  #committing:
    | { tid: Tid; oids: ReadonlySet<Oid>; written: Map<Oid, Tid>; merged: ReadonlySet<Oid> }
    | undefined
  #blobs: BlobWork | undefined
  #onClose: (() => void)[] = []

  constructor(options: ConnectionOptions) {
    this.#storage = options.storage
    this.sortKey = `connection to ${options.name}`
    this.#release = options.release
    this.#fixed = options.at
    this.#follower = options.storage.follow()
    this.cache = new ObjectCache(options.cache)
    this.reopen(options.manager)
  }

  // Life --------------------------------------------------------------------------------------

  get isOpen(): boolean {
    return this.#manager !== undefined
  }

  get manager(): TransactionManager {
    if (this.#manager === undefined) {
      throw imageFault('TRANSACTION_STATE', 'The connection is closed.', { closed: true })
    }
    return this.#manager
  }

  /** The transaction as of which it reads. */
  get snapshot(): Tid {
    return this.#snapshot
  }

  /** For the pool: open again, with what is still right in memory. */
  reopen(manager: TransactionManager): void {
    assert(this.#manager === undefined, 'a connection is opened once')
    this.#manager = manager
    this.#unwatch = manager.watch(this)
    this.newTransaction()
    this.cache.sweep()
  }

  /** Runs when the connection is closed. */
  onClose(hook: () => void): void {
    this.#onClose.push(hook)
  }

  /** Goes back to its pool. Refused with TRANSACTION_STATE while changes are pending; closing again does nothing. */
  close(): void {
    if (this.#manager === undefined) return
    this.beforeCompletion()
    const isPending = this.#committing !== undefined || this.#blobs?.isPending === true
    if (this.#hasChanges() || this.#added.size > 0 || isPending) {
      throw imageFault('TRANSACTION_STATE', 'The connection has changes that nobody committed.')
    }
    for (const hook of this.#onClose.splice(0)) {
      try {
        hook()
      } catch (error) {
        this.#storage.warn({ level: 'warning', message: `A hook at closing threw: ${error}` })
      }
    }
    this.#unwatch()
    this.#reads.clear()
    // What it read of blobs belongs to that transaction; the next one begins its own.
    this.#blobs = undefined
    this.#manager = undefined
    this.#release(this)
  }

  /** Aborts what is pending and closes; for `using`. */
  [Symbol.dispose](): void {
    if (this.#manager === undefined) return
    const hasBlobs = this.#blobs?.isPending === true
    if (hasBlobs || this.#hasChanges() || this.#added.size > 0)
      this.#manager.current?.[Symbol.dispose]()
    this.close()
  }

  /** For the pool: forgets everything and hears of nothing more. */
  discard(): void {
    this.cache.minimize()
    this.#follower.stop()
  }

  // Objects -----------------------------------------------------------------------------------

  /** The object of an oid, the same one every time; a ghost until it is used. Faults TARGET_UNKNOWN. */
  get(oid: Oid): Persistent {
    this.#inside()
    const known = this.#loaded(oid)
    if (known !== undefined) return known
    this.#read(oid)
    return this.object(oid)
  }

  /** As `get`, undefined when there is no such object. */
  find(oid: Oid): Persistent | undefined {
    this.#inside()
    const known = this.#loaded(oid)
    if (known !== undefined) return known
    const kind = this.#pending.get(oid)?.kind ?? this.#storage.read(oid, this.#snapshot)?.kind
    return kind === undefined || kind === 'gone' ? undefined : this.object(oid)
  }

  /** Takes a new object in: it gets its oid, and is stored once something stored reaches it. */
  add(object: Persistent): Oid {
    if (!(object instanceof Persistent)) {
      throw imageFault('FIELD_INVALID', 'Only a persistent object can be added.')
    }
    this.#inside()
    if (object.connection === this) return object.oid as Oid
    if (object.connection !== undefined) {
      throw imageFault('TRANSACTION_STATE', 'The object belongs to another connection.')
    }
    const transaction = this.manager.get()
    transaction.join(this)
    return this.#adopt(object)
  }

  /** The object that a name is bound to. */
  name(name: string): Persistent | undefined {
    this.#inside()
    const pending = this.#bindings.get(name)
    const oid = pending === undefined ? this.#storage.records.name(name, this.#snapshot) : pending
    return oid === undefined || oid === null ? undefined : this.get(oid)
  }

  /** Binds a name to an object, which is added if it is new; null unbinds it. */
  bind(name: string, object: Persistent | null): void {
    checkObjectName(name)
    this.#inside()
    this.manager.get().join(this)
    this.#bindings.set(name, object === null ? null : this.add(object))
  }

  /** A reference that does not keep its target alive. The target has an oid. */
  weak(target: Persistent): WeakRefTo<Persistent> {
    if (target.connection !== this || target.oid === undefined) {
      throw imageFault('FIELD_INVALID', 'Add the object before it is referred to weakly.')
    }
    return this.#handles.weak(target.oid)
  }

  /**
   * Promises that what this transaction writes relies on the object being as it is now: when anything else is
   * written and the object was changed meanwhile, the commit faults CONFLICT.
   */
  readCurrent(object: Persistent): void {
    this.#inside()
    if (object.connection !== this) {
      throw imageFault('TRANSACTION_STATE', 'The object belongs to another connection.')
    }
    object.activate()
    if (object.oid !== undefined && object.tid > 0) this.#reads.set(object.oid, object.tid)
  }

  /**
   * Opens the blob of an object: bytes of any length, which are a file and not a part of the record. The object is added if it is
   * new; its slot `blob` says how long the file is and what its SHA-256 is, once it is committed. Close the file before the
   * commit. Faults CONFLICT beside another writer, or as a writer beside readers; FIELD_INVALID over a store without files.
   */
  async openBlob(object: Persistent, mode: BlobMode): Promise<BlobFile> {
    this.#inside()
    if (mode !== 'read' && this.#storage.records.isReadOnly?.() === true) throw readOnlyFault()
    this.add(object)
    return await this.#blobWork().open(object, mode)
  }

  /** The file of a committed blob as of the snapshot, for reading by anybody. Faults TARGET_UNKNOWN, also for an uncommitted one. */
  blobPath(object: Persistent): string {
    this.#inside()
    const { oid } = object
    const isOwn = oid !== undefined && object.connection === this && this.#blobs?.has(oid) !== true
    if (isOwn) return this.#files().path(oid, this.#snapshot)
    throw imageFault(
      'TARGET_UNKNOWN',
      'The blob is not committed.',
      oid === undefined ? {} : { oid },
    )
  }

  /** Ghosts all that may be ghosts. */
  minimize(): void {
    this.cache.minimize()
  }

  /** Aborts what is pending and moves to the newest transaction. */
  sync(): void {
    this.#inside()
    this.manager.begin()
  }

  /** Bytes of the object and all that it reaches, but for parents and methods, which an import shares. */
  export(oid: Oid): Uint8Array {
    this.#inside()
    return exportSubgraph(this, oid)
  }

  /** Objects with new identities from an export, added here; they are stored once the answered first one is reached. */
  import(bytes: Uint8Array): Persistent {
    this.#inside()
    return importSubgraph(this, bytes)
  }

  // As the owner of objects -------------------------------------------------------------------

  load(object: Persistent): void {
    this.#inside()
    const oid = object.oid as Oid
    const { tid, kind, payload } = this.#read(oid)
    const cells = new Map<string, Cell>()
    for (const { name, tid: at, value } of decodeSlots(payload)) {
      cells.set(name, { tid: at, value: liveSlot(value, this.#handles), lent: undefined })
    }
    insides.fill(object, tid, kind, cells)
    this.cache.loaded(object, payload.length)
  }

  changing(object: Persistent): void {
    const transaction = this.manager.get()
    transaction.join(this)
    this.#changed.add(object)
  }

  reverted(object: Persistent): void {
    this.#changed.delete(object)
  }

  lent(object: Persistent): void {
    this.#lent.add(object)
  }

  used(object: Persistent): void {
    if (this.#manager?.isExplicit === true) this.#manager.get()
    this.cache.used(object)
  }

  emptied(object: Persistent): void {
    this.#changed.delete(object)
    this.#lent.delete(object)
    this.cache.unloaded(object)
  }

  /** The object of an oid that is known to be there, or will fault when it is loaded. */
  object(oid: Oid): Persistent {
    const known = this.cache.get(oid)
    if (known !== undefined) return known
    const object = new Persistent()
    insides.adopt(object, this, oid, false)
    this.cache.add(object)
    return object
  }

  // Borders -----------------------------------------------------------------------------------

  beforeCompletion(): void {
    for (const object of this.#lent) {
      if (insides.isDirty(object) || insides.isNew(object) || !object.differs()) continue
      insides.dirty(object)
      this.#changed.add(object)
    }
    const manager = this.#manager
    if (manager === undefined || this.#changed.size === 0) return
    const transaction = manager.isExplicit ? manager.current : manager.get()
    if (transaction?.status === 'active') transaction.join(this)
  }

  newTransaction(): void {
    if (this.#hasChanges()) this.#forget(new PendingWrites(), new Set())
    this.#reads.clear()
    this.#bindings.clear()
    if (this.#fixed !== undefined) {
      this.#snapshot = this.#fixed
      return
    }
    const { tid, changed } = this.#storage.boundary(this.#follower)
    this.#snapshot = tid
    const removed = [...this.#follower.takeRemoved()].map((oid) => this.cache.get(oid))
    if (changed === 'all') this.#ghost([...this.cache.objects()])
    else {
      const stale = [...changed].map(([oid, at]) => {
        const object = this.cache.get(oid)
        // What this connection wrote itself is as new as can be.
        return object?.tid === at ? undefined : object
      })
      this.#ghost([...stale, ...removed].filter((object) => object !== undefined))
    }
    this.cache.sweep()
  }

  afterSavepoint(): void {
    this.cache.sweep()
  }

  /**
   * Makes ghosts of them, and then lets their hooks run: one that loads again sees nobody's old state. What a hook throws keeps
   * none of the others from theirs.
   */
  #ghost(objects: readonly Persistent[]): void {
    const emptied = objects.filter(({ state }) => state === 'saved' || state === 'changed')
    for (const object of emptied) insides.empty(object)
    for (const object of emptied) {
      try {
        object.hooks.invalidate?.(object)
      } catch (error) {
        this.#storage.warn({ level: 'warning', message: `A hook at invalidation threw: ${error}` })
      }
    }
  }

  // As a resource of a transaction --------------------------------------------------------------

  prepare(): void {
    this.#flush()
  }

  async begin(tx: CommitInfo): Promise<void> {
    if (this.#fixed !== undefined) {
      throw imageFault(
        'READ_ONLY',
        `The connection shows the image as of transaction ${this.#fixed}, which never changes.`,
        { at: this.#fixed },
        'Make the change in a connection to the present.',
      )
    }
    const writes = this.#pending.reachable(this.#named())
    if (writes.size === 0 && this.#bindings.size === 0) return
    // A check that fails already needs no turn.
    for (const [oid, tid] of this.#reads) {
      if (!writes.has(oid) && this.#storage.tidOf(oid) !== tid) this.#checkFailed(oid, tid)
    }
    const tid = await this.#storage.begin(tx)
    const oids = new Set(writes.keys())
    this.#committing = { tid, oids, written: new Map(), merged: new Set() }
  }

  commit(tx: CommitInfo): void {
    const committing = this.#committing
    if (committing === undefined) return
    const writes = this.#pending.reachable(this.#named())
    for (const [oid, { base, kind, refs, payload }] of writes) {
      const dated = datedPayload(payload, committing.tid)
      this.#storage.store(tx, oid, base, kind, refs, dated)
      committing.written.set(oid, dated.length)
    }
    for (const [name, oid] of this.#bindings) this.#storage.bind(tx, name, oid, this.#snapshot)
    for (const [oid, tid] of this.#reads) {
      if (writes.has(oid)) continue
      if (this.#storage.tidOf(oid) !== tid) this.#checkFailed(oid, tid)
      this.#storage.checkCurrent(tx, oid, tid)
    }
  }

  vote(tx: CommitInfo): void {
    if (this.#committing === undefined) return
    this.#committing.merged = this.#storage.vote(tx).merged
  }

  async finish(tx: CommitInfo): Promise<Tid | undefined> {
    if (this.#committing === undefined) {
      this.#settle(new Map(), new Set(), 0)
      return undefined
    }
    const { written, merged } = this.#committing
    const tid = await this.#storage.finish(tx, (at) => this.#settle(written, merged, at))
    this.#committing = undefined
    return tid
  }

  abortCommit(tx: CommitInfo): void {
    this.#storage.abort(tx)
    this.#committing = undefined
  }

  abort(): void {
    this.#reads.clear()
    this.takeBack()
  }

  takeBack(): void {
    this.#bindings.clear()
    this.#forget(new PendingWrites(), new Set())
  }

  savepoint(): { rollback(): void } {
    this.#flush()
    const kept: Kept = {
      pending: this.#pending.copy(),
      bindings: new Map(this.#bindings),
      added: new Set(this.#added.keys()),
    }
    return { rollback: () => this.#rollback(kept) }
  }

  // Inside ------------------------------------------------------------------------------------

  readonly #handles = {
    object: (oid: Oid) => this.object(oid),
    weak: (oid: Oid) => new WeakRefTo<Persistent>(oid, () => this.find(oid)),
  }

  #files(): Blobs {
    const files = this.#storage.records.files?.()
    if (files !== undefined) return files
    throw imageFault(
      'FIELD_INVALID',
      'The store has no place for files.',
      undefined,
      'Open the database over `openBlobStore(store, folder)`.',
    )
  }

  /** The blobs of the transaction under way, which take part in it from now on. */
  #blobWork(): BlobWork {
    const transaction = this.manager.get()
    transaction.checkActive()
    if (this.#blobs === undefined || this.#blobs.isEnded) {
      const committing = () => this.#committing
      this.#blobs = new BlobWork(this.#files(), transaction, this.sortKey, committing)
    }
    return this.#blobs
  }

  /** Faults unless work may go on: the connection is open, and in explicit mode a transaction was begun. */
  #inside(): void {
    const { manager } = this
    if (manager.isExplicit) manager.get()
  }

  #hasChanges(): boolean {
    return this.#changed.size > 0 || this.#pending.size > 0 || this.#bindings.size > 0
  }

  #named(): Oid[] {
    return [...this.#bindings.values()].filter((oid) => oid !== null)
  }

  /** An object that is in memory with its state, but for one that a pack has removed meanwhile. */
  #loaded(oid: Oid): Persistent | undefined {
    const known = this.cache.get(oid)
    if (known === undefined || known.state === 'ghost') return undefined
    // What this transaction holds of it, and the past, are nobody else's matter.
    const isOwn = this.#fixed !== undefined || known.state !== 'saved' || this.#pending.has(oid)
    return isOwn || !this.#follower.mayBeRemoved(oid) ? known : undefined
  }

  /** A record as this transaction sees it. */
  #read(oid: Oid): { tid: Tid; kind: RecordKind; payload: Uint8Array } {
    const pending = this.#pending.get(oid)
    if (pending !== undefined) return { ...pending, tid: pending.base }
    const found = this.#storage.read(oid, this.#snapshot)
    if (found !== undefined && found.kind !== 'gone') return found
    // Asked of the store, which also has what other writers committed since the last border.
    const committed = this.#storage.records.read(oid)?.tid ?? 0
    if (found === undefined && committed > this.#snapshot) {
      throw imageFault(
        'CONFLICT',
        `${oidText(oid)} cannot be read as of ${this.#snapshot}: it is as of ${committed} now.`,
        { oid, committed, read: this.#snapshot },
        'Abort and do the transaction again on what is there now.',
      )
    }
    throw imageFault('TARGET_UNKNOWN', `There is no object ${oidText(oid)}.`, { oid })
  }

  #checkFailed(oid: Oid, read: Tid): never {
    const committed = this.#storage.tidOf(oid)
    const object = this.cache.get(oid)
    if (object !== undefined) this.#ghost([object])
    throw imageFault(
      'CONFLICT',
      `${oidText(oid)} was relied on as of ${read} and is as of ${committed} now.`,
      { oid, committed, base: read, read },
      'Abort and do the transaction again on what is there now.',
    )
  }

  #adopt(object: Persistent): Oid {
    const oid = this.#storage.newOid()
    insides.adopt(object, this, oid, true)
    this.cache.add(object)
    this.cache.loaded(object, 0)
    this.#added.set(oid, object)
    this.#changed.add(object)
    return oid
  }

  /** Makes records of all that was changed, new objects that they reach too. */
  #flush(): void {
    const done = new Set<Persistent>()
    try {
      // Taking one object's slots, and its hook, may add others to the set, and the same ones again.
      while (this.#changed.size > 0) {
        for (const object of [...this.#changed]) {
          if (!done.has(object)) object.hooks.serialize?.(object)
          done.add(object)
          this.#changed.delete(object)
          this.#take(object)
        }
      }
    } catch (error) {
      for (const object of done) this.#changed.add(object)
      throw error
    }
    for (const object of done) insides.stored(object, object.tid)
  }

  #take(object: Persistent): void {
    const refs = new Set<Oid>()
    const slots = takeCells(object, (value) => {
      const stored = storedSlot(value, (part) => this.#oidOf(part))
      refsOf(stored, refs)
      return stored
    })
    const oid = object.oid as Oid
    const payload = encodeSlots(slots)
    const isNew = this.#added.has(oid)
    const base = object.tid
    this.#pending.set(oid, { base, kind: object.kind, refs: [...refs], payload, isNew })
    this.cache.loaded(object, payload.length)
    if (slots.some(({ value }) => isContainer(value))) this.#lent.add(object)
  }

  #oidOf(part: object): Oid | undefined {
    if (!(part instanceof Persistent)) return undefined
    if (part.connection === this) return part.oid
    if (part.connection === undefined) return this.#adopt(part)
    throw imageFault('TRANSACTION_STATE', 'A slot refers to an object of another connection.')
  }

  /** What was stored is saved; what was added and not reached is unsaved again. */
  #settle(written: ReadonlyMap<Oid, number>, merged: ReadonlySet<Oid>, tid: Tid): void {
    const stale: Persistent[] = []
    for (const oid of written.keys()) {
      this.#added.delete(oid)
      const object = this.cache.get(oid)
      const cells = object === undefined ? undefined : insides.cells(object)
      if (object === undefined || cells === undefined) continue
      for (const cell of cells.values()) if (cell.tid === 0) cell.tid = tid
      insides.stored(object, tid)
      // The memory holds one side of a merge, the image both.
      if (merged.has(oid)) stale.push(object)
    }
    for (const [oid, object] of this.#added) this.#disown(object, oid)
    this.#pending = new PendingWrites()
    this.#bindings.clear()
    this.#ghost(stale)
    this.cache.sweep()
  }

  /** The object is unsaved again. It keeps what it holds, so that it can be added another time. */
  #disown(object: Persistent, oid: Oid): void {
    if (insides.cells(object) === undefined) this.load(object)
    this.#added.delete(oid)
    this.#changed.delete(object)
    this.#lent.delete(object)
    this.#reads.delete(oid)
    this.cache.drop(object, oid)
    insides.disown(object)
  }

  #rollback(kept: Kept): void {
    this.#bindings = new Map(kept.bindings)
    this.#forget(kept.pending.copy(), kept.added)
  }

  /** Goes back to these records: whoever was added since is unsaved again, and whoever was changed is a ghost. */
  #forget(pending: PendingWrites, added: ReadonlySet<Oid>): void {
    for (const [oid, object] of this.#added) if (!added.has(oid)) this.#disown(object, oid)
    const stale = new Set<Persistent>(this.#changed)
    for (const [oid] of this.#pending.entries()) {
      const object = this.cache.get(oid)
      if (object !== undefined) stale.add(object)
    }
    // First the records, then the objects: a hook that loads again sees what is true now.
    this.#pending = pending
    this.#changed.clear()
    this.#ghost([...stale])
  }
}
