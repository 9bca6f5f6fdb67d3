// Owns: the verbs about the Crucible's cases: which there are, and what one did.
// Leaves: the cases to the kernel; proposals to proposal.ts.
// Laws: CL111 a case is shown with who drafted, each draft and its gate, the vote, and what became of it.
import type { Command } from './command.ts'
import { counted } from './diff-text.ts'
import { type ShownTests, testLines } from './proposal.ts'
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
    for (const { id, holder, selector, model, drafts, passed, outcome } of answer.cases) {
      const what = `${answer.places[holder] ?? holder} ${selector}`
      const fared = `${counted(drafts, 'draft')} of ${model}, ${passed} passed`
      out.line(plain(`${id}  ${outcome}  ${what}  ${fared}`))
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
  drafts: { attempt: number; source: string; passed: boolean; gate?: string; sentence: string }[]
  vote: { passed: number; alike: number; needed: number; probes: number } | null
  examples: number
  outcome: { kind: string; why?: string; code?: string; message?: string }
  tests?: ShownTests
  places: Record<string, string>
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
    `Gates: ${gates.join(', ')}`,
    `Tests: ${counted(shown.examples, 'answer')} of people`,
  ]
  for (const { attempt, source, passed, gate, sentence } of drafts) {
    const verdict = passed ? `passed: ${sentence}` : `refused at ${gate ?? 'a gate'}: ${sentence}`
    const indented = source
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`)
    lines.push('', `Draft ${attempt} ${verdict}`, ...indented)
  }
  lines.push('')
  if (vote !== null) {
    const { alike, passed, needed, probes } = vote
    lines.push(
      `Vote: ${alike} of ${passed} behave alike on ${counted(probes, 'call')}; ${needed} must`,
    )
  }
  return [
    ...lines,
    outcomeText(shown.outcome),
    ...testLines(selector, shown.tests, 'the proposal’s draft'),
  ]
}

function outcomeText({ kind, why, code, message }: Shown['outcome']): string {
  if (kind === 'installed') return 'Installed.'
  if (kind === 'parked') return `It waits for a person: ${why}`
  return `Refused with ${code}: ${message}`
}
