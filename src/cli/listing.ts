// Owns: the verbs that list: names, and transactions of the image, of an object, of a slot.
// Leaves: what is listed to the kernel.
// Laws: CL40 a list is whole: what one page does not hold is asked for page by page, or its end is told.
import { asFault } from '#ground'
import type { Command } from './command.ts'
import type { Asker } from './powers.ts'
import { plain } from './terminal.ts'
import { clip } from './value-text.ts'
import { whenOf } from './when.ts'

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
  /** What it changed is known only in part. */
  packed?: true
}

/** As GetHistoryCommand answers: `next` is where the rest begins when the kernel looked at much and found little. */
interface Page {
  entries: Entry[]
  next?: string
  places?: Record<string, string>
}

/** What the verbs that list transactions take. */
interface ListOptions {
  limit?: number
  before?: string
  author?: string
  since?: string
  at?: string
}

/** Transactions asked for in one page of the wire. */
const PAGE = 1_000

/** `batos ls [PREFIX]` */
export async function ls(
  command: Command,
  [prefix]: string[],
  { at }: { at?: string },
): Promise<void> {
  const fields = {
    ...(prefix === undefined ? {} : { prefix }),
    ...(at === undefined ? {} : { at: whenOf(at, command.powers.now()) }),
  }
  const objects = await command.withKernel(({ client }) => allNames(client, fields))
  const { out, err } = command.terminal
  command.print({ objects }, () => {
    const width = Math.max(0, ...objects.map(({ name }) => name.length))
    for (const { name, oid } of objects) {
      out.line(`${out.foreign(name.padEnd(width))}  ${out.style('dim', oid)}`)
    }
    if (objects.length > 0) return
    err.line(prefix === undefined ? 'No object has a name.' : `No name begins with ${prefix}.`)
  })
}

async function allNames(client: Asker, fields: Record<string, unknown>): Promise<Names['objects']> {
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

/** `batos log [--object TARGET]` */
export async function log(
  command: Command,
  _words: string[],
  { object, ...options }: ListOptions & { object?: string },
): Promise<void> {
  await list(command, object === undefined ? {} : { target: object }, options)
}

/** `batos history TARGET [SLOT]`, the slot also as TARGET.SLOT. */
export async function history(
  command: Command,
  [target = '', slot]: string[],
  options: ListOptions,
): Promise<void> {
  if (slot !== undefined) return list(command, { target, slot }, options)
  try {
    return await list(command, { target }, options)
  } catch (error) {
    // A name may have dots, so the object comes first; what follows the last dot is a slot otherwise.
    const dot = target.lastIndexOf('.')
    if (asFault(error)?.code !== 'TARGET_UNKNOWN' || dot <= 0 || dot === target.length - 1) {
      throw error
    }
    const about = { target: target.slice(0, dot), slot: target.slice(dot + 1) }
    return await list(command, about, options)
  }
}

async function list(
  command: Command,
  about: { target?: string; slot?: string },
  options: ListOptions,
): Promise<void> {
  const { limit = 20, before, author, since, at } = options
  const now = command.powers.now()
  const fields = {
    ...about,
    ...(author === undefined ? {} : { author }),
    ...(since === undefined ? {} : { since: whenOf(since, now, true) }),
    ...(at === undefined ? {} : { at: whenOf(at, now) }),
  }
  const found = await command.withKernel(({ client }) =>
    transactions(client, fields, { limit, before, signal: command.signal }),
  )
  printEntries(command, found, { limit, about })
}

/** Page after page, until there are enough or nothing is left. */
async function transactions(
  client: Asker,
  fields: Record<string, unknown>,
  { limit, ...how }: { limit: number; before: string | undefined; signal: AbortSignal },
): Promise<Required<Omit<Page, 'next'>>> {
  const entries: Entry[] = []
  const places: Record<string, string> = {}
  let { before } = how
  for (;;) {
    const asked = Math.min(limit - entries.length, PAGE)
    const request = { ...fields, limit: asked, ...(before === undefined ? {} : { before }) }
    const page = (await client.request('GetHistoryCommand', request, {
      signal: how.signal,
    })) as Page
    entries.push(...page.entries)
    Object.assign(places, page.places)
    before = page.next ?? (page.entries.length === asked ? page.entries.at(-1)?.tid : undefined)
    if (before === undefined || entries.length >= limit) return { entries, places }
  }
}

function printEntries(
  command: Command,
  { entries, places }: { entries: Entry[]; places: Record<string, string> },
  { limit, about }: { limit: number; about: { target?: string; slot?: string } },
): void {
  const { out, err } = command.terminal
  command.print({ entries, places }, () => {
    const tids = Math.max(3, ...entries.map(({ tid }) => tid.length))
    const authors = Math.max(0, ...entries.map(({ author }) => plain(author).length))
    for (const { tid, time, author, note, changes, names, packed } of entries) {
      const parts = [tid.padStart(tids), localTime(time), plain(author).padEnd(authors)]
      const what = [
        plain(note),
        changesText(changes, places),
        namesText(names),
        packed === true ? '(packed)' : '',
      ].filter((one) => one !== '')
      const head = parts.join('  ')
      out.line(`${head}  ${clip(what.join('  '), Math.max(20, out.edge - head.length - 2))}`)
    }
    const last = entries.at(-1)
    if (last !== undefined && entries.length === limit && last.tid !== '1') {
      err.line(`Older ones: --before ${last.tid}`)
    }
    if (entries.length > 0) return
    const { target, slot } = about
    if (target === undefined) return err.line('No transaction is like that.')
    const where = slot === undefined ? target : `${slot} of ${target}`
    err.line(`No transaction changed ${plain(where)}.`)
  })
}

/** Slots that are named of one change; the rest is counted. */
const SLOTS_SHOWN = 6

function changesText(changes: Entry['changes'], places: Record<string, string>): string {
  return changes
    .map(({ oid, slots }) => {
      const called = Object.hasOwn(places, oid) ? plain(places[oid] as string) : oid
      const more = slots.length > SLOTS_SHOWN ? ` and ${slots.length - SLOTS_SHOWN} more` : ''
      return `${called} ${slots.slice(0, SLOTS_SHOWN).map(plain).join(', ')}${more}`.trim()
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
