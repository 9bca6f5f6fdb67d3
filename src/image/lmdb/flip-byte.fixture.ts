// Owns: damage done on purpose, for the tests of what damage does.
// Leaves: finding it to the stores.
// Laws: none of its own; no part of a running kernel imports this.
import { assert } from '#ground'
import type { Oid, Tid } from '#objects'
import { openDatabases, RECORD_KEY_BYTES, recordKey } from './schema.ts'

/** Flips every bit of the last byte of a record in a folder that no store has open. */
export async function flipByte(folder: string, oid: Oid, tid: Tid): Promise<void> {
  const databases = openDatabases(folder)
  const key = recordKey(new Uint8Array(RECORD_KEY_BYTES), oid, tid)
  const value = databases.records.get(key)
  assert(value !== undefined, 'the record to damage is there')
  const last = value.length - 1
  value[last] = (value[last] as number) ^ 0xff
  await databases.records.put(key, value)
  await databases.env.close()
}
