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
  type MethodNeed,
  needKey,
  OBJECT_LIMITS,
  type Oid,
  oidText,
  Ref,
  type Tid,
} from '#objects'
import type { SpawnChild } from './child.ts'
import { Code } from './code.ts'
import { kernelFault } from './faults.ts'
import { Head } from './head.ts'
import type { CheckAnswer, CheckRequest, Judge } from './judge/index.ts'
import type { KernelEvent, Learner, LearnOutcome, Workbench } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Ending } from './link.ts'
import { type MethodFields, methodRevision } from './method-record.ts'
import { type ChangedSlots, Sequence, type Settled } from './sequence.ts'
import { Trials } from './trial.ts'

/** A message to an object, as the bridge hands it in; arguments in stored form. */
export interface Message {
  /** Whose keys these are: one who may use the kernel. */
  principal: string
  /** Who appears in the history. */
  author: string
  target: Oid
  selector: string
  args: unknown[]
  intent?: string
  holder?: Oid
  policy?: 'review' | 'off'
  /** Milliseconds from admission. */
  deadline?: number
  key?: string
}

/** `result` is a wire value's bytes. */
export type Answer =
  | { ok: true; result: Uint8Array; tid: Tid | null }
  | { ok: false; fault: FaultRecord }

export interface Listener {
  event(event: KernelEvent): void
  answer(answer: Answer): void
}

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
}

/** Selectors that are never generated: every JavaScript value answers to them, or is asked for them in passing. */
const NEVER_GENERATED = new Set([
  ...['then', 'constructor', '__proto__', 'toJSON', 'toString', 'valueOf', 'hasOwnProperty'],
])

interface Pending {
  /** Where it is among the messages without an answer. */
  place: number
  message: Message
  listeners: Listener[]
  frame: { now: number; seed: number; fuel: number; failures?: Record<string, FaultRecord> }
  needs: number
  done: boolean
  timer: NodeJS.Timeout | undefined
  /** Its record in the table of waiting messages, once it has one. */
  record: string | undefined
  generation: Generation | undefined
}

interface Generation {
  key: string
  controller: AbortController
  waiters: Set<Pending>
}

export class Kernel {
  readonly head: Head
  readonly options: KernelOptions
  readonly #sequence: Sequence
  readonly #trials: Trials
  readonly #code: Code
  readonly #generations = new Map<string, Generation>()
  readonly #refusals = new Map<string, { fault: FaultRecord; until: number }>()
  readonly #byKey = new Map<string, Pending>()
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
    this.head = new Head(options.store)
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
    })
    this.#trials = new Trials(options.spawn, this.head, (oid) => this.#code.ofMethod(oid))
    this.#dropOldReplies()
    // A kernel that generates nothing leaves waiting messages to one that does.
    if (options.policy !== 'off') this.#resume()
  }

  // Messages -----------------------------------------------------------------------------------

  /** Takes a message in. Its answer and what happens before it reach the listener; `cancel` ends it. */
  send(message: Message, listener: Listener): { cancel: () => boolean } {
    this.counts.messages++
    const known = message.key === undefined ? undefined : this.#answered(message)
    if (known !== undefined) {
      listener.answer(known)
      return { cancel: () => false }
    }
    const twin = message.key === undefined ? undefined : this.#byKey.get(keyId(message))
    if (twin !== undefined) {
      twin.listeners.push(listener)
      return { cancel: () => false }
    }
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

  #admit(message: Message, listeners: Listener[], frame: Pending['frame']): Pending {
    const pending: Pending = {
      place: this.#pending.length,
      message,
      listeners,
      frame,
      needs: 0,
      done: false,
      timer: undefined,
      record: undefined,
      generation: undefined,
    }
    this.#pending.push(pending)
    if (message.key !== undefined) this.#byKey.set(keyId(message), pending)
    if (message.deadline !== undefined) {
      const left = frame.now + message.deadline - this.options.now()
      pending.timer = setTimeout(
        () =>
          this.#end(pending, kernelFault('DEADLINE', `no answer within ${message.deadline} ms`)),
        Math.max(0, left),
      )
    }
    return pending
  }

  #run(pending: Pending): void {
    const { message, frame } = pending
    this.#sequence.enqueue({
      turn: [
        'send',
        {
          ...frame,
          target: message.target,
          selector: message.selector,
          args: message.args,
          ...(message.holder === undefined ? {} : { holder: message.holder }),
        },
      ],
      author: message.author,
      note: message.selector,
      tables: (outcome) => this.#tablesFor(pending, outcome),
      dropped: () => pending.done,
      settle: (outcome) => this.#settled(pending, outcome),
    })
  }

  #settled(pending: Pending, outcome: Settled): void {
    if (outcome.kind === 'need') this.#need(pending, outcome.need)
    else this.#finish(pending, answerOf(outcome))
  }

  #finish(pending: Pending, answer: Answer): void {
    if (pending.done) return
    pending.done = true
    clearTimeout(pending.timer)
    this.#strike(pending)
    if (pending.record !== undefined) this.#waiting--
    if (pending.message.key !== undefined) this.#byKey.delete(keyId(pending.message))
    if (!answer.ok) this.counts.faults++
    for (const listener of pending.listeners) listener.answer(answer)
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
    this.#finish(pending, { ok: false, fault: fault.toRecord() })
    if (pending.record !== undefined) {
      const write = { table: 'waiting', key: pending.record, value: null } as const
      this.#sequence.keep([write]).catch((error: unknown) => {
        // The record then runs once more at the next start, where nobody is answered: harmless, and told.
        this.options.onWorkerEnd?.({ reason: 'unkept', detail: String(error) })
      })
    }
    return true
  }

  // Keys ---------------------------------------------------------------------------------------

  #tablesFor(pending: Pending, outcome: Settled): TableWrite[] {
    if (outcome.kind === 'need') return []
    const writes: TableWrite[] = []
    if (pending.record !== undefined) {
      writes.push({ table: 'waiting', key: pending.record, value: null })
    }
    if (pending.message.key !== undefined) {
      const answer = answerOf(outcome)
      const value = answer.ok
        ? [this.options.now(), true, answer.result, answer.tid]
        : [this.options.now(), false, answer.fault]
      writes.push({ table: 'replies', key: keyId(pending.message), value: encodeValue(value) })
    }
    return writes
  }

  #answered(message: Message): Answer | undefined {
    const bytes = this.head.store.get('replies', keyId(message))
    if (bytes === undefined) return undefined
    const [time, ok, body, tid] = decodeValue(bytes) as [number, boolean, never, Tid | null]
    if (time + KERNEL_LIMITS.keyLife < this.options.now()) return undefined
    return ok ? { ok: true, result: body, tid } : { ok: false, fault: body }
  }

  #dropOldReplies(): void {
    const old = this.head.store
      .scan('replies')
      .filter(({ value }) => {
        const [time] = decodeValue(value) as [number]
        return time + KERNEL_LIMITS.keyLife < this.options.now()
      })
      .map(({ key }) => ({ table: 'replies', key, value: null }) as const)
    if (old.length > 0) void this.#sequence.keep(old)
  }

  // Needs --------------------------------------------------------------------------------------

  #need(pending: Pending, need: MethodNeed): void {
    if (pending.done) return
    const learner = oidText(need.learner)
    if (pending.needs === 0) this.#emit(pending, { kind: 'queued' })
    this.#emit(pending, {
      kind: 'not-understood',
      target: oidText(need.receiver),
      selector: need.selector,
      holder: learner,
    })
    if (++pending.needs > KERNEL_LIMITS.needs) {
      // A method may catch the fault of each need and ask for the next: only the end of the message ends that.
      const many = `one message met more than ${KERNEL_LIMITS.needs} missing methods`
      return this.#conclude(pending, kernelFault('LIMIT', many).toRecord())
    }
    const refusal = this.#refusalOf(pending, need)
    if (refusal !== undefined) return this.#again(pending, need, refusal)
    if (pending.record === undefined) {
      if (this.#waiting >= KERNEL_LIMITS.waitingLength) {
        return this.#conclude(pending, busy('too many messages wait for methods'))
      }
      this.#waiting++
      pending.record = this.#newRecord()
    }
    const value = encodeValue([pending.message, pending.frame])
    this.#sequence.keep([{ table: 'waiting', key: pending.record, value }]).then(
      () => {
        if (!pending.done) this.#wait(pending, need)
      },
      (fault: Fault) => this.#finish(pending, { ok: false, fault: fault.toRecord() }),
    )
  }

  /** Ends a message with a fault that is its outcome: kept under its key, like that of a turn. */
  #conclude(pending: Pending, fault: FaultRecord): void {
    const finish = () => this.#finish(pending, { ok: false, fault })
    const tables = this.#tablesFor(pending, { kind: 'fault', fault })
    if (tables.length === 0) finish()
    else this.#sequence.keep(tables).then(finish, finish)
  }

  #refusalOf(pending: Pending, need: MethodNeed): FaultRecord | undefined {
    const { selector } = need
    const notUnderstood = (why: string) =>
      kernelFault(
        'NOT_UNDERSTOOD',
        `${oidText(need.receiver)} does not understand ${selector}${why}`,
        {
          target: oidText(need.receiver),
          selector,
        },
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
      this.#again(waiter, need, outcome.kind === 'fault' ? outcome.fault : undefined)
    }
  }

  /** Runs a message again at the tail of the order, knowing how its need ended. */
  #again(pending: Pending, need: MethodNeed, fault: FaultRecord | undefined): void {
    if (pending.done) return
    if (fault !== undefined) {
      pending.frame = {
        ...pending.frame,
        failures: { ...pending.frame.failures, [needKey(need)]: fault },
      }
    }
    this.#run(pending)
  }

  #leave(pending: Pending): void {
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

  /** Messages that waited when the last kernel ended wait again; without a key nobody is answered. */
  #resume(): void {
    const ignore: Listener = { event: () => undefined, answer: () => undefined }
    for (const { key, value } of this.head.store.scan('waiting')) {
      const [message, frame] = decodeValue(value) as [Message, Pending['frame']]
      this.#waitingNumber = Math.max(this.#waitingNumber, Number(key))
      const pending = this.#admit(message, [ignore], { ...frame })
      pending.record = key
      this.#waiting++
      this.#run(pending)
    }
  }

  // The kernel's own changes -------------------------------------------------------------------

  /** Makes a change as one turn; the answer's result is nil, or the new object. */
  change(
    change: Change,
    by: { author: string; note: string },
    method?: (oid: Oid, tid: Tid) => MethodFields,
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
          : { method: (oid: Oid, tid: Tid) => methodRevision(oid, tid, method(oid, tid)) }),
        settle: (outcome) => resolve(answerOf(outcome)),
      })
    })
  }

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
      trial: (candidate) => this.#trials.run(candidate),
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
      waiting: this.#pending.filter((one) => one.generation !== undefined).length,
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
    for (const generation of this.#generations.values()) generation.controller.abort()
    for (const pending of this.#pending) clearTimeout(pending.timer)
    await this.#sequence.close()
    this.#trials.close()
    await this.options.judge.close()
  }
}

/** A change of the kernel's own needs nothing; if one ever did, that is a fault like any other. */
const answerOf = (outcome: Settled): Answer => {
  if (outcome.kind === 'kept') return { ok: true, result: outcome.result, tid: outcome.tid }
  if (outcome.kind === 'fault') return { ok: false, fault: outcome.fault }
  const { selector } = outcome.need
  return { ok: false, fault: kernelFault('NOT_UNDERSTOOD', `${selector} is missing`).toRecord() }
}

/** The oids of all references in a value. */
function collectRefs(value: unknown, oids: Set<Oid>): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Ref) oids.add(value.oid)
  else if (value instanceof Uint8Array) return
  else for (const part of Object.values(value)) collectRefs(part, oids)
}

const keyId = (message: Message) => `${message.principal}\n${message.key}`

const refusalKey = (pending: Pending, need: MethodNeed) =>
  `${needKey(need)}\n${pending.message.intent ?? ''}`

const busy = (why: string) =>
  kernelFault('BUSY', `the kernel is busy: ${why}`, {
    retryAfter: KERNEL_LIMITS.retryAfter,
  }).toRecord()
