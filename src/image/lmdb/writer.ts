// Owns: the way of a group to the disk: its place in the line, one LMDB transaction at a time.
// Leaves: checking it to group.ts; its bytes to batch.ts; reading to reader.ts.
// Laws: IM1 a group lies in one LMDB transaction. IM2 commit resolves after that transaction is synced.
// IM5 groups become durable in the order of the calls, and after one that failed no later one is kept.
import type { RootDatabase } from 'lmdb'
import { imageFault } from '../faults.ts'
import type { CheckedGroup, Head } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { RECORD_KEY_AT } from '../record.ts'
import type { Group } from '../store.ts'
import { Batch, type Entries, Memory } from './batch.ts'
import { type Bytes, type Databases, RECORD_KEY_BYTES } from './schema.ts'

/**
 * The line of groups. While LMDB writes and syncs one batch on its own thread, groups that arrive are encoded here and
 * wait; then all of them go as the next batch, together with what those hand in who waited for this one. Only one LMDB
 * transaction is ever under way, because with two a failure of the first would leave the second standing on nothing.
 */
export class Writer {
  readonly #databases: Databases
  readonly #durable: (head: Head) => void
  readonly #memory = new Memory()
  /** Batches that wait; only the last one takes more. */
  #line: Batch[] = []
  #bytes = 0
  #writing = false
  #failure: Error | undefined
  #idle: (() => void)[] = []

  /** `durable` is told where the store stands after each batch, before the promises of its groups resolve. */
  constructor(databases: Databases, durable: (head: Head) => void) {
    this.#databases = databases
    this.#durable = durable
  }

  /** Why nothing can be written any more, when a write has failed. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Takes nothing more, for this reason. What is under way ends as it would have. */
  refuse(reason: Error): void {
    this.#failure ??= reason
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
    const batch = this.#batchFor(checked.bytes)
    batch.add(group, checked, this.#databases)
    this.#bytes += checked.bytes
    return this.#push(batch)
  }

  /** Puts into the line what is no group: removals of a pack, or nothing, to wait for what stands before. */
  change(entries: Entries): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const batch = this.#batchFor(0)
    batch.append(entries)
    return this.#push(batch)
  }

  #batchFor(bytes: number): Batch {
    const last = this.#line.at(-1)
    return last?.hasRoom(bytes) === true ? last : new Batch(this.#memory)
  }

  #push(batch: Batch): Promise<void> {
    if (batch !== this.#line.at(-1)) this.#line.push(batch)
    this.#begin()
    return batch.durable
  }

  /** Resolves when nothing is in the line. */
  idle(): Promise<void> {
    if (!this.#writing) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #begin(): void {
    if (this.#writing || this.#line.length === 0) return
    this.#writing = true
    // Behind every promise that was just settled: who was acknowledged often has more to hand in.
    process.nextTick(() => this.#write())
  }

  #write(): void {
    const batch = this.#line.shift() as Batch
    write(this.#databases.env, batch).then(
      () => this.#written(batch),
      (cause: unknown) => this.#failed(batch, cause),
    )
  }

  #written(batch: Batch): void {
    this.#bytes -= batch.bytes
    if (batch.head !== undefined) this.#durable(batch.head)
    batch.resolve()
    this.#end()
  }

  #end(): void {
    this.#writing = false
    this.#begin()
    if (this.#writing) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  // The groups behind the failed one may depend on it, so they fail with it.
  #failed(batch: Batch, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause)
    this.#failure = imageFault(
      'READ_ONLY',
      `The image could not be written (${reason}) and takes no more writes until it is opened again.`,
      { reason },
      'Make room on the disk or repair it, then open the image again; what was acknowledged is there.',
    )
    const failed = [batch, ...this.#line.splice(0)]
    this.#bytes = 0
    for (const { reject } of failed) reject(this.#failure)
    this.#end()
  }
}

/** LMDB copies a key at once, so this one serves for every record. */
const KEY = new Uint8Array(RECORD_KEY_BYTES)

function keyInRecord(record: Uint8Array): Uint8Array {
  for (let i = 0; i < RECORD_KEY_BYTES; i++) KEY[i] = record[RECORD_KEY_AT + i] as number
  return KEY
}

/** Runs one LMDB transaction with all entries; resolves after its sync, rejects with the cause. */
async function write(
  env: RootDatabase<Uint8Array, Uint8Array>,
  { into, keys, values }: Entries,
): Promise<void> {
  try {
    // Inside a batch LMDB makes no promise and calls nothing back for a single entry.
    await env.batch(() => {
      for (let i = 0; i < keys.length; i++) {
        const value = values[i] as Uint8Array | null
        const key = keys[i]
        if (value === null) (into[i] as Bytes).remove(key as Uint8Array)
        else (into[i] as Bytes).put(key ?? keyInRecord(value), value)
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
