// Owns: asking a kernel by a session of its own, as a client over any transport does.
// Leaves: what the operations are to the bridge; following to followers.ts.
// Laws: BR10 a request has one answer.
import { pack, serve, unpack } from '#bridge'
import type { FaultRecord } from '#ground'
import type { Answer, Kernel } from '#kernel'
import { encodeValue } from '#objects'

interface Reply {
  id: number
  ok: boolean
  tid?: string
  result?: Record<string, unknown>
  fault?: FaultRecord
}

/** Whoever a client's session talks to. */
export function open(kernel: Kernel, send: (bytes: Uint8Array) => void) {
  const served = serve(
    { kernel, server: 'simulated', image: 'bank', status: () => ({}) },
    undefined,
  )
  return served.open({
    send: (bytes) => {
      send(bytes)
      return true
    },
  })
}

/** Asks, and tells what is to be compared as the answer. */
function ask(
  { kernel, author }: { kernel: Kernel; author: string },
  request: { op: string } & Record<string, unknown>,
  read: (result: Record<string, unknown>) => unknown,
): Promise<Answer> {
  return new Promise((resolve) => {
    const peer = open(kernel, (bytes) => {
      const { id, fault, result, tid } = unpack(bytes) as Reply
      if (id !== 2) return
      if (fault !== undefined) return resolve({ ok: false, fault })
      const value = encodeValue(read(result ?? {}))
      resolve({ ok: true, result: value, tid: tid === undefined ? null : Number(tid) })
    })
    peer.receive(pack({ v: 1, id: 1, op: 'HelloCommand', client: author }))
    peer.receive(pack({ v: 1, id: 2, ...request }))
  })
}

/** Takes a transaction back. */
export function undo(kernel: Kernel, tid: number, author: string): Promise<Answer> {
  return ask({ kernel, author }, { op: 'UndoCommand', tid: String(tid) }, () => null)
}

/** The number of a counter, looked at without a message to it. */
export function view(kernel: Kernel, target: string, author: string): Promise<Answer> {
  return ask({ kernel, author }, { op: 'GetFullStateCommand', target }, ({ slots }) => {
    return (slots as { name: string; value: unknown }[]).find(({ name }) => name === 'n')?.value
  })
}
