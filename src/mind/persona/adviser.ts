// Owns: speaking for personas: the facet, the prompt, the model's words as they come.
// Leaves: which object is which persona to the kernel; remembering what was said to whoever asks.
// Laws: MI55 a persona remembers nothing by itself: an answer follows from its slots, the question and what it is told was
// said before. MI56 what was chosen is told before the first word; a question that ends stops its model at once.
import type { Adviser, KernelEvent, Routed, Spoken } from '#kernel'
import type { PersonaInquiry } from '#objects'
import { mindFault } from '../faults.ts'
import { MIND_LIMITS } from '../limits.ts'
import type { Provider } from '../provider.ts'
import { personaMessages } from './persona-prompt.ts'
import { routeOf } from './routing.ts'

/** How warm a persona speaks: its words differ from time to time, its matter does not. */
const WARMTH = 0.4

export class PersonaAdviser implements Adviser {
  readonly name: string
  readonly #provider: () => Promise<Provider>
  #asked = 0

  /** `provider` is asked at the first question, so that starting costs no model. */
  constructor(name: string, provider: () => Promise<Provider>) {
    this.name = name
    this.#provider = provider
  }

  route(inquiry: PersonaInquiry): Routed {
    const { text: _, ...routed } = routeOf(inquiry)
    return routed
  }

  async speak(
    inquiry: PersonaInquiry,
    tell: (event: KernelEvent) => void,
    signal: AbortSignal,
  ): Promise<Spoken> {
    // A text that is too long is refused before a model is opened for it.
    const messages = personaMessages(inquiry)
    const { facet, why } = this.route(inquiry)
    const provider = await this.#provider()
    const model = provider.name
    tell({ kind: 'speaking', persona: inquiry.name, facet: facet?.name ?? null, why, model })
    const seed = ++this.#asked
    const done = await provider.complete(
      { messages, maxTokens: MIND_LIMITS.personaAnswerTokens, temperature: WARMTH, seed },
      (text) => tell({ kind: 'token', text }),
      signal,
    )
    const text = done.text.trim()
    if (text === '') throw mindFault('GENERATION_FAILED', `${inquiry.name} said nothing`)
    const { promptTokens, completionTokens } = done
    const milliseconds = Math.round(done.milliseconds)
    return {
      persona: inquiry.name,
      text,
      facet,
      why,
      model,
      promptTokens,
      completionTokens,
      milliseconds,
    }
  }
}
