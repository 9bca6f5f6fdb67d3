// Owns: the Crucible's cases: what was drafted for one need, by whom, how each draft fared, and what became of it.
// Leaves: judging to governance; what a case holds to whoever drew the drafts; deciding to proposals.ts.
// Laws: KN111 every generation leaves a case, and the newest so many are kept, also when the kernel starts anew. KN114 a case that
// went to a person names its proposal, and is shown with what has become of that.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Proposal, ProposedTests } from './proposals.ts'

/** One draft of a case. */
export interface CaseDraft {
  /** Which attempt it was, from 1. */
  attempt: number
  source: string
  passed: boolean
  /** How it was asked for, in words. */
  way?: string
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
  /** Ways of asking that led to those that behave alike. */
  ways?: number
  /** What it takes to come in without a person, and whether this vote does, in sentences. */
  rule?: string
  verdict?: string
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
  /** Hash of the code that judged. */
  judging?: string
  /** The proposal that it came to. */
  proposal?: string
}

/** What has become of a case's proposal by now; `gone` when that is no longer known. */
export interface CaseDecision {
  id: string
  status: Proposal['status'] | 'gone'
  /** Who decided, when, and for which draft: none for a source of their own. */
  decided?: {
    by: string
    time: number
    draft?: number
    tid?: string
    reason?: string
    despite?: string[]
  }
  /** What reviewers said of a draft. */
  review?: NonNullable<Proposal['review']>
}

/** A case as it is shown. */
export interface ShownCase extends Omit<Case, 'proposal'> {
  proposal?: CaseDecision
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
  /** The proposal that it came to, and how that stands now. */
  proposal?: Pick<CaseDecision, 'id' | 'status'>
}

export interface CaseParts {
  store: Store
  now: () => number
  /** Hash of the code that judges, where it is known. */
  judging: string | undefined
  /** A proposal that is still known. */
  proposal(id: string): Proposal | undefined
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
    const { judging } = this.#parts
    const about = { id, time: this.#parts.now(), ...(judging === undefined ? {} : { judging }) }
    const value = encodeValue(fitted({ ...about, ...given }))
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
      .map(({ id, time, holder, selector, drafted, drafts, outcome, proposal }) => ({
        id,
        time,
        holder,
        selector,
        model: drafted.model,
        drafts: drafts.length,
        passed: drafts.filter(({ passed }) => passed).length,
        outcome: outcome.kind,
        ...(proposal === undefined
          ? {}
          : { proposal: { id: proposal, status: this.#decision(proposal).status } }),
      }))
  }

  /** A case with what has become of it by now. Faults TARGET_UNKNOWN. */
  get(id: string): ShownCase {
    const key = keyIn(id)
    const found = key === undefined ? undefined : this.#read(key)
    if (found !== undefined) {
      const { proposal, ...rest } = found
      return proposal === undefined ? rest : { ...rest, proposal: this.#decision(proposal) }
    }
    const kept = `the newest ${KERNEL_LIMITS.cases} are kept`
    throw kernelFault(
      'TARGET_UNKNOWN',
      `there is no case ${JSON.stringify(id)}; ${kept}`,
      { case: id },
      'See which there are with `batos crucible ls`.',
    )
  }

  /** The write that has a case name its proposal, for the commit of that; none when the case is gone. */
  proposed(id: string, proposal: string): TableWrite[] {
    const key = keyIn(id)
    const found = key === undefined ? undefined : this.#read(key)
    if (key === undefined || found === undefined) return []
    return [{ table: 'cases', key, value: encodeValue({ ...found, proposal }) }]
  }

  #decision(id: string): CaseDecision {
    const known = this.#parts.proposal(id)
    if (known === undefined) return { id, status: 'gone' }
    const { status, decided, review } = known
    if (decided === undefined) return { id, status, ...(review === undefined ? {} : { review }) }
    const { tid, ...rest } = decided
    return {
      ...{ id, status },
      decided: { ...rest, ...(tid === undefined ? {} : { tid: String(tid) }) },
      ...(review === undefined ? {} : { review }),
    }
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

const keyIn = (id: string) => {
  const number = /^c(\d{1,12})$/.exec(id)?.[1]
  return number === undefined ? undefined : keyOf(Number(number))
}

const keyOf = (number: number) => String(number).padStart(12, '0')
