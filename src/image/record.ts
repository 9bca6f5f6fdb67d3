// Owns: the bytes of one record, and the big-endian numbers that records and keys are made of.
// Leaves: what a payload means to the objects; where records lie to the stores.
// Laws: IM9 a record says which object and transaction it is, and a checksum covers all of it.
// IM10 a record of a newer format is refused with a sentence, never guessed at.
//
//   byte 0        format version, 1
//   byte 1        kind: 0x01 object, 0x06 method, 0x18 gone
//   bytes 2–3     zero
//   bytes 4–7     CRC-32 of bytes 0–3 followed by bytes 8–end
//   bytes 8–15    oid, then 16–23 tid: this half is also the record's key
//   bytes 24–27   count of references
//   from 28       references, 8 bytes each, then the payload
//
// All numbers are big-endian, so that the order of bytes is the order of numbers. Kinds differ in three
// bits or more, so no single flipped bit turns one into another.
import { crc32 } from 'node:zlib'
import { type Oid, oidText, type Tid } from '#objects'
import { imageFault } from './faults.ts'
import type { RecordKind, Revision } from './store.ts'

/** The format written here, and the newest one that is read. */
export const RECORD_FORMAT = 1

/** Where the oid and the tid are, which are also the record's key. */
export const RECORD_KEY_AT = 8

/** Bytes before the references. */
export const RECORD_HEAD_BYTES = 28

const CODES: Record<RecordKind, number> = { object: 0x01, method: 0x06, gone: 0x18 }
const KINDS: (RecordKind | undefined)[] = []
// The checksum of the first four bytes depends on the kind alone, so it is computed once for each.
const SEEDS: number[] = []
for (const kind of ['object', 'method', 'gone'] as const) {
  const code = CODES[kind]
  KINDS[code] = kind
  SEEDS[code] = crc32(Uint8Array.of(RECORD_FORMAT, code, 0, 0))
}

const TWO_32 = 0x1_0000_0000

/** Writes a 32-bit number at a place. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** Reads a 32-bit number. The place must lie inside. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x100_0000 +
    ((bytes[at + 1] as number) << 16) +
    ((bytes[at + 2] as number) << 8) +
    (bytes[at + 3] as number)
  )
}

/** Writes a safe integer as 64 bits. */
export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, Math.floor(value / TWO_32))
  writeU32(bytes, at + 4, value % TWO_32)
}

/** Reads 64 bits; what is beyond the safe integers comes back inexact and fails the caller's check. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * TWO_32 + readU32(bytes, at + 4)
}

/** How many bytes a revision takes as a record. */
export function recordBytes(revision: Revision): number {
  return RECORD_HEAD_BYTES + 8 * revision.refs.length + revision.payload.length
}

/** Writes a revision into `target`, which must be exactly recordBytes(revision) long. */
export function encodeRecordInto(revision: Revision, target: Uint8Array): void {
  const code = CODES[revision.kind]
  const refs = revision.refs
  target[0] = RECORD_FORMAT
  target[1] = code
  target[2] = 0
  target[3] = 0
  writeU64(target, 8, revision.oid)
  writeU64(target, 16, revision.tid)
  writeU32(target, 24, refs.length)
  let at = RECORD_HEAD_BYTES
  for (let i = 0; i < refs.length; i++, at += 8) writeU64(target, at, refs[i] as Oid)
  target.set(revision.payload, at)
  writeU32(target, 4, crc32(target.subarray(8), SEEDS[code]))
}

/** The record of a revision. */
export function encodeRecord(revision: Revision): Uint8Array {
  const target = new Uint8Array(recordBytes(revision))
  encodeRecordInto(revision, target)
  return target
}

/**
 * The revision in a record that was asked for under (oid, tid). The payload is a view of `bytes`.
 * Faults IMAGE_DAMAGED when anything about it is not as written.
 */
export function decodeRecord(bytes: Uint8Array, oid: Oid, tid: Tid): Revision {
  if (bytes.length < RECORD_HEAD_BYTES) throw damaged(oid, tid, 'is shorter than its head')
  const format = bytes[0] as number
  if (format > RECORD_FORMAT) {
    throw imageFault(
      'IMAGE_DAMAGED',
      `${place(oid, tid)} has format ${format}; this program reads up to ${RECORD_FORMAT}.`,
      { oid, tid, format },
      'Open the image with the version of batos that wrote it, or a newer one.',
    )
  }
  const code = bytes[1] as number
  const kind = KINDS[code]
  if (format !== RECORD_FORMAT || kind === undefined || bytes[2] !== 0 || bytes[3] !== 0) {
    throw damaged(oid, tid, 'begins with bytes that no version wrote')
  }
  if (crc32(bytes.subarray(8), SEEDS[code]) !== readU32(bytes, 4)) {
    throw damaged(oid, tid, 'does not match its checksum')
  }
  if (readU64(bytes, 8) !== oid || readU64(bytes, 16) !== tid) {
    throw damaged(oid, tid, 'belongs to another object or transaction')
  }
  const count = readU32(bytes, 24)
  const start = RECORD_HEAD_BYTES + 8 * count
  if (start > bytes.length) throw damaged(oid, tid, 'claims more references than it holds')
  const refs: Oid[] = []
  for (let at = RECORD_HEAD_BYTES; at < start; at += 8) {
    const ref = readU64(bytes, at)
    if (!Number.isSafeInteger(ref) || ref < 1) throw damaged(oid, tid, 'refers to no possible oid')
    refs.push(ref)
  }
  return { oid, tid, kind, refs, payload: bytes.subarray(start) }
}

function place(oid: Oid, tid: Tid): string {
  return `The record of ${oidText(oid)} at transaction ${tid}`
}

function damaged(oid: Oid, tid: Tid, problem: string): Error {
  return imageFault('IMAGE_DAMAGED', `${place(oid, tid)} ${problem}.`, { oid, tid })
}
