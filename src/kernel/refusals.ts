// Owns: needs that were not met a while ago, which are refused at once, and when that ends.
// Leaves: meeting needs to the learner.
// Laws: KN143 a need that was not met is refused for a while, with the reason of then and no model asked. KN144 that ends at
// once when the receiver has another shape, the intent is another one, or a person has decided about the method.

import { createHash } from 'node:crypto'
import type { FaultRecord } from '#ground'
import { type MethodNeed, MethodRef, needKey, type Oid, Ref, slotKind, type Tid } from '#objects'
import type { Head } from './head.ts'
import { KERNEL_LIMITS } from './limits.ts'

/** A receiver's shape, and the newest transaction up to which it is known to be that. */
export interface Looks {
  shape: string
  tid: Tid
}

interface Refused extends Looks {
  fault: FaultRecord
  /** Milliseconds since 1970. */
  time: number
}

/** Objects of which a shape is made at most: what a lookup visits. */
const CHAIN_MAX = 256

export class Refusals {
  readonly #head: Head
  readonly #now: () => number
  /** The oldest first. */
  readonly #refused = new Map<string, Refused>()

  constructor(head: Head, now: () => number) {
    this.#head = head
    this.#now = now
  }

  /** How many are remembered. */
  get size(): number {
    this.#shed()
    return this.#refused.size
  }

  /** The fault of a need that was not met a while ago, and why; undefined when it may be tried. */
  of(need: MethodNeed, intent: string | undefined): FaultRecord | undefined {
    const key = keyOf(need, intent)
    const refused = this.#refused.get(key)
    if (refused === undefined) return undefined
    const ago = this.#now() - refused.time
    if (!isFresh(ago) || !this.#isShape(refused, need)) {
      this.#refused.delete(key)
      return undefined
    }
    const { fault } = refused
    const retryAfter = KERNEL_LIMITS.refusalLife - ago
    const message = `${fault.message} (tried ${Math.round(ago / 1000)} s ago, and not again now)`
    return { ...fault, message, data: { ...fault.data, remembered: true, retryAfter } }
  }

  /** What the receiver looks like as a generation begins: it is that which a refusal holds for. */
  look(need: MethodNeed): Looks {
    return { shape: shapeOf(this.#head, need), tid: this.#head.tid }
  }

  add(need: MethodNeed, intent: string | undefined, looks: Looks, fault: FaultRecord): void {
    this.#shed()
    const key = keyOf(need, intent)
    // One that is set again is the newest.
    this.#refused.delete(key)
    this.#refused.set(key, { ...looks, fault, time: this.#now() })
  }

  /** A person has decided about a method: it may be tried again, whatever is intended. */
  forgive(need: Pick<MethodNeed, 'learner' | 'selector'>): void {
    const prefix = `${needKey(need)}\n`
    for (const key of this.#refused.keys()) if (key.startsWith(prefix)) this.#refused.delete(key)
  }

  #isShape(refused: Refused, need: MethodNeed): boolean {
    const { tid } = this.#head
    if (refused.tid === tid) return true
    if (shapeOf(this.#head, need) !== refused.shape) return false
    refused.tid = tid
    return true
  }

  /** Those whose time is over go, and the oldest when there are too many. */
  #shed(): void {
    const now = this.#now()
    for (const [key, { time }] of this.#refused) {
      if (isFresh(now - time) && this.#refused.size < KERNEL_LIMITS.refusals) return
      this.#refused.delete(key)
    }
  }
}

/** A clock that was set back must not make one last. */
const isFresh = (ago: number) => ago >= 0 && ago < KERNEL_LIMITS.refusalLife

const keyOf = (need: MethodNeed, intent: string | undefined) => `${needKey(need)}\n${intent ?? ''}`

/** What a model is told of an object besides its values: names and kinds of all slots, and which methods they are. */
function shapeOf(head: Head, { receiver, learner }: MethodNeed): string {
  const hash = createHash('sha256')
  const seen = new Set<Oid>()
  const ahead = [receiver, learner]
  for (let oid = ahead.shift(); oid !== undefined; oid = ahead.shift()) {
    if (seen.has(oid) || seen.size >= CHAIN_MAX || !head.has(oid)) continue
    seen.add(oid)
    // Clones that differ in values alone have one shape.
    hash.update('object\n')
    for (const { name, value } of head.object(oid).slots) {
      const isParent = slotKind(name, value) === 'parent'
      hash.update(`${JSON.stringify(name)} ${isParent ? 'parent' : kindOf(value)}\n`)
      if (!isParent) continue
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one instanceof Ref) ahead.push(one.oid)
      }
    }
  }
  return hash.digest('base64')
}

function kindOf(value: unknown): string {
  if (value instanceof MethodRef) return `method ${value.oid}`
  if (value instanceof Ref) return 'reference'
  if (Array.isArray(value)) return 'list'
  return value === null ? 'nil' : typeof value
}
