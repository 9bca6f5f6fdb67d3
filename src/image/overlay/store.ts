// Owns: the store of a fork: another store as of its head, and over it changes that live in memory.
// Leaves: the changes to memory/; closing and packing the base to whoever made it.
// Laws: IM70 a read spans both, as of any transaction of either; the base never changes by it, and never moves under it.
import type { Oid, Tid } from '#objects'
import { DamageList } from '../damage.ts'
import { imageFault } from '../faults.ts'
import { isName } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { byBytes, MemoryStore } from '../memory/store.ts'
import type {
  Group,
  PackReport,
  Revision,
  Store,
  TableName,
  Transaction,
  TransactionInfo,
  VerifyReport,
} from '../store.ts'

/**
 * A store that reads from `base` as of `at` (default: its head now) and keeps what is committed in memory. The base
 * stays open, may go on meanwhile, and must outlive the overlay; table values are those of the base at each read.
 */
export function openOverlay(base: Store, options: { at?: Tid } = {}): Store {
  return new OverlayStore(base, options.at)
}

class OverlayStore implements Store {
  readonly #base: Store
  /** The last transaction of the base that is seen here. */
  readonly #seam: Tid
  readonly #changes: MemoryStore

  constructor(base: Store, at: Tid | undefined) {
    const head = base.head()
    this.#base = base
    const [last] = base.transactions({ before: Math.min(at ?? head.tid, head.tid) + 1, limit: 1 })
    this.#seam = last?.tid ?? 0
    this.#changes = new MemoryStore({ tid: this.#seam, time: last?.time ?? 0, oid: head.oid })
  }

  head(): { tid: Tid; oid: Oid } {
    return this.#changes.head()
  }

  read(oid: Oid, at?: Tid): Revision | undefined {
    return this.#changes.read(oid, at) ?? this.#base.read(oid, this.#below(at))
  }

  revisions(oid: Oid, options: { before?: Tid; limit?: number } = {}): Revision[] {
    const limit = options.limit ?? IMAGE_LIMITS.page
    const found = this.#changes.revisions(oid, { ...options, limit })
    if (found.length === limit) return found
    const before = this.#below(options.before === undefined ? undefined : options.before - 1) + 1
    return [...found, ...this.#base.revisions(oid, { before, limit: limit - found.length })]
  }

  name(name: string, at?: Tid): Oid | undefined {
    this.head()
    if (!isName(name)) return undefined
    const found = this.#changes.binding(name, at)
    if (found !== undefined) return found.oid ?? undefined
    return this.#base.name(name, this.#below(at))
  }

  names(
    options: { prefix?: string; after?: string; limit?: number; at?: Tid } = {},
  ): { name: string; oid: Oid }[] {
    this.head()
    const { prefix = '', limit = IMAGE_LIMITS.page, at } = options
    const changed = [...this.#changes.everyName()]
      .filter((name) => name.startsWith(prefix))
      .filter((name) => options.after === undefined || byBytes(name, options.after) > 0)
      .sort(byBytes)
    const found: { name: string; oid: Oid }[] = []
    let next = 0
    const addChanged = (before: string | undefined): void => {
      for (; next < changed.length && found.length < limit; next++) {
        const name = changed[next] as string
        if (before !== undefined && byBytes(name, before) >= 0) return
        const oid = this.name(name, at)
        if (oid !== undefined) found.push({ name, oid })
      }
    }
    for (const bound of this.#baseNames(prefix, options.after, limit, this.#below(at))) {
      addChanged(bound.name)
      if (found.length >= limit) return found
      // A name that was changed here is added in its place of the order by the next round, or by the last.
      if (changed[next] !== bound.name) found.push(bound)
    }
    addChanged(undefined)
    return found
  }

  *#baseNames(
    prefix: string,
    start: string | undefined,
    limit: number,
    at: Tid,
  ): Generator<{ name: string; oid: Oid }> {
    for (let after = start; ; ) {
      const page = this.#base.names({
        prefix,
        limit,
        at,
        ...(after === undefined ? {} : { after }),
      })
      yield* page
      if (page.length < limit) return
      after = page.at(-1)?.name
    }
  }

  transaction(tid: Tid): TransactionInfo | undefined {
    this.head()
    return tid > this.#seam ? this.#changes.transaction(tid) : this.#base.transaction(tid)
  }

  transactions(options: { before?: Tid; limit?: number } = {}): TransactionInfo[] {
    const limit = options.limit ?? IMAGE_LIMITS.page
    const found = this.#changes.transactions({ ...options, limit })
    if (found.length === limit) return found
    const before = Math.min(options.before ?? this.#seam + 1, this.#seam + 1)
    return [...found, ...this.#base.transactions({ before, limit: limit - found.length })]
  }

  tidAt(time: number): Tid {
    const found = this.#changes.tidAt(time)
    return found > 0 ? found : Math.min(this.#base.tidAt(time), this.#seam)
  }

  get(table: TableName, key: string): Uint8Array | undefined {
    this.head()
    const changed = this.#changes.entries(table).get(key)
    return changed === undefined ? this.#base.get(table, key) : changed?.slice()
  }

  scan(
    table: TableName,
    options: { from?: string; limit?: number } = {},
  ): { key: string; value: Uint8Array }[] {
    this.head()
    const { from = '', limit = IMAGE_LIMITS.page } = options
    const changed = this.#changes.entries(table)
    // Each removed value may hide one of the base, so so many more are asked for.
    const removed = [...changed.values()].filter((value) => value === null).length
    const found = this.#base
      .scan(table, { from, limit: limit + removed })
      .filter(({ key }) => !changed.has(key))
    for (const [key, value] of changed) {
      if (value !== null && byBytes(key, from) >= 0) found.push({ key, value: value.slice() })
    }
    return found.sort((one, other) => byBytes(one.key, other.key)).slice(0, limit)
  }

  async commit(group: Group): Promise<void> {
    await this.#changes.commit(group)
  }

  objects(options: { at?: Tid } = {}): Iterable<Revision> {
    this.head()
    return this.#walk(options.at)
  }

  *#walk(asOf: Tid | undefined): Generator<Revision, void, undefined> {
    const at = Math.min(asOf ?? Number.POSITIVE_INFINITY, this.head().tid)
    const changes = this.#changes.objects({ at })[Symbol.iterator]()
    let changed = changes.next()
    for (const revision of this.#base.objects({ at: this.#below(at) })) {
      while (changed.done !== true && changed.value.oid < revision.oid) {
        yield changed.value
        changed = changes.next()
      }
      if (changed.done !== true && changed.value.oid === revision.oid) {
        yield changed.value
        changed = changes.next()
      } else yield revision
      this.head()
    }
    for (; changed.done !== true; changed = changes.next()) yield changed.value
  }

  replay(options: { start?: Tid; stop?: Tid } = {}): Iterable<Transaction> {
    const stop = Math.min(options.stop ?? Number.POSITIVE_INFINITY, this.#seam)
    const below = this.#base.replay({ ...options, stop })
    const above = this.#changes.replay(options)
    return (function* () {
      yield* below
      yield* above
    })()
  }

  packedTo(): Tid {
    this.head()
    return this.#base.packedTo()
  }

  async pack(): Promise<PackReport> {
    this.head()
    throw imageFault('READ_ONLY', 'A fork is not packed.', undefined, 'Pack the image below it.')
  }

  /** Those that packs of the base remove; what is changed here is looked up here all the same. */
  onRemoved(hear: (oids: readonly Oid[]) => void): () => void {
    this.head()
    return this.#base.onRemoved?.(hear) ?? (() => {})
  }

  /** Those of the changes alone, which is what lies in memory. */
  bytes(): number {
    return this.#changes.bytes()
  }

  verify(): VerifyReport {
    this.head()
    const below = this.#base.verify()
    // What refers to nothing in the base may be there in the changes, which is looked at here.
    const damage = below.damage.filter(({ problem }) => !/which is not there\.$/.test(problem))
    if (damage.length > 0) return { ...below, damage }
    const list = new DamageList()
    for (const revision of this.#walk(undefined)) list.newest(revision)
    let transactions = 0
    for (const { revisions } of this.replay()) {
      transactions++
      for (const _ of revisions) list.countRevision()
    }
    for (let after: string | undefined; ; ) {
      const page = this.names(after === undefined ? {} : { after })
      for (const { name, oid } of page) {
        list.want(oid, `The name ${JSON.stringify(name)}`, undefined, this.head().tid)
      }
      after = page.at(-1)?.name
      if (after === undefined) break
    }
    return list.report(transactions)
  }

  async close(): Promise<void> {
    await this.#changes.close()
  }

  /** The transaction of the base that stands for `at`. */
  #below(at: Tid | undefined): Tid {
    return Math.min(at ?? this.#seam, this.#seam)
  }
}
