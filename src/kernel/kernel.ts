// Owns: messages in motion: admission, keys, deadlines, needs, and the answer of each.
// Leaves: the order of turns to sequence.ts; meeting a need to the Learner handed in; the wire to the bridge.
// Laws: KN10 a message is answered once. KN11 a need ends the attempt; the message becomes durable, the need is met outside,
// and the turn runs again on the newest state. KN12 one generation serves everyone who waits for the same method.
// KN13 a key's handler runs once: its answer is kept with the turn and sent again for 24 hours. KN14 a deadline or a cancel
// ends the message, and a generation only when nobody else awaits it. KN15 what is over a limit is refused with BUSY. KN18
// what a message refers to is there, or the message is refused. KN19 a message that asks for too many methods ends.
//
//   admitted --> queued --> running --> answered
//                  ^           |need
//                  |           v
//                  +--met-- waiting          deadline, cancel: any --> answered
import { asFault, Fault, type FaultRecord } from '#ground'
import type { Store, TableWrite, Transaction } from '#image'
import {
  type Change,
  decodeValue,
  encodeValue,
  type HttpNeed,
  type MethodNeed,
  type Need,
  type NeedOutcome,
  needKey,
  OBJECT_LIMITS,
  type Oid,
  oidText,
  type SendRequest,
  type Tid,
} from '#objects'
import { createHash } from 'node:crypto'
import type { SpawnChild } from './child.ts'
import { Code } from './code.ts'
import { kernelFault } from './faults.ts'
import { Head } from './head.ts'
import { type FetchPower, Http } from './http.ts'
import type { CheckAnswer, CheckRequest, Judge } from './judge/index.ts'
import { Keys, type Sent } from './keys.ts'
import type { KernelEvent, Learner, LearnOutcome, Workbench } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Ending } from './link.ts'
import {
  type Answer,
  answerOf,
  arrivalOf,
  busy,
  collectRefs,
  type Frame,
  frameWith,
  frameWithout,
  type Generation,
  isPassing,
  type Listener,
  type Message,
  NEVER_GENERATED,
  needEvent,
  NOBODY,
  type Pending,
  refusalKey,
} from './message.ts'
import { type MethodFields, methodRevision } from './method-record.ts'
import { type Arriving, Outbox, type Taking } from './outbox.ts'
import { type ChangedSlots, Sequence, type Settled } from './sequence.ts'
import { processTimers, type Timers } from './timers.ts'
import { Trials } from './trial.ts'

export type { Answer, Listener, Message } from './message.ts'

/** A change that has become durable, for those who follow it. */
export interface DurableChange extends ChangedSlots {
  tid: Tid
}

export interface KernelOptions {
  store: Store
  spawn: SpawnChild
  judge: Judge
  learner: Learner
  /** `off` generates nothing. */
  policy: 'auto' | 'review' | 'off'
  /** Milliseconds since 1970. */
  now: () => number
  /** A number below 2 ** 32. */
  random: () => number
  /** Told when a worker ended that should not have. */
  onWorkerEnd?: (ending: Ending) => void
  /** Milliseconds of silence after which a worker is killed; KERNEL_LIMITS has the ordinary number. */
  silence?: number
  /** Those of the process when left out. */
  timers?: Timers
  /** The network, for requests to other hosts; without it none is made. */
  fetch?: FetchPower
  /** Hosts that may be asked, `name` or `name:port`. */
  allowHosts?: readonly string[]
}

export class Kernel {
  readonly head: Head
  readonly options: KernelOptions
  readonly #timers: Timers
  readonly #sequence: Sequence
  readonly #trials: Trials
  readonly #code: Code
  readonly #http: Http
  readonly #outbox: Outbox
  readonly #generations = new Map<string, Generation>()
  readonly #refusals = new Map<string, { fault: FaultRecord; until: number }>()
  readonly #keys: Keys
  readonly #followers = new Set<(change: DurableChange) => void>()
  /** Messages without an answer, each at the place it knows. A Set with such coming and going keeps the dead alive. */
  readonly #pending: Pending[] = []
  #closing = false
  /** The number of the newest record of a waiting message, and how many wait. */
  #waitingNumber = 0
  #waiting = 0
  readonly counts = { messages: 0, faults: 0, generations: 0, installed: 0 }

  constructor(options: KernelOptions) {
    this.options = options
    this.#timers = options.timers ?? processTimers
    this.head = new Head(options.store)
    this.#keys = new Keys(options.store, options.now)
    this.workbench = this.#makeWorkbench()
    this.#code = new Code(this.head, options.judge, (writes) => this.#sequence.keep(writes))
    this.#sequence = new Sequence({
      head: this.head,
      spawn: options.spawn,
      method: (oid) => this.#code.ofMethod(oid),
      now: options.now,
      onDurable: (transactions, changes) => this.#tell(transactions, changes),
      onWorkerEnd: (ending) => options.onWorkerEnd?.(ending),
      silence: options.silence ?? KERNEL_LIMITS.silence,
      timers: this.#timers,
    })
    this.#trials = new Trials(
      options.spawn,
      this.head,
      (oid) => this.#code.ofMethod(oid),
      this.#timers,
    )
    const old = this.#keys.oldReplies()
    if (old.length > 0) void this.#sequence.keep(old)
    this.#http = new Http(options.fetch, options.allowHosts ?? [], this.#timers)
    this.#outbox = new Outbox({
      head: this.head,
      http: this.#http,
      timers: this.#timers,
      now: options.now,
      random: options.random,
      arrive: (arriving) => this.#arrive(arriving),
      trouble: (detail) => options.onWorkerEnd?.({ reason: 'unkept', detail }),
    })
    this.#resume()
    this.#outbox.resume()
  }

  // Messages -----------------------------------------------------------------------------------

  /** Takes a message in. Its answer and what happens before it reach the listener; `cancel` ends it. */
  send(message: Message, listener: Listener): Sent {
    this.counts.messages++
    return this.#takeIn(message, listener)
  }

  #takeIn(message: Message, listener: Listener): Sent {
    const known = this.#keys.answered(message)
    if (known !== undefined) {
      listener.answer(known)
      return { cancel: () => false }
    }
    const twin = this.#keys.underWay(message)
    if (twin !== undefined) {
      twin.listeners.push(listener)
      return { cancel: () => false }
    }
    const since = this.options.now()
    const held = this.#keys.hold(message, listener, () => {
      const { deadline } = message
      const left = Math.max(0, (deadline ?? 0) - (this.options.now() - since))
      return this.#takeIn(
        deadline === undefined ? message : { ...message, deadline: left },
        listener,
      )
    })
    if (held !== undefined) return held
    const refused = this.#full() ?? this.#missing(message.args, message.holder)
    if (refused !== undefined) {
      listener.answer({ ok: false, fault: refused })
      return { cancel: () => false }
    }
    const pending = this.#admit(message, [listener], {
      now: this.options.now(),
      seed: this.options.random(),
      fuel: OBJECT_LIMITS.fuel,
    })
    this.#run(pending)
    return {
      cancel: () => this.#end(pending, kernelFault('CANCELLED', 'the message was cancelled')),
    }
  }

  #full(): FaultRecord | undefined {
    if (this.#sequence.length >= KERNEL_LIMITS.queueLength) {
      return busy(`${KERNEL_LIMITS.queueLength} messages wait`)
    }
    if (this.#sequence.weight >= KERNEL_LIMITS.queueBytes) return busy('large messages wait')
    return undefined
  }

  /** The fault of a value that refers to what is not there: once stored, it would be a reference to nothing. */
  #missing(value: unknown, holder?: Oid): FaultRecord | undefined {
    const oids = new Set<Oid>(holder === undefined ? [] : [holder])
    collectRefs(value, oids)
    for (const oid of oids) {
      if (this.head.has(oid)) continue
      const target = oidText(oid)
      return kernelFault('TARGET_UNKNOWN', `there is no object ${target}`, { target }).toRecord()
    }
    return undefined
  }

  #admit(message: Message, listeners: Listener[], frame: Frame): Pending {
    const pending: Pending = {
      place: this.#pending.length,
      message,
      listeners,
      frame,
      needs: 0,
      done: false,
      isOut: false,
      timer: undefined,
      record: undefined,
      generation: undefined,
      asking: undefined,
      arriving: undefined,
      decided: undefined,
    }
    this.#pending.push(pending)
    this.#keys.begin(pending)
    if (message.deadline !== undefined) {
      const left = frame.now + message.deadline - this.options.now()
      pending.timer = this.#timers.setTimeout(
        () =>
          this.#end(pending, kernelFault('DEADLINE', `no answer within ${message.deadline} ms`)),
        Math.max(0, left),
      )
    }
    return pending
  }

  #run(pending: Pending): void {
    const { message, frame } = pending
    const request: SendRequest = {
      ...frame,
      target: message.target,
      selector: message.selector,
      args: message.args,
      ...(message.holder === undefined ? {} : { holder: message.holder }),
    }
    this.#sequence.enqueue({
      turn: ['send', request],
      author: message.author,
      note: message.selector,
      tables: (outcome) => this.#tablesFor(pending, outcome),
      dropped: () => {
        if (pending.done) this.#keys.over(pending)
        return pending.done
      },
      begin: () => {
        pending.isOut = true
        const { room } = this.#outbox
        if (room < OBJECT_LIMITS.postings) request.postings = room
        else delete request.postings
      },
      settle: (outcome) => {
        pending.isOut = false
        this.#settled(pending, outcome)
        this.#keys.over(pending)
      },
    })
  }

  #settled(pending: Pending, outcome: Settled): void {
    if (outcome.kind === 'need') return this.#need(pending, outcome.need, outcome.stale)
    this.#finish(pending, answerOf(outcome), this.#isKept(pending, outcome))
    if (isPassing(outcome)) this.#dropRecord(pending)
  }

  /** Whether an outcome is what its tables said: a group that failed has another. What was posted hears of it. */
  #isKept(pending: Pending, outcome: Settled): boolean {
    const { decided } = pending
    pending.decided = undefined
    const isKept = decided?.outcome === outcome
    if (isKept) decided.taking?.kept()
    else decided?.taking?.failed()
    return isKept && !isPassing(outcome)
  }

  #finish(pending: Pending, answer: Answer, isKept = false): void {
    if (pending.done) return
    pending.done = true
    this.#timers.clearTimeout(pending.timer)
    this.#strike(pending)
    if (pending.record !== undefined) this.#waiting--
    this.#keys.end(pending)
    if (!answer.ok) this.counts.faults++
    for (const listener of pending.listeners) listener.answer(answer)
    pending.arriving?.done(isKept)
  }

  /** Takes a message off the list: the last one moves to its place. */
  #strike(pending: Pending): void {
    const last = this.#pending.pop() as Pending
    if (last === pending) return
    this.#pending[pending.place] = last
    last.place = pending.place
  }

  /** Ends a message from outside: by its deadline, or because its sender said so. */
  #end(pending: Pending, fault: Fault): boolean {
    if (pending.done) return false
    this.#leave(pending)
    if (pending.isOut) this.#keys.giveUp(pending)
    this.#finish(pending, { ok: false, fault: fault.toRecord() })
    this.#dropRecord(pending)
    return true
  }

  /** Whoever was told that a message did not run must not find it run at the next start. */
  #dropRecord({ record }: Pending): void {
    if (record === undefined) return
    this.#sequence
      .keep([{ table: 'waiting', key: record, value: null }])
      .catch((error: unknown) => {
        // The record then runs once more at the next start, where nobody is answered: told, since it cannot be helped.
        this.options.onWorkerEnd?.({ reason: 'unkept', detail: String(error) })
      })
  }

  // Keys ---------------------------------------------------------------------------------------

  #tablesFor(pending: Pending, outcome: Settled): TableWrite[] {
    if (outcome.kind === 'need') return []
    const writes: TableWrite[] = []
    const { arriving, message, frame } = pending
    if (arriving !== undefined && !isPassing(outcome)) {
      writes.push({ table: 'outbox', key: arriving.key, value: null })
    }
    const taking = this.#takingOf(outcome, frame, message)
    if (taking !== undefined) writes.push(...taking.tables)
    // Only what is kept or arrives has somebody to tell.
    if (taking !== undefined || arriving !== undefined) pending.decided = { outcome, taking }
    if (pending.record !== undefined) {
      writes.push({ table: 'waiting', key: pending.record, value: null })
    }
    writes.push(...this.#keys.replyOf(pending, outcome))
    return writes
  }

  #takingOf(outcome: Settled, frame: Frame, { policy }: Message): Taking | undefined {
    if (outcome.kind !== 'kept' || outcome.postings.length === 0) return undefined
    return this.#outbox.take(outcome.postings, { now: frame.now, policy })
  }

  // Needs --------------------------------------------------------------------------------------

  #need(pending: Pending, need: Need, stale: readonly string[]): void {
    if (pending.done) return
    if (pending.needs === 0) this.#emit(pending, { kind: 'queued' })
    this.#emit(pending, needEvent(need))
    const before = pending.frame
    pending.frame = frameWithout(before, stale)
    if (pending.frame !== before) {
      this.#emit(pending, { kind: 'progress', detail: 'an answer is no longer asked for' })
    }
    if (++pending.needs > KERNEL_LIMITS.needs) {
      // A method may catch the fault of each need and ask for the next: only the end of the message ends that.
      const many = `one message met more than ${KERNEL_LIMITS.needs} missing methods and answers`
      return this.#conclude(pending, kernelFault('LIMIT', many).toRecord())
    }
    const refusal =
      need.kind === 'method' ? this.#refusalOf(pending, need) : this.#http.refusal(need.request)
    if (refusal !== undefined) return this.#again(pending, need, { fault: refusal })
    if (pending.record === undefined) {
      if (this.#waiting >= KERNEL_LIMITS.waitingLength) {
        return this.#conclude(pending, busy('too many messages wait for what they need'))
      }
      this.#waiting++
      pending.record = this.#newRecord()
    }
    this.#keepWaiting(pending, need, () => {
      if (need.kind === 'method') this.#wait(pending, need)
      else void this.#ask(pending, need)
    })
  }

  /** Makes a message that waits for a need durable, with what it knows; goes on when it is, unless the message has ended. */
  #keepWaiting(pending: Pending, need: Need, goOn: () => void): void {
    const { record: key = '', arriving } = pending
    const value = encodeValue([pending.message, pending.frame, need.kind])
    if (value.length > KERNEL_LIMITS.waitingBytes) {
      const large = `a message with the answers it waited for takes ${value.length} bytes; the limit is ${KERNEL_LIMITS.waitingBytes}`
      return this.#conclude(pending, kernelFault('LIMIT', large).toRecord())
    }
    const writes: TableWrite[] = [{ table: 'waiting', key, value }]
    // From here on this record is what makes the message arrive.
    if (arriving !== undefined) writes.push({ table: 'outbox', key: arriving.key, value: null })
    this.#sequence.keep(writes).then(
      () => {
        if (arriving !== undefined && pending.arriving === arriving) {
          pending.arriving = undefined
          arriving.done(true)
        }
        if (!pending.done) goOn()
      },
      (fault: Fault) => this.#finish(pending, { ok: false, fault: fault.toRecord() }),
    )
  }

  /** Makes a request; the message runs again when its outcome is kept, so that a new start does not ask again. */
  async #ask(pending: Pending, need: HttpNeed): Promise<void> {
    if (this.#closing) return
    const asking = new AbortController()
    pending.asking = asking
    const { now, seed } = pending.frame
    const name = `${now}\n${seed}\n${pending.record}\n${needKey(need)}`
    const key = createHash('sha256').update(name).digest('hex')
    const outcome = await this.#http.outcome(need.request, key, asking.signal)
    pending.asking = undefined
    // A message that waits when the kernel closes stays in its table and asks again at the next start.
    if (pending.done || this.#closing) return
    pending.frame = frameWith(pending.frame, need, outcome)
    this.#keepWaiting(pending, need, () => this.#run(pending))
  }

  /** Ends a message with a fault that is its outcome: kept under its key, like that of a turn. */
  #conclude(pending: Pending, fault: FaultRecord): void {
    const outcome: Settled = { kind: 'fault', fault }
    const finish = (isKept: boolean) => this.#finish(pending, { ok: false, fault }, isKept)
    const tables = this.#tablesFor(pending, outcome)
    if (tables.length === 0) return finish(false)
    this.#sequence.keep(tables).then(
      () => finish(!isPassing(outcome)),
      () => finish(false),
    )
  }

  #refusalOf(pending: Pending, need: MethodNeed): FaultRecord | undefined {
    const { selector } = need
    const notUnderstood = (why: string) =>
      kernelFault(
        'NOT_UNDERSTOOD',
        `${oidText(need.receiver)} does not understand ${selector}${why}`,
        { target: oidText(need.receiver), selector },
      ).toRecord()
    if (NEVER_GENERATED.has(selector)) return notUnderstood('')
    if (this.options.policy === 'off') return notUnderstood(', and the policy generates nothing')
    if (pending.message.policy === 'off')
      return notUnderstood(', and the sender wants no generation')
    const refused = this.#refusals.get(refusalKey(pending, need))
    if (refused !== undefined && refused.until > this.options.now()) return refused.fault
    return undefined
  }

  #wait(pending: Pending, need: MethodNeed): void {
    const key = needKey(need)
    let generation = this.#generations.get(key)
    if (generation === undefined) {
      generation = { key, controller: new AbortController(), waiters: new Set() }
      this.#generations.set(key, generation)
      this.#generate(pending, need, generation)
    }
    generation.waiters.add(pending)
    pending.generation = generation
  }

  #generate(pending: Pending, need: MethodNeed, generation: Generation): void {
    this.counts.generations++
    const task = {
      need,
      intent: pending.message.intent,
      policy: pending.message.policy,
      author: pending.message.author,
      frame: pending.frame,
      emit: (event: KernelEvent) => {
        for (const waiter of generation.waiters) this.#emit(waiter, event)
      },
      signal: generation.controller.signal,
    }
    const learn = async () => this.options.learner.learn(task, this.workbench)
    learn().then(
      (outcome) => this.#met(pending, need, generation, outcome),
      (error: unknown) => {
        const fault =
          asFault(error)?.toRecord() ??
          kernelFault('METHOD_FAILED', `the generation broke: ${String(error)}`).toRecord()
        this.#met(pending, need, generation, { kind: 'fault', fault })
      },
    )
  }

  #met(pending: Pending, need: MethodNeed, generation: Generation, outcome: LearnOutcome): void {
    this.#forget(generation)
    // A message that waits when the kernel closes stays in its table and waits again at the next start.
    if (this.#closing) return
    const waiters = [...generation.waiters]
    generation.waiters.clear()
    if (outcome.kind === 'installed') this.counts.installed++
    else if (!generation.controller.signal.aborted) {
      const until = this.options.now() + KERNEL_LIMITS.refusalLife
      if (this.#refusals.size > KERNEL_LIMITS.waitingLength) this.#refusals.clear()
      this.#refusals.set(refusalKey(pending, need), { fault: outcome.fault, until })
    }
    for (const waiter of waiters) {
      waiter.generation = undefined
      this.#again(waiter, need, outcome.kind === 'fault' ? { fault: outcome.fault } : undefined)
    }
  }

  /** Runs a message again at the tail of the order, knowing how its need ended. */
  #again(pending: Pending, need: Need, outcome: NeedOutcome | undefined): void {
    if (pending.done) return
    if (outcome !== undefined) pending.frame = frameWith(pending.frame, need, outcome)
    this.#run(pending)
  }

  #leave(pending: Pending): void {
    pending.asking?.abort(new Error('the message has ended'))
    const generation = pending.generation
    if (generation === undefined) return
    generation.waiters.delete(pending)
    pending.generation = undefined
    if (generation.waiters.size > 0) return
    // Whoever asks for the same from now on must not wait for one that is ending.
    this.#forget(generation)
    generation.controller.abort()
  }

  #forget(generation: Generation): void {
    if (this.#generations.get(generation.key) === generation) {
      this.#generations.delete(generation.key)
    }
  }

  #emit(pending: Pending, event: KernelEvent): void {
    for (const listener of pending.listeners) listener.event(event)
  }

  #newRecord(): string {
    return String(++this.#waitingNumber).padStart(12, '0')
  }

  /**
   * Messages that waited when the last kernel ended wait again; without a key nobody is answered. A kernel that generates
   * nothing leaves those that wait for a method to one that does.
   */
  #resume(): void {
    for (let from = ''; ; ) {
      const page = this.head.store.scan('waiting', { from })
      for (const { key, value } of page) {
        const [message, frame, kind] = decodeValue(value) as [Message, Frame, Need['kind']?]
        this.#waitingNumber = Math.max(this.#waitingNumber, Number(key))
        if (this.options.policy === 'off' && kind !== 'http') continue
        // A record whose removal failed must not run a key again.
        if (this.#keys.answered(message) !== undefined || this.#keys.underWay(message)) {
          void this.#sequence.keep([{ table: 'waiting', key, value: null }])
          continue
        }
        const pending = this.#admit(message, [NOBODY], { ...frame })
        pending.record = key
        this.#waiting++
        this.#run(pending)
      }
      const last = page.at(-1)?.key
      if (last === undefined) return
      from = `${last} `
    }
  }

  /** Takes in a message from the outbox; answers how to end it while it has not run. */
  #arrive(arriving: Arriving): () => void {
    this.counts.messages++
    const { now, random } = this.options
    const frame = { now: now(), seed: random(), fuel: OBJECT_LIMITS.fuel }
    const pending = this.#admit(arrivalOf(arriving), [NOBODY], frame)
    pending.arriving = arriving
    // What it refers to may have been packed away meanwhile.
    const missing = this.#missing(arriving.args)
    if (missing === undefined) this.#run(pending)
    else this.#conclude(pending, missing)
    return () => this.#end(pending, kernelFault('CANCELLED', 'the message was called off'))
  }

  // The kernel's own changes -------------------------------------------------------------------

  /** Makes a change as one turn; the answer's result is nil, or the new object. */
  change(
    change: Change,
    by: { author: string; note: string },
    method?: (oid: Oid, tid: Tid, index: number) => MethodFields,
  ): Promise<Answer> {
    const fault = this.#full() ?? this.#missing(change)
    if (fault !== undefined) return Promise.resolve({ ok: false, fault })
    return new Promise((resolve) => {
      const frame = { now: this.options.now(), seed: 0, fuel: OBJECT_LIMITS.fuel }
      this.#sequence.enqueue({
        turn: ['change', { ...frame, change }],
        author: by.author,
        note: by.note,
        ...(method === undefined
          ? {}
          : { method: (oid, tid, i) => methodRevision(oid, tid, method(oid, tid, i)) }),
        settle: (outcome) => resolve(answerOf(outcome)),
      })
    })
  }

  /** Takes over transactions that no turn made. Faults BUSY while anything is under way. */
  readonly adopt = (transactions: readonly Transaction[]) => this.#sequence.adopt(transactions)

  /** Puts a method into a slot. Faults CONFLICT when the slot is not as `expect` says. */
  async install(fields: MethodFields, expect: Tid | null): Promise<{ tid: Tid; oid: Oid }> {
    let made: Oid = 0
    const answer = await this.change(
      { kind: 'method', target: fields.holder, selector: fields.selector, expect },
      { author: fields.author, note: `method ${fields.selector}` },
      (oid) => {
        made = oid
        return fields
      },
    )
    if (!answer.ok) throw new Fault(answer.fault)
    return { tid: answer.tid ?? 0, oid: made }
  }

  /** What a learner works at. */
  readonly workbench: Workbench

  #makeWorkbench(): Workbench {
    return {
      head: this.head,
      check: (request: CheckRequest): Promise<CheckAnswer> => this.options.judge.check(request),
      trial: (candidate, probes) => this.#trials.run(candidate, probes),
      install: (fields, expect) => this.install(fields, expect),
    }
  }

  /** Starts a trial's process ahead of the first need. */
  prepareTrial(): void {
    this.#trials.prepare()
  }

  // Followers ----------------------------------------------------------------------------------

  /** Calls back for each durable change from now on; answers how to stop. */
  follow(callback: (change: DurableChange) => void): () => void {
    this.#followers.add(callback)
    return () => this.#followers.delete(callback)
  }

  #tell(transactions: readonly Transaction[], changes: readonly ChangedSlots[][]): void {
    if (this.#followers.size === 0) return
    for (const [i, { tid }] of transactions.entries()) {
      for (const { oid, slots } of changes[i] ?? []) {
        for (const callback of this.#followers) callback({ tid, oid, slots })
      }
    }
  }

  // Ends ---------------------------------------------------------------------------------------

  status(): Record<string, unknown> {
    return {
      tid: this.head.tid,
      queue: this.#sequence.length,
      pending: this.#pending.length,
      waiting: this.#pending.filter((one) => (one.generation ?? one.asking) !== undefined).length,
      outbox: this.#outbox.size,
      delivered: this.#outbox.delivered,
      generating: this.#generations.size,
      workerDeaths: this.#sequence.workerDeaths,
      policy: this.options.policy,
      model: this.options.learner.name,
      ...this.counts,
    }
  }

  /** Ends generations, lets turns finish and become durable, and ends the children. The store stays open. */
  async close(): Promise<void> {
    this.#closing = true
    this.#outbox.close()
    for (const generation of this.#generations.values()) generation.controller.abort()
    for (const { timer, asking } of this.#pending) {
      this.#timers.clearTimeout(timer)
      asking?.abort(new Error('the kernel closes'))
    }
    await this.#sequence.close()
    this.#trials.close()
    await this.options.judge.close()
  }
}
