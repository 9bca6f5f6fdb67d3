// Owns: the bytes of an object's slots, inside a record: one MessagePack array [name, tid, value, name, tid, value …].
// Leaves: the record around them (checksum, oid, references) to image/record.ts.
// Laws: OB4 the same slots in the same order give the same bytes. OB5 bytes cannot execute: a method is a reference.
import { addExtension, Packr } from 'msgpackr'
import { objectFault } from './faults.ts'
import type { Oid, Tid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { MethodRef, Ref } from './value.ts'

/** A slot in stored form. A value that is a MethodRef makes it a method slot; a name ending in `*` a parent slot. */
export interface StoredSlot {
  name: string
  tid: Tid
  value: unknown
}

const REF = 1
const METHOD = 2
const BIG = 3

const oidBytes = (oid: Oid) => {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(oid))
  return bytes
}
const readOid = (bytes: Buffer) => Number(Buffer.from(bytes).readBigUInt64BE())

addExtension({
  Class: Ref,
  type: REF,
  pack: (ref: Ref) => oidBytes(ref.oid),
  unpack: (bytes: Buffer) => new Ref(readOid(bytes)),
})
addExtension({
  Class: MethodRef,
  type: METHOD,
  pack: (ref: MethodRef) => oidBytes(ref.oid),
  unpack: (bytes: Buffer) => new MethodRef(readOid(bytes)),
})

/** A big integer of more than 64 bits, between the codec and MessagePack only. */
class Big {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
addExtension({
  Class: Big,
  type: BIG,
  pack: (big: Big) => Buffer.from(big.text, 'latin1'),
  unpack: (bytes: Buffer) => BigInt(Buffer.from(bytes).toString('latin1')),
})

// A map of the world may have the key `toJSON`, which is no method to be called.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, useToJSON: false })
// Between our own processes the same form is used, so that both ends agree on references.
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** The value with big integers wrapped; the same object when there are none, a copy otherwise. */
function packable(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value < INT64_MIN || value > INT64_MAX ? new Big(value.toString()) : value
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const part = value[i]
      if (typeof part !== 'bigint' && typeof part !== 'object') continue
      const packed = packable(part)
      if (packed === part) continue
      copy ??= [...value]
      copy[i] = packed
    }
    return copy ?? value
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const map = value as Record<string, unknown>
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(map)) {
    const part = map[key]
    if (typeof part !== 'bigint' && typeof part !== 'object') continue
    const packed = packable(part)
    if (packed === part) continue
    copy ??= { ...map }
    copy[key] = packed
  }
  return copy ?? map
}

/** The bytes of one stored value. */
export function encodeValue(value: unknown): Buffer {
  return packr.pack(packable(value))
}

/** The stored value in bytes made by `encodeValue`. Throws on malformed bytes. */
export function decodeValue(bytes: Uint8Array): unknown {
  return packr.unpack(bytes)
}

/** The payload of a record. Faults LIMIT over 256 KiB. */
export function encodeSlots(slots: Iterable<StoredSlot>): Buffer {
  const flat: unknown[] = []
  for (const slot of slots) flat.push(slot.name, slot.tid, packable(slot.value))
  const bytes = packr.pack(flat)
  if (bytes.length > OBJECT_LIMITS.recordBytes) {
    throw objectFault(
      'LIMIT',
      `an object would take ${bytes.length} bytes; the limit is ${OBJECT_LIMITS.recordBytes}`,
      undefined,
      'Spread what it holds over several objects that it refers to.',
    )
  }
  return bytes
}

/** The slots in a payload, in their order. Throws on malformed bytes. */
export function decodeSlots(payload: Uint8Array): StoredSlot[] {
  const flat = packr.unpack(payload) as unknown[]
  const slots: StoredSlot[] = []
  for (let i = 0; i < flat.length; i += 3) {
    slots.push({ name: flat[i] as string, tid: flat[i + 1] as Tid, value: flat[i + 2] })
  }
  return slots
}
