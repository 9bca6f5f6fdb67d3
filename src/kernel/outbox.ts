// Owns: what turns have posted: messages and requests that leave after their turn is durable, at their time, and arrive once.
// Leaves: running the message that one becomes to kernel.ts; requests to http.ts.
// Laws: KN72 a posting is kept in the commit of the turn that made it. KN73 it arrives at its object once: its entry goes in
// the commit of the message that it becomes. KN74 a request is made at least once, under the same key each time. KN75 what is
// called off before it has left does not arrive. KN76 how much waits, and how much is under way, is bounded.
//
//   taken --durable--> waiting --its time--> ready --room--> leaving --arrived--> gone
//     |not durable: gone                       ^                |could not be taken in
//                                              +---- waiting <--+
import type { FaultRecord } from '#ground'
import type { TableWrite } from '#image'
import {
  decodeValue,
  encodeValue,
  type NeedOutcome,
  OBJECT_LIMITS,
  type Oid,
  type Parcel,
  type Posting,
} from '#objects'
import type { Head } from './head.ts'
import type { Http } from './http.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Timers } from './timers.ts'

/** A message that has left. `key` is its entry in the table. */
export interface Arriving {
  key: string
  target: Oid
  selector: string
  args: unknown[]
  policy: 'review' | 'off' | undefined
  /** To be called once: with true when the message will not be lost any more though its entry is gone. */
  done(isGone: boolean): void
}

export interface OutboxOptions {
  head: Head
  http: Http
  timers: Timers
  now: () => number
  random: () => number
  /** Takes a message in; answers how to end it while it has not run. */
  arrive: (arriving: Arriving) => () => void
  /** Told of an entry that cannot be read. */
  trouble: (what: string) => void
}

/** What to keep with the turn that posted, and what to call once it is known whether that is durable. */
export interface Taking {
  tables: TableWrite[]
  kept(): void
  failed(): void
}

/** Who posted what, as far as it goes on to the message. */
export interface Poster {
  /** Milliseconds since 1970 that the turn took for now. */
  now: number
  policy: 'review' | 'off' | undefined
}

interface Entry {
  readonly key: string
  readonly kind: Parcel['kind']
  /** By which it is called off. */
  readonly name: string
  readonly bytes: number
  due: number
  state: 'taken' | 'waiting' | 'ready' | 'leaving'
  isCalledOff: boolean
  /** Ends what is under way. */
  stop: (() => void) | undefined
}

type Stored = [due: number, policy: 'review' | 'off' | null, parcel: Parcel]

export class Outbox {
  readonly #options: OutboxOptions
  readonly #entries = new Map<string, Entry>()
  readonly #named = new Map<string, Set<Entry>>()
  #bytes = 0
  #number = 0
  /** The earliest time of those that wait. */
  #next = Number.POSITIVE_INFINITY
  readonly #ready: Record<Parcel['kind'], Entry[]> = { send: [], request: [] }
  readonly #underWay: Record<Parcel['kind'], number> = { send: 0, request: 0 }
  readonly #asking = new Set<AbortController>()
  #timer: unknown
  #isClosed = false
  /** Messages that have arrived since the start. */
  delivered = 0

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Postings without an arrival. */
  get size(): number {
    return this.#entries.size
  }

  /** How many a turn that begins now may post. */
  get room(): number {
    if (this.#bytes >= KERNEL_LIMITS.outboxBytes) return 0
    const left = KERNEL_LIMITS.outboxLength - this.#entries.size
    return Math.max(0, Math.min(left, OBJECT_LIMITS.postings))
  }

  /** Takes up what was posted before this kernel started. */
  resume(): void {
    const { store } = this.#options.head
    let from = ''
    for (;;) {
      const page = store.scan('outbox', { from })
      for (const { key, value } of page) {
        const [due, , parcel] = decodeValue(value) as Stored
        this.#number = Math.max(this.#number, Number(key.split('-')[1]))
        this.#add(key, due, parcel, value.length).state = 'waiting'
        this.#next = Math.min(this.#next, due)
      }
      const last = page.at(-1)?.key
      if (last === undefined) break
      from = `${last} `
    }
    this.#wake()
  }

  /** Takes what a turn posted. A cancel calls off what was posted before it, in the same turn too. */
  take(postings: readonly Posting[], poster: Poster): Taking {
    const fresh: Entry[] = []
    const off = new Set<Entry>()
    const tables: TableWrite[] = []
    for (const posting of postings) {
      if (posting.kind === 'cancel') {
        for (const entry of this.#named.get(nameOf(posting)) ?? []) off.add(entry)
        continue
      }
      const due = Math.round(poster.now + posting.after)
      const key = this.#newKey(due)
      const value = encodeValue([due, poster.policy ?? null, posting] satisfies Stored)
      tables.push({ table: 'outbox', key, value })
      fresh.push(this.#add(key, due, posting, value.length))
    }
    for (const entry of off) {
      tables.push({ table: 'outbox', key: entry.key, value: null })
      entry.isCalledOff = true
      entry.stop?.()
    }
    return {
      tables,
      kept: () => {
        for (const entry of off) this.#remove(entry)
        for (const entry of fresh) this.#wait(entry, entry.due)
        this.#wake()
      },
      failed: () => {
        for (const entry of fresh) this.#remove(entry)
        for (const entry of off) {
          entry.isCalledOff = false
          if (entry.state === 'waiting') this.#wait(entry, entry.due)
        }
        this.#wake()
      },
    }
  }

  /** Ends requests, and lets nothing leave any more. What waits stays in its table. */
  close(): void {
    this.#isClosed = true
    this.#options.timers.clearTimeout(this.#timer)
    for (const controller of this.#asking) controller.abort(new Error('the kernel closes'))
  }

  /** Its order is that of time; chance makes it one of a kind among all images, since other hosts know it. */
  #newKey(due: number): string {
    const { random } = this.#options
    const chance = [random(), random()].map((one) => one.toString(36).padStart(7, '0')).join('')
    return `${digits(due)}-${digits(++this.#number)}-${chance}`
  }

  #add(key: string, due: number, parcel: Parcel, bytes: number): Entry {
    const entry: Entry = {
      key,
      kind: parcel.kind,
      name: nameOf(parcel),
      bytes,
      due,
      state: 'taken',
      isCalledOff: false,
      stop: undefined,
    }
    this.#entries.set(key, entry)
    this.#bytes += bytes
    const named = this.#named.get(entry.name)
    if (named === undefined) this.#named.set(entry.name, new Set([entry]))
    else named.add(entry)
    return entry
  }

  #remove(entry: Entry): void {
    if (!this.#entries.delete(entry.key)) return
    this.#bytes -= entry.bytes
    const named = this.#named.get(entry.name)
    named?.delete(entry)
    if (named?.size === 0) this.#named.delete(entry.name)
  }

  #wait(entry: Entry, due: number): void {
    // A turn behind the one that posted it may have called it off already.
    if (!this.#entries.has(entry.key)) return
    entry.due = due
    // Those that are due before it leave before it.
    if (due <= this.#options.now() && this.#next > due) this.#makeReady(entry)
    else {
      entry.state = 'waiting'
      this.#next = Math.min(this.#next, due)
    }
  }

  #makeReady(entry: Entry): void {
    entry.state = 'ready'
    this.#ready[entry.kind].push(entry)
  }

  #wake(): void {
    const { now, timers } = this.#options
    timers.clearTimeout(this.#timer)
    if (this.#isClosed) return
    const time = now()
    if (this.#next <= time) this.#collect(time)
    this.#pour('send', KERNEL_LIMITS.outboxUnderWay)
    this.#pour('request', KERNEL_LIMITS.requests)
    if (this.#next === Number.POSITIVE_INFINITY) return
    // What left may have come back at once, and then there is a timer already.
    timers.clearTimeout(this.#timer)
    const wait = Math.min(this.#next - time, KERNEL_LIMITS.outboxTimer)
    this.#timer = timers.setTimeout(() => this.#wake(), Math.max(0, wait))
  }

  /** Makes ready what is due, in the order of time. */
  #collect(time: number): void {
    this.#next = Number.POSITIVE_INFINITY
    const due: Entry[] = []
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'waiting') continue
      if (entry.due <= time) due.push(entry)
      else this.#next = Math.min(this.#next, entry.due)
    }
    due.sort((one, other) => one.due - other.due || (one.key < other.key ? -1 : 1))
    for (const entry of due) this.#makeReady(entry)
  }

  #pour(kind: Parcel['kind'], most: number): void {
    const ready = this.#ready[kind]
    while (ready.length > 0 && this.#underWay[kind] < most) {
      const entry = ready.shift() as Entry
      if (!this.#entries.has(entry.key)) continue
      // Whether it is called off is known when the turn that did so is durable, or is not.
      if (entry.isCalledOff) entry.state = 'waiting'
      else this.#leave(entry)
    }
  }

  #leave(entry: Entry): void {
    const stored = this.#read(entry)
    if (stored === undefined) return this.#remove(entry)
    const [, policy, parcel] = stored
    entry.state = 'leaving'
    this.#underWay[entry.kind]++
    let isOpen = true
    const done = (isGone: boolean) => {
      // A message that is ended while it is being kept hears of both.
      if (isOpen) this.#done(entry, isGone)
      isOpen = false
    }
    const arrive = (args: unknown[]) => {
      const { target, selector } = parcel
      const { key } = entry
      entry.stop = this.#options.arrive({
        key,
        target,
        selector,
        args,
        policy: policy ?? undefined,
        done,
      })
    }
    if (parcel.kind === 'send') return arrive(parcel.args)
    const controller = new AbortController()
    this.#asking.add(controller)
    entry.stop = () => controller.abort(new Error('it was called off'))
    void this.#options.http
      .outcome(parcel.request, entry.key, controller.signal)
      .then((outcome) => {
        this.#asking.delete(controller)
        if (controller.signal.aborted) done(false)
        else arrive([answerOf(outcome)])
      })
  }

  /** What the table has of an entry; undefined, and told, when that cannot be read. */
  #read(entry: Entry): Stored | undefined {
    try {
      const value = this.#options.head.store.get('outbox', entry.key)
      if (value !== undefined) return decodeValue(value) as Stored
      this.#options.trouble(`the message for later ${entry.key} is not in its table`)
    } catch (error) {
      this.#options.trouble(`the message for later ${entry.key} cannot be read: ${String(error)}`)
    }
    return undefined
  }

  #done(entry: Entry, isGone: boolean): void {
    this.#underWay[entry.kind]--
    entry.stop = undefined
    if (isGone) {
      this.delivered++
      this.#remove(entry)
    } else this.#wait(entry, this.#options.now() + KERNEL_LIMITS.outboxAgain)
    this.#wake()
  }
}

/** The answer of a request as the argument of a message. */
function answerOf(outcome: NeedOutcome): unknown {
  return 'value' in outcome ? outcome.value : { fault: outcome.fault satisfies FaultRecord }
}

const nameOf = ({ target, selector }: Posting) => `${target} ${selector}`

const digits = (number: number) => String(number).padStart(15, '0')
