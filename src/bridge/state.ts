// Owns: objects and history as the wire shows them.
// Leaves: reading to the kernel's head.
// Laws: BR13 what is shown of an object is one state: all of it as of the same transaction.
import type { Head } from '#kernel'
import {
  decodeSlots,
  MethodRef,
  type Oid,
  oidText,
  Ref,
  slotKind,
  type StoredSlot,
  type Tid,
  toWire,
} from '#objects'
import type { FullState, SlotState } from './protocol.ts'

/** Objects that a full state visits at most: what a lookup does, see OBJECT_LIMITS.delegation. */
const CHAIN_MAX = 256

/** Everything that an object answers to: its own slots, then its parents' in order of lookup, the first of a name wins. */
export function fullState(head: Head, target: string, at?: Tid): FullState {
  const oid = head.resolve(target, at)
  const first = head.object(oid, at)
  const seen = new Set<Oid>()
  const names = new Set<string>()
  const slots: SlotState[] = []
  const visit = (one: Oid) => {
    if (seen.has(one) || seen.size >= CHAIN_MAX) return
    seen.add(one)
    const object = one === oid ? first : head.object(one, at)
    for (const slot of object.slots) {
      if (names.has(slot.name)) continue
      names.add(slot.name)
      slots.push(slotState(head, one, slot, at))
    }
    for (const parent of parentsIn(object.slots)) visit(parent)
  }
  visit(oid)
  return {
    oid: oidText(oid),
    name: target.startsWith('#') ? nameOf(head, oid, at) : target,
    tid: String(at ?? head.tid),
    chain: [...seen].map(oidText),
    slots,
  }
}

/** The oids in parent slots, in order. */
export function parentsIn(slots: readonly StoredSlot[]): Oid[] {
  return slots
    .filter(({ name, value }) => slotKind(name, value) === 'parent')
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Ref => value instanceof Ref)
    .map((ref) => ref.oid)
}

function slotState(head: Head, holder: Oid, slot: StoredSlot, at?: Tid): SlotState {
  const base = { name: slot.name, holder: oidText(holder), tid: String(slot.tid) }
  if (slot.value instanceof MethodRef) {
    const { source, comment, author, model, version } = head.method(slot.value.oid, at)
    return { ...base, kind: 'method', source, comment, author, model, version }
  }
  const kind = slotKind(slot.name, slot.value) === 'parent' ? 'parent' : 'data'
  return { ...base, kind, value: toWire(slot.value) }
}

/** The first name bound to an oid. Names are few beside objects, and this is asked only for oids that people typed. */
function nameOf(head: Head, oid: Oid, at?: Tid): string | null {
  let after: string | undefined
  for (;;) {
    const page = head.store.names({
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
      ...(at === undefined ? {} : { at }),
    })
    const found = page.find((one) => one.oid === oid)
    if (found !== undefined) return found.name
    after = page.at(-1)?.name
    if (page.length < 1_000) return null
  }
}

interface HistoryOptions {
  target: Oid | undefined
  slot: string | undefined
  limit: number
  before: Tid | undefined
}

/** Transactions, newest first, with what each changed. `time` is a Date. */
export function history(head: Head, options: HistoryOptions): unknown[] {
  const { target, slot, limit, before } = options
  const store = head.store
  const page = { limit, ...(before === undefined ? {} : { before }) }
  if (target === undefined) {
    return store.transactions(page).map((one) => ({
      tid: String(one.tid),
      time: new Date(one.time),
      author: one.author,
      note: one.note,
      changes: one.oids.flatMap((oid) => changeOf(head, oid, one.tid)),
      names: one.names,
    }))
  }
  const entries: unknown[] = []
  let from = before
  // A slot's changes may lie far apart, so pages are read until enough are found or nothing is left.
  for (;;) {
    const revisions = store.revisions(target, {
      limit: Math.max(limit, 100),
      ...(from === undefined ? {} : { before: from }),
    })
    for (const { tid } of revisions) {
      from = tid
      const changes = changeOf(head, target, tid).filter(
        (one) => slot === undefined || one.slots.includes(slot),
      )
      if (changes.length === 0) continue
      const info = store.transaction(tid)
      entries.push({
        tid: String(tid),
        time: new Date(info?.time ?? 0),
        author: info?.author ?? '',
        note: info?.note ?? '',
        changes,
      })
      if (entries.length >= limit) return entries
    }
    if (revisions.length < Math.max(limit, 100)) return entries
  }
}

function changeOf(head: Head, oid: Oid, tid: Tid): { oid: string; slots: string[] }[] {
  const slots = slotsChanged(head, oid, tid)
  return slots === undefined ? [] : [{ oid: oidText(oid), slots }]
}

/** Names of the slots that a transaction gave, changed or removed; undefined for what is no object. */
function slotsChanged(head: Head, oid: Oid, tid: Tid): string[] | undefined {
  const revision = head.store.read(oid, tid)
  if (revision?.kind !== 'object' || revision.tid !== tid) return undefined
  const now = decodeSlots(revision.payload)
  const changed = now.filter((slot) => slot.tid === tid).map(({ name }) => name)
  const before = tid > 1 ? head.store.read(oid, tid - 1) : undefined
  if (before?.kind !== 'object') return changed
  const names = new Set(now.map(({ name }) => name))
  const removed = decodeSlots(before.payload).filter(({ name }) => !names.has(name))
  return [...changed, ...removed.map(({ name }) => name)]
}

/** Changes after `from` up to and with `to`, oldest first. */
export function* changesSince(
  head: Head,
  from: Tid,
  to: Tid,
): Generator<{ tid: Tid; oid: Oid; slots: string[] }> {
  for (let tid = from + 1; tid <= to; tid++) {
    for (const oid of head.store.transaction(tid)?.oids ?? []) {
      const slots = slotsChanged(head, oid, tid)
      if (slots !== undefined) yield { tid, oid, slots }
    }
  }
}
