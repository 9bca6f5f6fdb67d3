// Owns: an abort signal that also fires when nothing happens for too long.
// Leaves: how long is too long to its users, who take it from limits.ts.
// Laws: once ended, it holds no timer and no listener.

/** An abort signal of its own that follows another and fires by itself when nothing is allowed in time. */
export class Watch {
  readonly #own = new AbortController()
  readonly #outer: AbortSignal
  readonly #follow = () => this.#own.abort(this.#outer.reason)
  #timer: NodeJS.Timeout | undefined

  constructor(outer: AbortSignal) {
    this.#outer = outer
    if (outer.aborted) this.#follow()
    else outer.addEventListener('abort', this.#follow, { once: true })
  }

  get signal(): AbortSignal {
    return this.#own.signal
  }

  /** Grants that many milliseconds from now; afterwards the signal fires with the sentence. */
  allow(milliseconds: number, sentence: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#own.abort(new Error(sentence)), milliseconds)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#follow)
  }
}
