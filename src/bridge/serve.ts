// Owns: turning connections of any transport into sessions.
// Leaves: the transports to kernel/zmq, websocket.ts and the library.
import { Conversations } from './conversation.ts'
import type { Dispatcher } from './dispatch.ts'
import { type BridgePeer, Session } from './session.ts'

/** What a transport hands its connections to. */
export interface Served {
  open(peer: BridgePeer): { receive(bytes: Uint8Array): void; closed(): void }
}

/** Serves a kernel. With a token nothing is heard before a Hello that carries it. */
export function serve(dispatcher: Dispatcher, token: string | undefined): Served {
  const conversations = new Conversations()
  return { open: (peer) => new Session(peer, dispatcher, token, { conversations }) }
}
