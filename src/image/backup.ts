// Owns: backups in files: all transactions after one, checked, and the way back.
// Leaves: bringing transactions into a store to copy.ts; where files lie and when to make them to whoever asks.
// Laws: IM91 a backup is whole or not there; with those before it, it restores what it was made of. IM92 verifying tells damage.
//
// A file is a row of frames: length u32, CRC-32 of the body u32, body. Bodies are MessagePack lists:
//   ['batos-backup', 1, since, since's time]                     first
//   ['transaction', tid, time, author, note, [record…], [[name, oid or nil]…]]
//   ['table', table, key, value]                                 all there are: tables have no history
//   ['end', count of frames, head's tid, largest oid, pack time] last
import { closeSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { pack, unpack } from 'msgpackr'
import type { Oid, Tid } from '#objects'
import { Bringing, type CopyReport, entriesOf } from './copy.ts'
import { imageFault } from './faults.ts'
import { TABLES } from './group.ts'
import { decodeRecord, encodeRecord, readU32, readU64, writeU32 } from './record.ts'
import type { Store, TableName, TableWrite, Transaction } from './store.ts'

const FORMAT = 1

/** Bytes before a body. */
const FRAME_HEAD_BYTES = 8

/** Longest body, bytes: a group's bytes and as much again for their frame. */
const BODY_BYTES = 128 * 1024 * 1024

/** What a backup file holds. `exitCode` is 0 when it is whole, 1 when it is damaged, for a command that verifies. */
export interface BackupReport {
  exitCode: 0 | 1
  /** The transaction after which it begins, and the last one in it. */
  since: Tid
  head: Tid
  transactions: number
  problem: string | undefined
}

/**
 * Writes all transactions after `since` (0: all) and all table values to a file, which is there when it is whole and durable.
 * What is committed meanwhile is not seen. Faults CONFLICT when a pack has removed what came after `since`.
 */
export function backup(store: Store, file: string, since: Tid = 0): BackupReport {
  const head = store.head()
  if (since > 0 && since < store.packedTo()) {
    throw imageFault(
      'CONFLICT',
      `The store is packed to transaction ${store.packedTo()}; what came after ${since} is not whole.`,
      { since, packedTo: store.packedTo() },
      'Make a full backup.',
    )
  }
  const described = since === 0 ? undefined : store.transaction(since)
  if (since > 0 && described === undefined) {
    throw imageFault('CONFLICT', `There is no transaction ${since} to go on from.`, { since })
  }
  const parts = `${file}.part`
  const out = openSync(parts, 'w')
  let frames = 0
  let transactions = 0
  const write = (body: unknown[]): void => {
    const bytes = pack(body)
    const framed = Buffer.alloc(FRAME_HEAD_BYTES + bytes.length)
    writeU32(framed, 0, bytes.length)
    writeU32(framed, 4, crc32(bytes))
    framed.set(bytes, FRAME_HEAD_BYTES)
    for (let at = 0; at < framed.length; ) at += writeSync(out, framed, at)
    frames++
  }
  try {
    write(['batos-backup', FORMAT, since, described?.time ?? 0])
    for (const one of store.replay({ start: since + 1, stop: head.tid })) {
      const records = one.revisions.map((revision) => encodeRecord(revision))
      const names = one.names.map(({ name, oid }) => [name, oid])
      write(['transaction', one.tid, one.time, one.author, one.note, records, names])
      transactions++
    }
    for (const table of Object.keys(TABLES) as TableName[]) {
      for (const { key, value } of entriesOf(store, table)) write(['table', table, key, value])
    }
    write(['end', frames, head.tid, head.oid, store.packedTo()])
    fsyncSync(out)
  } finally {
    closeSync(out)
  }
  renameSync(parts, file)
  return { exitCode: 0, since, head: head.tid, transactions, problem: undefined }
}

/** Reads all of a file. Never throws for damage. */
export function verifyBackup(file: string): BackupReport {
  const report: BackupReport = {
    exitCode: 0,
    since: 0,
    head: 0,
    transactions: 0,
    problem: undefined,
  }
  try {
    for (const part of partsOf(file)) {
      if (part.kind === 'begin') report.since = part.since
      else if (part.kind === 'transaction') {
        report.transactions++
        report.head = part.transaction.tid
      } else if (part.kind === 'end') report.head = part.head
    }
    return report
  } catch (error) {
    return { ...report, exitCode: 1, problem: (error as Error).message }
  }
}

/**
 * Brings a backup into a store: a full one into an empty store, one that goes on from a transaction into a store whose newest
 * is that transaction. The file is verified first. Faults IMAGE_DAMAGED and CONFLICT, and brings nothing then.
 */
export async function restore(file: string, target: Store): Promise<CopyReport> {
  const { problem, since } = verifyBackup(file)
  if (problem !== undefined) throw imageFault('IMAGE_DAMAGED', problem, { file })
  const head = target.head().tid
  const bringing = new Bringing(target)
  const tables: TableWrite[] = []
  const kept = new Map<TableName, Set<string>>()
  for (const table of Object.keys(TABLES) as TableName[]) kept.set(table, new Set())
  for (const part of partsOf(file)) {
    if (part.kind === 'begin') {
      const time = since === 0 ? 0 : target.transaction(head)?.time
      if (head === since && time === part.time) continue
      throw imageFault(
        'CONFLICT',
        `The backup goes on from transaction ${since}, and the store is at ${head} or has another ${since}.`,
        { since, head },
        'Restore the backups in the order in which they were made, into an empty store.',
      )
    }
    if (part.kind === 'transaction') await bringing.transaction(part.transaction)
    else if (part.kind === 'table') {
      tables.push(part.write)
      kept.get(part.write.table)?.add(part.write.key)
    } else {
      for (const [table, keys] of kept) {
        for (const { key } of entriesOf(target, table)) {
          if (!keys.has(key)) tables.push({ table, key, value: null })
        }
      }
      return bringing.end(tables, part)
    }
  }
  throw damagedFile(file, 'has no end')
}

type Part =
  | { kind: 'begin'; since: Tid; time: number }
  | { kind: 'transaction'; transaction: Transaction }
  | { kind: 'table'; write: TableWrite }
  | { kind: 'end'; head: Tid; largestOid: Oid; packedTo: Tid }

/** The parts of a file, each checked. Faults IMAGE_DAMAGED at the first that is not as written. */
function* partsOf(path: string): Generator<Part, void, undefined> {
  let frames = 0
  let hasEnded = false
  for (const body of bodiesOf(path)) {
    if (hasEnded) throw damagedFile(path, 'goes on after its end')
    const part = partOf(path, body, frames)
    if ((frames === 0) !== (part.kind === 'begin')) throw damagedFile(path, 'does not begin as one')
    hasEnded = part.kind === 'end'
    frames++
    yield part
  }
  if (!hasEnded) throw damagedFile(path, 'ends before its end')
}

function partOf(path: string, body: Uint8Array, frames: number): Part {
  const fields = unpack(body) as unknown[]
  const [kind, ...rest] = Array.isArray(fields) ? fields : []
  if (kind === 'batos-backup') {
    const [format, since, time] = rest as number[]
    if (format === FORMAT) return { kind: 'begin', since: since as Tid, time: time as number }
    throw damagedFile(path, `has form ${format}; this program reads ${FORMAT}`)
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

function damagedFile(path: string, problem: string): Error {
  return imageFault(
    'IMAGE_DAMAGED',
    `The backup ${path} ${problem}.`,
    { path },
    'Use an earlier one.',
  )
}
