// Owns: a provider that keeps what a model answered, and gives it again to the same question in a later run.
// Leaves: the model to the provider behind it; where texts are kept to the shelf handed in.
// Laws: RK3 a completion is given again only for the same model, messages, temperature, seed, stops and length. RK4 a model
// whose answers are all kept is never opened. RK9 a completion keeps how long the model took for it.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ChatMessage, Completion, CompletionRequest, Provider } from '../provider.ts'
import { RANK_LIMITS } from './limits.ts'

/** Where completions are kept, by the hexadecimal SHA-256 of what was asked. */
export interface CompletionShelf {
  read(key: string): Promise<string | undefined>
  write(key: string, text: string): Promise<void>
}

const kept = z.object({
  version: z.literal(1),
  text: z.string().max(RANK_LIMITS.completionLength),
  promptTokens: z.number(),
  completionTokens: z.number(),
  milliseconds: z.number(),
})

/** One completion of the task at hand. `spent` is what it took now, `milliseconds` what the model took. */
export interface Taken {
  text: string
  promptTokens: number
  completionTokens: number
  milliseconds: number
  spent: number
  reused: boolean
}

export interface RecordingOptions {
  name: string
  /** Says which model it is: two models with one identity would share their answers. */
  identity: string
  open: () => Promise<Provider>
  shelf: CompletionShelf
  /** True to ask the model anew, and keep what it says instead of what was kept. */
  fresh: boolean
  /** Milliseconds on a clock that never goes back. */
  clock: () => number
}

export class RecordingProvider implements Provider {
  readonly name: string
  readonly #options: RecordingOptions
  #taken: Taken[] = []
  #failure: unknown

  constructor(options: RecordingOptions) {
    this.name = options.name
    this.#options = options
  }

  /** What was completed since the last call, in order. Throws what the model failed with: such a task says nothing. */
  takeAll(): Taken[] {
    const taken = this.#taken
    const failure = this.#failure
    this.#taken = []
    this.#failure = undefined
    if (failure !== undefined) throw failure
    return taken
  }

  async complete(
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion> {
    signal.throwIfAborted()
    const { clock } = this.#options
    const key = keyOf(this.#options.identity, request)
    const began = clock()
    const known = await this.#known(key)
    if (known !== undefined) {
      onToken(known.text)
      this.#taken.push({ ...known, spent: clock() - began, reused: true })
      return known
    }
    try {
      const provider = await this.#options.open()
      // Opening and warming belong to the start of a program, not to any one task.
      const asked = clock()
      const { text, promptTokens, completionTokens } = await provider.complete(
        request,
        onToken,
        signal,
      )
      const milliseconds = clock() - asked
      const made = { text, promptTokens, completionTokens, milliseconds }
      await this.#options.shelf.write(key, `${JSON.stringify({ version: 1, ...made })}\n`)
      this.#taken.push({ ...made, spent: clock() - began, reused: false })
      return made
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error
      throw error
    }
  }

  /** What was kept; what cannot be read counts as not kept, and is written anew. */
  async #known(key: string): Promise<Completion | undefined> {
    if (this.#options.fresh) return undefined
    const text = await this.#options.shelf.read(key)
    if (text === undefined) return undefined
    try {
      const read = kept.safeParse(JSON.parse(text))
      if (!read.success) return undefined
      const { version: _, ...completion } = read.data
      return completion
    } catch {
      return undefined // Half a file is no answer; the model is asked as if there were none.
    }
  }

  /** A model is warm once it is open. */
  async warm(_messages: ChatMessage[]): Promise<void> {}

  /** The model behind is its opener's. */
  async close(): Promise<void> {}
}

function keyOf(identity: string, request: CompletionRequest): string {
  const { messages, temperature, seed, stop, maxTokens, grammar } = request
  const asked = [
    identity,
    messages.map(({ role, content }) => [role, content]),
    temperature,
    seed ?? null,
    stop ?? [],
    maxTokens,
    grammar ?? null,
  ]
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex')
}
