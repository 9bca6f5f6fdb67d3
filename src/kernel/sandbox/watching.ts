// Owns: what a worker notes of the methods it runs: calls of those on probation, and who is on the stack after a death.
// Leaves: what the notes are worth to the kernel.
// Laws: KN151 only methods on probation are counted. KN153 while turns run alone after a death the kernel is told what is on
// the stack, before it runs.
import type { CompiledMethod, Oid } from '#objects'

/** Frames about the stack in one turn: half a second. A turn that sends more is not traced to its end, and nobody is blamed. */
const TRACED_MAX = 20_000

/** Methods of which one turn reports calls. */
const REPORTED_MAX = 64

/** What is counted of one method in one turn. */
interface Count {
  method: Oid
  isOver: boolean
  turn: number
  calls: number
  faults: number
  fuel: number
}

export class Watching {
  readonly #fuel: { left: number }
  readonly #say: (frame: unknown[]) => void
  /** Those that are counted, each with the counts of the turn in which it ran last. */
  readonly #watched = new Map<Oid, Count>()
  /** Those that ran in this turn. */
  readonly #ran: Count[] = []
  #turn = 0
  #isTracing = false
  #traced = 0

  constructor(fuel: { left: number }, say: (frame: unknown[]) => void) {
    this.#fuel = fuel
    this.#say = say
  }

  trace(isOn: boolean): void {
    this.#isTracing = isOn
  }

  unwatch(method: Oid): void {
    const count = this.#watched.get(method)
    if (count === undefined) return
    count.isOver = true
    this.#watched.delete(method)
  }

  /** A turn begins: what was noted of the one before is gone. */
  begin(): void {
    this.#traced = 0
    this.#turn++
    this.#ran.length = 0
  }

  /** What was counted in this turn: method, calls, faults, ticks; undefined when nothing was. */
  counted(): number[][] | undefined {
    if (this.#ran.length === 0) return undefined
    const counts = this.#ran.slice(0, REPORTED_MAX)
    return counts.map(({ method, calls, faults, fuel }) => [method, calls, faults, fuel])
  }

  /** The function to run for a method: itself, unless something is to be noted of it. */
  over(method: Oid, run: CompiledMethod, isWatched: boolean): CompiledMethod {
    const counted = isWatched ? this.#counting(this.#countOf(method), run) : run
    return this.#isTracing ? this.#tracing(method, counted) : counted
  }

  #countOf(method: Oid): Count {
    let count = this.#watched.get(method)
    if (count === undefined) {
      count = { method, isOver: false, turn: -1, calls: 0, faults: 0, fuel: 0 }
      this.#watched.set(method, count)
    }
    count.isOver = false
    return count
  }

  #counting(count: Count, run: CompiledMethod): CompiledMethod {
    return (self, ...args) => {
      if (count.isOver) return run(self, ...args)
      if (count.turn !== this.#turn) this.#first(count)
      count.calls++
      // Taken back when it answers: what throws, or ends the turn, has failed.
      count.faults++
      const before = this.#fuel.left
      try {
        const answer = run(self, ...args)
        count.faults--
        return answer
      } finally {
        count.fuel += before - this.#fuel.left
      }
    }
  }

  #first(count: Count): void {
    count.turn = this.#turn
    count.calls = 0
    count.faults = 0
    count.fuel = 0
    this.#ran.push(count)
  }

  #tracing(method: Oid, run: CompiledMethod): CompiledMethod {
    return (self, ...args) => {
      if (!this.#isTracing || this.#traced > TRACED_MAX) return run(self, ...args)
      if (++this.#traced > TRACED_MAX) this.#say(['lost'])
      else this.#say(['in', method])
      try {
        return run(self, ...args)
      } finally {
        if (this.#traced <= TRACED_MAX) this.#say(['out'])
      }
    }
  }
}
