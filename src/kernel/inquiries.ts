// Owns: answering what turns ask beside the image: a persona's words, and the Crucible's cases.
// Leaves: speaking for a persona to the adviser handed in; the cases to cases.ts; recording the answer to needs.ts.
// Laws: KN110 what a turn asks of a persona or of the Crucible is answered outside of it, and a fault is an answer too.
import { asFault } from '#ground'
import type { Facet, Inquiry, NeedOutcome, PersonaInquiry } from '#objects'
import type { Cases } from './cases.ts'
import { kernelFault } from './faults.ts'
import type { KernelEvent } from './learner.ts'

/** What a persona said, and how it came to be asked so. */
export interface Spoken {
  persona: string
  text: string
  /** The facet that was chosen, null when the voice alone spoke. */
  facet: Pick<Facet, 'name' | 'kind' | 'purpose'> | null
  /** Why that facet, in a sentence. */
  why: string
  model: string
  promptTokens: number
  completionTokens: number
  milliseconds: number
}

/** How a persona would be asked. */
export interface Routed {
  purpose: string
  facet: Pick<Facet, 'name' | 'kind' | 'purpose'> | null
  why: string
}

/** Speaks for personas. */
export interface Adviser {
  readonly name: string
  /** The facet for a question, and why; no model is asked. */
  route(inquiry: PersonaInquiry): Routed
  /** Rejects with a fault, or with the signal's reason. `tell` hears `speaking` once, then each `token`. */
  speak(
    inquiry: PersonaInquiry,
    tell: (event: KernelEvent) => void,
    signal: AbortSignal,
  ): Promise<Spoken>
}

export class Inquiries {
  readonly #adviser: Adviser | undefined
  readonly #cases: Cases

  constructor(adviser: Adviser | undefined, cases: Cases) {
    this.#adviser = adviser
    this.#cases = cases
  }

  /** What a question came to: an answer as a stored value, or why there is none. Never rejects. */
  async outcome(
    inquiry: Inquiry,
    tell: (event: KernelEvent) => void,
    signal: AbortSignal,
  ): Promise<NeedOutcome> {
    try {
      if (inquiry.of === 'cases') return { value: this.#cases.list() }
      if (inquiry.of === 'case') return { value: this.#cases.get(inquiry.id) }
      if (this.#adviser === undefined) {
        throw kernelFault('POLICY', 'this kernel has nothing that speaks for personas')
      }
      const { text } = await this.#adviser.speak(inquiry, tell, signal)
      return { value: text }
    } catch (error) {
      const fault =
        asFault(error)?.toRecord() ??
        kernelFault('METHOD_FAILED', `the question broke: ${String(error)}`).toRecord()
      return { fault }
    }
  }
}
