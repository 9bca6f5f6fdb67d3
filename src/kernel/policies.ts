// Owns: policies of objects and selectors: what may be learnt where, kept beside the graph of objects.
// Leaves: the policy that the kernel was started with to generations.ts.
// Laws: KN105 of all policies that match a need the strictest holds; what a message says can only be stricter.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue, type MethodNeed, type Oid } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'

export type Policy = 'auto' | 'review' | 'off'

/** A policy and where it holds; without a target for all objects, without a selector for all messages. */
export interface PolicyEntry {
  policy: Policy
  target?: Oid
  selector?: string
}

const STRICTNESS = { auto: 0, review: 1, off: 2 } as const

/** The strictest of some policies. */
export function strictest(...policies: (Policy | undefined)[]): Policy {
  return policies.reduce<Policy>(
    (most, one) => (one !== undefined && STRICTNESS[one] > STRICTNESS[most] ? one : most),
    'auto',
  )
}

/** The least strict of some policies; none is `auto`. */
export function loosest(policies: readonly (Policy | undefined)[]): Policy {
  return policies.reduce<Policy>((least, one = 'auto') => {
    return STRICTNESS[one] < STRICTNESS[least] ? one : least
  }, 'off')
}

export class Policies {
  readonly #entries = new Map<string, PolicyEntry>()
  readonly #keep: (writes: readonly TableWrite[]) => Promise<void>

  constructor(store: Store, keep: (writes: readonly TableWrite[]) => Promise<void>) {
    this.#keep = keep
    for (const { key, value } of store.scan('policies', { limit: KERNEL_LIMITS.policies })) {
      this.#entries.set(key, decodeValue(value) as PolicyEntry)
    }
  }

  /** The strictest policy for a need: that of its receiver, of the object that would learn, of the selector, of all. */
  of({ receiver, learner, selector }: MethodNeed): Policy {
    const places = [{}, { target: receiver }, { target: learner }]
    return strictest(
      ...places.flatMap((place) =>
        [place, { ...place, selector }].map((one) => this.#entries.get(keyOf(one))?.policy),
      ),
    )
  }

  /** Sets a policy; `auto` takes away what was set there. Resolves when it is durable. Faults LIMIT and BUSY. */
  async set(entry: PolicyEntry): Promise<void> {
    const key = keyOf(entry)
    const isGone = entry.policy === 'auto'
    if (!isGone && !this.#entries.has(key) && this.#entries.size >= KERNEL_LIMITS.policies) {
      const many = `an image has at most ${KERNEL_LIMITS.policies} policies`
      throw kernelFault('LIMIT', many, { limit: KERNEL_LIMITS.policies })
    }
    await this.#keep([{ table: 'policies', key, value: isGone ? null : encodeValue(entry) }])
    if (isGone) this.#entries.delete(key)
    else this.#entries.set(key, entry)
  }

  list(): PolicyEntry[] {
    return [...this.#entries.values()]
  }
}

const keyOf = ({ target, selector }: Omit<PolicyEntry, 'policy'>) =>
  `${target ?? ''}\n${selector ?? ''}`
