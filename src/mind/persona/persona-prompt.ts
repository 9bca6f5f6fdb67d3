// Owns: the messages with which a model is asked to speak as a persona, within the budget of its context.
// Leaves: which facet to routing.ts; the model to a provider.
// Laws: MI52 the persona's part of a prompt is the same for every question of one facet, so that it is evaluated once.
// MI53 a prompt fits the model's context: what was said before is left out oldest first, and a text that is too long is
// refused with the limit. MI54 a persona that comes second is given the words of those before, by name.
import type { Heard, PersonaInquiry } from '#objects'
import { estimateTokens } from '../context.ts'
import { mindFault } from '../faults.ts'
import { MIND_LIMITS } from '../limits.ts'
import type { ChatMessage } from '../provider.ts'
import { routeOf } from './routing.ts'

/** Small models repeat what they have just read unless they are told not to. */
const SECOND =
  'Do not repeat it: say in words of your own what follows from it, what is missing, or where it is wrong.'

/** All messages for one answer of a persona. Faults LIMIT. */
export function personaMessages(inquiry: PersonaInquiry): ChatMessage[] {
  const { name, voice, text } = inquiry
  const route = routeOf(inquiry)
  const system = route.text === '' ? voice : `${voice} ${route.text}`
  const { personaVoiceTokens, personaTextTokens } = MIND_LIMITS
  refuseLong(`the voice of ${name} with its facet`, system, personaVoiceTokens)
  refuseLong('the question', text, personaTextTokens)
  const heard = recent(inquiry.heard)
  const said = heard.map((one) => `\n${one.name} says: ${one.text}`).join('')
  const turn = heard.length === 0 ? '' : `\nNow you, ${name}. ${SECOND}`
  return [
    { role: 'system', content: system },
    { role: 'user', content: `${text}${said}${turn}` },
  ]
}

/** The newest things said that fit, in their order. Faults LIMIT when not even the newest does. */
function recent(heard: readonly Heard[]): Heard[] {
  const kept: Heard[] = []
  let left: number = MIND_LIMITS.personaHeardTokens
  for (const one of heard.toReversed()) {
    left -= tokensOf(one)
    if (left < 0) break
    kept.unshift(one)
  }
  const last = heard.at(-1)
  if (kept.length === 0 && last !== undefined) {
    refuseLong(
      `what ${last.name} said`,
      `${last.name} says: ${last.text}`,
      MIND_LIMITS.personaHeardTokens,
    )
  }
  return kept
}

const tokensOf = ({ name, text }: Heard) => estimateTokens(`${name} says: ${text}`)

function refuseLong(what: string, text: string, limit: number): void {
  const tokens = estimateTokens(text)
  if (tokens <= limit) return
  throw mindFault(
    'LIMIT',
    `${what} takes about ${tokens} tokens; the limit is ${limit}`,
    { tokens, limit },
    'Say it in fewer words, or ask about one part at a time.',
  )
}
