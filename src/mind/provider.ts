// Owns: the shape in which any model is asked: messages in, one text out, token by token.
// Leaves: which model and how it runs to providers/; what to ask to prompt.ts.
// Laws: MI2 an aborted request rejects at once with the signal's reason and holds nothing afterwards.
// MI3 tokens arrive in order and joined are the text of the completion.

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** One question. `temperature` 0 is greedy; `grammar` is GBNF and only the embedded model keeps to it. */
export interface CompletionRequest {
  messages: ChatMessage[]
  maxTokens: number
  temperature: number
  seed?: number
  /** The text ends before the first of these; the stop itself is not part of it. */
  stop?: string[]
  grammar?: string
}

/** One answer. `promptTokens` counts the whole prompt, `evaluatedTokens` those that were not in the cache. */
export interface Completion {
  text: string
  promptTokens: number
  completionTokens: number
  milliseconds: number
  evaluatedTokens?: number
  /** Mean natural logarithm of the probabilities of the tokens chosen; undefined when the model does not tell. */
  meanLogProbability?: number
}

/** A model that can be asked. Every method rejects with a GENERATION_FAILED fault, or with the signal's reason. */
export interface Provider {
  readonly name: string
  complete(
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion>
  /** Makes ready for prompts that begin with these messages, so that later ones cost only what is new. */
  warm(messages: ChatMessage[]): Promise<void>
  close(): Promise<void>
}
