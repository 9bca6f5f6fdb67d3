// Owns: the Crucible's cases: what was drafted for one need, by whom, how each draft fared, and what became of it.
// Leaves: judging to governance; what a case holds to whoever drew the drafts.
// Laws: KN111 every generation leaves a case, and the newest so many are kept, also when the kernel starts anew.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { ProposedTests } from './proposals.ts'

/** One draft of a case. */
export interface CaseDraft {
  /** Which attempt it was, from 1. */
  attempt: number
  source: string
  passed: boolean
  /** The gate that refused it. */
  gate?: string
  /** What the gate said, or what it passed. */
  sentence: string
}

/** How the drafts that passed voted. */
export interface CaseVote {
  passed: number
  alike: number
  /** Drafts that had to behave alike. */
  needed: number
  /** Calls on which they were compared. */
  probes: number
}

/** What a generation hands over. Oids are texts, values plain. */
export interface CaseGiven {
  holder: string
  receiver: string
  selector: string
  /** The arguments of the call, as text. */
  args: string
  intent?: string
  /** Who asked. */
  author: string
  /** Who wrote the drafts; `persona` is null when no persona had a part in it. */
  drafted: { model: string; persona: string | null; prompt: string }
  /** Names of the gates in their order. */
  gates: string[]
  drafts: CaseDraft[]
  vote: CaseVote | null
  /** Answers of people that drafts had to give again. */
  examples: number
  /** Tests of the drafts of a proposal, by somebody who has seen none; in its order. */
  tests?: ProposedTests
  outcome:
    | { kind: 'installed' }
    | { kind: 'parked'; why: string }
    | { kind: 'refused'; code: string; message: string }
}

export interface Case extends CaseGiven {
  id: string
  /** Milliseconds since 1970. */
  time: number
}

/** What a list shows of a case. */
export interface CaseSummary {
  id: string
  time: number
  holder: string
  selector: string
  model: string
  drafts: number
  passed: number
  outcome: string
}

export interface CaseParts {
  store: Store
  now: () => number
  keep(writes: readonly TableWrite[]): Promise<void>
  trouble(detail: string): void
}

export class Cases {
  readonly #parts: CaseParts
  /** Keys of those that are kept, oldest first. */
  readonly #keys: string[] = []
  #number = 0

  constructor(parts: CaseParts) {
    this.#parts = parts
    for (const { key } of parts.store.scan('cases', { limit: KERNEL_LIMITS.cases * 2 })) {
      this.#keys.push(key)
      this.#number = Number(key)
    }
  }

  /** Keeps a case; the oldest beyond the limit go. A case that cannot be kept is told of, since nothing hangs on it. */
  async add(given: CaseGiven): Promise<string> {
    const number = ++this.#number
    const id = `c${number}`
    const key = keyOf(number)
    const value = encodeValue(fitted({ id, time: this.#parts.now(), ...given }))
    this.#keys.push(key)
    const old = this.#keys.splice(0, Math.max(0, this.#keys.length - KERNEL_LIMITS.cases))
    const writes: TableWrite[] = [
      { table: 'cases', key, value },
      ...old.map((one) => ({ table: 'cases' as const, key: one, value: null })),
    ]
    await this.#parts.keep(writes).catch((error: unknown) => {
      this.#parts.trouble(`the case ${id} is not kept: ${String(error)}`)
    })
    return id
  }

  /** All that are kept, the newest first. */
  list(): CaseSummary[] {
    return this.#keys
      .toReversed()
      .flatMap((key) => this.#read(key) ?? [])
      .map(({ id, time, holder, selector, drafted, drafts, outcome }) => ({
        id,
        time,
        holder,
        selector,
        model: drafted.model,
        drafts: drafts.length,
        passed: drafts.filter(({ passed }) => passed).length,
        outcome: outcome.kind,
      }))
  }

  /** Faults TARGET_UNKNOWN. */
  get(id: string): Case {
    const number = /^c(\d{1,12})$/.exec(id)?.[1]
    const found = number === undefined ? undefined : this.#read(keyOf(Number(number)))
    if (found !== undefined) return found
    const kept = `the newest ${KERNEL_LIMITS.cases} are kept`
    throw kernelFault(
      'TARGET_UNKNOWN',
      `there is no case ${JSON.stringify(id)}; ${kept}`,
      { case: id },
      'See which there are with `batos crucible ls`.',
    )
  }

  #read(key: string): Case | undefined {
    const value = this.#parts.store.get('cases', key)
    return value === undefined ? undefined : (decodeValue(value) as Case)
  }
}

/** A case that is not larger than one may be: long sources and sentences end with dots. */
function fitted(whole: Case): Case {
  const { caseText } = KERNEL_LIMITS
  const cut = (text: string) => (text.length > caseText ? `${text.slice(0, caseText)}…` : text)
  return {
    ...whole,
    args: cut(whole.args),
    drafts: whole.drafts.map((one) => ({
      ...one,
      source: cut(one.source),
      sentence: cut(one.sentence),
    })),
  }
}

const keyOf = (number: number) => String(number).padStart(12, '0')
