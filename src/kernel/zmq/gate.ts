// Owns: who may connect to a ROUTER with CURVE: the handler that ZeroMQ asks about each key, and the keys' text.
// Leaves: which keys are allowed to whoever opens the gate; where keys are kept to the composition root.
// Laws: BR41 a server with keys is not bound before its gate is open. BR42 a key that is not allowed is refused and told.
import { type Context, curveKeyPair, Router } from 'zeromq'
import { kernelFault } from '../faults.ts'
import type { Doors } from './doors.ts'
import { hear } from './hearing.ts'

/** Where ZeroMQ looks for the handler of a context. */
const HANDLER = 'inproc://zeromq.zap.01'
const VERSION = '1.0'
/** Refused keys that were told already; a client tries again several times a second. */
const TOLD_MAX = 1_000

/** Two texts of 40 characters, as ZeroMQ writes keys. */
export interface CurveKeys {
  publicKey: string
  secretKey: string
}

/** A server's keys and whom it lets in. */
export interface CurveServer extends CurveKeys {
  /** The public keys that may connect, asked at each connection. */
  allow(): readonly string[] | Promise<readonly string[]>
  /** Whether a key that came in may still speak, asked at each frame of its connection. Left out, who is in stays in. */
  isAllowed?(key: string): boolean
  /** Told once of each public key that was refused, or of a list that could not be read. */
  onRefused?(what: string): void
}

/** What a client needs to connect to a server with keys. */
export interface CurveClient extends CurveKeys {
  serverKey: string
}

const DIGITS =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const KEY = /^[0-9a-zA-Z.:+=^!/*?&<>()[\]{}@%$#-]{40}$/

/** A new pair of keys. */
export function makeCurveKeys(): CurveKeys {
  return curveKeyPair()
}

/** True for a text that could be a key: 40 characters of Z85. */
export function isCurveKey(text: unknown): boolean {
  return typeof text === 'string' && KEY.test(text)
}

/** Faults POLICY unless every text is a key. `where` names them. */
export function checkCurveKeys(where: string, keys: Record<string, unknown>): void {
  for (const [name, key] of Object.entries(keys)) {
    if (isCurveKey(key)) continue
    throw kernelFault(
      'POLICY',
      `${where}.${name} is no key`,
      {},
      'A key is a text of 40 characters, as `curveKeyPair` makes it.',
    )
  }
}

/** Z85: four bytes are five digits. */
function keyText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    let rest = view.getUint32(at)
    let five = ''
    for (let i = 0; i < 5; i++) {
      five = `${DIGITS[rest % 85]}${five}`
      rest = Math.floor(rest / 85)
    }
    text += five
  }
  return text
}

/**
 * Opens the gate of a context: ZeroMQ asks it about every client of every CURVE server of that context.
 * Faults POLICY when it cannot be opened; then no server may be bound. `doors` are told of each key before it comes in.
 */
export async function openGate(
  context: Context,
  server: CurveServer,
  doors?: Doors,
): Promise<() => void> {
  checkCurveKeys('curve', { publicKey: server.publicKey, secretKey: server.secretKey })
  const socket = new Router({ context, linger: 0, mandatory: true, sendTimeout: 0 })
  try {
    await socket.bind(HANDLER)
  } catch (error) {
    socket.close()
    const why = error instanceof Error ? error.message : String(error)
    throw kernelFault(
      'POLICY',
      `nobody would look at the keys of clients, so nothing is served: ${why}`,
      {},
      'Start the kernel in a process of its own.',
    )
  }
  const told = new Set<string>()
  const tell = (what: string) => {
    if (told.has(what) || told.size >= TOLD_MAX) return
    told.add(what)
    server.onRefused?.(what)
  }
  // One answer after the other: a socket has one writer.
  let answered: Promise<void> = Promise.resolve()
  void hear(socket, (parts) => {
    answered = answered.then(async () => {
      const [id, , version, request, , , , mechanism, credential] = parts
      if (id === undefined || request === undefined) return
      const isOurs = String(version) === VERSION && String(mechanism) === 'CURVE'
      const key = isOurs && credential?.length === 32 ? keyText(credential) : undefined
      const isAllowed = key !== undefined && (await allows(server, key, tell))
      if (!isAllowed) tell(`a client whose key ${key ?? 'has no form'} is not allowed was refused`)
      if (socket.closed) return
      const entered = isAllowed ? doors?.enter(key) : undefined
      const [status, text] = isAllowed ? ['200', 'OK'] : ['400', 'the key is not allowed']
      await socket.send([id, '', VERSION, request, status, text, '', ''])
      await entered
    })
  })
  return () => socket.close()
}

/** Whether a key is on the list. A list that cannot be read lets nobody in. */
async function allows(
  server: CurveServer,
  key: string,
  tell: (what: string) => void,
): Promise<boolean> {
  try {
    return (await server.allow()).includes(key)
  } catch (error) {
    tell(`the list of keys could not be read: ${error instanceof Error ? error.message : error}`)
    return false
  }
}
