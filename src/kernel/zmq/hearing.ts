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
  /** Frames, and the part of the bytes, from which on what can wait for the peer does: enough to keep it busy. */
  behindFrames: 512,
  behindShare: 8,
  /** Milliseconds before a full peer is tried again. */
  retry: 5,
  /**
   * Frames received or sent before timers get their turn, and milliseconds, whichever comes first. A frame is most often done in
   * some microseconds, and a turn of the event loop costs as much as a few of them; one that takes long counts by its time.
   */
  yieldEvery: 64,
  yieldAfter: 4,
  /** Peers remembered; the longest silent one is forgotten first. */
  peers: 10_000,
  /** Attempts at an address that is still held by a socket that is going, and milliseconds between them. */
  bindings: 5,
  bindPause: 50,
} as const

/** What is done between two turns of the event loop: so many frames, or for so long. */
export class Share {
  #frames = 0
  #end = performance.now() + WIRE.yieldAfter

  /** Counts a frame; true when the event loop should go round now. */
  isOver(): boolean {
    return ++this.#frames >= WIRE.yieldEvery || performance.now() >= this.#end
  }
}

/** Resolves when the event loop has been around. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The code of an error of ZeroMQ or of the system. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code
}

/** Messages of a burst before which the socket is asked whether another is there; later ones are just tried for. */
const YOUNG = 8

/**
 * Hands each message of a socket on until the socket is closed. While a receive is pending, ZeroMQ asks the system about it
 * at every send, and each such receive asks once more; so what is there is taken in a burst that does not wait, and the
 * event loop goes round before anything is waited for.
 */
export async function hear(socket: Router | Dealer, on: (parts: Buffer[]) => void): Promise<void> {
  while (!socket.closed) {
    try {
      await burst(socket, on)
      await nextTurn()
      if (socket.closed) return
      // A burst follows at once: a peer that has gone is let go of by the attempt to read on.
      if (!socket.readable) on(await socket.receive())
    } catch (error) {
      if (socket.closed) return
      throw error
    }
  }
}

/** Hands on what is there, up to what one turn of the event loop may take. */
async function burst(socket: Router | Dealer, on: (parts: Buffer[]) => void): Promise<void> {
  if (socket.closed || !socket.readable) return
  socket.receiveTimeout = 0
  const share = new Share()
  for (let count = 0; ; count++) {
    if (count > 0 && count < YOUNG && !socket.readable) break
    let parts: Buffer[]
    try {
      parts = await socket.receive()
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') break
      throw error
    }
    on(parts)
    if (socket.closed) return
    if (share.isOver()) break
  }
  socket.receiveTimeout = -1
}
