// Owns: the contract run against every store of this folder.
// Leaves: the claims to store-contract.ts; what only LMDB does to lmdb/*.test.ts.
// Laws: all of SPEC.md but IM11.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openLmdbStore, openMemoryStore, runStoreContract } from './index.ts'
import { flipByte } from './lmdb/flip-byte.ts'
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
