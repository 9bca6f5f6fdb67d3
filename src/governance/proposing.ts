// Owns: proposals: what a person is shown of drafts that may not be installed without one, and what becomes of the decision.
// Leaves: keeping them, and the messages that wait, to the kernel; when there is need of one to the mind.
// Laws: GO21 a question shows a call on which the likeliest drafts differ, and what each of them does. GO22 what is accepted is
// put in place with who accepted it and out of which proposal, in one commit with the decision and the answer given.
import { asFault, type Fault } from '#ground'
import type { TableWrite } from '#image'
import {
  collectRefs,
  type Example,
  type Expected,
  KERNEL_LIMITS,
  type Kernel,
  type PinnedCall,
  type Probe,
  type Proposal,
  type Proposed,
  type ProposedDraft,
  type TrialReport,
} from '#kernel'
import { encodeValue, oidText, type Tid, toWire } from '#objects'
import { putMethod, swapMethod } from './atomic-swap.ts'
import type { Question } from './ballot.ts'
import { canonical, changesOf, GONE } from './behaviour.ts'
import { beyondAuto, type Case } from './crucible.ts'
import { textOf } from './examples.ts'
import { governanceFault } from './faults.ts'
import { GATES } from './refusal.ts'
import type { Scene } from './scene.ts'
import { vetoesPast } from './veto.ts'

/** Who drew the drafts, and what each came from, by its source. */
interface Made {
  model: string
  /** The hash of the first question. */
  prompt: string
  drawn?: ReadonlyMap<string, { prompt: string; seed: number }>
  /** Hash of the code that judged, where it is known. */
  judging?: string | undefined
}

/** What a case comes to for a person: its drafts by votes, and the smallest question that decides between two. */
export function proposalOf(
  judged: Case,
  why: Proposed['why'],
  { drawn, judging, ...made }: Made,
): Proposed {
  const standing = judged.standing()
  const { call, scene } = judged
  const args = collectRefs(call.args, new Set())
  const probes = judged.latest?.probes.length ?? 0
  const passed = { gates: GATES, probes, ...(judging === undefined ? {} : { judge: judging }) }
  const drafts = standing.map(({ source, votes, report, verdict }): ProposedDraft => {
    const beyond = beyondAuto(verdict, call, args)
    return {
      source,
      votes,
      ...(report.kind === 'kept' ? { reply: toWire(report.reply) } : { fails: failure(report) }),
      ...(beyond === undefined ? {} : { warnings: [beyond] }),
      ...drawn?.get(source),
      ...passed,
    }
  })
  const question = judged.question()
  const rest = { ...made, relies: judged.relies }
  if (question === undefined) {
    return { why, drafts, ...rest, ...fitting({ call: pinnedOf({}, judged), expected: [] }) }
  }
  const { probe, options } = question
  const texts = optionTexts(question, scene)
  return {
    why,
    drafts,
    question: {
      call: {
        sets: (probe.sets ?? []).map(({ target, slot, value }) => ({
          target: oidText(target),
          slot,
          value: toWire(value),
        })),
        args: (probe.args ?? call.args).map(toWire),
      },
      options: options.map(({ source }, i) => ({
        draft: drafts.findIndex((one) => one.source === source),
        text: texts[i] as string,
      })),
    },
    ...fitting({
      call: pinnedOf(probe, judged),
      expected: options.map(({ report }) => expectedOf(report, question, scene)),
    }),
    ...rest,
  }
}

/** A state that is too large to be kept with an answer is not kept with the question either. */
const fitting = (pinned: NonNullable<Proposed['pinned']>): Pick<Proposed, 'pinned'> =>
  encodeValue(pinned).length > KERNEL_LIMITS.exampleBytes ? {} : { pinned }

const failure = (report: Exclude<TrialReport, { kind: 'kept' }>) =>
  report.kind === 'fault' ? report.fault.message : `nobody understands ${report.selector}`

/** The call with all the state that it met, so that it comes to the same when the world has gone on. */
function pinnedOf({ sets = [], args }: Probe, { call, scene }: Case): PinnedCall {
  const given = new Map(
    scene.slots.map(({ of, name, value }) => [`${of} ${name}`, { target: of, slot: name, value }]),
  )
  for (const set of sets) given.set(`${set.target} ${set.slot}`, set)
  const { now, seed } = call.frame
  const frame = { now, seed }
  return { receiver: call.receiver, sets: [...given.values()], args: args ?? call.args, frame }
}

/** What a draft left changed in objects that were there before; what it made itself has no name in another trial. */
function leftBy(report: TrialReport, { probe }: Question, scene: Scene) {
  if (report.kind !== 'kept') return []
  const born = new Set(report.wrote.flatMap((one) => (one.born ? [one.oid] : [])))
  const isOld = (value: unknown) =>
    [...collectRefs(value, new Set())].every((oid) => !born.has(oid))
  return changesOf(report, probe, scene).flatMap(({ oid, name, after }) =>
    born.has(oid) || after === GONE || !isOld(after)
      ? []
      : [{ target: oid, slot: name, value: after }],
  )
}

const isSameReply = ({ options: [one, other] }: Question) =>
  one?.report.kind === 'kept' &&
  other?.report.kind === 'kept' &&
  canonical(one.report.reply) === canonical(other.report.reply)

/** What the answer would say of later drafts; null when nothing of it can be asked again. */
function expectedOf(report: TrialReport, question: Question, scene: Scene): Expected | null {
  if (report.kind !== 'kept') return { fails: true }
  const born = new Set(report.wrote.flatMap((one) => (one.born ? [one.oid] : [])))
  if ([...collectRefs(report.reply, new Set())].some((oid) => born.has(oid))) return null
  if (!isSameReply(question)) return { reply: report.reply }
  return { reply: report.reply, leaves: leftBy(report, question, scene) }
}

function optionTexts(question: Question, scene: Scene): string[] {
  const isSame = isSameReply(question)
  return question.options.map(({ report }) => {
    if (report.kind !== 'kept') return `fails: ${failure(report)}`
    const answers = `answers ${textOf(report.reply)}`
    if (!isSame) return answers
    const left = leftBy(report, question, scene).map(({ target, slot, value }) => {
      const of = target === scene.receiver ? '' : `${oidText(target)} `
      return `${of}${slot} ${textOf(value)}`
    })
    return `${answers} and leaves ${left.length === 0 ? 'everything as it is' : left.join(', ')}`
  })
}

/** What a person decided: one of the drafts, the likeliest unless told otherwise, or a source of their own. */
export interface Acceptance {
  id: string
  by: string
  draft?: number
  source?: string
  /** That it is meant although a veto stands. */
  despiteVeto?: boolean
}

/** What an acceptance did. */
export interface Accepted {
  tid: Tid
  version: number
  /** Messages that went on. */
  waiting: number
  /** True when the answer that it gives to a question is kept; `unkept` says why it is not. */
  example: boolean
  unkept?: string
  warnings?: string[]
}

/** Puts what a person accepted in place; those who wait run again. Faults TARGET_UNKNOWN, CONFLICT and FIELD_INVALID. */
export async function acceptProposal(
  kernel: Kernel,
  { id, by, draft = 0, source, despiteVeto = false }: Acceptance,
): Promise<Accepted> {
  const { proposals, workbench } = kernel
  const proposal = proposals.begin(id)
  try {
    const { holder, selector, intent = '', drafts, model, prompt } = proposal
    const given = { holder, selector, comment: intent, expect: null, proposal: id, accepted: by }
    const vetoes = vetoesPast(proposal, { draft, source, despiteVeto })
    const despite = vetoes.length === 0 ? {} : { despite: vetoes }
    if (source !== undefined) {
      const tables = (tid: Tid) => proposals.decision(proposal, 'accepted', { by, tid, ...despite })
      const swap = { ...given, source, author: by }
      const done = await putMethod(workbench, swap, tables)
      return { ...done, waiting: proposals.accepted(id), example: false }
    }
    const chosen = drafts[draft]
    if (chosen === undefined) {
      const many = `proposal ${id} has drafts 0 to ${drafts.length - 1}, and no ${draft}`
      throw governanceFault('FIELD_INVALID', many, { proposal: id, drafts: drafts.length })
    }
    const example = answeredBy(proposal, draft, by)
    const { kept, unkept } = keeping(kernel, proposal, example)
    const tables = (tid: Tid) => [
      ...proposals.decision(proposal, 'accepted', { by, draft, tid, ...despite }),
      ...(kept === undefined ? [] : [kept]),
    ]
    const { tid, version } = await swapMethod(
      workbench,
      {
        ...given,
        source: chosen.source,
        author: proposal.author,
        model,
        prompt: chosen.prompt ?? prompt,
        ...(chosen.seed === undefined ? {} : { seed: chosen.seed }),
        examples: examplesOf(proposal, draft),
        verdict: verdictOf(proposal, chosen),
        ...(proposal.relies === undefined ? {} : { relies: proposal.relies }),
      },
      tables,
    )
    const waiting = proposals.accepted(id)
    return { tid, version, waiting, example: kept !== undefined, ...unkept }
  } catch (error) {
    proposals.abandon(id)
    throw movedFault(error, proposal) ?? error
  }
}

/** What a draft of a proposal passed, and how they voted. */
function verdictOf({ drafts }: Proposal, { votes, gates, probes, judge }: ProposedDraft) {
  return {
    ...(gates === undefined ? {} : { gates }),
    ...(probes === undefined ? {} : { probes }),
    ...(judge === undefined ? {} : { judge }),
    votes,
    of: drafts.reduce((sum, one) => sum + one.votes, 0),
  }
}

/** The write that keeps an answer; why it is not kept when there is no room, which keeps no method out. */
function keeping(
  { examples }: Kernel,
  { holder, selector }: Proposal,
  example: Example | undefined,
): { kept?: TableWrite; unkept?: { unkept: string } } {
  if (example === undefined) return {}
  try {
    return { kept: examples.adding(holder, selector, example) }
  } catch (error) {
    const fault = asFault(error)
    if (fault?.code !== 'LIMIT') throw error
    return { unkept: { unkept: fault.message } }
  }
}

/** The fault of a draft whose surroundings have moved since it was judged, with what can be done about it. */
function movedFault(error: unknown, { id, selector }: Proposal): Fault | undefined {
  const fault = asFault(error)
  if (fault?.code !== 'CONFLICT' || fault.data?.relied === undefined) return undefined
  return governanceFault(
    'CONFLICT',
    `the drafts of proposal ${id} were judged on what is there no more: ${fault.message}`,
    { ...fault.data, proposal: id, selector },
    `Have them drawn anew on what is there now with \`batos proposal draw ${id}\`, or give the method yourself with \`batos method\`.`,
  )
}

/** The example that choosing a draft makes: the answer to the question, if it is one of its options. */
function answeredBy({ id, question, pinned }: Proposal, draft: number, by: string) {
  const at = question?.options.findIndex((one) => one.draft === draft) ?? -1
  const expected = pinned?.expected[at]
  if (pinned === undefined || expected === undefined || expected === null) return undefined
  return { ...pinned.call, expected, by, proposal: id } satisfies Example
}

/** What the method's own record has as examples, as wire values. */
function examplesOf({ drafts, question }: Proposal, draft: number): unknown[] {
  const chosen = drafts[draft]
  const own = chosen !== undefined && 'reply' in chosen ? [{ reply: chosen.reply }] : []
  const option = question?.options.find((one) => one.draft === draft)
  if (question === undefined || option === undefined) return own
  return [...own, { ...question.call, says: option.text }]
}
