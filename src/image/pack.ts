// Owns: what a pack keeps and what it removes, while commits go on.
// Leaves: reading and removing to the stores, by PackedStore; when to pack to whoever asks.
// Laws: IM73 what any retained state reaches stays. IM74 old revisions go oldest first, and only after the pack time is
// durable, so a read of the packed past finds the truth or nothing. IM75 a commit that needs what is removed is refused.
import { GENESIS, type Oid, oidText, type Tid } from '#objects'
import { imageFault } from './faults.ts'
import type {
  Group,
  PackProgress,
  PackReport,
  PackRequest,
  Revision,
  Transaction,
} from './store.ts'

/** Objects looked at between two turns of the event loop: a few milliseconds, which a commit can wait. */
const STEP = 512

/** Revisions removed in one transaction of the store: its time is that of a large commit. */
const REMOVALS = 2_048

/** References to missing objects that one report lists. */
const MISSING_LISTED = 1_000

/** One revision, or one binding of a name, that goes. */
export type Removal = { oid: Oid; tid: Tid } | { name: string; tid: Tid }

/** What a store offers to its pack. */
export interface PackedStore {
  head(): { tid: Tid; oid: Oid }
  packedTo(): Tid
  /** Resolves when everything handed in so far is durable. */
  settled(): Promise<void>
  read(oid: Oid, at?: Tid): Revision | undefined
  /** Transactions above `at`, with what is left of them. */
  replay(options: { start: Tid }): Iterable<Transaction>
  /** Every binding of every name, oldest first within a name. */
  bindings(): Iterable<{ name: string; oid: Oid | null; tid: Tid }>
  /** Up to `limit` objects from `from` on, with the tids of all their revisions, oldest first. */
  tids(from: Oid, limit: number): { oid: Oid; tids: Tid[] }[]
  /** Makes the pack time durable. */
  markPacked(at: Tid): Promise<void>
  remove(removals: readonly Removal[]): Promise<void>
  /** Faults when the store is closed. */
  live(): void
}

/** Lets everything else that waits have its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** One pack under way. The store tells it of every group handed in from its making on. */
export class Packing {
  readonly #store: PackedStore
  readonly #request: PackRequest
  readonly #progress: (progress: PackProgress) => void
  readonly #tell: (oids: readonly Oid[]) => void
  readonly #at: Tid
  /** Objects that keep a revision as of the pack time, visited or waiting in the queue. */
  readonly #marked = new Set<Oid>()
  readonly #queue: Oid[] = []
  readonly #removed = new Set<Oid>()
  readonly #missing: { oid: Oid; ref: Oid }[] = []
  #phase: 'mark' | 'sweep' = 'mark'
  #revisionsRemoved = 0
  #seen = 0
  #kept = 0

  constructor(
    store: PackedStore,
    request: PackRequest,
    progress: (progress: PackProgress) => void = () => {},
    tell: (oids: readonly Oid[]) => void = () => {},
  ) {
    this.#store = store
    this.#request = request
    this.#progress = progress
    this.#tell = tell
    // Before an earlier pack time nobody knows what was reachable, so an earlier one is never gone back to.
    this.#at = Math.max(store.packedTo(), Math.min(request.before, store.head().tid))
  }

  /**
   * Keeps what a group refers to, and all that this reaches. Called before the group enters the line. Faults CONFLICT
   * when some of it is removed already; the group is not kept then.
   */
  meet(group: Group): void {
    if (!this.#request.gc) return
    for (const { revisions, names } of group.transactions) {
      for (const { oid, refs } of revisions) {
        this.#want(oid)
        for (const ref of refs) this.#want(ref)
      }
      for (const { oid } of names) if (oid !== null) this.#want(oid)
    }
    this.#settleWanted()
  }

  /** In the sweep an object may go at the next step, so what it reaches is looked up now. */
  #settleWanted(): void {
    if (this.#phase === 'sweep') while (this.#queue.length > 0) this.#visit()
  }

  /** Keeps one more object, and all that it reaches. Faults CONFLICT when some of it is removed already. */
  keep(oid: Oid): void {
    if (!this.#request.gc) return
    this.#want(oid)
    this.#settleWanted()
  }

  async run(): Promise<PackReport> {
    await this.#store.settled()
    this.#store.live()
    if (this.#request.gc) await this.#mark()
    this.#phase = 'sweep'
    if (this.#request.checkOnly === true) {
      await this.#sweep(async () => {})
    } else {
      await this.#store.markPacked(this.#at)
      this.#store.live()
      await this.#sweep(async (removals, objects) => {
        await this.#store.remove(removals)
        this.#tell(objects)
      })
      await this.#sweepNames()
    }
    return {
      packedTo: this.#request.checkOnly === true ? this.#store.packedTo() : this.#at,
      objectsRemoved: this.#removed.size,
      revisionsRemoved: this.#revisionsRemoved,
      objectsKept: this.#kept,
      missing: this.#missing,
    }
  }

  async #mark(): Promise<void> {
    this.#want(GENESIS)
    for (const oid of this.#request.keep ?? []) this.#want(oid)
    this.#wantNamed()
    let count = 0
    for (const { revisions } of this.#store.replay({ start: this.#at + 1 })) {
      for (const { oid, refs } of revisions) {
        this.#want(oid)
        for (const ref of refs) this.#want(ref)
      }
      if (++count % STEP === 0) await this.#pause()
    }
    for (;;) {
      for (let i = 0; i < STEP && this.#queue.length > 0; i++) this.#visit()
      // Without a pause between the last visit and the end, or commits could keep the queue filled for ever.
      if (this.#queue.length === 0) return
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    const { size } = this.#marked
    const objects = this.#phase === 'mark' ? size - this.#queue.length : this.#seen
    this.#progress({ phase: this.#phase, objects, removed: this.#revisionsRemoved })
    await turn()
    this.#store.live()
  }

  /** Each name keeps alive what it is bound to as of the pack time, and whatever it was bound to later. */
  #wantNamed(): void {
    let last: { name: string; oid: Oid | null; tid: Tid } | undefined
    for (const binding of this.#store.bindings()) {
      if (last !== undefined && last.tid <= this.#at) {
        const isNewest = last.name !== binding.name || binding.tid > this.#at
        if (isNewest && last.oid !== null) this.#want(last.oid)
      }
      if (binding.tid > this.#at && binding.oid !== null) this.#want(binding.oid)
      last = binding
    }
    if (last?.oid != null) this.#want(last.oid)
  }

  #want(oid: Oid): void {
    if (this.#removed.has(oid) && this.#request.checkOnly !== true) {
      throw imageFault(
        'CONFLICT',
        `Object ${oidText(oid)} was reachable from nowhere and is being packed away.`,
        { oid },
      )
    }
    if (this.#marked.has(oid)) return
    this.#marked.add(oid)
    this.#queue.push(oid)
  }

  #visit(): void {
    const oid = this.#queue.pop() as Oid
    const found = this.#store.read(oid, this.#at)
    if (found === undefined || found.kind === 'gone') return
    for (const ref of found.refs) {
      this.#want(ref)
      if (this.#request.checkOnly === true) this.#check(oid, ref)
    }
  }

  #check(oid: Oid, ref: Oid): void {
    if (this.#missing.length >= MISSING_LISTED) return
    const there = this.#store.read(ref, this.#at) ?? this.#store.read(ref)
    if (there === undefined || there.kind === 'gone') this.#missing.push({ oid, ref })
  }

  async #sweep(
    remove: (removals: readonly Removal[], objects: readonly Oid[]) => Promise<void>,
  ): Promise<void> {
    let batch: Removal[] = []
    let objects: Oid[] = []
    for (let from: Oid = 1; ; ) {
      const step = this.#store.tids(from, STEP)
      const last = step.at(-1)
      if (last === undefined) break
      from = last.oid + 1
      for (const { oid, tids } of step) {
        this.#seen++
        // Asked at the last moment: a commit may have come to need the object since the step was read.
        const old = tids.filter((tid) => tid <= this.#at)
        const isKept = !this.#request.gc || this.#marked.has(oid) || old.length < tids.length
        if (isKept) old.pop()
        else {
          this.#removed.add(oid)
          objects.push(oid)
        }
        if (isKept) this.#kept++
        for (const tid of old) batch.push({ oid, tid })
        if (batch.length < REMOVALS) continue
        this.#revisionsRemoved += batch.length
        const full = [batch, objects] as const
        batch = []
        objects = []
        await remove(...full)
        this.#store.live()
      }
      await this.#pause()
    }
    this.#revisionsRemoved += batch.length
    if (batch.length > 0) await remove(batch, objects)
    this.#store.live()
  }

  async #sweepNames(): Promise<void> {
    const removals: Removal[] = []
    let last: { name: string; oid: Oid | null; tid: Tid } | undefined
    const settle = (next: string | undefined, tid: Tid): void => {
      if (last === undefined || last.tid > this.#at) return
      const isNewest = last.name !== next || tid > this.#at
      if (!isNewest || last.oid === null) removals.push({ name: last.name, tid: last.tid })
    }
    for (const binding of this.#store.bindings()) {
      settle(binding.name, binding.tid)
      last = binding
    }
    settle(undefined, 0)
    for (let i = 0; i < removals.length; i += REMOVALS) {
      await this.#store.remove(removals.slice(i, i + REMOVALS))
      this.#store.live()
    }
  }
}

/** Whoever packs a store: at most one at a time. */
export class Packer {
  #packing: Packing | undefined
  #run: Promise<unknown> = Promise.resolve()
  readonly #listeners = new Set<(oids: readonly Oid[]) => void>()

  /** Hears of the objects that packs remove, until the function that this answers is called. */
  onRemoved(hear: (oids: readonly Oid[]) => void): () => void {
    this.#listeners.add(hear)
    return () => this.#listeners.delete(hear)
  }

  /** Resolves when no pack is under way; one in a closed store ends at its next step. */
  async ended(): Promise<void> {
    await Promise.allSettled([this.#run])
  }

  /** Tells the pack under way, if any, of a group that is about to enter the line. */
  meet(group: Group): void {
    this.#packing?.meet(group)
  }

  async run(
    store: PackedStore,
    request: PackRequest,
    progress?: (progress: PackProgress) => void,
  ): Promise<PackReport> {
    if (this.#packing !== undefined) {
      // A pack of a small image takes about so long.
      throw imageFault('BUSY', 'The image is being packed already.', { retryAfter: 1_000 })
    }
    const packing = new Packing(store, request, progress, (oids) => {
      for (const hear of this.#listeners) hear(oids)
    })
    this.#packing = packing
    const run = packing.run()
    this.#run = run
    request.onBegin?.((oid) => packing.keep(oid))
    try {
      return await run
    } finally {
      this.#packing = undefined
    }
  }
}
