// Owns: the server's socket: one writer, a bounded queue for each peer, and the notice of who has gone.
// Leaves: what frames say to the bridge; who may connect to the token in Hello and to gate.ts.
// Laws: BR3 a send is queued or refused, never dropped silently. BR4 a peer that does not read ends alone. BR5 the loops
// give the event loop its turn. BR43 a peer that goes is forgotten. BR44 a peer that is cut is told, when it can be.
import { randomUUID } from 'node:crypto'
import { Context, Router } from 'zeromq'
import { checkEndpoint, isIpv6 } from './endpoint.ts'
import { type CurveServer, openGate } from './gate.ts'
import { codeOf, hear, nextTurn, WIRE } from './hearing.ts'

/** One client of a ROUTER, as the bridge sees it. */
export interface RouterPeer {
  /** Queues a frame; false when the peer has fallen too far behind and was cut. */
  send(body: Uint8Array): boolean
}

export interface RouterWire {
  /** Where it is bound: the real port when `*` was asked for. */
  readonly endpoint: string
  /** Peers that are remembered now. */
  readonly peers: number
  close(): void
}

/** One client's conversation. */
export interface RouterConnection {
  receive(body: Uint8Array): void
  /** The peer has gone, or was cut because it did not read. */
  closed(): void
  /** The last frame to a peer that was cut. */
  farewell?(): Uint8Array
}

/** What the owner of a ROUTER does with its clients. */
export interface RouterOwner {
  open(peer: RouterPeer): RouterConnection
}

interface Peer {
  readonly id: Buffer
  readonly key: string
  delimited: boolean
  queue: Uint8Array[]
  bytes: number
  /** A peer that was cut is kept until its last frame is away, and not heard. */
  cut: boolean
  connection: RouterConnection | undefined
}

/** The number of ZeroMQ's option for the frame that it hands on from a peer whose connection has ended. */
const DISCONNECT_MESSAGE = 111

interface Settings {
  /** The frame that says that a peer has gone: drawn anew for each socket, so that no client can send it. */
  gone: string
  curve: CurveServer | undefined
}

function makeSocket(endpoint: string, { gone, curve }: Settings, context?: Context): Router {
  const socket = new NotifyingRouter({
    ...(context === undefined ? {} : { context }),
    linger: 0,
    // A full or unknown peer is an error then, and at once; else frames would vanish or the writer would stand still.
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
    ipv6: isIpv6(endpoint),
    ...(curve === undefined
      ? {}
      : {
          curveServer: true,
          curveSecretKey: curve.secretKey,
          zapDomain: 'batos',
          // Without an answer of the gate nobody comes in, should it ever be gone.
          zapEnforceDomain: true,
        }),
  })
  socket.notify(gone)
  return socket
}

class NotifyingRouter extends Router {
  notify(gone: string): void {
    this.setStringOption(DISCONNECT_MESSAGE, gone)
  }
}

/**
 * Binds a ROUTER on loopback or ipc and serves its clients until closed; with `curve`, those whose key is allowed.
 * Faults POLICY for an endpoint that others could reach, and for keys without a gate.
 */
export async function bindRouter(
  endpoint: string,
  owner: RouterOwner,
  curve?: CurveServer,
): Promise<RouterWire> {
  checkEndpoint(endpoint)
  const gone = randomUUID()
  // A gate speaks for all servers of its context, so a server with keys has a context of its own.
  const context = curve === undefined ? undefined : new Context({ blocky: false })
  const shutGate =
    curve === undefined || context === undefined ? undefined : await openGate(context, curve)
  const socket = makeSocket(endpoint, { gone, curve }, context)
  try {
    await bindPatiently(socket, endpoint)
  } catch (error) {
    socket.close()
    shutGate?.()
    throw error
  }
  const loop = new RouterLoop(socket, owner, gone)
  void loop.receive()
  return {
    endpoint: socket.lastEndpoint ?? endpoint,
    get peers() {
      return loop.peers
    },
    close: () => {
      loop.close()
      shutGate?.()
    },
  }
}

/** A port that was let go a moment ago may not be free yet. */
async function bindPatiently(socket: Router, endpoint: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await socket.bind(endpoint)
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || attempt >= WIRE.bindings) throw error
      await new Promise((resolve) => setTimeout(resolve, WIRE.bindPause))
    }
  }
}

class RouterLoop {
  readonly #socket: Router
  readonly #owner: RouterOwner
  readonly #gone: Buffer
  readonly #peers = new Map<string, Peer>()
  readonly #ready = new Set<Peer>()
  /** Who was heard last. */
  #last: Peer | undefined
  #writing = false

  constructor(socket: Router, owner: RouterOwner, gone: string) {
    this.#socket = socket
    this.#owner = owner
    this.#gone = Buffer.from(gone)
  }

  get peers(): number {
    return this.#peers.size
  }

  receive(): Promise<void> {
    return hear(this.#socket, (parts) => {
      const [id, first, second] = parts
      if (id === undefined) return
      if (parts.length === 2 && first !== undefined && this.#gone.equals(first)) {
        return this.#forget(id.toString('latin1'))
      }
      // [id, body] or, from a REQ-like client, [id, empty, body]; anything else names no body.
      const delimited = parts.length === 3 && first?.length === 0
      const body = delimited ? second : parts.length === 2 ? first : Buffer.alloc(0)
      if (body !== undefined) this.#hear(id, body, delimited)
    })
  }

  close(): void {
    this.#socket.close()
    for (const peer of [...this.#peers.values()]) this.#forget(peer.key)
  }

  #hear(id: Buffer, body: Buffer, delimited: boolean): void {
    const key = id.toString('latin1')
    const peer = this.#peers.get(key) ?? this.#open(id, key)
    if (peer !== this.#last) {
      // Set again, so that the map's order is that of who was heard last.
      this.#peers.delete(key)
      this.#peers.set(key, peer)
      this.#last = peer
    }
    if (peer.cut) return
    peer.delimited = delimited
    peer.connection?.receive(body)
  }

  #open(id: Buffer, key: string): Peer {
    if (this.#peers.size >= WIRE.peers) this.#forget([...this.#peers.keys()][0] as string)
    const peer: Peer = {
      id: Buffer.from(id),
      key,
      delimited: false,
      queue: [],
      bytes: 0,
      cut: false,
      connection: undefined,
    }
    peer.connection = this.#owner.open({ send: (bytes) => this.#post(peer, bytes) })
    return peer
  }

  /** The peer is gone: nobody is there to be told. */
  #forget(key: string): void {
    const peer = this.#peers.get(key)
    if (peer === undefined) return
    this.#peers.delete(key)
    if (this.#last === peer) this.#last = undefined
    this.#ready.delete(peer)
    peer.queue = []
    if (peer.cut) return
    peer.cut = true
    peer.connection?.closed()
  }

  /** The peer does not read: what waits for it is given up, and one small frame says so, once there is room. */
  #cut(peer: Peer): void {
    peer.cut = true
    peer.queue = []
    peer.bytes = 0
    peer.connection?.closed()
    const last = peer.connection?.farewell?.()
    if (last === undefined) return this.#forget(peer.key)
    peer.queue.push(last)
    peer.bytes = last.length
    this.#ready.add(peer)
  }

  #post(peer: Peer, body: Uint8Array): boolean {
    if (peer.cut) return false
    if (peer.queue.length >= WIRE.queueFrames || peer.bytes + body.length > WIRE.queueBytes) {
      this.#cut(peer)
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

  /** Sends a share of what is queued for one peer; false when it is full. */
  async #drain(peer: Peer): Promise<boolean> {
    for (let sent = 1; ; sent++) {
      const body = peer.queue[0]
      if (body === undefined) break
      try {
        await this.#socket.send(peer.delimited ? [peer.id, null, body] : [peer.id, body])
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') return false
        // The peer left, or the socket is closed: nobody is there to be told.
        this.#forget(peer.key)
        return true
      }
      // While it was sent the peer may have been cut, and its queue is another one.
      if (peer.queue[0] === body) {
        peer.queue.shift()
        peer.bytes -= body.length
      }
      if (sent >= WIRE.yieldEvery) {
        await nextTurn()
        return true
      }
    }
    this.#ready.delete(peer)
    if (peer.cut) this.#forget(peer.key)
    return true
  }
}
