// Owns: meeting the need for a method: drafts one after the other, until enough of them that passed the gates behave alike.
// Leaves: the gates, the vote, what it allows and the swap to governance; the model to a provider.
// Laws: MI41 a method is installed only through the gates. MI42 at most as many drafts are drawn as governance lets; then what was
// tried is told, and the call is left as a question. MI43 a generation that is aborted stops its model at once. MI62 a draft is kept
// with the prompt and the seed that it came from.

import {
  Case,
  DRAWS,
  GATES,
  noneOf,
  proposalOf,
  type Refusal,
  RULE,
  type Ruling,
  rulingOf,
  swapMethod,
  type Vote,
  voteWords,
} from '#governance'
import { asFault, type FaultRecord } from '#ground'
import {
  type CaseDraft,
  type CaseGiven,
  type Learner,
  type LearnOutcome,
  type LearnTask,
  type Proposed,
  type Workbench,
} from '#kernel'
import { oidText, toWire } from '#objects'
import { type DraftContext, functionNameOf, isDisplay } from './context.ts'
import { extractDraft } from './draft.ts'
import { mindFault, sentenceOf } from './faults.ts'
import { knownOf } from './known.ts'
import { MIND_LIMITS } from './limits.ts'
import { classMessages, DRAFT_STOPS, draftMessages, promptHash, repairMessages } from './prompt.ts'
import type { ChatMessage, Provider } from './provider.ts'
import { describeReceiver, namesOf } from './receiver.ts'
import { selfDeclaration } from './shape.ts'

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
  /** What each draft came from, by its source: the hash of the messages that were sent, and the seed. */
  drawn: Map<string, Drawn>
  /** The hash of the first question, which speaks for all. */
  prompt: string
}

/** Where a draft comes from. */
interface Drawn {
  prompt: string
  seed: number
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
    const call = { ...need, frame: task.frame }
    const described = describeReceiver(
      bench.head,
      need.receiver,
      { selector: need.selector, args: need.args, intent },
      namesOf(bench.head),
    )
    const context = { ...described.context, ...knownOf(bench, call) }
    const given = {
      call,
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
      drawn: new Map(),
      prompt: promptHash(waysToAsk(context)[0] as ChatMessage[]),
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
    const { selector } = task.need
    const ways = waysToAsk(context)
    const name = functionNameOf(selector)
    let repair: ChatMessage[] | undefined
    const tried: Tried[] = []
    let ruling: Ruling | undefined
    // Drafts that were asked for anew, a repair being one of the way that led to it.
    let asked = 0
    for (let attempt = 1; attempt <= DRAWS; attempt++) {
      const isRepair = repair !== undefined
      if (!isRepair) asked++
      const way = (asked - 1) % ways.length
      const messages = repair ?? (ways[way] as ChatMessage[])
      const fresh = asked <= ways.length ? FIRST : FRESH
      const text = await complete(meeting, messages, isRepair ? REPAIR : fresh, attempt)
      const outcome = await consider(meeting, text, messages, attempt, `${way}`)
      if ('problem' in outcome) {
        tried.push(outcome)
        const answered: ChatMessage = { role: 'assistant', content: text }
        repair = isRepair
          ? undefined
          : repairMessages([...messages, answered], outcome.problem, name)
        continue
      }
      repair = undefined
      meeting.vote = outcome
      ruling = this.#rule(meeting, outcome, DRAWS - attempt)
      if (ruling.kind !== 'draw') break
    }
    const { vote } = meeting
    if (vote === undefined) return unmet(meeting, tried)
    // The last drafts may have been refused: then nothing more is drawn for the vote as it stands.
    if (ruling?.kind === 'draw') ruling = this.#rule(meeting, vote, 0)
    // Whoever waits may have left or come while this draft was on trial.
    task.signal.throwIfAborted()
    if (ruling?.kind === 'ask') return parked(meeting, ruling.why)
    return this.#install(meeting, vote, selector)
  }

  /** What governance says of a vote. */
  #rule({ task, context }: Meeting, vote: Vote, left: number): Ruling {
    return rulingOf(vote, left, {
      call: { ...task.need, frame: task.frame },
      shows: isShow(context),
      isReview: this.#policy === 'review' || task.policy !== undefined,
    })
  }

  async #install(meeting: Meeting, vote: Vote, selector: string): Promise<LearnOutcome> {
    const { task, bench } = meeting
    const { need } = task
    const { source, reply } = vote.leader
    const { tid, version } = await swapMethod(bench, {
      holder: need.learner,
      selector,
      source,
      comment: task.intent ?? '',
      author: task.author,
      model: meeting.provider.name,
      ...(meeting.drawn.get(source) as Drawn),
      examples: [{ reply }],
      expect: null,
      verdict: { gates: GATES, probes: vote.probes, votes: vote.alike, of: vote.passed },
      relies: meeting.case.relies,
    })
    const holder = oidText(need.learner)
    const state = 'probation'
    task.emit({ kind: 'installed', holder, selector, version, tid: String(tid), state })
    return { kind: 'installed' }
  }
}

/** Questions for a method, each for other drafts. How an object shows itself is a matter of taste: one way does. */
function waysToAsk(context: DraftContext): ChatMessage[][] {
  const examples = draftMessages(context)
  return isShow(context) ? [examples] : [examples, classMessages(context)]
}

/** A message that only asks its object to show itself. */
const isShow = ({ selector, intent }: DraftContext) => isDisplay(selector) && intent === undefined

/** What the case calls them, in their order. */
const WAY_WORDS = ['a function, after examples', 'a method of a class'] as const

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
  messages: readonly ChatMessage[],
  attempt: number,
  way: string,
): Promise<Vote | Tried> {
  const { task, drawn } = meeting
  const draft = extractDraft(text, task.need.selector)
  const tell = (ok: boolean, detail: string, source: string, gate?: string) => {
    const refused = gate === undefined ? {} : { gate }
    const asked = WAY_WORDS[Number(way)] ?? `way ${way}`
    meeting.drafts.push({ attempt, source, passed: ok, way: asked, sentence: detail, ...refused })
    task.emit({ kind: 'trial', attempt, ok, detail, source })
  }
  if (!draft.ok) {
    tell(false, draft.problem, text, 'draft')
    return { source: text, gate: 'draft', problem: draft.problem }
  }
  const { source } = draft
  // Of two that are the same text the first speaks for both.
  if (!drawn.has(source)) {
    drawn.set(source, { prompt: promptHash(messages), seed: task.frame.seed + attempt })
  }
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

/** True when something beside the method's own slot, which is still empty, is not as the drafts were judged with. */
function hasMoved(
  { need, signal }: LearnTask,
  { head }: Workbench,
  { code }: FaultRecord,
): boolean {
  if (code !== 'CONFLICT' || signal.aborted || !head.has(need.learner)) return false
  return !head.object(need.learner).slots.some(({ name }) => name === need.selector)
}

/** No draft passed: that is told, and the call is left as a question that a person can answer. */
function unmet(meeting: Meeting, tried: readonly Tried[]): LearnOutcome {
  const { selector } = meeting.task.need
  const last = tried.at(-1)?.problem ?? 'nothing was drafted'
  const fault = mindFault(
    'GENERATION_FAILED',
    `no draft of ${selector} passed the gates; ${tried.length} were tried, the last: ${last}`,
    { tried },
    'Say with --intent what the message should do, or give the method yourself with `batos method`.',
  ).toRecord()
  return { kind: 'fault', fault, question: proposed(meeting, noneOf(selector, tried.length)) }
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
    drafted: { model: provider.name, persona: null, prompt: meeting.prompt },
    gates: ['draft', ...GATES],
    drafts,
    vote: vote === undefined ? null : shownVote(vote, vote.leader.shows && isShow(meeting.context)),
    examples: bench.examples(need.learner, need.selector).length,
    outcome: shownOutcome(outcome),
  })
}

function shownVote(vote: Vote, isShown: boolean): CaseGiven['vote'] {
  const { passed, alike, probes, ways } = vote
  return { passed, alike, needed: RULE.alike, probes, ways, ...voteWords(vote, RULE, isShown) }
}

function shownOutcome(outcome: LearnOutcome): CaseGiven['outcome'] {
  if (outcome.kind === 'installed') return { kind: 'installed' }
  if (outcome.kind === 'parked') return { kind: 'parked', why: outcome.proposal.why.sentence }
  return { kind: 'refused', code: outcome.fault.code, message: outcome.fault.message }
}

/** What passed, for a person to decide. */
const parked = (meeting: Meeting, why: Proposed['why']): LearnOutcome => ({
  kind: 'parked',
  proposal: proposed(meeting, why),
})

function proposed(meeting: Meeting, why: Proposed['why']): Proposed {
  const { case: judged, provider, prompt, drawn, bench } = meeting
  return proposalOf(judged, why, { model: provider.name, prompt, drawn, judging: bench.judging })
}
