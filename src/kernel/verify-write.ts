// Owns: what the kernel believes of an object that a worker writes: nothing before it was checked.
// Leaves: the rest of a report to verify-report.ts; ending a worker whose report is refused to sequence.ts.
// Laws: KN24 a worker can write objects it was given or made, with values; never a method, and a method slot only as it
// was. What it leaves alone it leaves with its tid. KN25 what it refers to is there.
import type { Revision } from '#image'
import {
  checkSlotName,
  decodeValue,
  encodeValue,
  isMap,
  MethodRef,
  OBJECT_LIMITS,
  type Oid,
  Ref,
  type StoredSlot,
  type Tid,
} from '#objects'
import type { Head } from './head.ts'
import { scan } from './scan.ts'

/** Extensions of a stored value: undefined 0, reference 1, method 2, big integer 3, time -1. */
export const STORED_EXTENSIONS = new Set([-1, 0, 1, 2, 3])

/** One write of a worker, its parts of the right kinds. */
export interface ReportedWrite {
  oid: Oid
  born: boolean
  payload: Uint8Array
}

/** The slot that this very turn may put the method into, and the method's oid. */
export interface Installing {
  target: Oid
  selector: string
  method: Oid
  /** True once the slot was seen. */
  done: boolean
}

/** Thrown when a report cannot be believed. The worker that made it is ended. */
export class Unbelievable extends Error {}

/** Refuses a report. */
export function refuse(why: string): never {
  throw new Unbelievable(why)
}

/** What the checks of one turn's writes share. */
export interface Writing {
  tid: Tid
  head: Head
  /** Objects that this turn made. */
  born: ReadonlySet<Oid>
  installing: Installing | undefined
}

/** The slots in a record of a worker. Throws Unbelievable unless they are slots with names and tids, each name once. */
export function readSlots(payload: Uint8Array): StoredSlot[] {
  if (payload.length > OBJECT_LIMITS.recordBytes) return refuse('a record is too large')
  const problem = scan(payload, {
    depth: OBJECT_LIMITS.valueDepth + 2,
    // Every value takes a byte, so the length bounds their number.
    values: OBJECT_LIMITS.recordBytes,
    extensions: STORED_EXTENSIONS,
  })
  if (problem !== undefined) return refuse(`a record was refused: ${problem}`)
  const flat = decodeValue(payload)
  if (!Array.isArray(flat) || flat.length % 3 !== 0) return refuse('a record has no slots')
  const slots: StoredSlot[] = []
  const names = new Set<string>()
  for (let i = 0; i < flat.length; i += 3) {
    const [name, tid, value] = [flat[i], flat[i + 1], flat[i + 2]]
    if (!isSlotName(name) || names.has(name)) return refuse('a slot name')
    if (!Number.isSafeInteger(tid) || tid < 0) return refuse('a slot tid')
    names.add(name)
    slots.push({ name, tid, value })
  }
  return slots
}

/** Checks one write; answers the revision to keep and the names of the slots that it changes. Throws Unbelievable. */
export function verifyWrite(
  write: ReportedWrite,
  writing: Writing,
): { revision: Revision; changed: string[] } {
  const { oid, payload } = write
  const before = write.born ? undefined : writing.head.payload(oid)
  const old = new Map((before === undefined ? [] : readSlots(before)).map((one) => [one.name, one]))
  const refs = new Set<Oid>()
  const changed: string[] = []
  for (const slot of readSlots(payload)) {
    if (slot.tid === writing.tid) {
      changed.push(slot.name)
      for (const ref of freshRefs(oid, slot, writing)) refs.add(ref)
    } else {
      checkSame(slot, old.get(slot.name))
      collect(slot.value, refs)
    }
    old.delete(slot.name)
  }
  // What is left of the old ones was removed.
  changed.push(...old.keys())
  const revision: Revision = { oid, tid: writing.tid, kind: 'object', refs: [...refs], payload }
  return { revision, changed }
}

/** The references of a slot that this turn changed, all of which must be there. */
function freshRefs(oid: Oid, slot: StoredSlot, writing: Writing): Set<Oid> {
  const { value, name } = slot
  const { installing, born, head } = writing
  if (value instanceof MethodRef) {
    if (installing?.target !== oid || installing.selector !== name) refuse('a forged method slot')
    if (installing?.method !== value.oid) refuse('another method than the one installed')
    else installing.done = true
    return new Set([value.oid])
  }
  const refs = new Set<Oid>()
  collect(value, refs)
  for (const ref of refs) if (!born.has(ref) && !head.has(ref)) refuse('a reference to nothing')
  return refs
}

/** A slot that kept its tid must be what it was, or a change would hide from histories and expectations. */
function checkSame(slot: StoredSlot, old: StoredSlot | undefined): void {
  if (old === undefined || old.tid !== slot.tid) return refuse('a slot tid')
  const same =
    old.value === slot.value ||
    (typeof old.value === 'object' &&
      old.value !== null &&
      encodeValue(old.value).equals(encodeValue(slot.value)))
  if (!same) refuse('a change that was not told')
}

function isSlotName(name: unknown): name is string {
  try {
    checkSlotName(name)
    return true
  } catch {
    return false
  }
}

function collect(value: unknown, refs: Set<Oid>): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Ref || value instanceof MethodRef) refs.add(value.oid)
  else if (Array.isArray(value)) for (const part of value) collectPart(part, refs)
  else if (isMap(value)) for (const part of Object.values(value)) collectPart(part, refs)
}

function collectPart(value: unknown, refs: Set<Oid>): void {
  if (value instanceof MethodRef) refuse('a method inside a value')
  collect(value, refs)
}
