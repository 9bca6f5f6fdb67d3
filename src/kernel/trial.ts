// Owns: running a candidate method in a process of its own, on what is durable, writing to nothing but its own memory.
// Leaves: what the outcome is worth to governance.
// Laws: KN8 a trial changes nothing; its process ends with it. KN9 a trial reads the image as of one transaction.
// KN37 every probe begins with the image as it is, whatever the one before did, also when it ended the process.
// KN155 an invariant is asked before and after each call, in the same process and on what the call left.
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
import { type Report, readReport } from './verify-report.ts'
import { readSlots, refuse } from './verify-write.ts'

/** The oid that a candidate has in its trial: beyond every oid of an image. */
const CANDIDATE: Oid = 2 ** 52

/** A method to try and the call to try it with. */
export interface Candidate {
  learner: Oid
  selector: string
  code: { code: string; globals: string[] }
  request: SendRequest
  /** A message without arguments that the receiver is sent before and after each call. */
  invariant?: string
}

/** What an invariant answered; `fault` is the sentence with which it failed. */
export type Held = { reply: unknown } | { fault: string }

/** A call with another state or other arguments than the one that is at hand. Values are in stored form. */
export interface Probe {
  /** Slots that objects get before the call. */
  sets?: readonly { target: Oid; slot: string; value: unknown }[]
  args?: unknown[]
  /** Arguments of calls of the same method that are made before this one; what they leave it meets. */
  earlier?: readonly unknown[][]
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
      /** What the candidate's invariant answered before the call and after it, if it has one. */
      invariant?: { before: Held; after: Held }
    }
  | { kind: 'fault'; fault: FaultRecord }
  | { kind: 'not-understood'; selector: string }

/** A report for each probe. */
export type Reports<P extends readonly Probe[]> = { [I in keyof P]: TrialReport }

interface Started {
  link: Link
  /** Gives it a probe; those given are done in order. */
  use(run: Running): void
}

/** The probes of one candidate: what is the same for all of them. */
interface Series {
  candidate: Candidate
  at: Tid
  /** The tid of the turn that places the candidate; the call has the last one. */
  tid: Tid
  /** Objects that a probe asked for: those behind it get them with the call, since asking takes both processes a turn. */
  known: Map<Oid, Uint8Array>
  knownBytes: number
}

interface Running {
  series: Series
  probe: Probe
  done(report: TrialReport): void
}

/** Probes that a process has been given and has not reported: enough for it never to wait for the next one. */
const WINDOW = 8
/** Bytes of objects that go with each probe; the others are asked for. */
const KNOWN_BYTES = 64 * 1024

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
   * Makes the calls of all probes, each on the image as of `at`, or of what is durable now; one report each, in order. One that ends
   * the process or takes too long has its report, and those behind it go on in a new one, up to `trialDeaths` times.
   */
  async run<const P extends readonly Probe[]>(candidate: Candidate, probes: P, at?: Tid) {
    return (await this.#all(candidate, probes, at)) as Reports<P>
  }

  async #all(
    candidate: Candidate,
    probes: readonly Probe[],
    at: Tid = this.#head.store.head().tid,
  ): Promise<TrialReport[]> {
    const tid = this.#head.nextTid
    const series: Series = { candidate, at, tid, known: new Map(), knownBytes: 0 }
    const reports: TrialReport[] = []
    for (let deaths = 0; reports.length < probes.length; deaths++) {
      if (this.#closed) return probes.map((_, i) => reports[i] ?? ended(closed()))
      if (deaths > KERNEL_LIMITS.trialDeaths) {
        const last = reports.at(-1) as TrialReport
        return probes.map((_, i) => reports[i] ?? last)
      }
      const started = this.#spare ?? this.#start()
      this.#spare = undefined
      // A process that died is replaced; one that lives serves the probes that are left.
      reports.push(...(await this.#serve(started, series, probes.slice(reports.length))))
      started.link.end('closed', 'the trial is over')
    }
    this.prepare()
    return reports
  }

  /** Reports of the probes that one process comes to: of all, or of those up to the one that ended it. */
  #serve({ link, use }: Started, series: Series, probes: readonly Probe[]): Promise<TrialReport[]> {
    return new Promise((resolve) => {
      const reports: TrialReport[] = []
      let given = 0
      let timer: unknown
      const watch = () => {
        this.#timers.clearTimeout(timer)
        timer = this.#timers.setTimeout(
          () => link.end('silent', `the trial took over ${KERNEL_LIMITS.trialTime} ms`),
          KERNEL_LIMITS.trialTime,
        )
      }
      const done = (report: TrialReport) => {
        reports.push(report)
        if (reports.length < probes.length && this.#live.has(link)) return go()
        this.#timers.clearTimeout(timer)
        resolve(reports)
      }
      const go = () => {
        watch()
        while (given < probes.length && given - reports.length < WINDOW) {
          // What the first one asks for goes with the others, so it is alone.
          if (given > 0 && reports.length === 0) break
          use({ series, probe: probes[given++] as Probe, done })
        }
      }
      go()
    })
  }

  /** What the results of a trial say. Throws Unbelievable. */
  #read(results: unknown[], { series: { at, tid, candidate }, probe }: Running): TrialReport {
    const isHeld = candidate.invariant !== undefined
    const [sets, earlier] = [probe.sets?.length ?? 0, probe.earlier?.length ?? 0]
    const turns = sets + earlier + (isHeld ? 4 : 2)
    if (results.length !== turns) return refuse('results for other turns than were given')
    const reports = results.map((result) =>
      Array.isArray(result) ? readReport(result) : refuse('a result is not a list'),
    )
    const after = isHeld ? reports.pop() : undefined
    const called = reports.pop()
    const before = isHeld ? reports.pop() : undefined
    // A call before, or an invariant, takes a transaction of its own when it writes.
    const others = [...reports.slice(1 + sets), ...(before === undefined ? [] : [before])]
    const written = others.filter((one) => one.kind === 'kept' && one.writes.length > 0).length
    const last = tid + sets + written
    const unmade = reports.find((report) => report.kind !== 'kept')
    if (unmade?.kind === 'fault') return unmade
    if (unmade?.kind === 'need') return neededBy(unmade.need)
    if (called?.kind === 'fault') return called
    if (called?.kind === 'need') return neededBy(called.need)
    if (called?.kind !== 'kept') return refuse('a trial without its end')
    const wrote = called.writes.map(({ oid, born, payload }) => {
      const slots = readSlots(payload)
      const changed = slots.filter((slot) => slot.tid > last).map(({ name }) => name)
      return { oid, born, changed: [...changed, ...this.#removed(oid, at, slots)], slots }
    })
    const { fuel, postings: posted } = called
    const kept = { kind: 'kept', reply: decodeValue(called.reply), wrote, posted, fuel } as const
    if (before === undefined || after === undefined) return kept
    return { ...kept, invariant: { before: heldOf(before), after: heldOf(after) } }
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
    const waiting: Running[] = []
    const running = () => waiting[0]
    const child = this.#spawn(
      workerEntry(),
      workerOptions(KERNEL_LIMITS.trialHeap, KERNEL_LIMITS.trialProcessor),
    )
    const link = new Link(
      child,
      {
        fetch: (oid) => this.#fetch(oid, running()?.series),
        lookup: (name) => this.#head.name(name, running()?.series.at),
        method: async (oid) => {
          const series = running()?.series
          return oid === CANDIDATE && series !== undefined
            ? series.candidate.code
            : this.#method(oid)
        },
      },
      { silence: KERNEL_LIMITS.silence, timers: this.#timers },
      {
        done: (results, isLast) => {
          if (!isLast) throw new Error('a part of one turn')
          const run = waiting[0]
          if (run === undefined) throw new Error('results that nobody waits for')
          const report = this.#read(results, run)
          waiting.shift()
          run.done(report)
        },
        end: (ending) => {
          this.#live.delete(link)
          if (this.#spare?.link === link) this.#spare = undefined
          waiting[0]?.done({ kind: 'fault', fault: endingFault(ending) })
        },
      },
    )
    this.#live.add(link)
    return {
      link,
      use: (run) => {
        waiting.push(run)
        this.#give(link, run)
      },
    }
  }

  #fetch(oid: Oid, series: Series | undefined): Uint8Array | undefined {
    const payload = this.#head.payload(oid, series?.at)
    if (series === undefined || payload === undefined) return payload
    if (series.knownBytes + payload.length <= KNOWN_BYTES && !series.known.has(oid)) {
      series.known.set(oid, payload)
      series.knownBytes += payload.length
    }
    return payload
  }

  #give(link: Link, { series, probe }: Running): void {
    const { learner, selector, request, invariant } = series.candidate
    link.next(this.#head.nextOid, series.tid, true)
    const change = { kind: 'method', target: learner, selector, method: CANDIDATE }
    const frame = { now: request.now, seed: request.seed, fuel: request.fuel }
    const sets = (probe.sets ?? []).map((set) => ({ kind: 'set', ...set }))
    const args = probe.args ?? request.args
    const call = { ...request, ...probe.frame, args }
    const earlier = (probe.earlier ?? []).map((one) => ({ ...request, args: one }))
    const calls = [...earlier, ...(invariant === undefined ? [call] : heldCalls(call, invariant))]
    const turns = [
      ...[change, ...sets].map((one) => ['change', { ...frame, change: one }]),
      ...calls.map((one) => ['send', one]),
    ]
    link.run(
      turns.map((turn, i) => [i + 1, ...turn]),
      [...series.known].flat(),
    )
  }
}

/** A call with its invariant before and behind it. */
function heldCalls(call: SendRequest, selector: string): SendRequest[] {
  const asked = { ...call, selector, args: [] }
  return [asked, call, asked]
}

function heldOf(report: Report): Held {
  if (report.kind === 'kept') return { reply: decodeValue(report.reply) }
  if (report.kind === 'fault') return { fault: report.fault.message }
  const { need } = report
  return {
    fault: need.kind === 'method' ? `nobody understands ${need.selector}` : 'it asks others',
  }
}

/** What a need in a trial says of the candidate: nothing outside the image is asked for one that nobody has judged. */
function neededBy(need: Need): TrialReport {
  if (need.kind === 'method') return { kind: 'not-understood', selector: need.selector }
  if (need.kind === 'inquiry') {
    const who = need.inquiry.of === 'persona' ? need.inquiry.name : 'the Crucible'
    const asks = `it asks ${who}, which a method that is being tried cannot`
    return { kind: 'fault', fault: kernelFault('METHOD_FAILED', asks).toRecord() }
  }
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
