// Owns: one life of a model host as its parent sees it: who waits for what, how long silence is allowed, its end.
// Leaves: starting another one to embedded.ts.
// Laws: MI20 when it dies, all who wait get GENERATION_FAILED with its last words.
// MI2 an aborted request rejects at once; the host stops at its next token.
import { FrameReader } from '#ground'
import type { ChildLike } from '#kernel'
import { mindFault, sentenceOf } from '../faults.ts'
import { MIND_LIMITS } from '../limits.ts'
import { encodeHostFrame, type HostAsk, type HostSay } from './host-frames.ts'

interface Waiting {
  onToken: (text: string) => void
  resolve(answer: HostSay & { say: 'done' }): void
  reject(error: unknown): void
}

type Ask = HostAsk extends infer One ? (One extends HostAsk ? Omit<One, 'id'> : never) : never

/** One life of a host process. After `dead` is set nothing is asked of it any more. */
export class Host {
  readonly #process: ChildLike
  readonly #waiting = new Map<number, Waiting>()
  readonly #reader = new FrameReader()
  readonly #exit: Promise<void>
  #last = 0
  #words = ''
  #silence: NodeJS.Timeout | undefined
  #silenceAllowed: number = MIND_LIMITS.hostLoad
  dead: string | undefined

  constructor(process: ChildLike) {
    this.#process = process
    this.#exit = new Promise((resolve) => {
      process.onExit((code, signal) => {
        this.#end(`the model host ended (${signal ?? `exit code ${code}`})`)
        resolve()
      })
    })
    process.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const body of this.#reader.push(chunk)) this.#hear(body)
      } catch (error) {
        this.#kill(`the model host spoke nonsense: ${sentenceOf(error)}`)
      }
    })
    process.stderr.on('data', (chunk: Buffer) => {
      this.#words = (this.#words + chunk.toString('utf8')).slice(-MIND_LIMITS.hostWords)
    })
    // A pipe that breaks is news of the exit, which is told by onExit; unheard it would end this process.
    process.stdin.on('error', (error) =>
      this.#kill(`the model host's pipe broke: ${error.message}`),
    )
  }

  ask(ask: Ask, onToken: (text: string) => void, signal: AbortSignal) {
    return new Promise<HostSay & { say: 'done' }>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (this.dead !== undefined) return reject(this.#fault())
      const id = ++this.#last
      const onAbort = () => {
        this.#send({ id: ++this.#last, ask: 'cancel', of: id })
        settle(() => reject(signal.reason))
      }
      const settle = (how: () => void) => {
        signal.removeEventListener('abort', onAbort)
        this.#waiting.delete(id)
        this.#watch()
        how()
      }
      this.#waiting.set(id, {
        onToken,
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      })
      signal.addEventListener('abort', onAbort, { once: true })
      this.#silenceAllowed = ask.ask === 'load' ? MIND_LIMITS.hostLoad : MIND_LIMITS.hostSilence
      this.#send({ id, ...ask } as HostAsk)
      this.#watch()
    })
  }

  /** Ends the process: by the end of its stdin, and by force when it does not go. */
  async close(): Promise<void> {
    this.#process.stdin.end()
    const force = setTimeout(() => this.#process.kill('SIGKILL'), MIND_LIMITS.hostLeave)
    await this.#exit
    clearTimeout(force)
  }

  #send(ask: HostAsk): void {
    if (this.dead === undefined) this.#process.stdin.write(encodeHostFrame(ask))
  }

  #hear(body: Buffer): void {
    const answer = JSON.parse(body.toString('utf8')) as HostSay
    this.#watch()
    const waiting = this.#waiting.get(answer.id)
    // What was aborted here may still get an answer from there.
    if (waiting === undefined) return
    if (answer.say === 'token') waiting.onToken(answer.text)
    else if (answer.say === 'done') waiting.resolve(answer)
    else waiting.reject(mindFault('GENERATION_FAILED', `the model failed: ${answer.reason}`))
  }

  /** Allows silence anew while somebody waits. */
  #watch(): void {
    clearTimeout(this.#silence)
    if (this.#waiting.size === 0 || this.dead !== undefined) return
    const allowed = this.#silenceAllowed
    this.#silence = setTimeout(
      () => this.#kill(`the model host said nothing for ${allowed / 1000} s`),
      allowed,
    )
  }

  #kill(reason: string): void {
    this.#end(reason)
    this.#process.kill('SIGKILL')
  }

  #end(reason: string): void {
    if (this.dead !== undefined) return
    const words = this.#words.trim().split('\n').at(-1) ?? ''
    this.dead = words === '' ? reason : `${reason}; its last words: ${words}`
    clearTimeout(this.#silence)
    for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#fault())
  }

  #fault() {
    return mindFault('GENERATION_FAILED', this.dead ?? 'the model host is gone')
  }
}
