// Owns: meeting the need for a method: draft, gates, one repair, fresh drafts, installation.
// Leaves: the gates and the swap to governance; the model to a provider.
// Laws: MI41 a method is installed only through the gates. MI42 at most ATTEMPTS drafts are drawn; then what was tried is
// told and nothing remains. MI43 a generation that is aborted stops its model at once.
import { asFault, type FaultRecord } from '#ground'
import { beyondAuto, governanceFault, swapMethod, tryDraft } from '#governance'
import type { Learner, LearnOutcome, LearnTask, Workbench } from '#kernel'
import { type Oid, oidText, Ref } from '#objects'
import type { DraftContext } from './context.ts'
import { extractDraft } from './draft.ts'
import { mindFault, sentenceOf } from './faults.ts'
import { MIND_LIMITS } from './limits.ts'
import { DRAFT_STOPS, draftMessages, promptHash, repairMessages } from './prompt.ts'
import type { ChatMessage, Provider } from './provider.ts'
import { describeReceiver, namesOf } from './receiver.ts'
import { selfDeclaration } from './shape.ts'

/** One draw: how warm, and whether it answers the refusal of the one before. */
interface Draw {
  temperature: number
  repair: boolean
}

/** A sure draft, its repair, then two fresh ones: what gave most for its seconds on the open tasks. */
const ATTEMPTS: readonly Draw[] = [
  { temperature: 0, repair: false },
  { temperature: 0.2, repair: true },
  { temperature: 0.7, repair: false },
  { temperature: 0.7, repair: false },
]

/** What one draft came to, told when all have failed. */
interface Tried {
  source: string
  gate: string
  problem: string
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
    try {
      return await this.#draw(task, bench)
    } catch (thrown) {
      const fault = asFault(thrown)
      const record =
        fault?.toRecord() ?? mindFault('GENERATION_FAILED', sentenceOf(thrown)).toRecord()
      return { kind: 'fault', fault: record }
    }
  }

  async #draw(task: LearnTask, bench: Workbench): Promise<LearnOutcome> {
    const { need, signal } = task
    const provider = await this.#provider()
    const { context, slotNames } = describeReceiver(
      bench.head,
      need.receiver,
      { selector: need.selector, args: need.args, intent: task.intent },
      namesOf(bench.head),
    )
    const first = draftMessages(context)
    let repair: ChatMessage[] | undefined
    const tried: Tried[] = []
    for (const [i, draw] of ATTEMPTS.entries()) {
      if (draw.repair && repair === undefined) continue
      const attempt = i + 1
      task.emit({ kind: 'drafting', model: provider.name, attempt })
      const messages = draw.repair ? (repair as ChatMessage[]) : first
      const completion = await provider.complete(
        {
          messages,
          maxTokens: MIND_LIMITS.draftTokens,
          temperature: draw.temperature,
          stop: [...DRAFT_STOPS],
          ...(draw.temperature === 0 ? {} : { seed: task.frame.seed + attempt }),
        },
        (text) => task.emit({ kind: 'token', text }),
        signal,
      )
      const tryDraftNow = { text: completion.text, attempt, context, slotNames }
      const outcome = await this.#judge(task, bench, tryDraftNow)
      if ('installed' in outcome) return { kind: 'installed' }
      if ('fault' in outcome) return { kind: 'fault', fault: outcome.fault }
      tried.push(outcome)
      const answered: ChatMessage = { role: 'assistant', content: completion.text }
      repair = draw.repair ? undefined : repairMessages([...messages, answered], outcome.problem)
    }
    return { kind: 'fault', fault: exhausted(need.selector, tried) }
  }

  async #judge(
    task: LearnTask,
    bench: Workbench,
    draw: { text: string; attempt: number; context: DraftContext; slotNames: Set<string> },
  ): Promise<{ installed: true } | { fault: FaultRecord } | Tried> {
    const { need } = task
    const draft = extractDraft(draw.text, need.selector)
    const tell = (ok: boolean, detail: string, source: string) =>
      task.emit({ kind: 'trial', attempt: draw.attempt, ok, detail, source })
    if (!draft.ok) {
      tell(false, draft.problem, draw.text)
      return { source: draw.text, gate: 'draft', problem: draft.problem }
    }
    const { source } = draft
    const verdict = await tryDraft(bench, {
      source,
      call: { ...need, frame: task.frame },
      declaration: selfDeclaration(draw.context),
      argTypes: draw.context.args.map((arg) => arg.type),
      slotNames: draw.slotNames,
      numbers: draw.context.slots.filter(({ type }) => type === 'number').map(({ name }) => name),
      intent: task.intent,
    })
    if ('gate' in verdict) {
      tell(false, verdict.sentence, source)
      return { source, gate: verdict.gate, problem: verdict.sentence }
    }
    tell(true, 'every gate was passed', source)
    const data = { selector: need.selector, holder: oidText(need.learner), source }
    const held = this.#heldBack(task, data)
    if (held !== undefined) return { fault: held }
    const beyond = beyondAuto(verdict, { ...need, frame: task.frame }, refsOf(need.args))
    if (beyond !== undefined) {
      return { fault: governanceFault('GENERATION_REFUSED', beyond, data).toRecord() }
    }
    const { tid, version } = await swapMethod(bench, {
      holder: need.learner,
      selector: need.selector,
      source,
      comment: task.intent ?? '',
      author: task.author,
      model: (await this.#provider()).name,
      prompt: promptHash(),
      examples: [{ reply: verdict.reply }],
      expect: null,
    })
    const holder = oidText(need.learner)
    task.emit({ kind: 'installed', holder, selector: need.selector, version, tid: String(tid) })
    return { installed: true }
  }

  #heldBack(task: LearnTask, data: Record<string, unknown>): FaultRecord | undefined {
    if (this.#policy !== 'review' && task.policy !== 'review') return undefined
    const why = 'the policy installs nothing without a person'
    return governanceFault('POLICY', why, data).toRecord()
  }
}

function refsOf(args: readonly unknown[]): Set<Oid> {
  const oids = new Set<Oid>()
  const visit = (value: unknown): void => {
    if (value instanceof Ref) oids.add(value.oid)
    else if (Array.isArray(value)) value.forEach(visit)
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      Object.values(value).forEach(visit)
    }
  }
  args.forEach(visit)
  return oids
}

function exhausted(selector: string, tried: readonly Tried[]): FaultRecord {
  const last = tried.at(-1)?.problem ?? 'nothing was drafted'
  return mindFault(
    'GENERATION_FAILED',
    `no draft of ${selector} passed the gates; ${tried.length} were tried, the last: ${last}`,
    { tried },
    'Say with --intent what the message should do, or give the method yourself.',
  ).toRecord()
}
