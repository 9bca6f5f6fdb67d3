// Owns: how far something has come, as people see it: a bar that changes in place, or a line now and then.
// Laws: CL13 without a terminal progress is whole lines, at most one for each tenth.
import type { Stream } from './terminal.ts'

/** Columns of the bar. */
const BAR = 24
/** Milliseconds between two drawings: more often nobody sees. */
const BETWEEN = 100
/** Milliseconds before a rate means something. */
const SETTLED = 1_500

export class Progress {
  readonly #stream: Stream
  readonly #name: string
  readonly #clock: () => number
  #started: { at: number; done: number; source: string } | undefined
  #drawn = Number.NEGATIVE_INFINITY
  #tenth = -1

  constructor(stream: Stream, name: string, clock: () => number) {
    this.#stream = stream
    this.#name = name
    this.#clock = clock
  }

  /** Bytes that are there and bytes of the whole; `source` is where they come from. */
  show(done: number, total: number, source: string): void {
    const now = this.#clock()
    // Another source begins anew, so its rate does too.
    if (this.#started?.source !== source) this.#started = { at: now, done, source }
    if (this.#stream.isTerminal) this.#draw(done, total, now)
    else this.#tell(done, total, source)
  }

  end(): void {
    if (this.#stream.isTerminal) this.#stream.write('')
  }

  #draw(done: number, total: number, now: number): void {
    if (now - this.#drawn < BETWEEN && done < total) return
    this.#drawn = now
    const filled = Math.floor((done / total) * BAR)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
    const parts = [this.#name, bar, `${Math.floor((done / total) * 100)} %`, sizes(done, total)]
    this.#stream.flash([...parts, ...this.#pace(done, total, now)].join('  '))
  }

  /** The rate, and how long it will take, once both can be known. */
  #pace(done: number, total: number, now: number): string[] {
    const started = this.#started
    if (started === undefined || now - started.at < SETTLED || done <= started.done) return []
    const rate = (done - started.done) / ((now - started.at) / 1_000)
    return [`${megabytes(rate)} MB/s`, `${spanText((total - done) / rate)} left`]
  }

  #tell(done: number, total: number, source: string): void {
    const tenth = Math.floor((done / total) * 10)
    if (tenth === this.#tenth) return
    this.#tenth = tenth
    this.#stream.line(`${this.#name}: ${tenth * 10} %, ${sizes(done, total)}, from ${source}`)
  }
}

const sizes = (done: number, total: number) => `${megabytes(done)} of ${megabytes(total)} MB`

/** Things of which a count is told: fewer are done before anybody looks. */
const MANY = 10_000

/** How many of so many things are done. */
export class Tally {
  readonly #stream: Stream
  readonly #name: string
  readonly #noun: string
  #tenth = -1

  /** `Backing up: 20 %, 2,000 of 10,000 transactions`. */
  constructor(stream: Stream, name: string, noun: string) {
    this.#stream = stream
    this.#name = name
    this.#noun = noun
  }

  show(done: number, total: number): void {
    if (total < MANY) return
    const percent = Math.floor((done / total) * 100)
    const text = `${this.#name}: ${percent} %, ${grouped(done)} of ${grouped(total)} ${this.#noun}`
    if (this.#stream.isTerminal) return this.#stream.flash(text)
    const tenth = Math.floor(percent / 10)
    if (tenth !== this.#tenth) this.#stream.line(text)
    this.#tenth = tenth
  }
}

/** A whole number, thousands apart. */
const grouped = (number: number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',')

/** Bytes as whole megabytes, thousands apart. */
export function megabytes(bytes: number): string {
  return grouped(Math.round(bytes / 1_000_000))
}

/** Seconds as people say them. */
export function spanText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 100) return `${Math.round(seconds)} s`
  return `${Math.round(seconds / 60)} min`
}
