// Owns: connections that wait for their next use, and how many there are.
// Leaves: making them to database.ts.
// Laws: IM56 the last one closed comes first, one with objects in memory before one without; too many are told and let go.
import { CONNECTION_LIMITS, type Warn } from './connection-limits.ts'
import type { Connection } from './connection.ts'

export class ConnectionPool {
  readonly size: number
  readonly #warn: Warn
  /** The one closed last stands last. */
  readonly #waiting: Connection[] = []
  #open = 0

  constructor(size: number = CONNECTION_LIMITS.poolSize, warn: Warn = () => {}) {
    this.size = size
    this.#warn = warn
  }

  get report(): { open: number; waiting: number } {
    return { open: this.#open, waiting: this.#waiting.length }
  }

  /** One that waits, or a new one from `make`. */
  take(reuse: (connection: Connection) => void, make: () => Connection): Connection {
    this.#open++
    if (this.#open > this.size) {
      const level = this.#open > 2 * this.size ? 'critical' : 'warning'
      const message = `${this.#open} connections are open; the pool is planned for ${this.size}.`
      this.#warn({ level, message })
    }
    const filled = this.#waiting.findLastIndex(({ cache }) => cache.report.loaded > 0)
    const [waiting] = this.#waiting.splice(filled < 0 ? this.#waiting.length - 1 : filled, 1)
    if (waiting === undefined) return make()
    reuse(waiting)
    return waiting
  }

  /** Takes one back. The one that waits longest is let go when there are too many. */
  give(connection: Connection): void {
    this.#open--
    this.#waiting.push(connection)
    if (this.#waiting.length > this.size) this.#waiting.shift()?.discard()
  }

  /** Lets all that wait go. */
  clear(): void {
    for (const connection of this.#waiting.splice(0)) connection.discard()
  }
}

/** Connections to the past: those to the same transaction are used again while they are young. */
export class HistoricalPool {
  readonly #now: () => number
  readonly #size: number
  readonly #idle: number
  readonly #waiting: { connection: Connection; since: number }[] = []

  constructor(now: () => number, limits: { size?: number; idle?: number }) {
    this.#now = now
    this.#size = limits.size ?? CONNECTION_LIMITS.historicalPool
    this.#idle = limits.idle ?? CONNECTION_LIMITS.historicalIdle
  }

  get report(): { waiting: number } {
    return { waiting: this.#waiting.length }
  }

  /** One that waits and shows this transaction. */
  take(at: number): Connection | undefined {
    this.#expire()
    const index = this.#waiting.findLastIndex(({ connection }) => connection.snapshot === at)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]?.connection
  }

  give(connection: Connection): void {
    this.#waiting.push({ connection, since: this.#now() })
    this.#expire()
    if (this.#waiting.length > this.#size) this.#waiting.shift()?.connection.discard()
  }

  clear(): void {
    for (const { connection } of this.#waiting.splice(0)) connection.discard()
  }

  #expire(): void {
    const oldest = this.#now() - this.#idle
    while ((this.#waiting[0]?.since ?? oldest) < oldest) {
      this.#waiting.shift()?.connection.discard()
    }
  }
}
