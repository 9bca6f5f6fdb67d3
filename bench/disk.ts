// Owns: what the disk allows: raw LMDB, the image's own door, and the naive way, each with the bytes of an increment.
// Leaves: the whole path to durable.ts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { openLmdbStore, type Store, type Transaction } from '#image'
import { decodeSlots, encodeSlots, type Oid, Ref, type StoredSlot } from '#objects'
import { perSecond } from './contest.ts'

/** Bytes of a record and of its transaction's description, as an increment of a counter has them. */
const RECORD_BYTES = 70
const DESCRIPTION_BYTES = 40

/** Raw LMDB: the same puts of the same sizes under keys in the same order, durable by `flushed`. */
export class RawLmdb {
  readonly #folder: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #records: Database<Buffer, Buffer>
  readonly #transactions: Database<Buffer, Buffer>
  readonly #objects: number
  #tid = 0

  private constructor(folder: string, objects: number) {
    const bytes = { keyEncoding: 'binary', encoding: 'binary' } as const
    this.#folder = folder
    this.#objects = objects
    this.#root = open<Buffer, Buffer>({ ...bytes, path: folder, noSubdir: false, maxDbs: 4 })
    this.#records = this.#root.openDB<Buffer, Buffer>('records', bytes)
    this.#transactions = this.#root.openDB<Buffer, Buffer>('transactions', bytes)
  }

  static async make(objects: number): Promise<RawLmdb> {
    return new RawLmdb(await mkdtemp(join(tmpdir(), 'batos-bench-lmdb-')), objects)
  }

  rate(count: number, depth: number): Promise<number> {
    return perSecond(count, depth, async (n) => {
      const tid = ++this.#tid
      const record = Buffer.alloc(16)
      record.writeUInt32BE(n % this.#objects, 4)
      record.writeUInt32BE(tid, 12)
      const transaction = Buffer.alloc(8)
      transaction.writeUInt32BE(tid, 4)
      void this.#records.put(record, Buffer.alloc(RECORD_BYTES, n))
      await this.#transactions.put(transaction, Buffer.alloc(DESCRIPTION_BYTES, n))
      await this.#root.flushed
    })
  }

  async close(): Promise<void> {
    await this.#root.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** The image's store by itself, in a folder of its own, with counters as a world has them. */
export class Door {
  readonly #folder: string
  readonly #store: Store
  readonly #objects: number
  #tid = 1

  private constructor(folder: string, objects: number) {
    this.#folder = folder
    this.#objects = objects
    this.#store = openLmdbStore(join(folder, 'data'))
  }

  static async make(objects: number): Promise<Door> {
    const door = new Door(await mkdtemp(join(tmpdir(), 'batos-bench-door-')), objects)
    const revisions = Array.from({ length: objects }, (_, i) => door.#revision(i + 1, slotsOf(0)))
    const names = revisions.map(({ oid }) => ({ name: `counter-${oid}`, oid }))
    const first = { ...door.#transaction([]), revisions, names }
    await door.#store.commit({ transactions: [first], tables: [] })
    return door
  }

  /** Increments handed in whole, `depth` of them at a time. */
  rate(count: number, depth: number): Promise<number> {
    return perSecond(count, depth, (n) => {
      this.#tid++
      const revision = this.#revision((n % this.#objects) + 1, slotsOf(n))
      return this.#keep(this.#transaction([revision]))
    })
  }

  /** One message after the other: look the object up, read it, change it, write it, wait for the disk. */
  naiveRate(count: number): Promise<number> {
    return perSecond(count, 1, (n) => {
      const oid = this.#store.name(`counter-${(n % this.#objects) + 1}`) as Oid
      const slots = decodeSlots(this.#store.read(oid)?.payload as Uint8Array)
      const slot = slots.find(({ name }) => name === 'count') as StoredSlot
      this.#tid++
      slot.value = (slot.value as number) + 1
      slot.tid = this.#tid
      return this.#keep(this.#transaction([this.#revision(oid, slots)]))
    })
  }

  async close(): Promise<void> {
    await this.#store.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #revision(oid: Oid, slots: StoredSlot[]): Transaction['revisions'][number] {
    return { oid, tid: this.#tid, kind: 'object', refs: [1], payload: encodeSlots(slots) }
  }

  #transaction(revisions: Transaction['revisions']): Transaction {
    const tid = this.#tid
    return { tid, time: Date.now(), author: 'load', note: 'increment', revisions, names: [] }
  }

  #keep(transaction: Transaction): Promise<void> {
    return this.#store.commit({ transactions: [transaction], tables: [] })
  }
}

const slotsOf = (count: number): StoredSlot[] => [
  { name: 'parent*', tid: 1, value: new Ref(1) },
  { name: 'count', tid: 1, value: count },
]
