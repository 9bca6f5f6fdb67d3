// Owns: how many threads a model may use just now.
// Leaves: setting them to model-host.ts.
// Laws: MI13 a model takes the cores that others leave free, never less than one: threads that wait for a core that
// another program holds spin against each other, and two of them can be twenty times slower than one.
import { availableParallelism, cpus } from 'node:os'
import { MIND_LIMITS } from '../limits.ts'

/** Processor time so far, milliseconds: of the whole machine when busy, and of this process. */
export interface Usage {
  at: number
  busy: number
  own: number
}

/** Reads the clocks of the machine and of this process. */
export function readUsage(): Usage {
  let busy = 0
  for (const { times } of cpus()) busy += times.user + times.nice + times.sys + times.irq
  const own = process.cpuUsage()
  return { at: performance.now(), busy, own: (own.user + own.system) / 1000 }
}

/** Cores that other programs kept busy between two readings; undefined when the readings are too close. */
export function othersBetween(before: Usage, after: Usage): number | undefined {
  const span = after.at - before.at
  if (span < 50) return undefined
  const others = (after.busy - before.busy - (after.own - before.own)) / span
  return Math.max(0, others)
}

/** Threads for a machine with so many cores of which others use so many. */
export function threadsFor(cores: number, others: number): number {
  // A core that is busy for less than half of the time is still worth a thread.
  const free = Math.floor(cores - others + 0.5)
  return Math.max(1, Math.min(MIND_LIMITS.threads, cores, free))
}

/** Threads that a model may ever use on this machine. */
export function threadsAtMost(): number {
  return threadsFor(availableParallelism(), 0)
}

/** Follows the load of the machine; `threads` is what a model may use now. Ends with `stop`. */
export class LoadWatch {
  readonly #cores = availableParallelism()
  #last = readUsage()
  #others = 0
  readonly #timer: NodeJS.Timeout

  constructor(onChange: (threads: number) => void) {
    let threads = this.threads
    this.#timer = setInterval(() => {
      const now = readUsage()
      const others = othersBetween(this.#last, now)
      if (others === undefined) return
      this.#last = now
      // Half new, half old: one busy second must not halve the speed of an idle machine for long.
      this.#others = (this.#others + others) / 2
      if (this.threads !== threads) onChange((threads = this.threads))
    }, MIND_LIMITS.loadLook)
    this.#timer.unref()
  }

  get others(): number {
    return this.#others
  }

  get threads(): number {
    return threadsFor(this.#cores, this.#others)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
