// Owns: what differs between two states of the image, object by object and slot by slot.
// Leaves: reading to the kernel's head; showing it to the command line.
// Laws: BR68 a diff has each object and each name that is not the same in both states, once, and its counts are those of
// its lists. A slot that was given anew what it had is the same.
import type { UndoPlan } from '#governance'
import { type Head, placesIn } from '#kernel'
import {
  decodeSlots,
  encodeValue,
  MethodRef,
  type Oid,
  oidText,
  parseOid,
  type StoredSlot,
  slotKind,
  type Tid,
  toWire,
} from '#objects'
import { bridgeFault } from './faults.ts'

/** Objects that one diff holds: its answer must fit a reply. */
const OBJECTS_MAX = 10_000

/** Transactions that one diff looks at: some seconds of one processor, of which everybody else has a share. */
const TRANSACTIONS_MAX = 1_000_000

/** Transactions, and objects, that are looked at between two turns of the event loop: about a millisecond. */
const STEP = { transactions: 256, objects: 32 }

/** Lets everything else that waits have its turn. */
const turn = () => new Promise<void>((go) => setImmediate(go))

type Difference = 'added' | 'removed' | 'changed'

interface State {
  kind: string
  value?: unknown
  version?: number
  source?: string
}

/** One slot in both states; a method is shown by version and source. */
export interface SlotDifference {
  name: string
  change: Difference
  before?: State
  after?: State
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
  /** What people call the objects, by oid, also those that values refer to. */
  places: Record<string, string>
}

/** Which states are compared, and of which object alone. */
export interface DiffRequest {
  from: Tid
  to: Tid
  target?: Oid | undefined
}

/** The newest transaction that changed an object, or the newest of all. */
export function newestChange(head: Head, target: Oid | undefined): Tid {
  const { store } = head
  if (target === undefined) return store.head().tid
  return store.revisions(target, { limit: 1 })[0]?.tid ?? store.head().tid
}

/**
 * What is otherwise as of `to` than it was as of `from`, while everything else goes on. Faults LIMIT when they lie too far apart,
 * and CONFLICT when one of them is packed away.
 */
export async function diff(head: Head, request: DiffRequest): Promise<Diff> {
  const { from, to, target } = request
  const { oids, names } = await changedIn(head, request)
  const objects: ObjectDifference[] = []
  let count = 0
  for (const oid of oids) {
    objects.push(...objectDifference(head, oid, from, to))
    if (++count % STEP.objects === 0) await turn()
  }
  const bindings = [...names].sort().flatMap((name) => {
    const before = boundTo(head, name, from)
    const after = boundTo(head, name, to)
    const isAsked = target === undefined || [before, after].includes(oidText(target))
    return before === after || !isAsked ? [] : [{ name, before, after }]
  })
  return diffOf(head, { from, to }, objects, bindings)
}

/** The objects, in order of oid, and the names that the transactions between two states have changed. */
async function changedIn(
  head: Head,
  { from, to, target }: DiffRequest,
): Promise<{ oids: Oid[]; names: Set<string> }> {
  const [first, last] = [Math.min(from, to) + 1, Math.max(from, to)]
  if (last - first >= TRANSACTIONS_MAX) throw tooFar(from, to, `${TRANSACTIONS_MAX} transactions`)
  const oids = new Set<Oid>()
  const names = new Set<string>()
  for (let tid = first; tid <= last; tid++) {
    const info = head.store.transaction(tid)
    for (const oid of info?.oids ?? []) if (target === undefined || oid === target) oids.add(oid)
    for (const name of info?.names ?? []) names.add(name)
    if (oids.size > OBJECTS_MAX) throw tooFar(from, to, `${OBJECTS_MAX} changed objects`)
    if ((tid - first + 1) % STEP.transactions === 0) await turn()
  }
  return { oids: [...oids].sort((one, other) => one - other), names }
}

const tooFar = (from: Tid, to: Tid, limit: string) =>
  bridgeFault(
    'LIMIT',
    `between ${from} and ${to} lie more than ${limit}`,
    undefined,
    'Compare transactions that lie closer together.',
  )

function diffOf(
  head: Head,
  { from, to }: { from: Tid; to: Tid },
  objects: ObjectDifference[],
  names: Diff['names'],
): Diff {
  const count = (change: Difference) => objects.filter((one) => one.change === change).length
  return {
    from: String(from),
    to: String(to),
    counts: {
      added: count('added'),
      removed: count('removed'),
      changed: count('changed'),
      slots: objects.reduce((sum, { slots }) => sum + slots.length, 0),
      names: names.length,
    },
    objects,
    names,
    places: placesOf(head, { objects, bindings: names }, from, to),
  }
}

/** What an undo would change, as a diff from what is to what would be. */
export function restored(head: Head, { slots, names, methods }: UndoPlan): Diff {
  const objects = new Map<Oid, ObjectDifference>()
  let method = 0
  for (const { target, slot: name, was, value } of slots) {
    const found = head.object(target).slots.find((one) => one.name === name)
    const before = found === undefined ? {} : { before: shown(head, found) }
    let after: State | undefined
    if (was === 'value') after = { kind: slotKind(name, value), value: toWire(value) }
    else if (was === 'method') {
      const { version = 1, source } = methods[method++] ?? {}
      after = { kind: 'method', version, ...(source === undefined ? {} : { source }) }
    }
    const object = objects.get(target) ?? { oid: oidText(target), change: 'changed', slots: [] }
    objects.set(target, object)
    const change = after === undefined ? 'removed' : found === undefined ? 'added' : 'changed'
    object.slots.push({ name, change, ...before, ...(after === undefined ? {} : { after }) })
  }
  const bindings = names.map(({ name, oid, expect }) => ({
    name,
    before: expect === null ? null : oidText(expect),
    after: oid === null ? null : oidText(oid),
  }))
  const now = head.tid
  return diffOf(head, { from: now, to: now }, [...objects.values()], bindings)
}

/** The places of all that a diff mentions, as of the later state, else as of the earlier one. */
function placesOf(
  head: Head,
  { objects, bindings }: { objects: ObjectDifference[]; bindings: Diff['names'] },
  from: Tid,
  to: Tid,
): Record<string, string> {
  const oids = new Set<Oid>()
  const add = (text: string | null) => {
    const oid = text === null ? undefined : parseOid(text)
    if (oid !== undefined) oids.add(oid)
  }
  for (const { oid, slots } of objects) {
    add(oid)
    for (const { before, after } of slots) {
      for (const state of [before, after]) collectOids(state?.value, add)
    }
  }
  for (const { before, after } of bindings) for (const oid of [before, after]) add(oid)
  const later = placesIn(head, oids, to)
  const lacking = [...oids].filter((oid) => !Object.hasOwn(later, oidText(oid)))
  return { ...placesIn(head, from === 0 ? [] : lacking, Math.max(from, 1)), ...later }
}

/** The oids of `{"$ref": oid}` in a wire value. */
function collectOids(value: unknown, add: (oid: string) => void): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const ref = (value as { $ref?: unknown }).$ref
  if (typeof ref === 'string') add(ref)
  else for (const part of Object.values(value)) collectOids(part, add)
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
    } else if (now.tid !== old.tid && !isSame(head, { old, from }, { now, to })) {
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

/** Whether two states of a slot say the same, whoever wrote them: equal values, or equal methods. */
function isSame(
  head: Head,
  { old, from }: { old: StoredSlot; from: Tid },
  { now, to }: { now: StoredSlot; to: Tid },
): boolean {
  if (old.value instanceof MethodRef && now.value instanceof MethodRef) {
    const [was, is] = [head.method(old.value.oid, from), head.method(now.value.oid, to)]
    return was.source === is.source && was.comment === is.comment && was.version === is.version
  }
  if (old.value instanceof MethodRef || now.value instanceof MethodRef) return false
  return Buffer.compare(encodeValue(old.value), encodeValue(now.value)) === 0
}

/** An object's slots by name; undefined when it is not there, or is no object. */
function slotsAt(head: Head, oid: Oid, at: Tid): Map<string, StoredSlot> | undefined {
  const revision = at === 0 ? undefined : head.store.read(oid, at)
  if (revision?.kind !== 'object') return undefined
  return new Map(decodeSlots(revision.payload).map((slot) => [slot.name, slot]))
}

function shown(head: Head, { name, value }: StoredSlot, at?: Tid): State {
  if (value instanceof MethodRef) {
    const { version, source } = head.method(value.oid, at)
    return { kind: 'method', version, source }
  }
  return { kind: slotKind(name, value), value: toWire(value) }
}
