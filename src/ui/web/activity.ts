// Owns: the messages sent from this page, with everything that happened to each, in order.
// Leaves: the wire to connection.ts; drawing to activity-view.ts.
// Laws: UI16 every event of a message is kept as a step, in order; tokens join the draft that they belong to.
// UI44 what happens to methods is told among the messages, whoever did it.  UI17 listeners hear at most once a frame, however fast tokens come.
import type { WireEvent, WireFault } from '#protocol'
import type { Connection, NewsEvent } from './connection.ts'
import { faultOf } from './world.ts'

/** Messages kept; older ones are dropped, since the history of the image has their effects. */
const ENTRIES_MAX = 60

/** Characters of one draft that are kept: as long as the longest method. */
const DRAFT_LENGTH_MAX = 65_536

/** One thing that happened to a message. A draft gathers the tokens that followed it. */
export type Step =
  | Exclude<WireEvent, { kind: 'token' | 'change' | 'drafting' }>
  | { kind: 'drafting'; model: string; attempt: number; text: string }

export interface Message {
  target: string
  selector: string
  args: unknown[]
  intent: string
}

export interface Entry extends Message {
  id: number
  steps: Step[]
  state: 'working' | 'answered' | 'failed'
  cancelling: boolean
  answer?: unknown
  tid?: string | undefined
  fault?: WireFault
  /** Milliseconds since the epoch. */
  began: number
  ended?: number
}

/** Something that happened to a method, told once. */
export interface News {
  id: number
  event: NewsEvent
  /** Milliseconds since the epoch. */
  began: number
}

export type Outcome = { ok: true; answer: unknown; tid: string | undefined } | { ok: false }

export class Activity {
  readonly #connection: Connection
  readonly #nextFrame: (run: () => void) => void
  readonly #listeners = new Set<() => void>()
  readonly #calls = new Map<number, number>()
  #entries: Entry[] = []
  #news: News[] = []
  #nextId = 1
  #notifying = false

  constructor(connection: Connection, nextFrame: (run: () => void) => void) {
    this.#connection = connection
    this.#nextFrame = nextFrame
  }

  /** Newest first. */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  /** Newest first. */
  get news(): readonly News[] {
    return this.#news
  }

  /** Tells of something that happened to a method. What has come to wait for a person is listed elsewhere. */
  tell(event: NewsEvent): void {
    if (event.kind === 'proposal' && event.status === 'open') return
    const news = { id: this.#nextId++, event, began: Date.now() }
    this.#news = [news, ...this.#news].slice(0, ENTRIES_MAX)
    this.#notify()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Sends a message and keeps what happens to it. Never rejects: a fault is part of the entry. */
  async send(message: Message): Promise<Outcome> {
    const entry: Entry = {
      ...message,
      id: this.#nextId++,
      steps: [],
      state: 'working',
      cancelling: false,
      began: Date.now(),
    }
    this.#entries = [entry, ...this.#entries].slice(0, ENTRIES_MAX)
    this.#notify()
    const { target, selector, args, intent } = message
    // The key lets the page ask again after a loss, without the message being done twice.
    const fields = { target, selector, args, key: crypto.randomUUID() }
    const { id, answer } = this.#connection.call(
      'SendCommand',
      intent === '' ? fields : { ...fields, intent },
      { resend: true, onEvent: (event) => this.#happened(entry, event) },
    )
    this.#calls.set(entry.id, id)
    try {
      const { result, tid } = await answer
      Object.assign(entry, { state: 'answered', answer: result, tid })
      return { ok: true, answer: result, tid }
    } catch (thrown) {
      Object.assign(entry, { state: 'failed', fault: faultOf(thrown) })
      return { ok: false }
    } finally {
      entry.ended = Date.now()
      entry.cancelling = false
      this.#calls.delete(entry.id)
      this.#notify()
    }
  }

  /** Asks the kernel to end a message. Its own answer, CANCELLED or another, ends the entry. */
  cancel(entry: Entry): void {
    const of = this.#calls.get(entry.id)
    if (of === undefined) return
    entry.cancelling = true
    this.#notify()
    this.#connection.call('CancelCommand', { of }).answer.catch(() => {
      entry.cancelling = false
      this.#notify()
    })
  }

  /** Forgets the messages that have their answer, and what was told beside them. */
  clear(): void {
    this.#news = []
    this.#entries = this.#entries.filter((entry) => entry.state === 'working')
    this.#notify()
  }

  #happened(entry: Entry, event: WireEvent): void {
    addEvent(entry.steps, event)
    this.#notify()
  }

  #notify(): void {
    if (this.#notifying) return
    this.#notifying = true
    this.#nextFrame(() => {
      this.#notifying = false
      for (const listener of this.#listeners) listener()
    })
  }
}

/** Adds what happened to the steps; tokens lengthen the last draft. */
export function addEvent(steps: Step[], event: WireEvent): void {
  if (event.kind === 'change') return
  if (event.kind === 'drafting') {
    steps.push({ ...event, text: '' })
    return
  }
  if (event.kind !== 'token') {
    steps.push(event)
    return
  }
  const draft = steps.findLast((step) => step.kind === 'drafting')
  if (draft === undefined) steps.push({ kind: 'drafting', model: '', attempt: 1, text: event.text })
  else if (draft.text.length < DRAFT_LENGTH_MAX) draft.text += event.text
}
