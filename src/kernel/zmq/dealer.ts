// Owns: the client's socket: one writer, a bounded queue, and a word when the connection is lost or refused.
// Leaves: what frames say, and whether to connect again, to the bridge.
// Laws: BR3 a frame is queued or refused. BR5 what is sent gives the event loop its turn. BR49 a connection that is lost is told once and lets the process end.
import { Dealer } from 'zeromq'
import { checkCurveKeys, type CurveClient } from './gate.ts'
import { codeOf, hear, nextTurn, Share, WIRE } from './hearing.ts'

export interface DealerWire {
  /** Queues a frame; false when the kernel has fallen too far behind, or is gone. */
  send(body: Uint8Array): boolean
  close(): void
}

/** What the owner of a DEALER is told. */
export interface DealerOwner {
  frame(body: Uint8Array): void
  /** The connection is gone, once; `refused` when the kernel does not take this client's key. */
  lost(why?: 'refused'): void
}

/** Connects a DEALER. With keys the kernel must have the secret of `serverKey`, and know `publicKey`. */
export function connectDealer(endpoint: string, on: DealerOwner, curve?: CurveClient): DealerWire {
  if (curve !== undefined) {
    const { publicKey, secretKey, serverKey } = curve
    checkCurveKeys('curve', { publicKey, secretKey, serverKey })
  }
  const socket = new Dealer({
    linger: 200,
    sendTimeout: 0,
    sendHighWaterMark: 1_000,
    receiveHighWaterMark: 1_000,
    maxMessageSize: WIRE.replyBytes,
    reconnectInterval: 100,
    reconnectMaxInterval: 5_000,
    connectTimeout: 3_000,
    handshakeInterval: 5_000,
    heartbeatInterval: 2_000,
    heartbeatTimeout: 6_000,
    ipv6: endpoint.startsWith('tcp://['),
    ...(curve === undefined
      ? {}
      : {
          curveServerKey: curve.serverKey,
          curvePublicKey: curve.publicKey,
          curveSecretKey: curve.secretKey,
        }),
  })
  const lose = (why?: 'refused') => {
    if (socket.closed) return
    // ZeroMQ would connect again by itself, to a session that knows nothing of this one.
    socket.close()
    on.lost(why)
  }
  socket.events.on('disconnect', () => lose())
  socket.events.on('handshake:error:auth', () => lose('refused'))
  // A kernel with keys, and a client without them: each would speak in a way that the other does not.
  socket.events.on('handshake:error:protocol', ({ error }) =>
    lose(codeOf(error) === 'ERR_ZMTP_MECHANISM_MISMATCH' ? 'refused' : undefined),
  )
  socket.connect(endpoint)
  const writer = new Writer(socket)
  void hear(socket, (parts) => {
    const body = parts.at(-1)
    if (body !== undefined) on.frame(body)
  })
  return { send: (body) => writer.post(body), close: () => socket.close() }
}

/** The one writer of a DEALER. */
class Writer {
  readonly #socket: Dealer
  readonly #queue: Uint8Array[] = []
  #bytes = 0
  #writing = false

  constructor(socket: Dealer) {
    this.#socket = socket
  }

  post(body: Uint8Array): boolean {
    if (this.#socket.closed || this.#queue.length >= WIRE.queueFrames) return false
    if (this.#bytes + body.length > WIRE.queueBytes) return false
    this.#queue.push(body)
    this.#bytes += body.length
    if (!this.#writing) void this.#write()
    return true
  }

  async #write(): Promise<void> {
    this.#writing = true
    const queue = this.#queue
    let share = new Share()
    for (let body = queue[0]; body !== undefined && !this.#socket.closed; body = queue[0]) {
      try {
        await this.#socket.send(body)
        queue.shift()
        this.#bytes -= body.length
        if (share.isOver()) {
          await nextTurn()
          share = new Share()
        }
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') break
        await new Promise((resolve) => setTimeout(resolve, WIRE.retry))
      }
    }
    this.#writing = false
  }
}
