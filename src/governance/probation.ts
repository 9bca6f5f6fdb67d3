// Owns: what becomes of methods on probation: shadow runs, the verdict on what they did, and taking them back.
// Leaves: counting calls to the kernel; the turns that a person asks for to versions.ts.
// Laws: GO50 a replacement is compared with the version before it on calls that wrote nothing, off the path of the reply.
// GO51 a version is taken back by itself when an example no longer holds, when a call of it breaks the object's invariant, when it
// fails where the one before answers, or when it costs more than twice as much on the same calls; that is one turn, and the history says why. GO52 it is durable
// after so many calls and sessions, when the examples still hold. GO53 a source that was on the stack at two deaths of
// workers is quarantined, which the history tells.
import { asFault, type FaultRecord } from '#ground'
import type { Revision } from '#image'
import {
  type CalledTurn,
  type Example,
  KERNEL_LIMITS,
  type Kernel,
  type MethodView,
  methodFields,
  type TrialReport,
  type VersionRow,
} from '#kernel'
import { decodeValue, type Oid } from '#objects'
import { canonical, isCrash } from './behaviour.ts'
import { examplesFor, probeOfExample, refuseExamples } from './examples.ts'
import { InvariantWatch } from './invariant-watch.ts'
import { sceneOf } from './scene.ts'
import { SYSTEM, slotOf, takeBack } from './swapping.ts'

/** Calls that must fail where the version before answers: one may be what the replacement is for. */
const WORSE = 2
/** Calls that must end by a crash, and their part of all, for a version that has none before it. */
const CRASHES = 3
const CRASH_PART = 0.5
/** Calls that both answered before their fuel is compared, how many times as much is too much, and ticks that are little. */
const FUEL_PAIRS = 3
const FUEL_TIMES = 2
const FUEL_LITTLE = 1_000
/** Calls of both versions before their faults are compared without a shadow, and by how much one part may exceed the other. */
const RATE_CALLS = 10
const RATE_MORE = 0.2
/** Milliseconds that a closing kernel waits: a few runs of the version before. */
const CLOSING_TIME = 3_000
/** UTF-16 units of a value in a sentence of evidence. */
const VALUE_LENGTH = 120

/** Judges the methods of a kernel that are on probation. */
export class Probation {
  readonly #kernel: Kernel
  readonly #invariants: InvariantWatch
  readonly #waiting: { row: VersionRow; turn: CalledTurn }[] = []
  #isBusy = false
  #isClosing = false
  /** Methods about which something is being decided. */
  readonly #deciding = new Set<Oid>()
  /** Work that goes on, for whoever waits for it to end. */
  readonly #going = new Set<Promise<void>>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#invariants = new InvariantWatch(kernel)
    kernel.versions.supervise({
      began: (row) => this.#begin(row),
      called: (row, turn, faults) => this.#called(row, turn, faults),
    })
    kernel.onCharged = (methods, deaths, reason) => this.#go(this.#died(methods, deaths, reason))
  }

  /** Resolves when nothing is being compared or decided. */
  async idle(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going)
  }

  /** Lets what is being compared and decided come to its end, for a while; nothing new begins. */
  async close(): Promise<void> {
    this.#isClosing = true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSING_TIME)
    })
    await Promise.race([this.idle(), late])
    clearTimeout(timer)
    this.#waiting.length = 0
  }

  #go(work: Promise<void>): void {
    const going = work
      .catch((error: unknown) => {
        // What could not be decided now is decided at the next call.
        const why = asFault(error)?.message ?? String(error)
        this.#kernel.options.onWorkerEnd?.({ reason: 'unkept', detail: why })
      })
      .finally(() => this.#going.delete(going))
    this.#going.add(going)
  }

  /** A replacement is held to the examples at once: a person's passed no gate that asks for them. */
  #begin(row: VersionRow): void {
    if (row.previous !== null) this.#go(this.#decide(row, () => this.#brokenExample(row)))
  }

  #called(row: VersionRow, turn: CalledTurn, faults: number): void {
    const { outcome } = turn
    if (faults > 0 && outcome.kind === 'fault' && isBreak(outcome.fault)) row.crashes++
    const isPure =
      outcome.kind === 'fault' ||
      (outcome.kind === 'kept' && outcome.tid === null && outcome.postings.length === 0)
    if (this.#isClosing) return
    const isWanted = row.previous !== null && row.shadows.runs < KERNEL_LIMITS.shadowRuns
    if (isPure && isWanted && this.#waiting.length < KERNEL_LIMITS.shadowsWaiting) {
      this.#waiting.push({ row, turn })
      if (!this.#isBusy) this.#go(this.#shadows())
    }
    const isToAsk = this.#invariants.note(row, turn)
    const why = this.#against(row)
    if (why !== undefined) this.#go(this.#decide(row, async () => why))
    else if (hasServed(row)) this.#go(this.#decide(row, () => this.#unlikeSaid(row), true))
    else if (isToAsk) this.#go(this.#decide(row, () => this.#invariants.broken(row)))
  }

  /** What people said and a version does not keep to: an invariant, or an answer. */
  async #unlikeSaid(row: VersionRow): Promise<string | undefined> {
    return (await this.#invariants.broken(row)) ?? (await this.#brokenExample(row))
  }

  // Shadow runs --------------------------------------------------------------------------------

  async #shadows(): Promise<void> {
    this.#isBusy = true
    try {
      for (;;) {
        const next = this.#waiting.shift()
        if (next === undefined) return
        const { row, turn } = next
        if (row.state !== 'probation' || row.previous === null) continue
        await this.#kernel.durable()
        const { request, at } = turn
        const report = await this.#kernel.instead(request, row.holder, row.previous, at)
        this.#compare(row, turn, report)
        const why = this.#against(row)
        if (why !== undefined) await this.#decide(row, async () => why)
      }
    } finally {
      this.#isBusy = false
    }
  }

  #compare(row: VersionRow, { request, outcome }: CalledTurn, before: TrialReport): void {
    const { shadows } = row
    // It was ended from outside, or is not to run: that says nothing of either.
    if (before.kind === 'fault' && PASSING.has(before.fault.code)) return
    shadows.runs++
    const call = `${request.selector}(${request.args.map(shortly).join(', ')})`
    const wrote = before.kind === 'kept' && before.wrote.length + before.posted.length > 0
    if (outcome.kind === 'fault') {
      if (before.kind !== 'kept') shadows.same++
      else {
        shadows.worse++
        const was = wrote ? 'answered' : `answered ${shortly(before.reply)}`
        return this.#kernel.versions.evidence(
          row,
          `${call} failed (${outcome.fault.message}); the version before ${was}`,
        )
      }
    } else if (outcome.kind === 'kept') {
      if (before.kind !== 'kept') shadows.better++
      else {
        shadows.paired++
        shadows.fuel += outcome.fuel
        shadows.fuelBefore += before.fuel
        const reply = decodeValue(outcome.result)
        if (!wrote && canonical(reply) === canonical(before.reply)) shadows.same++
        else {
          shadows.differ++
          const more = wrote ? ' and wrote' : ''
          return this.#kernel.versions.evidence(
            row,
            `${call} answered ${shortly(reply)}; the version before answered ${shortly(before.reply)}${more}`,
          )
        }
      }
    }
    this.#kernel.versions.keep(row)
  }

  // Verdicts -----------------------------------------------------------------------------------

  /** Why a version is to be taken back, of what was counted; undefined when nothing says so. */
  #against(row: VersionRow): string | undefined {
    const { shadows, calls, faults, crashes, previous } = row
    if (previous === null) {
      const isBroken = crashes >= CRASHES && crashes > calls * CRASH_PART
      return isBroken ? `${crashes} of its ${calls} calls broke` : undefined
    }
    if (shadows.worse - shadows.better >= WORSE) {
      return `it failed on ${shadows.worse} of ${shadows.runs} calls that the version before was run on too, and that one answers`
    }
    const { paired, fuel, fuelBefore } = shadows
    const isDear = fuel > fuelBefore * FUEL_TIMES && fuel > FUEL_LITTLE * paired
    if (paired >= FUEL_PAIRS && isDear) {
      return `it takes ${fuel} ticks for ${paired} calls that took ${fuelBefore} before`
    }
    const before = this.#rowOf(row, previous)
    if (before === undefined || before.calls < RATE_CALLS || calls < RATE_CALLS) return undefined
    if (faults / calls <= before.faults / before.calls + RATE_MORE) return undefined
    return `${faults} of its ${calls} calls failed, of the version before ${before.faults} of ${before.calls}`
  }

  #rowOf({ holder, selector }: VersionRow, method: Oid): VersionRow | undefined {
    return this.#kernel.versions.of(holder, selector).find((one) => one.method === method)
  }

  /** The sentence of an example that a version does not answer as a person did. */
  async #brokenExample(row: VersionRow): Promise<string | undefined> {
    const { workbench, head, options } = this.#kernel
    const { holder, selector, method } = row
    for (const example of workbench.examples(holder, selector)) {
      if (!head.has(example.receiver)) continue
      const call = callOf(example, holder, selector)
      const asked = examplesFor(workbench, call).filter((one) => isSameCall(one, example))
      if (asked.length === 0) continue
      const compiled = await options.judge.compile(head.method(method).source)
      if ('problems' in compiled) return undefined
      const { code, globals } = compiled
      const request = {
        ...call.frame,
        target: example.receiver,
        selector,
        args: example.args,
        holder,
      }
      const candidate = { learner: holder, selector, code: { code, globals }, request }
      const reports = await workbench.trial(candidate, asked.map(probeOfExample))
      const refusal = refuseExamples(reports, asked, sceneOf(head, call))
      if (refusal !== undefined) return refusal.sentence
    }
    return undefined
  }

  /** Takes a version back when there is a reason; otherwise, when it `mayStay`, it has proven itself. */
  async #decide(
    row: VersionRow,
    reason: () => Promise<string | undefined>,
    mayStay = false,
  ): Promise<void> {
    if (row.state !== 'probation' || this.#deciding.has(row.method)) return
    this.#deciding.add(row.method)
    try {
      const why = await reason()
      if (row.state !== 'probation') return
      if (why !== undefined) await takeBack(this.#kernel, row, why)
      else if (mayStay) await this.#stay(row)
    } finally {
      this.#deciding.delete(row.method)
      this.#lookAgain(row)
    }
  }

  /** Calls that came while something was being decided are asked about behind it. */
  #lookAgain(row: VersionRow): void {
    if (row.state !== 'probation') this.#invariants.forget(row.method)
    else if (this.#invariants.isWaiting(row) && !this.#isClosing) {
      this.#go(this.#decide(row, () => this.#invariants.broken(row)))
    }
  }

  async #stay(row: VersionRow): Promise<void> {
    const { versions, options } = this.#kernel
    const reason = `${row.calls} calls in ${row.sessions.length} sessions`
    const write = versions.deciding(row, 'durable', options.now(), { by: SYSTEM, reason })
    await this.#kernel.keep([write])
    versions.tell({ kind: 'durable', row, tid: null, reason })
  }

  // Deaths -------------------------------------------------------------------------------------

  /** Counts a death against all sources that were on the stack, but those that the world began with. */
  async #died(methods: readonly Oid[], deaths: number, reason: string): Promise<void> {
    const { head, quarantine, options, versions } = this.#kernel
    const sentence = reason === 'memory' ? 'it took all memory' : 'it never came to an end'
    for (const oid of new Set(methods)) {
      if (head.read(oid)?.kind !== 'method') continue
      const method = head.method(oid)
      if (method.author === 'world') continue
      const how = { deaths, time: options.now(), reason: sentence }
      const { entry, ends, kept } = quarantine.died(method.source, method, how)
      await kept
      const row = versions.find(method.holder, method.selector, method.version)
      if (!ends) {
        if (row?.state === 'durable') {
          await this.#kernel.keep([
            versions.deciding(row, 'degraded', how.time, { by: SYSTEM, reason: sentence }),
          ])
        }
        continue
      }
      await this.#tellQuarantine(method, entry.deaths, sentence)
      if (row?.state === 'probation' && row.previous !== null) {
        await this.#decide(row, async () => `it is quarantined: ${sentence}`)
      }
    }
  }

  /** The history says that a method is quarantined, where it is in its slot; and so does its record. */
  async #tellQuarantine(method: MethodView, deaths: number, reason: string): Promise<void> {
    const { oid, holder, selector, version } = method
    const slot = slotOf(this.#kernel, holder, selector)
    const { versions, options } = this.#kernel
    let tid: number | null = null
    if (slot?.method === oid) {
      const quarantined = { time: options.now(), deaths, reason }
      const answer = await this.#kernel.change(
        { kind: 'method', target: holder, selector, method: oid, expect: slot.tid },
        { author: SYSTEM, note: `quarantine ${selector}, version ${version}: ${reason}` },
        () => ({ ...methodFields(this.#kernel.head.read(oid) as Revision), quarantined }),
      )
      tid = answer.ok ? answer.tid : null
    }
    const known = versions.find(holder, selector, version)
    if (known !== undefined) versions.tell({ kind: 'quarantined', row: known, tid, reason })
  }
}

/** Codes that say nothing of the method. */
const PASSING: ReadonlySet<string> = new Set(['BUSY', 'CANCELLED', 'QUARANTINED'])

/** A fault that no method has on purpose. */
const isBreak = (fault: FaultRecord) =>
  isCrash(fault) ||
  ['FUEL', 'LIMIT'].includes(fault.code) ||
  // What a method sends to a value that is none of the objects.
  (fault.code === 'METHOD_FAILED' && /^(nil|true|false) does not understand /.test(fault.message))

const hasServed = ({ calls, sessions }: VersionRow) =>
  calls >= KERNEL_LIMITS.probationCalls && sessions.length >= KERNEL_LIMITS.probationSessions

/** Ticks that one example may take. */
const EXAMPLE_FUEL = 1_000_000

const callOf = ({ receiver, args, frame }: Example, learner: Oid, selector: string) => ({
  kind: 'method' as const,
  receiver,
  learner,
  selector,
  args,
  frame: { ...frame, fuel: EXAMPLE_FUEL },
})

const isSameCall = (one: Example, other: Example) =>
  canonical([one.args, one.sets, one.frame]) === canonical([other.args, other.sets, other.frame])

/** A value in a sentence. */
function shortly(value: unknown): string {
  const text = canonical(value)
  return text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH)}…` : text
}
