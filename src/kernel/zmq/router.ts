// Owns: the server's socket: one writer, a bounded queue for each peer, and the notice of who has gone.
// Leaves: what frames say to the bridge; who may connect to the token in Hello and to gate.ts.
// Laws: BR3 a send is queued or refused, never dropped silently. BR4 a peer that does not read ends alone. BR5 the loops
// give the event loop its turn. BR43 a peer that goes is forgotten. BR44 a peer that is cut is told, when it can be.
import { randomUUID } from 'node:crypto'
import { Context, Router } from 'zeromq'
import { Doors } from './doors.ts'
import { checkEndpoint, isIpv6 } from './endpoint.ts'
import { type CurveServer, openGate } from './gate.ts'
import { codeOf, hear, nextTurn, Share, WIRE } from './hearing.ts'

/** One client of a ROUTER, as the bridge sees it. */
export interface RouterPeer {
  /** Queues a frame; false when the peer has fallen too far behind and was cut. */
  send(body: Uint8Array): boolean
  /** True while so much is queued for it that what can wait should. */
  isBehind(): boolean
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
  /** The last frame to a peer that was cut: it tells how many frames that were taken for it never left. */
  farewell?(lost: number): Uint8Array
  /** The answer to a frame of a peer that may not speak any more; without a frame, a word to it. It was told `closed`. */
  refusal?(body: Uint8Array | undefined): Uint8Array
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
  /** Frames that were taken for it and given up when it was cut. */
  lost: number
  /** True while ZeroMQ is asked to take the first frame of its queue. */
  isSending: boolean
  /** A peer whose key is not allowed any more is answered with refusals alone. */
  isOut: boolean
  connection: RouterConnection | undefined
}

/** The number of ZeroMQ's option for the frame that it hands on from a peer whose connection has ended. */
const DISCONNECT_MESSAGE = 111

/** The number and the value of its option for an empty frame when a connection begins. */
const ROUTER_NOTIFY = 97
const NOTIFY_CONNECT = 1

/** Refusals that wait for a peer which may not speak any more; what it sends beyond them is not answered. */
const REFUSALS_MAX = 16

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
  socket.notify(gone, curve !== undefined)
  return socket
}

class NotifyingRouter extends Router {
  notify(gone: string, begins: boolean): void {
    this.setStringOption(DISCONNECT_MESSAGE, gone)
    if (begins) this.setInt32Option(ROUTER_NOTIFY, NOTIFY_CONNECT)
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
  const doors = curve === undefined ? undefined : new Doors(curve)
  const shutGate =
    curve === undefined || context === undefined ? undefined : await openGate(context, curve, doors)
  const socket = makeSocket(endpoint, { gone, curve }, context)
  try {
    await bindPatiently(socket, endpoint)
  } catch (error) {
    socket.close()
    shutGate?.()
    throw error
  }
  const loop = new RouterLoop(socket, owner, gone, doors)
  void loop.receive()
  return {
    endpoint: socket.lastEndpoint ?? endpoint,
    get peers() {
      return loop.peers
    },
    close: () => {
      loop.close()
      shutGate?.()
      doors?.close()
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
  readonly #doors: Doors | undefined
  readonly #peers = new Map<string, Peer>()
  readonly #ready = new Set<Peer>()
  /** Who was heard last. */
  #last: Peer | undefined
  #writing = false
  #share = new Share()

  constructor(socket: Router, owner: RouterOwner, gone: string, doors: Doors | undefined) {
    this.#socket = socket
    this.#owner = owner
    this.#gone = Buffer.from(gone)
    this.#doors = doors
  }

  get peers(): number {
    return this.#peers.size
  }

  receive(): Promise<void> {
    return hear(this.#socket, (parts) => {
      const [id, first, second] = parts
      if (id === undefined) return
      if (parts.length === 2 && first !== undefined && this.#isGone(first)) {
        const key = id.toString('latin1')
        this.#doors?.ended(key)
        return this.#forget(key)
      }
      if (parts.length === 2 && first?.length === 0) {
        if (this.#doors?.begins(id.toString('latin1'))) return
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

  #isGone(frame: Buffer): boolean {
    return frame.length === this.#gone.length && this.#gone.equals(frame)
  }

  #hear(id: Buffer, body: Buffer, delimited: boolean): void {
    const peer = this.#last?.id.equals(id) ? this.#last : this.#another(id)
    if (peer.cut) return
    peer.delimited = delimited
    if (this.#isOut(peer)) this.#refuse(peer, body)
    else peer.connection?.receive(body)
  }

  /** Somebody else than was heard last. */
  #another(id: Buffer): Peer {
    const key = id.toString('latin1')
    const peer = this.#peers.get(key) ?? this.#open(id, key)
    // Set again, so that the map's order is that of who was heard last.
    this.#peers.delete(key)
    this.#peers.set(key, peer)
    this.#last = peer
    return peer
  }

  /** Whether the peer may not speak, or not any more. */
  #isOut(peer: Peer): boolean {
    return peer.isOut || (this.#doors !== undefined && !this.#doors.isOpen(peer.key))
  }

  /** The peer may not speak any more: what it asked for and follows ends for it, and each of its frames is refused. */
  #refuse(peer: Peer, body?: Uint8Array): void {
    if (!peer.isOut) {
      peer.isOut = true
      peer.queue = []
      peer.bytes = 0
      peer.connection?.closed()
      this.#doors?.shutOut(peer.key)
    }
    const word = peer.queue.length < REFUSALS_MAX ? peer.connection?.refusal?.(body) : undefined
    if (word !== undefined) this.#enqueue(peer, word)
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
      lost: 0,
      isSending: false,
      isOut: false,
      connection: undefined,
    }
    peer.connection = this.#owner.open({
      send: (bytes) => this.#post(peer, bytes),
      isBehind: () =>
        peer.queue.length > WIRE.behindFrames || peer.bytes > WIRE.queueBytes / WIRE.behindShare,
    })
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
    const { connection } = peer
    peer.connection = undefined
    if (peer.cut) return
    peer.cut = true
    connection?.closed()
  }

  /** The peer does not read: what waits for it is given up, and one small frame says so, once there is room. */
  #cut(peer: Peer): void {
    peer.cut = true
    // What becomes of a frame that ZeroMQ is being asked to take is seen when it answers.
    peer.lost = peer.queue.length - (peer.isSending ? 1 : 0)
    peer.queue = []
    peer.bytes = 0
    peer.connection?.closed()
    if (peer.connection?.farewell === undefined) return this.#forget(peer.key)
    this.#ready.add(peer)
  }

  /** The next frame for a peer: of its queue, or, when it was cut, its last one, which is made when it can leave. */
  #nextFor(peer: Peer): Uint8Array | undefined {
    return peer.cut ? peer.connection?.farewell?.(peer.lost) : peer.queue[0]
  }

  #post(peer: Peer, body: Uint8Array): boolean {
    if (peer.cut || peer.isOut) return false
    if (this.#isOut(peer)) {
      this.#refuse(peer)
      return false
    }
    if (peer.queue.length >= WIRE.queueFrames || peer.bytes + body.length > WIRE.queueBytes) {
      this.#cut(peer)
      return false
    }
    this.#enqueue(peer, body)
    return true
  }

  #enqueue(peer: Peer, body: Uint8Array): void {
    peer.queue.push(body)
    peer.bytes += body.length
    this.#ready.add(peer)
    if (!this.#writing) void this.#write()
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#ready.size > 0 && !this.#socket.closed) {
      let stuck = true
      this.#share = new Share()
      for (const peer of this.#ready) if (await this.#drain(peer)) stuck = false
      if (stuck) await new Promise((resolve) => setTimeout(resolve, WIRE.retry))
    }
    this.#writing = false
  }

  /** Sends a share of what is queued for one peer; false when it is full. */
  async #drain(peer: Peer): Promise<boolean> {
    for (let isLast = false; !isLast; ) {
      const body = this.#nextFor(peer)
      if (body === undefined) break
      isLast = peer.cut
      peer.isSending = true
      try {
        await this.#socket.send(peer.delimited ? [peer.id, null, body] : [peer.id, body])
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') {
          // While it was tried the peer may have been cut, and then this one never leaves either.
          if (peer.cut && !isLast) peer.lost++
          return false
        }
        // The peer left, or the socket is closed: nobody is there to be told.
        this.#forget(peer.key)
        return true
      } finally {
        peer.isSending = false
      }
      if (peer.queue[0] === body) {
        peer.queue.shift()
        peer.bytes -= body.length
      }
      if (isLast || !this.#share.isOver()) continue
      await nextTurn()
      this.#share = new Share()
      return true
    }
    this.#ready.delete(peer)
    if (peer.cut) this.#forget(peer.key)
    return true
  }
}
