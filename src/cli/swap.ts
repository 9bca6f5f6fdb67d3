// Owns: the verbs about versions of a method: which there are, putting one back, keeping one, releasing one.
// Leaves: doing it to the kernel.
// Laws: CL130 every version is listed with its state, who made it, how it fares and what spoke against it. CL131 an older
// version is read, called and put back by its number.
import type { Command } from './command.ts'
import { counted } from './diff-text.ts'
import { cliFault } from './faults.ts'
import { plain, type Stream } from './terminal.ts'

/** A version as the wire lists it. */
export interface Version {
  version: number
  current: boolean
  state: string
  method?: string
  tid?: string
  source?: string
  comment?: string
  author?: string
  model?: string
  persona?: string
  accepted?: string
  verdict?: { probes?: number; votes?: number; of?: number; judge?: string }
  calls?: number
  faults?: number
  sessions?: number
  shadows?: { runs: number; same: number; differ: number; worse: number; better: number }
  evidence?: string[]
  quarantined?: string
  decided?: { by: string; reason: string; tid?: string }
}

interface Versions {
  holder: string
  selector: string
  versions: Version[]
}

/** `batos swap ls TARGET SELECTOR` */
export async function swapLs(command: Command, [target, selector]: string[]): Promise<void> {
  const found = (await command.ask('ListVersionsCommand', { target, selector })) as Versions
  command.print(found, () => {
    for (const one of found.versions) printVersion(command.terminal.out, one)
  })
}

function printVersion(out: Stream, one: Version): void {
  const { version, current, state, evidence = [], decided, quarantined } = one
  out.line(
    plain(`${current ? '*' : ' '} ${version}  ${state.padEnd(11)}  ${madeBy(one)}${fares(one)}`),
  )
  if (decided !== undefined) out.line(plain(`      ${decided.by}: ${decided.reason}`))
  if (quarantined !== undefined) out.line(plain(`      does not run: ${quarantined}`))
  for (const sentence of evidence) out.line(plain(`      ${sentence}`))
}

/** Who made a version, and how sure its drafts were. */
export function madeBy({
  model,
  author,
  accepted,
  persona,
  verdict,
  method,
  tid,
}: Version): string {
  if (method === undefined) return 'packed away'
  const by = model || author || 'nobody'
  const voice = persona === undefined ? '' : ` as ${persona}`
  const { votes, of, judge } = verdict ?? {}
  const vote = votes === undefined ? '' : `, ${votes} of ${of} drafts alike`
  const taken = accepted === undefined ? '' : `, accepted by ${accepted}`
  const judged = judge === undefined ? '' : `, judged by code ${judge}`
  return `by ${by}${voice}${vote}${taken}${judged}, at ${tid}`
}

function fares({ calls = 0, faults = 0, sessions = 0, shadows }: Version): string {
  if (calls === 0) return ''
  const failed = faults === 0 ? '' : `, ${faults} failed`
  const told = `; ${counted(calls, 'call')} in ${counted(sessions, 'session')}${failed}`
  if (shadows === undefined || shadows.runs === 0) return told
  const { runs, same, worse, better } = shadows
  const more = [
    `${same} of ${runs} like the version before`,
    ...(worse === 0 ? [] : [`${worse} failed where it answers`]),
    ...(better === 0 ? [] : [`${better} answered where it fails`]),
  ]
  return `${told}; ${more.join(', ')}`
}

interface Done {
  tid: string | null
  version: number
}

/** `batos swap back TARGET SELECTOR [--to N]` */
export async function swapBack(
  command: Command,
  [target, selector]: string[],
  { to }: { to?: number },
): Promise<void> {
  const fields = { target, selector, ...(to === undefined ? {} : { to }) }
  const done = (await command.ask('SwapBackCommand', fields)) as Done
  command.print(done, () =>
    command.terminal.out.line(`Version ${done.version} is back, transaction ${done.tid}.`),
  )
}

/** `batos swap keep TARGET SELECTOR` */
export async function swapKeep(command: Command, [target, selector]: string[]): Promise<void> {
  const done = (await command.ask('KeepVersionCommand', { target, selector })) as Done
  command.print(done, () =>
    command.terminal.out.line(`Version ${done.version} stays, transaction ${done.tid}.`),
  )
}

/** `batos swap release TARGET SELECTOR [--version N]` */
export async function swapRelease(
  command: Command,
  [target, selector]: string[],
  { ofVersion: version }: { ofVersion?: number },
): Promise<void> {
  const fields = { target, selector, ...(version === undefined ? {} : { version }) }
  const done = (await command.ask('ReleaseVersionCommand', fields)) as Done
  command.print(done, () => {
    const told = done.tid === null ? '' : `, transaction ${done.tid}`
    command.terminal.out.line(`Version ${done.version} runs again${told}.`)
  })
}

/** One version with its source, for `batos source --version N`. Faults TARGET_UNKNOWN. */
export async function versionOf(
  command: Command,
  target: string,
  selector: string,
  version: number,
): Promise<Version & { holder: string }> {
  const found = (await command.ask('ListVersionsCommand', { target, selector })) as Versions
  const one = found.versions.find((each) => each.version === version)
  if (one?.method !== undefined) return { ...one, holder: found.holder }
  throw cliFault(
    'TARGET_UNKNOWN',
    `the image has no version ${version} of ${selector} of ${target}`,
    { target, selector, version },
    `\`batos swap ls ${target} ${selector}\` lists them.`,
  )
}
