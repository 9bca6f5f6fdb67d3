// Owns: the verbs about methods that wait for a person, and about policies.
// Leaves: deciding to the kernel; the question at a terminal to decide.ts.
// Laws: CL102 whoever leaves a parked message is told how to go on.
import { type Command, quoted } from './command.ts'
import { counted } from './diff-text.ts'
import { cliFault } from './faults.ts'
import { chosenModel, providerOf } from './models.ts'
import { plain } from './terminal.ts'
import { inline, readArgument } from './value-text.ts'

/** A proposal as the wire lists it. */
interface Listed {
  id: string
  status: string
  holder: string
  receiver: string
  selector: string
  intent?: string
  author: string
  time: Date
  why: { code: string; sentence: string }
  waiting: number
}

/** What a reviewer said of a draft. */
export interface ShownReview {
  persona: string
  text: string
  veto: {
    holds: boolean
    sentence: string
    overturned?: { by: string; sentence: string }
  } | null
  /** What it answered to a veto before it. */
  overturns?: { persona: string; stands: boolean; sentence: string }
}

/** Tests of the drafts, by somebody who has seen none. */
export interface ShownTests {
  persona: string
  model: string
  ran: {
    slots: Record<string, unknown>
    args: unknown[]
    expected?: unknown
    fails?: true
    drafts: { agrees: boolean; did: string }[]
  }[]
}

/** A proposal as the wire shows it. */
export interface Shown extends Omit<Listed, 'drafts'> {
  args: unknown[]
  drafts: {
    source: string
    votes: number
    reply?: unknown
    fails?: string
    warnings?: string[]
  }[]
  question?: {
    call: { sets: { target: string; slot: string; value: unknown }[]; args: unknown[] }
    options: { draft: number; text: string }[]
  }
  model: string
  review?: { draft: number; reviews: ShownReview[] }
  /** Vetoes that stand, by draft. */
  vetoes?: string[][]
  case?: string
  tests?: ShownTests
  decided?: { by: string; draft?: number; tid?: string; reason?: string; despite?: string[] }
  places: Record<string, string>
}

/** `batos proposal ls` */
export async function proposalLs(command: Command): Promise<void> {
  const answer = (await command.ask('ListProposalsCommand')) as {
    proposals: Listed[]
    places: Record<string, string>
  }
  const { out } = command.terminal
  command.print(answer, () => {
    const { proposals, places } = answer
    if (proposals.length === 0) return out.line('No method waits for a person.')
    for (const { id, status, holder, selector, why, waiting } of proposals) {
      const what = `${places[holder] ?? holder} ${plain(selector)}`
      const waits = status === 'open' ? `${counted(waiting, 'message')} parked; ` : ''
      out.line(`${id}  ${status}  ${plain(what)}  ${waits}${plain(why.sentence)}`)
    }
  })
}

/** `batos proposal show ID` */
export async function proposalShow(command: Command, [id = '']: string[]): Promise<void> {
  const shown = (await command.ask('GetProposalCommand', { proposal: id })) as Shown
  const { out } = command.terminal
  command.print(shown, () => {
    for (const line of linesOf(shown)) out.line(line)
    if (shown.status !== 'open') return
    out.line()
    const isVetoed = (shown.vetoes?.[0] ?? []).length > 0
    const own = shown.drafts.length === 0 ? ' --source FILE' : ''
    const accept = `proposal accept ${id}${isVetoed ? ' --despite-veto' : own}`
    out.line(`Accept it with: ${command.hint(accept)}`)
    out.line(`Say what it should answer: ${command.hint(`proposal answer ${id} VALUE`)}`)
    out.line(`Reject it with: ${command.hint(`proposal reject ${id}`)}`)
  })
}

/** A proposal for the eye. */
function linesOf(shown: Shown): string[] {
  const { id, status, holder, selector, author, model, why, intent, drafts, question } = shown
  const calls = shown.args.map((one) => inline(one)).join(', ')
  const waits = status === 'open' ? `; ${counted(shown.waiting, 'message')} parked` : ''
  const lines = [
    `${id}: ${shown.places[holder] ?? holder} ${selector}${calls === '' ? '' : ` (${calls})`}`,
    `${status}${waits}; asked by ${author}, written by ${model}`,
    why.sentence,
    ...(intent === undefined ? [] : [`Intent: ${intent}`]),
    ...(shown.case === undefined ? [] : [`How it was judged: batos crucible show ${shown.case}`]),
  ]
  const { decided } = shown
  if (decided !== undefined) {
    const how = decided.draft === undefined ? '' : `, draft ${decided.draft}`
    lines.push(`Decided by ${decided.by}${how}${decided.reason ? `: ${decided.reason}` : ''}`)
    for (const one of decided.despite ?? []) lines.push(`  Despite a veto: ${one}`)
  }
  for (const [i, { source, votes, reply, fails, warnings }] of drafts.entries()) {
    const does = fails === undefined ? `answers ${inline(reply)}` : `fails: ${fails}`
    lines.push('', `Draft ${i}, ${counted(votes, 'vote')}, ${does}:`)
    lines.push(
      ...source
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`),
    )
    for (const warning of warnings ?? []) lines.push(`  Warning: ${warning}`)
    for (const one of shown.vetoes?.[i] ?? []) lines.push(`  A veto stands: ${one}`)
  }
  lines.push(...testLines(shown.selector, shown.tests))
  if (shown.review !== undefined) {
    lines.push('', `Review of draft ${shown.review.draft}:`)
    lines.push(...shown.review.reviews.flatMap(reviewLines))
  }
  if (question !== undefined) {
    lines.push('', `The question: ${callText(shown)}`)
    for (const { draft, text } of question.options) lines.push(`  draft ${draft} ${text}`)
  }
  return lines.map(plain)
}

/** What each draft does on the tests of somebody who has seen none. */
export function testLines(
  selector: string,
  tests: ShownTests | undefined,
  drafts = 'draft',
): string[] {
  if (tests === undefined) return []
  const { persona, ran } = tests
  if (ran.length === 0) return ['', `${persona} wrote no test that could be run.`]
  const lines = ['', `Tests that ${persona} wrote without seeing a draft, which decide nothing:`]
  for (const { slots, args, expected, fails, drafts: each } of ran) {
    const state = Object.entries(slots).map(([name, value]) => `${name} ${inline(value)}`)
    const call = `${selector}(${args.map((one) => inline(one)).join(', ')})`
    const must = fails === true ? 'must refuse' : `must answer ${inline(expected)}`
    lines.push(`  ${state.length === 0 ? '' : `with ${state.join(', ')}, `}${call} ${must}:`)
    for (const [i, { agrees, did }] of each.entries()) {
      lines.push(`    ${drafts} ${i} ${agrees ? 'agrees' : did}`)
    }
  }
  return lines
}

export function reviewLines({ persona, text, veto, overturns }: ShownReview): string[] {
  const words = text.split('\n').map((line) => `    ${line}`)
  const answered =
    overturns === undefined
      ? []
      : [
          overturns.stands
            ? `  ${persona} overturns the veto of ${overturns.persona}: ${overturns.sentence}.`
            : `  ${persona} does not overturn the veto of ${overturns.persona}: ${overturns.sentence}.`,
        ]
  if (veto === null) return [`  ${persona}, who vetoes nothing:`, ...words, ...answered]
  const { holds, sentence, overturned } = veto
  const what =
    overturned !== undefined
      ? `The veto was overturned by ${overturned.by}`
      : holds
        ? 'The veto holds'
        : 'The veto is dropped'
  return [`  ${persona}:`, ...words, `  ${what}: ${sentence}.`, ...answered]
}

/** `batos proposal review ID [--draft N]` */
export async function proposalReview(
  command: Command,
  [id = '']: string[],
  { draft, model }: { draft?: number; model?: string },
): Promise<void> {
  const fields = { proposal: id, ...(draft === undefined ? {} : { draft }) }
  const { err, out } = command.terminal
  const chosen = async () => {
    const choice = await chosenModel(command, model)
    const provider = providerOf(command, choice, err.isTerminal, err)
    return { provider, policy: 'off' as const }
  }
  const onEvent = (event: Record<string, unknown>) => {
    if (event.kind === 'speaking') err.line(plain(`${String(event.persona)} reads it …`))
  }
  const done = (await command.withKernel(
    ({ client }) =>
      client.request('ReviewProposalCommand', fields, { signal: command.signal, onEvent }),
    chosen,
  )) as { draft: number; reviews: ShownReview[] }
  command.print(done, () => {
    for (const line of done.reviews.flatMap(reviewLines)) out.line(plain(line))
  })
}

/** The question's call: `with count 0 and add(3)`. */
export function callText({ question, receiver, selector, args, places }: Shown): string {
  const call = question?.call ?? { sets: [], args }
  const sets = call.sets.map(({ target, slot, value }) => {
    const of = target === receiver ? '' : `${places[target] ?? target} `
    return `${of}${slot} ${inline(value)}`
  })
  const sent = `${selector}(${call.args.map((one) => inline(one)).join(', ')})`
  return sets.length === 0 ? `with ${sent}` : `with ${sets.join(', ')} and ${sent}`
}

interface Accepted {
  tid: string
  version: number
  waiting: number
  example: boolean
  /** Why the answer is not kept. */
  unkept?: string
  warnings?: string[]
}

/** `batos proposal accept ID [--draft N] [--source FILE] [--despite-veto]` */
export async function proposalAccept(
  command: Command,
  [id = '']: string[],
  { draft, source: file, despiteVeto }: { draft?: number; source?: string; despiteVeto?: boolean },
): Promise<void> {
  if (draft !== undefined && file !== undefined) {
    throw cliFault('FIELD_INVALID', 'Either a draft is accepted, or a source of your own.')
  }
  const source = file === undefined ? undefined : await readSource(command, file)
  const fields = {
    proposal: id,
    ...(draft === undefined ? {} : { draft }),
    ...(source === undefined ? {} : { source }),
    ...(despiteVeto === true ? { despiteVeto } : {}),
  }
  const done = (await command.ask('AcceptProposalCommand', fields)) as Accepted
  command.print(done, () => command.terminal.out.line(acceptedText(done)))
}

/** What an acceptance did, in a sentence or more. */
export function acceptedText(done: Accepted): string {
  const { version, tid, waiting, example, unkept, warnings = [] } = done
  const again = waiting === 0 ? '' : ` ${counted(waiting, 'message')} that waited went on.`
  const kept = example ? ' The answer is kept: later drafts must give it too.' : ''
  const lost = unkept === undefined ? '' : ` The answer is not kept: ${plain(unkept)}.`
  const lines = [`Installed: version ${version}, transaction ${tid}.${again}${kept}${lost}`]
  return [...lines, ...warnings.map((one) => `Warning: ${plain(one)}`)].join('\n')
}

interface Answered {
  waiting: number
  example: boolean
  drawn: boolean
}

/** `batos proposal answer ID [VALUE] [--fails] [--no-draw]` */
export async function proposalAnswer(
  command: Command,
  [id = '', value]: string[],
  { fails = false, draw = true }: { fails?: boolean; draw?: boolean },
): Promise<void> {
  if ((value === undefined) !== fails) {
    const which = 'Say what it should answer, or --fails when it must refuse.'
    throw cliFault('FIELD_INVALID', which)
  }
  const answer = value === undefined ? { fails: true } : { value: readArgument(value) }
  const fields = { proposal: id, ...answer, ...(draw ? {} : { draw: false }) }
  await tellAnswered(command, fields)
}

/** `batos proposal draw ID` */
export async function proposalDraw(command: Command, [id = '']: string[]): Promise<void> {
  await tellAnswered(command, { proposal: id })
}

async function tellAnswered(command: Command, fields: Record<string, unknown>): Promise<void> {
  const done = (await command.ask('AnswerProposalCommand', fields)) as Answered
  command.print(done, () => command.terminal.out.line(answeredText(done)))
}

/** What an answer did, in a sentence or more. */
export function answeredText({ waiting, example, drawn }: Answered): string {
  const kept = example ? 'The answer is kept: later drafts must give it. ' : ''
  if (!drawn) return `${kept}The proposal stays as it is.`
  if (waiting === 0) return `${kept}Nobody waits: the next such message has it drafted anew.`
  const asks = waiting === 1 ? 'asks' : 'ask'
  return `${kept}${counted(waiting, 'message')} that waited ${asks} for new drafts now.`
}

/** The text of a file, or of stdin for `-`. Faults TARGET_UNKNOWN. */
export async function readSource(command: Command, file: string): Promise<string> {
  const { files, readInput } = command.powers
  const text = file === '-' ? await readInput() : await files.readText(files.absolute(file))
  if (text !== undefined) return text
  throw cliFault('TARGET_UNKNOWN', `there is no file ${quoted(file)}`, { file }, 'Name a file.')
}

/** `batos proposal reject ID [--reason TEXT]` */
export async function proposalReject(
  command: Command,
  [id = '']: string[],
  { reason }: { reason?: string },
): Promise<void> {
  const fields = { proposal: id, ...(reason === undefined ? {} : { reason }) }
  const done = (await command.ask('RejectProposalCommand', fields)) as { waiting: number }
  command.print(done, () => {
    const ended = done.waiting === 0 ? '' : ` ${counted(done.waiting, 'message')} ended.`
    command.terminal.out.line(`Rejected.${ended}`)
  })
}

/** `batos policy [auto|review|off] [TARGET] [SELECTOR]` */
export async function policy(
  command: Command,
  [policy, target, selector]: string[],
): Promise<void> {
  const { out } = command.terminal
  if (policy !== undefined) {
    if (!['auto', 'review', 'off'].includes(policy)) {
      throw cliFault('FIELD_INVALID', `${quoted(policy)} is no policy: auto, review or off`)
    }
    const where = {
      // A dot stands for every object, so that a selector can be named alone.
      ...(target === undefined || target === '.' ? {} : { target }),
      ...(selector === undefined ? {} : { selector }),
    }
    await command.ask('SetPolicyCommand', { policy, ...where })
    return command.print({ policy, ...where }, () => out.line(placeText({ policy, ...where }, {})))
  }
  const answer = (await command.ask('ListPoliciesCommand')) as {
    policy: string
    policies: PolicyPlace[]
    places: Record<string, string>
  }
  command.print(answer, () => {
    out.line(`${answer.policy.padEnd(6)}  this kernel`)
    for (const one of answer.policies) out.line(placeText(one, answer.places))
  })
}

interface PolicyPlace {
  policy: string
  target?: string
  selector?: string
}

function placeText({ policy, target, selector }: PolicyPlace, places: Record<string, string>) {
  const of = target === undefined ? 'every object' : (places[target] ?? target)
  return plain(`${policy.padEnd(6)}  ${of}${selector === undefined ? '' : ` ${selector}`}`)
}
