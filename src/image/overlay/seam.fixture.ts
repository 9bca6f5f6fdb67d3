// Owns: a store whose first group lies in a base that is only read from then on, and all later ones in an overlay over it.
// Leaves: both to their own files.
// Laws: none of its own; no part of a running kernel imports this.
import { readOnly } from '../read-only.ts'
import type { Group, Store } from '../store.ts'
import { openOverlay } from './store.ts'

/** A store with a seam behind the first group that is kept. Closing it closes the base too. */
export function seamed(base: Store): Store {
  let current = base
  let kept = 0
  let underWay = 0
  const commit = async (group: Group): Promise<void> => {
    // The seam lies behind what is durable, so a group that is called for meanwhile still belongs to the base.
    if (current === base && kept > 0 && underWay === 0) current = openOverlay(readOnly(base))
    const store = current
    if (store === base) underWay++
    try {
      await store.commit(group)
      if (store === base && group.transactions.length > 0) kept++
    } finally {
      if (store === base) underWay--
    }
  }
  const close = async (): Promise<void> => {
    await current.close()
    await base.close()
  }
  // What a fork refuses is refused before there is one, too.
  const fork = openOverlay(readOnly(base))
  return new Proxy(base, {
    get(_, method: keyof Store) {
      if (method === 'commit') return commit
      if (method === 'close') return close
      if (method === 'pack') return fork.pack.bind(fork)
      return current[method]?.bind(current)
    },
  })
}
