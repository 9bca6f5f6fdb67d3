// Owns: the way of a group to the disk: its bytes, its place in the line, one LMDB transaction at a time.
// Leaves: checking it to group.ts; reading to reader.ts.
// Laws: IM1 a group lies in one LMDB transaction. IM2 commit resolves after that transaction is synced.
// IM5 groups become durable in the order of the calls, and after one that failed no later one is kept.
import type { RootDatabase } from 'lmdb'
import { imageFault } from '../faults.ts'
import type { CheckedGroup, Head } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { encodeRecordInto, recordBytes, writeU64 } from '../record.ts'
import { NAME_VALUE_BYTES, packTransaction, SEAL_BYTES, seal, sealName } from '../sealed.ts'
import type { Group } from '../store.ts'
import {
  type Bytes,
  type Databases,
  largestEntry,
  nameKey,
  TID_KEY_BYTES,
  tableKey,
} from './schema.ts'

/** What goes to LMDB for one group: one entry an index; a null value removes. */
export interface Entries {
  into: Bytes[]
  keys: Uint8Array[]
  values: (Uint8Array | null)[]
}

interface Waiting {
  entries: Entries
  /** Where the store stands afterwards; undefined for what is no group. */
  head: Head | undefined
  bytes: number
  resolve: () => void
  reject: (fault: Error) => void
}

/**
 * The line of groups. While LMDB writes and syncs one batch on its own thread, groups that arrive are encoded here
 * and wait; then all of them go as the next batch. Only one LMDB transaction is ever under way, because with
 * two a failure of the first would leave the second standing on nothing.
 */
export class Writer {
  readonly #databases: Databases
  readonly #durable: (head: Head) => void
  #line: Waiting[] = []
  #bytes = 0
  #writing = false
  #failure: Error | undefined
  #idle: (() => void)[] = []

  /** `durable` is told where the store stands after each group, before that group's promise resolves. */
  constructor(databases: Databases, durable: (head: Head) => void) {
    this.#databases = databases
    this.#durable = durable
  }

  /** Why nothing can be written any more, when a write has failed. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Puts a checked group in the line. Its bytes are copied now. Throws LIMIT when too much is waiting. */
  add(group: Group, checked: CheckedGroup): Promise<void> {
    if (this.#bytes + checked.bytes > IMAGE_LIMITS.inFlightBytes) {
      throw imageFault(
        'LIMIT',
        `${this.#bytes} bytes wait for the disk; the limit is ${IMAGE_LIMITS.inFlightBytes}.`,
        { bytes: this.#bytes },
        'Wait for earlier commits before handing in more.',
      )
    }
    return this.#push(encode(group, checked, this.#databases), checked.head, checked.bytes)
  }

  /** Puts into the line what is no group: removals of a pack, or nothing, to wait for what stands before. */
  change(entries: Entries): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return this.#push(entries, undefined, 0)
  }

  #push(entries: Entries, head: Head | undefined, bytes: number): Promise<void> {
    this.#bytes += bytes
    const promise = new Promise<void>((resolve, reject) => {
      this.#line.push({ entries, head, bytes, resolve, reject })
    })
    this.#next()
    return promise
  }

  /** Resolves when nothing is in the line. */
  idle(): Promise<void> {
    if (!this.#writing) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #next(): void {
    if (this.#writing) return
    if (this.#line.length === 0) {
      const idle = this.#idle
      this.#idle = []
      for (const resolve of idle) resolve()
      return
    }
    const batch = this.#take()
    this.#writing = true
    write(this.#databases.env, batch).then(
      () => {
        this.#writing = false
        for (const { bytes } of batch) this.#bytes -= bytes
        this.#next()
        for (const waiting of batch) {
          if (waiting.head !== undefined) this.#durable(waiting.head)
          waiting.resolve()
        }
      },
      (cause: unknown) => {
        this.#writing = false
        this.#fail(cause, batch)
        this.#next()
      },
    )
  }

  /** Takes from the line what one LMDB transaction may hold: at least one group. */
  #take(): Waiting[] {
    let count = 0
    let bytes = 0
    for (const waiting of this.#line) {
      bytes += waiting.bytes
      if (count > 0 && bytes > IMAGE_LIMITS.groupBytes) break
      count++
    }
    return this.#line.splice(0, count)
  }

  // The groups behind the failed one may depend on it, so they fail with it.
  #fail(cause: unknown, batch: Waiting[]): void {
    const reason = cause instanceof Error ? cause.message : String(cause)
    this.#failure = imageFault(
      'READ_ONLY',
      `The image could not be written (${reason}) and takes no more writes until it is opened again.`,
      { reason },
      'Make room on the disk or repair it, then open the image again; what was acknowledged is there.',
    )
    const failed = [...batch, ...this.#line]
    this.#line = []
    this.#bytes = 0
    for (const { reject } of failed) reject(this.#failure)
  }
}

/** Runs one LMDB transaction with all entries of the batch; resolves after its sync, rejects with the cause. */
async function write(
  env: RootDatabase<Uint8Array, Uint8Array>,
  batch: readonly Waiting[],
): Promise<void> {
  try {
    // Inside a batch LMDB makes no promise and calls nothing back for a single entry.
    await env.batch(() => {
      for (const { entries } of batch) {
        const { into, keys, values } = entries
        for (let i = 0; i < keys.length; i++) {
          const value = values[i] as Uint8Array | null
          if (value === null) (into[i] as Bytes).remove(keys[i] as Uint8Array)
          else (into[i] as Bytes).put(keys[i] as Uint8Array, value)
        }
      }
    })
  } catch (error) {
    // LMDB tells the reason by a second promise, which rejects.
    const told = (error as { commitError?: Promise<never> }).commitError
    if (told === undefined) throw error
    await told
    throw error
  }
}

/** The bytes of a group, in one block of memory that lives until LMDB has read it. */
function encode(group: Group, checked: CheckedGroup, databases: Databases): Entries {
  const packed = checked.infos.map(packTransaction)
  const block = Buffer.allocUnsafeSlow(size(group, packed))
  const entries: Entries = { into: [], keys: [], values: [] }
  let at = 0
  const cut = (bytes: number): Uint8Array => block.subarray(at, (at += bytes))
  const add = (into: Bytes, key: Uint8Array, value: Uint8Array | null): void => {
    entries.into.push(into)
    entries.keys.push(key)
    entries.values.push(value)
  }

  for (let i = 0; i < group.transactions.length; i++) {
    const transaction = group.transactions[i] as Group['transactions'][number]
    for (const revision of transaction.revisions) {
      const record = cut(recordBytes(revision))
      encodeRecordInto(revision, record)
      // The record's own oid and tid are its key.
      add(databases.records, record.subarray(8, 24), record)
    }
    for (const { name, oid } of transaction.names) {
      const key = nameKey(Buffer.from(name), transaction.tid)
      const value = cut(NAME_VALUE_BYTES)
      sealName(key, value, oid)
      add(databases.names, key, value)
    }
    const key = cut(TID_KEY_BYTES)
    writeU64(key, 0, transaction.tid)
    add(databases.transactions, key, sealed(key, packed[i] as Uint8Array, cut))
  }
  for (const { table, key, value } of group.tables) {
    const bytes = tableKey(table, key)
    add(databases.tables, bytes, value === null ? null : sealed(bytes, value, cut))
  }
  if (group.largestOid !== undefined) {
    const { key, value } = largestEntry(checked.head.oid)
    add(databases.layout, key, value)
  }
  return entries
}

function sealed(key: Uint8Array, body: Uint8Array, cut: (bytes: number) => Uint8Array): Uint8Array {
  const value = cut(SEAL_BYTES + body.length)
  value.set(body, SEAL_BYTES)
  seal(key, value)
  return value
}

function size(group: Group, packed: readonly Uint8Array[]): number {
  let bytes = 0
  for (const { revisions, names } of group.transactions) {
    for (const revision of revisions) bytes += recordBytes(revision)
    bytes += names.length * NAME_VALUE_BYTES
  }
  for (const body of packed) bytes += TID_KEY_BYTES + SEAL_BYTES + body.length
  for (const { value } of group.tables) {
    if (value !== null) bytes += SEAL_BYTES + value.length
  }
  return bytes
}
