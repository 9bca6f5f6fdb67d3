// Owns: who decides the next commit: the turn to commit, its number, what it must not contradict, new oids.
// Leaves: reading records to the store; what a commit holds to storage.ts.
// Laws: IM30 one commit at a time has the turn, in the order of asking. IM33 tids strictly increase and oids are never
// given twice. Where records are read is another matter, because several kernels may agree on commits elsewhere.
import type { Oid, Tid } from '#objects'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import { imageFault } from './faults.ts'
import type { Group, Store } from './store.ts'

export interface Decider {
  /** True when nothing is ever decided: then nobody gets a turn or an oid. */
  readonly isReadOnly?: boolean
  /** Waits until `who` has the turn to commit. Faults BUSY when too many wait. */
  enter(who: object): Promise<void>
  /** Gives the turn, or the place in the queue, back; whoever has neither changes nothing. */
  leave(who: object): void
  /** The number of the commit that comes next; asked by whoever has the turn. */
  next(): Tid
  /** The tid of an object's newest decided revision, 0 when there is none. */
  newest(oid: Oid): Tid
  /** Decides: resolves when the group is durable. Faults CONFLICT, LIMIT and BUSY when it is not kept. */
  decide(group: Group): Promise<void>
  /** An oid that nobody else gets. */
  newOid(): Oid
  /** Learns that an oid is in use, so that it is not given again. */
  reserve(oid: Oid): void
}

/** The decider of an image that one process writes. */
export function localDecider(store: Store): Decider {
  return new LocalDecider(store)
}

interface Waiting {
  who: object
  resolve: () => void
  reject: (fault: Error) => void
}

class LocalDecider implements Decider {
  readonly #store: Store
  readonly #queue: Waiting[] = []
  #holder: object | undefined
  #oid: Oid

  constructor(store: Store) {
    this.#store = store
    this.#oid = store.head().oid
  }

  get isReadOnly(): boolean {
    return this.#store.isReadOnly?.() === true
  }

  async enter(who: object): Promise<void> {
    if (this.#holder === undefined) {
      this.#holder = who
      return
    }
    if (this.#queue.length >= CONNECTION_LIMITS.commitQueue) {
      throw imageFault('BUSY', `${this.#queue.length} commits wait for their turn.`)
    }
    await new Promise<void>((resolve, reject) => this.#queue.push({ who, resolve, reject }))
  }

  leave(who: object): void {
    if (this.#holder === who) {
      const next = this.#queue.shift()
      this.#holder = next?.who
      next?.resolve()
      return
    }
    const at = this.#queue.findIndex((waiting) => waiting.who === who)
    if (at < 0) return
    const [waiting] = this.#queue.splice(at, 1)
    waiting?.reject(imageFault('TRANSACTION_STATE', 'The transaction was aborted while it waited.'))
  }

  next(): Tid {
    return this.#store.head().tid + 1
  }

  newest(oid: Oid): Tid {
    return this.#store.read(oid)?.tid ?? 0
  }

  decide(group: Group): Promise<void> {
    return this.#store.commit(group)
  }

  newOid(): Oid {
    this.reserve(this.#store.head().oid)
    return ++this.#oid
  }

  reserve(oid: Oid): void {
    if (oid > this.#oid) this.#oid = oid
  }
}
