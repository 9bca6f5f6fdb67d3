// Owns: the databases inside one LMDB environment and the bytes of their keys. The only opener of lmdb.
// Leaves: values to record.ts and sealed.ts; writing to writer.ts; reading to reader.ts.
// Laws: IM10 an image of a newer layout is refused with a sentence.
//
//   records        oid u64, tid u64                → record (record.ts)
//   transactions   tid u64                         → sealed description
//   names          UTF-8 name, 0x00, tid u64       → sealed oid, 0 when unbound from that tid on
//   tables         table u8, UTF-8 key             → sealed value
//   layout         'layout'                        → sealed u64, the version of this table, 1
//
// Numbers are big-endian, so LMDB's order of bytes is the order of oids, then of tids.
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Oid, Tid } from '#objects'
import { imageFault } from '../faults.ts'
import { TABLES } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { readU64, writeU64 } from '../record.ts'
import { NAME_VALUE_BYTES, sealName, unsealName } from '../sealed.ts'
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
}

/** The layout written here. */
export const LAYOUT_VERSION = 1

/** Bytes after the name in a name's key: 0x00 and the tid. */
export const NAME_KEY_TAIL = 9

export const RECORD_KEY_BYTES = 16
export const TID_KEY_BYTES = 8

/** Opens the environment in a folder, making what is missing. Faults IMAGE_DAMAGED on a newer layout. */
export function openDatabases(folder: string): Databases {
  const bytes = { keyEncoding: 'binary', encoding: 'binary' } as const
  const env = open<Uint8Array, Uint8Array>({
    ...bytes,
    path: folder,
    // A folder may have a dot in its name; it is a folder all the same.
    noSubdir: false,
    maxDbs: 8,
    mapSize: IMAGE_LIMITS.mapBytes,
    // With overlapping syncs a commit is visible before it is on disk, and a failed sync never settles.
    // Without them one promise means both, and on the disks measured it is no slower.
    overlappingSync: false,
  })
  const layout = env.openDB<Uint8Array, Uint8Array>('layout', bytes)
  const key = Buffer.from('layout')
  const found = layout.get(key)
  if (found === undefined) {
    const value = new Uint8Array(NAME_VALUE_BYTES)
    sealName(key, value, LAYOUT_VERSION)
    layout.putSync(key, value)
  } else {
    const version = unsealName(key, found)
    if (version !== LAYOUT_VERSION) {
      // Nothing is being written, so this closes at once.
      void env.close()
      throw imageFault(
        'IMAGE_DAMAGED',
        `The image has layout ${version}; this program reads ${LAYOUT_VERSION}.`,
        { version },
        'Open the image with the version of batos that wrote it, or a newer one.',
      )
    }
  }
  return {
    env,
    records: env.openDB<Uint8Array, Uint8Array>('records', bytes),
    transactions: env.openDB<Uint8Array, Uint8Array>('transactions', bytes),
    names: env.openDB<Uint8Array, Uint8Array>('names', bytes),
    tables: env.openDB<Uint8Array, Uint8Array>('tables', bytes),
  }
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
