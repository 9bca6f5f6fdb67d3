// Owns: the verbs that show one object, and one method of it.
// Leaves: what an object holds to the kernel; values as text to value-text.ts.
// Laws: CL41 an object's own slots come first, then those of its parents in order of lookup, by holder. CL42 `source`
// prints the source alone, byte for byte.
import type { FullState, SlotState } from '#protocol'
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'
import type { Asker } from './powers.ts'
import { madeBy, versionOf } from './swap.ts'
import { plain, type Stream } from './terminal.ts'
import { clip, inline } from './value-text.ts'
import { whenOf } from './when.ts'

/** Columns that a slot's name is given before the rest of the line moves right for it alone. */
const NAME_COLUMNS = 24

/** `batos show TARGET` */
export async function show(
  command: Command,
  [target]: string[],
  options: { at?: string },
): Promise<void> {
  const fields = { target, ...pastOf(command, options) }
  await command.withKernel(({ client }) => printObject(command, client, fields))
}

/** The transaction or time that was asked for, as a field. */
function pastOf(command: Command, { at }: { at?: string }): { at?: string } {
  return at === undefined ? {} : { at: whenOf(at, command.powers.now()) }
}

/** `batos awaken` */
export async function awaken(command: Command): Promise<void> {
  await command.withKernel(async ({ client, world }) => {
    const more = { image: command.options.image, awakened: world?.awakened ?? false }
    await printObject(command, client, {}, more)
  })
}

async function printObject(
  command: Command,
  client: Asker,
  fields: { target?: string | undefined; at?: string },
  more: Record<string, unknown> = {},
): Promise<void> {
  const state = (await client.request('GetFullStateCommand', fields)) as FullState
  if (command.options.json) return command.print({ ...state, ...more }, () => undefined)
  const { out } = command.terminal
  const own = state.slots.filter(({ holder }) => holder === state.oid)
  const title = state.name === null ? state.oid : `${plain(state.name)}  ${state.oid}`
  out.line(out.style('bold', title))
  out.line(out.style('dim', `as of transaction ${state.tid}`))
  printSlots(out, 'Own slots', own)
  const holders = [...new Set(state.slots.map(({ holder }) => holder))]
  for (const holder of holders) {
    if (holder === state.oid) continue
    const name = await nameOf(client, holder, fields.at)
    const from = name === null ? holder : `${plain(name)} (${holder})`
    printSlots(
      out,
      `From ${from}`,
      state.slots.filter((slot) => slot.holder === holder),
    )
  }
}

async function nameOf(client: Asker, oid: string, at: string | undefined): Promise<string | null> {
  const fields = at === undefined ? { target: oid } : { target: oid, at }
  return ((await client.request('GetFullStateCommand', fields)) as FullState).name
}

function printSlots(out: Stream, title: string, slots: SlotState[]): void {
  out.line()
  out.line(slots.length === 0 ? `${title}: none` : title)
  const longest = Math.max(0, ...slots.map(({ name }) => plain(name).length))
  const width = Math.min(longest, NAME_COLUMNS)
  for (const slot of slots) {
    const head = `  ${plain(slot.name).padEnd(width)}  ${slot.kind.padEnd(6)}  `
    out.line(`${head}${clip(slotText(slot), Math.max(20, out.edge - head.length))}`)
  }
}

function slotText(slot: SlotState): string {
  if (slot.kind !== 'method') return inline(slot.value)
  const by = slot.model || slot.author || ''
  const version = `v${slot.version ?? 1}${by === '' ? '' : ` by ${plain(by)}`}`
  const comment = slot.comment ? `  ${plain(slot.comment)}` : ''
  const { state } = slot
  const standing = state === undefined || state === 'durable' ? '' : ` (${state})`
  return `${parametersOf(slot.source ?? '')}  ${version}${standing}${comment}`
}

/** The parameters of a method as its source writes them, without the receiver. */
export function parametersOf(source: string): string {
  const open = source.indexOf('(')
  let depth = 0
  for (let i = open; i >= 0 && i < source.length; i++) {
    const character = source[i] as string
    if (`'"\``.includes(character)) i = endOfText(source, i)
    else if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character) && --depth === 0) {
      const inside = source.slice(open + 1, i)
      return `(${inside.replace(/^\s*self\b[^,]*(,\s*|$)/, '').trim()})`
    }
  }
  return '(…)'
}

/** The index of the quote that ends the text which begins at `start`. */
function endOfText(source: string, start: number): number {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (source[i] === source[start]) return i
  }
  return source.length
}

/** `batos source TARGET SELECTOR` */
export async function source(
  command: Command,
  [target = '', selector = '']: string[],
  options: { at?: string; ofVersion?: number },
): Promise<void> {
  if (options.ofVersion !== undefined) {
    return oldSource(command, target, selector, options.ofVersion)
  }
  const fields = { target, ...pastOf(command, options) }
  const state = (await command.ask('GetFullStateCommand', fields)) as FullState
  const slot = state.slots.find(({ name }) => name === selector)
  if (slot?.kind !== 'method') {
    const what = slot === undefined ? 'nothing' : `data: ${clip(inline(slot.value), 60)}`
    throw cliFault(
      'TARGET_UNKNOWN',
      `${target} has no method ${selector}; under that name it has ${what}`,
      { target, selector },
      `\`batos show ${target}\` lists its methods.`,
    )
  }
  const { out, err } = command.terminal
  command.print({ target, selector, ...slot }, () => {
    const held = slot.holder === state.oid ? '' : `, held by ${slot.holder}`
    const by = plain(slot.model || slot.author || 'nobody')
    const vote = slot.votes === undefined ? '' : `, ${slot.votes} of ${slot.of} drafts alike`
    const stands = slot.state === undefined || slot.state === 'durable' ? '' : `, ${slot.state}`
    err.line(
      `${selector} of ${target}: version ${slot.version} by ${by}${vote}${held}, at ${slot.tid}${stands}`,
    )
    if (slot.comment) err.line(plain(slot.comment))
    const text = slot.source ?? ''
    out.write(out.foreign(text.endsWith('\n') ? text : `${text}\n`))
  })
}

/** `batos source TARGET SELECTOR --version N` */
async function oldSource(
  command: Command,
  target: string,
  selector: string,
  version: number,
): Promise<void> {
  const one = await versionOf(command, target, selector, version)
  const { out, err } = command.terminal
  command.print({ target, ...one, name: selector }, () => {
    err.line(plain(`${selector} of ${target}: version ${version} ${madeBy(one)}, ${one.state}`))
    if (one.comment) err.line(plain(one.comment))
    const text = one.source ?? ''
    out.write(out.foreign(text.endsWith('\n') ? text : `${text}\n`))
  })
}
