// Owns: the contract of connections run against the stores of this folder.
// Leaves: the claims to the files that end in -contract.ts; the stores to stores.fixture.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { runConnectionContract } from './connection-contract.ts'
import { storesUnderTest } from './stores.fixture.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-connection-'))
after(() => rmSync(scratch, { recursive: true }))

for (const contract of storesUnderTest(scratch)) runConnectionContract(contract)
