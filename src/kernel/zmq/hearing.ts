// Owns: what every socket of ours has in common: it never keeps the process, and the event loop has its turn while it hears.
// Leaves: sending, and what is heard, to router.ts, dealer.ts and gate.ts.
// Laws: BR5 however many frames arrive, timers and other sockets get their turn between them.
import { context, type Dealer, type Router } from 'zeromq'

// A process ends when its work is done, whatever a gone peer has not read.
context.blocky = false

export const WIRE = {
  /**
   * Largest frame that a ROUTER takes, bytes; one over it ends the connection. It is more than the bridge takes, so that
   * a frame which is somewhat too large is refused with a word.
   */
  frameBytes: 20 * 1024 * 1024,
  /** Largest frame that a client takes, bytes. */
  replyBytes: 64 * 1024 * 1024,
  /** Frames queued for one peer that does not read; then it is cut. */
  queueFrames: 10_000,
  /** Bytes queued for one peer; then it is cut. */
  queueBytes: 32 * 1024 * 1024,
  /** Milliseconds before a full peer is tried again. */
  retry: 5,
  /** Frames received or sent before timers get their turn: what is done for so many takes a few milliseconds. */
  yieldEvery: 64,
  /** Peers remembered; the longest silent one is forgotten first. */
  peers: 10_000,
  /** Attempts at an address that is still held by a socket that is going, and milliseconds between them. */
  bindings: 5,
  bindPause: 50,
} as const

/** Resolves when the event loop has been around. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The code of an error of ZeroMQ or of the system. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code
}

/**
 * Hands each message of a socket on until the socket is closed. The socket's own iterator does the same and takes a
 * promise more for each.
 */
export async function hear(socket: Router | Dealer, on: (parts: Buffer[]) => void): Promise<void> {
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
