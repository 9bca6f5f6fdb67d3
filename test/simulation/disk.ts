// Owns: a disk that outlives the processes over it: late commits, commits that fail, crashes between any two steps, torn
// writes.
// Leaves: keeping records to the store in memory; bytes to platter.ts; when what happens to the seed.
// Laws: IM1 IM2 IM5 of a store. After a crash whole groups are there: those acknowledged and perhaps some behind them.
import {
  type Group,
  imageFault,
  openMemoryStore,
  type PackProgress,
  type PackRequest,
  type Store,
  type TableWrite,
  type Transaction,
} from '#image'
import type { Oid, Tid } from '#objects'
import { layOut, readBack, withHole } from './platter.ts'
import type { Life, Universe } from './universe.ts'

/** How likely a commit goes wrong, and how long it takes at most, in milliseconds. */
export interface DiskFaults {
  /** Refused, and nothing else happens. */
  refused: number
  /** Fails, perhaps after it was kept; then nothing is written until the image is opened again. */
  broken: number
  slowness: number
}

/** Lies of a disk, to be found out: each breaks a law that the kernel relies on. */
export interface DiskLies {
  /** Acknowledges what it has not kept yet. */
  early?: boolean
  /** Leaves out a record of some groups. */
  losesWrites?: boolean
  /** Takes what can be read of a group that was not written to its end. */
  ignoresTorn?: boolean
  /** Keeps the transactions of a group that a crash interrupts, without its tables. */
  losesTables?: boolean
  /** Loses all answers of keys in a crash. */
  forgetsReplies?: boolean
  /** Keeps the messages for later of a group that it refuses. */
  keepsPostings?: boolean
  /** Answers an object as it was when it was first read. */
  stale?: boolean
}

/** How a single call of a store fails. */
export type CallFailure =
  /** Faults, and nothing else happens. */
  | 'refused'
  /** Faults before it was kept; then nothing is written until the image is opened again. */
  | 'broken'
  /** The same after it was kept. */
  | 'lost'

interface Waiting {
  group: Group
  resolve: () => void
  reject: (error: unknown) => void
  /** Whether a pack ended since: a store looks at what a group refers to when it is handed in, and this one comes late. */
  isOld: boolean
}

/** How many of the bytes that were on their way a crash leaves. */
export type Left = 'none' | 'half' | 'all' | 'some'

/** What a disk says that cannot be read. */
export const UNREADABLE = 'a sector could not be read just now'

/** Calls of a store that read the disk at once. */
const READS: ReadonlySet<string | symbol> = new Set(['read', 'name', 'get', 'scan'])

/** What a lying disk leaves out of a group. */
const LOST_RECORD = 0.05

export class Disk {
  readonly store: Store = openMemoryStore()
  /** Every transaction that was kept, in order, as it was handed in. */
  readonly journal: Transaction[] = []
  readonly #universe: Universe
  readonly #faults: DiskFaults
  readonly #lies: DiskLies
  /** Handed in and not kept, in order. */
  #line: Waiting[] = []
  /** Kept by a commit that failed: nobody sees it before the image is opened again. */
  #unseen: Group[] = []
  #isBroken = false
  /** Commits that failed, and how often the disk broke: then what failed may have been kept all the same. */
  failures = 0
  breaks = 0
  /** Commits that were handed in, over all lives, and how the one with a number fails. */
  commits = 0
  failing: { commit: number; how: CallFailure } | undefined
  /** Reads of running kernels, and the number of one that fails. */
  reads = 0
  failingRead: number | undefined
  failedReads = 0
  /** Called with the number of a commit that is handed in, and the milliseconds within which it is on its way. */
  onCommit: (commit: number, within: number) => void = () => undefined
  /** Called when it breaks: somebody has to open the image again. */
  onBreak: () => void = () => undefined

  constructor(universe: Universe, faults: DiskFaults, lies: DiskLies = {}) {
    this.#universe = universe
    this.#faults = faults
    this.#lies = lies
  }

  /** The store as one process has it. */
  open(life: Life): Store {
    const commit = (group: Group) => this.#commit(copied(group), life)
    const pack = (request: PackRequest, progress?: (progress: PackProgress) => void) => {
      const packed = this.store.pack(request, (one) => {
        // A process that is gone packs no more.
        if (!life.alive) throw new Error('the process has ended')
        progress?.(one)
      })
      return packed.finally(() => {
        for (const waiting of this.#line) waiting.isOld = true
      })
    }
    const read = this.#lies.stale ? this.#staleRead() : undefined
    const own: Partial<Store> = { commit, pack, ...(read === undefined ? {} : { read }) }
    return new Proxy(this.store, {
      get: (target, name) => {
        const member = own[name as keyof Store] ?? Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (READS.has(name)) this.#read(String(name))
        return member.bind(target)
      },
    })
  }

  /** A read is done; faults when it is the one that fails. */
  #read(name: string): void {
    if (++this.reads !== this.failingRead) return
    this.failures++
    this.failedReads++
    this.#universe.say(`the disk cannot ${name}`)
    throw imageFault('IMAGE_DAMAGED', UNREADABLE)
  }

  /** Groups that are on their way. */
  get onTheWay(): number {
    return this.#line.length
  }

  /**
   * What a crash leaves: of what was on its way so many bytes, and of these perhaps one sector is not there. Whole groups
   * count. Resolves when the store can be read by who starts next.
   */
  async crash(left: Left = 'some'): Promise<void> {
    const line = this.#line
    const unseen = this.#unseen
    this.#line = []
    this.#unseen = []
    this.#isBroken = false
    const groups = this.#left(layOut(line.map(({ group }) => group)), left)
    this.#universe.say(`the disk keeps ${groups.length} of ${line.length} groups on their way`)
    const { losesTables, forgetsReplies } = this.#lies
    for (const group of unseen) await this.#keep(group)
    for (const [i, group] of groups.entries()) {
      const { group: whole, isOld } = line[i] as Waiting
      if (isOld && !this.#isThere(whole)) break
      await this.#keep(losesTables ? { ...group, tables: [] } : group, whole)
    }
    if (forgetsReplies) await this.store.commit({ transactions: [], tables: this.#replies() })
  }

  #left(bytes: Buffer, left: Left): Group[] {
    const trusting = this.#lies.ignoresTorn === true
    if (left !== 'some') {
      const parts = { none: 0, half: 0.5, all: 1 }
      return readBack(bytes.subarray(0, Math.floor(bytes.length * parts[left])), trusting)
    }
    const { length } = bytes
    const cut = this.#universe.chance(0.3) ? length : this.#universe.below(length + 1)
    const kept = bytes.subarray(0, cut)
    const hasHole = cut > 0 && this.#universe.chance(0.3)
    return readBack(hasHole ? withHole(kept, this.#universe.below(cut)) : kept, trusting)
  }

  #replies(): TableWrite[] {
    const replies = this.store.scan('replies')
    return replies.map(({ key }) => ({ table: 'replies', key, value: null }))
  }

  /** Keeps a group; `whole` is what it should be. */
  async #keep(group: Group, whole = group): Promise<void> {
    await this.store.commit(group)
    if (group.transactions.length === whole.transactions.length) {
      this.journal.push(...whole.transactions)
    }
  }

  #commit(group: Group, life: Life): Promise<void> {
    this.onCommit(++this.commits, this.#faults.slowness)
    if (this.#isBroken) {
      this.failures++
      return Promise.reject(readOnly())
    }
    return new Promise((resolve, reject) => {
      const acknowledge = this.#lies.early ? () => undefined : resolve
      if (this.#lies.early) resolve()
      const { commits, failing } = this
      const how = failing?.commit === commits ? failing.how : undefined
      this.#line.push({ group, resolve: acknowledge, reject, isOld: false })
      const delay = this.#universe.between(0, this.#faults.slowness)
      const write = () => this.#write(life, how)
      this.#universe.after(delay, 'the disk comes to a group', write, life)
    })
  }

  #write(life: Life, how: CallFailure | undefined): void {
    const waiting = this.#line.shift()
    if (waiting === undefined) return
    if (how === 'refused' || this.#universe.chance(this.#faults.refused)) {
      return this.#refuse(waiting)
    }
    const breaks = this.#universe.chance(this.#faults.broken)
    if (how !== undefined) return this.#break(waiting, how === 'lost')
    if (breaks) return this.#break(waiting, this.#universe.chance(0.5))
    if (waiting.isOld && !this.#isThere(waiting.group)) return this.#refuse(waiting)
    this.#keep(this.#written(waiting.group), waiting.group).then(
      () => {
        const { tid } = this.store.head()
        this.#universe.say(`durable up to ${tid}`)
        // Between the disk and the word of it a crash may come.
        const delay = this.#universe.between(0, this.#faults.slowness / 4)
        this.#universe.after(delay, `the disk says ${tid} is durable`, waiting.resolve, life)
      },
      (error: unknown) => {
        // What it refers to is being packed away.
        this.failures++
        waiting.reject(error)
      },
    )
  }

  #refuse({ group, reject }: Waiting): void {
    this.failures++
    this.#universe.say('the disk refuses the group')
    if (this.#lies.keepsPostings) {
      const tables = group.tables.filter(({ table }) => table === 'outbox')
      void this.store.commit({ transactions: [], tables })
    }
    reject(new Error('there is no room just now'))
  }

  #break(waiting: Waiting, isKept: boolean): void {
    const failed = [waiting, ...this.#line]
    this.failures += failed.length
    this.#line = []
    this.#isBroken = true
    this.breaks++
    this.onBreak()
    this.#universe.say(isKept ? 'the disk breaks, and has kept the group' : 'the disk breaks')
    // Seen when the image is opened again.
    if (isKept) this.#unseen.push(waiting.group)
    for (const { reject } of failed) reject(readOnly())
  }

  /** Whether everything is there that a group refers to and does not bring. */
  #isThere({ transactions }: Group): boolean {
    const revisions = transactions.flatMap((transaction) => transaction.revisions)
    const brought = new Set(revisions.map(({ oid }) => oid))
    return revisions.every(({ refs }) =>
      refs.every((ref) => brought.has(ref) || this.store.read(ref) !== undefined),
    )
  }

  /** What is written of a group: all of it, or what a liar writes. */
  #written(group: Group): Group {
    if (!this.#lies.losesWrites || !this.#universe.chance(LOST_RECORD)) return group
    const last = group.transactions.at(-1)
    if (last === undefined) return group
    const less = { ...last, revisions: last.revisions.slice(1) }
    return { ...group, transactions: [...group.transactions.slice(0, -1), less] }
  }

  #staleRead(): Store['read'] {
    const known = new Map<Oid, ReturnType<Store['read']>>()
    return (oid: Oid, at?: Tid) => {
      if (at !== undefined) return this.store.read(oid, at)
      if (!known.has(oid)) known.set(oid, this.store.read(oid))
      return known.get(oid)
    }
  }
}

const readOnly = () =>
  imageFault('READ_ONLY', 'The image takes no more writes until it is opened again.')

/** A group as it is now: its bytes lie in frames that are used again. */
function copied(group: Group): Group {
  return {
    transactions: group.transactions.map((transaction) => ({
      ...transaction,
      revisions: transaction.revisions.map((revision) => ({
        ...revision,
        payload: new Uint8Array(revision.payload),
      })),
      names: [...transaction.names],
    })),
    tables: group.tables.map((write) => ({
      ...write,
      value: write.value === null ? null : new Uint8Array(write.value),
    })),
  }
}
