// Owns: what a turn sends away: messages and requests that leave once the turn is kept, and what it calls off.
// Leaves: keeping and delivering them to the kernel's outbox.
// Laws: OB40 what a turn posts is part of what it leaves: kept with it, dropped with it. OB41 a posting has its time in
// milliseconds from the turn's own, at most a year. OB42 what a turn posts is bounded: how many, and how large.
import { encodeValue } from './codec.ts'
import { checkCount, checkSize, objectFault } from './faults.ts'
import type { Oid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import type { HttpRequest } from './request.ts'
import { isSelector, Ref } from './value.ts'

/** A message to send later, a request whose answer is a message, or what is called off. `args` are stored values. */
export type Posting =
  | { kind: 'send'; target: Oid; selector: string; args: unknown[]; after: number }
  | { kind: 'request'; target: Oid; selector: string; request: HttpRequest; after: number }
  | { kind: 'cancel'; target: Oid; selector: string }

/** A posting that leaves. */
export type Parcel = Exclude<Posting, { kind: 'cancel' }>

/** The time of a posting, whole milliseconds from the turn's own. Faults METHOD_FAILED. */
export function postingDelay(after: unknown): number {
  if (after === undefined || after === null) return 0
  if (typeof after !== 'number' || !(after >= 0) || after > OBJECT_LIMITS.postingDelay) {
    throw objectFault(
      'METHOD_FAILED',
      `a message is sent later by 0 to ${OBJECT_LIMITS.postingDelay} milliseconds`,
    )
  }
  return Math.round(after)
}

/** Nobody else changes it, so all turns that post nothing share it. */
const NOTHING: readonly Posting[] = Object.freeze([])

/** What the running turn has posted. */
export class Postings {
  #list: Posting[] = []
  #bytes = 0
  /** How many it may post. */
  #most: number = OBJECT_LIMITS.postings

  /** Begins a turn that may post so many. */
  begin(most: number): void {
    this.#most = most
    if (this.#list.length === 0) return
    this.#list = []
    this.#bytes = 0
  }

  get list(): readonly Posting[] {
    return this.#list.length === 0 ? NOTHING : this.#list
  }

  /** Adds a posting. Faults LIMIT and METHOD_FAILED. */
  add(parcel: Parcel): void {
    checkSelector(parcel.selector)
    if (this.#list.length >= this.#most && this.#most < OBJECT_LIMITS.postings) {
      throw objectFault('LIMIT', 'too many messages for later wait for their time already')
    }
    checkCount('messages for later', this.#list.length + 1, OBJECT_LIMITS.postings)
    if (parcel.kind === 'send') {
      checkCount('arguments', parcel.args.length, OBJECT_LIMITS.postingArgs)
    }
    const { length } = encodeValue(parcel.kind === 'send' ? parcel.args : parcel.request)
    checkSize('a message for later', length, OBJECT_LIMITS.postingBytes)
    checkSize('messages for later', this.#bytes + length, OBJECT_LIMITS.turnBytes)
    this.#bytes += length
    this.#list.push(parcel)
  }

  /**
   * Calls off what has not left: all of that selector to that object. What this turn itself has posted was never there;
   * to an object that is as new as the turn there is nothing else.
   */
  cancel(target: Oid, selector: string, isNew: boolean): void {
    checkSelector(selector)
    const isOther = (one: Posting) => one.target !== target || one.selector !== selector
    this.#list = this.#list.filter(isOther)
    if (isNew) return
    checkCount('messages for later', this.#list.length + 1, OBJECT_LIMITS.postings)
    this.#list.push({ kind: 'cancel', target, selector })
  }

  /** The references in all that leaves: what they name is kept with the turn. */
  roots(): Ref[] {
    const roots: Ref[] = []
    for (const one of this.#list) {
      if (one.kind === 'cancel') continue
      roots.push(new Ref(one.target))
      if (one.kind === 'send') collect(one.args, roots)
    }
    return roots
  }
}

function checkSelector(selector: unknown): void {
  if (isSelector(selector)) return
  throw objectFault('METHOD_FAILED', `a message has the name of a method, not ${show(selector)}`)
}

const show = (value: unknown) => JSON.stringify(String(value).slice(0, 40))

function collect(value: unknown, refs: Ref[]): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (value instanceof Ref) refs.push(value)
  else for (const part of Object.values(value)) collect(part, refs)
}
