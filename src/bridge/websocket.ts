// Owns: the page's WebSockets: who may open one, how large a frame is, what happens to a peer that does not read.
// Leaves: the meaning of a frame, and the token in it, to the acceptor; files to page.ts.
// Laws: BR32 only our own origin may upgrade.  BR34 one binary frame is one message, 16 MiB at most.
// BR35 a peer that does not read is closed with 1013 before it costs more than 16 MiB.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { WIRE_LIMITS } from './protocol.ts'

/** The path at which the page opens its WebSocket. */
export const SOCKET_PATH = '/ws'

/** Bytes that may wait for one peer to read them. The largest frame fits once; a second one means that nobody reads. */
export const WAITING_BYTES_MAX = 16 * 1024 * 1024

/** Part of that from which on what can wait for the peer does. */
const BEHIND_SHARE = 8

/** WebSockets open at a time: more tabs than a person has, few enough that a runaway page costs little. */
export const SOCKETS_MAX = 64

/** What a bridge is told of one connection: its frames in order, then once that it has ended. */
export interface Connection {
  receive(frame: Uint8Array): void
  closed(): void
}

/** The way back to a peer. `send` answers false when the bytes were not taken; the peer is gone or going then. */
export interface WebSocketPeer {
  kind: 'websocket'
  send(bytes: Uint8Array): boolean
  isBehind(): boolean
  close(code: number, reason: string): void
}

/** Whoever handles the messages of connections. It checks tokens: a connection alone proves nothing. */
export interface Acceptor {
  open(peer: WebSocketPeer): Connection
}

/** The host names under which a page on this machine may be addressed. */
export function ownHosts(port: number): ReadonlySet<string> {
  return new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
}

/**
 * Whether a request's Host is ours. Another name that leads to this machine is how a foreign page
 * would read from it (DNS rebinding), so the name is compared and not what it resolves to.
 */
export function isOwnHost(request: IncomingMessage, hosts: ReadonlySet<string>): boolean {
  return request.headers.host !== undefined && hosts.has(request.headers.host)
}

/** The sockets of one page server. */
export class PageSockets {
  readonly #acceptor: Acceptor
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: WIRE_LIMITS.frameBytes,
    perMessageDeflate: false,
    clientTracking: true,
  })

  constructor(acceptor: Acceptor) {
    this.#acceptor = acceptor
  }

  /** Answers an upgrade: a WebSocket when path, Host and Origin are ours, else an HTTP refusal. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    hosts: ReadonlySet<string>,
  ): void {
    // A peer that vanishes during the handshake is no event for anybody.
    socket.on('error', () => socket.destroy())
    if (!isOwnHost(request, hosts)) return refuse(socket, '403 Forbidden')
    if (request.headers.origin !== `http://${request.headers.host}`) {
      return refuse(socket, '403 Forbidden')
    }
    if (request.url !== SOCKET_PATH) return refuse(socket, '404 Not Found')
    if (this.#server.clients.size >= SOCKETS_MAX) return refuse(socket, '503 Service Unavailable')
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#accept(opened))
  }

  /** Closes every socket with 1001; those that do not answer are cut. */
  close(): void {
    for (const socket of this.#server.clients) {
      socket.close(1001, 'the kernel is closing')
      // A process that ends must not wait for a page that sleeps.
      setTimeout(() => socket.terminate(), 500).unref()
    }
    this.#server.close()
  }

  #accept(socket: WebSocket): void {
    const connection = this.#acceptor.open({
      kind: 'websocket',
      send: (bytes) => sendTo(socket, bytes),
      isBehind: () => socket.bufferedAmount > WAITING_BYTES_MAX / BEHIND_SHARE,
      close: (code, reason) => socket.close(code, reason),
    })
    socket.on('message', (data, isBinary) => {
      if (!isBinary) return socket.close(1003, 'frames are binary')
      connection.receive(data as Buffer)
    })
    // Too long a frame or a broken one: `ws` has closed the socket with the right code, and 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => connection.closed())
  }
}

function sendTo(socket: WebSocket, bytes: Uint8Array): boolean {
  if (socket.readyState !== socket.OPEN) return false
  if (socket.bufferedAmount + bytes.length > WAITING_BYTES_MAX) {
    socket.close(1013, 'slow consumer')
    return false
  }
  socket.send(bytes, { binary: true })
  return true
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
