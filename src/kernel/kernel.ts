// Owns: messages in motion: admission, keys, deadlines, and the answer of each.
// Leaves: the order of turns to sequence.ts; messages that wait for a need to needs.ts; the wire to the bridge.
// Laws: KN10 a message is answered once. KN13 a key's handler runs once: its answer is kept with the turn and sent again for
// 24 hours. KN14 a deadline or a cancel ends the message. KN15 what is over a limit is refused with BUSY. KN18 what a message
// refers to is there, or the message is refused.
//
//   admitted --> queued --> running --> answered
//                  ^           |need
//                  |           v
//                  +--met-- waiting          deadline, cancel: any --> answered
import { Fault, type FaultRecord } from '#ground'
import type { PackProgress, Store, TableWrite, Transaction } from '#image'
import {
  type Change,
  OBJECT_LIMITS,
  type Oid,
  oidText,
  type Relied,
  type SendRequest,
  type Tid,
} from '#objects'
import type { PackedByItself, PackingPolicy } from './automatic-packing.ts'
import type { BudgetLimits } from './budgets.ts'
import { Cases } from './cases.ts'
import type { SpawnChild } from './child.ts'
import { Code } from './code.ts'
import { kernelFault } from './faults.ts'
import { Head } from './head.ts'
import { Examples } from './examples.ts'
import { type FetchPower, Http } from './http.ts'
import { type Adviser, Inquiries } from './inquiries.ts'
import type { CheckAnswer, CheckRequest, Judge } from './judge/index.ts'
import { Keys, type Sent } from './keys.ts'
import type { Learner, Workbench } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { CodeAnswer, Ending } from './link.ts'
import {
  type Answer,
  answerOf,
  arrivalOf,
  busy,
  collectRefs,
  type Frame,
  isOwed,
  isPassing,
  type Listener,
  type Message,
  NOBODY,
  type Pending,
} from './message.ts'
import { type MethodFields, methodRevision } from './method-record.ts'
import { Needs } from './needs.ts'
import { type Arriving, Outbox, type Taking } from './outbox.ts'
import { type Packed, Packs } from './packing.ts'
import { Policies } from './policies.ts'
import { Proposals } from './proposals.ts'
import { Quarantine } from './quarantine.ts'
import { type ChangedSlots, Sequence, type Settled } from './sequence.ts'
import { processTimers, type Timers } from './timers.ts'
import { type TrialReport, Trials } from './trial.ts'
import { Versions } from './versions.ts'

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
  /** Speaks for personas; without it none is asked. */
  adviser?: Adviser
  /** `off` generates nothing. */
  policy: 'auto' | 'review' | 'off'
  /** How many generations may begin, where KERNEL_LIMITS has other numbers. */
  budgets?: Partial<BudgetLimits>
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
  /** Hash of the code that judges methods, for their records. */
  judging?: string
  /** When old history goes by itself; left out, it goes when somebody asks. */
  packing?: PackingPolicy
  /** Told of each pack that the kernel made by itself, and of one that failed. */
  onPacked?: (packed: PackedByItself | { problem: string }) => void
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
  #closing = false
  readonly #needs: Needs
  /** Methods that wait for a person. */
  readonly proposals: Proposals
  /** What people have answered. */
  readonly examples: Examples
  /** What may be learnt where. */
  readonly policies: Policies
  /** What the Crucible has done of late. */
  readonly cases: Cases
  /** How versions of methods fare. */
  readonly versions: Versions
  /** Sources that may not run any more. */
  readonly quarantine: Quarantine
  /** Told of methods that were on the stack when a message was charged with its worker's deaths. */
  onCharged: (methods: readonly Oid[], deaths: number, reason: string) => void = () => undefined
  readonly #keys: Keys
  readonly #packs: Packs
  readonly #followers = new Set<(change: DurableChange) => void>()
  /** Messages without an answer, each at the place it knows. A Set with such coming and going keeps the dead alive. */
  readonly #pending: Pending[] = []
  readonly counts = { messages: 0, faults: 0 }

  constructor(options: KernelOptions) {
    this.options = options
    this.#timers = options.timers ?? processTimers
    this.head = new Head(options.store)
    this.#keys = new Keys(options.store, options.now)
    this.quarantine = new Quarantine(options.store, (writes) => this.#sequence.keep(writes))
    const keepCode = (writes: TableWrite[]) => this.#sequence.keep(writes)
    this.#code = new Code(this.head, options.judge, keepCode, this.quarantine)
    this.#sequence = new Sequence({
      head: this.head,
      spawn: options.spawn,
      method: (oid) => this.#watchedCode(oid),
      now: options.now,
      onDurable: (transactions, changes) => this.#tell(transactions, changes),
      onWorkerEnd: (ending) => options.onWorkerEnd?.(ending),
      onCharged: (methods, deaths, ending) => this.onCharged(methods, deaths, ending.reason),
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
    if (old.length > 0) {
      this.#sequence.keep(old).catch((error: unknown) => {
        // They are removed at the next start; nobody finds them before, since they are too old.
        options.onWorkerEnd?.({ reason: 'unkept', detail: String(error) })
      })
    }
    this.#http = new Http(options.fetch, options.allowHosts ?? [], this.#timers)
    const { store, now } = options
    const keep = (writes: readonly TableWrite[]) => this.#sequence.keep(writes)
    this.policies = new Policies(store, keep)
    this.examples = new Examples(store)
    const trouble = (detail: string) => options.onWorkerEnd?.({ reason: 'unkept', detail })
    const unwatch = (method: Oid) => this.#sequence.unwatch(method)
    this.versions = new Versions({ store, now, timers: this.#timers, keep, unwatch, trouble })
    this.proposals = new Proposals({
      store,
      now,
      keep,
      isSlot: (oid, name) => this.head.object(oid).slots.some((slot) => slot.name === name),
      again: (pending, need, fault) => this.#needs.again(pending, need, fault && { fault }),
      proposed: (of, id) => this.cases.proposed(of, id),
      decided: (about) => this.#needs.forgive(about),
      trouble: (detail) => options.onWorkerEnd?.({ reason: 'unkept', detail }),
    })
    this.cases = new Cases({
      ...{ store, now, keep, judging: options.judging },
      proposal: (id) => this.proposals.known(id),
      trouble: (detail) => options.onWorkerEnd?.({ reason: 'unkept', detail }),
    })
    this.workbench = this.#makeWorkbench()
    this.#needs = this.#makeNeeds()
    this.#outbox = new Outbox({
      head: this.head,
      http: this.#http,
      timers: this.#timers,
      now: options.now,
      random: options.random,
      arrive: (arriving) => this.#arrive(arriving),
      trouble: (detail) => options.onWorkerEnd?.({ reason: 'unkept', detail }),
    })
    const unkept = () => this.#unkept()
    this.#packs = new Packs({ head: this.head, timers: this.#timers, options, unkept })
    this.#needs.resume()
    this.#outbox.resume()
  }

  #makeNeeds(): Needs {
    return new Needs({
      options: this.options,
      workbench: this.workbench,
      head: this.head,
      keys: this.#keys,
      http: this.#http,
      inquiries: new Inquiries(this.options.adviser, this.cases),
      policies: this.policies,
      proposals: this.proposals,
      keep: (writes) => this.#sequence.keep(writes),
      messages: {
        admit: (message, frame) => this.#admit(message, [NOBODY], frame),
        run: (pending) => this.#run(pending),
        conclude: (pending, fault) => this.#conclude(pending, fault),
        holds: (pending, fault) => this.#holds(pending, fault),
        finish: (pending, fault) => this.#finish(pending, { ok: false, fault }),
      },
    })
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
      this.proposals.tell(twin, listener)
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
    const refused =
      this.#full() ?? this.#missing(message.args, message.holder) ?? this.#packs.hold(message)
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
    // Most messages bring nothing that could refer.
    if (holder === undefined && Array.isArray(value) && value.every(isFlat)) return undefined
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
      begun: 0,
      isResumed: false,
      done: false,
      isOut: false,
      isCalledOff: false,
      timer: undefined,
      record: undefined,
      generation: undefined,
      coming: undefined,
      parked: undefined,
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
    const { target, selector, args, holder, version } = message
    const request: SendRequest = { ...frame, target, selector, args }
    if (holder !== undefined) request.holder = holder
    if (version !== undefined) request.version = version
    this.#sequence.enqueue({
      turn: ['send', request],
      author: message.author,
      note: message.selector,
      tables: (outcome) => this.#tablesFor(pending, outcome),
      dropped: () => {
        if (pending.done) this.#keys.over(pending)
        return pending.done
      },
      calledOff: () => pending.isCalledOff,
      begin: () => {
        pending.isOut = true
        const { room } = this.#outbox
        if (room < OBJECT_LIMITS.postings) request.postings = room
        else if (request.postings !== undefined) delete request.postings
      },
      called: (called, outcome, at) =>
        this.versions.called(called, message.session ?? message.author, { request, outcome, at }),
      settle: (outcome) => {
        pending.isOut = false
        this.#settled(pending, outcome)
        this.#keys.over(pending)
      },
    })
  }

  #settled(pending: Pending, outcome: Settled): void {
    if (outcome.kind === 'need') return this.#needs.met(pending, outcome.need, outcome.stale)
    const isKept = this.#isKept(pending, outcome)
    if (outcome.kind === 'fault' && this.#holds(pending, outcome.fault)) return
    const finish = () => this.#finish(pending, answerOf(outcome), isKept)
    if (isPassing(outcome)) this.#needs.dropRecord(pending, finish)
    else finish()
  }

  /** Has a message run again later that would be lost if it ended because the kernel is busy; its record stays meanwhile. */
  #holds(pending: Pending, fault: FaultRecord): boolean {
    if (fault.code !== 'BUSY' || !isOwed(pending)) return false
    const wait = Number(fault.data?.retryAfter ?? KERNEL_LIMITS.outboxAgain)
    // The next kernel takes up what this one has no time for.
    if (!this.#closing) pending.timer = this.#timers.setTimeout(() => this.#run(pending), wait)
    return true
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
    this.#needs.over(pending)
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
    this.#needs.leave(pending)
    if (pending.isOut) this.#keys.giveUp(pending)
    this.#finish(pending, { ok: false, fault: fault.toRecord() })
    this.#needs.dropRecord(pending, () => undefined)
    return true
  }

  // Keys ---------------------------------------------------------------------------------------

  /** What is kept for a key: the answer of a message, or what `keepAnswer` was given. */
  readonly keptAnswer = (of: { principal: string; key: string }) => this.#keys.answered(of)

  /** Keeps a wire value's bytes for a key, as long as answers are kept; resolves when that is durable. */
  readonly keepAnswer = (of: { principal: string; key: string }, result: Uint8Array) =>
    this.#sequence.keep([this.#keys.keeping(of, result)])

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
    const isHeld = outcome.kind === 'fault' && outcome.fault.code === 'BUSY' && isOwed(pending)
    if (pending.record !== undefined && !isHeld) {
      writes.push({ table: 'waiting', key: pending.record, value: null })
    }
    writes.push(...this.#keys.replyOf(pending, outcome))
    return writes
  }

  #takingOf(outcome: Settled, frame: Frame, { policy }: Message): Taking | undefined {
    if (outcome.kind !== 'kept' || outcome.postings.length === 0) return undefined
    return this.#outbox.take(outcome.postings, { now: frame.now, policy })
  }

  /** Ends a message with a fault that is its outcome: kept under its key, like that of a turn. */
  #conclude(pending: Pending, fault: FaultRecord): void {
    if (this.#holds(pending, fault)) return
    const outcome: Settled = { kind: 'fault', fault }
    const finish = (isKept: boolean) => this.#finish(pending, { ok: false, fault }, isKept)
    const tables = this.#tablesFor(pending, outcome)
    if (tables.length === 0) return finish(false)
    this.#sequence.keep(tables).then(
      () => finish(!isPassing(outcome)),
      (unkept: Fault) => {
        // An outcome that is not kept may be another one the next time.
        const answer: Answer = { ok: false, fault: unkept.toRecord() }
        this.#needs.dropRecord(pending, () => this.#finish(pending, answer))
      },
    )
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
    return () => {
      pending.isCalledOff = true
      this.#end(pending, kernelFault('CANCELLED', 'the message was called off'))
    }
  }

  // The kernel's own changes -------------------------------------------------------------------

  /** Makes a change as one turn; the answer's result is nil, or the new object. */
  change(
    change: Change,
    by: { author: string; note: string; tables?: (tid: Tid) => TableWrite[] },
    method?: (oid: Oid, tid: Tid, index: number) => MethodFields,
  ): Promise<Answer> {
    const fault = this.#full() ?? this.#missing(change) ?? this.#packs.hold(change)
    if (fault !== undefined) return Promise.resolve({ ok: false, fault })
    return new Promise((resolve) => {
      const frame = { now: this.options.now(), seed: 0, fuel: OBJECT_LIMITS.fuel }
      this.#sequence.enqueue({
        turn: ['change', { ...frame, change }],
        author: by.author,
        note: by.note,
        tables: (outcome) =>
          outcome.kind === 'kept' && outcome.tid !== null ? (by.tables?.(outcome.tid) ?? []) : [],
        ...(method === undefined
          ? {}
          : { method: (oid, tid, i) => methodRevision(oid, tid, method(oid, tid, i)) }),
        settle: (outcome) => resolve(answerOf(outcome)),
      })
    })
  }

  /**
   * For whoever told something of the head without a turn: resolves when what it has seen is durable. Faults BUSY when some
   * of it is not kept.
   */
  readonly durable = () => this.#sequence.durable()

  /** Keeps table writes alone, in the order of the turns. Faults BUSY. */
  readonly keep = (writes: readonly TableWrite[]): Promise<void> => this.#sequence.keep(writes)

  /** Takes over transactions that no turn made. Faults BUSY while anything is under way. */
  readonly adopt = (transactions: readonly Transaction[]) => this.#sequence.adopt(transactions)

  /**
   * Puts a method into a slot. Faults CONFLICT when the slot, or one that it relies on, is not as it was read, and QUARANTINED
   * for what may not run.
   */
  async install(
    fields: MethodFields,
    expect: Tid | null,
    tables: (tid: Tid) => TableWrite[] = () => [],
    relies: readonly Relied[] = [],
  ): Promise<{ tid: Tid; oid: Oid }> {
    const { holder: target, selector, accepted, author } = fields
    const barred = this.quarantine.faultOf(fields.source)
    if (barred !== undefined) throw new Fault(barred)
    let made: Oid = 0
    const kept = (tid: Tid) => [...this.versions.begin(fields, made), ...tables(tid)]
    const relied = relies.length === 0 ? {} : { relies: [...relies] }
    const answer = await this.change(
      { kind: 'method', target, selector, expect, ...relied },
      { author: accepted ?? author, note: `method ${selector}`, tables: kept },
      (oid) => {
        made = oid
        return fields
      },
    )
    if (!answer.ok) {
      this.versions.forget(made)
      throw new Fault(answer.fault)
    }
    this.versions.began(made)
    return { tid: answer.tid ?? 0, oid: made }
  }

  /** A method's code for the worker, which counts the calls of those on probation. */
  async #watchedCode(method: Oid): Promise<CodeAnswer> {
    const code = await this.#code.ofMethod(method)
    return 'code' in code && this.versions.isWatched(method) ? { ...code, watched: true } : code
  }

  /** What a message comes to with another method in the place of one, on the image as of a transaction. */
  async instead(request: SendRequest, holder: Oid, method: Oid, at: Tid): Promise<TrialReport> {
    const code = await this.#code.ofMethod(method)
    if ('fault' in code) return { kind: 'fault', fault: code.fault }
    const { selector } = this.head.method(method)
    const [report] = await this.#trials.run({ learner: holder, selector, code, request }, [{}], at)
    return report
  }

  /** What a learner works at. */
  readonly workbench: Workbench

  #makeWorkbench(): Workbench {
    return {
      head: this.head,
      check: (request: CheckRequest): Promise<CheckAnswer> => this.options.judge.check(request),
      trial: (candidate, probes) => this.#trials.run(candidate, probes),
      examples: (holder, selector) => this.examples.of(holder, selector),
      rejection: (holder, selector) => this.proposals.rejection(holder, selector),
      keepCase: (given) => this.cases.add(given),
      install: (fields, expect, tables, relies) => this.install(fields, expect, tables, relies),
      versions: this.versions,
      quarantine: this.quarantine,
      ...(this.options.judging === undefined ? {} : { judging: this.options.judging }),
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
    this.#packs.grew(transactions)
    if (this.proposals.open > 0) for (const one of changes.flat()) this.proposals.changed(one)
    if (this.#followers.size === 0) return
    for (const [i, { tid }] of transactions.entries()) {
      for (const { oid, slots } of changes[i] ?? []) {
        for (const callback of this.#followers) callback({ tid, oid, slots })
      }
    }
  }

  // Packs --------------------------------------------------------------------------------------

  /** Packs away what is older than a span of milliseconds. Faults BUSY while another pack is under way. */
  readonly pack = (keep: number, progress?: (progress: PackProgress) => void): Promise<Packed> =>
    this.#packs.run(keep, progress)

  #unkept() {
    const { turns, groups } = this.#sequence.unkept()
    const messages = this.#pending.map(({ message }) => message)
    return { values: [...turns, ...messages, ...this.#keys.held()], groups }
  }

  // Ends ---------------------------------------------------------------------------------------

  status(): Record<string, unknown> {
    return {
      tid: this.head.tid,
      queue: this.#sequence.length,
      pending: this.#pending.length,
      waiting: this.#pending.filter(
        (one) => (one.generation ?? one.asking ?? one.parked) !== undefined,
      ).length,
      outbox: this.#outbox.size,
      delivered: this.#outbox.delivered,
      ...this.#needs.status,
      proposals: this.proposals.open,
      workerDeaths: this.#sequence.workerDeaths,
      policy: this.options.policy,
      model: this.options.learner.name,
      onProbation: this.versions.onProbation,
      quarantined: this.quarantine.list().length,
      ...this.#packs.status,
      ...this.counts,
    }
  }

  /** Ends generations, lets turns finish and become durable, and ends the children. The store stays open. */
  async close(): Promise<void> {
    this.#closing = true
    this.#packs.close()
    this.#outbox.close()
    this.#needs.close()
    for (const { timer, asking } of this.#pending) {
      this.#timers.clearTimeout(timer)
      asking?.abort(new Error('the kernel closes'))
    }
    await this.versions.flush()
    await this.#sequence.close()
    this.#trials.close()
    await this.options.judge.close()
  }
}

/** True for a value that has no parts and is no reference. */
const isFlat = (value: unknown) => typeof value !== 'object' || value === null
