// Owns: what reaches the two streams: results on one, everything else on the other; colour, width, lines that change.
// Leaves: writing bytes to the outputs handed in, which deal with a reader that has gone.
// Laws: CL10 results go to stdout, everything else to stderr. CL11 a stream that is no terminal gets no escape byte
// and no animation, unless colour is forced. CL12 text from the image cannot steer a terminal.
import type { Output, Powers } from './powers.ts'

const STYLES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const

export type Style = keyof typeof STYLES

/** Columns taken when a stream does not say: the width of a page of text. */
const COLUMNS = 80

// Control characters but for the end of a line and the tab, C1 controls included.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Text of unknown origin without what could steer a terminal. */
export function plain(text: string): string {
  return text.replace(CONTROLS, '\ufffd')
}

/** One stream, with its own idea of colour. */
export class Stream {
  readonly #output: Output
  readonly colored: boolean
  readonly isTerminal: boolean
  /** A line is on the screen that the next text replaces. */
  #fleeting = false

  constructor(output: Output, color: { allowed: boolean; forced: boolean }) {
    this.#output = output
    this.isTerminal = output.isTerminal
    this.colored = color.allowed && (output.isTerminal || color.forced)
  }

  get columns(): number {
    return this.isTerminal && this.#output.columns > 0 ? this.#output.columns : COLUMNS
  }

  /** Where a line is cut for the eye, columns: nowhere when another program reads. */
  get edge(): number {
    return this.isTerminal ? this.columns : Number.POSITIVE_INFINITY
  }

  /** Writes as it is. */
  write(text: string): void {
    this.#clear()
    this.#output.write(text)
  }

  line(text = ''): void {
    this.write(`${text}\n`)
  }

  /** Shows a line that the next text replaces; only where somebody looks. */
  flash(text: string): void {
    if (!this.isTerminal) return
    this.#output.write(`\r\u001b[K${text.slice(0, this.columns - 1)}`)
    this.#fleeting = true
  }

  style(style: Style, text: string): string {
    return this.colored ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text
  }

  /** Text of the image, as this stream may have it: a terminal is not steered, a pipe gets every byte. */
  foreign(text: string): string {
    return this.isTerminal ? plain(text) : text
  }

  #clear(): void {
    if (!this.#fleeting) return
    this.#fleeting = false
    this.#output.write('\r\u001b[K')
  }
}

/** The two streams of a command. */
export class Terminal {
  readonly out: Stream
  readonly err: Stream

  constructor(powers: Pick<Powers, 'out' | 'err' | 'settings'>, color: boolean) {
    const how = { allowed: powers.settings.color && color, forced: powers.settings.forceColor }
    this.out = new Stream(powers.out, how)
    this.err = new Stream(powers.err, how)
  }

  /** One JSON document. */
  json(value: unknown): void {
    this.out.line(JSON.stringify(value))
  }
}
