// Owns: what a pack reads and removes in an LMDB image.
// Leaves: what is kept to pack.ts; the line of writes to writer.ts.
// Laws: IM74 removals stand in the line of groups, so they are durable in order with them. IM17 the largest oid outlives its
// records.
import type { Oid, Tid } from '#objects'
import type { PackedStore, Removal } from '../pack.ts'
import type { Store } from '../store.ts'
import type { Entries } from './batch.ts'
import type { Reader } from './reader.ts'
import { type Databases, nameKey, packedEntry, RECORD_KEY_BYTES, recordKey } from './schema.ts'
import type { Writer } from './writer.ts'

interface Standing {
  isReadOnly: boolean
  /** The largest oid handed in so far. */
  largest(): Oid
  /** Told when a pack time is durable. */
  moved(at: Tid): void
}

/** An LMDB store as its pack sees it. */
export function lmdbPacked(
  store: Store,
  databases: Databases,
  reader: Reader,
  writer: Writer,
  standing: Standing,
): PackedStore {
  return {
    head: () => store.head(),
    packedTo: () => store.packedTo(),
    settled: async () => {
      if (!standing.isReadOnly) await writer.change({ into: [], keys: [], values: [] })
    },
    read: (oid, at) => reader.read(oid, at),
    replay: (options) => store.replay(options),
    bindings: () => reader.bindings(),
    tids: (from, limit) => reader.tids(from, limit),
    async markPacked(at) {
      const { key, value } = packedEntry(at, standing.largest())
      await writer.change({ into: [databases.layout], keys: [key], values: [value] })
      standing.moved(at)
    },
    remove: (removals) => writer.change(removalEntries(databases, removals)),
    live: () => void store.head(),
  }
}

function removalEntries(databases: Databases, removals: readonly Removal[]): Entries {
  const entries: Entries = { into: [], keys: [], values: [] }
  for (const removal of removals) {
    const isRecord = 'oid' in removal
    entries.into.push(isRecord ? databases.records : databases.names)
    entries.keys.push(
      isRecord
        ? recordKey(new Uint8Array(RECORD_KEY_BYTES), removal.oid, removal.tid)
        : nameKey(Buffer.from(removal.name), removal.tid),
    )
    entries.values.push(null)
  }
  return entries
}
