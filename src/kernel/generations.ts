// Owns: who waits for which method: one generation for all of them, on whose account it is, and its end.
// Leaves: meeting the need to the Learner handed in; how many may begin to budgets.ts, what was refused a while ago to
// refusals.ts; what becomes of the messages to kernel.ts.
// Laws: KN12 one generation serves everyone who waits for the same method. KN14 a message that ends ends a generation only
// when nobody else awaits it. KN19 nothing is generated when the image or the sender says so. KN145 a message's policy and its
// intent hold for it alone: others who wait for the same method neither lose nor gain by them.
import { asFault, type FaultRecord } from '#ground'
import type { TableWrite } from '#image'
import { type MethodNeed, type NeedOutcome, needKey, oidText } from '#objects'
import type { Begun, Budgets } from './budgets.ts'
import { kernelFault } from './faults.ts'
import type { KernelEvent, Learner, LearnOutcome, LearnTask, Workbench } from './learner.ts'
import { emit, type Generation, NEVER_GENERATED, type Pending } from './message.ts'
import { loosest, type Policies, type Policy, strictest } from './policies.ts'
import type { Proposed } from './proposals.ts'
import type { Refusals } from './refusals.ts'

export interface GenerationParts {
  options: { learner: Learner; policy: Policy }
  workbench: Workbench
  policies: Policies
  budgets: Budgets
  refusals: Refusals
  /** Has messages wait for a person. */
  propose(waiters: readonly Pending[], need: MethodNeed, given: Proposed): void
  /** Keeps a question at which nobody waits; answers its id, undefined when there is no room. */
  leaveQuestion(first: Pending, need: MethodNeed, given: Proposed): Promise<string | undefined>
  /** Runs a message again; without an outcome the method is there now, or the message asks once more. */
  again(pending: Pending, need: MethodNeed, outcome: NeedOutcome | undefined): void
}

/** What a message that asks for a method may do: wait once the writes are kept; or not, and whether that ends it. */
type Reserved =
  | { refused: { fault: FaultRecord; ends: boolean }; writes?: never }
  | { refused?: never; writes: readonly TableWrite[] }

export class Generations {
  readonly #parts: GenerationParts
  readonly #live = new Map<string, Generation>()
  /** What those that have not begun have taken of the budgets. */
  readonly #taken = new WeakMap<Generation, Begun>()
  #running = 0
  #started = 0
  #installed = 0
  #closing = false

  constructor(parts: GenerationParts) {
    this.#parts = parts
  }

  /** How many there are now, were begun, and ended with a method; and how many more may begin. */
  get status(): Record<string, unknown> {
    const { budgets, refusals } = this.#parts
    return {
      generating: this.#running,
      generations: this.#started,
      installed: this.#installed,
      budgets: { ...budgets.status, remembered: refusals.size },
    }
  }

  /** What a message may have for a need. */
  policyOf({ message }: Pending, need: MethodNeed): Policy {
    const { options, policies } = this.#parts
    return strictest(options.policy, policies.of(need), message.policy)
  }

  /** Why a method is not generated for a message; undefined when it may be. */
  refusalOf(pending: Pending, need: MethodNeed): FaultRecord | undefined {
    const { selector } = need
    const { policy } = this.#parts.options
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
    return this.#parts.refusals.of(need, pending.message.intent)
  }

  /** A person has decided about a method: it may be tried again. */
  forgive(about: Pick<MethodNeed, 'learner' | 'selector'>): void {
    this.#parts.refusals.forgive(about)
    this.#parts.budgets.forgive(about)
  }

  /** Takes a place for a message in the generation of a method, which is charged with it if there is none yet. */
  reserve(pending: Pending, need: MethodNeed): Reserved {
    const key = needKey(need)
    const { budgets, refusals } = this.#parts
    let generation = this.#live.get(key)
    let writes: readonly TableWrite[] = []
    if (generation === undefined) {
      const refused = this.#overBudget(pending, need)
      if (refused !== undefined) return { refused }
      pending.begun++
      const taken = budgets.begin(need)
      writes = taken.writes
      generation = {
        key,
        need,
        intent: pending.message.intent,
        frame: pending.frame,
        looks: refusals.look(need),
        state: 'reserved',
        controller: new AbortController(),
        waiters: new Set(),
        coming: new Set(),
      }
      this.#taken.set(generation, taken.begun)
      this.#live.set(key, generation)
    }
    generation.coming.add(pending)
    pending.coming = generation
    return { writes }
  }

  #overBudget(pending: Pending, need: MethodNeed): Reserved['refused'] {
    const { budgets } = this.#parts
    // A method may catch the fault of each need and ask for the next: only the end of the message ends that.
    const many = budgets.ofMessage(pending.begun, need)
    if (many !== undefined) return { fault: many.toRecord(), ends: true }
    const often = budgets.ofMethod(need)
    if (often !== undefined) return { fault: often.toRecord(), ends: false }
    // Nobody could send again what waited when the last kernel ended.
    const busy = pending.isResumed ? undefined : budgets.ofMinute()
    return busy === undefined ? undefined : { fault: busy.toRecord(), ends: true }
  }

  /** Has a message wait for the generation in which it has a place, and which begins if it has not. */
  wait(pending: Pending): void {
    const generation = pending.coming as Generation
    pending.coming = undefined
    generation.coming.delete(pending)
    const { need, intent } = generation
    if (generation.state === 'over') return this.#parts.again(pending, need, undefined)
    generation.waiters.add(pending)
    pending.generation = generation
    if (pending.message.intent !== intent) {
      const detail = `${need.selector} is being written for another intent; this message waits for that`
      emit(pending, { kind: 'progress', detail })
    }
    if (generation.state === 'reserved') this.#generate(generation)
  }

  /** A message that has ended waits no more. */
  leave(pending: Pending): void {
    const generation = pending.generation ?? pending.coming
    if (generation === undefined) return
    generation.waiters.delete(pending)
    generation.coming.delete(pending)
    pending.generation = undefined
    pending.coming = undefined
    const isWanted = (one: Pending) => one.message.intent === generation.intent
    if (some(generation.waiters, isWanted) || some(generation.coming, isWanted)) return
    // Whoever asks for the same from now on must not wait for one that is ending.
    this.#forget(generation)
    generation.controller.abort()
    const taken = this.#taken.get(generation)
    if (taken !== undefined) this.#parts.budgets.takeBack(taken)
    for (const waiter of this.#dismiss(generation)) {
      this.#parts.again(waiter, generation.need, undefined)
    }
  }

  close(): void {
    this.#closing = true
    for (const generation of this.#live.values()) generation.controller.abort()
  }

  #generate(generation: Generation): void {
    this.#started++
    this.#running++
    generation.state = 'running'
    this.#taken.delete(generation)
    const { options, workbench } = this.#parts
    let kept: string | undefined
    const keepCase: Workbench['keepCase'] = async (given) => {
      kept = await workbench.keepCase(given)
      return kept
    }
    const bench = { ...workbench, keepCase }
    const learn = async () => options.learner.learn(this.#taskOf(generation), bench)
    learn().then(
      (outcome) => this.#met(generation, ofCase(outcome, kept)),
      (error: unknown) => {
        const fault =
          asFault(error)?.toRecord() ??
          kernelFault('METHOD_FAILED', `the generation broke: ${String(error)}`).toRecord()
        this.#met(generation, { kind: 'fault', fault })
      },
    )
  }

  #taskOf(generation: Generation): LearnTask {
    const { need, intent, frame, controller, waiters } = generation
    const policyNow = () => this.#accountOf(generation).policy
    const authorNow = () => this.#accountOf(generation).author
    return {
      need,
      intent,
      frame,
      signal: controller.signal,
      emit: (event: KernelEvent) => {
        for (const waiter of waiters) emit(waiter, event)
      },
      get policy() {
        const policy = policyNow()
        return policy === 'auto' ? undefined : policy
      },
      get author() {
        return authorNow()
      },
    }
  }

  /** On whose account a generation is: of those who want what it writes, the first that allows most. */
  #accountOf({ need, intent, waiters }: Generation): { policy: Policy; author: string } {
    const { options, policies } = this.#parts
    const wanting = [...waiters].filter(({ message }) => message.intent === intent)
    const allowed = loosest(wanting.map(({ message }) => message.policy))
    const payer = wanting.find(({ message }) => (message.policy ?? 'auto') === allowed)
    const policy = strictest(options.policy, policies.of(need), allowed)
    return { policy, author: payer?.message.author ?? '' }
  }

  #met(generation: Generation, outcome: LearnOutcome): void {
    this.#running--
    this.#forget(generation)
    // A message that waits when the kernel closes stays in its table and waits again at the next start.
    if (this.#closing) return
    const { need, intent, looks, controller } = generation
    const { options, policies, refusals } = this.#parts
    const waiters = this.#dismiss(generation)
    const isOthers = ({ message }: Pending) => message.intent !== intent
    const again = (those: readonly Pending[], ended?: NeedOutcome) => {
      for (const waiter of those) this.#parts.again(waiter, need, ended)
    }
    if (outcome.kind === 'installed') {
      this.#installed++
      return again(waiters)
    }
    if (outcome.kind === 'fault' && outcome.fault.code === 'CONFLICT' && this.#isThere(need)) {
      return again(waiters)
    }
    if (outcome.kind === 'parked') {
      const isAsking = ({ message }: Pending) => message.policy === 'review'
      const bySenders =
        outcome.proposal.why.code === 'policy' &&
        strictest(options.policy, policies.of(need)) === 'auto' &&
        waiters.some((one) => !isOthers(one) && isAsking(one))
      // Who came in the last moment and asks for nobody's decision asks once more.
      const goesOn = (one: Pending) => isOthers(one) || (bySenders && !isAsking(one))
      const proposal = bySenders ? { ...outcome.proposal, bySenders } : outcome.proposal
      const staying = waiters.filter((one) => !goesOn(one))
      if (staying.length > 0) this.#parts.propose(staying, need, proposal)
      return again(waiters.filter(goesOn))
    }
    const { fault, question } = outcome
    const own = waiters.filter((one) => !isOthers(one))
    const remember = (one: FaultRecord) => {
      if (!controller.signal.aborted) refusals.add(need, intent, looks, one)
    }
    again(waiters.filter(isOthers))
    if (question === undefined || own.length === 0) {
      remember(fault)
      return again(own, { fault })
    }
    // Whose policy leaves methods to a person can wait for one.
    const waits = (one: Pending) => this.policyOf(one, need) === 'review'
    const staying = own.filter(waits)
    if (staying.length > 0) {
      const isPlaces = strictest(options.policy, policies.of(need)) === 'review'
      const bySenders = isPlaces ? {} : { bySenders: true as const }
      this.#parts.propose(staying, need, { ...question, ...bySenders })
    }
    const ended = own.filter((one) => !waits(one))
    const [first] = ended
    if (first === undefined) return
    remember(fault)
    const end = (id: string | undefined) => {
      // What waits when the kernel closes waits again at the next start.
      if (this.#closing) return
      const told = id === undefined ? fault : askedIn(fault, id)
      if (told !== fault) remember(told)
      again(ended, { fault: told })
    }
    void this.#parts.leaveQuestion(first, need, question).then(end)
  }

  /** True when somebody else has put a method there meanwhile. */
  #isThere({ learner, selector }: MethodNeed): boolean {
    const { head } = this.#parts.workbench
    return head.has(learner) && head.object(learner).slots.some(({ name }) => name === selector)
  }

  /** Those who waited for a generation that is over. */
  #dismiss(generation: Generation): Pending[] {
    generation.state = 'over'
    const waiters = [...generation.waiters]
    generation.waiters.clear()
    for (const waiter of waiters) waiter.generation = undefined
    return waiters
  }

  #forget(generation: Generation): void {
    if (this.#live.get(generation.key) === generation) this.#live.delete(generation.key)
  }
}

/** The fault of a need for which a person can still say what is right. */
const askedIn = (fault: FaultRecord, proposal: string): FaultRecord => ({
  ...fault,
  data: { ...fault.data, proposal },
  remedy: `Say what it should answer with \`batos proposal answer ${proposal} VALUE\`, then send it again. ${fault.remedy}`,
})

/** An outcome whose proposal, if it is one, names the case that it comes from. */
function ofCase(outcome: LearnOutcome, kept: string | undefined): LearnOutcome {
  if (kept === undefined) return outcome
  if (outcome.kind === 'parked') {
    return { kind: 'parked', proposal: { ...outcome.proposal, case: kept } }
  }
  if (outcome.kind !== 'fault' || outcome.question === undefined) return outcome
  return { ...outcome, question: { ...outcome.question, case: kept } }
}

function some<T>(all: ReadonlySet<T>, is: (one: T) => boolean): boolean {
  for (const one of all) if (is(one)) return true
  return false
}
