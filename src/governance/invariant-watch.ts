// Owns: whether the calls of a method on probation leave the invariant of the object as it was: which are to be asked about, and asking.
// Leaves: which invariant binds to invariant.ts; taking a version back to probation.ts.
// Laws: GO64 while a version is on probation, the invariant is asked after its calls that wrote, in a trial and after the reply; a call
// before which it held and after which it does not speaks against the version.
import { type CalledTurn, type Kernel, placesIn, type TrialReport, type VersionRow } from '#kernel'
import { type Oid, oidText, type Tid } from '#objects'
import { canonical } from './behaviour.ts'
import { type Binding, bindingInvariant, isHeir, saidOf } from './invariant.ts'

/** A call that wrote: the transaction that it saw the image as of, and its own. */
interface Wrote {
  at: Tid
  tid: Tid
  /** For a sentence. */
  text: string
  frame: { now: number; seed: number }
}

/** Calls of one method that are not asked about yet; a busy method's oldest go, since what is asked is how it is now. */
const WAITING_MAX = 64
/** Objects of one look that are asked: a call seldom writes more that have the method. */
const OBJECTS_MAX = 8
/** Ticks that one answer may take, as for an example. */
const FUEL = 1_000_000
/** UTF-16 units of a call in a sentence. */
const CALL_LENGTH = 120

export class InvariantWatch {
  readonly #kernel: Kernel
  readonly #waiting = new Map<Oid, Wrote[]>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Takes a call down; true when it is to be asked about. */
  note({ method, selector }: VersionRow, { request, outcome, at }: CalledTurn): boolean {
    if (outcome.kind !== 'kept' || outcome.tid === null || selector === 'invariant') return false
    const text = `${request.selector}(${request.args.map(canonical).join(', ')})`
    const { now, seed } = request
    const calls = this.#waiting.get(method) ?? []
    calls.push({ at, tid: outcome.tid, text: text.slice(0, CALL_LENGTH), frame: { now, seed } })
    if (calls.length > WAITING_MAX) calls.shift()
    this.#waiting.set(method, calls)
    return true
  }

  isWaiting({ method }: VersionRow): boolean {
    return this.#waiting.has(method)
  }

  forget(method: Oid): void {
    this.#waiting.delete(method)
  }

  /** The sentence of the first call that broke an invariant which is still broken. */
  async broken(row: VersionRow): Promise<string | undefined> {
    const calls = this.#waiting.get(row.method) ?? []
    this.#waiting.delete(row.method)
    if (calls.length === 0) return undefined
    const { head } = this.#kernel
    await this.#kernel.durable()
    const written = calls.map((call) => ({ call, oids: this.#heirsIn(call, row) }))
    const objects = [...new Set(written.flatMap(({ oids }) => oids))].slice(-OBJECTS_MAX)
    for (const oid of objects) {
      const binding = bindingInvariant(head, oid)
      if (binding === undefined) continue
      const those = written.filter(({ oids }) => oids.includes(oid)).map(({ call }) => call)
      const why = await this.#brokenBy(those, oid, binding)
      if (why !== undefined) return why
    }
    return undefined
  }

  /** Objects that a call wrote and that have the method. */
  #heirsIn({ tid }: Wrote, { holder }: VersionRow): Oid[] {
    const { head } = this.#kernel
    const oids = head.store.transaction(tid)?.oids ?? []
    return oids.filter((oid) => head.has(oid) && isHeir(head, oid, holder))
  }

  async #brokenBy(calls: readonly Wrote[], oid: Oid, binding: Binding) {
    const last = calls.at(-1) as Wrote
    const now = await this.#ask(last, oid, binding, last.tid)
    if (now === undefined || now === true) return undefined
    for (const call of calls) {
      const after = call === last ? now : await this.#ask(call, oid, binding, call.tid)
      if (after === undefined || after === true) continue
      // What was broken before it came is not its doing.
      if ((await this.#ask(call, oid, binding, call.at)) !== true) continue
      const text = oidText(oid)
      const place = placesIn(this.#kernel.head, [oid])[text] ?? text
      return `${call.text} breaks the invariant of ${place}, which held before: ${after}`
    }
    return undefined
  }

  /** True, or what is said instead; undefined when the object was not there, or the question came to nothing. */
  async #ask(
    { frame }: Wrote,
    oid: Oid,
    { holder, method }: Binding,
    at: Tid,
  ): Promise<true | string | undefined> {
    const { head } = this.#kernel
    if (head.read(oid, at)?.kind !== 'object' || head.read(holder, at)?.kind !== 'object') {
      return undefined
    }
    const request = { ...frame, fuel: FUEL, target: oid, selector: 'invariant', args: [], holder }
    const report: TrialReport = await this.#kernel.instead(request, holder, method, at)
    if (report.kind === 'kept') return saidOf({ reply: report.reply })
    // Another code says something of the trial, and nothing of the object.
    if (report.kind !== 'fault' || report.fault.code !== 'METHOD_FAILED') return undefined
    return saidOf({ fault: report.fault.message })
  }
}
