// Owns: what is known of the messages of a soak: how many, how long each took, which faults came, what was not as it must be.
// Leaves: which messages to load.ts.
import { asFault } from '#ground'

/** Figures of the time since the last look. */
export interface Window {
  answers: number
  /** Milliseconds. */
  p50: number
  p99: number
}

/** Faults that a message of the soak may be answered with; any other is a violation. */
const EXPECTED = new Set(['NOT_UNDERSTOOD', 'CONFLICT', 'BUSY', 'DEADLINE', 'CANCELLED'])

/** Violations that are kept in words; beyond them they are counted. */
const WORDS_MAX = 50

export class Traffic {
  readonly sent = new Map<string, number>()
  readonly faults = new Map<string, number>()
  readonly violations: string[] = []
  violated = 0
  underWay = 0
  answers = 0
  #latencies: number[] = []

  /** Counts what a piece of work asks, and what becomes of it. Undefined when it was answered with a fault. */
  async ask<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    count(this.sent, what)
    const began = performance.now()
    this.underWay++
    try {
      return await work()
    } catch (error) {
      // What is no fault is a mistake of the soak or of the client, which the run must end with too.
      const code = asFault(error)?.code ?? 'no fault'
      count(this.faults, `${what}: ${code}`)
      if (!EXPECTED.has(code)) this.violate(`${what} was answered ${code}: ${String(error)}`)
      return undefined
    } finally {
      this.underWay--
      this.answers++
      this.#latencies.push(performance.now() - began)
    }
  }

  violate(sentence: string): void {
    this.violated++
    if (this.violations.length < WORDS_MAX) this.violations.push(sentence)
  }

  /** What came since the last look. */
  window(): Window {
    const times = this.#latencies.sort((a, b) => a - b)
    this.#latencies = []
    const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0
    return { answers: times.length, p50: at(0.5), p99: at(0.99) }
  }
}

export function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
