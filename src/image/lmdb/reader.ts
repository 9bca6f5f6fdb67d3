// Owns: every read of an LMDB image as of its newest durable transaction or an earlier one.
// Leaves: writing to writer.ts; reading everything to verify.ts.
// Laws: IM4 a read as of a tid never changes afterwards. IM6 a read without a tid is as of the head.
// IM9 what is damaged faults on reading.
import { asFault } from '#ground'
import type { Oid, Tid } from '#objects'
import { packedFault } from '../faults.ts'
import { type Head, isName } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { decodeRecord } from '../record.ts'
import { unpackTransaction, unseal, unsealName } from '../sealed.ts'
import type { Revision, TableName, TransactionInfo } from '../store.ts'
import {
  behindName,
  type Databases,
  NAME_KEY_TAIL,
  nameKey,
  oidOfKey,
  RECORD_KEY_BYTES,
  readPacked,
  recordKey,
  tableKey,
  tidKey,
  tidOfKey,
} from './schema.ts'

/** How many objects a walk looks up at a time: no cursor stays open while the caller works. */
const WALK_STEP = 256

export class Reader {
  readonly #databases: Databases
  readonly #head: () => Head
  readonly #packedTo: () => Tid
  // LMDB copies keys before a read returns, so these two serve every read of one record.
  readonly #from = new Uint8Array(RECORD_KEY_BYTES)
  readonly #to = new Uint8Array(RECORD_KEY_BYTES)

  constructor(databases: Databases, head: () => Head, packedTo: () => Tid) {
    this.#databases = databases
    this.#head = head
    this.#packedTo = packedTo
  }

  /**
   * Where the image stands, from its last keys alone: the cost does not grow with the image. A newest description
   * that is damaged must not keep the image shut, or nobody could verify it; then an older one gives the time.
   */
  static head(databases: Databases): Head {
    let { oid } = readPacked(databases.layout)
    for (const key of databases.records.getKeys({ reverse: true, limit: 1 })) {
      oid = Math.max(oid, oidOfKey(key))
    }
    let tid: Tid = 0
    for (const { key, value } of databases.transactions.getRange({ reverse: true })) {
      if (tid === 0) tid = tidOfKey(key)
      try {
        return { tid, time: describe(key, value).time, oid }
      } catch (error) {
        if (asFault(error) === undefined) throw error
      }
    }
    return { tid, time: 0, oid }
  }

  read(oid: Oid, at?: Tid): Revision | undefined {
    const { records } = this.#databases
    const start = recordKey(this.#from, oid, this.#asOf(at))
    const end = recordKey(this.#to, oid, 0)
    for (const { key, value } of records.getRange({ start, end, reverse: true, limit: 1 })) {
      return decodeRecord(value, oid, tidOfKey(key))
    }
    this.#unpacked(at)
    return undefined
  }

  /** The revision that a transaction made, if it is still there. */
  exact(oid: Oid, tid: Tid): Revision | undefined {
    const value = this.#databases.records.get(recordKey(this.#from, oid, tid))
    return value === undefined ? undefined : decodeRecord(value, oid, tid)
  }

  revisions(oid: Oid, before: Tid | undefined, limit: number | undefined): Revision[] {
    const found: Revision[] = []
    const range = {
      start: recordKey(this.#from, oid, this.#below(before)),
      end: recordKey(this.#to, oid, 0),
      reverse: true,
      limit: limit ?? IMAGE_LIMITS.page,
    }
    for (const { key, value } of this.#databases.records.getRange(range)) {
      found.push(decodeRecord(value, oid, tidOfKey(key)))
    }
    return found
  }

  name(name: string, at?: Tid): Oid | undefined {
    if (!isName(name)) return undefined
    const found = this.#bound(Buffer.from(name), this.#asOf(at))
    if (found === undefined) this.#unpacked(at)
    return found
  }

  /** What a transaction bound a name to, null when to nothing, undefined when that is gone. */
  binding(name: string, tid: Tid): Oid | null | undefined {
    const key = nameKey(Buffer.from(name), tid)
    const value = this.#databases.names.get(key)
    return value === undefined ? undefined : (unsealName(key, value) ?? null)
  }

  /** Every binding of every name, oldest first within a name. */
  *bindings(): Generator<{ name: string; oid: Oid | null; tid: Tid }> {
    for (const { key, value } of this.#databases.names.getRange()) {
      const name = Buffer.from(key.subarray(0, key.length - NAME_KEY_TAIL)).toString()
      yield { name, oid: unsealName(key, value) ?? null, tid: tidOfKey(key) }
    }
  }

  names(options: {
    prefix?: string
    after?: string
    limit?: number
    at?: Tid
  }): { name: string; oid: Oid }[] {
    this.#unpacked(options.at)
    const at = this.#asOf(options.at)
    const limit = options.limit ?? IMAGE_LIMITS.page
    const prefix = Buffer.from(options.prefix ?? '')
    if (prefix.length > IMAGE_LIMITS.nameBytes) return []
    let start: Uint8Array = prefix
    if (options.after !== undefined) {
      const after = cutKey(behindName(Buffer.from(options.after)), IMAGE_LIMITS.nameBytes)
      if (Buffer.compare(after, start) > 0) start = after
    }
    const found: { name: string; oid: Oid }[] = []
    while (found.length < limit) {
      // One step to the next name and one to its revision: long histories of names cost nothing.
      const name = this.#nextName(start)
      if (name === undefined || !startsWith(name, prefix)) break
      const oid = this.#bound(name, at)
      if (oid !== undefined) found.push({ name: Buffer.from(name).toString(), oid })
      start = behindName(name)
    }
    return found
  }

  transaction(tid: Tid): TransactionInfo | undefined {
    if (tid > this.#head().tid) return undefined
    const key = tidKey(tid)
    const value = this.#databases.transactions.get(key)
    return value === undefined ? undefined : describe(key, value)
  }

  transactions(before: Tid | undefined, limit: number | undefined): TransactionInfo[] {
    const found: TransactionInfo[] = []
    const range = {
      start: tidKey(this.#below(before)),
      end: tidKey(0),
      reverse: true,
      limit: limit ?? IMAGE_LIMITS.page,
    }
    for (const { key, value } of this.#databases.transactions.getRange(range)) {
      found.push(describe(key, value))
    }
    return found
  }

  /** Descriptions from `start` on, oldest first. */
  infosFrom(start: Tid, limit: number): TransactionInfo[] {
    const range = { start: tidKey(Math.max(0, start)), end: tidKey(this.#head().tid + 1), limit }
    const found: TransactionInfo[] = []
    for (const { key, value } of this.#databases.transactions.getRange(range)) {
      found.push(describe(key, value))
    }
    return found
  }

  /** Halves the range of tids; times never fall (IM8), so each look says which half to keep. */
  tidAt(time: number): Tid {
    let best: Tid = 0
    let low: Tid = 0
    let high: Tid = this.#head().tid
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      const [info] = this.transactions(middle + 1, 1)
      if (info === undefined || info.tid <= low) {
        low = middle
      } else if (info.time <= time) {
        best = info.tid
        low = middle
      } else {
        high = info.tid - 1
      }
    }
    return best
  }

  get(table: TableName, key: string): Uint8Array | undefined {
    const bytes = tableKey(table, key)
    if (bytes.length - 1 > IMAGE_LIMITS.tableKeyBytes) return undefined
    const value = this.#databases.tables.get(bytes)
    return value === undefined ? undefined : unseal(bytes, value, `Table ${table}`)
  }

  scan(
    table: TableName,
    from: string | undefined,
    limit: number | undefined,
  ): { key: string; value: Uint8Array }[] {
    const start = cutKey(tableKey(table, from ?? ''), IMAGE_LIMITS.tableKeyBytes + 1)
    const end = Uint8Array.of((start[0] as number) + 1)
    const found: { key: string; value: Uint8Array }[] = []
    const range = { start, end, limit: limit ?? IMAGE_LIMITS.page }
    for (const { key, value } of this.#databases.tables.getRange(range)) {
      found.push({
        key: Buffer.from(key.subarray(1)).toString(),
        value: unseal(key, value, `Table ${table}`),
      })
    }
    return found
  }

  /** Every object's newest revision as of `asOf`, or of the head at the first step, gone ones too. */
  *objects(live: () => void, asOf: Tid | undefined): Generator<Revision, void, undefined> {
    live()
    const at = this.#asOf(asOf)
    let next: Oid | undefined = 1
    while (next !== undefined) {
      live()
      const step = this.#step(next, at)
      for (const { oid, tid } of step.found) {
        live()
        this.#unpacked(at)
        const value = this.#databases.records.get(recordKey(this.#from, oid, tid))
        if (value !== undefined) yield decodeRecord(value, oid, tid)
      }
      next = step.next
    }
  }

  /** The newest tids of up to WALK_STEP objects from `first` on, and where to go on. */
  #step(first: Oid, at: Tid): { found: { oid: Oid; tid: Tid }[]; next: Oid | undefined } {
    const found: { oid: Oid; tid: Tid }[] = []
    let last: { oid: Oid; tid: Tid } | undefined
    const range = { start: recordKey(this.#from, first, 0) }
    for (const key of this.#databases.records.getKeys(range)) {
      const tid = tidOfKey(key)
      if (tid > at) continue
      const oid = oidOfKey(key)
      if (oid === last?.oid) {
        last.tid = tid
        continue
      }
      if (found.length === WALK_STEP) return { found, next: oid }
      last = { oid, tid }
      found.push(last)
    }
    return { found, next: undefined }
  }

  /** Up to `limit` objects from `first` on with the tids of all their revisions, oldest first. */
  tids(first: Oid, limit: number): { oid: Oid; tids: Tid[] }[] {
    const found: { oid: Oid; tids: Tid[] }[] = []
    let last: { oid: Oid; tids: Tid[] } | undefined
    const range = { start: recordKey(this.#from, first, 0) }
    for (const key of this.#databases.records.getKeys(range)) {
      const oid = oidOfKey(key)
      if (oid !== last?.oid) {
        if (found.length === limit) break
        last = { oid, tids: [] }
        found.push(last)
      }
      last.tids.push(tidOfKey(key))
    }
    return found
  }

  #nextName(start: Uint8Array): Uint8Array | undefined {
    const range = start.length === 0 ? { limit: 1 } : { start, limit: 1 }
    for (const key of this.#databases.names.getKeys(range)) {
      return key.subarray(0, key.length - NAME_KEY_TAIL)
    }
    return undefined
  }

  #bound(name: Uint8Array, at: Tid): Oid | undefined {
    const start = nameKey(name, at)
    const end = nameKey(name, 0)
    const range = { start, end, reverse: true, limit: 1 }
    for (const { key, value } of this.#databases.names.getRange(range)) {
      return unsealName(key, value)
    }
    return undefined
  }

  /** Faults CONFLICT when what was not found may have been there, and was packed away. */
  #unpacked(at: Tid | undefined): void {
    if (at === undefined) return
    const packedTo = this.#packedTo()
    if (at < packedTo) throw packedFault(at, packedTo)
  }

  #asOf(at: Tid | undefined): Tid {
    const head = this.#head().tid
    return at === undefined || at > head ? head : Math.max(0, at)
  }

  #below(before: Tid | undefined): Tid {
    return this.#asOf(before === undefined ? undefined : before - 1)
  }
}

// A key longer than any that is stored compares the same with all of them when it is cut one byte behind.
function cutKey(key: Uint8Array, longest: number): Uint8Array {
  return key.length > longest + 1 ? key.subarray(0, longest + 1) : key
}

function describe(key: Uint8Array, value: Uint8Array): TransactionInfo {
  const tid = tidOfKey(key)
  return unpackTransaction(tid, unseal(key, value, `The description of transaction ${tid}`))
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  return Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
}
