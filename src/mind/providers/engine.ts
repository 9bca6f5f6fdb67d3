// Owns: one loaded model: its sequences, which keep the beginnings of prompts evaluated, and the text it generates.
// Leaves: who asks and in which order to model-host.ts; the saved states' files to saved-prompts.ts.
// Laws: MI14 a prompt that begins like one evaluated before costs only its new tokens. MI15 a beginning that was warmed
// is at hand again after a restart, from its saved state, and only for the same model, library and prompt.
import {
  type ChatHistoryItem,
  type ChatWrapper,
  getLlama,
  LlamaGrammarEvaluationState,
  LlamaLogLevel,
  resolveChatWrapper,
  type Token,
} from 'node-llama-cpp'
import type { ChatMessage, Completion, CompletionRequest } from '../provider.ts'
import type { HostLoad, HostStats, Warmed } from './host-frames.ts'
import { libraryOfStates, noteName } from './prompt-notes.ts'
import { SavedPrompts } from './saved-prompts.ts'
import { Speech } from './speech.ts'
import { LoadWatch, threadsAtMost } from './threads.ts'

type Llama = Awaited<ReturnType<typeof getLlama>>
type Model = Awaited<ReturnType<Llama['loadModel']>>
type Context = Awaited<ReturnType<Model['createContext']>>
type Sequence = ReturnType<Context['getSequence']>

/** A sequence and when it was last used. */
interface Lane {
  sequence: Sequence
  used: number
}

/** Tokens in common that make a sequence worth going on with: more than the words that every chat begins with. */
const SHARED_MIN = 64

export class Engine {
  readonly #llama: Llama
  readonly #model: Model
  readonly #context: Context
  readonly #wrapper: ChatWrapper
  readonly #lanes: Lane[]
  readonly #saved: SavedPrompts
  readonly #noteOf: (messages: readonly ChatMessage[]) => string
  readonly #load: LoadWatch
  readonly #loaded: number
  readonly #maxPrompt: number
  #uses = 0

  private constructor(parts: {
    llama: Llama
    model: Model
    context: Context
    load: HostLoad
    library: string
    started: number
  }) {
    this.#llama = parts.llama
    this.#model = parts.model
    this.#context = parts.context
    this.#wrapper = resolveChatWrapper(parts.model)
    this.#lanes = []
    for (let n = 0; n < parts.load.sequences; n++) {
      this.#lanes.push({ sequence: parts.context.getSequence(), used: 0 })
    }
    this.#maxPrompt = parts.context.contextSize
    const { library } = parts
    const { identity, prompts } = parts.load
    this.#noteOf = (messages) => noteName(library, identity, messages)
    this.#saved = new SavedPrompts(prompts, library, `${identity} ${this.#maxPrompt}`)
    this.#load = new LoadWatch((threads) => {
      if (parts.load.threads === undefined) parts.llama.maxThreads = threads
    })
    parts.llama.maxThreads = parts.load.threads ?? this.#load.threads
    this.#loaded = performance.now() - parts.started
  }

  /** Opens the model. Rejects with an Error that says why it cannot be. */
  static async open(load: HostLoad): Promise<Engine> {
    const started = performance.now()
    const llama = await getLlama({
      gpu: load.gpu ? 'auto' : false,
      build: 'never',
      logLevel: LlamaLogLevel.error,
      // Stdout carries frames; a word of the library there would end the conversation.
      logger: (_level, message) => void process.stderr.write(`${message}\n`),
      progressLogs: false,
    })
    const model = await llama.loadModel({ modelPath: load.model })
    const context = await model.createContext({
      contextSize: { min: 1_024, max: load.sequenceTokens },
      sequences: load.sequences,
      // The most it may ever use; what it uses now is the library's own limit, which follows the load.
      threads: { ideal: threadsAtMost(), min: 1 },
    })
    const library = await libraryOfStates()
    return new Engine({ llama, model, context, load, library, started })
  }

  /** Evaluates the part that all prompts beginning with these messages share, or reads it from its saved state. */
  async warm(messages: ChatMessage[]): Promise<Warmed> {
    const started = performance.now()
    const fixed = this.#fixedTokens(messages)
    const { lane, restored } = await this.#laneFor(fixed)
    await lane.sequence.adaptStateToTokens(fixed, false)
    const missing = fixed.slice(lane.sequence.nextTokenIndex)
    if (missing.length > 0) await lane.sequence.evaluateWithoutGeneratingNewTokens(missing)
    const note = this.#noteOf(messages)
    await this.#saved.save(fixed, note, (path) => lane.sequence.saveStateToFile(path))
    return {
      tokens: fixed.length,
      evaluated: missing.length,
      restored,
      milliseconds: performance.now() - started,
    }
  }

  /** Generates; `onToken` gets the text as it comes. An aborted signal ends it between two tokens. */
  async complete(
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion> {
    const started = performance.now()
    const prompt = this.#promptTokens(request.messages)
    if (prompt.length + request.maxTokens > this.#maxPrompt) {
      throw new Error(
        `the prompt of ${prompt.length} tokens and ${request.maxTokens} for the answer are more than ${this.#maxPrompt}`,
      )
    }
    const { lane } = await this.#laneFor(prompt)
    await lane.sequence.adaptStateToTokens(prompt.slice(0, -1), false)
    const missing = prompt.slice(lane.sequence.nextTokenIndex)
    const outcome = await this.#generate(lane.sequence, missing, request, onToken, signal)
    return {
      ...outcome,
      promptTokens: prompt.length,
      evaluatedTokens: missing.length,
      milliseconds: performance.now() - started,
    }
  }

  stats(): HostStats {
    return {
      gpu: String(this.#llama.gpu),
      threads: this.#context.currentThreads,
      othersBusy: this.#load.others,
      loaded: this.#loaded,
      sequences: this.#lanes.map((lane) => lane.sequence.nextTokenIndex),
      resident: process.memoryUsage.rss(),
    }
  }

  async close(): Promise<void> {
    this.#load.stop()
    await this.#llama.dispose()
  }

  async #generate(
    sequence: Sequence,
    missing: Token[],
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Pick<Completion, 'text' | 'completionTokens' | 'meanLogProbability'>> {
    const speech = new Speech(request.stop ?? [], onToken)
    const tokens: Token[] = []
    let logs = 0
    const grammar = await this.#grammarOf(request.grammar)
    const generation = sequence.evaluateWithMetadata(
      missing,
      { confidence: true },
      {
        temperature: request.temperature,
        ...(request.temperature > 0 ? { topP: 0.95, topK: 40 } : {}),
        ...(request.seed === undefined ? {} : { seed: request.seed }),
        ...(grammar === undefined ? {} : { grammarEvaluationState: grammar }),
      },
    )
    for await (const { token, confidence } of generation) {
      signal.throwIfAborted()
      tokens.push(token)
      logs += Math.log(Math.max(confidence, 1e-9))
      speech.hear(this.#model.detokenize(tokens))
      if (speech.ended || tokens.length >= request.maxTokens) break
    }
    signal.throwIfAborted()
    const text = speech.finish()
    const outcome = { text, completionTokens: tokens.length }
    if (tokens.length === 0) return outcome
    return { ...outcome, meanLogProbability: logs / tokens.length }
  }

  async #grammarOf(grammar: string | undefined) {
    if (grammar === undefined) return undefined
    const made = await this.#llama.createGrammar({ grammar })
    return new LlamaGrammarEvaluationState({ model: this.#model, grammar: made })
  }

  /** The lane whose sequence begins most like the tokens; a saved state is read when it reaches further. */
  async #laneFor(tokens: Token[]): Promise<{ lane: Lane; restored: boolean }> {
    let best = this.#lanes[0] as Lane
    let shared = -1
    let oldest = best
    for (const lane of this.#lanes) {
      const common = lane.sequence.compareContextTokens(tokens).firstDifferentIndex
      if (common > shared) [best, shared] = [lane, common]
      if (lane.used < oldest.used) oldest = lane
    }
    const saved = await this.#saved.find(tokens, shared)
    // A lane that shares little is worth more to those who filled it: begin in the one unused for longest.
    const worth = shared >= SHARED_MIN || shared * 2 > tokens.length
    const lane = saved === undefined && worth ? best : oldest
    lane.used = ++this.#uses
    if (saved === undefined) return { lane, restored: false }
    await lane.sequence.loadStateFromFile(saved, { acceptRisk: true })
    return { lane, restored: true }
  }

  #promptTokens(messages: ChatMessage[]): Token[] {
    const chatHistory: ChatHistoryItem[] = messages.map((message) => {
      if (message.role === 'assistant') return { type: 'model', response: [message.content] }
      return { type: message.role, text: message.content }
    })
    chatHistory.push({ type: 'model', response: [] })
    const { contextText } = this.#wrapper.generateContextState({ chatHistory })
    return contextText.tokenize(this.#model.tokenizer)
  }

  /** What two prompts that go on differently after the messages have in common. */
  #fixedTokens(messages: ChatMessage[]): Token[] {
    const one = this.#promptTokens([...messages, { role: 'user', content: 'Object: one' }])
    const two = this.#promptTokens([...messages, { role: 'user', content: '2' }])
    let common = 0
    while (common < one.length && one[common] === two[common]) common++
    return one.slice(0, common)
  }
}
