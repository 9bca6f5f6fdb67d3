// Owns: a provider that says what it is told to, for tests of what is built on providers.
// Leaves: nothing; it is never chosen by the product.
// Laws: MI2 and MI3 hold for it as for every provider.
import { mindFault } from '../faults.ts'
import type { ChatMessage, Completion, CompletionRequest, Provider } from '../provider.ts'

/** Answers one after the other, the last again and again, or a function of the request and of how many came before it. */
export type Script =
  | readonly string[]
  | ((request: CompletionRequest, nth: number, signal: AbortSignal) => string | Promise<string>)

export class ScriptedProvider implements Provider {
  readonly name = 'scripted'
  /** Everything that was asked, in order. */
  readonly asked: CompletionRequest[] = []
  readonly warmed: ChatMessage[][] = []
  readonly #script: Script

  constructor(script: Script) {
    this.#script = script
  }

  async complete(
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion> {
    signal.throwIfAborted()
    const nth = this.asked.push(request) - 1
    const script = this.#script
    const text =
      typeof script === 'function'
        ? await script(request, nth, signal)
        : (script[nth] ?? script.at(-1))
    signal.throwIfAborted()
    if (text === undefined) throw mindFault('GENERATION_FAILED', 'the script has no answers')
    const tokens = text.match(/\s*\S+|\s+$/g) ?? []
    for (const token of tokens) onToken(token)
    const promptTokens = request.messages.reduce((sum, one) => sum + one.content.length, 0)
    return { text, promptTokens, completionTokens: tokens.length, milliseconds: 0 }
  }

  async warm(messages: ChatMessage[]): Promise<void> {
    this.warmed.push(messages)
  }

  async close(): Promise<void> {}
}
