// Owns: what the running turn has asked for that the image does not have, and what is known of it from attempts before.
// Leaves: ending the turn to world.ts; meeting a need to the kernel.
// Laws: OB44 the outcome of a need is found by its kind, by what is asked, and by which of several equal ones it is.
// OB45 an outcome that an attempt did not ask for is named when the attempt ends in a need.
import type { Inquiry } from './inquiry.ts'
import type { HttpRequest } from './request.ts'
import type { HttpNeed, InquiryNeed } from './signal.ts'
import type { NeedOutcome, TurnFrame } from './turn.ts'

export class Needs {
  readonly #equal = new Map<string, number>()
  readonly #asked = new Set<string>()

  /** Begins an attempt. */
  begin(): void {
    if (this.#asked.size === 0) return
    this.#equal.clear()
    this.#asked.clear()
  }

  /** The need for the answer of a request: the n-th equal one of this attempt. */
  http(request: HttpRequest): HttpNeed {
    return { kind: 'http', request, n: this.#count(`http ${JSON.stringify(request)}`) }
  }

  /** The need for the answer of a question: the n-th equal one of this attempt. */
  inquiry(inquiry: Inquiry): InquiryNeed {
    return { kind: 'inquiry', inquiry, n: this.#count(`inquiry ${JSON.stringify(inquiry)}`) }
  }

  #count(text: string): number {
    const n = this.#equal.get(text) ?? 0
    this.#equal.set(text, n + 1)
    return n
  }

  /** What is known of a need, by its key. */
  outcome(key: string, frame: TurnFrame): NeedOutcome | undefined {
    this.#asked.add(key)
    return frame.outcomes?.[key]
  }

  /** Keys of the outcomes that this attempt did not ask for. */
  stale(frame: TurnFrame): string[] {
    return Object.keys(frame.outcomes ?? {}).filter((key) => !this.#asked.has(key))
  }
}
