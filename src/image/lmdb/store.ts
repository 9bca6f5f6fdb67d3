// Owns: the store on LMDB: one folder, one environment, one line of writes.
// Leaves: bytes to schema.ts and record.ts; the line to writer.ts; reads to reader.ts; the lock to lock.ts.
// Laws: IM1–IM20 of SPEC.md; IM7 a closed store faults on use.
import type { Oid, Tid } from '#objects'
import { closedFault, imageFault, readOnlyFault } from '../faults.ts'
import { checkGroup, type Head } from '../group.ts'
import { Packer } from '../pack.ts'
import { replay } from '../replay.ts'
import type {
  Group,
  PackProgress,
  PackReport,
  PackRequest,
  Revision,
  Store,
  TableName,
  Transaction,
  TransactionInfo,
  VerifyReport,
} from '../store.ts'
import { lmdbPacked } from './packed.ts'
import { Reader } from './reader.ts'
import { bytesInUse, type Databases, openDatabases, readPacked } from './schema.ts'
import { verifyDatabases } from './verify.ts'
import { Writer } from './writer.ts'

/**
 * Opens the image in a folder, making it when it is missing. The caller holds the image's lock (lock.ts) before
 * and until the promise of close. Faults IMAGE_DAMAGED when its layout is not the one this program reads.
 *
 * With `readOnly` nothing is made and nothing is written, no lock is needed, and the head stays where it was at the
 * opening, also while another process writes.
 */
export function openLmdbStore(folder: string, options: { readOnly?: boolean } = {}): LmdbStore {
  return new LmdbStore(openDatabases(folder, options), options.readOnly ?? false)
}

/** The store with what its opening needs besides. */
export class LmdbStore implements Store {
  readonly #databases: Databases
  readonly #reader: Reader
  readonly #writer: Writer
  /** After the newest durable group. */
  #head: Head
  /** After the newest group handed in: what the next one must follow. */
  #tail: Head
  #closing: Promise<void> | undefined
  readonly #isReadOnly: boolean
  readonly #packer = new Packer()
  #packedTo: Tid

  constructor(databases: Databases, isReadOnly: boolean) {
    this.#databases = databases
    this.#isReadOnly = isReadOnly
    this.#head = Reader.head(databases)
    this.#tail = this.#head
    this.#packedTo = readPacked(databases.layout).tid
    const head = () => this.#head
    this.#reader = new Reader(databases, head, () => this.packedTo())
    this.#writer = new Writer(databases, (head) => {
      this.#head = head
    })
  }

  isReadOnly(): boolean {
    return this.#isReadOnly
  }

  head(): { tid: Tid; oid: Oid } {
    this.#live()
    return { tid: this.#head.tid, oid: this.#head.oid }
  }

  read(oid: Oid, at?: Tid): Revision | undefined {
    return this.#ask(() => this.#reader.read(oid, at))
  }

  revisions(oid: Oid, options: { before?: Tid; limit?: number } = {}): Revision[] {
    return this.#ask(() => this.#reader.revisions(oid, options.before, options.limit))
  }

  name(name: string, at?: Tid): Oid | undefined {
    return this.#ask(() => this.#reader.name(name, at))
  }

  names(
    options: { prefix?: string; after?: string; limit?: number; at?: Tid } = {},
  ): { name: string; oid: Oid }[] {
    return this.#ask(() => this.#reader.names(options))
  }

  transaction(tid: Tid): TransactionInfo | undefined {
    return this.#ask(() => this.#reader.transaction(tid))
  }

  transactions(options: { before?: Tid; limit?: number } = {}): TransactionInfo[] {
    return this.#ask(() => this.#reader.transactions(options.before, options.limit))
  }

  tidAt(time: number): Tid {
    return this.#ask(() => this.#reader.tidAt(time))
  }

  get(table: TableName, key: string): Uint8Array | undefined {
    return this.#ask(() => this.#reader.get(table, key))
  }

  scan(
    table: TableName,
    options: { from?: string; limit?: number } = {},
  ): { key: string; value: Uint8Array }[] {
    return this.#ask(() => this.#reader.scan(table, options.from, options.limit))
  }

  // Not async: a promise of its own for every group would cost more than its checks.
  commit(group: Group): Promise<void> {
    try {
      return this.#handIn(group)
    } catch (fault) {
      return Promise.reject(fault)
    }
  }

  #handIn(group: Group): Promise<void> {
    this.#live()
    if (this.#isReadOnly) throw readOnlyFault()
    if (this.#writer.failure !== undefined) throw this.#writer.failure
    const checked = checkGroup(group, this.#tail)
    this.#packer.meet(group)
    const durable = this.#writer.add(group, checked)
    this.#tail = checked.head
    return durable
  }

  objects(options: { at?: Tid } = {}): Iterable<Revision> {
    this.#live()
    return told(this.#reader.objects(() => this.#live(), options.at))
  }

  replay(options: { start?: Tid; stop?: Tid } = {}): Iterable<Transaction> {
    const reader = this.#reader
    return replay(
      {
        head: () => this.head(),
        packedTo: () => this.packedTo(),
        infosFrom: (start, limit) => reader.infosFrom(start, limit),
        exact: (oid, tid) => reader.exact(oid, tid),
        binding: (name, tid) => reader.binding(name, tid),
      },
      options,
    )
  }

  packedTo(): Tid {
    this.#live()
    // Another process may pack what this one reads.
    if (this.#isReadOnly) this.#packedTo = readPacked(this.#databases.layout).tid
    return this.#packedTo
  }

  async pack(
    request: PackRequest,
    progress?: (progress: PackProgress) => void,
  ): Promise<PackReport> {
    this.#live()
    if (this.#isReadOnly && request.checkOnly !== true) throw readOnlyFault()
    const packed = lmdbPacked(this, this.#databases, this.#reader, this.#writer, {
      isReadOnly: this.#isReadOnly,
      largest: () => this.#tail.oid,
      moved: (at) => {
        this.#packedTo = at
      },
    })
    return this.#packer.run(packed, request, progress)
  }

  onRemoved(hear: (oids: readonly Oid[]) => void): () => void {
    return this.#packer.onRemoved(hear)
  }

  bytes(): number {
    this.#live()
    return bytesInUse(this.#databases)
  }

  verify(): VerifyReport {
    this.#live()
    return verifyDatabases(this.#databases)
  }

  /** Takes no more writes, for this reason; reads go on. */
  refuseWrites(reason: Error): void {
    this.#writer.refuse(reason)
  }

  /** False once a write has failed or was refused. */
  isWritable(): boolean {
    return this.#writer.failure === undefined
  }

  /**
   * Keeps the pages of the newest transaction where they are until called again, so that others can read them. The file grows
   * meanwhile. It must be called again before the store is closed.
   */
  holdPages(): () => void {
    this.#live()
    const held = this.#databases.env.useReadTransaction()
    return () => held.done()
  }

  close(): Promise<void> {
    // Set before anything is waited for: what is under way sees it at its next step, and ends.
    this.#closing ??= this.#packer
      .ended()
      .then(() => this.#writer.idle())
      .then(() => this.#databases.env.close())
    return this.#closing
  }

  /** Reads; what LMDB itself stumbles over is damage that was done since its file was looked over, and is told as such. */
  #ask<T>(question: () => T): T {
    this.#live()
    try {
      return question()
    } catch (error) {
      throw toldAs(error)
    }
  }

  #live(): void {
    if (this.#closing !== undefined) throw closedFault()
  }
}

/** LMDB's numbers are from -30799 up; these of them say that there is no more room, which is no damage. */
const NO_ROOM: ReadonlySet<unknown> = new Set([-30792, -30791, -30790])

/** What LMDB stumbled over as a fault, anything else as it is. */
function toldAs(error: unknown): unknown {
  const code = (error as { code?: unknown } | undefined)?.code
  const isOfPages = typeof code === 'number' && code >= -30799 && code <= -30770
  if (!isOfPages || NO_ROOM.has(code)) return error
  return imageFault('IMAGE_DAMAGED', `The image could not be read (${String(error)}).`)
}

function* told<T>(walk: Iterable<T>): Generator<T, void, undefined> {
  try {
    yield* walk
  } catch (error) {
    throw toldAs(error)
  }
}
