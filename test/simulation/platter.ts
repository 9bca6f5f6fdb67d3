// Owns: what groups are as bytes on a disk, and what can be read back of them when some never got there.
// Leaves: when that happens to disk.ts.
// Laws: IM1 a group whose bytes are not all there is not there, and nothing behind it is.
import { crc32 } from 'node:zlib'
import type { Group, TableWrite, Transaction } from '#image'
import { decodeValue, encodeValue } from '#objects'

/** Bytes of a group's head: the length of what follows, and its checksum. */
const HEAD = 8
/** Bytes that a disk writes at once, in any order: older ones are there in their place, here nothing. */
const SECTOR = 64

/** One after the other: transactions with what they changed, then tables, each piece with its length. */
function piecesOf({ transactions, tables }: Group): unknown[] {
  return [
    ...transactions.flatMap(({ revisions, names, ...rest }) => [
      { ...rest, names: names.map(({ name, oid }) => [name, oid]) },
      ...revisions.map(({ oid, tid, kind, refs, payload }) => [oid, tid, kind, [...refs], payload]),
    ]),
    ...tables.map(({ table, key, value }) => [table, key, value]),
  ]
}

const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Groups as bytes, in their order. */
export function layOut(groups: readonly Group[]): Buffer {
  const parts = groups.flatMap((group) => {
    const pieces = piecesOf(group).map((piece) => encodeValue(piece))
    const body = Buffer.concat(pieces.flatMap((piece) => [number(piece.length), piece]))
    return [number(body.length), number(crc32(body)), body]
  })
  return Buffer.concat(parts)
}

/** The bytes with one sector at or behind a place that was never written. */
export function withHole(bytes: Buffer, at: number): Buffer {
  const holed = Buffer.from(bytes)
  const from = at - (at % SECTOR)
  return holed.fill(0, from, Math.min(from + SECTOR, holed.length))
}

/** Whole groups from the beginning of bytes; `trusting` also takes what can be read of the first that is not whole. */
export function readBack(bytes: Buffer, trusting: boolean): Group[] {
  const groups: Group[] = []
  let at = 0
  while (at + HEAD <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + HEAD, at + HEAD + length)
    const isWhole = body.length === length && crc32(body) === bytes.readUInt32BE(at + 4)
    if (!isWhole && !trusting) break
    const group = groupOf(body)
    if (group.transactions.length + group.tables.length > 0) groups.push(group)
    if (!isWhole) break
    at += HEAD + length
  }
  return groups
}

/** A group of all the pieces that are there. */
function groupOf(body: Buffer): Group {
  const transactions: Transaction[] = []
  const tables: TableWrite[] = []
  for (let at = 0; at + 4 <= body.length; ) {
    const length = body.readUInt32BE(at)
    const bytes = body.subarray(at + 4, at + 4 + length)
    if (length === 0 || bytes.length < length) break
    at += 4 + length
    const piece = decoded(bytes)
    if (piece === undefined) continue
    if (!Array.isArray(piece)) {
      const { names, ...rest } = piece as { names: [string, number | null][] } & Transaction
      const bound = names.map(([name, oid]) => ({ name, oid }))
      transactions.push({ ...rest, names: bound, revisions: [] })
    } else if (piece.length === 3) {
      const [table, key, value] = piece as [TableWrite['table'], string, Uint8Array | null]
      tables.push({ table, key, value })
    } else {
      const [oid, tid, kind, refs, payload] = piece as [
        number,
        number,
        'object',
        number[],
        Uint8Array,
      ]
      const revisions = transactions.at(-1)?.revisions as
        | Transaction['revisions'][number][]
        | undefined
      revisions?.push({ oid, tid, kind, refs, payload })
    }
  }
  return { transactions, tables }
}

/** Bytes with a hole may be no value. */
function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeValue(bytes)
  } catch {
    return undefined
  }
}
