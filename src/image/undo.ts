// Owns: taking transactions back: what each object and name was before them, unless something later relies on them.
// Leaves: the commit to storage.ts; choosing what to undo to the log in database.ts.
// Laws: IM67 an undo takes back all of its transactions or nothing, and is a transaction that can itself be undone.
// IM68 what was changed later is a conflict unless the object's merge hook resolves it.
import { type Oid, oidText, type Tid } from '#objects'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import { imageFault } from './faults.ts'
import { type Merged, mergeSides, type Side } from './merge.ts'
import type { CommitInfo, Storage } from './storage.ts'
import type { Revision, TransactionInfo } from './store.ts'

/** An object's state as the undo has it so far. */
interface Working extends Side {
  refs: readonly Oid[]
  /** The tid of the newest committed revision. */
  base: Tid
  /** The transaction whose data this is, 0 for none. */
  from: Tid
}

/** Undoes these transactions as one, which `info` describes. Answers its tid. Faults CONFLICT, TARGET_UNKNOWN, LIMIT. */
export async function undoTransactions(
  storage: Storage,
  tids: readonly Tid[],
  info: CommitInfo,
): Promise<Tid> {
  if (tids.length === 0 || tids.length > CONNECTION_LIMITS.undoTransactions) {
    throw imageFault(
      'LIMIT',
      `An undo takes 1 to ${CONNECTION_LIMITS.undoTransactions} transactions.`,
    )
  }
  const tid = await storage.begin(info)
  try {
    const undoing = new Undoing(storage, tid)
    // The newest first, so that each finds what it left.
    const newestFirst = [...new Set(tids)].sort((one, other) => other - one)
    for (const each of newestFirst) undoing.take(each)
    undoing.write(info, newestFirst)
    storage.vote(info)
    return await storage.finish(info)
  } catch (error) {
    storage.abort(info)
    throw error
  }
}

class Undoing {
  readonly #storage: Storage
  readonly #tid: Tid
  readonly #objects = new Map<Oid, Working>()
  readonly #names = new Map<string, Oid | undefined>()

  constructor(storage: Storage, tid: Tid) {
    this.#storage = storage
    this.#tid = tid
  }

  take(tid: Tid): void {
    const info = this.#storage.describe(tid)
    if (info === undefined) {
      throw imageFault('TARGET_UNKNOWN', `There is no transaction ${tid}.`, { tid })
    }
    for (const oid of info.oids) this.#takeObject(oid, info)
    for (const name of info.names) this.#takeName(name, tid)
  }

  write(tx: CommitInfo, undone: readonly Tid[]): void {
    for (const [oid, { kind, refs, payload, base }] of this.#objects) {
      if (kind === 'gone') this.#storage.remove(tx, oid, base)
      else this.#storage.store(tx, oid, base, kind, refs, payload)
    }
    const last = this.#storage.lastTransaction()
    for (const [name, oid] of this.#names) this.#storage.bind(tx, name, oid ?? null, last)
    const restored = [...this.#objects].map(([oid, { from }]) => [oid, from] as const)
    this.#storage.markUndo(tx, { undone, restored })
  }

  #takeObject(oid: Oid, { tid }: TransactionInfo): void {
    const [did] = this.#storage.records.revisions(oid, { before: tid + 1, limit: 1 })
    if (did?.tid !== tid) throw this.#lostHistory(oid, tid)
    const before = this.#before(oid, did)
    const current = this.#objects.get(oid) ?? this.#newest(oid)
    const isUntouched = current.from === tid || isSame(current, did)
    const next = isUntouched ? before : this.#merge(oid, did, current, before)
    this.#objects.set(oid, { ...next, base: current.base })
  }

  #newest(oid: Oid): Working {
    const found = this.#storage.read(oid) as Revision
    return { ...found, base: found.tid, from: found.tid }
  }

  /** What the object was before a revision: gone when the revision made it. */
  #before(oid: Oid, did: Revision): Omit<Working, 'base'> {
    const [before] = this.#storage.records.revisions(oid, { before: did.tid, limit: 1 })
    if (before !== undefined) return { ...before, from: before.tid }
    // A pack may have taken the revision before; then nobody knows what to go back to.
    if (this.#storage.records.packedTo() >= did.tid) throw this.#lostHistory(oid, did.tid)
    return { kind: 'gone', refs: [], payload: new Uint8Array(), from: 0 }
  }

  #merge(oid: Oid, old: Revision, current: Working, mine: Side): Omit<Working, 'base'> {
    const { merge, warn } = this.#storage
    const sides = { old, committed: current, mine }
    const merged: Merged | undefined = mergeSides(merge, warn, sides, this.#tid)
    if (merged !== undefined) return { kind: current.kind, ...merged, from: current.from }
    throw imageFault(
      'CONFLICT',
      `Transaction ${old.tid} cannot be undone: ${oidText(oid)} was changed by ${current.base} since.`,
      { oid, committed: current.base, base: old.tid },
      'Undo the later transactions too, as one with this.',
    )
  }

  #takeName(name: string, tid: Tid): void {
    const { records } = this.#storage
    const current = this.#names.has(name) ? this.#names.get(name) : records.name(name)
    if (current !== records.name(name, tid)) {
      throw imageFault(
        'CONFLICT',
        `Transaction ${tid} cannot be undone: the name ${JSON.stringify(name)} was bound since.`,
        { name },
        'Undo the later transactions too, as one with this.',
      )
    }
    this.#names.set(name, records.name(name, tid - 1))
  }

  #lostHistory(oid: Oid, tid: Tid): Error {
    return imageFault(
      'CONFLICT',
      `Transaction ${tid} cannot be undone: what ${oidText(oid)} was before is packed away.`,
      { oid, base: tid },
      'Set the values that you want in a new transaction.',
    )
  }
}

function isSame(one: Side, other: Side): boolean {
  return one.kind === other.kind && Buffer.compare(one.payload, other.payload) === 0
}
