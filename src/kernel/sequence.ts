// Owns: the one order of all turns: batches to the worker, belief in what comes back, groups to the store, answers after.
// Leaves: what a message means, needs and keys to kernel.ts; reading to head.ts.
// Laws: KN3 an answer leaves after the groups it could have seen are durable. KN4 a turn whose answer was not given runs
// again after a worker's death, one at a time until past the one that did it, which is charged. KN5 a group that fails
// leaves nothing and is answered with a fault. KN6 only one group is on its way; the next fills meanwhile. KN31 a batch
// and a group are bounded in bytes, and a batch ends with the installation of a method.
//
//   queued --batch--> running --report--> grouped --durable--> answered
//     ^                  |--worker died--> queued (alone)
import { asFault, Fault, type FaultRecord } from '#ground'
import type { Revision, TableWrite, Transaction } from '#image'
import {
  type Change,
  decodeSlots,
  type Need,
  OBJECT_LIMITS,
  type Oid,
  oidText,
  type Posting,
  type RestoredName,
  type SendRequest,
  type Tid,
  type TurnFrame,
} from '#objects'
import type { SpawnChild } from './child.ts'
import { kernelFault } from './faults.ts'
import { receivers } from './giving.ts'
import type { Head } from './head.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { type CodeAnswer, type Ending, Link } from './link.ts'
import { workerEntry, workerOptions } from './sandbox/entry.ts'
import type { Timers } from './timers.ts'
import { type Report, readReport, verifyNames, verifyPostings } from './verify-report.ts'
import { type Installing, refuse, verifyWrite, type Writing } from './verify-write.ts'
import type { Called } from './versions.ts'
import { weigh } from './weigh.ts'

/** What a turn came to, once it may be told. `result` is a wire value's bytes. */
export type Settled =
  | {
      kind: 'kept'
      result: Uint8Array
      tid: Tid | null
      fuel: number
      /** What is to leave once the turn is durable. */
      postings: readonly Posting[]
    }
  | { kind: 'fault'; fault: FaultRecord }
  | { kind: 'need'; need: Need; stale: string[] }

/** A turn to run. `author` and `note` go to history; `tables` are kept with it. */
export interface Ticket {
  turn: ['send', SendRequest] | ['change', TurnFrame & { change: Change }]
  author: string
  note: string
  /** The records of the methods that this turn installs, each given the oid that it gets. */
  method?: (oid: Oid, tid: Tid, index: number) => Revision
  /** Table writes to keep with the outcome; asked once the outcome is known. */
  tables?: (outcome: Settled) => TableWrite[]
  /** True when nobody waits for it any more: then it is not run. */
  dropped?: () => boolean
  /** True when a turn before it called it off: it is not taken any more, though the worker may have run it. */
  calledOff?: () => boolean
  /** Called when it is given to the worker, each time; it may still add to the turn. */
  begin?: () => void
  /** Called when methods on probation ran in it, with its outcome and the transaction that it saw the image as of. */
  called?: (called: readonly Called[], outcome: Settled, at: Tid) => void
  settle(outcome: Settled): void
}

interface Running extends Ticket {
  n: number
  /** Roughly, in bytes. */
  weight: number
  deaths: number
  /** Those of them at which no other turn was with it. */
  deathsAlone: number
}

/** Somebody who is told when a group is durable, or why it is not. */
interface Settling {
  tell(): void
  fail(fault: FaultRecord): void
}

/** A turn with its outcome. A class, because closures for every message would be a good part of what is collected. */
class Answering implements Settling {
  readonly #ticket: Ticket
  readonly #outcome: Settled

  constructor(ticket: Ticket, outcome: Settled) {
    this.#ticket = ticket
    this.#outcome = outcome
  }

  tell(): void {
    this.#ticket.settle(this.#outcome)
  }

  fail(fault: FaultRecord): void {
    this.#ticket.settle({ kind: 'fault', fault })
  }
}

interface OpenGroup {
  transactions: Transaction[]
  /** What each of the transactions changed. */
  changes: ChangedSlots[][]
  tables: TableWrite[]
  settles: Settling[]
  records: number
  bytes: number
  /** How often the head had forgotten when the first of the transactions was taken. */
  asOf: number | undefined
}

/** Most turns keep nothing in a table. */
const NO_TABLES: readonly TableWrite[] = []

/** Most turns make no objects. */
const NONE_BORN: ReadonlySet<Oid> = new Set()

const emptyGroup = (): OpenGroup => ({
  transactions: [],
  changes: [],
  tables: [],
  settles: [],
  records: 0,
  bytes: 0,
  asOf: undefined,
})

export interface SequenceOptions {
  head: Head
  spawn: SpawnChild
  method: (oid: Oid) => Promise<CodeAnswer>
  now: () => number
  /** Told after a group is durable: its transactions in order, and what each changed. */
  onDurable: (transactions: readonly Transaction[], changes: readonly ChangedSlots[][]) => void
  /** Told when a worker ended that should not have. */
  onWorkerEnd: (ending: Ending) => void
  /** Told of the methods that were on the stack when a turn was charged: the outermost first, and at how many deaths. */
  onCharged: (methods: readonly Oid[], deaths: number, ending: Ending) => void
  /** Milliseconds of silence after which the worker is killed. */
  silence: number
  timers: Timers
}

/** Slots of one object that a transaction changed. */
export interface ChangedSlots {
  oid: Oid
  slots: string[]
}

export class Sequence {
  readonly #options: SequenceOptions
  readonly #head: Head
  /** Absent after a worker that never got ready, until there is work again. */
  #link: Link | undefined
  readonly #queue: Running[] = []
  #running: Running[] = []
  /** Sizes of the batches that the worker has, oldest first. */
  #batches: number[] = []
  #weight = 0
  #failedStarts = 0
  /** Workers in a row that were asked from outside to end. */
  #signals = 0
  #known = new Set<Oid>()
  #alone = 0
  #n = 0
  #scheduled = false
  /** Groups in order; the last one is open for more. */
  #groups = [emptyGroup()]
  #committing: OpenGroup | undefined
  #closed = false
  #idle: (() => void)[] = []
  workerDeaths = 0

  constructor(options: SequenceOptions) {
    this.#options = options
    this.#head = options.head
    this.#link = this.#startWorker()
  }

  /** Turns that are queued or running. */
  get length(): number {
    return this.#queue.length + this.#running.length
  }

  /** What is queued weighs so many bytes, roughly. */
  get weight(): number {
    return this.#weight
  }

  enqueue(ticket: Ticket): void {
    if (this.#closed) {
      const fault = kernelFault('CANCELLED', 'the kernel is closing').toRecord()
      ticket.settle({ kind: 'fault', fault })
      return
    }
    const weight = weigh(ticket.turn)
    this.#weight += weight
    const running = ticket as Running
    running.n = ++this.#n
    running.weight = weight
    running.deaths = 0
    running.deathsAlone = 0
    this.#queue.push(running)
    this.#schedule()
  }

  /** Keeps table writes alone, in order with everything else; resolves when they are durable. */
  keep(tables: readonly TableWrite[]): Promise<void> {
    if (this.#closed) return Promise.reject(kernelFault('CANCELLED', 'the kernel is closed'))
    return new Promise((resolve, reject) => {
      const open = this.#room(0, sizeOf(tables))
      open.tables.push(...tables)
      open.settles.push({
        tell: resolve,
        fail: (fault) => reject(new Fault(fault)),
      })
      this.#commit()
    })
  }

  /** Resolves when everything that was taken so far is durable. Faults BUSY when some of it is not kept. */
  durable(): Promise<void> {
    return new Promise((tell, reject) => {
      const fail = (fault: FaultRecord) => reject(new Fault(fault))
      if (this.#isPending()) this.#groups.at(-1)?.settles.push({ tell, fail })
      else if (this.#committing !== undefined) this.#committing.settles.push({ tell, fail })
      else tell()
    })
  }

  /** Takes over transactions that no turn made, as one group and for a new worker. Faults BUSY while anything is under way. */
  async adopt(transactions: readonly Transaction[]): Promise<void> {
    if (this.#closed || !this.#isIdle()) {
      throw kernelFault('BUSY', 'messages are under way')
    }
    const old = this.#link
    this.#link = undefined
    old?.end('closed', 'its memory is of another world')
    this.#head.forget()
    for (const transaction of transactions) {
      this.#head.nextTid = transaction.tid + 1
      for (const { oid } of transaction.revisions) {
        this.#head.nextOid = Math.max(this.#head.nextOid, oid + 1)
      }
      this.#head.take(transaction)
    }
    const changes = transactions.map(({ revisions }) =>
      revisions
        .filter(({ kind }) => kind === 'object')
        .map(({ oid, payload }) => {
          return { oid, slots: decodeSlots(payload).map(({ name }) => name) }
        }),
    )
    await new Promise<void>((resolve, reject) => {
      const fail = (fault: FaultRecord) => reject(new Fault(fault))
      const settles = [{ tell: resolve, fail }]
      this.#groups = [{ ...emptyGroup(), transactions: [...transactions], changes, settles }]
      this.#commit()
    })
  }

  /** What no table of the store has yet: turns without an outcome, and groups that are not durable. */
  unkept(): { turns: Ticket['turn'][]; groups: Pick<OpenGroup, 'transactions' | 'tables'>[] } {
    const groups =
      this.#committing === undefined ? this.#groups : [this.#committing, ...this.#groups]
    return { turns: [...this.#running, ...this.#queue].map(({ turn }) => turn), groups }
  }

  /** Lets what runs finish and what is grouped become durable, then ends the worker. */
  async close(): Promise<void> {
    if (this.#closed) return
    if (!this.#isIdle()) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#closed = true
    this.#link?.end('closed', 'the kernel closes')
  }

  /** A method is no longer counted. */
  unwatch(method: Oid): void {
    this.#link?.unwatch(method)
  }

  #isIdle(): boolean {
    return this.length === 0 && this.#committing === undefined && !this.#isPending()
  }

  #isPending(): boolean {
    return this.#groups.some(({ settles }) => settles.length > 0)
  }

  #rest(): void {
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve()
  }

  // To the worker ------------------------------------------------------------------------------

  #startWorker(): Link {
    const child = this.#options.spawn(workerEntry(), workerOptions(KERNEL_LIMITS.workerHeap))
    this.#known = new Set()
    this.#batches = []
    const source = {
      fetch: (oid: Oid) => {
        const payload = this.#head.payload(oid)
        if (payload !== undefined) this.#known.add(oid)
        return payload
      },
      lookup: (name: string) => this.#head.name(name),
      method: this.#options.method,
    }
    const { silence, timers } = this.#options
    const link = new Link(
      child,
      source,
      { silence, timers },
      {
        done: (results, isLast) => this.#done(results, isLast),
        end: (ending) => this.#workerEnded(link, ending),
      },
    )
    if (this.#alone > 0) link.trace(true)
    link.next(this.#head.nextOid, this.#head.nextTid)
    return link
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.timers.setImmediate(() => {
      this.#scheduled = false
      this.#feed()
    })
  }

  #feed(): void {
    if (this.#queue.length > 0) this.#link ??= this.#startWorker()
    const link = this.#link
    while (link !== undefined && this.#queue.length > 0) {
      if (link.busy >= KERNEL_LIMITS.batchesInFlight) return
      if (this.#alone > 0 && this.#running.length > 0) return
      const isTracedStill = link.isTraced && this.#alone === 0
      if (isTracedStill || this.#known.size > KERNEL_LIMITS.knownObjects) {
        // What it was given is counted for the checks of its reports, so both sides let go of everything at once.
        if (link.busy > 0) return
        if (isTracedStill) link.trace(false)
        this.#known = new Set()
        link.next(this.#head.nextOid, this.#head.nextTid)
      }
      const batch = this.#nextBatch(this.#alone > 0 ? 1 : KERNEL_LIMITS.batchTurns)
      if (batch.length === 0) continue
      this.#running.push(...batch)
      this.#batches.push(batch.length)
      const given = receivers(batch, this.#known, this.#head)
      link.run(
        batch.map(({ n, turn }) => [n, turn[0], turn[1]]),
        given,
      )
    }
    this.#rest()
  }

  /** Takes turns from the queue, some of which nobody waits for any more and so are not in the batch. */
  #nextBatch(most: number): Running[] {
    const batch: Running[] = []
    let weight = 0
    for (let taken = 0; taken < most; taken++) {
      const ticket = this.#queue[0]
      if (ticket === undefined) break
      if (batch.length > 0 && weight + ticket.weight > KERNEL_LIMITS.batchBytes) break
      this.#queue.shift()
      this.#weight -= ticket.weight
      if (this.#alone > 0) this.#alone--
      if (ticket.dropped?.()) continue
      ticket.begin?.()
      weight += ticket.weight
      batch.push(ticket)
      // The worker asks for the method's record when it is called, and this process knows it once the batch is done.
      if (ticket.method !== undefined) break
    }
    return batch
  }

  #workerEnded(link: Link, ending: Ending): void {
    if (this.#closed || link !== this.#link) return
    this.workerDeaths++
    this.#options.onWorkerEnd(ending)
    const again = this.#running
    this.#running = []
    // When the disk refused a group, or no worker started, no turn was to blame.
    if (this.#isTheirs(ending) && link.ready) {
      for (const ticket of again) {
        ticket.deaths++
        if (again.length === 1) ticket.deathsAlone++
      }
    }
    const charged = again.length === 1 ? again[0] : undefined
    if (charged !== undefined && charged.deaths >= KERNEL_LIMITS.deaths) {
      again.length = 0
      const { stack = [] } = link
      const isByTurn = ending.reason === 'silent' || ending.reason === 'memory'
      if (isByTurn && stack.length > 0) {
        this.#options.onCharged(stack, charged.deathsAlone, ending)
      }
      this.#answer(charged, { kind: 'fault', fault: chargeFor(ending, this.#options.silence) })
      this.#commit()
    }
    for (const ticket of again) this.#weight += ticket.weight
    this.#queue.unshift(...again)
    this.#alone = Math.max(this.#alone, again.length)
    this.#link = link.ready ? this.#startWorker() : this.#startAgain(ending)
    this.#schedule()
  }

  /** Whether a worker's end may be the doing of a turn that it had. */
  #isTheirs({ reason }: Ending): boolean {
    if (reason === 'signal') return ++this.#signals > KERNEL_LIMITS.signals
    return reason !== 'unkept'
  }

  /** After a worker that ended before it was ready: another one, or none for now and a fault for what waits. */
  #startAgain(ending: Ending): Link | undefined {
    if (++this.#failedStarts < KERNEL_LIMITS.failedStarts) return this.#startWorker()
    this.#failedStarts = 0
    this.#alone = 0
    const fault = kernelFault('BUSY', `no worker starts: ${ending.detail}`).toRecord()
    const waiting = this.#queue.splice(0)
    this.#weight = 0
    for (const ticket of waiting) this.#answer(ticket, { kind: 'fault', fault })
    this.#commit()
    return undefined
  }

  // From the worker ----------------------------------------------------------------------------

  #done(results: unknown[], isLast: boolean): void {
    this.#failedStarts = 0
    this.#signals = 0
    try {
      const left = (this.#batches[0] ?? 0) - results.length
      if (isLast ? left !== 0 : left <= 0) refuse('results for other turns than were given')
      if (isLast) this.#batches.shift()
      else this.#batches[0] = left
      for (const result of results) this.#one(result)
    } finally {
      // What was believed before something was refused is answered all the same.
      this.#commit()
    }
    this.#feed()
  }

  #one(result: unknown): void {
    const ticket = this.#running[0]
    if (ticket === undefined || !Array.isArray(result) || result[0] !== ticket.n) {
      return refuse('a result for no turn')
    }
    if (ticket.calledOff?.()) {
      // The turns behind it may have seen what it did, so the worker is let go of and they run again.
      this.#link?.end('unkept', 'a message that it ran was called off by the one before')
      return refuse('a message that was called off')
    }
    const report = readReport(result)
    const outcome = this.#believe(ticket, report)
    const isWritten = outcome.kind === 'kept' && outcome.tid !== null
    const at = this.#head.tid - (isWritten ? 1 : 0)
    this.#running.shift()
    this.#answer(ticket, outcome)
    // After the answer, so that whoever is told may wait until what the turn wrote is durable.
    if (report.kind !== 'need' && report.called !== undefined) {
      ticket.called?.(report.called, outcome, at)
    }
  }

  #believe(ticket: Running, report: Report): Settled {
    if (report.kind === 'need' && report.need.kind === 'method') {
      const { receiver, learner } = report.need
      if (!this.#head.has(receiver) || !this.#head.has(learner)) refuse('a need of nothing')
    }
    if (report.kind === 'fault') return { kind: 'fault', fault: report.fault }
    if (report.kind !== 'kept') return report
    const { reply: result, fuel, writes, names, postings } = report
    if (postings.length > 0) verifyPostings(postings, this.#bornOf(writes), this.#head)
    const tid = writes.length === 0 && names.length === 0 ? null : this.#take(ticket, report)
    return { kind: 'kept', result, tid, fuel, postings }
  }

  #take(ticket: Running, { writes, names }: Extract<Report, { kind: 'kept' }>): Tid {
    const head = this.#head
    const writing: Writing = {
      tid: head.nextTid,
      head,
      born: this.#bornOf(writes),
      installing: installingOf(ticket, head),
    }
    const { tid, installing } = writing
    verifyNames(names, writing.born, head, restoredNames(ticket))
    const revisions: Revision[] = []
    const changes: ChangedSlots[] = []
    for (const write of writes) {
      const { revision, changed } = verifyWrite(write, writing)
      revisions.push(revision)
      changes.push({ oid: write.oid, slots: changed })
    }
    for (let i = 0; i < installing.length; i++) {
      const { method, done } = installing[i] as Installing
      if (!done) refuse('an installation without its method')
      if (ticket.method !== undefined) revisions.push(ticket.method(method, tid, i))
    }
    // What was written and not made was known before.
    for (const oid of writing.born) this.#known.add(oid)
    const transaction: Transaction = {
      tid,
      time: this.#options.now(),
      author: ticket.author,
      note: ticket.note,
      revisions,
      names,
    }
    head.nextTid = tid + 1
    for (const oid of writing.born) if (oid >= head.nextOid) head.nextOid = oid + 1
    for (const { method } of installing) head.nextOid = Math.max(head.nextOid, method + 1)
    head.take(transaction)
    let bytes = 0
    for (const { payload } of revisions) bytes += payload.length
    const open = this.#room(revisions.length, bytes)
    open.asOf ??= head.forgotten
    open.transactions.push(transaction)
    open.changes.push(changes)
    return tid
  }

  /** The new objects of a report. Both ends give the same numbers, so these follow the last one that was kept. */
  #bornOf(writes: readonly { oid: Oid; born: boolean }[]): ReadonlySet<Oid> {
    const first = this.#head.nextOid
    let born: Set<Oid> | undefined
    for (const one of writes) {
      if (!one.born) {
        if (!this.#known.has(one.oid)) refuse('an object it was not given')
        continue
      }
      if (one.oid < first || one.oid >= first + OBJECT_LIMITS.births) refuse('a strange oid')
      born ??= new Set()
      born.add(one.oid)
    }
    return born ?? NONE_BORN
  }

  // To the store -------------------------------------------------------------------------------

  #answer(ticket: Running, outcome: Settled): void {
    const tables = ticket.tables?.(outcome) ?? NO_TABLES
    const settle = new Answering(ticket, outcome)
    const open = this.#room(0, sizeOf(tables))
    open.tables.push(...tables)
    const wrote = tables.length > 0 || (outcome.kind === 'kept' && outcome.tid !== null)
    if (wrote || this.#isPending()) open.settles.push(settle)
    else if (this.#committing !== undefined) this.#committing.settles.push(settle)
    else settle.tell()
  }

  /** The open group, or a new one behind it when it would be too full with so much more. */
  #room(records: number, bytes: number): OpenGroup {
    let open = this.#groups.at(-1) as OpenGroup
    const isFull =
      open.records + records > KERNEL_LIMITS.groupRecords ||
      open.bytes + bytes > KERNEL_LIMITS.groupBytes
    if (isFull && open.settles.length > 0) {
      open = emptyGroup()
      this.#groups.push(open)
    }
    open.records += records
    open.bytes += bytes
    return open
  }

  #commit(): void {
    if (this.#committing !== undefined || !this.#isPending()) return
    const group = this.#groups.shift() as OpenGroup
    if (this.#groups.length === 0) this.#groups.push(emptyGroup())
    this.#committing = group
    const lost = this.#lostBy(group)
    if (lost !== undefined) return this.#failed(group, new Error(lost))
    this.#head.store.commit(group).then(
      () => this.#durable(group),
      (error: unknown) => this.#failed(group, error),
    )
  }

  /**
   * Why a group cannot be kept: a pack that ended after its turns were checked has removed what they refer to. From here on
   * the store tells the pack under way, or refuses.
   */
  #lostBy({ asOf, transactions }: OpenGroup): string | undefined {
    if (asOf === undefined || asOf === this.#head.forgotten) return undefined
    for (const { revisions, names } of transactions) {
      const oids = [...revisions.flatMap(({ refs }) => refs), ...names.map(({ oid }) => oid)]
      const lost = oids.find((oid) => oid !== null && this.#head.read(oid) === undefined)
      if (lost != null) return `${oidText(lost)} was packed away meanwhile`
    }
    return undefined
  }

  #durable(group: OpenGroup): void {
    this.#committing = undefined
    this.#head.settled(group.transactions)
    // The disk works at the next group while the answers of this one go out.
    this.#commit()
    for (const settle of group.settles) settle.tell()
    if (group.changes.length > 0) this.#options.onDurable(group.transactions, group.changes)
    this.#rest()
  }

  /** Nothing of the group is kept, so nothing that saw it may be either: those behind it get the fault as well. */
  #failed(group: OpenGroup, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    const known = asFault(error)
    // What is damaged stays so: trying again, as BUSY asks for, would not help.
    const fault = (
      known?.code === 'IMAGE_DAMAGED'
        ? known
        : kernelFault('BUSY', `the image could not be written: ${why}`)
    ).toRecord()
    const behind = this.#groups
    this.#groups = [emptyGroup()]
    this.#committing = undefined
    this.#head.reset()
    this.#link?.end('unkept', 'its state was not kept')
    for (const { settles } of [group, ...behind]) for (const settle of settles) settle.fail(fault)
    this.#rest()
  }
}

/** The names that a turn restores, undefined for any other turn. */
function restoredNames({ turn: [kind, request] }: Ticket): readonly RestoredName[] | undefined {
  return kind === 'change' && request.change.kind === 'restore' ? request.change.names : undefined
}

/** The methods that a turn puts into slots: a new one has the next number, an old one has its own. */
function installingOf(ticket: Ticket, head: Head): Installing[] {
  const [kind, request] = ticket.turn
  if (kind !== 'change') return []
  if (request.change.kind === 'restore') {
    return request.change.slots
      .filter(({ was }) => was === 'method')
      .map(({ target, slot }, i) => {
        return { target, selector: slot, method: head.nextOid + i, done: false }
      })
  }
  if (request.change.kind !== 'method') return []
  const { target, selector, method } = request.change
  if (method === undefined && ticket.method === undefined) refuse('a method without its record')
  return [{ target, selector, method: method ?? head.nextOid, done: false }]
}

function sizeOf(tables: readonly TableWrite[]): number {
  let bytes = 0
  for (const { value } of tables) bytes += value?.length ?? 0
  return bytes
}

function chargeFor(ending: Ending, silence: number): FaultRecord {
  if (ending.reason === 'silent') {
    return kernelFault(
      'FUEL',
      `the message kept its worker busy for more than ${silence} ms and was ended`,
    ).toRecord()
  }
  if (ending.reason === 'memory') {
    return kernelFault(
      'LIMIT',
      `the message needed more than the ${KERNEL_LIMITS.workerHeap} MiB that a worker has`,
    ).toRecord()
  }
  return kernelFault('METHOD_FAILED', `the message ended its worker (${ending.detail})`).toRecord()
}
