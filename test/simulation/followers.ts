// Owns: clients that follow all changes, by sessions that come and go, and what each was told.
// Leaves: sessions to the bridge; which changes there were to the disk's journal.
// Laws: KN82 from a transaction on nothing is missed and nothing told twice, from one session and one kernel to the next.
import { pack, unpack } from '#bridge'
import type { Kernel } from '#kernel'
import { decodeSlots, type Oid, oidText, type Tid } from '#objects'
import type { Disk } from './disk.ts'
import { open } from './session.ts'
import type { Universe } from './universe.ts'
import { violated } from './violation.ts'

/** Mistakes on the way to a follower, to be found out. */
export interface FollowerLies {
  /** Some events are lost. */
  losesEvents?: boolean
  /** Who comes back is told from the newest transaction on. */
  forgetsPlace?: boolean
}

/** How likely an event is lost. */
const LOST_EVENT = 0.02

interface Frame {
  ok?: boolean
  result?: { tid: string }
  fault?: { code: string; data?: { oldest?: string } }
  event?: { kind: string; tid: string; oid: string; slots: string[] }
}

export interface FollowerParts {
  universe: Universe
  disk: Disk
  guard: (check: () => void) => void
  lies?: FollowerLies | undefined
}

export class Follower {
  readonly #parts: FollowerParts
  /** What it was told, one after the other. */
  readonly #told: string[] = []
  /** Transactions from which on it follows, up to which it was told all. */
  readonly #from: Tid
  #last: Tid
  /** Transactions that were packed away before it could be told. */
  readonly #skipped: { after: Tid; to: Tid }[] = []
  #end: (() => void) | undefined

  constructor(parts: FollowerParts) {
    this.#parts = parts
    this.#from = parts.disk.store.head().tid
    this.#last = this.#from
  }

  /** A new session, from where it was; the one before ends. */
  connect(kernel: Kernel): void {
    this.leave()
    const { universe, lies } = this.#parts
    const session = { isOpen: true }
    const peer = open(kernel, (bytes) => {
      if (session.isOpen) this.#parts.guard(() => this.#hear(unpack(bytes) as Frame, kernel))
    })
    this.#end = () => {
      session.isOpen = false
      peer.closed()
    }
    const last = lies?.forgetsPlace ? this.#parts.disk.store.head().tid : this.#last
    universe.say(`a follower comes, from ${last}`)
    peer.receive(pack({ v: 1, id: 1, op: 'SubscribeCommand', from: String(last) }))
  }

  /** The session ends, or its kernel does. */
  leave(): void {
    this.#end?.()
    this.#end = undefined
  }

  #hear({ fault, event }: Frame, kernel: Kernel): void {
    const { universe, disk, lies } = this.#parts
    if (event !== undefined) {
      if (lies?.losesEvents && universe.chance(LOST_EVENT)) return
      const tid = Number(event.tid)
      universe.say(`a follower is told of ${tid}`)
      if (tid < this.#last) violated('KN82', `a follower is told of ${tid} after ${this.#last}`)
      const durable = disk.store.head().tid
      if (tid > durable) violated('KN3', `a follower is told of ${tid}; durable is ${durable}`)
      this.#told.push(lineOf(tid, event.oid, event.slots))
      this.#last = tid
      return
    }
    if (fault === undefined) return
    const oldest = Number(fault.data?.oldest)
    if (fault.code !== 'FIELD_INVALID' || !(oldest > this.#last)) {
      violated('KN82', `a follower from ${this.#last} is answered ${fault.code}`)
    }
    this.#skipped.push({ after: this.#last, to: oldest })
    this.#last = oldest
    this.connect(kernel)
  }

  /** What it was told is what happened, once all is quiet and it has a session. */
  check(): void {
    const due: string[] = []
    const newest = new Map<Oid, readonly string[]>()
    for (const { tid, revisions } of this.#parts.disk.journal) {
      for (const { oid, kind, payload } of revisions) {
        if (kind !== 'object') continue
        const slots = decodeSlots(payload)
        const names = slots.map(({ name }) => name)
        const gone = (newest.get(oid) ?? []).filter((name) => !names.includes(name))
        newest.set(oid, names)
        if (tid <= this.#from) continue
        if (this.#skipped.some(({ after, to }) => tid > after && tid <= to)) continue
        const changed = slots.filter((slot) => slot.tid === tid).map(({ name }) => name)
        due.push(lineOf(tid, oidText(oid), [...changed, ...gone]))
      }
    }
    // Of one transaction the order does not count.
    const [is, should] = [this.#told, due].map((lines) => lines.toSorted(byTid))
    for (let i = 0; i < Math.max(is?.length ?? 0, should?.length ?? 0); i++) {
      if (is?.[i] === should?.[i]) continue
      violated('KN82', `a follower was told ${is?.[i]} in place of ${should?.[i]}`)
    }
  }
}

const lineOf = (tid: Tid, oid: string, slots: readonly string[]) =>
  `${tid} ${oid} ${slots.toSorted().join(',')}`

function byTid(one: string, other: string): number {
  const [a = 0, b = 0] = [one, other].map((line) => Number.parseInt(line, 10))
  return a - b || (one < other ? -1 : 1)
}
