// Owns: `batos tell`: plain words as messages, each shown before it is sent, its reply on stdout; the question which of several
// readings is meant.
// Leaves: reading the words to the kernel's mind; methods that wait for a person to decide.ts.
// Laws: CL120 each message is shown as a `batos send` before it is sent, and replies alone are on stdout. CL121 what is not
// sure is asked at a terminal and refused elsewhere; nothing is sent meanwhile. CL122 --dry-run sends nothing.
import { asFault } from '#ground'
import { type Command, quoted } from './command.ts'
import { decide, stillParked } from './decide.ts'
import { Narrator } from './narrator.ts'
import type { Asker } from './powers.ts'
import { Parked, worldFor } from './send.ts'
import { plain } from './terminal.ts'
import { outline, readArgument, toJson } from './value-text.ts'

interface TellWords {
  target?: string
  dryRun?: boolean
  key?: string
  model?: string
  quiet?: boolean
}

/** A message as TellCommand and its events have it. */
interface Shown {
  target: string
  selector: string
  args: unknown[]
  intent?: string
}

interface Told {
  messages: Shown[]
  answers: unknown[]
  tids: (string | null)[]
}

/** `batos tell TEXT…` */
export async function tell(command: Command, words: string[], options: TellWords): Promise<void> {
  const { target, key, dryRun } = options
  const fields = {
    text: words.join(' '),
    ...(target === undefined ? {} : { target }),
    ...(key === undefined ? {} : { key }),
    ...(dryRun === true ? { preview: true } : {}),
  }
  const told = await command.withKernel(
    ({ client }) => askUntilSure(command, client, fields, options),
    () => worldFor(command, options),
  )
  command.print(told, () => {
    if (dryRun !== true) return
    for (const message of told.messages) command.terminal.out.line(sendLine(message))
  })
  if (dryRun === true) return
  const undo = undoWords(told.tids)
  if (options.quiet !== true && undo !== undefined) {
    command.terminal.err.line(`Take it back with: ${command.hint(undo)}`)
  }
}

/** Asks the person where the words can be read in several ways. */
async function askUntilSure(
  command: Command,
  client: Asker,
  fields: Record<string, unknown>,
  options: TellWords,
): Promise<Told> {
  try {
    return await once(command, client, fields, options)
  } catch (error) {
    const fault = asFault(error)
    const readings = readingsOf(fault)
    if (readings.length === 0) throw error
    const { err } = command.terminal
    err.line(plain(`Nothing was sent: ${fault?.message}.`))
    const picked = await pick(command, readings)
    if (picked === undefined) throw error
    return await once(command, client, { ...fields, messages: picked }, options)
  }
}

function readingsOf(fault: { code: string; data?: unknown } | undefined): Shown[][] {
  if (fault?.code !== 'GENERATION_REFUSED') return []
  const { options } = (fault.data ?? {}) as { options?: { messages: Shown[] }[] }
  return options?.map(({ messages }) => messages) ?? []
}

async function pick(command: Command, readings: readonly Shown[][]): Promise<Shown[] | undefined> {
  const { err } = command.terminal
  for (const [i, messages] of readings.entries()) {
    err.line(`  [${i + 1}] ${messages.map(sendLine).join('; ')}`)
  }
  const { ask } = command.powers
  if (ask === undefined) return undefined
  for (;;) {
    const answer = (await ask('Which is meant?  [n] none ', command.signal))?.trim().toLowerCase()
    if (answer === undefined || answer === 'n') return undefined
    const reading = /^\d$/.test(answer) ? readings[Number(answer) - 1] : undefined
    if (reading !== undefined) return reading
  }
}

/** Tells the words once; a message that is parked is decided about, or left. */
async function once(
  command: Command,
  client: Asker,
  fields: Record<string, unknown>,
  options: TellWords,
): Promise<Told> {
  const { err, out } = command.terminal
  const quiet = options.quiet === true
  const parked = new Parked()
  let narrator: Narrator | undefined
  const onEvent = (event: Record<string, unknown>) => {
    if (event.kind === 'message') {
      const message = event as unknown as Shown
      narrator = new Narrator(err, { target: message.target, selector: message.selector })
      if (!quiet) err.line(sendLine(message))
    } else if (event.kind === 'answer') {
      const { result } = event
      if (command.options.json) return
      out.line(typeof result === 'string' ? out.foreign(result) : outline(result, out.columns))
    } else if (!quiet) {
      narrator ??= new Narrator(err, { target: '', selector: '' })
      narrator.tell(event)
    }
    if (event.kind === 'parked') parked.put(String(event.proposal), String(event.reason))
  }
  const answered = client.request('TellCommand', fields, { onEvent, signal: command.signal })
  // Whoever leaves a parked message to others closes the connection under it.
  answered.catch(() => undefined)
  for (;;) {
    const got = await Promise.race([answered.then((told) => ({ told })), parked.next()])
    if ('told' in got) return got.told as Told
    if (await decide(command, client, got.proposal)) continue
    throw stillParked(command, got.proposal, got.why, options.key)
  }
}

/** A message as it would be typed. */
export function sendLine({ target, selector, args, intent }: Shown): string {
  const words = args.map(wordOf)
  const more = intent === undefined ? [] : ['--intent', quoted(intent)]
  // What begins with a dash would be an option.
  const rest = words.some((word) => word.startsWith('-')) ? ['--', ...words] : words
  return plain(['batos send', quoted(target), quoted(selector), ...more, ...rest].join(' '))
}

/** An argument as it is typed so that it is read as this very value. */
function wordOf(value: unknown): string {
  if (typeof value === 'string' && readArgument(value) === value) return quoted(value)
  return quoted(JSON.stringify(toJson(value)))
}

/** The words that take back what these transactions changed. */
function undoWords(tids: readonly (string | null)[]): string | undefined {
  const made = tids.filter((tid) => tid !== null).map(Number)
  const [first] = made
  const last = made.at(-1)
  if (first === undefined || last === undefined) return undefined
  if (first === last) return `undo ${first}`
  const isRow = made.every((tid, i) => tid === first + i)
  return isRow
    ? `undo ${first}..${last}`
    : made
        .toReversed()
        .map((tid) => `undo ${tid}`)
        .join('; ')
}
