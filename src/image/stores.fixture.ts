// Owns: the stores of this folder as the suites meet them: how each is made, and what it lacks and why.
// Leaves: the claims to the suites; what a user's own store says of itself to that user.
// Laws: IM101 what a store lacks is said with the reason, which docs/image-contract.md repeats.
import { join } from 'node:path'
import type { StoreContract } from './contract-parts.ts'
import { flipByte } from './lmdb/flip-byte.fixture.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { openMemoryStore } from './memory/store.ts'
import { seamed } from './overlay/seam.fixture.ts'
import { readOnly } from './read-only.ts'
import { rotated } from './rotated.fixture.ts'
import type { Store } from './store.ts'

const NO_DISK = 'memory ends with its store'
const NO_BYTES = 'nobody can change its bytes behind its back'
const NO_PACK = 'a fork is not packed; its base is'
const ENDS = 'the changes of a fork end with it'
const BELOW = 'the store below finds its own damage'
const READ_ONLY = 'it is open for reading only'
const BASE_FILES = 'the files of a fork lie beside its base'

/** The stores, with LMDB's files in a folder that is the caller's. Nothing is made before a store is opened. */
export function storesUnderTest(scratch: string): StoreContract[] {
  const folders = new Map<Store, string>()
  const openIn = (folder: string): Store => {
    const store = openLmdbStore(folder)
    folders.set(store, folder)
    return store
  }
  let places = 0
  const folder = (): string => join(scratch, `files.${places++}`)
  const openLmdb = (): Store => openIn(join(scratch, `image.${folders.size}`))
  const closed = async (store: Store): Promise<string> => {
    await store.close()
    return folders.get(store) as string
  }
  const lmdb: StoreContract = {
    name: 'lmdb',
    open: openLmdb,
    folder,
    reopen: async (store) => openIn(await closed(store)),
    damage: async (store, oid, tid) => {
      const folder = await closed(store)
      await flipByte(folder, oid, tid)
      return openIn(folder)
    },
    lacks: {},
  }
  return [
    { name: 'memory', open: openMemoryStore, folder, lacks: { reopen: NO_DISK, damage: NO_BYTES } },
    lmdb,
    {
      name: 'overlay',
      open: () => seamed(openMemoryStore()),
      lacks: { pack: NO_PACK, reopen: ENDS, damage: BELOW, files: BASE_FILES },
    },
    {
      name: 'overlay on lmdb',
      open: () => seamed(openLmdb()),
      lacks: { pack: NO_PACK, reopen: ENDS, damage: BELOW, files: BASE_FILES },
    },
    viewOf(
      { name: 'memory', open: openMemoryStore, lacks: { reopen: NO_DISK, damage: BELOW } },
      'read-only',
    ),
    viewOf(lmdb, 'read-only on lmdb'),
    {
      name: 'wrapper',
      open: () => rotated(openMemoryStore()),
      folder,
      lacks: { reopen: NO_DISK, damage: BELOW },
    },
  ]
}

/** The description of a view that reads a store, which goes on being written below it. */
function viewOf(below: StoreContract, name: string): StoreContract {
  const stores = new Map<Store, Store>()
  const view = (store: Store): Store => {
    const view = readOnly(store)
    stores.set(view, store)
    return view
  }
  const writer = (view: Store): Store => stores.get(view) as Store
  const { reopen, damage } = below
  return {
    name,
    writer,
    open: async () => view(await below.open()),
    ...(reopen === undefined
      ? {}
      : {
          reopen: async (closing: Store) => {
            await closing.close()
            return view(await reopen(writer(closing)))
          },
        }),
    ...(damage === undefined
      ? {}
      : {
          damage: async (closing: Store, oid: number, tid: number) => {
            await closing.close()
            return view(await damage(writer(closing), oid, tid))
          },
        }),
    lacks: { ...below.lacks, write: READ_ONLY, files: READ_ONLY },
  }
}
