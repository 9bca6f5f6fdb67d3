// Owns: a store whose n-th commit or pack fails, before or after it was kept, for tests of what is left then.
// Leaves: everything else to the store below.
// Laws: none of its own; no part of a running kernel imports this.
import type { Group, PackRequest, Store } from './store.ts'

/** When the failing call fails: before anything is kept, or after, so that only the answer is lost. */
export type When = 'before' | 'after'

/** `store`, with the `n`-th call of commit or pack failing. `calls` tells how many there were. */
export function failing(
  store: Store,
  n: number,
  when: When,
): { store: Store; calls(): number; failed(): boolean } {
  let calls = 0
  let hasFailed = false
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const fails = ++calls === n
    if (fails && when === 'before') {
      hasFailed = true
      throw new Error('the disk said no')
    }
    const answer = await work()
    if (!fails) return answer
    hasFailed = true
    throw new Error('the answer was lost')
  }
  const wrapped = new Proxy(store, {
    get: (_, method: keyof Store) => {
      if (store[method] === undefined) return undefined
      if (method === 'commit') return (group: Group) => call(() => store.commit(group))
      if (method === 'pack') return (request: PackRequest) => call(() => store.pack(request))
      return store[method].bind(store)
    },
  })
  return { store: wrapped, calls: () => calls, failed: () => hasFailed }
}
