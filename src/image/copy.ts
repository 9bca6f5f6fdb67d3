// Owns: bringing all transactions of one store into another, and the way that every such bringing takes.
// Leaves: files to backup.ts; damaged sources to salvage.ts.
// Laws: IM90 a copy replays as its source does, answers the same of every transaction that the source still answers for,
// and gives out no number a second time.
import { isDeepStrictEqual } from 'node:util'
import { type Oid, oidText, type Tid } from '#objects'
import type { Blobs } from './blobs.ts'
import { imageFault } from './faults.ts'
import { TABLES } from './group.ts'
import type { Store, TableName, TableWrite, Transaction } from './store.ts'

/** What is brought in one group: far below what a group may hold. */
const REVISIONS = 4_096
const BYTES = 8 * 1024 * 1024

/** Table values read at a time. */
const PAGE = 256

/** What a bringing came to. */
export interface CopyReport {
  transactions: number
  revisions: number
  /** The newest transaction afterwards. */
  head: Tid
}

/** Commits transactions in groups, and what comes with them at the end. */
export class Bringing {
  readonly #target: Store
  #transactions: Transaction[] = []
  #revisions = 0
  #bytes = 0
  readonly report: CopyReport

  constructor(target: Store) {
    this.#target = target
    this.report = { transactions: 0, revisions: 0, head: target.head().tid }
  }

  async transaction(transaction: Transaction): Promise<void> {
    this.#transactions.push(transaction)
    this.#revisions += transaction.revisions.length
    for (const { payload, refs } of transaction.revisions) {
      this.#bytes += payload.length + 8 * refs.length
    }
    this.report.transactions++
    this.report.revisions += transaction.revisions.length
    this.report.head = transaction.tid
    if (this.#revisions >= REVISIONS || this.#bytes >= BYTES) await this.#commit([])
  }

  /** Keeps what is left, table values, and that all oids up to `largestOid` are used; then takes over the pack time. */
  async end(
    tables: Iterable<TableWrite>,
    { largestOid, packedTo }: { largestOid: Oid; packedTo: Tid },
  ): Promise<CopyReport> {
    let writes: TableWrite[] = []
    for (const write of tables) {
      writes.push(write)
      this.#bytes += write.value?.length ?? 0
      if (this.#bytes < BYTES) continue
      await this.#commit(writes)
      writes = []
    }
    await this.#commit(writes, largestOid)
    // Nothing is left to remove: this only makes the copy say as well what it cannot answer any more.
    if (packedTo > this.#target.packedTo()) {
      await this.#target.pack({ before: packedTo, gc: false })
    }
    return this.report
  }

  async #commit(tables: TableWrite[], largestOid: Oid = 0): Promise<void> {
    const transactions = this.#transactions
    this.#transactions = []
    this.#revisions = 0
    this.#bytes = 0
    await this.#target.commit({ transactions, tables, ...(largestOid > 0 ? { largestOid } : {}) })
  }
}

/**
 * Brings what `source` has and `target` lacks. An empty target becomes a copy, and one that was copied before is brought up
 * to date. What is committed to the source meanwhile is not seen; to the target nothing else may be committed. Faults CONFLICT
 * when the target has transactions that the source does not have.
 */
export async function copyStore(source: Store, target: Store): Promise<CopyReport> {
  const head = source.head()
  const start = target.head().tid
  const isSame =
    start === 0 ||
    (start <= head.tid && sameDescription(source.transaction(start), target.transaction(start)))
  if (!isSame) {
    throw imageFault(
      'CONFLICT',
      `The target's transaction ${start} is not one of the source.`,
      { head: start },
      'Copy into an empty store.',
    )
  }
  const packedTo = source.packedTo()
  const bringing = new Bringing(target)
  const transactions = source.replay({ start: start + 1, stop: head.tid })
  const tables = tableDifference(source, target)
  const files = source.files?.()
  for (const transaction of transactions) {
    if (files !== undefined) await takeFiles(files, target, transaction)
    await bringing.transaction(transaction)
  }
  return bringing.end(tables, { largestOid: head.oid, packedTo })
}

/** The files of a transaction come before it. Faults FIELD_INVALID when the target has no place for them. */
async function takeFiles(files: Blobs, target: Store, transaction: Transaction): Promise<void> {
  const place = target.files?.()
  if (place !== undefined) return await place.take(files, transaction)
  for (const { oid } of files.spokenOf(transaction)) throw noPlace(`The blob ${oidText(oid)}`)
}

/** The fault of a store without a place for files that is to get one. */
export function noPlace(what: string): Error {
  return imageFault(
    'FIELD_INVALID',
    `${what} has a file, and the target has no place for files.`,
    undefined,
    'Open the target with `openBlobStore(store, folder)`.',
  )
}

type Described = ReturnType<Store['transaction']>

/** Whether two descriptions are of one transaction; what it changed may have been packed away in either. */
function sameDescription(one: Described, other: Described): boolean {
  if (one === undefined || other === undefined) return false
  const told = ({ tid, time, author, note }: NonNullable<Described>) => [tid, time, author, note]
  return isDeepStrictEqual(told(one), told(other))
}

/** The writes that make the tables of one store those of another. */
function* tableDifference(source: Store, target: Store): Generator<TableWrite, void, undefined> {
  for (const table of Object.keys(TABLES) as TableName[]) {
    for (const { key, value } of entriesOf(source, table)) yield { table, key, value }
    for (const { key } of entriesOf(target, table)) {
      if (source.get(table, key) === undefined) yield { table, key, value: null }
    }
  }
}

/** Every entry of a table, in order of its key, read page by page. */
export function* entriesOf(
  store: Store,
  table: TableName,
): Generator<{ key: string; value: Uint8Array }, void, undefined> {
  let last: string | undefined
  for (;;) {
    // A page begins with the last key of the one before, since there is no key between a key and the next.
    const page = store.scan(table, { from: last ?? '', limit: PAGE })
    for (const entry of page) if (entry.key !== last) yield entry
    const next = page.at(-1)?.key
    if (page.length < PAGE || next === undefined) return
    last = next
  }
}
