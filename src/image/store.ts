// Owns: the contract between the kernel and the place where records are kept.
// Leaves: bytes of a record to record.ts; deciding the next commit to the kernel; how to keep it to memory/ and lmdb/.
// Laws: IM1 a group is kept whole or not at all. IM2 commit resolves only when the group is durable.
// IM3 tids are given by the caller and strictly increase. IM4 a read as of a tid never changes afterwards.
import type { Oid, Tid } from '#objects'
import type { Blobs } from './blobs.ts'

/** What a record holds: slots of an object, a method, or nothing because the object is gone. */
export type RecordKind = 'object' | 'method' | 'gone'

/** One object as one transaction leaves it. `payload` is opaque here; `refs` are the oids inside it. */
export interface Revision {
  oid: Oid
  tid: Tid
  kind: RecordKind
  refs: readonly Oid[]
  payload: Uint8Array
}

/** Who did a transaction, when and why. `time` is milliseconds since 1970, UTC. */
export interface TransactionInfo {
  tid: Tid
  time: number
  author: string
  note: string
  oids: readonly Oid[]
  names: readonly string[]
}

/** One transaction to keep: the revisions carry its tid; a name bound to null is unbound. */
export interface Transaction {
  tid: Tid
  time: number
  author: string
  note: string
  revisions: readonly Revision[]
  names: readonly { name: string; oid: Oid | null }[]
}

/** A value in one of the kernel's own tables, outside the graph of objects; null removes it. */
export interface TableWrite {
  table: TableName
  key: string
  value: Uint8Array | null
}

/**
 * The kernel's tables: replies by key, waiting messages, compiled code, refusals, single facts, messages for later, methods
 * that wait for a person, answers that people gave, policies, the Crucible's cases, versions of methods, and what may not run.
 */
export type TableName =
  | 'replies'
  | 'waiting'
  | 'code'
  | 'refused'
  | 'facts'
  | 'outbox'
  | 'proposals'
  | 'examples'
  | 'policies'
  | 'versions'
  | 'quarantine'
  | 'cases'

/** What is committed together. Transactions are in order of tid. */
export interface Group {
  transactions: readonly Transaction[]
  tables: readonly TableWrite[]
  /** An oid up to which all count as used, though no revision is there: what a copy takes over from a packed store. */
  largestOid?: Oid
}

/** One damaged place that verify found. */
export interface Damage {
  oid: Oid | undefined
  tid: Tid | undefined
  problem: string
  /** What people call the object, when whoever verified looked for it. */
  place?: string
}

export interface VerifyReport {
  objects: number
  revisions: number
  transactions: number
  damage: Damage[]
}

/** What a pack is asked to do. */
export interface PackRequest {
  /** The pack time: what could be read as of this transaction and later stays readable. Beyond the head, it is the head. */
  before: Tid
  /** Whether objects that nothing retained refers to are removed too, or old revisions only. */
  gc: boolean
  /** Objects that somebody outside the graph holds, such as a reply or a waiting message: with all they reach, they stay. */
  keep?: Iterable<Oid>
  /**
   * Told at the beginning how to keep one more object, with all it reaches, while the pack is under way; that faults CONFLICT
   * when some of it is removed already.
   */
  onBegin?: (keep: (oid: Oid) => void) => void
  /** Removes nothing: the report says what would be removed, and which kept objects refer to missing ones. */
  checkOnly?: boolean
}

/** How far a pack is: objects visited so far, and revisions removed so far. */
export interface PackProgress {
  phase: 'mark' | 'sweep'
  objects: number
  removed: number
}

/** What a pack came to. `missing` has references of kept objects, as of the pack time, to what is not there. */
export interface PackReport {
  packedTo: Tid
  /** Objects that lost all they had, and revisions removed in all. */
  objectsRemoved: number
  revisionsRemoved: number
  /** Objects that keep a revision. */
  objectsKept: number
  missing: { oid: Oid; ref: Oid }[]
}

export interface Store {
  /** The newest tid and the largest oid ever stored; 0 in an empty store. */
  head(): { tid: Tid; oid: Oid }
  /** The newest revision at or below `at` (default: newest of all), undefined when there is none. Faults IMAGE_DAMAGED. */
  read(oid: Oid, at?: Tid): Revision | undefined
  /** Revisions of one object, newest first, strictly below `before`. */
  revisions(oid: Oid, options?: { before?: Tid; limit?: number }): Revision[]
  /** The oid bound to a name as of `at`. */
  name(name: string, at?: Tid): Oid | undefined
  /** Bound names in byte order, beginning with `prefix`, after `after`. */
  names(options?: {
    prefix?: string
    after?: string
    limit?: number
    at?: Tid
  }): { name: string; oid: Oid }[]
  /** One transaction's description. */
  transaction(tid: Tid): TransactionInfo | undefined
  /** Transactions newest first, strictly below `before`. */
  transactions(options?: { before?: Tid; limit?: number }): TransactionInfo[]
  /** The newest tid whose time is at or before `time`, 0 when all are later. */
  tidAt(time: number): Tid
  /** A value of a kernel table. */
  get(table: TableName, key: string): Uint8Array | undefined
  /** Entries of a kernel table in key order. */
  scan(
    table: TableName,
    options?: { from?: string; limit?: number },
  ): { key: string; value: Uint8Array }[]
  /** Keeps the group, all of it, and resolves when it is durable. Groups are kept in the order of the calls. */
  commit(group: Group): Promise<void>
  /**
   * Every object's newest revision as of `at` (default: the head at the first step), one by one, in order of oid, gone
   * ones too. Faults CONFLICT when a pack passes that transaction meanwhile.
   */
  objects(options?: { at?: Tid }): Iterable<Revision>
  /**
   * Transactions with their records, oldest first, from `start` to `stop`, both included; what is committed after the
   * call is not seen. Of what is packed away the description alone comes. Faults CONFLICT when a pack passes by.
   */
  replay(options?: { start?: Tid; stop?: Tid }): Iterable<Transaction>
  /** The newest pack time, 0 before the first: a read as of an earlier one that it cannot answer faults CONFLICT. */
  packedTo(): Tid
  /**
   * Removes history, and with `gc` garbage, while reads and commits go on. Faults BUSY while another pack is under way
   * and IMAGE_DAMAGED on a record that cannot be read; then nothing is removed.
   */
  pack(request: PackRequest, progress?: (progress: PackProgress) => void): Promise<PackReport>
  /**
   * Tells of the objects that packs remove, once nothing of them is left, until the function that this answers is called. A
   * store without it leaves whoever holds objects in memory to look at `packedTo`.
   */
  onRemoved?(hear: (oids: readonly Oid[]) => void): () => void
  /** Where the files of blobs lie; absent in a store without a place for files. */
  files?(): Blobs
  /** Bytes that everything takes now, without what lies free between it; of a store in memory roughly. */
  bytes(): number
  /** Reads everything and reports each damaged record and each reference to an object that is not there. */
  verify(): VerifyReport
  /** True for a store that refuses every write with READ_ONLY, so that nobody prepares one. Absent means false. */
  isReadOnly?(): boolean
  /** Waits for what was handed to commit, then lets go. A closed store faults on use. */
  close(): Promise<void>
}
