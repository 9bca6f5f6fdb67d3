// Owns: the bytes of everything that is not a record: transactions, names and table values, each sealed.
// Leaves: records to record.ts; keys to lmdb/schema.ts.
// Laws: IM9 a sealed value is a CRC-32 of its key and body, then the body, so a value that is damaged or lies
// under another key is found on reading.
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import type { Oid, Tid } from '#objects'
import { imageFault } from './faults.ts'
import { readU32, readU64, writeU32, writeU64 } from './record.ts'
import type { TransactionInfo } from './store.ts'

/** Bytes that a seal adds to a body. */
export const SEAL_BYTES = 4

/** The bytes of a sealed name: the seal and one oid, 0 when the name is unbound. */
export const NAME_VALUE_BYTES = SEAL_BYTES + 8

const TRANSACTION_FORMAT = 1

// Plain arrays and no record extension: any MessagePack reader can read a transaction.
const packr = new Packr({ useRecords: false })

/** Writes the seal at the front of `value`, whose body is in place already. */
export function seal(key: Uint8Array, value: Uint8Array): void {
  writeU32(value, 0, crc32(value.subarray(SEAL_BYTES), crc32(key)))
}

/** The body of a sealed value, a view. Faults IMAGE_DAMAGED, naming `what`. */
export function unseal(key: Uint8Array, value: Uint8Array, what: string): Uint8Array {
  if (value.length >= SEAL_BYTES) {
    const body = value.subarray(SEAL_BYTES)
    if (crc32(body, crc32(key)) === readU32(value, 0)) return body
  }
  throw damaged(what, 'does not match its checksum')
}

/** Writes the oid a name is bound to, or null, into NAME_VALUE_BYTES bytes, sealed. */
export function sealName(key: Uint8Array, value: Uint8Array, oid: Oid | null): void {
  writeU64(value, SEAL_BYTES, oid ?? 0)
  seal(key, value)
}

/** The oid in a sealed name, undefined when unbound. Faults IMAGE_DAMAGED. */
export function unsealName(key: Uint8Array, value: Uint8Array): Oid | undefined {
  const body = unseal(key, value, 'A name')
  const oid = body.length === 8 ? readU64(body, 0) : Number.NaN
  if (!Number.isSafeInteger(oid)) throw damaged('A name', 'holds no possible oid')
  return oid === 0 ? undefined : oid
}

/** The body of a transaction's description: [format, time, author, note, oids, names] in MessagePack. */
export function packTransaction(info: TransactionInfo): Uint8Array {
  return packr.pack([TRANSACTION_FORMAT, info.time, info.author, info.note, info.oids, info.names])
}

/** The description in a body. Faults IMAGE_DAMAGED when it is not one, or of a newer format. */
export function unpackTransaction(tid: Tid, body: Uint8Array): TransactionInfo {
  const what = `The description of transaction ${tid}`
  let value: unknown
  try {
    value = packr.unpack(body)
  } catch (error) {
    throw damaged(what, `is not MessagePack (${String(error)})`)
  }
  if (!Array.isArray(value)) throw damaged(what, 'is not a list')
  const [format, time, author, note, oids, names] = value as unknown[]
  if (format !== TRANSACTION_FORMAT) {
    throw damaged(what, `has format ${String(format)}; this program reads ${TRANSACTION_FORMAT}`)
  }
  if (
    typeof time !== 'number' ||
    typeof author !== 'string' ||
    typeof note !== 'string' ||
    !Array.isArray(oids) ||
    !Array.isArray(names)
  ) {
    throw damaged(what, 'lacks a part')
  }
  return { tid, time, author, note, oids: oids as Oid[], names: names as string[] }
}

function damaged(what: string, problem: string): Error {
  return imageFault('IMAGE_DAMAGED', `${what} ${problem}.`)
}
