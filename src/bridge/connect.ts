// Owns: connecting a client to a kernel in another process: over ZeroMQ or, given the page's address, a WebSocket.
// Leaves: requests to client.ts.
// Laws: BR16 a kernel is believed when its Hello answers; one that does not in time is not there.
import { connectDealer, type CurveClient } from '#kernel'
import { Client, type Transport, type TransportOwner } from './client.ts'
import { bridgeFault } from './faults.ts'

export interface ConnectOptions {
  /** The token of the image's kernel.json; needed over TCP and WebSocket. */
  token?: string
  /** How this client appears in the history. */
  client?: string
  /** This client's keys and the kernel's public one, for a kernel that was started with keys. */
  curve?: CurveClient
  /** Milliseconds until a kernel that does not answer counts as not there. */
  timeout?: number
}

/** What Hello answered. */
export interface Welcome {
  server: string
  protocol: number
  image: string
}

/** Milliseconds for a kernel's first answer: far more than one needs that is there. */
const TIMEOUT = 5_000

/**
 * Connects to `tcp://`, `ipc://` or the `http://` address of the page. Faults CANCELLED when nobody answers,
 * UNAUTHENTICATED when the token or the key is not taken.
 */
export async function connect(
  address: string,
  options: ConnectOptions = {},
): Promise<Client & { welcome: Welcome }> {
  const web = /^https?:/.test(address)
  const client = new Client((on) =>
    web ? webSocket(address, on) : connectDealer(address, on, options.curve),
  )
  const token = options.token ?? new URLSearchParams(new URL(address).hash.slice(1)).get('token')
  const hello = client.request('HelloCommand', {
    client: options.client ?? 'client',
    ...(token === null ? {} : { token }),
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(bridgeFault('CANCELLED', `no kernel answers at ${address.replace(/#.*/, '')}`)),
      options.timeout ?? TIMEOUT,
    )
  })
  try {
    const welcome = (await Promise.race([hello, late])) as Welcome
    return Object.assign(client, { welcome })
  } catch (error) {
    hello.catch(() => undefined)
    client.close()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function webSocket(address: string, on: TransportOwner): Transport {
  const url = new URL(address)
  url.hash = ''
  url.pathname = '/ws'
  const origin = url.origin
  url.protocol = url.protocol.replace('http', 'ws')
  // Node's own WebSocket takes headers as an extension; the page's server asks for an Origin of its own.
  const socket = new WebSocket(url, { headers: { Origin: origin } } as unknown as string[])
  socket.binaryType = 'arraybuffer'
  const waiting: Uint8Array[] = []
  socket.onopen = () => {
    for (const bytes of waiting.splice(0)) socket.send(bytes as Uint8Array<ArrayBuffer>)
  }
  socket.onmessage = ({ data }) => on.frame(new Uint8Array(data as ArrayBuffer))
  socket.onclose = () => on.lost()
  socket.onerror = () => on.lost()
  return {
    send: (bytes) => {
      if (socket.readyState === WebSocket.CONNECTING) waiting.push(bytes)
      else socket.send(bytes as Uint8Array<ArrayBuffer>)
      return socket.readyState <= WebSocket.OPEN
    },
    close: () => socket.close(),
  }
}
