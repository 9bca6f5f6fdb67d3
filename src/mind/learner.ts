// Owns: meeting the need for a method: drafts one after the other, until enough of them that passed the gates behave alike.
// Leaves: the gates, the vote and the swap to governance; the model to a provider.
// Laws: MI41 a method is installed only through the gates. MI42 at most DRAWS drafts are drawn; then what was tried is
// told and nothing remains. MI43 a generation that is aborted stops its model at once. MI44 a method is installed without
// a person when WAYS of asking led to at least ALIKE drafts that behave alike, LEAD times as many as the others that passed the
// gates; one that only shows texts, when one passed.
import { asFault, type FaultRecord } from '#ground'
import {
  beyondAuto,
  Case,
  GATES,
  proposalOf,
  type Refusal,
  swapMethod,
  type Verdict,
  type Vote,
} from '#governance'
import {
  type CaseDraft,
  type CaseGiven,
  collectRefs,
  type Learner,
  type LearnOutcome,
  type LearnTask,
  type Proposed,
  type Workbench,
} from '#kernel'
import { type Oid, oidText, toWire } from '#objects'
import { type DraftContext, isDisplay } from './context.ts'
import { extractDraft } from './draft.ts'
import { mindFault, sentenceOf } from './faults.ts'
import { MIND_LIMITS } from './limits.ts'
import { classMessages, DRAFT_STOPS, draftMessages, promptHash, repairMessages } from './prompt.ts'
import type { ChatMessage, Provider } from './provider.ts'
import { describeReceiver, namesOf } from './receiver.ts'
import { selfDeclaration } from './shape.ts'

/** Drafts that are drawn for one need at most. */
const DRAWS = 6
/**
 * Drafts that must behave alike, and how many times as many as those that passed and behave otherwise. With one of each way of
 * asking five of 62 methods were wrong in tasks that nobody had tuned for: see docs/learning.md.
 */
const ALIKE = 3
const LEAD = 2
/** Ways of asking that must have led to them: what a model gets wrong depends on how it is asked, what it gets right less. */
const WAYS = 2
/** How warm: the first draft is the model's favourite, a repair stays close to it, the others are fresh. */
const FIRST = 0
const REPAIR = 0.2
const FRESH = 0.7

/** Times that a need is met from its beginning: a second time when what the drafts were judged with has changed meanwhile. */
const MEETINGS = 2

/** What one draft that was refused came to, told when all have failed. */
interface Tried {
  source: string
  gate: string
  problem: string
}

/** One need as it is being met. */
interface Meeting {
  task: LearnTask
  bench: Workbench
  context: DraftContext
  case: Case
  provider: Provider
  /** Each draft and how it fared, and the vote as it stands: what the case will show. */
  drafts: CaseDraft[]
  vote: Vote | undefined
}

export class DraftingLearner implements Learner {
  readonly #provider: () => Promise<Provider>
  readonly #policy: 'auto' | 'review' | 'off'
  readonly name: string

  /** `provider` is asked at the first need, so that starting costs no model. */
  constructor(name: string, provider: () => Promise<Provider>, policy: 'auto' | 'review' | 'off') {
    this.name = name
    this.#provider = provider
    this.#policy = policy
  }

  async learn(task: LearnTask, bench: Workbench): Promise<LearnOutcome> {
    for (let times = 1; ; times++) {
      try {
        return await this.#draw(task, bench)
      } catch (thrown) {
        const fault = faultOf(thrown)
        if (times === MEETINGS || !hasMoved(task, bench, fault)) return { kind: 'fault', fault }
        const detail = `${fault.message}; ${task.need.selector} is drafted again on what is there now`
        task.emit({ kind: 'progress', detail })
      }
    }
  }

  async #draw(task: LearnTask, bench: Workbench): Promise<LearnOutcome> {
    const { need, intent } = task
    const provider = await this.#provider()
    const { context } = describeReceiver(
      bench.head,
      need.receiver,
      { selector: need.selector, args: need.args, intent },
      namesOf(bench.head),
    )
    const given = {
      call: { ...need, frame: task.frame },
      declaration: selfDeclaration(context),
      argTypes: context.args.map(({ type }) => type),
      intent,
    }
    const meeting: Meeting = {
      task,
      bench,
      context,
      provider,
      case: new Case(bench, given),
      drafts: [],
      vote: undefined,
    }
    try {
      const outcome = await this.#vote(meeting)
      await keepCase(meeting, outcome)
      return outcome
    } catch (thrown) {
      await keepCase(meeting, { kind: 'fault', fault: faultOf(thrown) })
      throw thrown
    }
  }

  async #vote(meeting: Meeting): Promise<LearnOutcome> {
    const { task, context } = meeting
    const { need } = task
    const ways = waysToAsk(context)
    let repair: ChatMessage[] | undefined
    const tried: Tried[] = []
    let vote: Vote | undefined
    for (let attempt = 1; attempt <= DRAWS; attempt++) {
      const isRepair = repair !== undefined
      const turn = (attempt - 1) % ways.length
      const messages = repair ?? (ways[turn] as ChatMessage[])
      const fresh = attempt <= ways.length ? FIRST : FRESH
      const text = await complete(meeting, messages, isRepair ? REPAIR : fresh, attempt)
      const way = isRepair ? (turn + ways.length - 1) % ways.length : turn
      const outcome = await consider(meeting, text, attempt, `${way}`)
      if ('problem' in outcome) {
        tried.push(outcome)
        const answered: ChatMessage = { role: 'assistant', content: text }
        repair = isRepair ? undefined : repairMessages([...messages, answered], outcome.problem)
        continue
      }
      repair = undefined
      vote = outcome
      meeting.vote = vote
      if (isEnough(vote) || isShowing(vote, context)) {
        return this.#accept(meeting, vote)
      }
      // Where the rest cannot make enough alike, drawing them tells nothing.
      if (!canBeEnough(vote, DRAWS - attempt)) break
    }
    if (vote === undefined) return { kind: 'fault', fault: exhausted(need.selector, tried) }
    const { selector } = need
    const sentence = `${vote.alike} of ${vote.passed} drafts of ${selector} behave alike, which is not enough`
    return parked(meeting, { code: 'undecided', sentence })
  }

  async #accept(meeting: Meeting, vote: Vote): Promise<LearnOutcome> {
    const { task, bench } = meeting
    const { need } = task
    const { source, reply } = vote.leader
    // Whoever waits may have left or come while this draft was on trial.
    task.signal.throwIfAborted()
    if (this.#policy === 'review' || task.policy !== undefined) {
      const sentence = 'the policy installs nothing without a person'
      return parked(meeting, { code: 'policy', sentence })
    }
    // Whoever sends a message expects an answer: that there is none is for a person to say.
    if (vote.leader.refuses) {
      return parked(meeting, {
        code: 'undecided',
        sentence: 'it refuses the very call that was sent',
      })
    }
    const beyond = beyondAuto(vote.leader, { ...need, frame: task.frame }, oidsIn(need.args))
    if (beyond !== undefined) return parked(meeting, { code: 'beyond', sentence: beyond })
    const { tid, version } = await swapMethod(bench, {
      holder: need.learner,
      selector: need.selector,
      source,
      comment: task.intent ?? '',
      author: task.author,
      model: meeting.provider.name,
      prompt: promptHash(),
      seed: seedOf(meeting, source),
      examples: [{ reply }],
      expect: null,
      verdict: { gates: GATES, probes: vote.probes, votes: vote.alike, of: vote.passed },
      relies: meeting.case.relies,
    })
    const holder = oidText(need.learner)
    const { selector } = need
    const state = 'probation'
    task.emit({ kind: 'installed', holder, selector, version, tid: String(tid), state })
    return { kind: 'installed' }
  }
}

/** Questions for a method, each for other drafts. How an object shows itself is a matter of taste: one way does. */
function waysToAsk(context: DraftContext): ChatMessage[][] {
  const examples = draftMessages(context)
  const isPlain = isDisplay(context.selector) && context.intent === undefined
  return isPlain ? [examples] : [examples, classMessages(context)]
}

const isEnough = ({ alike, ways, passed }: Vote) =>
  ways >= WAYS && alike >= ALIKE && alike >= LEAD * (passed - alike)

/** Whether so many more drafts could bring the vote in. */
const canBeEnough = ({ alike, passed }: Vote, left: number) =>
  alike + left >= Math.max(ALIKE, LEAD * (passed - alike))

/** The seed that a draft was drawn with. */
function seedOf({ task, drafts }: Meeting, source: string): number {
  const drawn = drafts.find((one) => one.passed && one.source === source)
  return task.frame.seed + (drawn?.attempt ?? 0)
}

async function complete(
  { task, provider }: Meeting,
  messages: ChatMessage[],
  temperature: number,
  attempt: number,
): Promise<string> {
  task.emit({ kind: 'drafting', model: provider.name, attempt })
  const { text } = await provider.complete(
    {
      messages,
      maxTokens: MIND_LIMITS.draftTokens,
      temperature,
      stop: [...DRAFT_STOPS],
      ...(temperature === 0 ? {} : { seed: task.frame.seed + attempt }),
    },
    (token) => task.emit({ kind: 'token', text: token }),
    task.signal,
  )
  return text
}

/** Reads a draft and puts it through the gates. */
async function consider(
  meeting: Meeting,
  text: string,
  attempt: number,
  way: string,
): Promise<Vote | Tried> {
  const { task } = meeting
  const draft = extractDraft(text, task.need.selector)
  const tell = (ok: boolean, detail: string, source: string, gate?: string) => {
    const refused = gate === undefined ? {} : { gate }
    meeting.drafts.push({ attempt, source, passed: ok, sentence: detail, ...refused })
    task.emit({ kind: 'trial', attempt, ok, detail, source })
  }
  if (!draft.ok) {
    tell(false, draft.problem, text, 'draft')
    return { source: text, gate: 'draft', problem: draft.problem }
  }
  const { source } = draft
  const outcome: Refusal | Vote = await meeting.case.consider(source, way)
  if ('gate' in outcome) {
    tell(false, outcome.sentence, source, outcome.gate)
    return { source, gate: outcome.gate, problem: outcome.sentence }
  }
  tell(true, passedSentence(outcome), source)
  return outcome
}

function passedSentence({ alike, passed, probes }: Vote): string {
  const calls = `every gate was passed on ${probes} calls`
  return passed === 1 ? calls : `${calls}; ${alike} of ${passed} drafts behave alike`
}

/** A method that only shows its object is right when it shows it: how, is a matter of taste that no two drafts share. */
function isShowing({ leader }: { leader: Verdict }, context: DraftContext): boolean {
  return leader.shows && isDisplay(context.selector) && context.intent === undefined
}

/** True when something beside the method's own slot, which is still empty, is not as the drafts were judged with. */
function hasMoved(
  { need, signal }: LearnTask,
  { head }: Workbench,
  { code }: FaultRecord,
): boolean {
  if (code !== 'CONFLICT' || signal.aborted || !head.has(need.learner)) return false
  return !head.object(need.learner).slots.some(({ name }) => name === need.selector)
}

const oidsIn = (args: readonly unknown[]): Set<Oid> => collectRefs(args, new Set())

function exhausted(selector: string, tried: readonly Tried[]): FaultRecord {
  const last = tried.at(-1)?.problem ?? 'nothing was drafted'
  return mindFault(
    'GENERATION_FAILED',
    `no draft of ${selector} passed the gates; ${tried.length} were tried, the last: ${last}`,
    { tried },
    'Say with --intent what the message should do, or give the method yourself.',
  ).toRecord()
}

const faultOf = (thrown: unknown): FaultRecord =>
  asFault(thrown)?.toRecord() ?? mindFault('GENERATION_FAILED', sentenceOf(thrown)).toRecord()

/** Leaves what was done for whoever wants to see it. */
async function keepCase(meeting: Meeting, outcome: LearnOutcome): Promise<void> {
  const { task, bench, provider, drafts, vote } = meeting
  const { need, intent, author } = task
  // A generation that was called off before its first draft shows nothing.
  if (drafts.length === 0 && task.signal.aborted) return
  await bench.keepCase({
    holder: oidText(need.learner),
    receiver: oidText(need.receiver),
    selector: need.selector,
    args: JSON.stringify(need.args.map(toWire)),
    ...(intent === undefined ? {} : { intent }),
    author,
    drafted: { model: provider.name, persona: null, prompt: promptHash() },
    gates: ['draft', ...GATES],
    drafts,
    vote:
      vote === undefined
        ? null
        : { passed: vote.passed, alike: vote.alike, needed: ALIKE, probes: vote.probes },
    examples: bench.examples(need.learner, need.selector).length,
    outcome: shownOutcome(outcome),
  })
}

function shownOutcome(outcome: LearnOutcome): CaseGiven['outcome'] {
  if (outcome.kind === 'installed') return { kind: 'installed' }
  if (outcome.kind === 'parked') return { kind: 'parked', why: outcome.proposal.why.sentence }
  return { kind: 'refused', code: outcome.fault.code, message: outcome.fault.message }
}

/** What passed, for a person to decide. */
function parked({ case: judged, provider }: Meeting, why: Proposed['why']): LearnOutcome {
  const made = { model: provider.name, prompt: promptHash() }
  return { kind: 'parked', proposal: proposalOf(judged, why, made) }
}
