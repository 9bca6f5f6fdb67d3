// Owns: the suite of connections and transactions that runs over every store.
// Leaves: the claims to the files that end in -contract.ts.
// Laws: IM101 a claim is the same for every store; it is left out only for what the store says that it lacks.
import { blobGroups } from './blob-contract.ts'
import { commitGroups } from './commit-contract.ts'
import { conflictGroups } from './conflict-contract.ts'
import { Bench, type ClaimGroup, type Register } from './connection-parts.ts'
import {
  type Ability,
  type HeldClaim,
  leftOutOf,
  register,
  type StoreContract,
  titleFor,
} from './contract-parts.ts'
import { lifeGroups } from './life-contract.ts'
import { memoryGroups } from './memory-contract.ts'
import { packedGroups } from './packed-contract.ts'
import { pastGroups } from './past-contract.ts'
import { raceGroups } from './race-contract.ts'
import { refusalGroups } from './refusal-contract.ts'
import { snapshotGroups } from './snapshot-contract.ts'
import { transactionGroups } from './transaction-contract.ts'
import { undoGroups } from './undo-contract.ts'

const GROUPS: readonly ClaimGroup[] = [
  ...commitGroups,
  ...snapshotGroups,
  ...raceGroups,
  ...conflictGroups,
  ...lifeGroups,
  ...memoryGroups,
  ...transactionGroups,
  ...undoGroups,
  ...pastGroups,
  ...packedGroups,
  ...refusalGroups,
  ...blobGroups,
]

/** One claim about connections over every store. */
interface ConnectionClaim {
  title: string
  needs: readonly Ability[]
  check: Parameters<Register>[1]
}

/** Every claim about connections, for those who ask what there is. */
export const CONNECTION_CLAIMS: readonly ConnectionClaim[] = GROUPS.flatMap(({ needs, claims }) => {
  const found: ConnectionClaim[] = []
  claims((title, check) => found.push({ title, needs, check }))
  return found
})

/** Registers the suite with node:test for one store. */
export function runConnectionContract(contract: StoreContract): void {
  register(connectionClaims(contract))
}

/** The suite for one store, claim by claim, for those who run it themselves. */
export function connectionClaims(contract: StoreContract): HeldClaim[] {
  return CONNECTION_CLAIMS.map(({ title, needs, check }) => ({
    title: titleFor(title, contract.name),
    leftOut: leftOutOf(contract, needs),
    async run() {
      const bench = new Bench(await contract.open(), contract)
      await check(bench)
      await bench.close()
    },
  }))
}
