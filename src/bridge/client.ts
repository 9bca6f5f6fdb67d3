// Owns: the client: requests with ids, answers, events, subscriptions, over any transport that carries frames.
// Leaves: sockets to the transport handed in.
// Laws: BR14 every request ends: by its answer, by CANCELLED when the connection is lost. BR15 a fault keeps its code.
// BR20 what is held back here is cancelled here. BR21 a busy kernel is asked again no longer than the caller has patience.
import { asFault, Fault, type FaultRecord } from '#ground'
import { bridgeFault } from './faults.ts'
import { pack, unpack } from './frame.ts'
import { PROTOCOL_VERSION, WIRE_LIMITS } from './protocol.ts'

/** What carries frames. `send` answers false when it can take no more. */
export interface Transport {
  send(bytes: Uint8Array): boolean
  close(): void
}

export interface SendOptions {
  /** What the method should do, where its name says too little. */
  intent?: string
  holder?: string
  policy?: 'review' | 'off'
  /** Milliseconds. It says how long to wait for a person, too. */
  deadline?: number
  key?: string
  /** Wait for a person's decision however long it takes; without it and without a deadline the fault is POLICY. */
  wait?: boolean
  onEvent?: (event: Record<string, unknown>) => void
  /** Ends it with CANCELLED wherever it is: at the kernel, or still held back here. */
  signal?: AbortSignal
  /**
   * Milliseconds to wait in all for a kernel that answers BUSY: each time for as long as the fault says, then the message
   * is sent again, behind those sent meanwhile. None when left out, and where something was done already.
   */
  patience?: number
}

type RequestOptions = Pick<SendOptions, 'onEvent' | 'signal' | 'patience'>

interface Reply {
  result: unknown
  tid?: string
}

interface Waiting {
  resolve(answer: Reply): void
  reject(fault: Fault): void
  onEvent: ((event: Record<string, unknown>) => void) | undefined
  /** Stops listening to the signal. */
  over: () => void
}

/** What a transport tells. `refused`: the other end does not take this client's key. */
export interface TransportOwner {
  frame(bytes: Uint8Array): void
  lost(why?: 'refused'): void
}

const KEYS =
  'Connect with the kernel’s public key, and have the client’s own in the `curve-allow` of the image’s folder.'

/** Requests on their way at once: half of what a session may have, so that control requests always fit. */
const IN_FLIGHT = WIRE_LIMITS.inFlight / 2

export class Client {
  readonly #transport: Transport
  readonly #waiting = new Map<number, Waiting>()
  readonly #following = new Map<number, (event: Record<string, unknown>) => void>()
  readonly #held: { id: number; bytes: Uint8Array }[] = []
  /** How to end the pauses of those that wait for a busy kernel. */
  readonly #resting = new Set<(fault: Fault) => void>()
  #id = 0
  #lost: Fault | undefined

  constructor(connect: (on: TransportOwner) => Transport) {
    this.#transport = connect({
      frame: (bytes) => this.#receive(bytes),
      lost: (why) =>
        this.#end(
          why === 'refused'
            ? bridgeFault('UNAUTHENTICATED', 'the kernel does not take this client’s key', {}, KEYS)
            : bridgeFault('CANCELLED', 'the connection to the kernel was lost', { lost: true }),
        ),
    })
  }

  /** Does an operation; answers its result. Throws the Fault that it was answered with. */
  async request(
    op: string,
    fields: Record<string, unknown> = {},
    options: RequestOptions = {},
  ): Promise<unknown> {
    return (await this.requestWithTid(op, fields, options)).result
  }

  /** As `request`, with the transaction that the operation made. */
  async requestWithTid(
    op: string,
    fields: Record<string, unknown> = {},
    options: RequestOptions = {},
  ): Promise<Reply> {
    for (let left = options.patience ?? 0; ; ) {
      try {
        return await this.#ask(op, fields, options)
      } catch (thrown) {
        const pause = pauseAfter(thrown)
        if (pause === undefined || pause > left) throw thrown
        left -= pause
        await this.#rest(pause, options.signal)
      }
    }
  }

  #ask(op: string, fields: Record<string, unknown>, options: RequestOptions): Promise<Reply> {
    const { onEvent, signal } = options
    const id = ++this.#id
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost)
      if (signal?.aborted) return reject(cancelled())
      const cancel = () => this.#cancel(id)
      signal?.addEventListener('abort', cancel)
      const over = () => signal?.removeEventListener('abort', cancel)
      this.#waiting.set(id, { resolve, reject, onEvent, over })
      this.#post(id, pack({ v: PROTOCOL_VERSION, id, op, ...fields }))
    })
  }

  /** Waits for a kernel that is busy. Throws CANCELLED when nobody wants the message any more, or the connection is gone. */
  #rest(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = () => {
        clearTimeout(timer)
        this.#resting.delete(fail)
        signal?.removeEventListener('abort', cancel)
      }
      const fail = (fault: Fault) => {
        over()
        reject(fault)
      }
      const cancel = () => fail(cancelled())
      const timer = setTimeout(() => {
        over()
        resolve()
      }, milliseconds)
      this.#resting.add(fail)
      signal?.addEventListener('abort', cancel)
    })
  }

  /** Nobody wants its answer any more. What is still held back here never reaches the kernel. */
  #cancel(id: number): void {
    const at = this.#held.findIndex((one) => one.id === id)
    if (at >= 0) {
      this.#held.splice(at, 1)
      return this.#settle(id)?.reject(cancelled())
    }
    const command = { v: PROTOCOL_VERSION, id: ++this.#id, op: 'CancelCommand', of: id }
    if (this.#waiting.has(id)) this.#transport.send(pack(command))
  }

  /** What waits under an id, which it does no longer. */
  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.over()
    return waiting
  }

  /** Sends a frame, or keeps it until fewer wait, so that a client never runs into the session's limit by itself. */
  #post(id: number, bytes: Uint8Array): void {
    this.#held.push({ id, bytes })
    this.#release()
  }

  #release(): void {
    while (this.#held.length > 0 && this.#waiting.size - this.#held.length <= IN_FLIGHT) {
      const { id, bytes } = this.#held.shift() as { id: number; bytes: Uint8Array }
      if (!this.#transport.send(bytes)) {
        const full = bridgeFault('BUSY', 'the kernel takes no more messages now')
        this.#settle(id)?.reject(full)
      }
    }
  }

  /**
   * Sends a message to an object of the world and answers its reply. Where a person has to decide about a method, the
   * message stays parked in the kernel and the fault is POLICY with `data.proposal`, unless a deadline or `wait` is given.
   */
  send(
    target: string,
    selector: string,
    args: unknown[] = [],
    options: SendOptions = {},
  ): Promise<unknown> {
    const { onEvent, signal, wait, patience, ...fields } = options
    const message = { target, selector, args, ...fields }
    return new Promise((resolve, reject) => {
      const hear = (event: Record<string, unknown>) => {
        onEvent?.(event)
        if (event.kind !== 'parked' || wait === true || fields.deadline !== undefined) return
        reject(parkedFault(event, fields.key))
      }
      const how = {
        onEvent: hear,
        ...(signal === undefined ? {} : { signal }),
        ...(patience === undefined ? {} : { patience }),
      }
      this.request('SendCommand', message, how).then(resolve, reject)
    })
  }

  /** Has plain words turned into messages and sent; answers `{messages, answers, tids}`. Faults GENERATION_REFUSED when unsure. */
  tell(
    text: string,
    options: { target?: string; preview?: boolean } & Pick<
      SendOptions,
      'key' | 'onEvent' | 'signal'
    > = {},
  ): Promise<unknown> {
    const { onEvent, signal, ...fields } = options
    const how = {
      ...(onEvent === undefined ? {} : { onEvent }),
      ...(signal === undefined ? {} : { signal }),
    }
    return this.request('TellCommand', { text, ...fields }, how)
  }

  /** Follows changes from `from` on; answers how to stop. */
  async subscribe(
    options: { target?: string; from?: string },
    onChange: (event: Record<string, unknown>) => void,
  ): Promise<() => Promise<void>> {
    const id = this.#id + 1
    this.#following.set(id, onChange)
    try {
      await this.request('SubscribeCommand', options)
    } catch (fault) {
      this.#following.delete(id)
      throw fault
    }
    return async () => {
      this.#following.delete(id)
      await this.request('UnsubscribeCommand', { of: id })
    }
  }

  close(): void {
    this.#end(bridgeFault('CANCELLED', 'the client was closed'))
    this.#transport.close()
  }

  #receive(bytes: Uint8Array): void {
    const reply = unpack(bytes) as {
      id: number | null
      ok?: boolean
      result?: unknown
      tid?: string
      fault?: FaultRecord
      event?: Record<string, unknown>
    }
    if (reply.id === null) {
      // It answers no request of ours, so it is about the connection. What was done of what waits is not known.
      const why = reply.fault?.message ?? 'without a reason'
      return this.#lose(bridgeFault('CANCELLED', `the kernel ended the connection: ${why}`))
    }
    if (reply.event !== undefined) {
      const hears = this.#waiting.get(reply.id)?.onEvent ?? this.#following.get(reply.id)
      hears?.(reply.event)
      return
    }
    const waiting = this.#settle(reply.id)
    if (this.#held.length > 0) this.#release()
    if (reply.ok === true) {
      waiting?.resolve(
        reply.tid === undefined
          ? { result: reply.result }
          : { result: reply.result, tid: reply.tid },
      )
    } else if (reply.fault !== undefined) waiting?.reject(new Fault(reply.fault))
  }

  /** The connection is of no use any more. */
  #lose(fault: Fault): void {
    this.#end(fault)
    this.#transport.close()
  }

  #end(fault: Fault): void {
    if (this.#lost !== undefined) return
    this.#lost = fault
    this.#held.length = 0
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(fault)
    for (const fail of [...this.#resting]) fail(fault)
  }
}

const cancelled = () =>
  bridgeFault('CANCELLED', 'the message was cancelled before it was sent', {}, 'Send it again.')

/** Milliseconds after which what was refused may be sent again; undefined when that would not help, or something was done. */
function pauseAfter(thrown: unknown): number | undefined {
  const fault = asFault(thrown)
  if (fault?.code !== 'BUSY' || fault.data?.told !== undefined) return undefined
  const pause = fault.data?.retryAfter
  return typeof pause === 'number' && pause > 0 ? pause : undefined
}

/** The fault of a message that stays parked while its sender goes on. */
function parkedFault(
  { proposal, reason }: Record<string, unknown>,
  key: string | undefined,
): Fault {
  const later =
    key === undefined
      ? 'The message runs when it is accepted; with a key, sending it again would answer its reply.'
      : 'The message runs when it is accepted; send it again with its key for its reply.'
  return bridgeFault(
    'POLICY',
    `parked as proposal ${proposal}: ${reason}`,
    { proposal },
    `Decide with AcceptProposalCommand or \`batos proposal\`, or send with a deadline or with wait. ${later}`,
  )
}
