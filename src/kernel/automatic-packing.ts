// Owns: when the kernel packs its image by itself, and what it tells of that.
// Leaves: packing to packing.ts; what goes to image/pack.ts.
// Laws: KN84 once the image takes more bytes than a limit, history older than a span goes by itself, at a bounded cost;
// turns go on.
import { asFault } from '#ground'
import type { PackReport } from '#image'
import type { Tid } from '#objects'
import type { Head } from './head.ts'
import type { Timers } from './timers.ts'

/** When an image is packed by itself. */
export interface PackingPolicy {
  /** Milliseconds of history that stay. */
  keep: number
  /** Bytes that the image may take before older history goes. */
  above: number
}

/** A pack that the kernel made by itself. */
export interface PackedByItself extends PackReport {
  /** Milliseconds since 1970 at its end, and for how many it ran. */
  time: number
  took: number
  /** Bytes that the image took before and after. */
  before: number
  after: number
}

export interface AutomaticPackingParts {
  policy: PackingPolicy
  head: Head
  timers: Timers
  now: () => number
  run(keep: number): Promise<PackReport>
  /** Told of each pack, and of one that failed. */
  tell(packed: PackedByItself | { problem: string }): void
}

/** Part of the span that history outlives it by at most, so that a pack has something to do. */
const SHARE = 8

/** Milliseconds between two looks, at most and at least: a look reads a few numbers. */
const LOOK_MAX = 3_600_000
const LOOK_MIN = 1_000

/** So many times as long as a pack took, none follows it: a pack costs others part of the machine. */
const REST = 8

/** Milliseconds after a pack that failed: damage and a full disk are seldom cured sooner. */
const AGAIN = 3_600_000

/** Bytes that are looked at after less than one look's time: a share of the limit in which it can be passed. */
const GROWTH_SHARE = 64

export class AutomaticPacking {
  readonly #parts: AutomaticPackingParts
  #timer: unknown
  /** Bytes that were kept since the last look. */
  #grown = 0
  #notBefore = 0
  #running: Promise<void> | undefined
  #isClosed = false
  #packs = 0
  #last: PackedByItself | undefined
  #problem: string | undefined

  constructor(parts: AutomaticPackingParts) {
    this.#parts = parts
    this.#wait()
  }

  /** Told of bytes that have become durable. */
  grew(bytes: number): void {
    this.#grown += bytes
    if (this.#grown > this.#parts.policy.above / GROWTH_SHARE) this.#look()
  }

  get status(): Record<string, unknown> {
    const { policy, head } = this.#parts
    const last = this.#last
    return {
      ...policy,
      bytes: head.store.bytes(),
      packedTo: String(head.store.packedTo()),
      running: this.#running !== undefined,
      packs: this.#packs,
      ...(last === undefined ? {} : { last: shown(last) }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
  }

  /** Begins no more. A pack under way ends with the store. */
  close(): void {
    this.#isClosed = true
    this.#parts.timers.clearTimeout(this.#timer)
  }

  #wait(): void {
    const { timers, policy } = this.#parts
    timers.clearTimeout(this.#timer)
    if (this.#isClosed) return
    const pause = Math.min(Math.max(policy.keep / SHARE, LOOK_MIN), LOOK_MAX)
    this.#timer = timers.setTimeout(() => this.#look(), pause)
  }

  #look(): void {
    this.#grown = 0
    if (this.#isClosed || this.#running !== undefined) return
    if (!this.#isDue()) return this.#wait()
    this.#running = this.#pack().finally(() => {
      this.#running = undefined
      this.#wait()
    })
  }

  /** Whether there is enough of the past to be worth it: what is kept of a span that has passed is at most a share of it. */
  #isDue(): boolean {
    const { policy, head, now } = this.#parts
    const { store } = head
    if (now() < this.#notBefore || store.bytes() <= policy.above) return false
    const before = policy.keep === 0 ? store.head().tid : store.tidAt(now() - policy.keep)
    // History that was never packed begins with the awakening.
    const packed = Math.max(store.packedTo(), 1)
    if (before <= packed) return false
    const time = (tid: Tid) => store.transaction(tid)?.time ?? 0
    return time(before) - time(packed) >= Math.max(policy.keep / SHARE, LOOK_MIN)
  }

  async #pack(): Promise<void> {
    const { policy, head, now, run, tell } = this.#parts
    const began = now()
    const before = head.store.bytes()
    try {
      const packed = await run(policy.keep)
      const time = now()
      const took = Math.max(0, time - began)
      this.#notBefore = time + took * REST
      this.#packs++
      this.#problem = undefined
      this.#last = { ...packed, time, took, before, after: head.store.bytes() }
      tell(this.#last)
    } catch (error) {
      // One that somebody asked for is under way, which does the same; and a store that closes needs none.
      if (this.#isClosed || asFault(error)?.code === 'BUSY') return
      this.#notBefore = now() + AGAIN
      this.#problem = error instanceof Error ? error.message : String(error)
      tell({ problem: this.#problem })
    }
  }
}

/** A pack as the status shows it. */
function shown({ time, took, before, after, ...packed }: PackedByItself): Record<string, unknown> {
  const { packedTo, objectsRemoved, revisionsRemoved } = packed
  const removed = { objectsRemoved, revisionsRemoved }
  return { time: new Date(time), took, before, after, packedTo: String(packedTo), ...removed }
}
