// Owns: messages that wait for what they need: their records in the table of waiting messages, the requests they wait for,
// and their taking up again at the next start.
// Leaves: who waits for which method to generations.ts, making requests to http.ts; running and ending messages to kernel.ts.
// Laws: KN11 a need ends the attempt; the message becomes durable, the need is met outside, and the turn runs again on the
// newest state. KN15 how many wait is bounded. KN19 a message that asks for too many methods ends. KN78 what a host answered
// is recorded before the turn runs again.

import { createHash } from 'node:crypto'
import { asFault, type Fault, type FaultRecord } from '#ground'
import type { TableWrite } from '#image'
import {
  decodeValue,
  type HttpNeed,
  type InquiryNeed,
  type MethodNeed,
  type Need,
  type NeedOutcome,
  needKey,
} from '#objects'
import { type BudgetLimits, Budgets } from './budgets.ts'
import { kernelFault } from './faults.ts'
import { Generations } from './generations.ts'
import type { Head } from './head.ts'
import type { Http } from './http.ts'
import type { Inquiries } from './inquiries.ts'
import type { Keys } from './keys.ts'
import type { KernelEvent, Learner, Workbench } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Ending } from './link.ts'
import {
  busy,
  emit,
  type Frame,
  frameWith,
  frameWithout,
  type Message,
  needEvent,
  type Pending,
} from './message.ts'
import type { Policies } from './policies.ts'
import { type Proposals, type Proposed, waitingRecord } from './proposals.ts'
import { Refusals } from './refusals.ts'

export interface NeedParts {
  options: {
    learner: Learner
    policy: 'auto' | 'review' | 'off'
    budgets?: Partial<BudgetLimits>
    now: () => number
    onWorkerEnd?: (ending: Ending) => void
  }
  workbench: Workbench
  head: Head
  keys: Keys
  http: Http
  inquiries: Inquiries
  policies: Policies
  proposals: Proposals
  /** Keeps table writes in the order of the turns; resolves when they are durable. */
  keep(writes: readonly TableWrite[]): Promise<void>
  messages: {
    /** Takes in a message for which nobody waits. */
    admit(message: Message, frame: Frame): Pending
    /** Puts it at the tail of the order. */
    run(pending: Pending): void
    /** Ends it with a fault that is its outcome, kept under its key. */
    conclude(pending: Pending, fault: FaultRecord): void
    /** Ends it with a fault that is not kept. */
    finish(pending: Pending, fault: FaultRecord): void
    /** Whether it has it run again later instead, since nobody could send it again. */
    holds(pending: Pending, fault: FaultRecord): boolean
  }
}

/** What the table has of a message that waits: the kind of its need, its proposal, the generations begun for it. */
type Waiting = [Message, Frame, Need['kind']?, string?, number?]

export class Needs {
  readonly #parts: NeedParts
  readonly #generations: Generations
  /** The number of the newest record of a waiting message, and how many wait. */
  #number = 0
  #waiting = 0
  #closing = false

  constructor(parts: NeedParts) {
    this.#parts = parts
    this.#generations = new Generations({
      options: parts.options,
      workbench: parts.workbench,
      policies: parts.policies,
      budgets: new Budgets(parts.head.store, parts.options.now, parts.options.budgets),
      refusals: new Refusals(parts.head, parts.options.now),
      again: (pending, need, outcome) => this.again(pending, need, outcome),
      propose: (waiters, need, given) => void this.#propose(waiters, need, given),
      leaveQuestion: (first, need, given) => this.#leaveQuestion(first, need, given),
    })
  }

  /** How many generations there are now, were begun, and ended with a method; and how many more may begin. */
  get status(): Record<string, unknown> {
    return this.#generations.status
  }

  /** A person has decided about a method: what failed of it may be tried again. */
  forgive(about: Pick<MethodNeed, 'learner' | 'selector'>): void {
    this.#generations.forgive(about)
  }

  /** A message's turn ended with a need, and no longer asks for what is stale. */
  met(pending: Pending, need: Need, stale: readonly string[]): void {
    if (pending.done) return
    const { messages, http } = this.#parts
    if (pending.needs === 0) emit(pending, { kind: 'queued' })
    emit(pending, needEvent(need))
    const before = pending.frame
    pending.frame = frameWithout(before, stale)
    if (pending.frame !== before) {
      emit(pending, { kind: 'progress', detail: 'an answer is no longer asked for' })
    }
    if (++pending.needs > KERNEL_LIMITS.needs) {
      // A method may catch the fault of each need and ask for the next: only the end of the message ends that.
      const many = `one message met more than ${KERNEL_LIMITS.needs} missing methods and answers`
      return messages.conclude(pending, kernelFault('LIMIT', many).toRecord())
    }
    if (this.#isLeft(pending, need)) return this.#keepWaiting(pending, need, () => undefined)
    let refusal: FaultRecord | undefined
    if (need.kind === 'method') refusal = this.#generations.refusalOf(pending, need)
    else if (need.kind === 'http') refusal = http.refusal(need.request)
    if (refusal !== undefined) return this.again(pending, need, { fault: refusal })
    if (pending.record === undefined) {
      if (this.#waiting >= KERNEL_LIMITS.waitingLength) {
        return messages.conclude(pending, busy('too many messages wait for what they need'))
      }
      this.#waiting++
      pending.record = this.#newRecord()
    }
    if (need.kind !== 'method') {
      return this.#keepWaiting(pending, need, () => void this.#ask(pending, need))
    }
    this.#waitFor(pending, need)
  }

  /** Has a message wait for a method: for a person who decides about it, or for its generation. */
  #waitFor(pending: Pending, need: MethodNeed): void {
    const { messages, proposals } = this.#parts
    const policy = this.#generations.policyOf(pending, need)
    const parked = proposals.find(need, pending.message.intent, policy)?.id
    if (parked !== undefined) {
      const goOn = () => {
        if (proposals.isOpen(parked)) proposals.park(parked, pending, need)
        // It was decided just now.
        else messages.run(pending)
      }
      return this.#keepWaiting(pending, need, goOn, parked)
    }
    const reserved = this.#generations.reserve(pending, need)
    if (reserved.refused !== undefined) {
      const { fault, ends } = reserved.refused
      if (ends) {
        // One that is held asks for the same once more.
        pending.needs--
        return messages.conclude(pending, fault)
      }
      return this.again(pending, need, { fault })
    }
    const goOn = () => this.#generations.wait(pending)
    this.#keepWaiting(pending, need, goOn, undefined, reserved.writes)
  }

  /** A message that a person's decision set going on a kernel that generates nothing is left to one that does. */
  #isLeft(pending: Pending, need: Need): boolean {
    const { options, proposals } = this.#parts
    return options.policy === 'off' && need.kind === 'method' && proposals.wasParked(pending)
  }

  /** A message has its answer: one that waited makes room for another. */
  over({ record }: Pending): void {
    if (record !== undefined) this.#waiting--
  }

  /** A message was ended from outside: what it waits for ends when nobody else does. */
  leave(pending: Pending): void {
    pending.asking?.abort(new Error('the message has ended'))
    this.#generations.leave(pending)
    this.#parts.proposals.leave(pending)
  }

  /** Whoever is told that a message did not run must not find it run at the next start: telling waits for that. */
  dropRecord({ record }: Pending, tell: () => void): void {
    if (record === undefined) return tell()
    void this.#remove(record).then(tell)
  }

  /** Removes a record. What is not removed runs, or is removed, at the next start: told, since it cannot be helped. */
  #remove(record: string): Promise<void> {
    const { keep, options } = this.#parts
    return keep([{ table: 'waiting', key: record, value: null }]).catch((error: unknown) => {
      options.onWorkerEnd?.({ reason: 'unkept', detail: String(error) })
    })
  }

  /**
   * Messages that waited when the last kernel ended wait again; without a key nobody is answered. A kernel that generates
   * nothing leaves those that wait for a method to one that does.
   */
  resume(): void {
    const { options, keys, messages, proposals } = this.#parts
    const { store } = this.#parts.head
    for (let from = ''; ; ) {
      const page = store.scan('waiting', { from })
      for (const { key, value } of page) {
        const waiting = waitingIn(key, value)
        if (waiting === undefined) {
          // It keeps nobody from the image; what it was can be looked at there.
          const detail = `what waited as ${JSON.stringify(key)} is no message; it stays where it is`
          options.onWorkerEnd?.({ reason: 'unkept', detail })
          continue
        }
        const [message, frame, kind, parked = '', begun = 0] = waiting
        this.#number = Math.max(this.#number, Number(key))
        const isParked = proposals.isOpen(parked)
        if (options.policy === 'off' && kind !== 'http' && !isParked) continue
        // A record whose removal failed must not run a key again.
        if (keys.answered(message) !== undefined || keys.underWay(message)) {
          void this.#remove(key)
          continue
        }
        const pending = messages.admit(message, { ...frame })
        pending.record = key
        pending.begun = begun
        pending.isResumed = true
        this.#waiting++
        if (isParked) proposals.park(parked, pending)
        else messages.run(pending)
      }
      const last = page.at(-1)?.key
      if (last === undefined) return
      from = `${last} `
    }
  }

  /** Ends generations. Requests end with their messages. */
  close(): void {
    this.#closing = true
    this.#generations.close()
  }

  /** Makes a message that waits for a need durable, with what it knows; goes on when it is, unless the message has ended. */
  #keepWaiting(
    pending: Pending,
    need: Need,
    goOn: () => void,
    parked?: string,
    more: readonly TableWrite[] = [],
  ): void {
    const { keep, messages } = this.#parts
    const { arriving } = pending
    const write = waitingRecord(pending, need, parked)
    const { value } = write
    if (value.length > KERNEL_LIMITS.waitingBytes) {
      const large = `a message with the answers it waited for takes ${value.length} bytes; the limit is ${KERNEL_LIMITS.waitingBytes}`
      this.#generations.leave(pending)
      return messages.conclude(pending, kernelFault('LIMIT', large).toRecord())
    }
    const writes: TableWrite[] = [write, ...more]
    // From here on this record is what makes the message arrive.
    if (arriving !== undefined) writes.push({ table: 'outbox', key: arriving.key, value: null })
    keep(writes).then(
      () => {
        if (arriving !== undefined && pending.arriving === arriving) {
          pending.arriving = undefined
          arriving.done(true)
        }
        if (!pending.done) goOn()
      },
      // It may have waited for something before, and then that record is there.
      (fault: Fault) => {
        this.#generations.leave(pending)
        pending.needs--
        if (messages.holds(pending, fault.toRecord())) return
        this.dropRecord(pending, () => messages.finish(pending, fault.toRecord()))
      },
    )
  }

  /** Makes a request, or asks a question; the message runs again when its outcome is kept, so that a new start does not ask again. */
  async #ask(pending: Pending, need: HttpNeed | InquiryNeed): Promise<void> {
    if (this.#closing) return
    const asking = new AbortController()
    pending.asking = asking
    const outcome = await this.#outcomeOf(pending, need, asking.signal)
    pending.asking = undefined
    // A message that waits when the kernel closes stays in its table and asks again at the next start.
    if (pending.done || this.#closing) return
    pending.frame = frameWith(pending.frame, need, outcome)
    this.#keepWaiting(pending, need, () => this.#parts.messages.run(pending))
  }

  #outcomeOf(
    pending: Pending,
    need: HttpNeed | InquiryNeed,
    signal: AbortSignal,
  ): Promise<NeedOutcome> {
    if (need.kind === 'inquiry') {
      const tell = (event: KernelEvent) => emit(pending, event)
      return this.#parts.inquiries.outcome(need.inquiry, tell, signal)
    }
    const { now, seed } = pending.frame
    const name = `${now}\n${seed}\n${pending.record}\n${needKey(need)}`
    const key = createHash('sha256').update(name).digest('hex')
    return this.#parts.http.outcome(need.request, key, signal)
  }

  /** A person has to decide: those who waited for the method wait for that, once it is kept. */
  async #propose(waiters: readonly Pending[], need: MethodNeed, given: Proposed): Promise<void> {
    const { proposals } = this.#parts
    const waiting = () => waiters.filter(({ done }) => !done)
    const [first] = waiting()
    if (first === undefined) return
    try {
      const { id } = await proposals.propose(first, need, given, waiting())
      // A message that was ended meanwhile has had its record removed behind ours.
      for (const pending of waiting()) {
        if (proposals.isOpen(id)) proposals.park(id, pending, need)
        else this.again(pending, need, undefined)
      }
    } catch (error) {
      const fault = asFault(error)
      if (fault === undefined) throw error
      for (const pending of waiting()) this.again(pending, need, { fault: fault.toRecord() })
    }
  }

  async #leaveQuestion(
    first: Pending,
    need: MethodNeed,
    given: Proposed,
  ): Promise<string | undefined> {
    try {
      return await this.#parts.proposals.leaveQuestion(first, need, given)
    } catch (error) {
      // The message ends all the same: that it could not be asked about is no reason to keep it.
      if (asFault(error) === undefined) throw error
      return undefined
    }
  }

  /** Runs a message again at the tail of the order, knowing how its need ended. */
  again(pending: Pending, need: Need, outcome: NeedOutcome | undefined): void {
    if (pending.done) return
    if (outcome !== undefined) pending.frame = frameWith(pending.frame, need, outcome)
    this.#parts.messages.run(pending)
  }

  #newRecord(): string {
    return String(++this.#number).padStart(12, '0')
  }
}

/** The message in a row of the table, undefined when there is none that could run. */
function waitingIn(key: string, value: Uint8Array): Waiting | undefined {
  if (!/^\d{1,15}$/.test(key)) return undefined
  try {
    const waiting = decodeValue(value)
    return Array.isArray(waiting) && waiting.length >= 2 ? (waiting as Waiting) : undefined
  } catch {
    // Its bytes are those that were written, and no value all the same.
    return undefined
  }
}
