// Owns: the contract run against every store of this folder.
// Leaves: the claims to store-contract.ts; what only LMDB does to lmdb/*.test.ts.
// Laws: all of SPEC.md but IM11 that a store by itself can keep.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openLmdbStore, openMemoryStore, openOverlay, readOnly, runStoreContract } from './index.ts'
import { flipByte } from './lmdb/flip-byte.fixture.ts'
import type { Store } from './store.ts'

const NO_DISK = 'memory ends with its store'

runStoreContract({
  name: 'memory',
  open: openMemoryStore,
  skip: [
    { rule: 'IM2', reason: NO_DISK },
    { rule: 'IM9', reason: 'nobody can change its bytes behind its back' },
    { rule: 'IM21', reason: NO_DISK },
  ],
})

const folders = new Map<Store, string>()
const scratch = mkdtempSync(join(tmpdir(), 'batos-image-'))
after(() => rmSync(scratch, { recursive: true }))

function openIn(folder: string): Store {
  const store = openLmdbStore(folder)
  folders.set(store, folder)
  return store
}

runStoreContract({
  name: 'lmdb',
  open: () => openIn(join(scratch, `image.${folders.size}`)),
  reopen: async (store) => {
    await store.close()
    return openIn(folders.get(store) as string)
  },
  damage: async (store, oid, tid) => {
    const folder = folders.get(store) as string
    await store.close()
    await flipByte(folder, oid, tid)
    return openIn(folder)
  },
  skip: [],
})

const NO_PACK = 'a fork is not packed; its base is'

runStoreContract({
  name: 'overlay',
  open: () => openOverlay(openMemoryStore()),
  skip: [
    { rule: 'IM2', reason: NO_DISK },
    { rule: 'IM9', reason: 'its changes lie in memory; its base finds its own damage' },
    { rule: 'IM21', reason: NO_DISK },
    ...['IM73', 'IM74', 'IM75', 'IM76', 'IM78'].map((rule) => ({ rule, reason: NO_PACK })),
  ],
})

/** What is read through a read-only view while the store below it is written. */
function viewed(store: Store): Store {
  const view = readOnly(store)
  const close = async () => {
    await view.close()
    await store.close()
  }
  return new Proxy(view, {
    get: (_, method: keyof Store) => {
      if (method === 'close') return close
      // A promise that resolves with the store asks whether it is one itself.
      if (view[method] === undefined) return undefined
      const target = method === 'commit' || method === 'pack' ? store : view
      return target[method].bind(target)
    },
  })
}

runStoreContract({
  name: 'read-only',
  open: () => viewed(openMemoryStore()),
  skip: [
    { rule: 'IM2', reason: NO_DISK },
    { rule: 'IM9', reason: 'the store below finds its own damage' },
    { rule: 'IM21', reason: NO_DISK },
  ],
})
