// Owns: what a named session keeps over its connections: which messages wait, and the answers of those that do not.
// Leaves: what a connection hears to session.ts.
// Laws: BR22 in a session that is resumed an id is performed once: while it waits its answer goes to whoever is connected, and
// afterwards the same answer is given again. BR23 a session without a connection is kept for 60 s, then forgotten.
import type { MessageId } from './protocol.ts'

/** A message without an answer. It lets go of its message when answered, since the Map that had it may outlive both. */
export interface Waiting {
  cancel: () => boolean
}

/** Whoever hears the answers now. */
export interface Hearer {
  hear(frame: Uint8Array): void
}

export const CONVERSATION_LIMITS = {
  /** Milliseconds for which a session is kept without a connection. */
  life: 60_000,
  /** Sessions that are kept; the next one is refused with BUSY. Each may cost what its answers weigh. */
  sessions: 256,
  /** Bytes of the answers of one session that are kept to be given again; older ones go, and their ids stay. */
  answerBytes: 1024 * 1024,
  /** Ids of one session that are known as answered; the oldest is forgotten first. */
  ids: 16_384,
} as const

/** What a repeated id comes to: a message that still waits, the answer once more, or that it is not kept any more. */
export type Known = 'waiting' | 'given' | Uint8Array

/** One session's messages. One that is not named ends with its connection, and its ids may be used again. */
export class Conversation {
  readonly waiting = new Map<MessageId, Waiting>()
  /** The connection that hears the answers; undefined while there is none. */
  hearer: Hearer | undefined
  readonly isNamed: boolean
  /** Ids that were answered, and the answers of the newest of them; oldest first. */
  readonly #given = new Set<MessageId>()
  readonly #answers = new Map<MessageId, Uint8Array>()
  #bytes = 0

  constructor(isNamed: boolean) {
    this.isNamed = isNamed
  }

  /** What is known of an id that a named session uses again; undefined for a new one. */
  known(id: MessageId): Known | undefined {
    if (!this.isNamed) return undefined
    if (this.waiting.has(id)) return 'waiting'
    return this.#answers.get(id) ?? (this.#given.has(id) ? 'given' : undefined)
  }

  /** Keeps the answer of a message, so that it can be given again. */
  keep(id: MessageId, frame: Uint8Array): void {
    if (!this.isNamed || this.#given.has(id)) return
    this.#given.add(id)
    // A copy, since a small buffer keeps the whole piece of memory that it was cut from.
    this.#answers.set(id, new Uint8Array(frame))
    this.#bytes += frame.length
    while (this.#bytes > CONVERSATION_LIMITS.answerBytes) this.#drop(first(this.#answers))
    if (this.#given.size <= CONVERSATION_LIMITS.ids) return
    const oldest = first(this.#given)
    this.#drop(oldest)
    this.#given.delete(oldest)
  }

  #drop(id: MessageId): void {
    this.#bytes -= this.#answers.get(id)?.length ?? 0
    this.#answers.delete(id)
  }
}

/** The id that was put in before all others. */
function first(ids: { keys(): Iterator<MessageId> }): MessageId {
  return ids.keys().next().value as MessageId
}

/** The named sessions of a kernel. */
export class Conversations {
  readonly #life: number
  readonly #kept = new Map<
    string,
    { conversation: Conversation; timer: NodeJS.Timeout | undefined }
  >()

  constructor(life: number = CONVERSATION_LIMITS.life) {
    this.#life = life
  }

  /** The session of a name, and whether it was there; undefined when no more can be kept. */
  join(name: string): { conversation: Conversation; resumed: boolean } | undefined {
    const one = this.#kept.get(name)
    if (one !== undefined) {
      clearTimeout(one.timer)
      return { conversation: one.conversation, resumed: true }
    }
    if (this.#kept.size >= CONVERSATION_LIMITS.sessions) return undefined
    const conversation = new Conversation(true)
    this.#kept.set(name, { conversation, timer: undefined })
    return { conversation, resumed: false }
  }

  /** The connection of a session has ended; without another one it is forgotten after a while. */
  leave(name: string): void {
    const one = this.#kept.get(name)
    if (one === undefined) return
    clearTimeout(one.timer)
    one.timer = setTimeout(() => this.#kept.delete(name), this.#life)
    one.timer.unref()
  }
}
