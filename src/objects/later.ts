// Owns: what `mirror` gives guest code for what is not of this turn: messages for later, requests to other hosts, and
// questions to personas and to the Crucible.
// Leaves: what a turn may post to posting.ts; ending a turn by a need to world.ts; doing any of it to the kernel.
// Laws: OB40 what a turn posts is part of what it leaves. OB46 a turn can need the answer of a request only if it may be
// made again.
import { Fault } from '#ground'
import { objectFault, sealFault } from './faults.ts'
import { readInquiry } from './inquiry.ts'
import type { ObjectState } from './object.ts'
import { postingDelay } from './posting.ts'
import { isRepeatable, readRequest } from './request.ts'
import { toLive } from './value.ts'
import type { World } from './world.ts'

/** The functions of `mirror` for what is not of this turn, over how it reads an object and a name. */
export function makeLater(
  world: World,
  objectOf: (value: unknown) => ObjectState,
  text: (value: unknown) => string,
) {
  const answerOf = (given: unknown) => {
    const outcome = world.outcomeOf(world.needs.inquiry(readInquiry(given)))
    if ('fault' in outcome) throw sealFault(new Fault(outcome.fault))
    return toLive(world.stored(outcome.value), world.handleOf)
  }
  return {
    /** What a persona, any object that has a voice and facets, says to a text, and to what others said before. */
    ask: (object: unknown, asked: unknown, heard?: unknown, purpose?: unknown) => {
      const persona = objectOf(object)
      const slot = (name: string) => world.stored(world.read(persona, name) ?? null)
      return answerOf({
        of: 'persona',
        name: slot('name') ?? undefined,
        voice: slot('voice'),
        facets: slot('facets'),
        text: asked,
        heard: world.stored(heard ?? []),
        purpose: purpose ?? '',
      })
    },
    /** The Crucible's cases, the newest first, in short. */
    cases: () => answerOf({ of: 'cases' }),
    /** All that one case of the Crucible has. */
    case: (id: unknown) => answerOf({ of: 'case', id }),
    /** Sends a message once this turn is kept, so many milliseconds later. Answers when, in milliseconds since 1970. */
    later: (object: unknown, selector: unknown, args?: unknown, milliseconds?: unknown) => {
      const { oid } = objectOf(object)
      const after = postingDelay(milliseconds)
      if (args !== undefined && args !== null && !Array.isArray(args)) {
        throw objectFault('METHOD_FAILED', 'mirror takes arguments as a list')
      }
      const stored = world.stored(args ?? []) as unknown[]
      world.checkOpen()
      world.postings.add({
        kind: 'send',
        target: oid,
        selector: text(selector),
        args: stored,
        after,
      })
      return world.frame.now + after
    },
    /** Calls off the messages of that name to the object that have not left. */
    cancelLater: (object: unknown, selector: unknown) => {
      const { oid, born } = objectOf(object)
      world.checkOpen()
      world.postings.cancel(oid, text(selector), born)
    },
    /** The answer to a request that may be repeated, as a map of status, headers and body. */
    fetch: (given: unknown) => {
      const request = readRequest(world.stored(given))
      if (!isRepeatable(request)) throw onceOnly(request.method)
      const outcome = world.outcomeOf(world.needs.http(request))
      if ('fault' in outcome) throw sealFault(new Fault(outcome.fault))
      return toLive(world.stored(outcome.value), world.handleOf)
    },
    /** Makes a request once this turn is kept; the object gets its answer or its fault as a message with one map. */
    request: (given: unknown, object: unknown, selector: unknown, milliseconds?: unknown) => {
      const { oid } = objectOf(object)
      const after = postingDelay(milliseconds)
      const request = readRequest(world.stored(given))
      world.checkOpen()
      world.postings.add({ kind: 'request', target: oid, selector: text(selector), request, after })
      return world.frame.now + after
    },
  }
}

const onceOnly = (method: string) =>
  objectFault(
    'METHOD_FAILED',
    `a ${method} may do harm when it is made twice, so no message can wait for its answer`,
    undefined,
    'Use mirror.request, or say `idempotent: true` if the server knows idempotency keys.',
  )
