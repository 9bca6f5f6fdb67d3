// Owns: the list that a verify fills: damaged places, and references to objects that are not there.
// Leaves: reading everything to each store.
// Laws: IM13 verify names each damaged place and goes on. The list has an end, and says when it was reached.
import { asFault } from '#ground'
import { type Oid, oidText, type Tid } from '#objects'
import { IMAGE_LIMITS } from './limits.ts'
import type { Damage, Revision, VerifyReport } from './store.ts'

export class DamageList {
  readonly #damage: Damage[] = []
  readonly #alive = new Set<Oid>()
  // For each oid that somebody refers to, the first who does: enough to name one orphan, and small.
  readonly #wanted = new Map<Oid, { by: string; oid: Oid | undefined; tid: Tid | undefined }>()
  #revisions = 0

  /** Counts one revision that could be read or not. */
  countRevision(): void {
    this.#revisions++
  }

  /** Takes the newest revision of an object. */
  newest(revision: Revision): void {
    if (revision.kind === 'gone') return
    const { oid, tid } = revision
    this.#alive.add(oid)
    for (const ref of revision.refs) this.want(ref, `Object ${oidText(oid)}`, oid, tid)
  }

  /** Remembers that somebody refers to an object. */
  want(ref: Oid, by: string, oid: Oid | undefined, tid: Tid | undefined): void {
    if (!this.#wanted.has(ref)) this.#wanted.set(ref, { by, oid, tid })
  }

  /** Adds a damaged place. */
  add(oid: Oid | undefined, tid: Tid | undefined, problem: string): void {
    if (this.#damage.length < IMAGE_LIMITS.damageListed) this.#damage.push({ oid, tid, problem })
    else if (this.#damage.length === IMAGE_LIMITS.damageListed) {
      this.#damage.push({ oid: undefined, tid: undefined, problem: 'There is more; not listed.' })
    }
  }

  /** Runs a read and adds the fault it throws; anything but a fault goes on up. */
  attempt(oid: Oid | undefined, tid: Tid | undefined, read: () => void): void {
    try {
      read()
    } catch (error) {
      const fault = asFault(error)
      if (fault === undefined) throw error
      this.add(oid, tid, fault.message)
    }
  }

  /** The report, once everything was read. */
  report(transactions: number): VerifyReport {
    for (const [ref, { by, oid, tid }] of this.#wanted) {
      if (this.#alive.has(ref)) continue
      this.add(oid, tid, `${by} refers to ${oidText(ref)}, which is not there.`)
    }
    return {
      objects: this.#alive.size,
      revisions: this.#revisions,
      transactions,
      damage: this.#damage,
    }
  }
}
