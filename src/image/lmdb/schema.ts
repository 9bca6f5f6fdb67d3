// Owns: the databases inside one LMDB environment and the bytes of their keys. The only opener of lmdb.
// Leaves: values to record.ts and sealed.ts; writing to writer.ts; reading to reader.ts.
// Laws: IM10 an image of a newer layout is refused with a sentence.
//
//   records        oid u64, tid u64                → record (record.ts)
//   transactions   tid u64                         → sealed description
//   names          UTF-8 name, 0x00, tid u64       → sealed oid, 0 when unbound from that tid on
//   tables         table u8, UTF-8 key             → sealed value
//   layout         'layout'                        → sealed u64, the version of this table, 2
//                  'packed'                        → sealed pack time u64 and largest oid u64, once there was a pack
//                  'largest'                       → sealed u64, an oid up to which all count as used, in a copy
//
// Numbers are big-endian, so LMDB's order of bytes is the order of oids, then of tids.
import { type Database, open, type RootDatabase } from 'lmdb'
import { asFault } from '#ground'
import type { Oid, Tid } from '#objects'
import { imageFault } from '../faults.ts'
import { TABLES } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { type Migration, stepsBetween } from '../migrations/migration.ts'
import { MIGRATIONS } from '../migrations/steps.ts'
import { readU64, writeU64 } from '../record.ts'
import { NAME_VALUE_BYTES, SEAL_BYTES, seal, sealName, unseal, unsealName } from '../sealed.ts'
import type { TableName } from '../store.ts'

/** A database of bytes under bytes. */
export type Bytes = Database<Uint8Array, Uint8Array>

/** One open environment. */
export interface Databases {
  env: RootDatabase<Uint8Array, Uint8Array>
  records: Bytes
  transactions: Bytes
  names: Bytes
  tables: Bytes
  layout: Bytes
}

/**
 * The layout written here. It goes up with every change of what an older program would misread or pass over: of a key, of a value, a
 * table of group.ts that is new, and a form of a table's rows that is new. docs/formats/image.md tells what each number stands for.
 */
export const LAYOUT_VERSION = 2

/** Bytes after the name in a name's key: 0x00 and the tid. */
export const NAME_KEY_TAIL = 9

export const RECORD_KEY_BYTES = 16
export const TID_KEY_BYTES = 8

const LAYOUT_KEY = Buffer.from('layout')
const PACKED_KEY = Buffer.from('packed')
const LARGEST_KEY = Buffer.from('largest')

const BYTES = { keyEncoding: 'binary', encoding: 'binary' } as const

/**
 * Opens the environment in a folder, making what is missing unless it is opened for reading only. An older layout is
 * brought to ours. Faults IMAGE_DAMAGED on a newer layout, and when there is nothing to read.
 */
export function openDatabases(
  folder: string,
  {
    readOnly = false,
    migrations = MIGRATIONS,
  }: { readOnly?: boolean; migrations?: readonly Migration<Databases>[] } = {},
): Databases {
  let env: RootDatabase<Uint8Array, Uint8Array> | undefined
  try {
    env = open<Uint8Array, Uint8Array>({
      ...BYTES,
      path: folder,
      readOnly,
      // A folder may have a dot in its name; it is a folder all the same.
      noSubdir: false,
      maxDbs: 8,
      mapSize: IMAGE_LIMITS.mapBytes,
      // With overlapping syncs a commit is visible before it is on disk, and a failed sync never settles.
      // Without them one promise means both, and on the disks measured it is no slower.
      // A commit is two syncs, of its pages and of the page that points at them. LMDB has options to leave out either, but
      // then a disk that loses power may have kept the second without the first, or neither after the answer.
      overlappingSync: false,
    })
    const root = env
    const database = (name: string) => root.openDB<Uint8Array, Uint8Array>(name, BYTES)
    const layout = database('layout')
    const isNew = layout.getKeysCount({ limit: 1 }) === 0
    if (isNew && !readOnly) writeLayout(layout, LAYOUT_VERSION)
    const databases: Databases = {
      env,
      records: database('records'),
      transactions: database('transactions'),
      names: database('names'),
      tables: database('tables'),
      layout,
    }
    upgrade(databases, readOnly, migrations)
    return databases
  } catch (error) {
    // Nothing is being written, so this closes at once.
    void env?.close()
    if (asFault(error) !== undefined || isTheSystems(error)) throw error
    throw imageFault('IMAGE_DAMAGED', `No image can be opened in ${folder}: ${String(error)}.`, {
      folder,
    })
  }
}

/** True for an error of the operating system, such as a right that is missing; LMDB's own numbers are below zero. */
function isTheSystems(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'number' && code > 0 && code !== NO_SUCH_FILE
}

const NO_SUCH_FILE = 2

function writeLayout(layout: Bytes, version: number): void {
  const value = new Uint8Array(NAME_VALUE_BYTES)
  sealName(LAYOUT_KEY, value, version)
  layout.putSync(LAYOUT_KEY, value)
}

/** Brings an older layout to ours. Faults IMAGE_DAMAGED on a layout to which no way leads. */
function upgrade(
  databases: Databases,
  readOnly: boolean,
  migrations: readonly Migration<Databases>[],
): void {
  const { env, layout } = databases
  const found = layout.get(LAYOUT_KEY)
  const version = found === undefined ? undefined : (unsealName(LAYOUT_KEY, found) ?? 0)
  if (version === undefined) {
    throw imageFault('IMAGE_DAMAGED', 'The image does not say which layout it has.')
  }
  const steps = stepsBetween(version, LAYOUT_VERSION, migrations)
  // Where nothing but the number changes, the image is read as it is.
  if (readOnly && steps.every(({ run }) => run === undefined)) return
  if (steps.length > 0 && readOnly) {
    throw imageFault(
      'READ_ONLY',
      `The image has layout ${version} and must be brought to ${LAYOUT_VERSION}.`,
      { version },
      'Open it for writing once.',
    )
  }
  for (const step of steps) {
    env.transactionSync(() => {
      step.run?.(databases)
      writeLayout(layout, step.from + 1)
    })
  }
}

/** The newest pack time, 0 before the first pack, and the largest oid that counts as used without a record of its own. */
export function readPacked(layout: Bytes): { tid: Tid; oid: Oid } {
  const largest = layout.get(LARGEST_KEY)
  const used = largest === undefined ? 0 : (unsealName(LARGEST_KEY, largest) ?? 0)
  const found = layout.get(PACKED_KEY)
  if (found === undefined) return { tid: 0, oid: used }
  const body = unseal(PACKED_KEY, found, 'The time of the last pack')
  return { tid: readU64(body, 0), oid: Math.max(used, readU64(body, 8)) }
}

/** The entry that makes an oid count as used. */
export function largestEntry(oid: Oid): { key: Uint8Array; value: Uint8Array } {
  const value = new Uint8Array(NAME_VALUE_BYTES)
  sealName(LARGEST_KEY, value, oid)
  return { key: LARGEST_KEY, value }
}

/** The entry of a pack, which readPacked reads. */
export function packedEntry(tid: Tid, oid: Oid): { key: Uint8Array; value: Uint8Array } {
  const value = new Uint8Array(SEAL_BYTES + 16)
  writeU64(value, SEAL_BYTES, tid)
  writeU64(value, SEAL_BYTES + 8, oid)
  seal(PACKED_KEY, value)
  return { key: PACKED_KEY, value }
}

/** Writes a record's key into 16 bytes and returns them. LMDB copies keys, so one buffer serves many calls. */
export function recordKey(target: Uint8Array, oid: Oid, tid: Tid): Uint8Array {
  writeU64(target, 0, oid)
  writeU64(target, 8, tid)
  return target
}

export function oidOfKey(key: Uint8Array): Oid {
  return readU64(key, 0)
}

export function tidOfKey(key: Uint8Array): Tid {
  return readU64(key, key.length - 8)
}

/** A transaction's key, new. */
export function tidKey(tid: Tid): Uint8Array {
  const key = new Uint8Array(TID_KEY_BYTES)
  writeU64(key, 0, tid)
  return key
}

/** A name's key as of a tid, new. */
export function nameKey(name: Uint8Array, tid: Tid): Uint8Array {
  const key = new Uint8Array(name.length + NAME_KEY_TAIL)
  key.set(name)
  writeU64(key, name.length + 1, tid)
  return key
}

/** The first key behind every revision of a name: names hold no 0x00, so 0x01 is above all of its tids. */
export function behindName(name: Uint8Array): Uint8Array {
  const key = new Uint8Array(name.length + 1)
  key.set(name)
  key[name.length] = 1
  return key
}

/** A table's key, new. */
export function tableKey(table: TableName, key: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(key))
  bytes[0] = TABLES[table]
  bytes.write(key, 1)
  return bytes
}

/** Bytes of the pages that hold something: those that are free stay in the file and are written over. */
export function bytesInUse(databases: Databases): number {
  const { env, records, transactions, names, tables, layout } = databases
  let bytes = 0
  for (const database of [env, records, transactions, names, tables, layout]) {
    const stats = database.getStats() as PageStats
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
    bytes += pages * stats.pageSize
  }
  return bytes
}

/** What LMDB says of one database, in pages; its declaration leaves this open. */
interface PageStats {
  pageSize: number
  treeBranchPageCount: number
  treeLeafPageCount: number
  overflowPages: number
}
