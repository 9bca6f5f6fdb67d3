// Owns: what the page says aloud: one polite region, one sentence at a time.
// Laws: UI39 at most one sentence in two seconds; of several that wait, the newest is said.
import { h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** Milliseconds between two sentences, so that a busy world does not talk without end. */
const PAUSE_MS = 2_000

export class Announcer {
  #listener: ((sentence: string) => void) | undefined
  #waiting: string | undefined
  #resting = false

  say(sentence: string): void {
    this.#waiting = sentence
    if (!this.#resting) this.#next()
  }

  listen(listener: (sentence: string) => void): () => void {
    this.#listener = listener
    return () => {
      this.#listener = undefined
    }
  }

  #next(): void {
    const sentence = this.#waiting
    this.#waiting = undefined
    this.#resting = sentence !== undefined
    if (sentence === undefined) return
    this.#listener?.(sentence)
    setTimeout(() => this.#next(), PAUSE_MS)
  }
}

export function LiveRegion(props: { announcer: Announcer }): JSX.Element {
  const [sentence, setSentence] = useState('')
  useEffect(() => props.announcer.listen(setSentence), [props.announcer])
  return h('div', { class: 'unseen', 'aria-live': 'polite', id: 'live' }, sentence)
}
