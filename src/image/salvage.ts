// Owns: making an image that opens out of one that is damaged, and saying what was lost.
// Leaves: reading the file to lmdb/page-*.ts, without LMDB; keeping what is found to any store.
// Laws: IM84 of a sound image nothing is lost. IM85 whatever the damage, it ends, and the new image is sound; what is not
// known to be true is left out and named.
import { type Oid, oidText, type Tid } from '#objects'
import { Bringing } from './copy.ts'
import { TABLES } from './group.ts'
import { leafEntries, recordsAnywhere } from './lmdb/page-scan.ts'
import { type Entry, PageWalk } from './lmdb/page-tree.ts'
import { NAME_KEY_TAIL, oidOfKey, RECORD_KEY_BYTES, tidOfKey } from './lmdb/schema.ts'
import { openFile } from './lmdb/verify-pages.ts'
import { decodeRecord, readU64 } from './record.ts'
import { unpackTransaction, unseal, unsealName } from './sealed.ts'
import type {
  Revision,
  Store,
  TableName,
  TableWrite,
  Transaction,
  TransactionInfo,
} from './store.ts'

/** What a salvage found and what it did not. */
export interface SalvageReport {
  transactions: number
  revisions: number
  /** Objects that are there in the new image. */
  objects: number
  /** Revisions that a description names and that are nowhere; `newest` when the object has no later one. */
  lost: { oid: Oid; tid: Tid; newest: boolean }[]
  /** Bindings of names that a description names and that are nowhere. */
  lostNames: { name: string; tid: Tid }[]
  /** References of kept objects to what is not there. */
  dangling: { oid: Oid; ref: Oid }[]
  /** Transactions of which no description was found; theirs is made up. */
  undescribed: Tid[]
  /** Transactions that were never acknowledged, or whose acknowledgement cannot be known: they are left out. */
  cut: Tid[]
  /** Tables of which some values may be missing. */
  tables: TableName[]
  /** What was wrong with the file. */
  damage: string[]
}

/** Entries of the lists in a report. */
const LISTED = 10_000

/**
 * Reads all that can be read of the image in `folder`, which nobody has open, and commits it to `target`, an empty store.
 * Memory: about as much as the image. Faults IMAGE_DAMAGED only when there is no file at all.
 */
export async function salvage(folder: string, target: Store): Promise<SalvageReport> {
  const found = new Finds()
  using file = openFile(folder)
  const walk = new PageWalk(file)
  walk.entries((entry) => found.take(entry))
  const damage = [...walk.problems.map(({ text }) => text), ...found.problems]
  const head = walk.broken.has('transactions') || walk.broken.has('') ? undefined : found.newest
  if (damage.length > 0) {
    for (const { key, value, written } of leafEntries(file)) found.guess(key, value, written)
    for (const { key, value } of recordsAnywhere(file)) found.record(key, value)
  }
  const isSuspect = walk.broken.has('tables') || walk.broken.has('') || found.hasLostTables
  return new Rebuild(found, { head, damage, isSuspect }).into(target)
}

/** All that was found, each thing once. */
class Finds {
  readonly records = new Map<string, Revision>()
  readonly infos = new Map<Tid, TransactionInfo>()
  readonly names = new Map<string, { name: string; oid: Oid | null; tid: Tid }>()
  /** `written` is undefined for what the trees lead to. */
  readonly tables = new Map<string, TableWrite & { written: number | undefined }>()
  readonly problems: string[] = []
  packedTo: Tid = 0
  largestOid: Oid = 0
  hasLostTables = false

  /** The newest transaction that has a description. */
  get newest(): Tid | undefined {
    let newest: Tid | undefined
    for (const tid of this.infos.keys()) newest = Math.max(newest ?? 0, tid)
    return newest
  }

  /** Takes what a tree leads to. */
  take({ tree, key, value }: Entry): void {
    const isTaken =
      (tree === 'records' && this.record(key, value)) ||
      (tree === 'transactions' && this.info(key, value)) ||
      (tree === 'names' && this.binding(key, value)) ||
      (tree === 'tables' && this.table(key, value, undefined)) ||
      (tree === 'layout' && this.layout(key, value))
    if (isTaken) return
    if (tree === 'tables') this.hasLostTables = true
    this.problems.push(`${entryText(tree, key)} does not match its checksum.`)
  }

  /** Takes what lay in some page, as whatever it is. */
  guess(key: Buffer, value: Buffer, written: number): void {
    if (key.length === RECORD_KEY_BYTES && this.record(key, value)) return
    if (key.length === 8 && this.info(key, value)) return
    if (this.layout(key, value)) return
    if (key.length > NAME_KEY_TAIL && this.binding(key, value)) return
    if (key.length > 0) this.table(key, value, written)
  }

  record(key: Buffer, value: Buffer): boolean {
    if (key.length !== RECORD_KEY_BYTES) return false
    return read(() => {
      const revision = decodeRecord(value, oidOfKey(key), tidOfKey(key))
      this.records.set(`${revision.oid} ${revision.tid}`, revision)
    })
  }

  info(key: Buffer, value: Buffer): boolean {
    return read(() => {
      const info = unpackTransaction(tidOfKey(key), unseal(key, value, 'It'))
      this.infos.set(info.tid, info)
    })
  }

  binding(key: Buffer, value: Buffer): boolean {
    if (key.length <= NAME_KEY_TAIL || key[key.length - NAME_KEY_TAIL] !== 0) return false
    return read(() => {
      const name = key.subarray(0, key.length - NAME_KEY_TAIL).toString()
      const tid = tidOfKey(key)
      this.names.set(`${tid} ${name}`, { name, oid: unsealName(key, value) ?? null, tid })
    })
  }

  table(key: Buffer, value: Buffer, written: number | undefined): boolean {
    const table = (Object.keys(TABLES) as TableName[]).find((name) => TABLES[name] === key[0])
    if (table === undefined) return false
    return read(() => {
      const body = Buffer.from(unseal(key, value, 'It'))
      const text = key.subarray(1).toString()
      const known = this.tables.get(`${table} ${text}`)
      if (known !== undefined && known.written === undefined) return
      if (known?.written !== undefined && known.written >= (written ?? 0)) return
      this.tables.set(`${table} ${text}`, { table, key: text, value: body, written })
    })
  }

  layout(key: Buffer, value: Buffer): boolean {
    const text = key.toString('latin1')
    if (text !== 'layout' && text !== 'packed' && text !== 'largest') return false
    return read(() => {
      const body = unseal(key, value, 'It')
      if (text === 'layout') return
      if (text === 'packed') this.packedTo = Math.max(this.packedTo, readU64(body, 0))
      this.largestOid = Math.max(this.largestOid, readU64(body, text === 'packed' ? 8 : 0))
    })
  }
}

/** What an entry of a tree is to people, by its key. */
function entryText(tree: string, key: Buffer): string {
  if (tree === 'records' && key.length === RECORD_KEY_BYTES) {
    return `The record of ${oidText(oidOfKey(key))} at transaction ${tidOfKey(key)}`
  }
  if (tree === 'transactions' && key.length === 8) {
    return `The description of transaction ${tidOfKey(key)}`
  }
  if (tree === 'names' && key.length > NAME_KEY_TAIL) {
    return `The name ${JSON.stringify(key.subarray(0, key.length - NAME_KEY_TAIL).toString())}`
  }
  return `An entry of tree ${JSON.stringify(tree)}`
}

/** Whether something could be read. */
function read(attempt: () => void): boolean {
  try {
    attempt()
    return true
  } catch {
    // It says itself that it is not what was looked for; whoever asked counts that.
    return false
  }
}

interface Known {
  /** The newest acknowledged transaction, when the file still says it. */
  head: Tid | undefined
  damage: string[]
  /** Whether table values may be missing, or lie in pages that are no longer in use. */
  isSuspect: boolean
}

/** Puts what was found in order, transaction by transaction. */
class Rebuild {
  readonly #found: Finds
  readonly #known: Known
  readonly #revisions = new Map<Tid, Revision[]>()
  readonly #names = new Map<Tid, { name: string; oid: Oid | null }[]>()
  readonly #newest = new Map<Oid, Revision>()
  readonly #report: SalvageReport

  constructor(found: Finds, known: Known) {
    this.#found = found
    this.#known = known
    this.#report = {
      transactions: 0,
      revisions: 0,
      objects: 0,
      lost: [],
      lostNames: [],
      dangling: [],
      undescribed: [],
      cut: [],
      tables: known.isSuspect ? (Object.keys(TABLES) as TableName[]) : [],
      damage: known.damage,
    }
    for (const revision of found.records.values()) push(this.#revisions, revision.tid, revision)
    for (const { tid, name, oid } of found.names.values()) push(this.#names, tid, { name, oid })
  }

  async into(target: Store): Promise<SalvageReport> {
    const found = this.#found
    const end = this.#known.head ?? this.#lastWhole()
    const all = new Set([...found.infos.keys(), ...this.#revisions.keys(), ...this.#names.keys()])
    const tids = [...all].sort((one, other) => one - other)
    for (const tid of tids) if (tid > end) list(this.#report.cut, tid)
    const bringing = new Bringing(target)
    let time = 0
    let largestOid = found.largestOid
    for (const tid of tids) {
      if (tid > end) break
      const transaction = this.#transaction(tid, time)
      time = transaction.time
      for (const revision of transaction.revisions) {
        this.#newest.set(revision.oid, revision)
        largestOid = Math.max(largestOid, revision.oid)
      }
      await bringing.transaction(transaction)
    }
    const { transactions, revisions } = await bringing.end(this.#tables(), {
      largestOid,
      packedTo: Math.min(found.packedTo, end),
    })
    this.#describe(end)
    return { ...this.#report, transactions, revisions }
  }

  /** One transaction, with a description that is made up where none was found. */
  #transaction(tid: Tid, time: number): Transaction {
    const info = this.#found.infos.get(tid)
    if (info === undefined) list(this.#report.undescribed, tid)
    const order = new Map(info?.oids.map((oid, index) => [oid, index]))
    const place = ({ oid }: Revision): number => order.get(oid) ?? order.size
    const revisions = this.#revisions.get(tid) ?? []
    return {
      tid,
      time: info?.time ?? time,
      author: info?.author ?? '',
      note: info?.note ?? 'Its description was lost.',
      revisions: revisions.toSorted(
        (one, other) => place(one) - place(other) || one.oid - other.oid,
      ),
      names: this.#bindings(tid, info),
    }
  }

  #bindings(tid: Tid, info: TransactionInfo | undefined): { name: string; oid: Oid | null }[] {
    const names = this.#names.get(tid) ?? []
    const order = new Map(info?.names.map((name, index) => [name, index]))
    return names.toSorted((one, other) => (order.get(one.name) ?? 0) - (order.get(other.name) ?? 0))
  }

  /** The last transaction that is there with all that its description names. */
  #lastWhole(): Tid {
    let last: Tid = 0
    for (const { tid, oids, names } of this.#found.infos.values()) {
      if (tid <= last) continue
      const bound = new Set((this.#names.get(tid) ?? []).map(({ name }) => name))
      const isWhole =
        oids.every((oid) => this.#found.records.has(`${oid} ${tid}`)) &&
        names.every((name) => bound.has(name))
      if (isWhole) last = tid
    }
    return last
  }

  /**
   * Values that the trees lead to. From other pages only facts are taken: an old message or reply may have been dealt with,
   * and must not come back.
   */
  *#tables(): Generator<TableWrite, void, undefined> {
    for (const { written, ...write } of this.#found.tables.values()) {
      if (written === undefined) yield write
      else if (this.#known.isSuspect && write.table === 'facts') yield write
    }
  }

  #describe(end: Tid): void {
    const report = this.#report
    for (const { tid, oids, names } of this.#found.infos.values()) {
      if (tid > end || tid <= this.#found.packedTo) continue
      for (const oid of oids) {
        if (this.#found.records.has(`${oid} ${tid}`)) continue
        list(report.lost, { oid, tid, newest: (this.#newest.get(oid)?.tid ?? 0) < tid })
      }
      const bound = new Set((this.#names.get(tid) ?? []).map(({ name }) => name))
      for (const name of names) if (!bound.has(name)) list(report.lostNames, { name, tid })
    }
    report.lost.sort((one, other) => one.tid - other.tid || one.oid - other.oid)
    report.lostNames.sort((one, other) => one.tid - other.tid)
    const isThere = (oid: Oid): boolean => {
      const revision = this.#newest.get(oid)
      return revision !== undefined && revision.kind !== 'gone'
    }
    for (const { oid, refs } of this.#newest.values()) {
      if (!isThere(oid)) continue
      report.objects++
      for (const ref of refs) if (!isThere(ref)) list(report.dangling, { oid, ref })
    }
  }
}

function list<T>(into: T[], item: T): void {
  if (into.length < LISTED) into.push(item)
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}
