// Owns: `tell`: a person's words as messages that the kernel can take, or a refusal that says what was thought of.
// Leaves: sending them, in order and once, to the bridge.
// Laws: TL3 what is not sure is refused with GENERATION_REFUSED, and nothing is sent.
import type { Example, Head } from '#kernel'
import type { Oid } from '#objects'
import { mindFault } from '../faults.ts'
import type { Provider } from '../provider.ts'
import { decide } from './deciding.ts'
import type { TellCall } from './sureness.ts'
import { surroundingsOf } from './surroundings.ts'

/** A message as the wire has it. `intent` is there when it is a new one. */
export interface ToldMessage {
  target: string
  oid: string
  selector: string
  args: unknown[]
  intent?: string
}

/** What telling needs of the kernel. */
export interface TellPlace {
  head: Head
  examples: (holder: Oid, selector: string) => Example[]
}

export interface TellOrder {
  text: string
  target?: { name: string; oid: Oid }
  signal: AbortSignal
  onProgress?: (detail: string) => void
}

export class Teller {
  readonly #open: () => Promise<Provider>

  /** `open` is asked at the first words, so that starting costs no model. */
  constructor(open: () => Promise<Provider>) {
    this.#open = open
  }

  /** What the words come to. Faults GENERATION_REFUSED when that is not sure, GENERATION_FAILED when the model fails. */
  async plan(place: TellPlace, order: TellOrder): Promise<ToldMessage[]> {
    const provider = await this.#open()
    order.signal.throwIfAborted()
    const told = surroundingsOf(place.head, order.text, order.target, place.examples)
    order.onProgress?.(`${provider.name} reads it`)
    const decision = await decide(provider, told, order.signal)
    const oids = new Map(told.objects.map(({ name, oid }) => [name, oid]))
    const messagesOf = (calls: readonly TellCall[]) =>
      calls.map((call) => toldMessage(call, order.text, oids))
    if (decision.sure) return messagesOf(decision.calls)
    const options = decision.options.map((calls) => ({ messages: messagesOf(calls) }))
    throw mindFault('GENERATION_REFUSED', `not sure what is meant: ${decision.why}`, {
      why: decision.why,
      options,
    })
  }
}

function toldMessage(
  { object, selector, args, known }: TellCall,
  text: string,
  oids: ReadonlyMap<string, string>,
): ToldMessage {
  return {
    target: object.name,
    oid: object.oid,
    selector,
    args: args.map((one) => wireValue(one, oids)),
    ...(known === undefined ? { intent: text } : {}),
  }
}

/** A value with references in place of names. */
function wireValue(value: unknown, oids: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => wireValue(one, oids))
  if (typeof value !== 'object' || value === null) return value
  if ('named' in value) return { $ref: oids.get(String(value.named)) }
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, wireValue(part, oids)]),
  )
}
