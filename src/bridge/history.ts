// Owns: transactions as the wire lists them: of the image, of an object, of a slot, by an author, since a time.
// Leaves: reading to the kernel's head.
// Laws: BR70 a page has what was asked for, newest first, also of what is packed away in part; a page that looked at much and
// found little says where to go on.
import { type Head, placesIn } from '#kernel'
import { decodeSlots, type Oid, oidText, parseOid, type Tid } from '#objects'

/** Transactions looked at for one page: a tenth of a second, in which the kernel does nothing else. */
const LOOKED_AT = 5_000
/** Transactions read at a time. */
const CHUNK = 500

/** What is asked for; `since` is a transaction, after which the others come. */
export interface HistoryRequest {
  target?: Oid | undefined
  slot?: string | undefined
  author?: string | undefined
  since?: Tid | undefined
  before?: Tid | undefined
  limit: number
}

/** One transaction. `packed` when what it changed is known only in part. */
export interface HistoryEntry {
  tid: string
  time: Date
  author: string
  note: string
  changes: { oid: string; slots: string[] }[]
  names: string[]
  packed?: true
}

/** `next` is where the rest begins when the page ended before its limit; `places` are what people call the objects. */
export interface HistoryPage {
  entries: HistoryEntry[]
  next?: string
  places: Record<string, string>
}

/** A page of transactions, newest first. */
export function historyPage(head: Head, request: HistoryRequest): HistoryPage {
  const { since = 0, limit } = request
  const entries: HistoryEntry[] = []
  let before = request.before
  let next: Tid | undefined
  for (let looked = 0; ; ) {
    const { tids, isLast } = candidates(head, request.target, before)
    for (const tid of tids) {
      if (tid <= since) return page(head, entries, undefined)
      before = tid
      const entry = entryOf(head, tid, request)
      if (entry !== undefined) entries.push(entry)
      if (entries.length >= limit) return page(head, entries, undefined)
    }
    if (isLast) break
    looked += tids.length
    if (looked < LOOKED_AT) continue
    next = before
    break
  }
  return page(head, entries, next)
}

function page(head: Head, entries: HistoryEntry[], next: Tid | undefined): HistoryPage {
  const oids = new Set<Oid>()
  for (const { changes } of entries) {
    for (const { oid } of changes) oids.add(parseOid(oid) as Oid)
  }
  const places = placesIn(head, oids)
  return { entries, ...(next === undefined ? {} : { next: String(next) }), places }
}

/** The next transactions to look at: all, or those that have written an object. */
function candidates(
  { store }: Head,
  target: Oid | undefined,
  before: Tid | undefined,
): { tids: Tid[]; isLast: boolean } {
  const options = { limit: CHUNK, ...(before === undefined ? {} : { before }) }
  const found =
    target === undefined ? store.transactions(options) : store.revisions(target, options)
  return { tids: found.map(({ tid }) => tid), isLast: found.length < CHUNK }
}

function entryOf(
  head: Head,
  tid: Tid,
  { target, slot, author }: HistoryRequest,
): HistoryEntry | undefined {
  const info = head.store.transaction(tid)
  if (info === undefined || (author !== undefined && info.author !== author)) return undefined
  const changes = info.oids
    .filter((oid) => target === undefined || oid === target)
    .flatMap((oid) => changeOf(head, oid, tid))
    .filter(({ slots }) => slot === undefined || slots.includes(slot))
  if (target !== undefined && changes.length === 0) return undefined
  const isPacked = tid <= head.store.packedTo()
  return {
    tid: String(tid),
    time: new Date(info.time),
    author: info.author,
    note: info.note,
    changes,
    names: [...info.names],
    ...(isPacked ? { packed: true } : {}),
  }
}

function changeOf(head: Head, oid: Oid, tid: Tid): { oid: string; slots: string[] }[] {
  const slots = slotsChanged(head, oid, tid)
  return slots === undefined ? [] : [{ oid: oidText(oid), slots }]
}

/**
 * Names of the slots that a transaction gave, changed or removed; undefined for what is no object. Of a transaction that is packed
 * away those that nobody has changed since until the pack time: they bear its number still.
 */
export function slotsChanged(head: Head, oid: Oid, tid: Tid): string[] | undefined {
  const { store } = head
  const packedTo = store.packedTo()
  const revision = store.read(oid, Math.max(tid, packedTo))
  if (revision?.kind !== 'object') return undefined
  if (tid > packedTo && revision.tid !== tid) return undefined
  const now = decodeSlots(revision.payload)
  const changed = now.filter((slot) => slot.tid === tid).map(({ name }) => name)
  const before = tid > Math.max(packedTo, 1) ? store.read(oid, tid - 1) : undefined
  if (before?.kind !== 'object') return changed
  const names = new Set(now.map(({ name }) => name))
  const removed = decodeSlots(before.payload).filter(({ name }) => !names.has(name))
  return [...changed, ...removed.map(({ name }) => name)]
}
