// Owns: what one connection has still to hear of: objects that others changed, or that packs removed, since its last boundary.
// Leaves: when to take it to connection.ts; telling it to storage.ts.
// Laws: IM38 nothing that was told is lost: beyond the limit everything counts as changed.
import type { Oid, Tid } from '#objects'
import { CONNECTION_LIMITS } from './connection-limits.ts'

export class Follower {
  #changed = new Map<Oid, Tid>()
  #isLost = false
  #removed = new Set<Oid>()
  readonly #leave: () => void

  constructor(leave: () => void) {
    this.#leave = leave
  }

  /** Hears of a commit. */
  hear(tid: Tid, oids: readonly Oid[]): void {
    if (this.#isLost) return
    for (const oid of oids) this.#changed.set(oid, tid)
    if (this.#changed.size > CONNECTION_LIMITS.invalidations) this.lose()
  }

  /** Hears of objects that a pack has removed. */
  hearRemoved(oids: readonly Oid[]): void {
    if (this.#isLost) return
    for (const oid of oids) this.#removed.add(oid)
    if (this.#removed.size > CONNECTION_LIMITS.invalidations) this.lose()
  }

  /** Whether an object may have been packed away since the last boundary. */
  mayBeRemoved(oid: Oid): boolean {
    return this.#isLost || this.#removed.has(oid)
  }

  /** Everything counts as changed. */
  lose(): void {
    this.#isLost = true
    this.#changed = new Map()
    this.#removed = new Set()
  }

  /** What packs have removed since the last call; when it is lost, `take` says so. */
  takeRemoved(): ReadonlySet<Oid> {
    const taken = this.#removed
    this.#removed = new Set()
    return taken
  }

  /** All that changed since the last call, each object with the tid of its newest change. */
  take(): ReadonlyMap<Oid, Tid> | 'all' {
    const taken = this.#isLost ? 'all' : this.#changed
    this.#isLost = false
    this.#changed = new Map()
    return taken
  }

  /** Hears no more. */
  stop(): void {
    this.#leave()
  }
}
