// Owns: the bytes of a backup's file: writing it, reading it part by part, and going on with one that was cut off.
// Leaves: what a backup holds to backup.ts.
// Laws: IM91 a file is in its place when it is whole and durable. IM96 a file that was cut off is gone on with when it is of this
// image, and the image was not packed since.
//
// A file is a row of frames: length u32, CRC-32 of the body u32, body. Bodies are MessagePack lists:
//   ['batos-backup', form, since, since's time, pack time]       first; older files lack the pack time; form 2 may have files
//   ['file', oid, tid, bytes]                                    a piece of a blob's file, before the transaction that speaks of it
//   ['transaction', tid, time, author, note, [record…], [[name, oid or nil]…]]
//   ['table', table, key, value]                                 all there are: tables have no history
//   ['end', count of frames, head's tid, largest oid, pack time] last
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { pack, unpack } from 'msgpackr'
import { asFault } from '#ground'
import type { Oid, Tid } from '#objects'
import { imageFault } from './faults.ts'
import { decodeRecord, encodeRecord, readU32, readU64, writeU32 } from './record.ts'
import type { Store, TableName, TableWrite, Transaction } from './store.ts'

const FORMAT = 1

/** The form of a backup with files, so that a program that knows none of them says so. */
const FORMAT_WITH_FILES = 2

/** Bytes before a body. */
const FRAME_HEAD_BYTES = 8

/** Longest body, bytes: a group's bytes and as much again for their frame. */
const BODY_BYTES = 128 * 1024 * 1024

export type Part =
  | { kind: 'begin'; since: Tid; time: number; packedTo: Tid | undefined }
  | { kind: 'file'; oid: Oid; tid: Tid; bytes: Uint8Array }
  | { kind: 'transaction'; transaction: Transaction }
  | { kind: 'table'; write: TableWrite }
  | { kind: 'end'; head: Tid; largestOid: Oid; packedTo: Tid }

/** The parts of a file, each checked, and where each ends, bytes. Faults IMAGE_DAMAGED at the first that is not as written. */
export function* partsOf(path: string): Generator<{ part: Part; end: number }, void, undefined> {
  let frames = 0
  let end = 0
  let hasEnded = false
  for (const body of bodiesOf(path)) {
    if (hasEnded) throw damagedFile(path, 'goes on after its end')
    const part = partOf(path, body, frames)
    if ((frames === 0) !== (part.kind === 'begin')) throw damagedFile(path, 'does not begin as one')
    hasEnded = part.kind === 'end'
    frames++
    end += FRAME_HEAD_BYTES + body.length
    yield { part, end }
  }
  if (!hasEnded) throw damagedFile(path, 'ends before its end')
}

function partOf(path: string, body: Uint8Array, frames: number): Part {
  const fields = unpack(body) as unknown[]
  const [kind, ...rest] = Array.isArray(fields) ? fields : []
  if (kind === 'batos-backup') {
    const [format, since = 0, time = 0, packedTo] = rest as number[]
    if (format === FORMAT || format === FORMAT_WITH_FILES)
      return { kind: 'begin', since, time, packedTo }
    throw damagedFile(
      path,
      `has form ${format}; this program reads ${FORMAT} and ${FORMAT_WITH_FILES}`,
    )
  }
  if (kind === 'file') {
    const [oid, tid, bytes] = rest as [Oid, Tid, Uint8Array]
    return { kind: 'file', oid, tid, bytes }
  }
  if (kind === 'transaction') {
    const [tid, time, author, note, records, names] = rest as [
      Tid,
      number,
      string,
      string,
      Uint8Array[],
      [string, Oid | null][],
    ]
    const revisions = records.map((record) => decodeRecord(record, readU64(record, 8), tid))
    const bound = names.map(([name, oid]) => ({ name, oid }))
    return {
      kind: 'transaction',
      transaction: { tid, time, author, note, revisions, names: bound },
    }
  }
  if (kind === 'table') {
    const [table, key, value] = rest as [TableName, string, Uint8Array]
    return { kind: 'table', write: { table, key, value } }
  }
  const [count, head, largestOid, packedTo] = rest as [number, Tid, Oid, Tid]
  if (kind !== 'end' || count !== frames) throw damagedFile(path, 'lacks a part')
  return { kind: 'end', head, largestOid, packedTo }
}

function* bodiesOf(path: string): Generator<Uint8Array, void, undefined> {
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const head = read(file, FRAME_HEAD_BYTES)
      if (head.length === 0) return
      const length = head.length === FRAME_HEAD_BYTES ? readU32(head, 0) : BODY_BYTES + 1
      if (length > BODY_BYTES) throw damagedFile(path, 'has a part of no possible length')
      const body = read(file, length)
      if (body.length < length) throw damagedFile(path, 'ends inside a part')
      if (crc32(body) !== readU32(head, 4)) {
        throw damagedFile(path, 'has a part that does not match its checksum')
      }
      yield body
    }
  } finally {
    closeSync(file)
  }
}

/** The next bytes of a file, fewer at its end. */
function read(file: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const count = readSync(file, buffer, done, length - done, null)
    if (count === 0) break
    done += count
  }
  return buffer.subarray(0, done)
}

export function damagedFile(path: string, problem: string): Error {
  return imageFault(
    'IMAGE_DAMAGED',
    `The backup ${path} ${problem}.`,
    { path },
    'Use an earlier one.',
  )
}

/** What a file that is being written says at its beginning. */
interface Beginning {
  since: Tid
  time: number
  packedTo: Tid
}

/** A backup that is being written, whole frame by whole frame, so that one that was cut off can be gone on with. */
export class Writing {
  readonly #path: string
  readonly #out: number
  /** Bytes written. */
  #at = 0
  #frames = 0
  #isOpen = true
  /** The last transaction in it, and how many there are. */
  last: Tid
  transactions = 0
  /** Versions of blobs whose files are in it, as `oid/tid`. */
  readonly files: ReadonlySet<string>

  constructor(path: string, beginning: Beginning, store: Store) {
    this.#path = path
    this.last = beginning.since
    const known = begunBefore(path, beginning, store)
    this.files = new Set(known?.files)
    if (known !== undefined) {
      this.#out = openSync(path, 'r+')
      ftruncateSync(this.#out, known.bytes)
      this.#frames = known.frames
      this.transactions = known.transactions
      this.last = known.last
      this.#at = known.bytes
      return
    }
    // The image is private, and a backup has all of it.
    this.#out = openSync(path, 'w', 0o600)
    const form = store.files === undefined ? FORMAT : FORMAT_WITH_FILES
    this.write(['batos-backup', form, beginning.since, beginning.time, beginning.packedTo])
  }

  write(body: unknown[]): void {
    const bytes = pack(body)
    const framed = Buffer.alloc(FRAME_HEAD_BYTES + bytes.length)
    writeU32(framed, 0, bytes.length)
    writeU32(framed, 4, crc32(bytes))
    framed.set(bytes, FRAME_HEAD_BYTES)
    for (let done = 0; done < framed.length; ) {
      done += writeSync(this.#out, framed, done, framed.length - done, this.#at + done)
    }
    this.#at += framed.length
    this.#frames++
  }

  transaction({ tid, time, author, note, revisions, names }: Transaction): void {
    const records = revisions.map((revision) => encodeRecord(revision))
    const bound = names.map(({ name, oid }) => [name, oid])
    this.write(['transaction', tid, time, author, note, records, bound])
    this.transactions++
    this.last = tid
  }

  /** Ends the file and puts it into its place. */
  finish(store: Store, file: string): void {
    const head = store.head()
    this.write(['end', this.#frames, head.tid, head.oid, store.packedTo()])
    fsyncSync(this.#out)
    this[Symbol.dispose]()
    renameSync(this.#path, file)
  }

  remove(): void {
    this[Symbol.dispose]()
    rmSync(this.#path, { force: true })
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) closeSync(this.#out)
    this.#isOpen = false
  }
}

/** How far a file came that was cut off; undefined when there is none that could be gone on with. */
function begunBefore(
  path: string,
  { since, time, packedTo }: Beginning,
  store: Store,
): { bytes: number; frames: number; transactions: number; last: Tid; files: string[] } | undefined {
  if (!existsSync(path)) return undefined
  const known = { bytes: 0, frames: 0, transactions: 0, last: since, files: [] as string[] }
  const files: string[] = []
  let last: Transaction | undefined
  let frames = 0
  try {
    for (const { part, end } of partsOf(path)) {
      if (part.kind === 'begin') {
        if (part.since !== since || part.time !== time || part.packedTo !== packedTo) {
          return undefined
        }
      } else if (part.kind === 'transaction') {
        last = part.transaction
        known.last = last.tid
        known.transactions++
      } else if (part.kind === 'file') files.push(`${part.oid}/${part.tid}`)
      else break
      frames++
      // Files come before their transaction, and are gone on with from the one before.
      if (part.kind !== 'file') {
        Object.assign(known, { bytes: end, frames })
        known.files.push(...files.splice(0))
      }
    }
  } catch (error) {
    // Where it was cut it is no backup; what stands before that is what is wanted.
    if (asFault(error)?.code !== 'IMAGE_DAMAGED') throw error
  }
  if (known.bytes === 0 || !isOf(store, last)) return undefined
  return known
}

/** Whether a store has this very transaction. */
export function isOf(store: Store, transaction: Transaction | undefined): boolean {
  if (transaction === undefined) return true
  const found = store.transaction(transaction.tid)
  const { time, author, note } = transaction
  return found?.time === time && found.author === author && found.note === note
}
