// Owns: methods that wait for a person: their table, the messages parked at each, and what becomes of both.
// Leaves: drafts to the learner; putting an accepted one into its slot to governance.
// Laws: KN100 a proposal and that messages wait for it are durable together; at the next start they wait for it again, and no
// model is asked. KN101 it is decided once. KN102 the messages of one that is rejected end with a fault that names it, also when
// the kernel is killed meanwhile. KN103 so many wait at most, and none is dropped for another. KN107 who follows is told of each.
import type { Fault, FaultRecord } from '#ground'
import type { Store, TableWrite } from '#image'
import {
  decodeValue,
  encodeValue,
  type MethodNeed,
  type Oid,
  type Relied,
  type Tid,
} from '#objects'
import type { Expected, PinnedCall } from './examples.ts'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { frameWith, type Listener, type Pending } from './message.ts'
import type { Policy } from './policies.ts'
import type { ChangedSlots } from './sequence.ts'

/** A draft that a person may choose: what it answers to the call as it came, or `fails`. `reply` is a wire value. */
export interface ProposedDraft {
  source: string
  /** How many drafts behave like it. */
  votes: number
  reply?: unknown
  fails?: string
  warnings?: string[]
  /** The hash of the messages that it answers, and the seed that it was drawn with. */
  prompt?: string
  seed?: number
  /** What it passed: gates in their order, calls that it was tried on, and the hash of the code that judged. */
  gates?: readonly string[]
  probes?: number
  judge?: string
}

/** The call on which the likeliest two differ, in wire form: slots and arguments, and what each draft does. */
export interface ProposedQuestion {
  call: { sets: { target: string; slot: string; value: unknown }[]; args: unknown[] }
  options: { draft: number; text: string }[]
}

/** A call with what should come of it, from somebody who has seen no draft, and what each draft does. Wire values. */
export type ProposedTest = {
  /** Slots of the receiver that differ. */
  slots: Record<string, unknown>
  args: unknown[]
  drafts: { agrees: boolean; did: string }[]
} & ({ expected: unknown } | { fails: true })

/** Tests of all drafts: they decide nothing. */
export interface ProposedTests {
  persona: string
  model: string
  ran: ProposedTest[]
}

/** What a learner hands over where it may not install by itself. */
export interface Proposed {
  why: { code: 'policy' | 'beyond' | 'undecided'; sentence: string }
  drafts: ProposedDraft[]
  question?: ProposedQuestion
  /**
   * The question's call, or the call as it came where there is none, with all the state that it hangs on; and what each option of
   * the question would make an example.
   */
  pinned?: { call: PinnedCall; expected: (Expected | null)[] }
  /** What its drafts were judged with. */
  relies?: readonly Relied[]
  model: string
  prompt: string
  tests?: ProposedTests
  /** Nothing but the policy of the messages that waited asks for a person. */
  bySenders?: true
  /** The Crucible's case that it comes from. */
  case?: string
}

export interface Proposal extends Proposed {
  id: string
  holder: Oid
  receiver: Oid
  selector: string
  args: unknown[]
  intent?: string
  author: string
  /** Milliseconds since 1970. */
  time: number
  /** What reviewers said of a draft: it binds nobody. Plain values. */
  review?: { draft: number; reviews: unknown[] }
  /** Reviews before the newest, the oldest first: what one objected is not forgotten when another is made. */
  earlier?: { draft: number; reviews: unknown[] }[]
  status: 'open' | 'accepted' | 'rejected' | 'superseded'
  decided?: {
    by: string
    time: number
    draft?: number
    tid?: Tid
    reason?: string
    /** Objections that stood against the draft, each with the call that shows it. */
    despite?: string[]
  }
}

/** A proposal that has come, or that another message waits for, or that was decided. */
export type ProposalEvent = Pick<Proposal, 'id' | 'holder' | 'selector' | 'status'>

export interface ProposalParts {
  store: Store
  now: () => number
  keep(writes: readonly TableWrite[]): Promise<void>
  /** True when the object has a slot of that name itself. */
  isSlot(oid: Oid, name: string): boolean
  /** Runs a message again; with a fault that is how its need ended. */
  again(pending: Pending, need: MethodNeed, fault: FaultRecord | undefined): void
  /** What is kept with a new one: its case names it. */
  proposed(of: string, id: string): TableWrite[]
  /** Told when one has been decided. */
  decided(about: Pick<MethodNeed, 'learner' | 'selector'>): void
  trouble(detail: string): void
}

interface Open {
  key: string
  proposal: Proposal
  bytes: number
  waiters: Map<Pending, MethodNeed>
  /** Somebody's decision is being kept. */
  isDeciding: boolean
}

export class Proposals {
  readonly #parts: ProposalParts
  readonly #open = new Map<string, Open>()
  /** Keys of those that are decided, oldest first. */
  readonly #decided: string[] = []
  readonly #parked = new WeakSet<Pending>()
  readonly #followers = new Set<(event: ProposalEvent) => void>()
  #bytes = 0
  #number = 0

  constructor(parts: ProposalParts) {
    this.#parts = parts
    for (let from = ''; ; ) {
      const page = parts.store.scan('proposals', { from })
      for (const { key, value } of page) {
        this.#number = Math.max(this.#number, Number(key))
        const proposal = decodeValue(value) as Proposal
        if (proposal.status === 'open') this.#add(key, proposal, value.length)
        else this.#decided.push(key)
      }
      const last = page.at(-1)?.key
      if (last === undefined) return
      from = `${last} `
    }
  }

  /** Calls back for what happens to proposals; answers how to stop. */
  follow(callback: (event: ProposalEvent) => void): () => void {
    this.#followers.add(callback)
    return () => this.#followers.delete(callback)
  }

  #happened({ id, holder, selector }: Proposal, status: Proposal['status']): void {
    for (const callback of this.#followers) callback({ id, holder, selector, status })
  }

  /** How many wait for a person. */
  get open(): number {
    return this.#open.size
  }

  /** Those that wait, then those decided of late, each the oldest first. */
  list(): Proposal[] {
    const waiting = [...this.#open.values()].map(({ proposal }) => proposal)
    return [...waiting, ...this.#decided.flatMap((key) => this.#read(key) ?? [])]
  }

  /** One that waits, or was decided of late. */
  known(id: string): Proposal | undefined {
    const open = this.#open.get(id)?.proposal
    if (open !== undefined) return open
    const key = /^p[1-9]\d{0,11}$/.test(id) ? keyOf(Number(id.slice(1))) : undefined
    return key === undefined ? undefined : this.#read(key)
  }

  /** Faults TARGET_UNKNOWN. */
  get(id: string): Proposal {
    const found = this.known(id)
    if (found !== undefined) return found
    throw kernelFault(
      'TARGET_UNKNOWN',
      `there is no proposal ${JSON.stringify(id)}`,
      { proposal: id },
      '`batos proposal ls` lists them.',
    )
  }

  /** How many messages are parked at it. */
  waitersOf(id: string): number {
    return this.#open.get(id)?.waiters.size ?? 0
  }

  /** True for a message that waits, or has waited, for a person. */
  wasParked(pending: Pending): boolean {
    return this.#parked.has(pending)
  }

  isOpen(id: string): boolean {
    return this.#open.has(id)
  }

  /** The one that a need with this intent waits for. Whom no policy holds back waits for none that others asked for. */
  find(need: MethodNeed, intent: string | undefined, policy: Policy): Proposal | undefined {
    for (const { proposal } of this.#open.values()) {
      const { holder, selector, bySenders } = proposal
      // What failed for others may be drafted again for whoever needs no person.
      if ((bySenders === true || isQuestion(proposal)) && policy === 'auto') continue
      if (holder === need.learner && selector === need.selector && proposal.intent === intent) {
        return proposal
      }
    }
    return undefined
  }

  /** Keeps what a learner proposes, and that those messages wait for it. Faults BUSY and LIMIT. */
  async propose(
    first: Pending,
    need: MethodNeed,
    given: Proposed,
    waiters: readonly Pending[],
  ): Promise<Proposal> {
    const { intent, author } = first.message
    const number = this.#number + 1
    const proposal: Proposal = {
      ...given,
      id: `p${number}`,
      holder: need.learner,
      receiver: need.receiver,
      selector: need.selector,
      args: need.args,
      ...(intent === undefined ? {} : { intent }),
      author,
      time: this.#parts.now(),
      status: 'open',
    }
    const value = encodeValue(proposal)
    this.#checkRoom(value.length)
    this.#number = number
    const key = keyOf(number)
    const open = this.#add(key, proposal, value.length)
    const records = waiters.map((one) => waitingRecord(one, need, proposal.id))
    // Drafts that came after all take the place of the question whether there is any.
    const old = isQuestion(given) ? this.#supernumerary(open) : this.#questionsOf(proposal)
    const reason = `${proposal.id} came`
    try {
      const named = given.case === undefined ? [] : this.#parts.proposed(given.case, proposal.id)
      await this.#parts.keep([
        { table: 'proposals', key, value },
        ...records,
        ...named,
        ...old.flatMap((one) =>
          this.decision(one.proposal, 'superseded', { by: 'kernel', reason }),
        ),
      ])
    } catch (error) {
      this.#remove(open)
      throw error
    }
    for (const one of old) if (this.#open.has(one.proposal.id)) this.#close(one, 'superseded')
    this.#happened(proposal, 'open')
    return proposal
  }

  /** Leaves a need that was not met as a question at which nobody waits; answers its id. Faults BUSY and LIMIT. */
  async leaveQuestion(first: Pending, need: MethodNeed, given: Proposed): Promise<string> {
    const there = this.find(need, first.message.intent, 'review')
    return (there ?? (await this.propose(first, need, given, []))).id
  }

  #questionsOf({ holder, selector, intent }: Proposal): Open[] {
    return [...this.#open.values()].filter(
      ({ proposal, isDeciding }) =>
        isQuestion(proposal) &&
        !isDeciding &&
        proposal.holder === holder &&
        proposal.selector === selector &&
        proposal.intent === intent,
    )
  }

  /** The oldest questions at which nobody waits, beyond as many as there may be. */
  #supernumerary(newest: Open): Open[] {
    const idle = [...this.#open.values()].filter(
      (one) =>
        one !== newest && isQuestion(one.proposal) && one.waiters.size === 0 && !one.isDeciding,
    )
    return idle.slice(0, Math.max(0, idle.length + 1 - KERNEL_LIMITS.questionsOpen))
  }

  #checkRoom(bytes: number, more = 1): void {
    const { proposalsOpen, proposalsBytes } = KERNEL_LIMITS
    const remedy = 'Decide about some: `batos proposal ls` lists them.'
    if (this.#open.size + more > proposalsOpen) {
      const many = `${proposalsOpen} proposals wait for a person already`
      throw kernelFault('BUSY', many, { retryAfter: KERNEL_LIMITS.refusalLife }, remedy)
    }
    if (this.#bytes + bytes > proposalsBytes) {
      const large = `with this one the proposals that wait would take over ${proposalsBytes} bytes`
      throw kernelFault('LIMIT', large, { limit: proposalsBytes }, remedy)
    }
  }

  /** Has a message wait for a proposal that is open. */
  park(id: string, pending: Pending, need?: MethodNeed): void {
    const open = this.#open.get(id) as Open
    const { holder: learner, receiver, selector, args } = open.proposal
    open.waiters.set(pending, need ?? { kind: 'method', learner, receiver, selector, args })
    pending.parked = id
    this.#parked.add(pending)
    for (const listener of pending.listeners) this.tell(pending, listener)
    this.#happened(open.proposal, 'open')
  }

  /** Tells somebody who listens to a message that it waits for a person, if it does. */
  tell({ parked = '' }: Pending, listener: Listener): void {
    const why = this.#open.get(parked)?.proposal.why
    if (why === undefined) return
    listener.event({ kind: 'parked', proposal: parked, why: why.code, reason: why.sentence })
  }

  /** A message that has ended waits no more; the proposal stays. */
  leave(pending: Pending): void {
    if (pending.parked === undefined) return
    this.#open.get(pending.parked)?.waiters.delete(pending)
    pending.parked = undefined
  }

  /** Keeps what reviewers said of an open proposal. Faults TARGET_UNKNOWN, CONFLICT and LIMIT. */
  async reviewed(id: string, review: NonNullable<Proposal['review']>): Promise<void> {
    const open = this.#open.get(id)
    if (open === undefined || open.isDeciding) {
      const { status } = this.get(id)
      const what = open === undefined ? `is ${status}` : 'is being decided'
      throw kernelFault('CONFLICT', `proposal ${id} ${what}`, { proposal: id, status })
    }
    const before = open.proposal.review
    const earlier = [...(open.proposal.earlier ?? []), ...(before === undefined ? [] : [before])]
    if (earlier.length > KERNEL_LIMITS.reviews) {
      const many = `proposal ${id} was reviewed ${earlier.length} times already`
      throw kernelFault('LIMIT', many, { limit: KERNEL_LIMITS.reviews }, 'Decide about it.')
    }
    const value = encodeValue({ ...open.proposal, earlier, review })
    const more = value.length - open.bytes
    this.#checkRoom(more, 0)
    open.proposal.review = review
    open.proposal.earlier = earlier
    open.bytes += more
    this.#bytes += more
    await this.#parts.keep([{ table: 'proposals', key: open.key, value }])
    this.#happened(open.proposal, 'open')
  }

  /** Puts a decision under way, which nobody else can then make. Faults TARGET_UNKNOWN and CONFLICT. */
  begin(id: string): Proposal {
    const open = this.#open.get(id)
    if (open !== undefined && !open.isDeciding) {
      open.isDeciding = true
      return open.proposal
    }
    const { status } = this.get(id)
    const what = open === undefined ? `is ${status}` : 'is being decided'
    throw kernelFault('CONFLICT', `proposal ${id} ${what}`, { proposal: id, status })
  }

  /** The decision came to nothing. */
  abandon(id: string): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    open.isDeciding = false
    const { holder, selector } = open.proposal
    this.changed({ oid: holder, slots: [selector] })
  }

  /** What keeps a decision, for the commit that it goes into. */
  decision(
    proposal: Proposal,
    status: 'accepted' | 'rejected' | 'superseded',
    decided: Omit<NonNullable<Proposal['decided']>, 'time'>,
  ): TableWrite[] {
    // What only served to decide goes, so that it keeps no objects from being packed.
    const { pinned: _, relies: __, ...rest } = proposal
    const after = { ...rest, args: [], status, decided: { ...decided, time: this.#parts.now() } }
    const key = keyOf(Number(proposal.id.slice(1)))
    const old = this.#decided.slice(0, -KERNEL_LIMITS.proposalsDecided + 1 || undefined)
    return [
      { table: 'proposals', key, value: encodeValue(after) },
      ...old.map((one) => ({ table: 'proposals' as const, key: one, value: null })),
    ]
  }

  /** The method is in its slot, and the decision is durable: those who wait run again. Answers how many. */
  accepted(id: string): number {
    const open = this.#open.get(id)
    return open === undefined ? 0 : this.#close(open, 'accepted')
  }

  /** Ends those who wait with a fault that names the proposal. Faults TARGET_UNKNOWN, CONFLICT and BUSY. */
  async reject(id: string, by: string, reason: string | undefined): Promise<number> {
    const proposal = this.begin(id)
    const open = this.#open.get(id) as Open
    const { why, selector } = proposal
    const said = reason === undefined ? '' : `: ${reason}`
    const fault = kernelFault(
      why.code === 'policy' ? 'POLICY' : 'GENERATION_REFUSED',
      `${by} rejected proposal ${id}, a method ${selector}${said}`,
      { proposal: id, selector, ...(reason === undefined ? {} : { reason }) },
      'Say with --intent what the message should do, or give the method yourself with `batos method`.',
    ).toRecord()
    const records = [...open.waiters].map(([pending, need]) => {
      const frame = frameWith(pending.frame, need, { fault })
      return waitingRecord({ ...pending, frame }, need, undefined)
    })
    const decided = { by, ...(reason === undefined ? {} : { reason }) }
    try {
      await this.#parts.keep([...this.decision(proposal, 'rejected', decided), ...records])
    } catch (error) {
      this.abandon(id)
      throw error
    }
    return this.#close(open, 'rejected', fault)
  }

  /**
   * Closes one so that those who wait for it ask for a method anew; `writes` are kept with that. Faults TARGET_UNKNOWN, CONFLICT
   * and BUSY.
   */
  async drawAnew(
    id: string,
    by: string,
    reason: string,
    writes: readonly TableWrite[],
  ): Promise<number> {
    const proposal = this.begin(id)
    try {
      const decision = this.decision(proposal, 'superseded', { by, reason })
      await this.#parts.keep([...decision, ...writes])
    } catch (error) {
      this.abandon(id)
      throw error
    }
    return this.#close(this.#open.get(id) as Open, 'superseded')
  }

  /** Why a person said no to the last proposal for a method that was rejected, if that is still known. */
  rejection(holder: Oid, selector: string): { reason: string; time: number } | undefined {
    for (const key of this.#decided.toReversed()) {
      const one = this.#read(key)
      if (one?.status !== 'rejected' || one.holder !== holder || one.selector !== selector) continue
      const { reason, time = 0 } = one.decided ?? {}
      return reason === undefined ? undefined : { reason, time }
    }
    return undefined
  }

  /** A slot has changed: a proposal for it, if it is filled now, is of no use, and those who wait run again. */
  changed({ oid, slots }: ChangedSlots): void {
    for (const open of [...this.#open.values()]) {
      const { holder, selector } = open.proposal
      if (holder !== oid || open.isDeciding || !slots.includes(selector)) continue
      if (!this.#parts.isSlot(holder, selector)) continue
      this.#parts
        .keep(this.decision(open.proposal, 'superseded', { by: 'kernel' }))
        .catch((fault: Fault) => {
          this.#parts.trouble(`proposal ${open.proposal.id} stays open: ${fault.message}`)
        })
      this.#close(open, 'superseded')
    }
  }

  #close(open: Open, status: Proposal['status'], fault?: FaultRecord): number {
    this.#remove(open)
    const { holder: learner, selector } = open.proposal
    this.#parts.decided({ learner, selector })
    this.#decided.push(open.key)
    this.#happened(open.proposal, status)
    const { proposalsDecided } = KERNEL_LIMITS
    if (this.#decided.length > proposalsDecided) {
      this.#decided.splice(0, this.#decided.length - proposalsDecided)
    }
    const waiters = [...open.waiters]
    open.waiters.clear()
    for (const [pending, need] of waiters) {
      pending.parked = undefined
      this.#parts.again(pending, need, fault)
    }
    return waiters.length
  }

  #add(key: string, proposal: Proposal, bytes: number): Open {
    const open = { key, proposal, bytes, waiters: new Map(), isDeciding: false }
    this.#open.set(proposal.id, open)
    this.#bytes += bytes
    return open
  }

  #remove(open: Open): void {
    if (this.#open.delete(open.proposal.id)) this.#bytes -= open.bytes
  }

  #read(key: string): Proposal | undefined {
    const value = this.#parts.store.get('proposals', key)
    return value === undefined ? undefined : (decodeValue(value) as Proposal)
  }
}

/** One without drafts: none passed, and a person is asked what is right. */
const isQuestion = ({ drafts }: Pick<Proposed, 'drafts'>) => drafts.length === 0

/** The record of a message that waits, with the proposal that it waits for. */
export function waitingRecord(
  { record = '', message, frame, begun }: Pick<Pending, 'record' | 'message' | 'frame' | 'begun'>,
  need: { kind: 'method' | 'http' | 'inquiry' },
  proposal: string | undefined,
): TableWrite & { value: Uint8Array } {
  const value = encodeValue([message, frame, need.kind, proposal ?? '', begun])
  return { table: 'waiting', key: record, value }
}

const keyOf = (number: number) => String(number).padStart(12, '0')
