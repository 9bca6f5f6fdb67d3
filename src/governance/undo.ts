// Owns: taking a transaction back: what each slot and each name was before it, unless something changed it later.
// Leaves: making the change to the kernel, as one turn with expectations; what may be a method to the judge.
// Laws: BR60 an undo is one turn that restores everything or nothing. BR61 what was changed later is a CONFLICT that names
// it. BR62 a method that comes back passes the judge again, and is a new version.
import type { Answer, Kernel, MethodFields } from '#kernel'
import {
  decodeSlots,
  MethodRef,
  type Oid,
  oidText,
  type RestoredName,
  type RestoredSlot,
  type StoredSlot,
  type Tid,
} from '#objects'
import { governanceFault } from './faults.ts'

/** What an undo is to restore; `methods` belong to the slots whose methods come back, in their order. */
interface Plan {
  slots: RestoredSlot[]
  names: RestoredName[]
  methods: MethodFields[]
}

/**
 * Takes a transaction back as one turn; its tid is null when nothing is left to restore. What it created stays until a pack,
 * without the names that it gave. Faults TARGET_UNKNOWN, CONFLICT, FIELD_INVALID and METHOD_FAILED.
 */
export async function undoTransaction(kernel: Kernel, tid: Tid, author: string): Promise<Answer> {
  const plan = planOf(kernel, tid)
  for (const fields of plan.methods) {
    const compiled = await kernel.options.judge.compile(fields.source)
    if (!('problems' in compiled)) continue
    throw governanceFault(
      'METHOD_FAILED',
      `${fields.selector} of ${oidText(fields.holder)} as it was does not pass any more: ${compiled.problems[0]?.message}`,
      { selector: fields.selector, target: oidText(fields.holder) },
    )
  }
  const { slots, names, methods } = plan
  return kernel.change(
    { kind: 'restore', slots, names },
    { author, note: `undo ${tid}` },
    (_oid, _tid, index) => methods[index] as MethodFields,
  )
}

function planOf(kernel: Kernel, tid: Tid): Plan {
  const { store } = kernel.head
  const info = store.transaction(tid)
  if (info === undefined) {
    throw governanceFault('TARGET_UNKNOWN', `there is no transaction ${tid}`, { tid: String(tid) })
  }
  if (tid === 1) throw irreversible(tid, 'it is the awakening')
  const plan: Plan = { slots: [], names: [], methods: [] }
  for (const oid of info.oids) planObject(kernel, tid, oid, plan)
  for (const name of info.names) planName(kernel, tid, name, plan)
  return plan
}

const irreversible = (tid: Tid, why: string) =>
  governanceFault('FIELD_INVALID', `transaction ${tid} cannot be undone: ${why}`)

function planObject(kernel: Kernel, tid: Tid, oid: Oid, plan: Plan): void {
  const { head } = kernel
  const left = head.store.read(oid, tid)
  if (left?.tid !== tid) return
  const before = head.store.read(oid, tid - 1)
  if (before === undefined && left.kind !== 'gone') return
  // Objects and methods that change their kind or place were brought by a load, which is undone by another.
  if (left.kind !== 'object' || before?.kind !== 'object') {
    throw irreversible(tid, `it replaced ${oidText(oid)} as a whole`)
  }
  const now = byName(head.object(oid).slots)
  const was = byName(decodeSlots(before.payload))
  const then = byName(decodeSlots(left.payload))
  for (const [slot, { tid: changed }] of then) {
    if (changed !== tid) continue
    if (now.get(slot)?.tid !== tid) throw changedSince(oid, slot, tid, now.get(slot)?.tid)
    planSlot(kernel, { oid, slot, expect: tid, old: was.get(slot), now: now.get(slot) }, plan)
  }
  for (const [slot, old] of was) {
    if (then.has(slot)) continue
    if (now.has(slot)) throw changedSince(oid, slot, tid, now.get(slot)?.tid)
    planSlot(kernel, { oid, slot, expect: null, old, now: undefined }, plan)
  }
}

const byName = (slots: readonly StoredSlot[]) => new Map(slots.map((slot) => [slot.name, slot]))

function changedSince(oid: Oid, slot: string, tid: Tid, by: Tid | undefined): Error {
  const how = by === undefined ? 'was removed' : `was changed by transaction ${by}`
  return governanceFault(
    'CONFLICT',
    `${slot} of ${oidText(oid)} ${how} after transaction ${tid}, so nothing was undone`,
    { oid: oidText(oid), slot, ...(by === undefined ? {} : { tid: String(by) }) },
  )
}

interface SlotChange {
  oid: Oid
  slot: string
  expect: Tid | null
  old: StoredSlot | undefined
  now: StoredSlot | undefined
}

function planSlot(kernel: Kernel, { oid, slot, expect, old, now }: SlotChange, plan: Plan): void {
  const place = { target: oid, slot, expect }
  if (old === undefined) plan.slots.push({ ...place, was: 'absent' })
  else if (!(old.value instanceof MethodRef)) {
    plan.slots.push({ ...place, was: 'value', value: old.value })
  } else {
    const was = kernel.head.method(old.value.oid)
    const is = now?.value instanceof MethodRef ? kernel.head.method(now.value.oid) : undefined
    const { selector, source, comment, author, model } = was
    plan.slots.push({ ...place, was: 'method' })
    plan.methods.push({
      ...{ selector, source, comment, author },
      ...(model === '' ? {} : { model }),
      version: Math.max(was.version, is?.version ?? 0) + 1,
      holder: oid,
      previous: is?.oid ?? was.oid,
    })
  }
}

function planName(kernel: Kernel, tid: Tid, name: string, plan: Plan): void {
  const { head } = kernel
  const left = head.store.name(name, tid) ?? null
  const oid = head.store.name(name, tid - 1) ?? null
  if ((head.name(name) ?? null) !== left) {
    const again = `the name ${JSON.stringify(name)} was bound anew after transaction ${tid}`
    throw governanceFault('CONFLICT', `${again}, so nothing was undone`, { name })
  }
  if (oid !== null && !head.has(oid)) {
    throw irreversible(tid, `${JSON.stringify(name)} named ${oidText(oid)}, which is packed away`)
  }
  if (oid !== left) plan.names.push({ name, oid, expect: left })
}
