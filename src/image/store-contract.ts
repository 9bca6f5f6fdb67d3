// Owns: the suite that every store passes: which claims there are, and what each of them is run on.
// Leaves: the claims to contract-writes.ts, contract-reads.ts, contract-pack.ts and contract-damage.ts.
// Laws: IM101 a claim is left out only for what the store says that it lacks.
import { damageClaims } from './contract-damage.ts'
import { packClaims } from './contract-pack.ts'
import {
  type Claim,
  type HeldClaim,
  leftOutOf,
  register,
  type StoreContract,
  type StoreTools,
  titleFor,
} from './contract-parts.ts'
import { readClaims } from './contract-reads.ts'
import { writeClaims } from './contract-writes.ts'
import type { PackRequest, Store } from './store.ts'

/** Every claim about a store, for those who ask what there is. */
export const STORE_CLAIMS: readonly Claim[] = [
  ...writeClaims,
  ...readClaims,
  ...packClaims,
  ...damageClaims,
]

/** Registers the suite with node:test for one store. */
export function runStoreContract(contract: StoreContract): void {
  register(storeClaims(contract))
}

/** The suite for one store, claim by claim, for those who run it themselves. */
export function storeClaims(contract: StoreContract): HeldClaim[] {
  return STORE_CLAIMS.map((claim) => ({
    title: titleFor(claim.title, contract.name),
    leftOut: leftOutOf(contract, claim.needs),
    run: () => hold(contract, claim),
  }))
}

async function hold(contract: StoreContract, { check }: Claim): Promise<void> {
  const view = await contract.open()
  const views = new Map<Store, Store>()
  const shown = (store: Store): Store => {
    const writer = contract.writer?.(store)
    const whole = writer === undefined ? store : joined(store, writer)
    views.set(whole, store)
    return whole
  }
  const bare = (store: Store): Store => views.get(store) ?? store
  const tools: StoreTools = {
    reopen: async (store) => shown((await contract.reopen?.(bare(store))) as Store),
    damage: async (store, oid, tid) =>
      shown((await contract.damage?.(bare(store), oid, tid)) as Store),
    view,
  }
  const last = await check(shown(view), tools)
  await last.close()
}

/** What is read through one store while another, below it, is written. */
function joined(view: Store, writer: Store): Store {
  const close = async (): Promise<void> => {
    await view.close()
    await writer.close()
  }
  const pack: Store['pack'] = (request: PackRequest, progress) =>
    (request.checkOnly === true ? view : writer).pack(request, progress)
  return new Proxy(view, {
    get(_, method: keyof Store) {
      if (method === 'close') return close
      if (method === 'pack') return pack
      const target = method === 'commit' ? writer : view
      // A promise that resolves with the store asks whether it is one itself.
      return target[method]?.bind(target)
    },
  })
}
