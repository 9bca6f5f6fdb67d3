// Owns: finding the slots in a record's payload without decoding it: where each name and value lies, what each refers to.
// Leaves: what may change to verify-write.ts.
// Laws: KN30 the bytes are looked over in the same pass, and what the codec would not have written is refused. KN25 every
// reference in a value is found.
import { OBJECT_LIMITS, type Oid, type Tid } from '#objects'
import { Refusal, type ScanLimits, scanValue } from './scan.ts'

/** Extensions of a stored value: undefined 0, reference 1, method 2, big integer 3, time -1. */
export const STORED_EXTENSIONS: ReadonlySet<number> = new Set([-1, 0, 1, 2, 3])
const UNDEFINED = 0
const REFERENCE = 1
const METHOD = 2
const BIG = 3
/** Digits of a big integer: what the wire takes as well, sign included. */
const BIG_DIGITS = 1_001

/** One slot in a payload. Its name is bytes `nameStart` to `nameEnd`, its value `start` to `end`. */
export interface SlotSpan {
  nameStart: number
  nameEnd: number
  tid: Tid
  start: number
  end: number
  /** Oids that the value refers to; a method slot's only one is the method. */
  refs: readonly Oid[]
  isMethod: boolean
}

const NO_REFS: readonly Oid[] = []

/** The slots of a payload in their order, or the sentence that says why it is none. Names are as yet any texts. */
export function slotSpans(payload: Uint8Array): SlotSpan[] | string {
  if (payload.length > OBJECT_LIMITS.recordBytes) return 'a record is too large'
  try {
    return walker.walk(payload)
  } catch (refusal) {
    if (refusal instanceof Refusal) return `a record was refused: ${refusal.message}`
    throw refusal
  }
}

class Walker {
  #bytes: Uint8Array = new Uint8Array()
  #at = 0
  #value = 0
  #refs: Oid[] | undefined
  #isMethod = false
  readonly #limits: ScanLimits = {
    depth: OBJECT_LIMITS.valueDepth + 1,
    // Every value takes a byte, so the length bounds their number.
    values: OBJECT_LIMITS.recordBytes,
    extensions: STORED_EXTENSIONS,
    onExtension: (type, start, length) => this.#extension(type, start, length),
  }

  walk(bytes: Uint8Array): SlotSpan[] {
    this.#bytes = bytes
    this.#at = 0
    const count = this.#count()
    if (count % 3 !== 0) throw new Refusal('it has no slots')
    // Every value takes a byte, so no count of a record makes room for more slots than its bytes could hold.
    if (count > bytes.length) throw new Refusal('it is cut short')
    const spans: SlotSpan[] = new Array(count / 3)
    for (let i = 0; i < spans.length; i++) spans[i] = this.#slot()
    if (this.#at !== bytes.length) throw new Refusal('bytes follow the slots')
    return spans
  }

  #slot(): SlotSpan {
    const length = this.#nameLength()
    const nameStart = this.#at
    const nameEnd = nameStart + length
    this.#at = nameEnd
    const tid = this.#tid()
    const start = this.#at
    this.#value = start
    this.#refs = undefined
    this.#isMethod = false
    const end = scanValue(this.#bytes, start, this.#limits)
    this.#at = end
    return {
      nameStart,
      nameEnd,
      tid,
      start,
      end,
      refs: this.#refs ?? NO_REFS,
      isMethod: this.#isMethod,
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Refusal('it is cut short')
    return byte
  }

  #number(bytes: number): number {
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#byte()
    return value
  }

  /** The length of the outermost list. */
  #count(): number {
    const code = this.#byte()
    if (code >= 0x90 && code < 0xa0) return code & 15
    if (code === 0xdc) return this.#number(2)
    if (code === 0xdd) return this.#number(4)
    throw new Refusal('it is not a list')
  }

  #nameLength(): number {
    const code = this.#byte()
    if (code >= 0xa0 && code < 0xc0) return code & 31
    if (code >= 0xd9 && code <= 0xdb) return this.#number(1 << (code - 0xd9))
    throw new Refusal('a slot name is not a text')
  }

  /** A tid: a whole number, as a float beyond 32 bits. */
  #tid(): Tid {
    const code = this.#byte()
    let tid = -1
    if (code < 0x80) tid = code
    else if (code >= 0xcc && code <= 0xcf) tid = this.#number(1 << (code - 0xcc))
    else if (code === 0xcb) {
      const at = this.#at
      this.#number(8)
      tid = new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at)
    }
    if (!Number.isSafeInteger(tid) || tid < 0) throw new Refusal('a slot tid is no number')
    return tid
  }

  #extension(type: number, start: number, length: number): void {
    const bytes = this.#bytes
    if (type === REFERENCE || type === METHOD) {
      if (length !== 8) throw new Refusal('a reference has another length')
      if (type === METHOD) {
        if (start - 2 !== this.#value || bytes[this.#value] !== 0xd7) {
          throw new Refusal('a method is inside a value')
        }
        this.#isMethod = true
      }
      const oid = readOid(bytes, start)
      // An array that begins empty gets room for many at its first element.
      if (this.#refs === undefined) this.#refs = [oid]
      else this.#refs.push(oid)
    } else if (type === BIG) {
      if (!isDigits(bytes, start, length)) throw new Refusal('a big integer has other signs')
    } else if (type === UNDEFINED) {
      if (length !== 1 || bytes[start] !== 0) throw new Refusal('undefined has a body')
    } else if (length !== 4 && length !== 8 && length !== 12) {
      throw new Refusal('a time has another length')
    }
  }
}

function readOid(bytes: Uint8Array, at: number): Oid {
  let oid = 0
  for (let i = at; i < at + 8; i++) oid = oid * 256 + (bytes[i] as number)
  return oid
}

function isDigits(bytes: Uint8Array, start: number, length: number): boolean {
  const first = bytes[start] === 0x2d ? 1 : 0
  if (length <= first || length > BIG_DIGITS) return false
  for (let i = start + first; i < start + length; i++) {
    const byte = bytes[i] as number
    if (byte < 0x30 || byte > 0x39) return false
  }
  return true
}

// One for all: a walk runs to its end before anything else does.
const walker = new Walker()
