// Owns: what the kernel believes of an object that a worker writes: nothing before it was checked.
// Leaves: the rest of a report to verify-report.ts; ending a worker whose report is refused to sequence.ts.
// Laws: KN24 a worker can write objects it was given or made, with values; never a method, and a method slot only as it
// was. What it leaves alone it leaves with its tid. KN25 what it refers to is there.
import type { Revision } from '#image'
import {
  checkSlotName,
  decodeSlots,
  decodeValue,
  encodeValue,
  type Oid,
  type StoredSlot,
  type Tid,
} from '#objects'
import type { Head } from './head.ts'
import { type SlotSpan, slotSpans } from './slot-spans.ts'

/** One write of a worker, its parts of the right kinds. */
export interface ReportedWrite {
  oid: Oid
  born: boolean
  payload: Uint8Array
}

/** A slot that this very turn may put a method into, and the method's oid. */
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
  installing: readonly Installing[]
}

/** The slots in a record of a worker. Throws Unbelievable unless they are slots with names and tids, each name once. */
export function readSlots(payload: Uint8Array): StoredSlot[] {
  checkDistinct(payload, spansIn(payload))
  return decodeSlots(payload)
}

/** Checks one write; answers the revision to keep and the names of the slots that it changes. Throws Unbelievable. */
export function verifyWrite(
  write: ReportedWrite,
  writing: Writing,
): { revision: Revision; changed: string[] } {
  const { oid, payload } = write
  const spans = spansIn(payload)
  const former = new Former(write.born ? undefined : writing.head.payload(oid))
  let refs: Oid[] | undefined
  const changed: string[] = []
  let isNew = false
  for (const span of spans) {
    const old = former.take(payload, span)
    if (span.tid === writing.tid) {
      const name = nameIn(payload, span)
      changed.push(name)
      checkFresh(oid, name, span, writing)
      // A slot that was not there may be there twice now; one that was is taken once.
      if (old === undefined) isNew = true
    } else checkSame(payload, span, old, former)
    for (const ref of span.refs) {
      if (refs === undefined) refs = [ref]
      else refs.push(ref)
    }
  }
  if (isNew) checkDistinct(payload, spans)
  // What is left of the old ones was removed.
  if (former.isLeft) changed.push(...former.left())
  const revision: Revision = {
    oid,
    tid: writing.tid,
    kind: 'object',
    refs: refs === undefined ? NO_OIDS : distinct(refs),
    payload,
  }
  return { revision, changed }
}

const NO_OIDS: readonly Oid[] = []

const distinct = (oids: readonly Oid[]) => (oids.length < 2 ? oids : [...new Set(oids)])

function spansIn(payload: Uint8Array): SlotSpan[] {
  const spans = slotSpans(payload)
  return typeof spans === 'string' ? refuse(spans) : spans
}

function checkDistinct(payload: Uint8Array, spans: readonly SlotSpan[]): void {
  const names = new Set<string>()
  for (const span of spans) names.add(nameIn(payload, span))
  if (names.size !== spans.length) refuse('a slot name that comes twice')
}

const NOTHING = new Uint8Array()

/** An object as it was before this turn: each of its slots is taken once, by name. */
class Former {
  readonly payload: Uint8Array
  readonly #spans: (SlotSpan | undefined)[]
  #next = 0
  #left: number
  #byName: Map<string, number> | undefined

  constructor(payload: Uint8Array | undefined) {
    this.payload = payload ?? NOTHING
    this.#spans = payload === undefined ? [] : spansIn(payload)
    this.#left = this.#spans.length
  }

  /** The slot that has the name of one in another payload; the order is mostly the same. */
  take(payload: Uint8Array, span: SlotSpan): SlotSpan | undefined {
    if (this.#left === 0) return undefined
    let at: number | undefined = this.#next
    const next = this.#spans[at]
    if (next === undefined || !this.#hasName(next, payload, span)) {
      this.#byName ??= new Map(
        this.#spans.flatMap((one, i) =>
          one === undefined ? [] : [[nameIn(this.payload, one), i]],
        ),
      )
      at = this.#byName.get(nameIn(payload, span))
      if (at === undefined) return undefined
    }
    const found = this.#spans[at]
    if (found === undefined) return undefined
    this.#spans[at] = undefined
    this.#left--
    this.#next = at + 1
    return found
  }

  /** True while a slot was not taken. */
  get isLeft(): boolean {
    return this.#left > 0
  }

  /** Names of the slots that were not taken. */
  left(): string[] {
    return this.#spans.flatMap((one) => (one === undefined ? [] : [nameIn(this.payload, one)]))
  }

  #hasName(one: SlotSpan, payload: Uint8Array, span: SlotSpan): boolean {
    const { nameStart, nameEnd } = span
    return isEqual(this.payload, one.nameStart, one.nameEnd, payload, nameStart, nameEnd)
  }
}

/** Checks a slot that this turn changed: all that it refers to must be there. */
function checkFresh(oid: Oid, name: string, span: SlotSpan, writing: Writing): void {
  const { installing, born, head } = writing
  if (span.isMethod) {
    const one = installing.find(({ target, selector }) => target === oid && selector === name)
    if (one === undefined) return refuse('a forged method slot')
    if (one.method !== span.refs[0]) return refuse('another method than the one installed')
    one.done = true
    return
  }
  for (const ref of span.refs) {
    if (!born.has(ref) && !head.has(ref)) refuse('a reference to nothing')
  }
}

/** A slot that kept its tid must be what it was, or a change would hide from histories and expectations. */
function checkSame(
  payload: Uint8Array,
  span: SlotSpan,
  old: SlotSpan | undefined,
  former: Former,
): void {
  if (old === undefined || old.tid !== span.tid) return refuse('a slot tid')
  if (isEqual(former.payload, old.start, old.end, payload, span.start, span.end)) return
  // Other bytes may still be the same value: records that came from elsewhere are not all written as ours.
  const was = decodeValue(former.payload.subarray(old.start, old.end))
  const is = decodeValue(payload.subarray(span.start, span.end))
  if (!encodeValue(was).equals(encodeValue(is))) refuse('a change that was not told')
}

/** A slot's name. Throws Unbelievable when it is none: not UTF-8, or not what checkSlotName takes. */
function nameIn(payload: Uint8Array, { nameStart, nameEnd }: SlotSpan): string {
  try {
    const name = UTF8.decode(payload.subarray(nameStart, nameEnd))
    checkSlotName(name)
    return name
  } catch {
    return refuse('a slot name')
  }
}
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isEqual(
  one: Uint8Array,
  start: number,
  end: number,
  other: Uint8Array,
  otherStart: number,
  otherEnd: number,
): boolean {
  const length = end - start
  if (length !== otherEnd - otherStart) return false
  for (let i = 0; i < length; i++) if (one[start + i] !== other[otherStart + i]) return false
  return true
}
