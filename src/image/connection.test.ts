// Owns: the contract of connections run against the stores of this folder.
// Leaves: the claims to the files that end in -contract.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { runConnectionContract } from './connection-contract.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { openMemoryStore } from './memory/store.ts'
import type { Store } from './store.ts'

runConnectionContract({
  name: 'memory',
  open: openMemoryStore,
  reopen: { reason: 'memory ends with its store' },
})

const folders = new Map<Store, string>()
const scratch = mkdtempSync(join(tmpdir(), 'batos-connection-'))
after(() => rmSync(scratch, { recursive: true }))

function openIn(folder: string): Store {
  const store = openLmdbStore(folder)
  folders.set(store, folder)
  return store
}

runConnectionContract({
  name: 'lmdb',
  open: () => openIn(join(scratch, `image.${folders.size}`)),
  reopen: async (store) => {
    await store.close()
    return openIn(folders.get(store) as string)
  },
})
