// Owns: a disk that outlives the processes over it: late commits, commits that fail, crashes between any two steps.
// Leaves: keeping records to the store in memory; when what happens to the seed.
// Laws: IM1 IM2 IM5 of a store. After a crash whole groups are there: those acknowledged and perhaps some behind them.
import { type Group, imageFault, openMemoryStore, type Store } from '#image'
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
  /** Keeps the transactions of a group that a crash interrupts, without its tables. */
  torn?: boolean
}

interface Waiting {
  group: Group
  resolve: () => void
  reject: (error: unknown) => void
}

export class Disk {
  readonly store: Store = openMemoryStore()
  readonly #universe: Universe
  readonly #faults: DiskFaults
  readonly #lies: DiskLies
  /** Handed in and not kept, in order. */
  #line: Waiting[] = []
  #isBroken = false
  /** Commits that failed, and how often the disk broke: then what failed may have been kept all the same. */
  failures = 0
  breaks = 0
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
    return new Proxy(this.store, {
      get: (target, name) => {
        if (name === 'commit') return commit
        const member = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  }

  /** What a crash leaves: of what was on its way some groups from its beginning, each of them whole. */
  crash(): void {
    const line = this.#line
    this.#line = []
    this.#isBroken = false
    const kept = this.#universe.below(line.length + 1)
    this.#universe.say(`the disk keeps ${kept} of ${line.length} groups that were on their way`)
    for (const { group } of line.slice(0, kept)) {
      this.#keep(this.#lies.torn ? { ...group, tables: [] } : group)
    }
  }

  #keep(group: Group): Promise<void> {
    return this.store.commit(group)
  }

  #commit(group: Group, life: Life): Promise<void> {
    if (this.#isBroken) {
      this.failures++
      return Promise.reject(readOnly())
    }
    if (this.#lies.early) this.#universe.say('the disk lies')
    return new Promise((resolve, reject) => {
      const acknowledge = this.#lies.early ? () => undefined : resolve
      if (this.#lies.early) resolve()
      this.#line.push({ group, resolve: acknowledge, reject })
      const delay = this.#universe.between(0, this.#faults.slowness)
      this.#universe.after(delay, 'the disk comes to a group', () => this.#write(life), life)
    })
  }

  #write(life: Life): void {
    const waiting = this.#line.shift()
    if (waiting === undefined) return
    if (this.#universe.chance(this.#faults.refused)) {
      this.failures++
      this.#universe.say('the disk refuses the group')
      waiting.reject(new Error('there is no room just now'))
      return
    }
    if (this.#universe.chance(this.#faults.broken)) return this.#break(waiting)
    this.#keep(waiting.group).then(() => {
      const { tid } = this.store.head()
      this.#universe.say(`durable up to ${tid}`)
      // Between the disk and the word of it a crash may come.
      const delay = this.#universe.between(0, this.#faults.slowness / 4)
      this.#universe.after(delay, `the disk says ${tid} is durable`, waiting.resolve, life)
    }, waiting.reject)
  }

  #break(waiting: Waiting): void {
    const failed = [waiting, ...this.#line]
    this.failures += failed.length
    this.#line = []
    this.#isBroken = true
    this.breaks++
    this.onBreak()
    if (this.#universe.chance(0.5)) {
      this.#universe.say('the disk breaks, and may have kept the group')
      // Seen when the image is opened again, which the line is for.
      this.#line = [{ ...waiting, resolve: () => undefined, reject: () => undefined }]
    } else this.#universe.say('the disk breaks')
    for (const { reject } of failed) reject(readOnly())
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
