// Owns: which connection of a ROUTER came in with which key, and whether that key may still speak.
// Leaves: letting keys in to gate.ts; what becomes of a connection that may not speak to router.ts.
// Laws: BR74 a connection whose key is not allowed any more is not heard and not told anything. Its key is known by order alone:
// ZeroMQ tells of a connection's beginning, but not whose it is; so one is let in at a time, and the next one that begins is it.
import type { CurveServer } from './gate.ts'

/**
 * Milliseconds after which a client that was let in has not come and cannot come any more: ZeroMQ itself ends a handshake
 * earlier, see `handshakeInterval`.
 */
const ENTERING_MAX = 6_000

export class Doors {
  readonly #server: CurveServer
  /** The key of each connection that is there. */
  readonly #keys = new Map<string, string>()
  #entering: { key: string; done: () => void } | undefined

  constructor(server: CurveServer) {
    this.#server = server
  }

  /** A key is being let in. Resolves when its connection is there, or cannot come any more; nobody else is let in meanwhile. */
  enter(key: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#entering?.done(), ENTERING_MAX)
      timer.unref()
      const done = () => {
        clearTimeout(timer)
        this.#entering = undefined
        resolve()
      }
      this.#entering = { key, done }
    })
  }

  /** Told of an empty frame: true when it is ZeroMQ's word that a connection begins, false when its peer has sent it. */
  begins(id: string): boolean {
    if (this.#keys.has(id)) return false
    // One that nobody waits for has no key, and is not heard.
    this.#keys.set(id, this.#entering?.key ?? '')
    this.#entering?.done()
    return true
  }

  ended(id: string): void {
    this.#keys.delete(id)
  }

  /** Whether a connection may speak now. */
  isOpen(id: string): boolean {
    const key = this.#keys.get(id)
    if (key === undefined || key === '') return false
    return this.#server.isAllowed?.(key) ?? true
  }

  /** Told that a connection was shut out. */
  shutOut(id: string): void {
    const key = this.#keys.get(id) || 'that is not known'
    this.#server.onRefused?.(`a client whose key ${key} is not allowed any more was shut out`)
  }

  close(): void {
    this.#entering?.done()
    this.#keys.clear()
  }
}
