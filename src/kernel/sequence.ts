// Owns: the one order of all turns: batches to the worker, belief in what comes back, groups to the store, answers after.
// Leaves: what a message means, needs and keys to kernel.ts; reading to head.ts.
// Laws: KN3 an answer leaves after the groups it could have seen are durable. KN4 a turn whose answer was not given runs
// again after a worker's death, one at a time until past the one that did it, which is charged. KN5 a group that fails
// leaves nothing and is answered with a fault. KN6 only one group is on its way; the next fills meanwhile.
//
//   queued --batch--> running --report--> grouped --durable--> answered
//     ^                  |--worker died--> queued (alone)
import type { FaultRecord } from '#ground'
import type { Revision, TableWrite, Transaction } from '#image'
import {
  type Change,
  type MethodNeed,
  OBJECT_LIMITS,
  type Oid,
  type SendRequest,
  type Tid,
  type TurnFrame,
} from '#objects'
import type { SpawnChild } from './child.ts'
import { kernelFault } from './faults.ts'
import type { Head } from './head.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { type CodeAnswer, type Ending, Link } from './link.ts'
import { workerArguments, workerEntry } from './sandbox/entry.ts'
import { type Installing, Unbelievable, verifyReply, verifyWrite } from './verify-write.ts'

/** What a turn came to, once it may be told. `result` is a wire value's bytes. */
export type Settled =
  | { kind: 'kept'; result: Uint8Array; tid: Tid | null; fuel: number }
  | { kind: 'fault'; fault: FaultRecord }
  | { kind: 'need'; need: MethodNeed }

/** A turn to run. `author` and `note` go to history; `tables` are kept with it. */
export interface Ticket {
  turn: ['send', SendRequest] | ['change', TurnFrame & { change: Change }]
  author: string
  note: string
  /** The record of the method that this turn installs, given the oid that it gets. */
  method?: (oid: Oid, tid: Tid) => Revision
  /** Table writes to keep with the outcome; asked once the outcome is known. */
  tables?: (outcome: Settled) => TableWrite[]
  /** True when nobody waits for it any more: then it is not run. */
  dropped?: () => boolean
  settle(outcome: Settled): void
}

interface Running extends Ticket {
  n: number
  deaths: number
}

interface OpenGroup {
  transactions: Transaction[]
  tables: TableWrite[]
  settles: { ticket: Running | undefined; tell: () => void; fail: (fault: FaultRecord) => void }[]
}

const emptyGroup = (): OpenGroup => ({ transactions: [], tables: [], settles: [] })

export interface SequenceOptions {
  head: Head
  spawn: SpawnChild
  method: (oid: Oid) => Promise<CodeAnswer>
  now: () => number
  /** Told after a group is durable, in order. */
  onDurable: (transactions: readonly Transaction[], changes: Map<Tid, ChangedSlots[]>) => void
  /** Told when a worker ended that should not have. */
  onWorkerEnd: (ending: Ending) => void
}

/** Slots of one object that a transaction changed. */
export interface ChangedSlots {
  oid: Oid
  slots: string[]
}

export class Sequence {
  readonly #options: SequenceOptions
  readonly #head: Head
  #link: Link
  readonly #queue: Running[] = []
  #running: Running[] = []
  #known = new Set<Oid>()
  #alone = 0
  #n = 0
  #scheduled = false
  #open = emptyGroup()
  #committing: OpenGroup | undefined
  #changes = new Map<Tid, ChangedSlots[]>()
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

  enqueue(ticket: Ticket): void {
    if (this.#closed) {
      const fault = kernelFault('CANCELLED', 'the kernel is closing').toRecord()
      ticket.settle({ kind: 'fault', fault })
      return
    }
    this.#queue.push(Object.assign(ticket, { n: ++this.#n, deaths: 0 }))
    this.#schedule()
  }

  /** Keeps table writes alone, in order with everything else; resolves when they are durable. */
  keep(tables: readonly TableWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#open.tables.push(...tables)
      this.#open.settles.push({
        ticket: undefined,
        tell: resolve,
        fail: (fault) => reject(kernelFault('BUSY', fault.message)),
      })
      this.#commit()
    })
  }

  /** Lets what runs finish and what is grouped become durable, then ends the worker. */
  async close(): Promise<void> {
    if (this.#closed) return
    if (!this.#isIdle()) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#closed = true
    this.#link.end('closed', 'the kernel closes')
  }

  #isIdle(): boolean {
    return this.length === 0 && this.#committing === undefined && this.#open.settles.length === 0
  }

  #rest(): void {
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve()
  }

  // To the worker ------------------------------------------------------------------------------

  #startWorker(): Link {
    const child = this.#options.spawn(workerEntry(), {
      execArgv: workerArguments(KERNEL_LIMITS.workerHeap),
    })
    this.#known = new Set()
    const source = {
      fetch: (oid: Oid) => {
        const payload = this.#head.payload(oid)
        if (payload !== undefined) this.#known.add(oid)
        return payload
      },
      lookup: (name: string) => this.#head.name(name),
      method: this.#options.method,
    }
    const link = new Link(child, source, KERNEL_LIMITS.silence, {
      done: (results) => this.#done(results),
      end: (ending) => this.#workerEnded(link, ending),
    })
    link.next(this.#head.nextOid, this.#head.nextTid)
    return link
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#feed()
    })
  }

  #feed(): void {
    while (this.#queue.length > 0 && this.#link.busy < KERNEL_LIMITS.batchesInFlight) {
      if (this.#alone > 0 && this.#running.length > 0) return
      const most = this.#alone > 0 ? 1 : KERNEL_LIMITS.batchTurns
      const batch = this.#queue.splice(0, most).filter((ticket) => !ticket.dropped?.())
      if (this.#alone > 0) this.#alone--
      if (batch.length === 0) continue
      this.#running.push(...batch)
      this.#link.run(batch.map((ticket) => [ticket.n, ...ticket.turn]))
    }
    this.#rest()
  }

  #workerEnded(link: Link, ending: Ending): void {
    if (this.#closed || link !== this.#link) return
    this.workerDeaths++
    this.#options.onWorkerEnd(ending)
    const again = this.#running
    this.#running = []
    for (const ticket of again) ticket.deaths++
    const charged = again.length === 1 ? again[0] : undefined
    if (charged !== undefined && charged.deaths >= KERNEL_LIMITS.deaths) {
      again.length = 0
      this.#answer(charged, { kind: 'fault', fault: chargeFor(ending) })
    }
    this.#queue.unshift(...again)
    this.#alone = Math.max(this.#alone, again.length)
    this.#link = this.#startWorker()
    this.#schedule()
  }

  // From the worker ----------------------------------------------------------------------------

  #done(results: unknown[]): void {
    try {
      for (const result of results) this.#one(result)
    } catch (error) {
      if (!(error instanceof Unbelievable)) throw error
      this.#link.end('refused', error.message)
      return
    }
    this.#commit()
    this.#feed()
  }

  #one(result: unknown): void {
    const ticket = this.#running[0]
    if (ticket === undefined || !Array.isArray(result) || result[0] !== ticket.n) {
      throw new Unbelievable('a result for no turn')
    }
    const outcome = this.#believe(ticket, result)
    this.#running.shift()
    this.#answer(ticket, outcome)
  }

  #believe(ticket: Running, result: unknown[]): Settled {
    const kind = result[1]
    if (kind === 'fault') return { kind, fault: result[2] as FaultRecord }
    if (kind === 'need') return { kind, need: result[2] as MethodNeed }
    if (kind !== 'kept') throw new Unbelievable('an outcome of no known kind')
    const bytes = verifyReply(result[2])
    const writes = result[3] as [Oid, boolean, Uint8Array, string[]][]
    const names = result[4] as [string, Oid | null][]
    const fuel = Number(result[5])
    if (writes.length === 0 && names.length === 0) {
      return { kind: 'kept', result: bytes, tid: null, fuel }
    }
    return { kind: 'kept', result: bytes, tid: this.#take(ticket, writes, names), fuel }
  }

  #take(
    ticket: Running,
    writes: [Oid, boolean, Uint8Array, string[]][],
    names: [string, Oid | null][],
  ): Tid {
    const head = this.#head
    const tid = head.nextTid
    const turn = ticket.turn
    const change = turn[0] === 'change' ? turn[1].change : undefined
    const installing: Installing | undefined =
      change?.kind === 'method'
        ? { target: change.target, selector: change.selector, method: undefined }
        : undefined
    const nextOid = this.#nextOid(writes, installing !== undefined)
    const revisions = writes.map(([oid, born, payload, slots]) =>
      verifyWrite({ oid, born, payload, slots }, tid, nextOid, head, installing),
    )
    if (installing !== undefined) {
      if (installing.method === undefined || ticket.method === undefined) {
        throw new Unbelievable('an installation without its method')
      }
      revisions.push(ticket.method(installing.method, tid))
    }
    for (const [oid] of writes) this.#known.add(oid)
    const transaction: Transaction = {
      tid,
      time: this.#options.now(),
      author: ticket.author,
      note: ticket.note,
      revisions,
      names: names.map(([name, oid]) => ({ name, oid })),
    }
    head.nextTid = tid + 1
    head.nextOid = installing?.method === undefined ? nextOid : installing.method + 1
    head.take(transaction)
    this.#open.transactions.push(transaction)
    this.#changes.set(
      tid,
      writes.map(([oid, , , slots]) => ({ oid, slots })),
    )
    return tid
  }

  #nextOid(writes: [Oid, boolean, Uint8Array, string[]][], installs: boolean): Oid {
    let next = this.#head.nextOid
    for (const [oid, born] of writes) {
      if (!Number.isSafeInteger(oid) || oid < 1) throw new Unbelievable('an oid')
      if (born && oid < this.#head.nextOid) throw new Unbelievable('an oid that is taken')
      if (!born && !this.#known.has(oid)) throw new Unbelievable('an object it was not given')
      if (born) next = Math.max(next, oid + 1)
    }
    // A new method's oid is the worker's next, which may lie beyond oids of objects that were not kept.
    return installs ? next + OBJECT_LIMITS.births * KERNEL_LIMITS.batchTurns : next
  }

  // To the store -------------------------------------------------------------------------------

  #answer(ticket: Running, outcome: Settled): void {
    const tables = ticket.tables?.(outcome) ?? []
    const settle = {
      ticket,
      tell: () => ticket.settle(outcome),
      fail: (fault: FaultRecord) => ticket.settle({ kind: 'fault', fault }),
    }
    const open = this.#open
    open.tables.push(...tables)
    const wrote = tables.length > 0 || (outcome.kind === 'kept' && outcome.tid !== null)
    if (wrote || open.settles.length > 0) open.settles.push(settle)
    else if (this.#committing !== undefined) this.#committing.settles.push(settle)
    else settle.tell()
  }

  #commit(): void {
    if (this.#committing !== undefined || this.#open.settles.length === 0) return
    const group = this.#open
    this.#open = emptyGroup()
    this.#committing = group
    this.#head.store.commit(group).then(
      () => this.#durable(group),
      (error: unknown) => this.#failed(group, error),
    )
  }

  #durable(group: OpenGroup): void {
    this.#committing = undefined
    this.#head.settled(group.transactions)
    for (const { tell } of group.settles) tell()
    const changes = new Map<Tid, ChangedSlots[]>()
    for (const { tid } of group.transactions) {
      changes.set(tid, this.#changes.get(tid) ?? [])
      this.#changes.delete(tid)
    }
    if (changes.size > 0) this.#options.onDurable(group.transactions, changes)
    this.#commit()
    this.#rest()
  }

  /** Nothing of the group is kept, so nothing that saw it may be either: both groups are answered with a fault. */
  #failed(group: OpenGroup, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    const fault = kernelFault('BUSY', `the image could not be written: ${why}`, {
      retryAfter: KERNEL_LIMITS.retryAfter,
    }).toRecord()
    const open = this.#open
    this.#open = emptyGroup()
    this.#committing = undefined
    this.#changes.clear()
    this.#head.reset()
    for (const { fail } of [...group.settles, ...open.settles]) fail(fault)
    this.#link.end('refused', 'its state was not kept')
    this.#rest()
  }
}

function chargeFor(ending: Ending): FaultRecord {
  if (ending.reason === 'silent') {
    return kernelFault(
      'FUEL',
      `the message kept its worker busy for more than ${KERNEL_LIMITS.silence} ms and was ended`,
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
