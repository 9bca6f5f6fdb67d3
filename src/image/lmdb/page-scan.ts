// Owns: finding entries in a damaged LMDB file without its trees: in every page that looks like a leaf, and records anywhere.
// Leaves: which of them count to salvage.ts.
// Laws: IM85 what is found says itself, by its checksum, what it is; nothing else is believed.
import { crc32 } from 'node:zlib'
import { decodeRecord, RECORD_FORMAT, RECORD_HEAD_BYTES } from '../record.ts'
import { LEAF, NODE_BIG, OVERFLOW, PAGE_HEAD_BYTES, type PageFile, u64 } from './page-file.ts'
import { nodesOf } from './page-tree.ts'
import { oidOfKey, RECORD_KEY_BYTES, tidOfKey } from './schema.ts'

/** A key with a value that may be its own; `written` is the LMDB transaction that wrote the page. */
export interface Found {
  key: Buffer
  value: Buffer
  written: number
}

/** Bytes of a node before its key. */
const NODE_HEAD_BYTES = 8

/** Bytes of a file that are looked through at a time. */
const WINDOW = 4 * 1024 * 1024

/** A record with the largest payload and the most references that are kept. */
const RECORD_BYTES_MAX = RECORD_HEAD_BYTES + 8 * 32_768 + 256 * 1024

/** Everything that lies in pages that look like leaves, those in use and those that once were. */
export function* leafEntries(file: PageFile): Generator<Found, void, undefined> {
  for (let number = 0; number < file.pages; number++) {
    const page = file.page(number)
    if (page === undefined || page.readUInt16LE(18) !== LEAF) continue
    const written = u64(page, 8)
    for (const at of nodesOf(page) ?? []) {
      const found = entryAt(file, page, at)
      if (found !== undefined) yield { ...found, written }
    }
  }
}

/** The key and value of a node, undefined when they cannot be in their places. */
function entryAt(
  file: PageFile,
  page: Buffer,
  at: number,
): { key: Buffer; value: Buffer } | undefined {
  const start = at + NODE_HEAD_BYTES
  const end = start + page.readUInt16LE(at + 6)
  const size = page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 65_536
  if (end > page.length) return undefined
  const key = page.subarray(start, end)
  if ((page.readUInt16LE(at + 4) & NODE_BIG) === 0) {
    return end + size <= page.length ? { key, value: page.subarray(end, end + size) } : undefined
  }
  if (end + 8 > page.length) return undefined
  const place = u64(page, end) * file.pageSize + PAGE_HEAD_BYTES
  const value = place < file.size ? file.bytes(place, Math.min(size, file.size)) : undefined
  return value?.length === size ? { key, value } : undefined
}

/** Records with their keys before them, wherever they lie, and large records whose key is lost. */
export function* recordsAnywhere(file: PageFile): Generator<Found, void, undefined> {
  // Windows overlap by the longest node that fits a page, so no record is cut between two of them.
  for (let from = 0; from < file.size; from += WINDOW) {
    const bytes = file.bytes(from, WINDOW + file.pageSize)
    for (
      let at = RECORD_KEY_BYTES + NODE_HEAD_BYTES;
      at + RECORD_HEAD_BYTES <= bytes.length;
      at++
    ) {
      if (!looksLikeRecord(bytes, at)) continue
      const key = bytes.subarray(at + 8, at + 24)
      if (!bytes.subarray(at - RECORD_KEY_BYTES, at).equals(key)) continue
      const head = at - RECORD_KEY_BYTES - NODE_HEAD_BYTES
      const size = bytes.readUInt16LE(head) + bytes.readUInt16LE(head + 2) * 65_536
      const value = bytes.subarray(at, at + size)
      if (value.length === size && isRecord(key, value)) {
        yield { key: Buffer.from(key), value: Buffer.from(value), written: 0 }
      }
    }
  }
  yield* largeRecords(file)
}

/** Records on overflow pages. How long one is stands in a leaf that may be lost, so its checksum has to tell. */
function* largeRecords(file: PageFile): Generator<Found, void, undefined> {
  for (let number = 2; number < file.pages; number++) {
    const head = file.bytes(number * file.pageSize, PAGE_HEAD_BYTES + RECORD_HEAD_BYTES)
    if (head.length < PAGE_HEAD_BYTES + RECORD_HEAD_BYTES) return
    const isWhole = u64(head, 0) === number && head.readUInt16LE(18) === OVERFLOW
    if (!isWhole || !looksLikeRecord(head, PAGE_HEAD_BYTES)) continue
    const room = head.readUInt32LE(20) * file.pageSize - PAGE_HEAD_BYTES
    const place = number * file.pageSize + PAGE_HEAD_BYTES
    const bytes = file.bytes(place, Math.min(room, RECORD_BYTES_MAX))
    const length = lengthByChecksum(bytes)
    if (length === undefined) continue
    const value = Buffer.from(bytes.subarray(0, length))
    const key = value.subarray(8, 24)
    if (isRecord(key, value)) yield { key, value, written: u64(head, 8) }
  }
}

function looksLikeRecord(bytes: Buffer, at: number): boolean {
  const kind = bytes[at + 1]
  return (
    bytes[at] === RECORD_FORMAT &&
    (kind === 0x01 || kind === 0x06 || kind === 0x18) &&
    bytes[at + 2] === 0 &&
    bytes[at + 3] === 0
  )
}

function isRecord(key: Buffer, value: Buffer): boolean {
  try {
    decodeRecord(value, oidOfKey(key), tidOfKey(key))
    return true
  } catch {
    // What does not match its checksum is no record, and nothing is lost by passing it.
    return false
  }
}

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value >>> 0
})

/**
 * The one length at which a record matches its checksum; undefined when there is none, or two, which happens by chance
 * once in some ten thousand records and would be a guess.
 */
function lengthByChecksum(bytes: Buffer): number | undefined {
  const wanted = bytes.readUInt32BE(4)
  let state = ~crc32(bytes.subarray(8, RECORD_HEAD_BYTES), crc32(bytes.subarray(0, 4))) >>> 0
  let found: number | undefined
  for (let at = RECORD_HEAD_BYTES; ; at++) {
    if (~state >>> 0 === wanted) {
      if (found !== undefined) return undefined
      found = at
    }
    if (at >= bytes.length) return found
    state = ((TABLE[(state ^ (bytes[at] as number)) & 0xff] as number) ^ (state >>> 8)) >>> 0
  }
}
