// Owns: the provider that keeps a model in a process of its own: starts it, asks it, and starts it again when it died.
// Leaves: spawning to the function handed in; talking to one process to host.ts; the model to model-host.ts.
// Laws: MI20 when the host dies, what it was doing fails with GENERATION_FAILED, and the next request has a new host.
// MI21 a new host is warmed with what the old one was.
import { fileURLToPath } from 'node:url'
import { codeExtension, type SpawnChild } from '#kernel'
import { mindFault } from '../faults.ts'
import { MIND_LIMITS } from '../limits.ts'
import type { ChatMessage, Completion, CompletionRequest, Provider } from '../provider.ts'
import { Host } from './host.ts'
import type { HostLoad, HostStats, Warmed } from './host-frames.ts'

export interface EmbeddedOptions {
  name: string
  /** Absolute path of a GGUF file. */
  model: string
  /** SHA-256 of the model, or anything that changes when its bytes do. */
  identity: string
  spawn: SpawnChild
  /** Absolute path of a folder for saved prompts; none are saved without it. */
  prompts?: string
  gpu?: boolean
  threads?: number
  sequenceTokens?: number
  sequences?: number
}

/** The file of the host beside this one, with the same ending: sources run as they are, and a build has its own. */
const HOST_ENTRY = new URL(`./model-host${codeExtension(import.meta.url)}`, import.meta.url)

export class EmbeddedProvider implements Provider {
  readonly name: string
  readonly #options: EmbeddedOptions
  #host: Promise<Host> | undefined
  #alive: Host | undefined
  #warm: ChatMessage[][] = []
  #closed = false

  constructor(options: EmbeddedOptions) {
    this.name = options.name
    this.#options = options
  }

  async complete(
    request: CompletionRequest,
    onToken: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion> {
    signal.throwIfAborted()
    const host = await abortable(this.#ready(), signal)
    const answer = await host.ask({ ask: 'complete', request }, onToken, signal)
    if (answer.completion === undefined) throw mindFault('GENERATION_FAILED', 'no completion came')
    return answer.completion
  }

  async warm(messages: ChatMessage[]): Promise<void> {
    await this.warmed(messages)
  }

  /** As `warm`, and tells what it cost. A new host is warmed with the same again. */
  async warmed(messages: ChatMessage[]): Promise<Warmed> {
    const host = await this.#ready()
    const answer = await host.ask({ ask: 'warm', messages }, ignore, NEVER)
    const text = JSON.stringify(messages)
    const others = this.#warm.filter((one) => JSON.stringify(one) !== text)
    this.#warm = [...others, messages].slice(-(this.#options.sequences ?? MIND_LIMITS.sequences))
    if (answer.warmed === undefined) throw mindFault('GENERATION_FAILED', 'no warming came')
    return answer.warmed
  }

  /** What the host tells of itself; starts it when there is none. */
  async stats(): Promise<HostStats> {
    const host = await this.#ready()
    const answer = await host.ask({ ask: 'stats' }, ignore, NEVER)
    if (answer.stats === undefined) throw mindFault('GENERATION_FAILED', 'no stats came')
    return answer.stats
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#alive?.close()
  }

  /** The host, loaded and warmed; one start serves all who ask meanwhile. */
  #ready(): Promise<Host> {
    if (this.#closed) {
      return Promise.reject(mindFault('GENERATION_FAILED', `${this.name} is closed`))
    }
    if (this.#host !== undefined && this.#alive?.dead === undefined) return this.#host
    const started = this.#start()
    this.#host = started
    started.catch(() => {
      if (this.#host === started) this.#host = undefined
    })
    return started
  }

  async #start(): Promise<Host> {
    const options = this.#options
    const host = new Host(options.spawn(fileURLToPath(HOST_ENTRY), { execArgv: [] }))
    this.#alive = host
    const load: HostLoad = {
      model: options.model,
      identity: options.identity,
      prompts: options.prompts,
      sequenceTokens: options.sequenceTokens ?? MIND_LIMITS.sequenceTokens,
      sequences: options.sequences ?? MIND_LIMITS.sequences,
      gpu: options.gpu ?? true,
      threads: options.threads,
    }
    try {
      await host.ask({ ask: 'load', load }, ignore, NEVER)
      for (const messages of this.#warm) await host.ask({ ask: 'warm', messages }, ignore, NEVER)
    } catch (error) {
      await host.close()
      throw error
    }
    return host
  }
}

const NEVER = new AbortController().signal
const ignore = () => undefined

/** Waits for a promise, but not longer than the signal allows; the work itself goes on. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
