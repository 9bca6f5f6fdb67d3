// Owns: telling what happens to a message before its answer, in sentences, as it happens.
// Leaves: the events to the wire; where to tell it to the stream handed in.
// Laws: CL50 each event is told when it comes; a draft's text appears as the model writes it where somebody looks, and
// whole once it has passed its trial elsewhere.
import { plain, type Stream } from './terminal.ts'

/** What is told of: the message that was sent, and who holds what by name. */
export interface Told {
  target: string
  selector: string
  /** Whether it is told that the message waits; a story with one message in it does not need that. */
  queued?: boolean
}

/** Indentation of source in the telling. */
const INDENT = '    '

export class Narrator {
  readonly #stream: Stream
  readonly #told: Told
  #draft: DraftText | undefined
  #receiver: string | undefined
  /** True once a method was missing: the answer then took a generation. */
  learnt = false

  constructor(stream: Stream, told: Told) {
    this.#stream = stream
    this.#told = told
  }

  /** Tells one event of the wire. Kinds that it does not know are left out, since newer kernels may have more. */
  tell(event: Record<string, unknown>): void {
    if (event.kind === 'token') return this.#token(String(event.text))
    this.#endDraft()
    const sentence = this.#sentence(event)
    if (sentence !== undefined) this.#stream.line(sentence)
  }

  #sentence(event: Record<string, unknown>): string | undefined {
    const text = (name: string) => plain(String(event[name] ?? ''))
    switch (event.kind) {
      case 'queued':
        return this.#told.queued === true ? 'Queued.' : undefined
      case 'not-understood':
        return this.#notUnderstood(text('target'), text('selector'))
      case 'drafting': {
        this.#draft = new DraftText()
        const again = Number(event.attempt) > 1 ? ` again (attempt ${text('attempt')})` : ''
        return `${text('model')} writes it${again}:`
      }
      case 'trial':
        return this.#trial(event)
      case 'installed':
        return `Installed in ${this.#nameOf(text('holder'))}: version ${text('version')}, transaction ${text('tid')}.`
      case 'parked':
        return `It waits for a person: ${text('reason')}.`
      case 'progress':
        return text('detail')
      default:
        return undefined
    }
  }

  #notUnderstood(oid: string, selector: string): string {
    // The first message that is not understood is the one that was sent, unless it was understood and sent another.
    if (this.#receiver === undefined && selector === this.#told.selector) this.#receiver = oid
    this.learnt = true
    return `${this.#nameOf(oid)} does not understand ${selector}.`
  }

  #nameOf(oid: string): string {
    return oid === this.#receiver ? plain(this.#told.target) : oid
  }

  #trial(event: Record<string, unknown>): string {
    const detail = plain(String(event.detail ?? ''))
    if (event.ok !== true) return `Refused: ${detail}.`
    const source = this.#stream.isTerminal ? '' : `${indented(String(event.source ?? ''))}\n`
    return `${source}Tried on a copy of the world: ${detail}.`
  }

  #token(text: string): void {
    if (!this.#stream.isTerminal) return
    this.#draft ??= new DraftText()
    const shown = this.#draft.take(text)
    if (shown !== '') this.#stream.write(this.#stream.style('dim', shown))
  }

  #endDraft(): void {
    const rest = this.#draft?.end() ?? ''
    this.#draft = undefined
    if (rest !== '') this.#stream.write(rest)
  }
}

const indented = (source: string) =>
  source
    .trimEnd()
    .split('\n')
    .map((line) => `${INDENT}${plain(line)}`)
    .join('\n')

/** A draft as it grows: indented, without the fences that models put around code. */
export class DraftText {
  #held = ''
  #atStart = true
  #started = false

  /** What can be shown now. A line is held back while it may be a fence. */
  take(text: string): string {
    let shown = ''
    for (const character of plain(text)) shown += this.#one(character)
    return shown
  }

  /** What is left, with the end of the line if one is open. */
  end(): string {
    const fence = this.#held.trimStart().startsWith('`')
    const rest = fence || this.#held.trim() === '' ? '' : this.#held
    const open = !this.#atStart || rest !== ''
    this.#held = ''
    this.#atStart = true
    return `${rest}${open ? '\n' : ''}`
  }

  #one(character: string): string {
    if (!this.#atStart) {
      if (character === '\n') this.#atStart = true
      return character
    }
    if (character === '\n') {
      const line = this.#held
      this.#held = ''
      if (line.trimStart().startsWith('`')) return ''
      return line.trim() === '' && !this.#started ? '' : `${line}\n`
    }
    this.#held += character
    if (/^\s*(`.*)?$/.test(this.#held)) return ''
    const line = `${INDENT}${this.#held}`
    this.#held = ''
    this.#atStart = false
    this.#started = true
    return line
  }
}
