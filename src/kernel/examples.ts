// Owns: the table of calls that people have answered, by the object that learns and the selector.
// Leaves: making drafts answer them to governance.
// Laws: KN104 an answer that a person gave stays, and is there for every later draft of that selector, until the same call is
// answered anew.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue, type Oid } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'

/** What a call must come to: a reply, with the slots it must leave where that was the question; or a refusal. */
export type Expected =
  | { reply: unknown; leaves?: { target: Oid; slot: string; value: unknown }[] }
  | { fails: true }

/** A state and a call in it. Values are in stored form. */
export interface PinnedCall {
  receiver: Oid
  sets: { target: Oid; slot: string; value: unknown }[]
  args: unknown[]
  frame: { now: number; seed: number }
}

/** A call that a person has answered. */
export interface Example extends PinnedCall {
  expected: Expected
  /** Who answered, in which proposal. */
  by: string
  proposal: string
}

export class Examples {
  readonly #store: Store
  /** The next number of each selector of an object that has been asked for: an answer under way has one already. */
  readonly #next = new Map<string, number>()

  constructor(store: Store) {
    this.#store = store
  }

  of(holder: Oid, selector: string): Example[] {
    return this.#entries(holder, selector).map(({ value }) => decodeValue(value) as Example)
  }

  /** The write that keeps one more, in the place of an answer to the same call if there is one. Faults LIMIT. */
  adding(holder: Oid, selector: string, example: Example): TableWrite {
    const entries = this.#entries(holder, selector)
    const call = callOf(example)
    const same = entries.find((one) => callOf(decodeValue(one.value) as Example) === call)
    if (same === undefined && entries.length >= KERNEL_LIMITS.examples) {
      const many = `${selector} has ${entries.length} answers of people already`
      const remedy =
        'Accept a draft, or give the method yourself with `batos method`: both go without another answer.'
      throw kernelFault('LIMIT', many, { limit: KERNEL_LIMITS.examples }, remedy)
    }
    const value = encodeValue(example)
    if (value.length > KERNEL_LIMITS.exampleBytes) {
      const large = `the state that the answer holds for takes ${value.length} bytes; the limit is ${KERNEL_LIMITS.exampleBytes}`
      throw kernelFault('LIMIT', large, { limit: KERNEL_LIMITS.exampleBytes })
    }
    return { table: 'examples', key: same?.key ?? this.#newKey(holder, selector, entries), value }
  }

  #newKey(holder: Oid, selector: string, entries: readonly { key: string }[]): string {
    const prefix = prefixOf(holder, selector)
    const last = entries.at(-1)?.key.slice(prefix.length)
    const kept = last === undefined ? 0 : Number(last) + 1
    const number = Math.max(this.#next.get(prefix) ?? 0, kept)
    this.#next.set(prefix, number + 1)
    return `${prefix}${String(number).padStart(4, '0')}`
  }

  #entries(holder: Oid, selector: string): { key: string; value: Uint8Array }[] {
    const prefix = prefixOf(holder, selector)
    return this.#store
      .scan('examples', { from: prefix, limit: KERNEL_LIMITS.examples })
      .filter(({ key }) => key.startsWith(prefix))
  }
}

/** What tells one call from another: the same state and arguments at another moment are the same. */
const callOf = ({ receiver, sets, args }: PinnedCall) =>
  Buffer.from(encodeValue([receiver, sets, args])).toString('base64')

const prefixOf = (holder: Oid, selector: string) =>
  `${String(holder).padStart(16, '0')}\n${selector}\n`
