// Owns: the contract of stores run against every store of this folder.
// Leaves: the claims to store-contract.ts; the stores to stores.fixture.ts; what only LMDB does to lmdb/*.test.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { runStoreContract } from './store-contract.ts'
import { storesUnderTest } from './stores.fixture.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-image-'))
after(() => rmSync(scratch, { recursive: true }))

for (const contract of storesUnderTest(scratch)) runStoreContract(contract)
