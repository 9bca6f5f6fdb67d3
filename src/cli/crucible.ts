// Owns: the verbs about the Crucible's cases: which there are, and what one did.
// Leaves: the cases to the kernel; proposals to proposal.ts.
// Laws: CL111 a case is shown with who drafted, each draft and its gate, the vote, and what became of it. CL115 where that is a proposal,
// it is named, with how it stands now, who decided and what reviewers said.
import type { Command } from './command.ts'
import { counted } from './diff-text.ts'
import { reviewLines, type ShownReview, type ShownTests, testLines } from './proposal.ts'
import { plain } from './terminal.ts'

interface Listed {
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

/** `batos crucible ls` */
export async function crucibleLs(command: Command): Promise<void> {
  const answer = (await command.ask('ListCasesCommand')) as {
    cases: Listed[]
    places: Record<string, string>
  }
  const { out } = command.terminal
  command.print(answer, () => {
    if (answer.cases.length === 0) return out.line('The Crucible has had no case yet.')
    for (const { id, holder, selector, model, drafts, passed, outcome, proposal } of answer.cases) {
      const what = `${answer.places[holder] ?? holder} ${selector}`
      const fared = `${counted(drafts, 'draft')} of ${model}, ${passed} passed`
      const now =
        proposal === undefined ? outcome : `${outcome} as ${proposal.id}, ${proposal.status}`
      out.line(plain(`${id}  ${now}  ${what}  ${fared}`))
    }
  })
}

interface Shown {
  id: string
  time: Date
  holder: string
  selector: string
  args: string
  intent?: string
  author: string
  drafted: { model: string; persona: string | null; prompt: string }
  gates: string[]
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
  outcome: { kind: string; why?: string; code?: string; message?: string }
  tests?: ShownTests
  judging?: string
  proposal?: ShownDecision
  places: Record<string, string>
}

/** What has become of a case's proposal. */
interface ShownDecision {
  id: string
  status: string
  decided?: { by: string; draft?: number; tid?: string; reason?: string; despite?: string[] }
  review?: { draft: number; reviews: ShownReview[] }
}

/** `batos crucible show ID` */
export async function crucibleShow(command: Command, [id = '']: string[]): Promise<void> {
  const shown = (await command.ask('GetCaseCommand', { case: id })) as Shown
  command.print(shown, () => {
    for (const line of linesOf(shown)) command.terminal.out.line(plain(line))
  })
}

function linesOf(shown: Shown): string[] {
  const { id, holder, selector, args, intent, author, drafted, gates, drafts, vote } = shown
  const { model, persona, prompt } = drafted
  const who = persona === null ? model : `${model} as ${persona}`
  const lines = [
    `${id}: ${shown.places[holder] ?? holder} ${selector}${args === '[]' ? '' : ` ${args}`}`,
    `asked by ${author}, drafted by ${who}, prompt ${prompt.slice(0, 12)}`,
    ...(intent === undefined ? [] : [`Intent: ${intent}`]),
    `Gates in their order: ${gates.join(', ')}`,
    ...(shown.judging === undefined ? [] : [`Judged by code ${shown.judging}`]),
    `Tests: ${counted(shown.examples, 'answer')} of people`,
  ]
  for (const { attempt, source, passed, way, gate, sentence } of drafts) {
    const verdict = passed ? `passed: ${sentence}` : `refused at ${gate ?? 'a gate'}: ${sentence}`
    const indented = source
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`)
    const asked = way === undefined ? '' : `, asked for as ${way},`
    lines.push('', `Draft ${attempt}${asked} ${verdict}`, ...indented)
  }
  lines.push('')
  if (vote !== null) {
    lines.push(...voteLines(vote))
  }
  return [
    ...lines,
    ...outcomeLines(shown),
    ...testLines(selector, shown.tests, 'the proposal’s draft'),
  ]
}

function voteLines({
  alike,
  passed,
  needed,
  probes,
  ways,
  rule,
  verdict,
}: NonNullable<Shown['vote']>): string[] {
  const did = `Vote: ${alike} of ${passed} behave alike on ${counted(probes, 'call')}`
  if (rule === undefined || verdict === undefined) return [`${did}; ${needed} must`]
  const led = ways === undefined ? '' : `, by ${counted(ways, 'way')} of asking`
  return [`${did}${led}: ${verdict}`, `  It comes in ${rule}`]
}

function outcomeLines({ outcome, proposal }: Shown): string[] {
  const { kind, why, code, message } = outcome
  if (kind === 'installed') return ['Installed.']
  if (kind !== 'parked') return [`Refused with ${code}: ${message}`]
  if (proposal === undefined) return [`It went to a person: ${why}`]
  const { id, status, decided, review } = proposal
  const lines =
    status === 'open'
      ? [`It waits for a person as proposal ${id}: ${why}`]
      : [`It went to a person as proposal ${id}: ${why}`, decisionText(proposal)]
  for (const despite of decided?.despite ?? []) lines.push(`  Despite a veto: ${despite}`)
  if (review !== undefined) {
    lines.push(`Review of its draft ${review.draft}:`, ...review.reviews.flatMap(reviewLines))
  }
  return lines
}

function decisionText({ id, status, decided }: ShownDecision): string {
  if (status === 'gone') return `What became of ${id} is no longer known: older decisions go.`
  if (decided === undefined) return `${id} is ${status}.`
  const { by, draft, tid, reason } = decided
  if (status === 'superseded') return `${id} is superseded: the slot was filled another way.`
  const what =
    status !== 'accepted'
      ? ''
      : draft === undefined
        ? ', a source of their own'
        : `, draft ${draft}`
  const at = tid === undefined ? '' : `, transaction ${tid}`
  return `${id} is ${status} by ${by}${what}${at}${reason === undefined ? '.' : `: ${reason}`}`
}
