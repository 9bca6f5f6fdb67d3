// Owns: one case of the Crucible, opened: who asked and drafted, each draft with its gate, the vote with its rule, what became of it.
// Leaves: judging to the kernel; which cases are listed to judged.ts and crucible-cases.ts.
// Laws: UI47 a case names the gates in their order, says of every draft how it was asked for and whether it passed or which gate refused it
// and why, tells the vote with its whole rule, and, where it went to a person, the proposal with how that stands now.
import { h, type JSX } from 'preact'
import { counted } from './proposals.ts'
import { ReviewView, type ShownReview } from './review-view.ts'
import { SourceCode } from './source-code.ts'

/** A case as ListCasesCommand lists it. */
export interface ListedCase {
  id: string
  time: Date
  holder: string
  selector: string
  model: string
  drafts: number
  passed: number
  outcome: string
  proposal?: { id: string; status: string }
}

/** What has become of a case's proposal. */
interface Decision {
  id: string
  status: string
  decided?: { by: string; draft?: number; tid?: string; reason?: string; despite?: string[] }
  review?: ShownReview
}

/** A case as GetCaseCommand shows it. */
export interface ShownCase {
  id: string
  holder: string
  selector: string
  time: Date
  args: string
  intent?: string
  author: string
  drafted: { model: string; persona: string | null }
  gates: string[]
  judging?: string
  drafts: {
    attempt: number
    source: string
    passed: boolean
    way?: string
    gate?: string
    sentence: string
  }[]
  vote: {
    passed: number
    alike: number
    needed: number
    probes: number
    ways?: number
    rule?: string
    verdict?: string
  } | null
  examples: number
  proposal?: Decision
  outcome:
    | { kind: 'installed' }
    | { kind: 'parked'; why: string }
    | { kind: 'refused'; code: string; message: string }
}

/** What a case came to, as it stands now. */
export function outcomeText(
  outcome: string,
  proposal: Pick<Decision, 'id' | 'status'> | undefined,
) {
  if (proposal === undefined) return outcome === 'parked' ? 'left to a person' : outcome
  const { id, status } = proposal
  if (status === 'open') return `waits for a person as proposal ${id}`
  if (status === 'gone') return `went to a person as proposal ${id}, which is no longer kept`
  return `went to a person as proposal ${id}, which is ${status}`
}

export function CaseBody(props: { one: ShownCase }): JSX.Element {
  const { one } = props
  const { id, args, intent, author, drafted, gates, drafts, examples, judging } = one
  const by = drafted.persona === null ? drafted.model : `${drafted.persona} (${drafted.model})`
  return h(
    'div',
    { class: 'case' },
    h('p', null, `Asked by ${author} with (${args}), drafted by ${by}.`),
    intent === undefined ? null : h('p', { class: 'comment' }, `Intent: ${intent}`),
    h(
      'ol',
      { class: 'steps', 'aria-label': `Drafts of case ${id}` },
      drafts.map((draft, index) => h(DraftView, { key: index, draft })),
    ),
    h('p', null, h('strong', null, 'Vote: '), voteText(one)),
    one.vote?.rule === undefined
      ? null
      : h('p', { class: 'hint' }, `A method comes in ${one.vote.rule}.`),
    examples === 0
      ? null
      : h('p', null, `${counted(examples, 'answer')} of people had to be given again.`),
    h(Outcome, { one }),
    h('p', { class: 'hint' }, `Gates in their order: ${gates.join(', ')}.`),
    judging === undefined ? null : h('p', { class: 'hint' }, `Judged by code ${judging}.`),
  )
}

function Outcome(props: { one: ShownCase }): JSX.Element {
  const { outcome, proposal } = props.one
  if (outcome.kind === 'refused') return h('p', null, `Refused: ${outcome.message}`)
  if (outcome.kind === 'installed') return h('p', null, 'Installed.')
  const { decided, review } = proposal ?? {}
  const how = outcomeText(outcome.kind, proposal)
  return h(
    'div',
    null,
    h('p', null, `It ${how}. ${outcome.why}.`),
    decided === undefined ? null : h('p', null, decidedText(decided)),
    (decided?.despite ?? []).map((one) =>
      h('p', { key: one, class: 'hint bad' }, `Despite a veto: ${one}.`),
    ),
    review === undefined ? null : h(ReviewView, { review }),
  )
}

function decidedText({ by, draft, tid, reason }: NonNullable<Decision['decided']>): string {
  const what =
    tid === undefined ? '' : draft === undefined ? ', a source of their own' : `, draft ${draft}`
  const at = tid === undefined ? '' : `, transaction ${tid}`
  return `Decided by ${by}${what}${at}${reason === undefined ? '.' : `: ${reason}`}`
}

function DraftView(props: { draft: ShownCase['drafts'][number] }): JSX.Element {
  const { attempt, source, passed, way, gate, sentence } = props.draft
  const title = passed ? 'Passed' : `Refused by ${gate ?? 'a gate'}`
  const asked = way === undefined ? '' : `, asked for as ${way}`
  return h(
    'li',
    { class: `step trial ${passed ? 'ok' : 'bad'}` },
    h('span', { class: 'step-title' }, title),
    h('span', { class: 'muted' }, ` attempt ${attempt}${asked} · `),
    sentence,
    source === ''
      ? null
      : h(
          'details',
          null,
          h('summary', null, `Source of attempt ${attempt}`),
          h(SourceCode, { source, label: `Source of attempt ${attempt}` }),
        ),
  )
}

function voteText({ vote }: ShownCase): string {
  if (vote === null) return 'there was none.'
  const { passed, alike, needed, probes, ways, verdict } = vote
  const calls = counted(probes, 'call')
  const did = `${alike} of ${passed} that passed behaved alike on ${calls}`
  if (verdict === undefined) return `${did}; ${needed} were needed.`
  const led = ways === undefined ? '' : `, by ${counted(ways, 'way')} of asking`
  return `${did}${led}: ${verdict}.`
}
