// Owns: the kernel's end of a worker's pipe: frames both ways, answers to what the worker asks, and its end.
// Leaves: order and belief to sequence.ts; reading objects to the source handed in.
// Laws: KN26 a worker that is silent with work in hand, talks nonsense, asks without end or does not listen is killed;
// the owner hears of it once. KN28 a worker's bytes are looked over before they are decoded.
import { type FaultRecord, FrameReader, asFault, frame } from '#ground'
import { decodeValue, encodeValue, OBJECT_LIMITS, type Oid, type Tid } from '#objects'
import type { ChildLike } from './child.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { scan } from './scan.ts'
import { STORED_EXTENSIONS } from './slot-spans.ts'
import type { Timers } from './timers.ts'

/** A method's compiled code, or why there is none. Calls of one that is `watched` are counted. */
export type CodeAnswer =
  | { code: string; globals: string[]; watched?: true }
  | { fault: FaultRecord }

/** What a worker may ask for. */
export interface LinkSource {
  fetch(oid: Oid): Uint8Array | undefined
  lookup(name: string): Oid | undefined
  method(oid: Oid): Promise<CodeAnswer>
}

/**
 * How a worker ended: why, and what it last said on its error stream. `unkept`: its state could not be made durable. `signal`:
 * somebody outside asked the process to end.
 */
export interface Ending {
  reason: 'silent' | 'memory' | 'died' | 'signal' | 'refused' | 'unkept' | 'closed'
  detail: string
}

/** What a frame of a worker may be: values of a need lie a few levels deep, records and replies are bytes in it. */
const FRAME_LIMITS = {
  depth: OBJECT_LIMITS.valueDepth + 8,
  values: 2_000_000,
  extensions: STORED_EXTENSIONS,
}

/** What is kept of a worker's last words, in characters. */
const LAST_WORDS = 4_000

/**
 * Signals by which a person or a system asks a process to end. Guest code has no process to send them with, and nothing that
 * it does to memory or time ends in one; SIGKILL may be the system's answer to too much memory.
 */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP'])

/** Told of a batch's results in order: of all, or of some first when they are large, until the last ones. */
type Results = (results: unknown[], isLast: boolean) => void

export class Link {
  readonly #child: ChildLike
  readonly #source: LinkSource
  readonly #onDone: Results
  readonly #onEnd: (ending: Ending) => void
  readonly #silence: number
  readonly #timers: Timers
  readonly #reader = new FrameReader()
  #words = ''
  #ended = false
  #isReady = false
  #busy = 0
  /** Batches whose results were taken. */
  #answered = 0
  #questions = 0
  #timer: unknown
  #reason: Ending | undefined
  /** Methods on the stack, outermost first, while turns are traced; undefined when there were too many to tell. */
  #stack: Oid[] | undefined = []
  #isTraced = false

  constructor(
    child: ChildLike,
    source: LinkSource,
    { silence, timers }: { silence: number; timers: Timers },
    on: { done: Results; end(ending: Ending): void },
  ) {
    this.#child = child
    this.#source = source
    this.#silence = silence
    this.#timers = timers
    this.#onDone = on.done
    this.#onEnd = on.end
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      this.#words = (this.#words + chunk.toString('utf8')).slice(-LAST_WORDS)
    })
    // The pipe breaks when the worker dies; its exit tells the same.
    child.stdin.on('error', (error: Error) => {
      this.#words += ` ${error.message}`
    })
    child.onExit((code, signal) => this.#exited(code, signal))
  }

  /** True once the worker's program has said that it runs. */
  get ready(): boolean {
    return this.#isReady
  }

  /** Batches given and not yet answered. */
  get busy(): number {
    return this.#busy
  }

  /**
   * Sets the numbers that the worker gives to what it makes, and empties its memory. `isAnew`: batches before it count for
   * nothing, so what comes with those behind it is as it is, also when they have not been answered.
   */
  next(oid: Oid, tid: Tid, isAnew = false): void {
    this.#write(isAnew ? ['next', oid, tid, true] : ['next', oid, tid])
  }

  /** Gives a batch, and with it oids and payloads of objects as they are after the batches that were answered. */
  run(turns: unknown[], given: readonly unknown[] = []): void {
    this.#busy++
    this.#stack = []
    this.#write(given.length === 0 ? ['run', turns] : ['run', turns, this.#answered, given])
    this.#watch()
  }

  /** Whether this worker tells what is on its stack. */
  get isTraced(): boolean {
    return this.#isTraced
  }

  /** What was on the stack when it was last heard of; undefined when that is not known. */
  get stack(): readonly Oid[] | undefined {
    return this.#isTraced ? this.#stack : undefined
  }

  /** Has the worker tell what is on its stack from now on, or no longer. It forgets all objects. */
  trace(isOn: boolean): void {
    this.#isTraced = isOn
    this.#write(['trace', isOn])
  }

  /** A method is no longer counted. */
  unwatch(method: Oid): void {
    this.#write(['unwatch', method])
  }

  /** Ends the worker. The owner hears of it through `end`. */
  end(reason: Ending['reason'], detail: string): void {
    this.#reason ??= { reason, detail }
    this.#child.kill('SIGKILL')
  }

  #write(message: unknown[]): void {
    if (this.#ended || this.#reason !== undefined) return
    this.#child.stdin.write(frame(encodeValue(message)))
  }

  #receive(chunk: Buffer): void {
    // What is read after the end was said by a worker whose turns run again already.
    if (this.#ended || this.#reason !== undefined) return
    try {
      for (const bytes of this.#reader.push(chunk)) {
        const problem = scan(bytes, FRAME_LIMITS)
        if (problem !== undefined) throw new Error(`a frame was refused: ${problem}`)
        this.#hear(decodeValue(bytes))
        if (this.#reason !== undefined) return
      }
    } catch (error) {
      this.end('refused', error instanceof Error ? error.message : String(error))
    }
  }

  #hear(message: unknown): void {
    if (!Array.isArray(message)) throw new Error('a frame is not a list')
    const [kind, value] = message
    if (kind === 'done' && Array.isArray(value) && this.#busy > 0) {
      this.#busy--
      this.#answered++
      this.#questions = 0
      this.#watch()
      this.#onDone(value, true)
    } else if (kind === 'some' && Array.isArray(value) && value.length > 0 && this.#busy > 0) {
      this.#watch()
      this.#onDone(value, false)
    } else if (kind === 'ready') {
      this.#isReady = true
    } else if (this.#isTraced && (kind === 'in' || kind === 'out' || kind === 'lost')) {
      this.#traced(kind, value)
    } else {
      this.#checkQuestion()
      if (kind === 'fetch' && isOid(value)) this.#answer(() => this.#source.fetch(value) ?? null)
      else if (kind === 'lookup' && typeof value === 'string') {
        this.#answer(() => this.#source.lookup(value) ?? null)
      } else if (kind === 'method' && isOid(value)) this.#method(value)
      else throw new Error('a frame says nothing that is known')
    }
  }

  #traced(kind: 'in' | 'out' | 'lost', value: unknown): void {
    this.#checkQuestion()
    if (kind === 'lost') this.#stack = undefined
    else if (kind === 'out') this.#stack?.pop()
    else if (!isOid(value)) throw new Error('a method that is none')
    else if (this.#stack !== undefined && this.#stack.push(value) > OBJECT_LIMITS.sendDepth) {
      throw new Error('a stack that is too deep')
    }
  }

  #checkQuestion(): void {
    if (++this.#questions > KERNEL_LIMITS.questions) throw new Error('it asks without end')
    if (this.#child.stdin.writableLength > KERNEL_LIMITS.unreadBytes) {
      throw new Error('it does not read the answers to what it asks')
    }
  }

  #method(oid: Oid): void {
    // Compiling takes what it takes; the judge has a limit of its own.
    this.#timers.clearTimeout(this.#timer)
    this.#source.method(oid).then(
      (code) => {
        this.#watch()
        this.#write(['answer', code])
      },
      (error: unknown) => {
        const fault = asFault(error)
        if (fault === undefined) return this.end('refused', String(error))
        this.#watch()
        this.#write(['answer', { fault: fault.toRecord() }])
      },
    )
  }

  #answer(find: () => unknown): void {
    let answer: unknown
    try {
      answer = find()
    } catch (thrown) {
      const fault = asFault(thrown)
      if (fault === undefined) throw thrown
      answer = { fault: fault.toRecord() }
    }
    this.#write(['answer', answer])
    this.#watch()
  }

  #watch(): void {
    this.#timers.clearTimeout(this.#timer)
    if (this.#busy === 0 || this.#ended) return
    this.#timer = this.#timers.setTimeout(
      () => this.end('silent', `it said nothing for ${this.#silence} ms`),
      this.#silence,
    )
  }

  #exited(code: number | null, signal: string | null): void {
    this.#ended = true
    this.#timers.clearTimeout(this.#timer)
    const memory = /out of memory|allocation failed|invalid array length/i.test(this.#words)
    const asked = signal !== null && FROM_OUTSIDE.has(signal)
    this.#onEnd(
      this.#reason ?? {
        reason: asked ? 'signal' : memory ? 'memory' : 'died',
        detail: `exit ${code ?? signal}: ${this.#words.trim().split('\n')[0] ?? ''}`,
      },
    )
  }
}

const isOid = (value: unknown): value is Oid => Number.isSafeInteger(value) && (value as Oid) > 0
