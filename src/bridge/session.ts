// Owns: one client's conversation: who it is, what it waits for, what it follows.
// Leaves: what operations do to dispatch.ts; bytes to frame.ts; the transport to whoever made the peer.
// Laws: BR9 where a token is required nothing but Hello is heard before it, and a wrong one ends the connection.
// BR10 a message is answered once, events before it. BR11 when the connection ends, what it waited for is not cancelled:
// a message with a key keeps its answer. BR57 an answer that is too large is a LIMIT fault in its place. BR22 in a session that
// is resumed an id is performed once.
import { asFault, type FaultRecord } from '#ground'
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { CONVERSATION_LIMITS, Conversation, Conversations, type Hearer } from './conversation.ts'
import { type Dispatcher, dispatch } from './dispatch.ts'
import { bridgeFault } from './faults.ts'
import { eventFrame, faultFrame, okFrame, pack, readRequest, type Request } from './frame.ts'
import { type MessageId, WIRE_LIMITS } from './protocol.ts'

/** The other end of a connection. `send` answers false when it has fallen too far behind. */
export interface BridgePeer {
  send(bytes: Uint8Array): boolean
  /** True while so much waits for it to read that what can wait should. */
  isBehind?(): boolean
  close?(code: number, reason: string): void
}

/** An answer on its way: a plain wire value, or the bytes of one. */
export type Reply =
  | { ok: true; result: unknown; tid?: string }
  | { ok: true; bytes: Uint8Array; tid?: string }
  | { ok: false; fault: FaultRecord }

const cannot = () => false

/** Milliseconds for Hello where a token is required: a page says it at once. */
const HELLO_TIME = 10_000

/** Operations that are answered at once and never wait behind messages. */
const CONTROL: ReadonlySet<string> = new Set([
  ...['PingCommand', 'CancelCommand', 'GetStatusCommand', 'UnsubscribeCommand'],
])

/** Operations that are about a connection, so each is done anew on the next one: no answer of them is given again. */
const ANEW: ReadonlySet<string> = new Set([...CONTROL, 'HelloCommand', 'SubscribeCommand'])

export interface SessionOptions {
  /** Milliseconds for Hello, where a token is required. */
  helloTime?: number
  /** The sessions that can be resumed. */
  conversations?: Conversations
}

export class Session implements Hearer {
  readonly #peer: BridgePeer
  readonly #dispatcher: Dispatcher
  readonly #token: string | undefined
  #authenticated: boolean
  #hello: NodeJS.Timeout | undefined
  #closed = false
  /** Who appears in the history; Hello may give a better name. */
  author = 'client'
  /** The name under which the session can be resumed; undefined when it cannot. */
  #name: string | undefined
  /** Which conversation this is, by the name that Hello gave it, else one of its own. */
  conversation: string = randomUUID()
  readonly #conversations: Conversations
  /** Its messages; those of a session that is resumed were there before, and stay when the connection ends. */
  #talk = new Conversation(false)
  readonly following = new Map<MessageId, () => void>()

  constructor(
    peer: BridgePeer,
    dispatcher: Dispatcher,
    token: string | undefined,
    { helloTime = HELLO_TIME, conversations = new Conversations() }: SessionOptions = {},
  ) {
    this.#peer = peer
    this.#conversations = conversations
    this.#talk.hearer = this
    this.#dispatcher = dispatcher
    this.#token = token
    this.#authenticated = token === undefined
    if (this.#authenticated || peer.close === undefined) return
    this.#hello = setTimeout(() => peer.close?.(1008, 'no Hello'), helloTime)
    this.#hello.unref()
  }

  /** Takes a frame in. Everything malformed is answered with a coded fault and changes nothing. */
  receive(bytes: Uint8Array): void {
    const request = readRequest(bytes)
    if ('fault' in request) {
      this.#send(faultFrame(request.id, request.fault.toRecord()))
      return
    }
    if (!this.#admits(request) || this.#isRepeated(request)) return
    if (this.#talk.waiting.has(request.id) || this.following.has(request.id)) {
      const fault = bridgeFault(
        'FIELD_INVALID',
        'a message of this id has no answer yet',
        undefined,
        'Give each message an id of its own.',
      )
      return this.reply(request.id, { ok: false, fault: fault.toRecord() })
    }
    // What looks after messages is heard however many there are.
    if (this.#talk.waiting.size >= WIRE_LIMITS.inFlight && !CONTROL.has(request.op)) {
      const fault = bridgeFault('BUSY', `${WIRE_LIMITS.inFlight} messages of this session wait`)
      return this.reply(request.id, { ok: false, fault: fault.toRecord() })
    }
    if (request.op === 'SubscribeCommand' && this.following.size >= WIRE_LIMITS.following) {
      const fault = bridgeFault(
        'BUSY',
        `${WIRE_LIMITS.following} subscriptions of this session are open`,
        undefined,
        'End some with UnsubscribeCommand, or follow all changes with one.',
      )
      return this.reply(request.id, { ok: false, fault: fault.toRecord() })
    }
    this.#perform(request)
  }

  /** Whether a session that is resumed has it already: then its answer is on its way, or is given once more. */
  #isRepeated({ id, op }: Request): boolean {
    const known = ANEW.has(op) ? undefined : this.#talk.known(id)
    if (known === undefined) return false
    if (known === 'given') {
      const why = 'a message of this id was answered, and its answer is not kept any more'
      const remedy = 'Give each message an id of its own, and those that matter a key.'
      this.#send(faultFrame(id, bridgeFault('FIELD_INVALID', why, {}, remedy).toRecord()))
    } else if (known !== 'waiting') this.#send(known)
    return true
  }

  /** Goes on with the session of its name, if that was there; answers whether it was. Faults BUSY. */
  resume(): boolean {
    const joined = this.#conversations.join(this.conversation)
    if (joined === undefined) {
      const many = `${CONVERSATION_LIMITS.sessions} sessions that can be resumed are kept`
      const remedy = 'Say Hello without `resume`, or wait until others are forgotten.'
      const retryAfter = CONVERSATION_LIMITS.life
      throw bridgeFault('BUSY', many, { retryAfter }, remedy)
    }
    if (this.#talk !== joined.conversation) this.#leave()
    this.#name = this.conversation
    this.#talk = joined.conversation
    this.#talk.hearer = this
    return joined.resumed
  }

  /** It hears nothing of its messages any more; those of a session that can be resumed are kept for a while. */
  #leave(): void {
    if (this.#talk.hearer !== this) return
    this.#talk.hearer = undefined
    if (this.#name === undefined) this.#talk.waiting.clear()
    else this.#conversations.leave(this.#name)
  }

  #perform(request: Request): void {
    try {
      dispatch(this.#dispatcher, this, request)
    } catch (thrown) {
      const fault = asFault(thrown)
      if (fault === undefined) throw thrown
      this.reply(request.id, { ok: false, fault: fault.toRecord() })
    }
  }

  #admits(request: Request): boolean {
    if (request.op === 'HelloCommand' && this.#token !== undefined) {
      if (!same(this.#token, String(request.fields.token ?? ''))) {
        this.#refuse(request.id, 'the token is not the kernel’s')
        this.#peer.close?.(1008, 'unauthenticated')
        return false
      }
      this.#authenticated = true
      clearTimeout(this.#hello)
    }
    if (this.#authenticated) return true
    this.#refuse(request.id, 'Hello with the token comes first')
    return false
  }

  #refuse(id: MessageId, why: string): void {
    this.reply(id, { ok: false, fault: bridgeFault('UNAUTHENTICATED', why).toRecord() })
  }

  event(id: MessageId, event: Record<string, unknown>): void {
    this.#talk.hearer?.hear(eventFrame(id, event))
  }

  /** Sends a frame to the peer, while it is there. */
  hear(frame: Uint8Array): void {
    if (!this.#closed) this.#send(frame)
  }

  /** True while the peer has much to read. */
  get isBehind(): boolean {
    return this.#peer.isBehind?.() ?? false
  }

  /** Ends a subscription; false when there is none of that id. */
  unfollow(id: MessageId): boolean {
    const stop = this.following.get(id)
    this.following.delete(id)
    stop?.()
    return stop !== undefined
  }

  /** Notes that a message will be answered later. */
  expect(id: MessageId): void {
    this.#talk.waiting.set(id, { cancel: cannot })
  }

  /** Says how a message that has no answer yet is cancelled. */
  expectUntil(id: MessageId, cancel: () => boolean): void {
    const waiting = this.#talk.waiting.get(id)
    if (waiting !== undefined) waiting.cancel = cancel
  }

  /** Cancels a message; false when it has its answer or cannot be. */
  cancel(id: MessageId): boolean {
    return this.#talk.waiting.get(id)?.cancel() ?? false
  }

  reply(id: MessageId, reply: Reply): void {
    const talk = this.#talk
    const waiting = talk.waiting.get(id)
    if (waiting !== undefined) {
      waiting.cancel = cannot
      talk.waiting.delete(id)
    }
    if (talk.hearer === undefined && !talk.isNamed) return
    const frame = frameOf(id, reply)
    // What a busy kernel did not take in may be sent again under its id.
    if (reply.ok || reply.fault.code !== 'BUSY') talk.keep(id, frame)
    talk.hearer?.hear(frame)
  }

  /** The connection is gone. */
  closed(): void {
    this.#closed = true
    clearTimeout(this.#hello)
    for (const stop of this.following.values()) stop()
    this.following.clear()
    this.#leave()
  }

  /** The last frame to a peer that does not read: what it waits for and what it follows ends without another word. */
  farewell(lost: number): Uint8Array {
    const fault = bridgeFault(
      'BUSY',
      `slow consumer: answers and events were not read, and the session has ended; ${lost} never left`,
      { ended: true, lost },
      'Connect again, and read what comes.',
    )
    return faultFrame(null, fault.toRecord())
  }

  /** The answer to a frame of a peer whose key is not allowed any more; without a frame, a word that answers none. */
  refusal(bytes: Uint8Array | undefined): Uint8Array {
    const id = bytes === undefined ? null : readRequest(bytes).id
    const fault = bridgeFault(
      'UNAUTHENTICATED',
      'the key of this client is not allowed any more',
      { ended: true },
      'Ask the owner of the image for its place in `curve-allow`, and connect again.',
    )
    return faultFrame(id, fault.toRecord())
  }

  #send(bytes: Uint8Array): void {
    if (!this.#peer.send(bytes)) this.closed()
  }
}

function frameOf(id: MessageId, reply: Reply): Uint8Array {
  if (!reply.ok) return faultFrame(id, reply.fault)
  const result = 'bytes' in reply ? reply.bytes : pack(reply.result)
  const isTooLarge = result.length > WIRE_LIMITS.replyBytes
  return isTooLarge ? tooLarge(id, result.length, reply.tid) : okFrame(id, result, reply.tid)
}

/** The answer in place of one that is larger than a client takes. What the message did, it has done. */
function tooLarge(id: MessageId, bytes: number, tid: string | undefined): Uint8Array {
  const fault = bridgeFault(
    'LIMIT',
    `the answer has ${bytes} bytes; the limit is ${WIRE_LIMITS.replyBytes}`,
    { bytes, limit: WIRE_LIMITS.replyBytes, ...(tid === undefined ? {} : { tid }) },
  )
  return faultFrame(id, fault.toRecord())
}

/** Compares without telling by its time how much was right. */
function same(expected: string, given: string): boolean {
  const one = Buffer.from(expected)
  const other = Buffer.from(given)
  return one.length === other.length && timingSafeEqual(one, other)
}
