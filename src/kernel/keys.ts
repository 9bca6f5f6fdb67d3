// Owns: messages with keys: which is under way, what was answered, and which was given up while the worker has it.
// Leaves: running them to kernel.ts.
// Laws: KN13 a key's handler runs once: what was given up may still run to its end, so the same key waits for that.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue, type Tid } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'
import {
  type Answer,
  answerOf,
  busy,
  isPassing,
  keyId,
  type Listener,
  type Message,
  type Pending,
} from './message.ts'
import type { Settled } from './sequence.ts'

/** Messages that wait for one that was given up: its turn ends within seconds, so more are a client in a loop. */
const HELD_MAX = 1_024

/** How to end a message that was sent; false when it has ended. */
export interface Sent {
  cancel: () => boolean
}

/** One that waits, and how it is sent. */
interface Held {
  message: Message
  send: () => void
}

export class Keys {
  readonly #store: Store
  readonly #now: () => number
  readonly #pending = new Map<string, Pending>()
  readonly #givenUp = new Map<string, { pending: Pending; held: Held[] }>()

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** The answer that is kept for a message's key. */
  answered(message: Pick<Message, 'principal' | 'key'>): Answer | undefined {
    if (message.key === undefined) return undefined
    const bytes = this.#store.get('replies', keyId(message))
    if (bytes === undefined) return undefined
    const [time, ok, body, tid] = decodeValue(bytes) as [number, boolean, never, Tid | null]
    if (time + KERNEL_LIMITS.keyLife < this.#now()) return undefined
    return ok ? { ok: true, result: body, tid } : { ok: false, fault: body }
  }

  /** The message of the same key that has no answer yet. */
  underWay(message: Message): Pending | undefined {
    return message.key === undefined ? undefined : this.#pending.get(keyId(message))
  }

  begin(pending: Pending): void {
    if (pending.message.key !== undefined) this.#pending.set(keyId(pending.message), pending)
  }

  /** It has its answer. */
  end({ message }: Pending): void {
    if (message.key !== undefined) this.#pending.delete(keyId(message))
  }

  /** The table write that keeps an outcome for its key. */
  replyOf({ message }: Pending, outcome: Settled): TableWrite[] {
    // A refusal kept for its key would refuse for a day what was never tried.
    if (message.key === undefined || isPassing(outcome)) return []
    const answer = answerOf(outcome)
    const value = answer.ok
      ? [this.#now(), true, answer.result, answer.tid]
      : [this.#now(), false, answer.fault]
    return [{ table: 'replies', key: keyId(message), value: encodeValue(value) }]
  }

  /** The table write that keeps a wire value's bytes for a key, as an answer that nothing ran for. */
  keeping(of: Pick<Message, 'principal' | 'key'>, result: Uint8Array): TableWrite {
    const value = encodeValue([this.#now(), true, result, null])
    return { table: 'replies', key: keyId(of), value }
  }

  /** It was answered from outside, and the worker has it: until its turn is over the key waits. */
  giveUp(pending: Pending): void {
    if (pending.message.key === undefined) return
    this.#givenUp.set(keyId(pending.message), { pending, held: [] })
  }

  /** Holds a message back whose key was given up; undefined when it need not wait. */
  hold(message: Message, listener: Listener, send: () => Sent): Sent | undefined {
    const held = message.key === undefined ? undefined : this.#givenUp.get(keyId(message))?.held
    if (held === undefined) return undefined
    if (held.length >= HELD_MAX) {
      listener.answer({ ok: false, fault: busy(`${HELD_MAX} messages of one key wait`) })
      return { cancel: () => false }
    }
    let sent: Sent | undefined
    let isOver = false
    const goOn = () => {
      if (!isOver) sent = send()
    }
    held.push({ message, send: goOn })
    const cancel = () => {
      if (sent !== undefined) return sent.cancel()
      if (isOver) return false
      isOver = true
      const fault = kernelFault('CANCELLED', 'the message was cancelled').toRecord()
      listener.answer({ ok: false, fault })
      return true
    }
    return { cancel }
  }

  /** Messages that are held back. */
  *held(): Generator<Message> {
    for (const { held } of this.#givenUp.values()) for (const { message } of held) yield message
  }

  /** The turn of one that was given up is over: whoever waited for it is sent. */
  over(pending: Pending): void {
    if (pending.message.key === undefined) return
    const id = keyId(pending.message)
    const one = this.#givenUp.get(id)
    if (one?.pending !== pending) return
    this.#givenUp.delete(id)
    for (const { send } of one.held) send()
  }

  /** Writes that remove what is kept longer than keys live. */
  oldReplies(): TableWrite[] {
    return this.#store
      .scan('replies')
      .filter(({ value }) => {
        const [time] = decodeValue(value) as [number]
        return time + KERNEL_LIMITS.keyLife < this.#now()
      })
      .map(({ key }) => ({ table: 'replies', key, value: null }))
  }
}
