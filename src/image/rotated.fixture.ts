// Owns: a store that keeps payloads in another form than it is given them: what a wrapper that transforms has to do.
// Leaves: keeping them to the store below.
// Laws: J7 of the image's contract; no part of a running kernel imports this.
import type { Group, Revision, Store, Transaction } from './store.ts'

/** Each byte differs from the one that was given. */
const turned = (payload: Uint8Array): Uint8Array => payload.map((byte) => byte ^ 0x5a)

const turnedRevision = (revision: Revision): Revision => ({
  ...revision,
  payload: turned(revision.payload),
})

const turnedTransaction = (transaction: Transaction): Transaction => ({
  ...transaction,
  revisions: transaction.revisions.map(turnedRevision),
})

function* each<In, Out>(found: Iterable<In>, turn: (one: In) => Out): Generator<Out> {
  for (const one of found) yield turn(one)
}

/** `store` with every payload turned on its way in and on its way out. Closing it closes the store. */
export function rotated(store: Store): Store {
  const calls: Partial<Store> = {
    read(oid, at) {
      const found = store.read(oid, at)
      return found === undefined ? undefined : turnedRevision(found)
    },
    revisions: (oid, options) => store.revisions(oid, options).map(turnedRevision),
    objects: (options) => each(store.objects(options), turnedRevision),
    replay: (options) => each(store.replay(options), turnedTransaction),
    commit: (group: Group) =>
      store.commit({ ...group, transactions: group.transactions.map(turnedTransaction) }),
  }
  return new Proxy(store, {
    get: (_, method: keyof Store) => calls[method] ?? store[method]?.bind(store),
  })
}
