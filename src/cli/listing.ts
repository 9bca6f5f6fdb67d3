// Owns: the verbs that list: names, and transactions of the image, of an object, of a slot.
// Leaves: what is listed to the kernel.
// Laws: CL40 a list is whole: what one page does not hold is asked for page by page, or its end is told.
import type { Command } from './command.ts'
import type { Asker } from './powers.ts'
import { plain } from './terminal.ts'
import { clip } from './value-text.ts'

interface Names {
  objects: { name: string; oid: string }[]
  next?: string
}

/** One transaction as GetHistoryCommand answers it. */
interface Entry {
  tid: string
  time: Date
  author: string
  note: string
  changes: { oid: string; slots: string[] }[]
  names?: string[]
}

/** `batos ls [PREFIX]` */
export async function ls(command: Command, [prefix]: string[]): Promise<void> {
  const fields = prefix === undefined ? {} : { prefix }
  const objects = await command.withKernel(({ client }) => allNames(client, fields))
  const { out, err } = command.terminal
  command.print({ objects }, () => {
    const width = Math.max(0, ...objects.map(({ name }) => name.length))
    for (const { name, oid } of objects) {
      out.line(`${out.foreign(name.padEnd(width))}  ${out.style('dim', oid)}`)
    }
    if (objects.length === 0) err.line(`No object has a name that begins with ${prefix ?? ''}.`)
  })
}

async function allNames(client: Asker, fields: { prefix?: string }): Promise<Names['objects']> {
  const objects: Names['objects'] = []
  let after: string | undefined
  do {
    const page = after === undefined ? fields : { ...fields, after }
    const names = (await client.request('ListObjectsCommand', page)) as Names
    objects.push(...names.objects)
    after = names.next
  } while (after !== undefined)
  return objects
}

/** `batos log` */
export async function log(
  command: Command,
  _words: string[],
  options: { limit?: number; before?: string },
): Promise<void> {
  printEntries(command, await entries(command, options), options.limit)
}

/** `batos history TARGET [SLOT]` */
export async function history(
  command: Command,
  [target, slot]: string[],
  options: { limit?: number; before?: string },
): Promise<void> {
  const about = slot === undefined ? { target } : { target, slot }
  printEntries(command, await entries(command, { ...about, ...options }), options.limit)
}

async function entries(command: Command, fields: Record<string, unknown>): Promise<Entry[]> {
  return ((await command.ask('GetHistoryCommand', fields)) as { entries: Entry[] }).entries
}

function printEntries(command: Command, list: Entry[], limit: number | undefined): void {
  const { out, err } = command.terminal
  command.print({ entries: list }, () => {
    const tids = Math.max(3, ...list.map(({ tid }) => tid.length))
    const authors = Math.max(0, ...list.map(({ author }) => plain(author).length))
    for (const { tid, time, author, note, changes, names } of list) {
      const parts = [tid.padStart(tids), localTime(time), plain(author).padEnd(authors)]
      const what = [plain(note), changesText(changes), namesText(names)].filter((one) => one !== '')
      const head = parts.join('  ')
      out.line(`${head}  ${clip(what.join('  '), Math.max(20, out.edge - head.length - 2))}`)
    }
    const last = list.at(-1)
    if (last !== undefined && list.length === limit && last.tid !== '1') {
      err.line(`Older ones: --before ${last.tid}`)
    }
    if (list.length === 0) err.line('Nothing has happened there.')
  })
}

/** Slots that are named of one change; the rest is counted. */
const SLOTS_SHOWN = 6

function changesText(changes: Entry['changes']): string {
  return changes
    .map(({ oid, slots }) => {
      const more = slots.length > SLOTS_SHOWN ? ` and ${slots.length - SLOTS_SHOWN} more` : ''
      return `${oid} ${slots.slice(0, SLOTS_SHOWN).map(plain).join(', ')}${more}`.trim()
    })
    .join('; ')
}

const namesText = (names: string[] = []) =>
  names.length === 0 ? '' : `names ${names.map(plain).join(', ')}`

/** A time where the person is: `2026-01-31 09:05:00`. */
export function localTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`
}
