// Owns: who waits for which method: one generation for all of them, what was refused a while ago, and its end.
// Leaves: meeting the need to the Learner handed in; what becomes of the messages to kernel.ts.
// Laws: KN12 one generation serves everyone who waits for the same method. KN14 a message that ends ends a generation only
// when nobody else awaits it. KN19 nothing is generated when the image or the sender says so.
import { asFault, type FaultRecord } from '#ground'
import { type MethodNeed, type NeedOutcome, needKey, oidText } from '#objects'
import { kernelFault } from './faults.ts'
import type { KernelEvent, Learner, LearnOutcome, Workbench } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { emit, type Generation, NEVER_GENERATED, type Pending, refusalKey } from './message.ts'
import { type Policies, strictest } from './policies.ts'
import type { Proposed } from './proposals.ts'

export interface GenerationParts {
  options: { learner: Learner; policy: 'auto' | 'review' | 'off'; now: () => number }
  workbench: Workbench
  policies: Policies
  /** Has messages wait for a person. */
  propose(waiters: readonly Pending[], need: MethodNeed, given: Proposed): void
  /** Runs a message again; without an outcome the method is there now. */
  again(pending: Pending, need: MethodNeed, outcome: NeedOutcome | undefined): void
}

export class Generations {
  readonly #parts: GenerationParts
  readonly #live = new Map<string, Generation>()
  readonly #refusals = new Map<string, { fault: FaultRecord; until: number }>()
  #started = 0
  #installed = 0
  #closing = false

  constructor(parts: GenerationParts) {
    this.#parts = parts
  }

  /** How many there are now, were begun, and ended with a method. */
  get counts(): { generating: number; generations: number; installed: number } {
    return {
      generating: this.#live.size,
      generations: this.#started,
      installed: this.#installed,
    }
  }

  /** Why a method is not generated for a message; undefined when it may be. */
  refusalOf(pending: Pending, need: MethodNeed): FaultRecord | undefined {
    const { selector } = need
    const { policy, now } = this.#parts.options
    const notUnderstood = (why: string) =>
      kernelFault(
        'NOT_UNDERSTOOD',
        `${oidText(need.receiver)} does not understand ${selector}${why}`,
        { target: oidText(need.receiver), selector },
      ).toRecord()
    if (NEVER_GENERATED.has(selector)) return notUnderstood('')
    if (policy === 'off') return notUnderstood(', and the policy generates nothing')
    if (pending.message.policy === 'off')
      return notUnderstood(', and the sender wants no generation')
    if (this.#parts.policies.of(need) === 'off') {
      return notUnderstood(', and the policy there generates nothing')
    }
    const refused = this.#refusals.get(refusalKey(pending, need))
    if (refused !== undefined && refused.until > now()) return refused.fault
    return undefined
  }

  /** Has a message wait for a method, whose generation begins if it has not. */
  wait(pending: Pending, need: MethodNeed): void {
    const key = needKey(need)
    let generation = this.#live.get(key)
    if (generation === undefined) {
      generation = { key, controller: new AbortController(), waiters: new Set() }
      this.#live.set(key, generation)
      this.#generate(pending, need, generation)
    }
    generation.waiters.add(pending)
    pending.generation = generation
  }

  /** A message that has ended waits no more. */
  leave(pending: Pending): void {
    const generation = pending.generation
    if (generation === undefined) return
    generation.waiters.delete(pending)
    pending.generation = undefined
    if (generation.waiters.size > 0) return
    // Whoever asks for the same from now on must not wait for one that is ending.
    this.#forget(generation)
    generation.controller.abort()
  }

  close(): void {
    this.#closing = true
    for (const generation of this.#live.values()) generation.controller.abort()
  }

  #generate(pending: Pending, need: MethodNeed, generation: Generation): void {
    this.#started++
    const { options, workbench, policies } = this.#parts
    const policy = strictest(options.policy, policies.of(need), pending.message.policy)
    const task = {
      need,
      intent: pending.message.intent,
      policy: policy === 'auto' ? undefined : policy,
      author: pending.message.author,
      frame: pending.frame,
      emit: (event: KernelEvent) => {
        for (const waiter of generation.waiters) emit(waiter, event)
      },
      signal: generation.controller.signal,
    }
    const learn = async () => options.learner.learn(task, workbench)
    learn().then(
      (outcome) => this.#met(pending, need, generation, outcome),
      (error: unknown) => {
        const fault =
          asFault(error)?.toRecord() ??
          kernelFault('METHOD_FAILED', `the generation broke: ${String(error)}`).toRecord()
        this.#met(pending, need, generation, { kind: 'fault', fault })
      },
    )
  }

  #met(pending: Pending, need: MethodNeed, generation: Generation, outcome: LearnOutcome): void {
    this.#forget(generation)
    // A message that waits when the kernel closes stays in its table and waits again at the next start.
    if (this.#closing) return
    const waiters = [...generation.waiters]
    generation.waiters.clear()
    if (outcome.kind === 'parked') {
      for (const waiter of waiters) waiter.generation = undefined
      return this.#parts.propose(waiters, need, outcome.proposal)
    }
    if (outcome.kind === 'installed') this.#installed++
    else if (!generation.controller.signal.aborted) {
      const until = this.#parts.options.now() + KERNEL_LIMITS.refusalLife
      if (this.#refusals.size > KERNEL_LIMITS.waitingLength) this.#refusals.clear()
      this.#refusals.set(refusalKey(pending, need), { fault: outcome.fault, until })
    }
    for (const waiter of waiters) {
      waiter.generation = undefined
      const ended = outcome.kind === 'fault' ? { fault: outcome.fault } : undefined
      this.#parts.again(waiter, need, ended)
    }
  }

  #forget(generation: Generation): void {
    if (this.#live.get(generation.key) === generation) this.#live.delete(generation.key)
  }
}
