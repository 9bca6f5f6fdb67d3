// Owns: the suite that every store passes: how it is run, what it needs, what may be skipped and why.
// Leaves: the claims to contract-writes.ts, contract-reads.ts, contract-pack.ts and contract-damage.ts.
// Laws: a rule is skipped only with a reason; a store that lacks a hook without saying so fails the suite.
import { damageClaims } from './contract-damage.ts'
import { packClaims } from './contract-pack.ts'
import type { StoreContract } from './contract-parts.ts'
import { readClaims } from './contract-reads.ts'
import { writeClaims } from './contract-writes.ts'

/** Registers the suite with node:test for one store. */
export function runStoreContract(contract: StoreContract): void {
  // Asked for here and not imported: the door of this folder is opened by kernels, which run no tests.
  const { test: register } = process.getBuiltinModule('node:test')
  const missing = (hook: string) => () => {
    throw new Error(`the store brings no ${hook} and does not say which rule it skips for that`)
  }
  const hooks = {
    reopen: contract.reopen ?? missing('reopen'),
    damage: contract.damage ?? missing('damage'),
  }
  for (const { title, check } of [...writeClaims, ...readClaims, ...packClaims, ...damageClaims]) {
    const rule = /^\[(IM\d+)\]/.exec(title)?.[1]
    if (rule === undefined) throw new Error(`a claim without a rule: ${title}`)
    const reason = contract.skip.find((skipped) => skipped.rule === rule)?.reason
    const claim = title.slice(title.indexOf('] ') + 2)
    register(`[${rule}] ${contract.name}: ${claim}`, { skip: reason ?? false }, async () => {
      const store = await check(await contract.open(), hooks)
      await store.close()
    })
  }
}
