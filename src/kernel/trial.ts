// Owns: running a candidate method in a process of its own, on what is durable, writing to nothing but its own memory.
// Leaves: what the outcome is worth to governance.
// Laws: KN8 a trial changes nothing; its process ends with it. KN9 a trial reads the image as of one transaction.
// KN37 every probe begins with the image as it is, whatever the one before did, also when it ended the process.
import type { FaultRecord } from '#ground'
import {
  decodeSlots,
  decodeValue,
  type Need,
  type Oid,
  type Posting,
  type SendRequest,
  type StoredSlot,
  type Tid,
} from '#objects'
import type { SpawnChild } from './child.ts'
import { kernelFault } from './faults.ts'
import type { Head } from './head.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { type CodeAnswer, type Ending, Link } from './link.ts'
import { workerEntry, workerOptions } from './sandbox/entry.ts'
import type { Timers } from './timers.ts'
import { readReport } from './verify-report.ts'
import { readSlots, refuse } from './verify-write.ts'

/** The oid that a candidate has in its trial: beyond every oid of an image. */
const CANDIDATE: Oid = 2 ** 52

/** A method to try and the call to try it with. */
export interface Candidate {
  learner: Oid
  selector: string
  code: { code: string; globals: string[] }
  request: SendRequest
}

/** A call with another state or other arguments than the one that is at hand. Values are in stored form. */
export interface Probe {
  /** Slots that objects get before the call. */
  sets?: readonly { target: Oid; slot: string; value: unknown }[]
  args?: unknown[]
  /** The time and the chance of the call, where they are not those of the call at hand. */
  frame?: { now: number; seed: number }
}

/** What a call came to in the trial. `reply` is a wire value; `wrote` has the slots of each object that it left changed. */
export type TrialReport =
  | {
      kind: 'kept'
      reply: unknown
      wrote: { oid: Oid; born: boolean; changed: string[]; slots: StoredSlot[] }[]
      /** Messages for later that it left, none of which has gone anywhere. */
      posted: readonly Posting[]
      fuel: number
    }
  | { kind: 'fault'; fault: FaultRecord }
  | { kind: 'not-understood'; selector: string }

/** A report for each probe. */
export type Reports<P extends readonly Probe[]> = { [I in keyof P]: TrialReport }

interface Started {
  link: Link
  use(run: Running): void
}

interface Running {
  at: Tid
  /** The tid of the turn that places the candidate; the call has the last one. */
  tid: Tid
  candidate: Candidate
  probe: Probe
  done(report: TrialReport): void
}

export class Trials {
  readonly #spawn: SpawnChild
  readonly #head: Head
  readonly #method: (oid: Oid) => Promise<CodeAnswer>
  readonly #timers: Timers
  readonly #live = new Set<Link>()
  #spare: Started | undefined
  #closed = false

  constructor(
    spawn: SpawnChild,
    head: Head,
    method: (oid: Oid) => Promise<CodeAnswer>,
    timers: Timers,
  ) {
    this.#spawn = spawn
    this.#head = head
    this.#method = method
    this.#timers = timers
  }

  /** Starts the next trial's process ahead of time: its start costs more than most trials. */
  prepare(): void {
    if (!this.#closed) this.#spare ??= this.#start()
  }

  /**
   * Makes the calls of all probes, each on the image as of what is durable now; one report each, in order. One that ends
   * the process or takes too long has its report, and those behind it go on in a new one, up to `trialDeaths` times.
   */
  async run<const P extends readonly Probe[]>(candidate: Candidate, probes: P) {
    return (await this.#all(candidate, probes)) as Reports<P>
  }

  async #all(candidate: Candidate, probes: readonly Probe[]): Promise<TrialReport[]> {
    const at = this.#head.store.head().tid
    const reports: TrialReport[] = []
    for (let deaths = 0; reports.length < probes.length; ) {
      if (this.#closed) return probes.map((_, i) => reports[i] ?? ended(closed()))
      if (deaths > KERNEL_LIMITS.trialDeaths) {
        const last = reports.at(-1) as TrialReport
        return probes.map((_, i) => reports[i] ?? last)
      }
      const started = this.#spare ?? this.#start()
      this.#spare = undefined
      // A process that died is replaced; one that lives serves the probes that are left.
      while (reports.length < probes.length && this.#live.has(started.link)) {
        const probe = probes[reports.length] as Probe
        reports.push(await this.#call(started, { at, candidate, probe }))
      }
      if (!this.#live.has(started.link)) deaths++
      started.link.end('closed', 'the trial is over')
    }
    this.prepare()
    return reports
  }

  async #call(started: Started, of: Pick<Running, 'at' | 'candidate' | 'probe'>) {
    let timer: unknown
    const report = await new Promise<TrialReport>((done) => {
      timer = this.#timers.setTimeout(
        () => started.link.end('silent', `the trial took over ${KERNEL_LIMITS.trialTime} ms`),
        KERNEL_LIMITS.trialTime,
      )
      started.use({ ...of, tid: this.#head.nextTid, done })
    })
    this.#timers.clearTimeout(timer)
    return report
  }

  /** What the results of a trial say. Throws Unbelievable. */
  #read(results: unknown[], { at, tid, probe }: Running): TrialReport {
    const turns = (probe.sets?.length ?? 0) + 2
    if (results.length !== turns) return refuse('results for other turns than were given')
    const reports = results.map((result) =>
      Array.isArray(result) ? readReport(result) : refuse('a result is not a list'),
    )
    const called = reports.pop()
    const unmade = reports.find((report) => report.kind === 'fault')
    if (unmade?.kind === 'fault') return unmade
    if (called?.kind === 'fault') return called
    if (called?.kind === 'need') return neededBy(called.need)
    if (called?.kind !== 'kept') return refuse('a trial without its end')
    const wrote = called.writes.map(({ oid, born, payload }) => {
      const slots = readSlots(payload)
      const changed = slots.filter((slot) => slot.tid > tid + turns - 2).map(({ name }) => name)
      return { oid, born, changed: [...changed, ...this.#removed(oid, at, slots)], slots }
    })
    const { fuel, postings: posted } = called
    return { kind: 'kept', reply: decodeValue(called.reply), wrote, posted, fuel }
  }

  #removed(oid: Oid, at: Tid, slots: readonly StoredSlot[]): string[] {
    const before = this.#head.payload(oid, at)
    if (before === undefined) return []
    const names = new Set(slots.map(({ name }) => name))
    return decodeSlots(before).flatMap(({ name }) => (names.has(name) ? [] : [name]))
  }

  close(): void {
    this.#closed = true
    for (const link of this.#live) link.end('closed', 'the kernel closes')
  }

  #start(): Started {
    let running: Running | undefined
    const child = this.#spawn(workerEntry(), workerOptions(KERNEL_LIMITS.trialHeap))
    const link = new Link(
      child,
      {
        fetch: (oid) => this.#head.payload(oid, running?.at),
        lookup: (name) => this.#head.name(name, running?.at),
        method: async (oid) =>
          oid === CANDIDATE && running !== undefined ? running.candidate.code : this.#method(oid),
      },
      { silence: KERNEL_LIMITS.silence, timers: this.#timers },
      {
        done: (results, isLast) => {
          if (!isLast) throw new Error('a part of one turn')
          running?.done(this.#read(results, running))
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
        const { learner, selector, request } = run.candidate
        running = run
        link.next(this.#head.nextOid, run.tid)
        const change = { kind: 'method', target: learner, selector, method: CANDIDATE }
        const frame = { now: request.now, seed: request.seed, fuel: request.fuel }
        const sets = (run.probe.sets ?? []).map((set) => ({ kind: 'set', ...set }))
        const args = run.probe.args ?? request.args
        link.run([
          ...[change, ...sets].map((one, i) => [i + 1, 'change', { ...frame, change: one }]),
          [sets.length + 2, 'send', { ...request, ...run.probe.frame, args }],
        ])
      },
    }
  }
}

/** What a need in a trial says of the candidate: nothing outside the image is asked for one that nobody has judged. */
function neededBy(need: Need): TrialReport {
  if (need.kind === 'method') return { kind: 'not-understood', selector: need.selector }
  const url = need.request.url.slice(0, URL_SHOWN)
  const why = `it asks another host (${url}), which a method that is being tried cannot`
  return { kind: 'fault', fault: kernelFault('METHOD_FAILED', why).toRecord() }
}

/** UTF-16 units of an address in a sentence. */
const URL_SHOWN = 200

const ended = (fault: FaultRecord): TrialReport => ({ kind: 'fault', fault })

const closed = () => kernelFault('CANCELLED', 'the kernel is closing').toRecord()

function endingFault(ending: Ending): FaultRecord {
  if (ending.reason === 'silent') {
    return kernelFault('FUEL', 'the trial took too long and was ended').toRecord()
  }
  if (ending.reason === 'memory') {
    return kernelFault('LIMIT', 'the trial needed too much memory and was ended').toRecord()
  }
  return kernelFault('METHOD_FAILED', `the trial's process ended: ${ending.detail}`).toRecord()
}
