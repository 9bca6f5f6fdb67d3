// Owns: what goes to a worker with a batch: the receivers that it does not have.
// Leaves: answering what it asks for besides to link.ts; what it may use of it to sandbox/turns.ts.
// Laws: KN106 a turn finds its receiver as the turns before it left it, whether it was given or asked for.
import { asFault } from '#ground'
import type { Oid } from '#objects'
import type { Head } from './head.ts'
import type { Ticket } from './sequence.ts'

/** Bytes of receivers that go with one batch; the worker asks for the others one by one. */
const GIVEN_BYTES = 1024 * 1024

/**
 * Oids and payloads by turns, of the receivers of a batch that are not `known`, which they are from here on. In an image of
 * many objects nearly every message goes to one that the worker does not have, and asking takes both processes a turn.
 */
export function receivers(
  batch: readonly Ticket[],
  known: Set<Oid>,
  head: Head,
): (Oid | Uint8Array)[] {
  const given: (Oid | Uint8Array)[] = []
  let bytes = 0
  for (const { turn } of batch) {
    if (turn[0] !== 'send' || known.has(turn[1].target)) continue
    const payload = payloadOf(turn[1].target, head)
    if (payload === undefined) continue
    bytes += payload.length
    if (bytes > GIVEN_BYTES) break
    known.add(turn[1].target)
    given.push(turn[1].target, payload)
  }
  return given
}

/** What cannot be read is not given: the worker asks for it and is told the fault. */
function payloadOf(oid: Oid, head: Head): Uint8Array | undefined {
  try {
    return head.payload(oid)
  } catch (thrown) {
    if (asFault(thrown) === undefined) throw thrown
    return undefined
  }
}
