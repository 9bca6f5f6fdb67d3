// Owns: the page's one WebSocket: ids, answers, events, subscriptions, and coming back after a loss.
// Leaves: what to ask and what to show to the rest of the page; the shape of messages to the protocol.
// Laws: UI10 a loss is shown, and coming back goes on from the last transaction seen.  UI11 what may be repeated is sent
// again after a loss; what may not ends with CONNECTION_LOST.  UI12 a refused token ends the attempts.
// UI51 the whole world is followed once, however many listen.
import { Packr } from 'msgpackr'
import type { FieldsOf, OperationName, WireEvent, WireFault, WireReply } from '#protocol'

/** Milliseconds before the first attempt to come back, and the longest pause between two. */
const BACK_OFF = { first: 100, most: 5_000 }

/** 64-bit integers come as numbers where those are exact, else as bigints. The library's types do not list this word. */
const SAFE_INTEGERS = { int64AsType: 'auto' } as object

/** What `await call(…)` gives: the result, and the transaction that the reply belongs to when it names one. */
export interface Answer {
  result: unknown
  tid: string | undefined
}

export type ChangeEvent = Extract<WireEvent, { kind: 'change' }>

/** What is told to whoever follows an object beside its changes. */
const NEWS = ['proposal', 'rolled-back', 'durable', 'quarantined', 'released'] as const

export type NewsEvent = Extract<WireEvent, { kind: (typeof NEWS)[number] }>

/** A change, or news, or that changes may have been missed and everything must be fetched anew. */
export type Notice = ChangeEvent | NewsEvent | { kind: 'gap' }

const isNotice = (event: WireEvent): event is ChangeEvent | NewsEvent =>
  event.kind === 'change' || (NEWS as readonly string[]).includes(event.kind)

export type ConnectionState =
  | { kind: 'connecting' }
  | { kind: 'open'; server: string }
  | { kind: 'lost'; retryIn: number }
  | { kind: 'refused'; fault: WireFault }

/** A fault as an error, so that it can be thrown; `fault` is what arrived. */
export class FaultError extends Error {
  readonly fault: WireFault
  constructor(fault: WireFault) {
    super(fault.message)
    this.fault = fault
  }
}

/** What the page says of itself in Hello. The token may change while the page is open. */
export interface Credentials {
  token(): string | undefined
  session: string
}

interface Pending {
  op: string
  fields: Record<string, unknown>
  resend: boolean
  onEvent: ((event: WireEvent) => void) | undefined
  resolve(answer: Answer): void
  reject(error: FaultError): void
}

interface Subscription {
  id: number
  target: string | undefined
  from: string | undefined
  /** Whether it follows the whole world from whatever was newest. */
  isWorld: boolean
  /** Several for the whole world, which is followed once; one for an object. */
  listeners: Set<(notice: Notice) => void>
}

export interface CallOptions {
  onEvent?: (event: WireEvent) => void
  /** Whether the call may be sent again after a loss: reads, and sends that carry a key. */
  resend?: boolean
}

/** The later of two tids; tids are decimal digits, so the longer is the later. */
export function laterTid(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (a.length !== b.length) return a.length > b.length ? a : b
  return a > b ? a : b
}

export class Connection {
  readonly #packr = new Packr({
    useRecords: false,
    mapsAsObjects: true,
    useToJSON: false,
    ...SAFE_INTEGERS,
  })
  readonly #makeSocket: () => WebSocket
  readonly #credentials: Credentials
  readonly #pending = new Map<number, Pending>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #stateListeners = new Set<(state: ConnectionState) => void>()
  #socket: WebSocket | undefined
  #state: ConnectionState = { kind: 'connecting' }
  #nextId = 1
  #pause = BACK_OFF.first
  #timer: ReturnType<typeof setTimeout> | undefined
  #image: string | undefined
  #ended = false

  constructor(makeSocket: () => WebSocket, credentials: Credentials) {
    this.#makeSocket = makeSocket
    this.#credentials = credentials
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Calls the listener at every change of state, until the function that is returned is called. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  /** Connects, or connects anew at once: after a refusal with another token, or when a person does not want to wait. */
  start(): void {
    clearTimeout(this.#timer)
    this.#pause = BACK_OFF.first
    this.#dropSocket()
    this.#connect()
  }

  /** Ends the connection for good; what waits is rejected. */
  close(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#dropSocket()
    this.#rejectWaiting(() => true)
  }

  /** Sends one operation. `id` is what CancelCommand needs. Rejects with FaultError. */
  call<Op extends OperationName>(
    op: Op,
    fields: FieldsOf<Op>,
    options: CallOptions = {},
  ): { id: number; answer: Promise<Answer> } {
    const id = this.#nextId++
    const answer = new Promise<Answer>((resolve, reject) => {
      const resend = options.resend ?? false
      this.#pending.set(id, { op, fields, resend, onEvent: options.onEvent, resolve, reject })
      if (this.#state.kind === 'open') this.#transmit(id, op, fields)
      else if (!resend) this.#settle(id)?.reject(new FaultError(lostFault()))
    })
    return { id, answer }
  }

  /** A read: like call, repeated after a loss, and only its result. */
  async read<Op extends OperationName>(op: Op, fields: FieldsOf<Op>): Promise<Answer> {
    return await this.call(op, fields, { resend: true }).answer
  }

  /** Follows the changes of one object, or of all, with the news of it, until the function that is returned is called. */
  subscribe(
    target: string | undefined,
    from: string | undefined,
    listener: (notice: Notice) => void,
  ): () => void {
    // Each has its own name in the set, so that one who listens twice hears twice and leaves once.
    const heard = (notice: Notice): void => listener(notice)
    const isWorld = target === undefined && from === undefined
    const known = [...this.#subscriptions].find((one) => isWorld && one.isWorld)
    const subscription = known ?? { id: 0, target, from, isWorld, listeners: new Set() }
    subscription.listeners.add(heard)
    this.#subscriptions.add(subscription)
    if (known === undefined && this.#state.kind === 'open') this.#transmitSubscription(subscription)
    return () => {
      if (!subscription.listeners.delete(heard) || subscription.listeners.size > 0) return
      this.#subscriptions.delete(subscription)
      if (this.#state.kind !== 'open') return
      // Whether the kernel still knew the subscription does not matter: nobody listens any more.
      this.call('UnsubscribeCommand', { of: subscription.id }).answer.catch(() => undefined)
    }
  }

  #connect(): void {
    this.#setState({ kind: 'connecting' })
    const socket = this.#makeSocket()
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.#hello()
    socket.onmessage = (message) => {
      if (this.#socket === socket) this.#receive(new Uint8Array(message.data as ArrayBuffer))
    }
    // Every error is followed by a close, which is handled.
    socket.onerror = () => {}
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost()
    }
  }

  #hello(): void {
    const id = this.#nextId++
    const token = this.#credentials.token()
    const fields = { client: 'page', token, session: this.#credentials.session }
    this.#pending.set(id, {
      op: 'HelloCommand',
      fields,
      resend: false,
      onEvent: undefined,
      resolve: (answer) => this.#welcomed(answer.result),
      reject: (error) => {
        if (error.fault.code !== 'CONNECTION_LOST') this.#refused(error.fault)
      },
    })
    this.#transmit(id, 'HelloCommand', fields)
  }

  #welcomed(result: unknown): void {
    const hello = (result ?? {}) as { server?: unknown; image?: unknown }
    this.#pause = BACK_OFF.first
    const image = String(hello.image)
    const sameImage = this.#image === undefined || this.#image === image
    this.#image = image
    // Listeners of the state may call and subscribe; what they ask is transmitted by their own call.
    const waitingCalls = [...this.#pending]
    const subscriptions = [...this.#subscriptions]
    this.#setState({ kind: 'open', server: String(hello.server) })
    for (const [id, waiting] of waitingCalls) this.#transmit(id, waiting.op, waiting.fields)
    for (const subscription of subscriptions) {
      if (!sameImage) this.#gap(subscription)
      this.#transmitSubscription(subscription)
    }
  }

  #refused(fault: WireFault): void {
    this.#dropSocket()
    // Reads wait for another token, so that the page goes on from where it was refused.
    this.#rejectWaiting((waiting) => !waiting.resend)
    this.#setState({ kind: 'refused', fault })
  }

  #lost(): void {
    this.#socket = undefined
    this.#rejectWaiting((waiting) => !waiting.resend)
    if (this.#ended) return
    // A little chance keeps many tabs from coming back in the same instant.
    const retryIn = this.#pause * (0.75 + Math.random() / 2)
    this.#pause = Math.min(this.#pause * 2, BACK_OFF.most)
    this.#setState({ kind: 'lost', retryIn })
    this.#timer = setTimeout(() => this.#connect(), retryIn)
  }

  #receive(frame: Uint8Array): void {
    const reply = this.#packr.unpack(frame) as WireReply
    if (typeof reply.id !== 'number') return
    if ('event' in reply) {
      const pending = this.#pending.get(reply.id)
      if (pending !== undefined) pending.onEvent?.(reply.event)
      else if (isNotice(reply.event)) this.#noticed(reply.id, reply.event)
      return
    }
    const pending = this.#settle(reply.id)
    if (reply.ok) pending?.resolve({ result: reply.result, tid: reply.tid })
    else pending?.reject(new FaultError(reply.fault))
  }

  #noticed(id: number, event: ChangeEvent | NewsEvent): void {
    for (const subscription of this.#subscriptions) {
      if (subscription.id !== id) continue
      // News bears the transaction that caused it, of which changes may still follow.
      if (event.kind === 'change') subscription.from = laterTid(subscription.from, event.tid)
      for (const listener of subscription.listeners) listener(event)
    }
  }

  #transmitSubscription(subscription: Subscription): void {
    const { target, from } = subscription
    const fields = {
      ...(target === undefined ? {} : { target }),
      ...(from === undefined ? {} : { from }),
    }
    const onEvent = (event: WireEvent): void => {
      if (isNotice(event)) this.#noticed(subscription.id, event)
    }
    const { id, answer } = this.call('SubscribeCommand', fields, { onEvent })
    subscription.id = id
    answer.then(
      ({ result }) => {
        const tid = (result as { tid?: string } | null)?.tid
        if (subscription.id === id) subscription.from = laterTid(subscription.from, tid)
      },
      (error: FaultError) => {
        // A loss is followed by another attempt. Any other fault means that this point is not to be had any more.
        if (error.fault.code === 'CONNECTION_LOST' || subscription.from === undefined) return
        if (!this.#subscriptions.has(subscription)) return
        this.#gap(subscription)
        this.#transmitSubscription(subscription)
      },
    )
  }

  #gap(subscription: Subscription): void {
    subscription.from = undefined
    for (const listener of subscription.listeners) listener({ kind: 'gap' })
  }

  #transmit(id: number, op: string, fields: Record<string, unknown>): void {
    const message: Record<string, unknown> = { v: 1, id, op }
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) message[name] = value
    }
    this.#socket?.send(new Uint8Array(this.#packr.pack(message)))
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #rejectWaiting(which: (pending: Pending) => boolean): void {
    for (const [id, pending] of this.#pending) {
      if (!which(pending)) continue
      this.#pending.delete(id)
      pending.reject(new FaultError(lostFault()))
    }
  }

  #dropSocket(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #setState(state: ConnectionState): void {
    this.#state = state
    for (const listener of this.#stateListeners) listener(state)
  }
}

function lostFault(): WireFault {
  return {
    code: 'CONNECTION_LOST',
    message: 'The connection to the kernel was lost before the answer came.',
    remedy: 'Wait for the page to reconnect, look whether it was done, and do it again if not.',
    retry: 'later',
  }
}
