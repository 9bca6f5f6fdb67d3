// Owns: running a candidate method in a process of its own, on what is durable, writing to nothing but its own memory.
// Leaves: what the outcome is worth to governance.
// Laws: KN8 a trial changes nothing; its process ends with it. KN9 a trial reads the image as of one transaction.
import type { FaultRecord } from '#ground'
import {
  decodeSlots,
  decodeValue,
  OBJECT_LIMITS,
  type Oid,
  type SendRequest,
  type StoredSlot,
  type Tid,
} from '#objects'
import type { SpawnChild } from './child.ts'
import { kernelFault } from './faults.ts'
import type { Head } from './head.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { type CodeAnswer, type Ending, Link } from './link.ts'
import { workerArguments, workerEntry } from './sandbox/entry.ts'
import { scan } from './scan.ts'
import { Unbelievable, verifyReply } from './verify-write.ts'

/** The oid that a candidate has in its trial: beyond every oid of an image. */
const CANDIDATE: Oid = 2 ** 52

/** A method to try and the call to try it with. */
export interface Candidate {
  learner: Oid
  selector: string
  code: { code: string; globals: string[] }
  request: SendRequest
}

/** What a call came to in the trial. `reply` is a wire value; `wrote` has the slots of each object that it left changed. */
export type TrialReport =
  | {
      kind: 'kept'
      reply: unknown
      wrote: { oid: Oid; born: boolean; changed: string[]; slots: StoredSlot[] }[]
      fuel: number
    }
  | { kind: 'fault'; fault: FaultRecord }
  | { kind: 'not-understood'; selector: string }

interface Started {
  link: Link
  use(run: Running): void
}

interface Running {
  at: Tid
  candidate: Candidate
  done(report: TrialReport): void
}

export class Trials {
  readonly #spawn: SpawnChild
  readonly #head: Head
  readonly #method: (oid: Oid) => Promise<CodeAnswer>
  readonly #live = new Set<Link>()
  #spare: Started | undefined
  #closed = false

  constructor(spawn: SpawnChild, head: Head, method: (oid: Oid) => Promise<CodeAnswer>) {
    this.#spawn = spawn
    this.#head = head
    this.#method = method
  }

  /** Starts the next trial's process ahead of time: its start costs more than most trials. */
  prepare(): void {
    if (!this.#closed) this.#spare ??= this.#start()
  }

  /** Tries a candidate on the image as of what is durable now. */
  async run(candidate: Candidate): Promise<TrialReport> {
    const started = this.#spare ?? this.#start()
    this.#spare = undefined
    const at = this.#head.store.head().tid
    let timer: NodeJS.Timeout | undefined
    const report = await new Promise<TrialReport>((done) => {
      timer = setTimeout(
        () => started.link.end('silent', `the trial took over ${KERNEL_LIMITS.trialTime} ms`),
        KERNEL_LIMITS.trialTime,
      )
      started.use({ at, candidate, done })
    })
    clearTimeout(timer)
    started.link.end('closed', 'the trial is over')
    this.prepare()
    return report
  }

  close(): void {
    this.#closed = true
    for (const link of this.#live) link.end('closed', 'the kernel closes')
  }

  #start(): Started {
    let running: Running | undefined
    const child = this.#spawn(workerEntry(), {
      execArgv: workerArguments(KERNEL_LIMITS.trialHeap),
    })
    const link = new Link(
      child,
      {
        fetch: (oid) => this.#head.payload(oid, running?.at),
        lookup: (name) => this.#head.name(name, running?.at),
        method: async (oid) =>
          oid === CANDIDATE && running !== undefined ? running.candidate.code : this.#method(oid),
      },
      KERNEL_LIMITS.silence,
      {
        done: (results) => {
          try {
            running?.done(readResults(results))
          } catch (error) {
            if (!(error instanceof Unbelievable)) throw error
            link.end('refused', error.message)
          }
        },
        end: (ending) => {
          this.#live.delete(link)
          if (this.#spare?.link === link) this.#spare = undefined
          running?.done({ kind: 'fault', fault: endingFault(ending) })
        },
      },
    )
    this.#live.add(link)
    return {
      link,
      use: (run) => {
        running = run
        const { learner, selector, request } = run.candidate
        link.next(this.#head.nextOid, this.#head.nextTid)
        const change = { kind: 'method', target: learner, selector, method: CANDIDATE }
        const frame = { now: request.now, seed: request.seed, fuel: request.fuel }
        link.run([
          [1, 'change', { ...frame, change }],
          [2, 'send', request],
        ])
      },
    }
  }
}

function readResults(results: unknown[]): TrialReport {
  const [placed, called] = results as [unknown[], unknown[]]
  if (placed?.[1] === 'fault') return { kind: 'fault', fault: placed[2] as FaultRecord }
  if (called?.[1] === 'fault') return { kind: 'fault', fault: called[2] as FaultRecord }
  if (called?.[1] === 'need') {
    return {
      kind: 'not-understood',
      selector: String((called[2] as { selector: string }).selector),
    }
  }
  if (called?.[1] !== 'kept') throw new Unbelievable('an outcome of no known kind')
  const wrote = (called[3] as [Oid, boolean, Uint8Array, string[]][]).map(
    ([oid, born, payload, changed]) => {
      const problem = scan(payload, {
        depth: OBJECT_LIMITS.valueDepth + 2,
        values: OBJECT_LIMITS.valueNodes,
        extensions: new Set([-1, 0, 1, 2, 3]),
      })
      if (problem !== undefined) throw new Unbelievable(problem)
      return { oid, born, changed, slots: decodeSlots(payload) }
    },
  )
  const reply = decodeValue(verifyReply(called[2]))
  return { kind: 'kept', reply, wrote, fuel: Number(called[5]) }
}

function endingFault(ending: Ending): FaultRecord {
  if (ending.reason === 'silent') {
    return kernelFault('FUEL', 'the trial took too long and was ended').toRecord()
  }
  if (ending.reason === 'memory') {
    return kernelFault('LIMIT', 'the trial needed too much memory and was ended').toRecord()
  }
  return kernelFault('METHOD_FAILED', `the trial's process ended: ${ending.detail}`).toRecord()
}
