// Owns: backups in files: all transactions after one, checked, and the way back.
// Leaves: the bytes of a file to backup-file.ts; bringing transactions into a store to copy.ts; where files lie to whoever asks.
// Laws: IM91 a backup is whole or not there; with those before it, it restores what it was made of. IM92 verifying tells damage.
// IM96 what was cut off is gone on with, and told how far it is.
import { asFault } from '#ground'
import type { Tid } from '#objects'
import { damagedFile, isOf, partsOf, Writing } from './backup-file.ts'
import { chunksOf } from './blob-file.ts'
import type { Blobs } from './blobs.ts'
import { Bringing, type CopyReport, entriesOf, noPlace } from './copy.ts'
import { imageFault } from './faults.ts'
import { TABLES } from './group.ts'
import type { Store, TableName, TableWrite, Transaction } from './store.ts'

/** What a backup file holds. `exitCode` is 0 when it is whole, 1 when it is damaged, for a command that verifies. */
export interface BackupReport {
  exitCode: 0 | 1
  /** The transaction after which it begins, and the last one in it. */
  since: Tid
  head: Tid
  /** The time of `head`, milliseconds since 1970: which image it is of. 0 when it has no transaction. */
  time: number
  transactions: number
  /** Pieces of the files of blobs; absent when it has none. */
  pieces?: number
  problem: string | undefined
}

/** How a long work tells how far it is, and how it is ended: then what was done of it stays for the next time. */
export interface Watch {
  /** Transactions done and in all. */
  progress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/** Parts between two breaths, in which signals are heard and progress is told: a few milliseconds of work. */
const BREATH = 256

const breath = () => new Promise<void>((go) => setImmediate(go))

/** What a backup is to hold. */
export interface BackupRequest extends Watch {
  /** The transaction after which it begins, 0 (the default) for all. */
  since?: Tid
}

/**
 * Writes all transactions after `since` and all table values to a file, which is there when it is whole and durable. A backup that
 * was cut off is gone on with, when it is of the same image and the image was not packed since. Faults CONFLICT when a pack has
 * removed what came after `since`, also while it works.
 */
export async function backup(
  store: Store,
  file: string,
  { since = 0, progress, signal }: BackupRequest = {},
): Promise<BackupReport> {
  const packedTo = store.packedTo()
  const time = timeOfSince(store, since)
  using writing = new Writing(`${file}.part`, { since, time, packedTo }, store)
  try {
    await bringAll(store, writing, { since, progress, signal })
  } catch (error) {
    if (asFault(error)?.code !== 'CONFLICT') throw error
    writing.remove()
    throw packedMeanwhile()
  }
  if (store.packedTo() !== packedTo) {
    writing.remove()
    throw packedMeanwhile()
  }
  for (const table of Object.keys(TABLES) as TableName[]) {
    for (const { key, value } of entriesOf(store, table))
      writing.write(['table', table, key, value])
  }
  writing.finish(store, file)
  const { transactions, last: head } = writing
  progress?.(transactions, transactions)
  const at = transactions === 0 ? time : (store.transaction(head)?.time ?? 0)
  return { exitCode: 0, since, head, time: at, transactions, problem: undefined }
}

/** Brings all transactions that are there when it ends. Behind its end nothing else has run, so the tables are those of the last. */
async function bringAll(
  store: Store,
  writing: Writing,
  { since, progress, signal }: Watch & { since: Tid },
): Promise<void> {
  const files = new FilesOut(store, since, writing.files)
  const bring = function* (): Generator<void, void, undefined> {
    const stop = store.head().tid
    for (const one of store.replay({ start: writing.last + 1, stop })) {
      for (const piece of files.before(one)) {
        writing.write(piece)
        yield
      }
      writing.transaction(one)
      if (writing.transactions % BREATH === 0) yield
    }
  }
  for (const _ of bring()) {
    progress?.(writing.last - since, store.head().tid - since)
    await breath()
    signal?.throwIfAborted()
  }
  // The first round was of what was there as it began; what is left is little.
  for (const _ of bring());
}

/** The files of blobs on their way out, each once; those that an earlier backup has are not among them. */
class FilesOut {
  readonly #files: Blobs | undefined
  readonly #since: Tid
  readonly #written: Set<string>

  constructor(store: Store, since: Tid, written: ReadonlySet<string>) {
    this.#files = store.files?.()
    this.#since = since
    this.#written = new Set(written)
  }

  /** The frames that come before a transaction. */
  *before(transaction: Transaction): Generator<unknown[], void, undefined> {
    for (const { oid, tid, path, bytes: size } of this.#files?.spokenOf(transaction) ?? []) {
      const place = `${oid}/${tid}`
      if (tid <= this.#since || this.#written.has(place)) continue
      this.#written.add(place)
      for (const bytes of chunksOf(path)) yield ['file', oid, tid, bytes]
      // Of an empty file there is one piece too.
      if (size === 0) yield ['file', oid, tid, new Uint8Array()]
    }
  }
}

const packedMeanwhile = () =>
  imageFault(
    'CONFLICT',
    'The image was packed while it was backed up, so what was written is removed.',
    undefined,
    'Back it up again.',
  )

/** The time of the transaction after which a backup begins. Faults CONFLICT when it cannot begin there. */
function timeOfSince(store: Store, since: Tid): number {
  if (since === 0) return 0
  if (since < store.packedTo()) {
    throw imageFault(
      'CONFLICT',
      `The store is packed to transaction ${store.packedTo()}; what came after ${since} is not whole.`,
      { since, packedTo: store.packedTo() },
      'Make a full backup.',
    )
  }
  const described = store.transaction(since)
  if (described !== undefined) return described.time
  throw imageFault(
    'CONFLICT',
    `There is no transaction ${since} to go on from.`,
    { since, head: store.head().tid },
    'Go on from the last transaction of a backup of this image, or make a full one.',
  )
}

/** Reads all of a file. Never throws for damage. */
export function verifyBackup(file: string): BackupReport {
  const verifying = readThrough(file)
  for (;;) {
    const step = verifying.next()
    if (step.done === true) return step.value
  }
}

/** Reads all of a file, and breathes meanwhile. */
async function verified(file: string, signal: AbortSignal | undefined): Promise<BackupReport> {
  const verifying = readThrough(file)
  for (;;) {
    const step = verifying.next()
    if (step.done === true) return step.value
    await breath()
    signal?.throwIfAborted()
  }
}

function* readThrough(file: string): Generator<void, BackupReport, undefined> {
  const report: BackupReport = {
    exitCode: 0,
    since: 0,
    head: 0,
    time: 0,
    transactions: 0,
    problem: undefined,
  }
  try {
    let parts = 0
    for (const { part } of partsOf(file)) {
      if (part.kind === 'begin') {
        report.since = part.since
        report.time = part.time
      } else if (part.kind === 'transaction') {
        report.transactions++
        report.head = part.transaction.tid
        report.time = part.transaction.time
      } else if (part.kind === 'file') {
        report.pieces = (report.pieces ?? 0) + 1
      } else if (part.kind === 'end') report.head = part.head
      if (++parts % BREATH === 0) yield
    }
    return report
  } catch (error) {
    return { ...report, exitCode: 1, problem: (error as Error).message }
  }
}

/**
 * Brings a backup into a store: a full one into an empty store, one that goes on from a transaction into a store whose newest
 * is that transaction. With `resume` a store that has some of it already gets the rest. The file is verified first. Faults
 * IMAGE_DAMAGED and CONFLICT, and brings nothing then.
 */
export async function restore(
  file: string,
  target: Store,
  { resume = false, progress, signal }: Watch & { resume?: boolean } = {},
): Promise<CopyReport> {
  const { problem, since, head: last, transactions, pieces } = await verified(file, signal)
  if (problem !== undefined) {
    throw imageFault(
      'IMAGE_DAMAGED',
      problem,
      { file },
      'Restore without it, from earlier backups.',
    )
  }
  if (pieces !== undefined && target.files === undefined) throw noPlace('The backup')
  const head = target.head().tid
  const bringing = new Bringing(target)
  const receiving = target.files?.().receiving()
  const isThere = resume && head > last
  const tables: TableWrite[] = []
  const kept = new Map<TableName, Set<string>>()
  for (const table of Object.keys(TABLES) as TableName[]) kept.set(table, new Set())
  let done = 0
  for (const { part } of partsOf(file)) {
    if (part.kind === 'begin') {
      const time = since === 0 ? 0 : target.transaction(since)?.time
      if ((head === since || (resume && head > since)) && time === part.time) continue
      throw otherHistory(since, head)
    }
    if (part.kind === 'transaction') {
      const { transaction } = part
      if (transaction.tid === head && !isOf(target, transaction)) throw otherHistory(since, head)
      await receiving?.before(transaction)
      if (transaction.tid > head) await bringing.transaction(transaction)
      done++
    } else if (part.kind === 'file') {
      await receiving?.piece(part.oid, part.tid, part.bytes)
    } else if (isThere) {
      // A later backup was begun: its tables are the newer ones.
      if (part.kind === 'end') return { transactions, revisions: 0, head }
    } else if (part.kind === 'table') {
      tables.push(part.write)
      kept.get(part.write.table)?.add(part.write.key)
    } else {
      for (const [table, keys] of kept) {
        for (const { key } of entriesOf(target, table)) {
          if (!keys.has(key)) tables.push({ table, key, value: null })
        }
      }
      await receiving?.end()
      const report = await bringing.end(tables, part)
      progress?.(transactions, transactions)
      return { ...report, transactions }
    }
    if (done % BREATH !== 0) continue
    progress?.(done, transactions)
    await breath()
    signal?.throwIfAborted()
  }
  throw damagedFile(file, 'has no end')
}

const otherHistory = (since: Tid, head: Tid) =>
  imageFault(
    'CONFLICT',
    since === 0
      ? `The backup has all of an image, and something is there already, up to transaction ${head}.`
      : `The backup goes on from transaction ${since}, and the store is at ${head} or has another ${since}.`,
    { since, head },
    'Restore the backups in the order in which they were made, into an empty store.',
  )
