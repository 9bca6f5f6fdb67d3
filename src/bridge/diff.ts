// Owns: what differs between two states of the image, object by object and slot by slot.
// Leaves: reading to the kernel's head; showing it to the command line.
// Laws: BR68 a diff has each object and each name that is not the same in both states, once, and its counts are those of
// its lists.
import type { Head } from '#kernel'
import {
  decodeSlots,
  MethodRef,
  type Oid,
  oidText,
  slotKind,
  type StoredSlot,
  type Tid,
  toWire,
} from '#objects'
import { bridgeFault } from './faults.ts'

/** Objects that one diff holds: its answer must fit a reply. */
const OBJECTS_MAX = 10_000

type Difference = 'added' | 'removed' | 'changed'

/** One slot in both states; a method is shown by version and source. */
export interface SlotDifference {
  name: string
  change: Difference
  before?: { kind: string; value?: unknown; version?: number; source?: string }
  after?: { kind: string; value?: unknown; version?: number; source?: string }
}

export interface ObjectDifference {
  oid: string
  change: Difference
  slots: SlotDifference[]
}

/** As DiffCommand answers it. */
export interface Diff {
  from: string
  to: string
  counts: { added: number; removed: number; changed: number; slots: number; names: number }
  objects: ObjectDifference[]
  names: { name: string; before: string | null; after: string | null }[]
}

/** What is otherwise as of `to` than it was as of `from`. Faults CONFLICT when one of them is packed away. */
export function diff(head: Head, from: Tid, to: Tid): Diff {
  const oids = new Set<Oid>()
  const names = new Set<string>()
  for (let tid = Math.min(from, to) + 1; tid <= Math.max(from, to); tid++) {
    const info = head.store.transaction(tid)
    for (const oid of info?.oids ?? []) oids.add(oid)
    for (const name of info?.names ?? []) names.add(name)
    if (oids.size > OBJECTS_MAX) {
      const many = `between ${from} and ${to} more than ${OBJECTS_MAX} objects were changed`
      throw bridgeFault('LIMIT', many, undefined, 'Compare transactions that lie closer together.')
    }
  }
  const objects = [...oids]
    .sort((one, other) => one - other)
    .flatMap((oid) => objectDifference(head, oid, from, to))
  const bindings = [...names].sort().flatMap((name) => {
    const before = boundTo(head, name, from)
    const after = boundTo(head, name, to)
    return before === after ? [] : [{ name, before, after }]
  })
  const count = (change: Difference) => objects.filter((one) => one.change === change).length
  return {
    from: String(from),
    to: String(to),
    counts: {
      added: count('added'),
      removed: count('removed'),
      changed: count('changed'),
      slots: objects.reduce((sum, { slots }) => sum + slots.length, 0),
      names: bindings.length,
    },
    objects,
    names: bindings,
  }
}

function boundTo(head: Head, name: string, at: Tid): string | null {
  const oid = at === 0 ? undefined : head.store.name(name, at)
  return oid === undefined ? null : oidText(oid)
}

function objectDifference(head: Head, oid: Oid, from: Tid, to: Tid): ObjectDifference[] {
  const before = slotsAt(head, oid, from)
  const after = slotsAt(head, oid, to)
  if (before === undefined && after === undefined) return []
  const slots: SlotDifference[] = []
  for (const [name, old] of before ?? []) {
    const now = after?.get(name)
    if (now === undefined) {
      slots.push({ name, change: 'removed', before: shown(head, old, from) })
    } else if (now.tid !== old.tid) {
      const values = { before: shown(head, old, from), after: shown(head, now, to) }
      slots.push({ name, change: 'changed', ...values })
    }
  }
  for (const [name, now] of after ?? []) {
    if (before?.has(name)) continue
    slots.push({ name, change: 'added', after: shown(head, now, to) })
  }
  if (before === undefined) return [{ oid: oidText(oid), change: 'added', slots }]
  if (after === undefined) return [{ oid: oidText(oid), change: 'removed', slots }]
  return slots.length === 0 ? [] : [{ oid: oidText(oid), change: 'changed', slots }]
}

/** An object's slots by name; undefined when it is not there, or is no object. */
function slotsAt(head: Head, oid: Oid, at: Tid): Map<string, StoredSlot> | undefined {
  const revision = at === 0 ? undefined : head.store.read(oid, at)
  if (revision?.kind !== 'object') return undefined
  return new Map(decodeSlots(revision.payload).map((slot) => [slot.name, slot]))
}

function shown(head: Head, { name, value }: StoredSlot, at: Tid) {
  if (value instanceof MethodRef) {
    const { version, source } = head.method(value.oid, at)
    return { kind: 'method', version, source }
  }
  return { kind: slotKind(name, value), value: toWire(value) }
}
