// Owns: where a kernel may be reached: this machine's own loopback, or a socket in a folder.
// Leaves: who may connect to the token in Hello, and to gate.ts.
// Laws: BR40 nothing is bound that another machine could reach, or a page in a browser.
import { kernelFault } from '../faults.ts'

/** `tcp://127.0.0.1:7000` or `tcp://[::1]:*`: numbers only, since a name could be told to mean anything. */
const LOOPBACK = /^tcp:\/\/(?:127\.0\.0\.1|\[::1\]):(?:\*|[0-9]{1,5})$/
/** `ipc:///a/folder/socket`. A path that begins with `@` would be a name that every process of the machine can open. */
const SOCKET = /^ipc:\/\/[^@*]/

const REMEDY = 'Serve on tcp://127.0.0.1:*, or on ipc:// with a path in a folder of your own.'

/** Faults POLICY unless the endpoint is loopback TCP by number, or a Unix socket with a path. */
export function checkEndpoint(endpoint: string): void {
  if (LOOPBACK.test(endpoint) || SOCKET.test(endpoint)) return
  throw kernelFault('POLICY', `${JSON.stringify(endpoint)} ${reasonAgainst(endpoint)}`, {}, REMEDY)
}

/** True for an endpoint that takes IPv6. */
export function isIpv6(endpoint: string): boolean {
  return endpoint.startsWith('tcp://[')
}

function reasonAgainst(endpoint: string): string {
  const kind = /^([a-z0-9+.-]+):\/\//i.exec(endpoint)?.[1]?.toLowerCase()
  switch (kind) {
    case 'tcp':
      return 'could be reached from other machines, or is no address by number and port'
    case 'ws':
    case 'wss':
      return 'could be reached by any page in a browser, since ZeroMQ does not look at its origin'
    case 'ipc':
      return 'is no socket in a folder, whose owner says who may enter'
    default:
      return 'is of no kind that a kernel serves'
  }
}
