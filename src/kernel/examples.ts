// Owns: the table of calls that people have answered, by the object that learns and the selector; it only grows.
// Leaves: making drafts answer them to governance.
// Laws: KN104 an answer that a person gave stays, and is there for every later draft of that selector.
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

  constructor(store: Store) {
    this.#store = store
  }

  of(holder: Oid, selector: string): Example[] {
    return this.#entries(holder, selector).map(({ value }) => decodeValue(value) as Example)
  }

  /** The write that keeps one more. Faults LIMIT. */
  adding(holder: Oid, selector: string, example: Example): TableWrite {
    const entries = this.#entries(holder, selector)
    if (entries.length >= KERNEL_LIMITS.examples) {
      const many = `${selector} has ${entries.length} answers of people already`
      throw kernelFault('LIMIT', many, { limit: KERNEL_LIMITS.examples })
    }
    const value = encodeValue(example)
    if (value.length > KERNEL_LIMITS.exampleBytes) {
      const large = `the state that the answer holds for takes ${value.length} bytes; the limit is ${KERNEL_LIMITS.exampleBytes}`
      throw kernelFault('LIMIT', large, { limit: KERNEL_LIMITS.exampleBytes })
    }
    const number = String(entries.length).padStart(4, '0')
    return { table: 'examples', key: `${prefixOf(holder, selector)}${number}`, value }
  }

  #entries(holder: Oid, selector: string): { key: string; value: Uint8Array }[] {
    const prefix = prefixOf(holder, selector)
    return this.#store
      .scan('examples', { from: prefix, limit: KERNEL_LIMITS.examples })
      .filter(({ key }) => key.startsWith(prefix))
  }
}

const prefixOf = (holder: Oid, selector: string) =>
  `${String(holder).padStart(16, '0')}\n${selector}\n`
