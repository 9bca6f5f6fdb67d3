// Owns: the bytes of the groups that go to the disk together, as entries of LMDB.
// Leaves: when they go to writer.ts; the bytes of one value to record.ts and sealed.ts; checking to group.ts.
// Laws: IM1 a group is added whole or not at all. IM19 what is handed in is copied.
import type { CheckedGroup, Head } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { encodeRecordInto, recordBytes, writeU64 } from '../record.ts'
import { NAME_VALUE_BYTES, packTransaction, SEAL_BYTES, seal, sealName } from '../sealed.ts'
import type { Group, TransactionInfo } from '../store.ts'
import {
  type Bytes,
  type Databases,
  largestEntry,
  nameKey,
  TID_KEY_BYTES,
  tableKey,
} from './schema.ts'

/** What goes to LMDB: one entry an index; a null value removes. A record without a key holds its own. */
export interface Entries {
  into: Bytes[]
  keys: (Uint8Array | undefined)[]
  values: (Uint8Array | null)[]
}

/** Memory that small values share: making a piece for each, and asking for its address, costs more than filling it. */
const PIECE_BYTES = 64 * 1024

/** Cuts values out of larger pieces. No place is given twice, because LMDB reads it later, on its own thread. */
export class Memory {
  #piece = new ArrayBuffer(0)
  #used = 0

  /** So many bytes, with anything in them. */
  cut(bytes: number): Uint8Array {
    // What would waste much of a piece gets memory of its own.
    if (bytes > PIECE_BYTES / 4) return Buffer.allocUnsafeSlow(bytes)
    if (this.#used + bytes > this.#piece.byteLength) {
      this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES).buffer
      this.#used = 0
    }
    const view = new Uint8Array(this.#piece, this.#used, bytes)
    this.#used += bytes
    return view
  }
}

/** Groups that one LMDB transaction keeps, so all of them are durable at once or none is: one promise serves all. */
export class Batch implements Entries {
  readonly into: Bytes[] = []
  readonly keys: (Uint8Array | undefined)[] = []
  readonly values: (Uint8Array | null)[] = []
  /** Where the store stands afterwards; undefined while no group is in it. */
  head: Head | undefined
  /** Bytes of its groups' payloads and table values. */
  bytes = 0
  readonly durable: Promise<void>
  readonly resolve: () => void
  readonly reject: (fault: Error) => void
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.durable = promise
    this.resolve = resolve
    this.reject = reject
  }

  /** False when so much more would be too much for one LMDB transaction; one that holds nothing takes any group. */
  hasRoom(bytes: number): boolean {
    return this.bytes === 0 || this.bytes + bytes <= IMAGE_LIMITS.groupBytes
  }

  /** Adds a checked group, copied. */
  add(group: Group, checked: CheckedGroup, databases: Databases): void {
    const before = this.keys.length
    try {
      this.#encode(group, checked, databases)
    } catch (error) {
      // Such as no memory for its bytes: no part of it may go with the others.
      this.into.length = before
      this.keys.length = before
      this.values.length = before
      throw error
    }
    this.head = checked.head
    this.bytes += checked.bytes
  }

  /** Adds what is no group. */
  append({ into, keys, values }: Entries): void {
    for (let i = 0; i < keys.length; i++) {
      this.#put(into[i] as Bytes, keys[i], values[i] as Uint8Array | null)
    }
  }

  #encode(group: Group, checked: CheckedGroup, databases: Databases): void {
    for (let i = 0; i < group.transactions.length; i++) {
      const transaction = group.transactions[i] as Group['transactions'][number]
      for (const revision of transaction.revisions) {
        const record = this.#memory.cut(recordBytes(revision))
        encodeRecordInto(revision, record)
        this.#put(databases.records, undefined, record)
      }
      for (const { name, oid } of transaction.names) {
        const key = nameKey(Buffer.from(name), transaction.tid)
        const value = this.#memory.cut(NAME_VALUE_BYTES)
        sealName(key, value, oid)
        this.#put(databases.names, key, value)
      }
      this.#describe(checked.infos[i] as TransactionInfo, databases)
    }
    for (const { table, key, value } of group.tables) {
      const bytes = tableKey(table, key)
      this.#put(databases.tables, bytes, value === null ? null : this.#sealed(bytes, value))
    }
    if (group.largestOid !== undefined) {
      const { key, value } = largestEntry(checked.head.oid)
      this.#put(databases.layout, key, value)
    }
  }

  #describe(info: TransactionInfo, databases: Databases): void {
    const key = this.#memory.cut(TID_KEY_BYTES)
    writeU64(key, 0, info.tid)
    this.#put(databases.transactions, key, this.#sealed(key, packTransaction(info)))
  }

  #sealed(key: Uint8Array, body: Uint8Array): Uint8Array {
    const value = this.#memory.cut(SEAL_BYTES + body.length)
    value.set(body, SEAL_BYTES)
    seal(key, value)
    return value
  }

  #put(into: Bytes, key: Uint8Array | undefined, value: Uint8Array | null): void {
    this.into.push(into)
    this.keys.push(key)
    this.values.push(value)
  }
}
