// Owns: how many generations may begin: within a minute, of one method, and for one message; and the table of those that did.
// Leaves: which generation serves whom to generations.ts.
// Laws: KN140 a message begins so many generations at most, its runs after a restart included. KN141 so many begin within a
// minute in an image, whatever is restarted. KN142 so many are begun of one method, whatever is intended with it.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue, type MethodNeed, needKey, oidText } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'

/** How many generations may begin. */
export interface BudgetLimits {
  /** For one message. */
  message: number
  /** Within a minute, for all messages. */
  minute: number
  /** Of one method of one object, within KERNEL_LIMITS.generationsSpan. */
  method: number
}

/** One generation that has begun. */
export interface Begun {
  number: number
  /** Milliseconds since 1970. */
  time: number
  /** What it is of; empty once a person has decided about that. */
  of: string
}

const MINUTE = 60_000
const PREFIX = 'generation/'

export class Budgets {
  readonly #limits: BudgetLimits
  readonly #now: () => number
  /** The oldest first. */
  readonly #begun: Begun[] = []
  #number = 0

  constructor(store: Store, now: () => number, limits: Partial<BudgetLimits> = {}) {
    this.#now = now
    this.#limits = {
      message: KERNEL_LIMITS.generationsMessage,
      minute: KERNEL_LIMITS.generationsMinute,
      method: KERNEL_LIMITS.generationsMethod,
      ...limits,
    }
    for (let from = PREFIX; ; ) {
      const page = store.scan('facts', { from }).filter(({ key }) => key.startsWith(PREFIX))
      for (const { key, value } of page) {
        const [time, of] = decodeValue(value) as [number, string]
        this.#number = Number(key.slice(PREFIX.length))
        this.#begun.push({ number: this.#number, time, of })
      }
      const last = page.at(-1)?.key
      if (last === undefined) return
      from = `${last} `
    }
  }

  /** The fault of a message that has begun as many as it may. */
  ofMessage(begun: number, { selector }: MethodNeed): ReturnType<typeof kernelFault> | undefined {
    const { message: limit } = this.#limits
    if (begun < limit) return undefined
    return kernelFault(
      'GENERATION_REFUSED',
      `this message has had ${limit} methods written for it, and ${selector} would be one more`,
      { budget: 'message', used: begun, limit, selector },
      'Give some of the methods yourself with `batos method`, or send messages that need fewer.',
    )
  }

  /** The fault of a need for a method that was tried too often of late. */
  ofMethod(need: MethodNeed): ReturnType<typeof kernelFault> | undefined {
    const { method: limit } = this.#limits
    const { generationsSpan: window } = KERNEL_LIMITS
    const key = needKey(need)
    const tries = this.#within(window).filter(({ of }) => of === key)
    if (tries.length < limit) return undefined
    const retryAfter = this.#after(tries.at(-limit), window)
    const { selector } = need
    return kernelFault(
      'GENERATION_REFUSED',
      `${selector} of ${oidText(need.learner)} was begun ${tries.length} times within ${window / MINUTE} minutes`,
      { budget: 'method', used: tries.length, limit, window, retryAfter, selector },
      'Give the method yourself with `batos method`, decide about its proposal, or wait for `data.retryAfter` milliseconds.',
    )
  }

  /** The fault of a need that comes when as many have begun as may within a minute. */
  ofMinute(): ReturnType<typeof kernelFault> | undefined {
    const { minute: limit } = this.#limits
    const recent = this.#within(MINUTE)
    if (recent.length < limit) return undefined
    const retryAfter = this.#after(recent.at(-limit), MINUTE)
    return kernelFault(
      'BUSY',
      `${recent.length} methods were begun within a minute, as many as may be`,
      { budget: 'minute', used: recent.length, limit, window: MINUTE, retryAfter },
      'Wait for `data.retryAfter` milliseconds and send it again, or start the kernel with a larger --generations.',
    )
  }

  /** One more begins. Answers it with the writes that keep it and remove those that count no more. */
  begin(need: MethodNeed): { begun: Begun; writes: TableWrite[] } {
    const counted = this.#within(KERNEL_LIMITS.generationsSpan)
    const old = this.#begun.filter((one) => !counted.includes(one))
    const begun = { number: ++this.#number, time: this.#now(), of: needKey(need) }
    this.#begun.splice(0, this.#begun.length, ...counted, begun)
    const value = encodeValue([begun.time, begun.of])
    const gone = old.map((one) => ({ table: 'facts' as const, key: keyOf(one), value: null }))
    return { begun, writes: [{ table: 'facts', key: keyOf(begun), value }, ...gone] }
  }

  /** It did not begin after all. */
  takeBack(begun: Begun): void {
    const at = this.#begun.indexOf(begun)
    if (at >= 0) this.#begun.splice(at, 1)
  }

  /** A person has decided about a method: what was tried of it counts for the minute alone. */
  forgive(need: Pick<MethodNeed, 'learner' | 'selector'>): void {
    const key = needKey(need)
    for (const one of this.#begun) if (one.of === key) one.of = ''
  }

  /** What is used and what is left, for status. */
  get status(): Record<string, Record<string, number>> {
    const { message, minute, method } = this.#limits
    const used = this.#within(MINUTE).length
    return {
      minute: { used, left: Math.max(0, minute - used), limit: minute, window: MINUTE },
      method: { limit: method, window: KERNEL_LIMITS.generationsSpan },
      message: { limit: message },
    }
  }

  /** Those that began within a span. What a clock that was set back dates to the future counts no more. */
  #within(span: number): Begun[] {
    const now = this.#now()
    return this.#begun.filter(({ time }) => time <= now && now - time < span)
  }

  #after(oldest: Begun | undefined, span: number): number {
    return oldest === undefined ? 0 : Math.max(1, oldest.time + span - this.#now())
  }
}

const keyOf = ({ number }: Begun) => `${PREFIX}${String(number).padStart(12, '0')}`
