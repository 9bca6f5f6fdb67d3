// Owns: the kernel's side of the judge: one process, one request at a time, a limit of time for each.
// Leaves: starting a process to the `spawn` handed in; reading replies to answer.ts.
// Laws: KN57 hostile replies end the process. KN58 a request that takes too long ends the process and answers a
// problem; those behind it go to the next process, and nothing is asked twice.
import { FrameReader, frame } from '#ground'
import type { ChildLike, SpawnChild } from '../child.ts'
import {
  type CheckAnswer,
  type CompileAnswer,
  type JudgeReply,
  type JudgeRequest,
  readReply,
} from './answer.ts'
import { judgeEntry, judgeOptions } from './entry.ts'
import { REQUEST_MS_MAX, START_FAILURES_MAX, START_MS_MAX, WAITING_MAX } from './limits.ts'
import { type Problem, type ProblemCode, problemAt } from './problem.ts'
import type { CheckRequest } from './typing.ts'

export interface JudgeOptions {
  spawn: SpawnChild
  /** Start and warm at once, so that the first request does not wait; true by default. */
  eager?: boolean
  /** The program and Node's arguments for it; the judge's own by default. */
  entry?: string
  execArgv?: string[]
  /** Milliseconds for one request, and for a start or a warming. */
  requestMs?: number
  startMs?: number
}

type Ask = JudgeRequest extends infer One
  ? One extends { n: number }
    ? Omit<One, 'n'>
    : never
  : never

/** A request that waits, and who waits for it. */
interface Job {
  ask: Ask
  settle: (answer: JudgeReply['answer']) => void
}

/** One process of the judge and what is known of it. */
interface Running {
  child: ChildLike
  ready: boolean
  warm: boolean
  /** Why it was ended by us, as the problem of the request it was at. */
  ended: Problem | undefined
}

export class Judge {
  readonly #options: JudgeOptions
  readonly #waiting: Job[] = []
  #running: Running | undefined
  #current: { n: number; job: Job } | undefined
  #timer: NodeJS.Timeout | undefined
  #count = 0
  #failedStarts = 0
  #closed = false
  #onClosed: (() => void) | undefined

  constructor(options: JudgeOptions) {
    this.#options = options
    if (options.eager ?? true) this.#start()
  }

  /** The process at work, for those who watch it. */
  get pid(): number | undefined {
    return this.#running?.child.pid
  }

  /** Compiles a method. Never rejects: a judge that hangs or dies is a problem too. */
  async compile(source: string): Promise<CompileAnswer> {
    return (await this.#ask({ op: 'compile', source })) ?? silence()
  }

  /** Compiles a method and checks its types. Never rejects. */
  async check(request: CheckRequest): Promise<CheckAnswer> {
    const { source, selector, declaration, argTypes = [], isCalled = false } = request
    const given = { source, selector, declaration, argTypes, isCalled }
    const answer = await this.#ask({ op: 'check', ...given })
    if (answer === null) return silence()
    if ('problems' in answer || 'typeProblems' in answer) return answer
    return silence()
  }

  /** Resolves when the judge answers, and its checker is warm. */
  async ready(): Promise<void> {
    await this.#ask({ op: 'warm' })
  }

  /** Ends the process; what waits is answered with a problem. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#refuseAll('JUDGE_DIED', 'The judge was closed.')
    if (this.#running === undefined) return
    await new Promise<void>((resolve) => {
      this.#onClosed = resolve
      this.#end(undefined)
    })
  }

  #ask(ask: Ask): Promise<JudgeReply['answer']> {
    if (this.#closed) return Promise.resolve(refusal('JUDGE_DIED', 'The judge was closed.'))
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.resolve(refusal('JUDGE_BUSY', `${WAITING_MAX} methods wait for the judge.`))
    }
    return new Promise((settle) => {
      this.#waiting.push({ ask, settle })
      this.#next()
    })
  }

  /** Gives the process its next request, when there is a process and it has none. */
  #next(): void {
    if (this.#closed || this.#current !== undefined) return
    const running = this.#running
    const first = this.#waiting[0]
    if (running === undefined) {
      if (first !== undefined) this.#start()
      return
    }
    if (!running.ready || running.ended !== undefined) return
    // Warming has more time than a request, so it goes before the first check, or fills a pause.
    if (!running.warm && first?.ask.op !== 'compile' && (first !== undefined || this.#eager())) {
      const settle = first?.ask.op === 'warm' ? this.#waiting.shift()?.settle : undefined
      running.warm = true
      this.#send({ ask: { op: 'warm' }, settle: settle ?? (() => undefined) }, this.#startMs())
      return
    }
    const job = this.#waiting.shift()
    if (job !== undefined) this.#send(job, this.#options.requestMs ?? REQUEST_MS_MAX)
  }

  #eager(): boolean {
    return this.#options.eager ?? true
  }

  #startMs(): number {
    return this.#options.startMs ?? START_MS_MAX
  }

  #send(job: Job, limit: number): void {
    this.#count += 1
    this.#current = { n: this.#count, job }
    this.#running?.child.stdin.write(
      frame(Buffer.from(JSON.stringify({ ...job.ask, n: this.#count }))),
    )
    this.#watch(limit, `The judge was at this for ${limit} ms and was ended.`)
  }

  #watch(limit: number, sentence: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end(problemAt('', 0, 'JUDGE_HUNG', sentence)), limit)
  }

  #start(): void {
    const child = this.#options.spawn(this.#options.entry ?? judgeEntry(), {
      ...judgeOptions(),
      ...(this.#options.execArgv && { execArgv: this.#options.execArgv }),
    })
    const running: Running = { child, ready: false, warm: false, ended: undefined }
    this.#running = running
    const reader = new FrameReader()
    let complaint = ''
    child.stdout.on('data', (chunk: Buffer) => this.#read(running, reader, chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500)
    })
    // A pipe that breaks is the death of the process, which onExit reports.
    child.stdin.on('error', () => undefined)
    child.onExit(() => this.#exited(running, complaint))
    this.#watch(this.#startMs(), 'The judge did not start in time.')
  }

  #read(running: Running, reader: FrameReader, chunk: Buffer): void {
    if (running.ended !== undefined || running !== this.#running) return
    try {
      for (const body of reader.push(chunk)) this.#hear(running, readReply(body))
    } catch (thrown) {
      this.#end(problemAt('', 0, 'JUDGE_DIED', `The judge spoke out of turn: ${String(thrown)}`))
    }
  }

  #hear(running: Running, reply: JudgeReply | undefined): void {
    const expected = running.ready ? this.#current?.n : 0
    if (reply === undefined || reply.n !== expected) {
      this.#end(problemAt('', 0, 'JUDGE_DIED', 'The judge said what is no answer.'))
      return
    }
    clearTimeout(this.#timer)
    running.ready = true
    const done = this.#current
    if (done !== undefined) this.#failedStarts = 0
    this.#current = undefined
    if (reply.last) this.#end(undefined)
    done?.job.settle(reply.answer)
    this.#next()
  }

  /** Kills the process; what happens to its request is decided when it is dead. */
  #end(why: Problem | undefined): void {
    const running = this.#running
    if (running === undefined) return
    clearTimeout(this.#timer)
    running.ended ??= why ?? problemAt('', 0, 'JUDGE_DIED', 'The judge was replaced.')
    running.child.kill('SIGKILL')
  }

  #exited(running: Running, complaint: string): void {
    if (running !== this.#running) return
    clearTimeout(this.#timer)
    this.#running = undefined
    const why =
      running.ended ?? problemAt('', 0, 'JUDGE_DIED', `The judge died. ${complaint}`.trim())
    const done = this.#current
    this.#current = undefined
    done?.job.settle({ problems: [why] })
    if (this.#closed) {
      this.#onClosed?.()
      return
    }
    // A death at the start or while warming is nobody's fault but the judge's, and would repeat itself.
    if (!running.ready || done?.job.ask.op === 'warm') {
      this.#failedStarts += 1
      if (this.#failedStarts >= START_FAILURES_MAX) {
        // The next request tries again, but those waiting are told now.
        this.#failedStarts = 0
        this.#refuseAll('JUDGE_DIED', `The judge cannot start. ${complaint}`.trim())
        return
      }
    }
    if (this.#waiting.length > 0 || this.#eager()) this.#start()
  }

  #refuseAll(code: ProblemCode, sentence: string): void {
    for (const { settle } of this.#waiting.splice(0)) settle(refusal(code, sentence))
  }
}

function refusal(code: ProblemCode, sentence: string): { problems: Problem[] } {
  return { problems: [problemAt('', 0, code, sentence)] }
}

function silence(): { problems: Problem[] } {
  return refusal('JUDGE_DIED', 'The judge answered something else than what was asked.')
}
