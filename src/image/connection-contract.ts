// Owns: the suite of connections and transactions that runs over every store.
// Leaves: the claims to the files that end in -contract.ts.
// Laws: a claim is the same for every store; what a store cannot do it says with a reason.
import { commitClaims } from './commit-contract.ts'
import { conflictClaims } from './conflict-contract.ts'
import { Bench, type ConnectionContract, type Register } from './connection-parts.ts'
import { lifeClaims } from './life-contract.ts'
import { memoryClaims } from './memory-contract.ts'
import { pastClaims } from './past-contract.ts'
import { raceClaims } from './race-contract.ts'
import { snapshotClaims } from './snapshot-contract.ts'
import { transactionClaims } from './transaction-contract.ts'
import { undoClaims } from './undo-contract.ts'

const ALL = [
  commitClaims,
  snapshotClaims,
  raceClaims,
  conflictClaims,
  lifeClaims,
  memoryClaims,
  transactionClaims,
  undoClaims,
  pastClaims,
]

/** Registers the suite with node:test for one store. */
export function runConnectionContract(contract: ConnectionContract): void {
  // Asked for here and not imported: the door of this folder is opened by kernels, which run no tests.
  const { test: register } = process.getBuiltinModule('node:test')
  const claim: Register = (title, check) => {
    const ids = /^(\[[^\]]+\] )+/.exec(title)?.[0]
    if (ids === undefined) throw new Error(`a claim without a rule: ${title}`)
    register(`${ids}${contract.name}: ${title.slice(ids.length)}`, async () => {
      const bench = new Bench(await contract.open(), contract)
      await check(bench)
      await bench.store.close()
    })
  }
  for (const claims of ALL) claims(claim)
}
