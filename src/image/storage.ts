// Owns: two-phase commit over any store: one transaction at a time, its conflicts, its number, and telling who listens.
// Leaves: the turn to commit and the numbers to a Decider; objects and snapshots to connection.ts; bytes to the store.
// Laws: IM30 IM31 IM32 the states below. IM33 numbers grow. IM34 the tid and its invalidations are seen together.
// IM35 a failure behind the decision closes the storage. IM36 what was voted and aborted is never read.
//
//   begin --> open --vote--> voted --finish--> finishing --durable--> told, ended
//               |abort         |abort             |refused: ended    |else: closed
import { asFault } from '#ground'
import { decodeValue, encodeValue, type Oid, oidText, type Tid, toStored } from '#objects'
import { CONNECTION_LIMITS, type Warn } from './connection-limits.ts'
import { type Decider, localDecider } from './decider.ts'
import { imageFault, readOnlyFault } from './faults.ts'
import { Follower } from './follower.ts'
import { checkGroup } from './group.ts'
import { IMAGE_LIMITS } from './limits.ts'
import { type MergeHook, type MergeHooks, mergeSides } from './merge.ts'
import type { Group, RecordKind, Revision, Store, TableWrite, TransactionInfo } from './store.ts'

/** Who commits, and why. The object itself is the handle of its two-phase commit. */
export interface CommitInfo {
  author: string
  note: string
  /** More facts, as values that a slot could hold; kept with the transaction. */
  extension: Readonly<Record<string, unknown>>
}

/** What an undo did: the transactions taken back, and for each object the transaction whose data it has again, 0 for none. */
export interface UndoOrigin {
  undone: readonly Tid[]
  restored: readonly (readonly [Oid, Tid])[]
}

/** A transaction with all that is kept of it. */
export interface TransactionRecord extends TransactionInfo {
  extension: Readonly<Record<string, unknown>>
  undo: UndoOrigin | undefined
}

/** A revision with the transactions between which it is an object's newest: from `start` on, and no longer at `end`. */
export interface Validity {
  revision: Revision
  start: Tid
  end: Tid | undefined
}

export interface StorageOptions {
  /** Milliseconds since 1970. */
  now: () => number
  merge?: Readonly<Record<string, MergeHook>>
  warn?: Warn
  decider?: Decider
}

/** What one transaction writes to one object. */
interface Write {
  kind: RecordKind
  refs: readonly Oid[]
  payload: Uint8Array
}

interface Open {
  tx: CommitInfo
  phase: 'waiting' | 'open' | 'voted' | 'finishing'
  tid: Tid
  extension: Uint8Array | undefined
  writes: Map<Oid, Write>
  names: Map<string, Oid | null>
  merged: Set<Oid>
  undo: UndoOrigin | undefined
  group: Group | undefined
  /** What was voted refers to, beside what it brings itself and what its objects referred to before: each with who refers to it. */
  wanted: Map<Oid, string>
}

/** Revisions looked at at once, where the newer ones of an object are counted back. */
const PAGE = 64

/** Codes of a decision that kept nothing. */
const REFUSED = new Set(['CONFLICT', 'LIMIT', 'BUSY'])

/** True when the store said that it keeps nothing, and is as it was. */
function isRefusal(error: unknown): boolean {
  const fault = asFault(error)
  if (fault === undefined) return false
  // A store that is open for reading alone says so before it does anything; one that failed is another matter.
  return REFUSED.has(fault.code) || (fault.code === 'READ_ONLY' && fault.data?.readOnly === true)
}

const factKey = (tid: Tid): string => `transaction/${String(tid).padStart(16, '0')}`

export class Storage {
  /** Where records are read. */
  readonly records: Store
  readonly now: () => number
  readonly warn: Warn
  readonly merge: MergeHooks
  readonly #decider: Decider
  readonly #followers = new Set<Follower>()
  #last: Tid
  #packedTo: Tid
  readonly #unhear: () => void
  #open: Open | undefined
  readonly #waiting = new Map<CommitInfo, Open>()
  #closed: Error | undefined

  constructor(records: Store, options: StorageOptions) {
    this.records = records
    this.now = options.now
    this.warn = options.warn ?? (() => {})
    this.merge = new Map(Object.entries(options.merge ?? {}))
    this.#decider = options.decider ?? localDecider(records)
    this.#last = records.head().tid
    this.#packedTo = records.packedTo()
    this.#unhear =
      records.onRemoved?.((oids) => {
        for (const follower of this.#followers) follower.hearRemoved(oids)
      }) ?? (() => {})
    this.#checkClock()
  }

  // Reading -----------------------------------------------------------------------------------

  /** The newest transaction whose invalidations were told. */
  lastTransaction(): Tid {
    this.#live()
    return this.#last
  }

  /** The newest transactions with the oids that they changed, newest first. */
  lastInvalidations(count: number): { tid: Tid; oids: readonly Oid[] }[] {
    this.#live()
    const found = this.records.transactions({ before: this.#last + 1, limit: count })
    return found.map(({ tid, oids }) => ({ tid, oids }))
  }

  /** The newest revision at or below `at`, or of the last transaction. */
  read(oid: Oid, at?: Tid): Revision | undefined {
    this.#live()
    return this.records.read(oid, Math.min(at ?? this.#last, this.#last))
  }

  /**
   * The newest revision strictly below a transaction, and where it ends: the next revision's transaction, undefined while it is
   * the newest of all. Undefined before there was one. Costs a look at each revision that is newer. Faults TARGET_UNKNOWN for what
   * never was, and CONFLICT for what is packed away.
   */
  before(oid: Oid, tid: Tid): Validity | undefined {
    const found = this.read(oid, Math.max(0, tid - 1))
    if (found === undefined) {
      this.#known(oid)
      return undefined
    }
    let end: Tid | undefined
    for (const { tid: later } of this.#newer(oid, found.tid)) end = later
    return { revision: found, start: found.tid, end }
  }

  /** An object's revisions, newest first, strictly below `before`. Faults TARGET_UNKNOWN for what never was. */
  history(oid: Oid, options: { before?: Tid; limit?: number } = {}): Revision[] {
    this.#live()
    const before = Math.min(options.before ?? Number.POSITIVE_INFINITY, this.#last + 1)
    const found = this.records.revisions(oid, { ...options, before })
    if (found.length === 0) this.#known(oid)
    return found
  }

  /** The tid of an object's newest revision, 0 when there is none. */
  tidOf(oid: Oid): Tid {
    return this.read(oid)?.tid ?? 0
  }

  /** One transaction's description. */
  describe(tid: Tid): TransactionRecord | undefined {
    this.#live()
    const info = this.records.transaction(tid)
    if (info === undefined || tid > this.#last) return undefined
    const bytes = this.records.get('facts', factKey(tid))
    const fact = bytes === undefined ? {} : (decodeValue(bytes) as Partial<TransactionRecord>)
    return { ...info, extension: fact.extension ?? {}, undo: fact.undo }
  }

  newOid(): Oid {
    this.#writable()
    return this.#decider.newOid()
  }

  // Snapshots ---------------------------------------------------------------------------------

  /** Somebody who hears of every commit from now on, until it is told to stop. */
  follow(): Follower {
    this.#live()
    const follower: Follower = new Follower(() => this.#followers.delete(follower))
    this.#followers.add(follower)
    return follower
  }

  /** The newest transaction, and all that changed since the follower's last boundary: taken together. */
  boundary(follower: Follower): { tid: Tid; changed: ReadonlyMap<Oid, Tid> | 'all' } {
    this.#live()
    this.#catchUp()
    this.#meetPacks()
    return { tid: this.#last, changed: follower.take() }
  }

  /** Makes every follower forget all that it holds, at its next boundary. */
  invalidateAll(): void {
    for (const follower of this.#followers) follower.lose()
  }

  // Two-phase commit --------------------------------------------------------------------------

  /** Waits for the turn to commit and answers the number of the transaction. Faults LIMIT, BUSY, READ_ONLY, TRANSACTION_STATE. */
  async begin(tx: CommitInfo): Promise<Tid> {
    this.#writable()
    if (this.#open?.tx === tx || this.#waiting.has(tx)) {
      throw imageFault('TRANSACTION_STATE', 'The transaction has begun its commit already.')
    }
    const open = makeOpen(tx)
    this.#waiting.set(tx, open)
    try {
      await this.#decider.enter(open)
    } finally {
      this.#waiting.delete(tx)
    }
    try {
      this.#live()
      this.#catchUp()
      open.tid = this.#decider.next()
    } catch (error) {
      this.#decider.leave(open)
      throw error
    }
    open.phase = 'open'
    this.#open = open
    return open.tid
  }

  /**
   * Writes an object that was read as of `baseTid`, 0 for a new one. Answers whether it was merged with a newer
   * revision. Faults CONFLICT with `{oid, committed, base}`.
   */
  store(
    tx: CommitInfo,
    oid: Oid,
    baseTid: Tid,
    kind: RecordKind,
    refs: readonly Oid[],
    payload: Uint8Array,
  ): boolean {
    const open = this.#current(tx, 'open')
    const committed = this.#decider.newest(oid)
    let write: Write = { kind, refs, payload }
    const isStale = committed !== baseTid
    if (isStale) {
      write = this.#merged(open, oid, baseTid, committed, write)
      open.merged.add(oid)
    }
    this.#decider.reserve(oid)
    open.writes.set(oid, write)
    return isStale
  }

  /** Removes an object that was read as of `baseTid`. Faults CONFLICT as `store`. */
  remove(tx: CommitInfo, oid: Oid, baseTid: Tid): void {
    const open = this.#current(tx, 'open')
    const committed = this.#decider.newest(oid)
    if (committed !== baseTid) throw this.#conflict(oid, committed, baseTid)
    open.writes.set(oid, { kind: 'gone', refs: [], payload: new Uint8Array() })
  }

  /** Faults CONFLICT unless an object that was only read is still as of `tid`. */
  checkCurrent(tx: CommitInfo, oid: Oid, tid: Tid): void {
    this.#current(tx, 'open')
    const committed = this.#decider.newest(oid)
    if (committed !== tid) throw this.#conflict(oid, committed, tid)
  }

  /** Binds a name that was seen as of `baseTid`; null unbinds it. Faults CONFLICT when it has moved since. */
  bind(tx: CommitInfo, name: string, oid: Oid | null, baseTid: Tid): void {
    const open = this.#current(tx, 'open')
    if (this.records.name(name) !== this.records.name(name, baseTid)) {
      throw imageFault(
        'CONFLICT',
        `The name ${JSON.stringify(name)} was bound by another transaction.`,
        { name },
        'Abort, look at what the name is bound to now, and decide anew.',
      )
    }
    open.names.set(name, oid)
  }

  /** Says of this transaction what it undoes. */
  markUndo(tx: CommitInfo, undo: UndoOrigin): void {
    this.#current(tx, 'open').undo = undo
  }

  /**
   * Promises that finish can only fail with the disk, or be refused because a pack came between. Answers what was merged.
   * Faults LIMIT, and CONFLICT with `{oid}` on a new reference to an object, or a name for one, that is not there.
   */
  vote(tx: CommitInfo): { tid: Tid; merged: ReadonlySet<Oid> } {
    const open = this.#current(tx, 'open')
    const { tid } = open
    const revisions: Revision[] = []
    for (const [oid, write] of open.writes) revisions.push({ oid, tid, ...write })
    const names = [...open.names].map(([name, oid]) => ({ name, oid }))
    const { author, note } = tx
    const group: Group = {
      transactions: [{ tid, time: this.now(), author, note, revisions, names }],
      tables: factsOf(open),
    }
    checkGroup(group, { tid: tid - 1, time: 0, oid: 0 })
    open.wanted = this.#wantedBy(open)
    this.#requireThere(open.wanted)
    open.group = group
    open.phase = 'voted'
    return { tid, merged: open.merged }
  }

  /**
   * Makes the transaction durable, then tells followers and calls back with its tid, in one piece. A refusal ends the
   * transaction; any other failure closes the storage, because nobody knows what is on disk.
   */
  async finish(tx: CommitInfo, callback: (tid: Tid) => void = () => {}): Promise<Tid> {
    const open = this.#current(tx, 'voted')
    open.phase = 'finishing'
    try {
      // Other storages of the same transaction may have taken their time since the vote.
      this.#requireThere(open.wanted)
      await this.#decider.decide(open.group as Group)
    } catch (error) {
      if (!isRefusal(error)) this.#fail(error)
      this.#end(open)
      throw error
    }
    try {
      this.#tell(open.tid, [...open.writes.keys()])
      callback(open.tid)
    } catch (error) {
      this.#fail(error)
      throw this.#closed
    } finally {
      this.#end(open)
    }
    return open.tid
  }

  /** Ends the transaction and frees the turn. One that is not under way, or is past its vote's finish, is let be. */
  abort(tx: CommitInfo): void {
    const waiting = this.#waiting.get(tx)
    if (waiting !== undefined) this.#decider.leave(waiting)
    if (this.#open?.tx !== tx || this.#open.phase === 'finishing') return
    this.#end(this.#open)
  }

  /** Takes no more calls; the store stays open, for whoever opened it. */
  close(): void {
    this.#unhear()
    this.#closed ??= imageFault('READ_ONLY', 'The storage is closed.', { closed: true })
  }

  // Inside ------------------------------------------------------------------------------------

  #live(): void {
    if (this.#closed !== undefined) throw this.#closed
  }

  /** Faults READ_ONLY where nothing can be written: before a turn, a number or a record is asked for. */
  #writable(): void {
    this.#live()
    if (this.#decider.isReadOnly === true) throw readOnlyFault()
  }

  /** Faults TARGET_UNKNOWN when nothing of an object is there, and never was as far as anybody knows. */
  #known(oid: Oid): void {
    if (this.read(oid) !== undefined) return
    throw imageFault('TARGET_UNKNOWN', `There is no object ${oidText(oid)}.`, { oid })
  }

  /** An object's revisions above a transaction, newest first. */
  *#newer(oid: Oid, tid: Tid): Generator<Revision, void, undefined> {
    for (let before = this.#last + 1; ; ) {
      const page = this.records.revisions(oid, { before, limit: PAGE })
      for (const revision of page) {
        if (revision.tid <= tid) return
        yield revision
      }
      const last = page.at(-1)
      if (last === undefined) return
      before = last.tid
    }
  }

  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause)
    this.#closed = imageFault(
      'READ_ONLY',
      `A commit failed where it could not be taken back (${reason}), so the storage is closed.`,
      { reason },
    )
  }

  #current(tx: CommitInfo, phase: Open['phase']): Open {
    this.#writable()
    const open = this.#open
    if (open === undefined || open.tx !== tx) {
      throw imageFault('TRANSACTION_STATE', 'The transaction has not begun its commit.')
    }
    if (open.phase !== phase) {
      throw imageFault('TRANSACTION_STATE', `The commit is ${open.phase}, not ${phase}.`)
    }
    return open
  }

  #end(open: Open): void {
    if (this.#open === open) this.#open = undefined
    this.#decider.leave(open)
  }

  #tell(tid: Tid, oids: readonly Oid[]): void {
    this.#last = tid
    for (const follower of this.#followers) follower.hear(tid, oids)
  }

  /** Hears of transactions that others wrote into the same store. */
  #catchUp(): void {
    // While a finish is under way the store may be ahead of what was told; that gap is ours and closes at once.
    if (this.#open?.phase === 'finishing') return
    const { tid } = this.records.head()
    if (tid <= this.#last) return
    const limit = CONNECTION_LIMITS.catchUp
    const missed = this.records.transactions({ limit })
    const oldest = missed.at(-1)
    if (missed.length === limit && oldest !== undefined && oldest.tid > this.#last + 1) {
      this.invalidateAll()
      this.#last = tid
      return
    }
    for (const info of missed.reverse()) if (info.tid > this.#last) this.#tell(info.tid, info.oids)
  }

  /** Objects that a store without `onRemoved` may have removed count as changed. */
  #meetPacks(): void {
    if (this.records.onRemoved !== undefined) return
    const packedTo = this.records.packedTo()
    if (packedTo !== this.#packedTo) this.invalidateAll()
    this.#packedTo = packedTo
  }

  /** References and names that a transaction adds to what is there, but for those to what it writes itself. */
  #wantedBy({ writes, names }: Open): Map<Oid, string> {
    const wanted = new Map<Oid, string>()
    const want = (oid: Oid, who: () => string): void => {
      if ((writes.get(oid)?.kind ?? 'gone') === 'gone' && !wanted.has(oid)) wanted.set(oid, who())
    }
    for (const [oid, { refs }] of writes) {
      if (refs.length === 0) continue
      // What it referred to before is no orphan of this transaction; its other slots can still be changed.
      const before = new Set(this.records.read(oid)?.refs)
      for (const ref of refs) if (!before.has(ref)) want(ref, () => oidText(oid))
    }
    for (const [name, oid] of names) {
      if (oid !== null) want(oid, () => `the name ${JSON.stringify(name)}`)
    }
    return wanted
  }

  #requireThere(wanted: ReadonlyMap<Oid, string>): void {
    for (const [oid, who] of wanted) {
      const found = this.#open?.writes.get(oid) ?? this.records.read(oid)
      if (found !== undefined && found.kind !== 'gone') continue
      throw imageFault(
        'CONFLICT',
        `${oidText(oid)}, to which ${who} is to refer, is not there: it was removed or packed away.`,
        { oid },
        'Abort, and make a new object of what it held.',
      )
    }
  }

  #merged(open: Open, oid: Oid, base: Tid, committed: Tid, mine: Write): Write {
    const old = base === 0 ? undefined : this.records.read(oid, base)
    const theirs = this.records.read(oid)
    if (old?.tid === base && theirs?.tid === committed) {
      const merged = mergeSides(this.merge, this.warn, { old, committed: theirs, mine }, open.tid)
      if (merged !== undefined) return { kind: mine.kind, ...merged }
    }
    throw this.#conflict(oid, committed, base)
  }

  #conflict(oid: Oid, committed: Tid, base: Tid): Error {
    const kind = this.records.read(oid)?.kind ?? 'object'
    return imageFault(
      'CONFLICT',
      `${oidText(oid)}, a record of kind ${kind}, was read as of ${base} and is as of ${committed} now.`,
      { oid, kind, committed, base },
      'Abort and do the transaction again on what is there now.',
    )
  }

  /** A clock behind the newest transaction is told, since times then stand still until it is past. */
  #checkClock(): void {
    const newest = this.records.transaction(this.#last)
    if (newest === undefined) return
    const ahead = newest.time - this.now()
    if (ahead < CONNECTION_LIMITS.clockAhead) return
    const level = ahead < CONNECTION_LIMITS.clockFarAhead ? 'warning' : 'critical'
    const minutes = Math.round(ahead / 60_000)
    this.warn({
      level,
      message: `The newest transaction is ${minutes} minutes ahead of the clock.`,
    })
  }
}

function makeOpen(tx: CommitInfo): Open {
  within('author', tx.author.length, IMAGE_LIMITS.authorLength, 'characters')
  within('note', tx.note.length, IMAGE_LIMITS.noteLength, 'characters')
  let extension: Uint8Array | undefined
  if (Object.keys(tx.extension).length > 0) {
    extension = encodeValue(toStored(tx.extension, () => undefined))
    within('extension', extension.length, CONNECTION_LIMITS.extensionBytes, 'bytes')
  }
  return {
    tx,
    phase: 'waiting',
    tid: 0,
    extension,
    writes: new Map(),
    names: new Map(),
    merged: new Set(),
    undo: undefined,
    group: undefined,
    wanted: new Map(),
  }
}

function within(what: string, size: number, limit: number, unit: string): void {
  if (size <= limit) return
  throw imageFault(
    'LIMIT',
    `The ${what} of the transaction has ${size} ${unit}; the limit is ${limit}.`,
    { [unit]: size },
    'Say it in fewer words.',
  )
}

function factsOf({ tid, extension, undo }: Open): TableWrite[] {
  if (extension === undefined && undo === undefined) return []
  const fact: Record<string, unknown> = {}
  if (extension !== undefined) fact.extension = decodeValue(extension)
  if (undo !== undefined) fact.undo = undo
  return [{ table: 'facts', key: factKey(tid), value: encodeValue(fact) }]
}
