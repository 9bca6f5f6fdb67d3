// Owns: ZeroMQ sockets: one writer for each, a bounded queue for each peer, settings that never block or lose unsaid.
// Leaves: what frames say to the bridge; who may connect to the token in Hello.
// Laws: BR3 a send is queued or refused, never dropped silently. BR4 a peer that does not read ends alone. BR5 the
// receive loop gives the event loop its turn.
import { context, Dealer, Router } from 'zeromq'

// A process ends when its work is done, whatever a gone peer has not read.
context.blocky = false

const WIRE = {
  /** Largest frame in, bytes; one over it ends the connection. */
  frameBytes: 16 * 1024 * 1024,
  /** Largest frame a client takes, bytes. */
  replyBytes: 64 * 1024 * 1024,
  /** Frames queued for one peer that does not read; then it is cut. */
  queueFrames: 10_000,
  /** Bytes queued for one peer; then it is cut. */
  queueBytes: 32 * 1024 * 1024,
  /** Milliseconds before a full peer is tried again. */
  retry: 5,
  /** Frames received before timers get their turn: what is done for so many takes less than a millisecond. */
  yieldEvery: 64,
  /** Peers remembered; the longest silent one is forgotten first. */
  peers: 10_000,
} as const

/** One client of a ROUTER, as the bridge sees it. */
export interface RouterPeer {
  /** Queues a frame; false when the peer has fallen too far behind and was cut. */
  send(body: Uint8Array): boolean
}

export interface RouterWire {
  /** Where it is bound: the real port when `*` was asked for. */
  readonly endpoint: string
  close(): void
}

/** What the owner of a ROUTER does with its clients. */
export interface RouterOwner {
  open(peer: RouterPeer): { receive(body: Uint8Array): void; closed(): void }
}

interface Peer {
  id: Buffer
  delimited: boolean
  queue: Uint8Array[]
  bytes: number
  cut: boolean
  connection: { receive(body: Uint8Array): void; closed(): void } | undefined
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
const codeOf = (error: unknown) => (error as { code?: string }).code

/**
 * Hands each message of a socket on until the socket is closed. The socket's own iterator does the same and takes a
 * promise more for each.
 */
async function hear(socket: Router | Dealer, on: (parts: Buffer[]) => void): Promise<void> {
  for (let count = 1; !socket.closed; count++) {
    let parts: Buffer[]
    try {
      parts = await socket.receive()
    } catch (error) {
      if (socket.closed) return
      throw error
    }
    on(parts)
    if (count % WIRE.yieldEvery === 0) await nextTurn()
  }
}

/** Binds a ROUTER on loopback or ipc and serves its clients until closed. */
export async function bindRouter(endpoint: string, owner: RouterOwner): Promise<RouterWire> {
  const socket = new Router({
    linger: 0,
    mandatory: true,
    sendTimeout: 0,
    sendHighWaterMark: 1_000,
    receiveHighWaterMark: 1_000,
    maxMessageSize: WIRE.frameBytes,
    handshakeInterval: 5_000,
    heartbeatInterval: 2_000,
    heartbeatTimeout: 6_000,
    heartbeatTimeToLive: 6_000,
    backlog: 256,
  })
  await socket.bind(endpoint)
  const server = new RouterLoop(socket, owner)
  void server.receive()
  return { endpoint: socket.lastEndpoint ?? endpoint, close: () => server.close() }
}

class RouterLoop {
  readonly #socket: Router
  readonly #owner: RouterOwner
  readonly #peers = new Map<string, Peer>()
  readonly #ready = new Set<Peer>()
  /** Who was heard last. */
  #last: Peer | undefined
  #writing = false

  constructor(socket: Router, owner: RouterOwner) {
    this.#socket = socket
    this.#owner = owner
  }

  receive(): Promise<void> {
    return hear(this.#socket, (parts) => {
      const [id, first, second] = parts
      // [id, body] or, from a REQ-like client, [id, empty, body]; anything else names no body.
      const delimited = parts.length === 3 && first?.length === 0
      const body = delimited ? second : parts.length === 2 ? first : Buffer.alloc(0)
      if (id !== undefined && body !== undefined) this.#hear(id, body, delimited)
    })
  }

  close(): void {
    this.#socket.close()
    for (const peer of this.#peers.values()) peer.connection?.closed()
    this.#peers.clear()
  }

  #hear(id: Buffer, body: Buffer, delimited: boolean): void {
    const key = id.toString('latin1')
    let peer = this.#peers.get(key)
    if (peer === undefined) {
      if (this.#peers.size >= WIRE.peers) this.#forget([...this.#peers.keys()][0] as string)
      const fresh: Peer = {
        id: Buffer.from(id),
        delimited,
        queue: [],
        bytes: 0,
        cut: false,
        connection: undefined,
      }
      fresh.connection = this.#owner.open({ send: (bytes) => this.#post(fresh, bytes) })
      peer = fresh
    }
    if (peer !== this.#last) {
      // Set again, so that the map's order is that of who was heard last.
      this.#peers.delete(key)
      this.#peers.set(key, peer)
      this.#last = peer
    }
    peer.delimited = delimited
    if (!peer.cut) peer.connection?.receive(body)
  }

  #forget(key: string): void {
    const peer = this.#peers.get(key)
    if (peer === undefined) return
    this.#peers.delete(key)
    if (this.#last === peer) this.#last = undefined
    this.#ready.delete(peer)
    peer.cut = true
    peer.connection?.closed()
  }

  #post(peer: Peer, body: Uint8Array): boolean {
    if (peer.cut) return false
    if (peer.queue.length >= WIRE.queueFrames || peer.bytes + body.length > WIRE.queueBytes) {
      this.#forget(peer.id.toString('latin1'))
      return false
    }
    peer.queue.push(body)
    peer.bytes += body.length
    this.#ready.add(peer)
    if (!this.#writing) void this.#write()
    return true
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#ready.size > 0 && !this.#socket.closed) {
      let stuck = true
      for (const peer of this.#ready) if (await this.#drain(peer)) stuck = false
      if (stuck) await new Promise((resolve) => setTimeout(resolve, WIRE.retry))
    }
    this.#writing = false
  }

  /** Sends what is queued for one peer; false when it is full. */
  async #drain(peer: Peer): Promise<boolean> {
    for (let body = peer.queue[0]; body !== undefined; body = peer.queue[0]) {
      try {
        await this.#socket.send(peer.delimited ? [peer.id, null, body] : [peer.id, body])
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') return false
        // The peer left, or the socket is closed: nobody is there to be told.
        this.#forget(peer.id.toString('latin1'))
        return true
      }
      peer.queue.shift()
      peer.bytes -= body.length
    }
    this.#ready.delete(peer)
    return true
  }
}

export interface DealerWire {
  /** Queues a frame; false when the kernel has fallen too far behind. */
  send(body: Uint8Array): boolean
  close(): void
}

/** Connects a DEALER; frames and the loss of the connection reach the callbacks. */
export function connectDealer(
  endpoint: string,
  on: { frame(body: Uint8Array): void; lost(): void },
): DealerWire {
  const socket = new Dealer({
    linger: 200,
    sendTimeout: 0,
    sendHighWaterMark: 1_000,
    receiveHighWaterMark: 1_000,
    maxMessageSize: WIRE.replyBytes,
    reconnectInterval: 100,
    reconnectMaxInterval: 5_000,
    connectTimeout: 3_000,
    heartbeatInterval: 2_000,
    heartbeatTimeout: 6_000,
  })
  socket.events.on('disconnect', () => on.lost())
  socket.connect(endpoint)
  const queue: Uint8Array[] = []
  let writing = false
  const write = async () => {
    writing = true
    for (let body = queue[0]; body !== undefined && !socket.closed; body = queue[0]) {
      try {
        await socket.send(body)
        queue.shift()
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') break
        await new Promise((resolve) => setTimeout(resolve, WIRE.retry))
      }
    }
    writing = false
  }
  void hear(socket, (parts) => {
    const body = parts.at(-1)
    if (body !== undefined) on.frame(body)
  })
  return {
    send: (body) => {
      if (queue.length >= WIRE.queueFrames) return false
      queue.push(body)
      if (!writing) void write()
      return true
    },
    close: () => socket.close(),
  }
}
