// Owns: the provider that asks any server with OpenAI's chat completions: vLLM, llama-server, Ollama, hosted ones.
// Leaves: keys to the function handed in; the event stream's lines to event-stream.ts.
// Laws: MI22 a server's refusal becomes GENERATION_FAILED with its status and its own words, never with the key.
// MI23 a server that is silent longer than its limit is given up.
import { asFault } from '#ground'
import { mindFault, sentenceOf } from '../faults.ts'
import { MIND_LIMITS } from '../limits.ts'
import type { ChatMessage, Completion, CompletionRequest, Provider } from '../provider.ts'
import { Watch } from '../watch.ts'
import { readEvents } from './event-stream.ts'

export interface OpenAiOptions {
  /** `http://host:port/v1#model`; without `#model` the server's first model is taken. */
  url: string
  /** The key for the server, asked anew for every request. */
  apiKey?: () => string | undefined
  /** Asks for probabilities too; some servers refuse a request that does. */
  logProbabilities?: boolean
  fetch?: typeof globalThis.fetch
}

/** What of a streamed chunk is looked at; everything else a server sends is left alone. */
interface Chunk {
  choices?: {
    delta?: { content?: string | null }
    logprobs?: { content?: { logprob?: number }[] | null } | null
  }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null
  error?: { message?: string } | string
}

export class OpenAiProvider implements Provider {
  readonly #base: string
  readonly #options: OpenAiOptions
  readonly #closed = new AbortController()
  #model: string

  constructor(options: OpenAiOptions) {
    const url = new URL(options.url)
    this.#model = decodeURIComponent(url.hash.slice(1))
    url.hash = ''
    this.#base = url.href.replace(/\/+$/, '')
    this.#options = options
  }

  get name(): string {
    return this.#model === '' ? this.#base : this.#model
  }

  async complete(
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion> {
    signal.throwIfAborted()
    const started = performance.now()
    const watch = new Watch(AbortSignal.any([signal, this.#closed.signal]))
    try {
      const body = await this.#body(request, watch)
      watch.allow(MIND_LIMITS.serverFirst, 'the server did not answer in time')
      const answer = await this.#ask('chat/completions', watch, JSON.stringify(body))
      return {
        ...(await this.#read(answer, onToken, watch)),
        milliseconds: performance.now() - started,
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (asFault(error) !== undefined) throw error
      throw mindFault('GENERATION_FAILED', `${this.#base}: ${sentenceOf(error)}`, undefined, REMEDY)
    } finally {
      watch.end()
    }
  }

  /** One token is asked for: servers with a prefix cache have the messages at hand afterwards. */
  async warm(messages: ChatMessage[]): Promise<void> {
    const question: ChatMessage = { role: 'user', content: 'Ready?' }
    const request = { messages: [...messages, question], maxTokens: 1, temperature: 0 }
    await this.complete(request, () => undefined, this.#closed.signal)
  }

  async close(): Promise<void> {
    this.#closed.abort(mindFault('GENERATION_FAILED', `${this.name} is closed`))
  }

  async #body(request: CompletionRequest, watch: Watch): Promise<Record<string, unknown>> {
    if (this.#model === '') this.#model = await this.#firstModel(watch)
    const body: Record<string, unknown> = {
      model: this.#model,
      messages: request.messages,
      max_tokens: request.maxTokens,
      temperature: request.temperature,
      stream: true,
      stream_options: { include_usage: true },
    }
    if (request.seed !== undefined) body.seed = request.seed
    if (request.stop !== undefined && request.stop.length > 0) body.stop = request.stop
    if (this.#options.logProbabilities === true) body.logprobs = true
    return body
  }

  async #firstModel(watch: Watch): Promise<string> {
    watch.allow(MIND_LIMITS.serverFirst, 'the server did not list its models in time')
    const answer = await this.#ask('models', watch)
    const listed = (await answer.json()) as { data?: { id?: unknown }[] }
    const id = listed.data?.[0]?.id
    if (typeof id !== 'string') throw new Error('the server lists no model')
    return id
  }

  async #ask(path: string, watch: Watch, body?: string): Promise<Response> {
    const headers: Record<string, string> = { accept: 'text/event-stream, application/json' }
    const key = this.#options.apiKey?.()
    if (key !== undefined && key !== '') headers.authorization = `Bearer ${key}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const fetch = this.#options.fetch ?? globalThis.fetch
    const answer = await fetch(`${this.#base}/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      signal: watch.signal,
      ...(body === undefined ? {} : { body }),
    })
    if (answer.ok) return answer
    const words = wordsOf(await answer.text())
    throw mindFault(
      'GENERATION_FAILED',
      `${this.#base} answered ${answer.status}: ${words}`,
      { status: answer.status },
      REMEDY,
    )
  }

  async #read(
    answer: Response,
    onToken: (text: string) => void,
    watch: Watch,
  ): Promise<Omit<Completion, 'milliseconds'>> {
    if (answer.body === null) throw new Error('the server answered without a body')
    let text = ''
    let pieces = 0
    let usage: Chunk['usage']
    const logs: number[] = []
    for await (const data of readEvents(answer.body)) {
      watch.allow(MIND_LIMITS.serverSilence, 'the server fell silent')
      if (data === '[DONE]') break
      const chunk = JSON.parse(data) as Chunk
      if (chunk.error !== undefined) throw new Error(wordsOf(JSON.stringify(chunk)))
      usage = chunk.usage ?? usage
      const choice = chunk.choices?.[0]
      for (const { logprob } of choice?.logprobs?.content ?? []) {
        if (typeof logprob === 'number') logs.push(logprob)
      }
      const piece = choice?.delta?.content
      if (typeof piece !== 'string' || piece === '') continue
      text += piece
      pieces++
      onToken(piece)
    }
    const completion: Omit<Completion, 'milliseconds'> = {
      text,
      promptTokens: usage?.prompt_tokens ?? 0,
      completionTokens: usage?.completion_tokens ?? pieces,
    }
    if (logs.length > 0) completion.meanLogProbability = logs.reduce((a, b) => a + b) / logs.length
    return completion
  }
}

const REMEDY =
  'Look whether the server runs, whether its address ends in /v1, and whether it has the model.'

/** A server's own words about an error, short enough to show. */
function wordsOf(body: string): string {
  let words = body
  try {
    const { error, message } = JSON.parse(body) as { error?: unknown; message?: unknown }
    const inner = typeof error === 'object' && error !== null ? (error as Chunk).error : error
    const said = (error as { message?: unknown } | undefined)?.message ?? inner ?? message
    if (typeof said === 'string') words = said
  } catch {
    // Not JSON: a proxy's page or plain text is shown as it is.
  }
  return words.replace(/\s+/g, ' ').trim().slice(0, 300)
}
