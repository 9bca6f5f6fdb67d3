// Owns: what the kernel believes of a worker's report: nothing before it was checked.
// Leaves: ending a worker whose report is refused to sequence.ts.
// Laws: KN24 a worker can write objects it was given or made, with values; never a method, and a method slot only as it
// was. KN25 what it refers to is there.
import type { Revision } from '#image'
import {
  decodeSlots,
  decodeValue,
  isMap,
  MethodRef,
  OBJECT_LIMITS,
  type Oid,
  Ref,
  type Tid,
} from '#objects'
import type { Head } from './head.ts'
import { scan } from './scan.ts'

/** Extensions of a stored value: undefined 0, reference 1, method 2, big integer 3, time -1. */
const STORED_EXTENSIONS = new Set([-1, 0, 1, 2, 3])
const WIRE_EXTENSIONS = new Set([-1])

/** One write of a worker, as it came. */
export interface ReportedWrite {
  oid: Oid
  born: boolean
  payload: Uint8Array
  slots: string[]
}

/** The slot that this very turn may put a new method into; `method` is its oid once it was seen. */
export interface Installing {
  target: Oid
  selector: string
  method: Oid | undefined
}

/** Thrown when a report cannot be believed. The worker that made it is ended. */
export class Unbelievable extends Error {}

const refuse = (why: string): never => {
  throw new Unbelievable(why)
}

/** Checks a reply's bytes: a wire value within the limits. */
export function verifyReply(bytes: unknown): Uint8Array {
  if (!(bytes instanceof Uint8Array)) return refuse('a reply is not bytes')
  const problem = scan(bytes, {
    depth: OBJECT_LIMITS.valueDepth + 2,
    values: OBJECT_LIMITS.valueNodes * 2,
    extensions: WIRE_EXTENSIONS,
  })
  if (problem !== undefined) return refuse(`a reply was refused: ${problem}`)
  return bytes
}

/** Checks one write and answers the revision to keep. `nextOid` is the first oid that nobody has after this turn. */
export function verifyWrite(
  write: ReportedWrite,
  tid: Tid,
  nextOid: Oid,
  head: Head,
  installing: Installing | undefined,
): Revision {
  const { oid, payload } = write
  if (!(payload instanceof Uint8Array) || payload.length > OBJECT_LIMITS.recordBytes) {
    return refuse('a record is not bytes within the limit')
  }
  const problem = scan(payload, {
    depth: OBJECT_LIMITS.valueDepth + 2,
    values: OBJECT_LIMITS.valueNodes,
    extensions: STORED_EXTENSIONS,
  })
  if (problem !== undefined) return refuse(`a record was refused: ${problem}`)
  const flat = decodeValue(payload)
  if (!Array.isArray(flat) || flat.length % 3 !== 0) return refuse('a record has no slots')
  const refs = new Set<Oid>()
  let before: Map<string, unknown> | undefined
  for (let i = 0; i < flat.length; i += 3) {
    const name = flat[i]
    const slotTid = flat[i + 1]
    const value = flat[i + 2]
    if (typeof name !== 'string' || name.length > OBJECT_LIMITS.nameLength) refuse('a slot name')
    if (!Number.isSafeInteger(slotTid) || slotTid < 0 || slotTid > tid) refuse('a slot tid')
    if (value instanceof MethodRef) {
      before ??= slotsBefore(head, oid)
      const old = before.get(name)
      if (!(old instanceof MethodRef) || old.oid !== value.oid) {
        if (installing?.target !== oid || installing.selector !== name) {
          refuse('a method slot that nobody installed')
        } else if (value.oid < head.nextOid) refuse('a method that is not new')
        else installing.method = value.oid
      }
      refs.add(value.oid)
    } else collect(value, refs)
  }
  for (const ref of refs) if (ref >= nextOid || ref < 1) refuse('a reference to nothing')
  return { oid, tid, kind: 'object', refs: [...refs], payload }
}

function slotsBefore(head: Head, oid: Oid): Map<string, unknown> {
  const payload = head.payload(oid)
  if (payload === undefined) return new Map()
  return new Map(decodeSlots(payload).map(({ name, value }) => [name, value]))
}

function collect(value: unknown, refs: Set<Oid>): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Ref) refs.add(value.oid)
  else if (value instanceof MethodRef) refuse('a method inside a value')
  else if (Array.isArray(value)) for (const part of value) collect(part, refs)
  else if (isMap(value)) for (const part of Object.values(value)) collect(part, refs)
}
