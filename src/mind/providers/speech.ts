// Owns: text as it is generated: hands on what is certain, and ends before a stop.
// Leaves: tokens and their text to the engine or the server it comes from.
// Laws: MI3 what is handed on, joined, is the text. MI19 a stop, whole or in part, is never handed on.

/** One text: `hear` gets it from the beginning each time; `ended` tells that a stop was reached. */
export class Speech {
  readonly #stops: readonly string[]
  readonly #onToken: (text: string) => void
  #text = ''
  #said = 0
  ended = false

  constructor(stops: readonly string[], onToken: (text: string) => void) {
    this.#stops = stops
    this.#onToken = onToken
  }

  /** Takes the whole text so far. */
  hear(text: string): void {
    this.#text = text
    for (const stop of this.#stops) {
      const at = this.#text.indexOf(stop)
      if (at < 0) continue
      this.#text = this.#text.slice(0, at)
      this.ended = true
    }
    // Half a character, or what may become a stop, is held back until it is known.
    if (!this.ended) this.#say(this.#text.length - this.#uncertain())
  }

  finish(): string {
    this.#say(this.#text.length)
    return this.#text
  }

  #uncertain(): number {
    let held = 0
    while (held < 4 && this.#text.at(-1 - held) === '\uFFFD') held++
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, this.#text.length); length > held; length--) {
        if (this.#text.endsWith(stop.slice(0, length))) held = length
      }
    }
    return held
  }

  #say(until: number): void {
    if (until <= this.#said) return
    this.#onToken(this.#text.slice(this.#said, until))
    this.#said = until
  }
}
