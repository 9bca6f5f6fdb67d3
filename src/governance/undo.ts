// Owns: taking transactions back: what each slot and each name was before them, unless something changed it later.
// Leaves: making the change to the kernel, as one turn with expectations; what may be a method to the judge; the sentences
// about later changes to undo-conflict.ts.
// Laws: BR60 an undo is one turn that restores everything or nothing. BR61 what was changed later is a CONFLICT that names
// it. BR62 a method that comes back passes the judge again, and is a new version. BR71 several transactions in a row are
// undone as one, and a load is undone whole. BR72 a plan says what an undo would do, and changes nothing.
import type { Revision } from '#image'
import { type Answer, type Kernel, type MethodFields, methodFields, placesIn } from '#kernel'
import {
  decodeSlots,
  encodeValue,
  GENESIS,
  MethodRef,
  OBJECT_LIMITS,
  type Oid,
  oidText,
  type RestoredName,
  type RestoredSlot,
  type StoredSlot,
  type Tid,
} from '#objects'
import { governanceFault } from './faults.ts'
import { LaterChanges } from './undo-conflict.ts'

/** The transactions to take back: all from the first to the last, both included. */
export interface UndoSpan {
  from: Tid
  to: Tid
}

/** What an undo is to restore; `methods` belong to the slots whose methods come back, in their order. */
export interface UndoPlan {
  span: UndoSpan
  slots: RestoredSlot[]
  names: RestoredName[]
  methods: MethodFields[]
}

/**
 * Takes transactions back as one turn; its tid is null when nothing is left to restore. What they created stays until a pack,
 * without the names that they gave. Faults CONFLICT when something was changed since it was planned.
 */
export function undoPlanned(
  kernel: Kernel,
  { slots, names, methods, span }: UndoPlan,
  author: string,
): Promise<Answer> {
  return kernel.change(
    { kind: 'restore', slots, names },
    { author, note: `undo ${spanText(span)}` },
    (_oid, _tid, index) => methods[index] as MethodFields,
  )
}

/**
 * What an undo of these transactions restores, with its methods judged. Faults TARGET_UNKNOWN, CONFLICT, FIELD_INVALID, LIMIT and
 * METHOD_FAILED.
 */
export async function planUndo(kernel: Kernel, span: UndoSpan): Promise<UndoPlan> {
  try {
    return await judgedPlan(kernel, span)
  } finally {
    // A plan and a refusal tell of the newest state, which may still come to nothing.
    await kernel.durable()
  }
}

async function judgedPlan(kernel: Kernel, span: UndoSpan): Promise<UndoPlan> {
  const plan = new Planning(kernel, wholeSpan(kernel, span)).plan()
  for (const fields of plan.methods) {
    const compiled = await kernel.options.judge.compile(fields.source)
    if (!('problems' in compiled)) continue
    throw governanceFault(
      'METHOD_FAILED',
      `${fields.selector} of ${called(kernel, fields.holder)} as it was does not pass any more: ${compiled.problems[0]?.message}`,
      { selector: fields.selector, target: oidText(fields.holder) },
      'Give the method by hand, or undo other transactions.',
    )
  }
  return plan
}

/** `12`, or `12..15`. */
export const spanText = ({ from, to }: UndoSpan) => (from === to ? `${from}` : `${from}..${to}`)

/** Transactions that may be read for one undo: about as many as one turn can restore. */
const TRANSACTIONS = OBJECT_LIMITS.turnWrites

/** The span once it is known to be there; with a part of a load it is all of the load. */
function wholeSpan({ head: { store } }: Kernel, { from, to }: UndoSpan): UndoSpan {
  for (const tid of [from, to]) {
    if (tid > 0 && store.transaction(tid) !== undefined) continue
    throw governanceFault('TARGET_UNKNOWN', `there is no transaction ${tid}`, { tid: String(tid) })
  }
  if (from > to) {
    throw governanceFault(
      'FIELD_INVALID',
      `the range ${from}..${to} ends before it begins`,
      undefined,
      'Name the earlier transaction first.',
    )
  }
  if (from === 1) {
    throw irreversible(
      { from, to },
      'the awakening is what everything else goes back to',
      'Begin anew in another folder: `batos awaken --image DIR`.',
    )
  }
  const loaded = lastOfLoad(store)
  const whole = from > loaded ? { from, to } : { from: 2, to: Math.max(to, loaded) }
  const packedTo = store.packedTo()
  if (whole.from <= packedTo) {
    throw governanceFault(
      'CONFLICT',
      `what was before transaction ${whole.from} is packed away: the image keeps its history from ${packedTo} on`,
      { tid: String(whole.from), packedTo: String(packedTo) },
      'Set it by hand, or restore a backup; `batos pack --keep` says how much history stays.',
    )
  }
  if (whole.to - whole.from >= TRANSACTIONS) throw tooLarge(whole)
  return whole
}

/** The last transaction of the load with which an image began, 0 when it did not begin so. */
function lastOfLoad(store: Kernel['head']['store']): Tid {
  const first = store.transaction(2)
  if (first?.note !== 'load' || !first.oids.includes(GENESIS)) return 0
  for (let tid = 2; ; tid++) {
    const next = store.transaction(tid + 1)
    if (next?.note !== 'load' || next.time !== first.time || next.author !== first.author)
      return tid
  }
}

const irreversible = (span: UndoSpan, why: string, remedy?: string) =>
  governanceFault(
    'FIELD_INVALID',
    `transaction ${spanText(span)} cannot be undone: ${why}`,
    { from: String(span.from), to: String(span.to) },
    remedy,
  )

const tooLarge = (span: UndoSpan) =>
  governanceFault(
    'LIMIT',
    `transaction ${spanText(span)} changed more than one undo can restore`,
    { from: String(span.from), to: String(span.to) },
    `Undo fewer at a time, or go back whole: \`batos dump FILE --at ${span.from - 1}\`, and load it into a new image.`,
  )

function called(kernel: Kernel, oid: Oid): string {
  const text = oidText(oid)
  const place = placesIn(kernel.head, [oid])[text]
  return place === undefined ? text : `${place} (${text})`
}

const byName = (slots: readonly StoredSlot[]) => new Map(slots.map((slot) => [slot.name, slot]))

/** One slot that the transactions changed, as it was before them and as it is. */
interface SlotChange {
  oid: Oid
  slot: string
  expect: Tid | null
  old: StoredSlot | undefined
  now: StoredSlot | undefined
}

/** Works out what an undo restores, and what was changed later. */
class Planning {
  readonly #kernel: Kernel
  readonly #plan: UndoPlan
  readonly #later: LaterChanges
  #bytes = 0

  constructor(kernel: Kernel, span: UndoSpan) {
    this.#kernel = kernel
    this.#plan = { span, slots: [], names: [], methods: [] }
    this.#later = new LaterChanges(kernel.head, span)
  }

  plan(): UndoPlan {
    const { store } = this.#kernel.head
    const { span } = this.#plan
    const oids = new Set<Oid>()
    const names = new Set<string>()
    for (let tid = span.from; tid <= span.to; tid++) {
      const info = store.transaction(tid)
      for (const oid of info?.oids ?? []) oids.add(oid)
      for (const name of info?.names ?? []) names.add(name)
    }
    for (const oid of oids) this.#object(oid)
    for (const name of names) this.#name(name)
    this.#later.refuse()
    if (this.#plan.names.length > OBJECT_LIMITS.births) throw tooLarge(span)
    return this.#plan
  }

  #object(oid: Oid): void {
    const { head } = this.#kernel
    const { span } = this.#plan
    const before = head.store.read(oid, span.from - 1)
    // What was made stays, without the names; a method's record comes back with the slot that it stands in.
    if (before?.kind !== 'object') return
    const left = head.store.read(oid, span.to)
    if (left?.kind !== 'object') {
      throw irreversible(
        span,
        `it put something else in the place of ${oidText(oid)} as a whole`,
        `The image as it was is still there: \`batos dump FILE --at ${span.from - 1}\`, and load it into a new one.`,
      )
    }
    const size = this.#plan.slots.length
    const now = byName(head.object(oid).slots)
    const was = byName(decodeSlots(before.payload))
    const then = byName(decodeSlots(left.payload))
    for (const [slot, one] of then) {
      const changed = one.tid
      // What was given anew what it had was not changed; a load writes much that is as it was.
      if (changed < span.from || this.#isSame(was.get(slot), one)) continue
      const found = now.get(slot)
      if (found?.tid !== changed) this.#later.slot(oid, slot, found?.tid)
      else this.#slot({ oid, slot, expect: changed, old: was.get(slot), now: found })
    }
    for (const [slot, old] of was) {
      if (then.has(slot)) continue
      const found = now.get(slot)
      if (found !== undefined) this.#later.slot(oid, slot, found.tid)
      else this.#slot({ oid, slot, expect: null, old, now: undefined })
    }
    if (this.#plan.slots.length > size) this.#bytes += before.payload.length + left.payload.length
    const isTooLarge = this.#plan.slots.length > OBJECT_LIMITS.turnWrites
    if (isTooLarge || this.#bytes > OBJECT_LIMITS.turnBytes) throw tooLarge(span)
  }

  /** Whether a slot says the same before the transactions and after them. */
  #isSame(old: StoredSlot | undefined, left: StoredSlot): boolean {
    if (old === undefined) return false
    const { span } = this.#plan
    const [one, other] = [old.value, left.value]
    if (!(one instanceof MethodRef) || !(other instanceof MethodRef)) {
      return !(one instanceof MethodRef || other instanceof MethodRef) && isEqual(one, other)
    }
    const { head } = this.#kernel
    const [was, is] = [head.method(one.oid, span.from - 1), head.method(other.oid, span.to)]
    return was.source === is.source && was.comment === is.comment
  }

  #slot({ oid, slot, expect, old, now }: SlotChange): void {
    const { slots, methods, span } = this.#plan
    const { head } = this.#kernel
    const place = { target: oid, slot, expect }
    const is = now?.value instanceof MethodRef ? head.method(now.value.oid) : undefined
    if (old === undefined) slots.push({ ...place, was: 'absent' })
    else if (!(old.value instanceof MethodRef)) {
      slots.push({ ...place, was: 'value', value: old.value })
    } else {
      // As of then: a load may have given the record's number to something else.
      const was = head.method(old.value.oid, span.from - 1)
      // Where it came from and what it passed comes back with it; only what does not run is known beside the records.
      const record = head.read(old.value.oid, span.from - 1) as Revision
      const { quarantined: _, ...fields } = methodFields(record)
      slots.push({ ...place, was: 'method' })
      methods.push({
        ...fields,
        version: Math.max(was.version, is?.version ?? 0) + 1,
        holder: oid,
        previous: is?.oid ?? was.oid,
      })
    }
  }

  #name(name: string): void {
    const { head } = this.#kernel
    const { span, names } = this.#plan
    const left = head.store.name(name, span.to) ?? null
    const oid = head.store.name(name, span.from - 1) ?? null
    if ((head.name(name) ?? null) !== left) return this.#later.name(name)
    if (oid !== null && !head.has(oid)) {
      throw irreversible(
        span,
        `${JSON.stringify(name)} named ${oidText(oid)}, which is packed away`,
      )
    }
    if (oid !== left) names.push({ name, oid, expect: left })
  }
}

const isEqual = (one: unknown, other: unknown) =>
  Buffer.compare(encodeValue(one), encodeValue(other)) === 0
