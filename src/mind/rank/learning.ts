// Owns: one task of code: the message that nobody understands is sent, and what was learnt of it is put to the checks.
// Leaves: drafting and judging to the world's own learner; the checks to hidden-checks.ts.
// Laws: RK8 a task is learnt as a message of a person's is, with the policy auto, and what is random follows from its name.
// RK9 seconds are those of the model and of the gates; those that a kept completion took when it was written count.
import { createHash } from 'node:crypto'
import type { FaultRecord } from '#ground'
import type { Answer, Kernel, KernelEvent, Proposed } from '#kernel'
import { MethodRef, parseOid } from '#objects'
import { extractDraft } from '../draft.ts'
import { mindFault } from '../faults.ts'
import type { RecordingProvider, Taken } from './completions.ts'
import { type CheckOutcome, runChecks } from './hidden-checks.ts'
import { RANK_LIMITS } from './limits.ts'
import { clearStage, setStage, type Stage, valueOf } from './stage.ts'
import type { MethodTask } from './task-file.ts'

/** What tasks are done with. */
export interface RankBench {
  /** A world of its own, whose learner asks the provider, and whose seeds come from `seed`. */
  kernel: Kernel
  provider: RecordingProvider
  /** Fixes the seed of the next message. */
  seed: (seed: number) => void
  /** Milliseconds on a clock that never goes back. */
  clock: () => number
  signal: AbortSignal
}

/** What any task costs. */
export interface Cost {
  seconds: number
  /** Tokens read and written. */
  promptTokens: number
  tokens: number
  completions: number
  reused: number
}

export interface CodeResult extends Cost {
  id: string
  category: string
  /** The first draft, ungated, passed the checks. */
  first: boolean
  /** A method was installed, and it passed the checks or did not. */
  outcome: 'right' | 'wrong' | 'abstained'
  /** What failed, or why nothing was installed. */
  why: string
  /** The method that was installed. */
  source: string | null
  /**
   * Of what was left to a person: whether one of the drafts between which the question decides passes the checks. Without a question the
   * likeliest draft counts. Null when nothing was left to a person.
   */
  asked: 'right' | 'wrong' | null
}

/** The seed of everything that chance decides in a task. */
export function seedOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0)
}

/** Has a task learnt, and looks at what was learnt. Throws when the model fails, which says nothing of the task. */
export async function learnTask(bench: RankBench, task: MethodTask): Promise<CodeResult> {
  const { kernel, clock, provider } = bench
  const stage = await setStage(kernel, task, true)
  bench.seed(seedOf(task.id))
  const began = clock()
  const { why, source, shown } = await ask(bench, stage, task)
  const elapsed = clock() - began
  await clearStage(kernel, stage)
  bench.signal.throwIfAborted()
  const taken = provider.takeAll()
  const cost = costOf(taken, elapsed)
  const first = await checkFirst(kernel, task, taken[0])
  const asked = source === null ? await checkShown(kernel, task, shown) : null
  const base = { id: task.id, category: task.category, first: first.ok, source, asked, ...cost }
  if (source === null) return { ...base, outcome: 'abstained', why }
  const checked = await runChecks(kernel, task, source)
  if (checked.ok) return { ...base, outcome: 'right', why: '' }
  return { ...base, outcome: 'wrong', why: checked.why }
}

interface Asked {
  /** Why nothing was installed. */
  why: string
  source: string | null
  /** Drafts between which a person is asked to decide. */
  shown: readonly string[]
}

/** Sends the message; the source of the method that was installed for it, or null, why none was, and what a person is shown. */
function ask({ kernel, signal }: RankBench, stage: Stage, task: MethodTask): Promise<Asked> {
  return new Promise((resolve) => {
    let source: string | null = null
    let parked = ''
    let shown: readonly string[] = []
    const event = (told: KernelEvent) => {
      if (told.kind === 'parked') {
        parked = `left to a person: ${told.reason}`
        shown = shownTo(kernel.proposals.get(String(told.proposal)))
        // Nobody is there to decide, so that the message ends here; if it cannot be said, the message ends all the same.
        kernel.proposals.reject(String(told.proposal), 'rank', undefined).catch(sent.cancel)
      }
      if (told.kind !== 'installed' || told.selector !== task.selector) return
      source = sourceIn(kernel, String(told.holder), task.selector)
    }
    const { intent } = task
    const message = {
      principal: 'rank',
      author: 'rank',
      target: stage.receiver,
      selector: task.selector,
      args: task.args.map((arg) => valueOf(arg, stage.oids)),
      deadline: RANK_LIMITS.taskTime,
      ...(intent === undefined ? {} : { intent }),
    }
    const over = new AbortController()
    const sent = kernel.send(message, {
      event,
      answer: (answer) => {
        over.abort()
        resolve({ why: parked || reasonOf(answer), source, shown })
      },
    })
    signal.addEventListener('abort', () => void sent.cancel(), { signal: over.signal })
  })
}

/** The drafts that a proposal's question decides between; the likeliest where it has none. */
function shownTo({ drafts, question }: Proposed): string[] {
  const sources = drafts.map(({ source }) => source)
  return question === undefined
    ? sources.slice(0, 1)
    : sources.filter((_, i) => question.options.some(({ draft }) => draft === i))
}

async function checkShown(
  kernel: Kernel,
  task: MethodTask,
  shown: readonly string[],
): Promise<CodeResult['asked']> {
  if (shown.length === 0) return null
  for (const source of shown) if ((await runChecks(kernel, task, source)).ok) return 'right'
  return 'wrong'
}

function sourceIn(kernel: Kernel, holder: string, selector: string): string | null {
  const oid = parseOid(holder)
  if (oid === undefined) return null
  const slot = kernel.head.object(oid).slots.find(({ name }) => name === selector)
  return slot?.value instanceof MethodRef ? kernel.head.method(slot.value.oid).source : null
}

async function checkFirst(
  kernel: Kernel,
  task: MethodTask,
  taken: Taken | undefined,
): Promise<CheckOutcome> {
  if (taken === undefined) return { ok: false, why: 'nothing was drafted' }
  const draft = extractDraft(taken.text, task.selector)
  return draft.ok ? runChecks(kernel, task, draft.source) : { ok: false, why: draft.problem }
}

function reasonOf(answer: Answer): string {
  return answer.ok ? 'nothing was installed' : sentenceOf(answer.fault)
}

const sentenceOf = ({ code, message }: FaultRecord) => `${code}: ${message}`

/** What completions took, and what else there was of the time: that of the gates. */
export function costOf(taken: readonly Taken[], elapsed: number): Cost {
  const sum = (of: (one: Taken) => number) => taken.reduce((all, one) => all + of(one), 0)
  const others = elapsed - sum(({ spent }) => spent)
  return {
    seconds: Math.max(0, others + sum(({ milliseconds }) => milliseconds)) / 1_000,
    promptTokens: sum(({ promptTokens }) => promptTokens),
    tokens: sum(({ completionTokens }) => completionTokens),
    completions: taken.length,
    reused: sum(({ reused }) => (reused ? 1 : 0)),
  }
}
