// Owns: what the kernel asks of whoever meets the need for a method, and the bench it gives them to work at.
// Leaves: drafting to the mind, judging to governance.
import type { FaultRecord } from '#ground'
import type { TableWrite } from '#image'
import type { MethodNeed, Oid, Relied, Tid } from '#objects'
import type { CaseGiven } from './cases.ts'
import type { Example } from './examples.ts'
import type { Head } from './head.ts'
import type { CheckAnswer, CheckRequest } from './judge/index.ts'
import type { MethodFields } from './method-record.ts'
import type { Proposed } from './proposals.ts'
import type { Quarantine } from './quarantine.ts'
import type { Candidate, Probe, Reports } from './trial.ts'
import type { Versions } from './versions.ts'

/** What happens to a message before its answer; `kind` is one of the wire's. */
export interface KernelEvent {
  kind: string
  [field: string]: unknown
}

/** The need, as the kernel hands it on. `request` is the call that met it. */
export interface LearnTask {
  need: MethodNeed
  intent: string | undefined
  /**
   * The strictest of what the image, the object, the selector and whoever waits allow; undefined for `auto`. It changes as
   * senders come and go: it holds at the moment in which it is read.
   */
  readonly policy: 'review' | 'off' | undefined
  /** On whose account it is, for the history: of those who wait the first that allows most, at the moment of reading. */
  readonly author: string
  frame: { now: number; seed: number; fuel: number }
  emit(event: KernelEvent): void
  signal: AbortSignal
}

/** The call that met a need, as it is tried again. */
export interface MethodNeedCall extends MethodNeed {
  frame: { now: number; seed: number; fuel: number }
}

/** The need is met by an installed method, a person has to decide, or it is not met. */
export type LearnOutcome =
  | { kind: 'installed' }
  | { kind: 'parked'; proposal: Proposed }
  /** `question`: a proposal without drafts, by which a person can still say what is right. */
  | { kind: 'fault'; fault: FaultRecord; question?: Proposed }

/** Meets needs for methods. */
export interface Learner {
  /** Name of what drafts, for status. */
  readonly name: string
  learn(task: LearnTask, bench: Workbench): Promise<LearnOutcome>
}

/** What a learner may do with the image: read it, check a source, try it, and have it installed. */
export interface Workbench {
  head: Head
  check(request: CheckRequest): Promise<CheckAnswer>
  /** Makes the call of each probe, `{}` being the call as it came; one report each, in order. */
  trial<const P extends readonly Probe[]>(candidate: Candidate, probes: P): Promise<Reports<P>>
  /** Calls that people have answered for a selector of an object. */
  examples(holder: Oid, selector: string): Example[]
  /** Why a person said no to the last proposal for a method that was rejected, and when. */
  rejection?(holder: Oid, selector: string): { reason: string; time: number } | undefined
  /** Keeps what a generation did, for whoever wants to see it; answers the case's id. */
  keepCase(given: CaseGiven): Promise<string>
  /**
   * Puts a method into a slot as one turn, if the slot is still as `expect` says, and all that it `relies` on. `tables` are
   * kept in its commit. Faults CONFLICT and QUARANTINED.
   */
  install(
    fields: MethodFields,
    expect: Tid | null,
    tables?: (tid: Tid) => TableWrite[],
    relies?: readonly Relied[],
  ): Promise<{ tid: Tid; oid: Oid }>
  readonly versions: Versions
  readonly quarantine: Quarantine
  /** Hash of the code that judges methods, where it is known. */
  readonly judging?: string
}
