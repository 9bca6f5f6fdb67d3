// Owns: time, chance and order of a simulation: one queue of events, one seed, one trace of all that happened.
// Leaves: what the events are to those who put them there.
// Laws: KN90 the same seed is the same trace, because nothing here asks the machine for time, chance or order.
import { createHash } from 'node:crypto'
import type { Timers } from '#kernel'
import { seeded } from '#objects'

/** Lines of the trace that are kept to be shown: the way into a failure is seldom longer. */
const TAIL_LINES = 60

/** What belongs to one process: when it ends, none of its events happens any more. */
export interface Life {
  readonly number: number
  alive: boolean
}

interface Event {
  time: number
  /** Decides among events of the same moment. */
  tie: number
  what: string
  run: () => void
  life: Life | undefined
}

/** Mistakes of what counts time, to be found out. */
export interface TimerLies {
  /** Some timers never come. */
  losesTimers?: boolean
}

/** How likely a lost timer is. */
const LOST_TIMER = 0.1

export class Universe {
  /** Milliseconds since the beginning. */
  time = 0
  /** Called after each event, with its number; true when it did something. */
  afterEvent: (event: number) => boolean = () => false
  /** Every line of the trace, when somebody wants it. */
  lines: string[] | undefined
  readonly #draw: () => number
  readonly #heap: Event[] = []
  readonly #hash = createHash('sha256')
  #tail: string[] = []
  #events = 0

  constructor(seed: number) {
    this.#draw = seeded(seed)
  }

  // Chance ---------------------------------------------------------------------------------------

  /** At least 0, below 1. */
  random(): number {
    return this.#draw()
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.#draw() * count)
  }

  between(least: number, most: number): number {
    return least + this.#draw() * (most - least)
  }

  chance(probability: number): boolean {
    return this.#draw() < probability
  }

  pick<Item>(list: readonly Item[]): Item {
    return list[this.below(list.length)] as Item
  }

  // Order ----------------------------------------------------------------------------------------

  /** Puts an event into the queue, so many milliseconds from now. Answers how to take it out. */
  after(ms: number, what: string, run: () => void, life?: Life): Event {
    const event = { time: this.time + Math.max(0, ms), tie: this.#draw(), what, run, life }
    this.#heap.push(event)
    this.#up(this.#heap.length - 1)
    return event
  }

  /** The timers of a process. */
  timersOf(life: Life, lies: TimerLies = {}): Timers {
    const isLost = () => lies.losesTimers === true && this.chance(LOST_TIMER)
    return {
      setTimeout: (run, ms) => this.after(ms, 'a timer', isLost() ? nothing : run, life),
      clearTimeout: (event) => {
        if (event !== undefined) (event as Event).run = nothing
      },
      setImmediate: (run) => void this.after(0, 'soon', run, life),
    }
  }

  /** Runs events one by one until none is left or `isOver`; each with all that follows from it at once. */
  async run(isOver: () => boolean = () => false): Promise<void> {
    await quiet()
    while (!isOver()) {
      const event = this.#next()
      if (event === undefined) return
      if (event.run === nothing || event.life?.alive === false) continue
      this.time = Math.max(this.time, event.time)
      this.#events++
      this.say(event.what)
      event.run()
      await quiet()
      if (this.afterEvent(this.#events)) await quiet()
    }
  }

  // Trace ----------------------------------------------------------------------------------------

  say(what: string): void {
    const line = `${this.time.toFixed(3)} ${what}`
    this.#hash.update(`${line}\n`)
    this.lines?.push(line)
    this.#tail.push(line)
    if (this.#tail.length > TAIL_LINES * 2) this.#tail = this.#tail.slice(-TAIL_LINES)
  }

  get events(): number {
    return this.#events
  }

  /** The last lines of the trace. */
  get tail(): string[] {
    return this.#tail.slice(-TAIL_LINES)
  }

  /** What all lines come to, so that two runs can be compared; asked once. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16)
  }

  // The heap -------------------------------------------------------------------------------------

  #next(): Event | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    this.#heap[0] = last
    this.#down()
    return first
  }

  #up(from: number): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(heap[at] as Event, heap[above] as Event)) return
      ;[heap[at], heap[above]] = [heap[above] as Event, heap[at] as Event]
      at = above
    }
  }

  #down(): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let least = at
      for (const below of [2 * at + 1, 2 * at + 2]) {
        const event = heap[below]
        if (event !== undefined && isBefore(event, heap[least] as Event)) least = below
      }
      if (least === at) return
      ;[heap[at], heap[least]] = [heap[least] as Event, heap[at] as Event]
      at = least
    }
  }
}

const nothing = () => undefined

/** What follows by promises alone is over when the loop of the engine comes round. */
const quiet = () => new Promise((resolve) => setImmediate(resolve))

const isBefore = (one: Event, other: Event) =>
  one.time < other.time || (one.time === other.time && one.tie < other.tie)
