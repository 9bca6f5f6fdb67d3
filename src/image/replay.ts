// Owns: transactions with their records in ranges, what the newest of them changed, and a cursor over what is there now.
// Leaves: finding descriptions and records to the stores.
// Laws: IM72 a range has both its ends, and a started iterator sees no later commit.
import type { Oid, Tid } from '#objects'
import { imageFault, packedFault } from './faults.ts'
import type { Revision, Store, Transaction, TransactionInfo } from './store.ts'

/** Descriptions read at a time: no cursor stays open while the caller works. */
const STEP = 64

/** What a store offers to its replay. */
export interface Replayed {
  head(): { tid: Tid }
  packedTo(): Tid
  /** Up to `limit` descriptions from `start` on, oldest first. */
  infosFrom(start: Tid, limit: number): TransactionInfo[]
  /** The revision that this transaction made, if it is still there. */
  exact(oid: Oid, tid: Tid): Revision | undefined
  /** What this transaction bound the name to, undefined when that is gone. */
  binding(name: string, tid: Tid): Oid | null | undefined
}

/** See Store.replay. The range is fixed when this is called, not at the first step. */
export function replay(
  store: Replayed,
  options: { start?: Tid; stop?: Tid } = {},
): Iterable<Transaction> {
  const stop = Math.min(options.stop ?? Number.POSITIVE_INFINITY, store.head().tid)
  return steps(store, options.start ?? 1, stop, store.packedTo())
}

function* steps(
  store: Replayed,
  start: Tid,
  stop: Tid,
  packedTo: Tid,
): Generator<Transaction, void, undefined> {
  for (let next = Math.max(1, start); next <= stop; ) {
    const infos = store.infosFrom(next, STEP)
    for (const info of infos) {
      if (info.tid > stop) return
      const packed = store.packedTo()
      if (packed !== packedTo && info.tid <= packed) throw packedFault(info.tid, packed)
      yield whole(store, info)
      next = info.tid + 1
    }
    if (infos.length < STEP) return
  }
}

function whole(store: Replayed, info: TransactionInfo): Transaction {
  const { tid, time, author, note } = info
  const revisions: Revision[] = []
  for (const oid of info.oids) {
    const found = store.exact(oid, tid)
    if (found !== undefined) revisions.push(found)
    else if (tid > store.packedTo()) throw lost(`The record of object ${oid}`, tid)
  }
  const names: { name: string; oid: Oid | null }[] = []
  for (const name of new Set(info.names)) {
    const oid = store.binding(name, tid)
    if (oid !== undefined) names.push({ name, oid })
    else if (tid > store.packedTo()) throw lost(`The name ${JSON.stringify(name)}`, tid)
  }
  return { tid, time, author, note, revisions, names }
}

function lost(what: string, tid: Tid): Error {
  return imageFault('IMAGE_DAMAGED', `${what} at transaction ${tid} is not there.`, { tid })
}

/** What the newest `limit` transactions changed, newest first: as many as there are. */
export function lastInvalidations(
  store: Pick<Store, 'transactions'>,
  limit: number,
): { tid: Tid; oids: readonly Oid[] }[] {
  return store.transactions({ limit }).map(({ tid, oids }) => ({ tid, oids }))
}

/** Every object that is there as of `at` (default: now), once, in its newest revision; those that are gone are left out. */
export function* currentObjects(
  store: Pick<Store, 'objects'>,
  options: { at?: Tid } = {},
): Generator<Revision, void, undefined> {
  for (const revision of store.objects(options)) if (revision.kind !== 'gone') yield revision
}
