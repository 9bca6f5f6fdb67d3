// Owns: the verbs that keep the image small and carry it elsewhere as text: pack, dump and load.
// Leaves: doing them to the kernel.
// Laws: CL89 `pack` takes a span in days, hours, minutes or 0, and tells its progress on stderr. CL90 a dump to `-` is the
// only thing on stdout, byte for byte what a file gets. CL91 `load` loads a dump whole, or says what is wrong with it.
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'

/** Milliseconds of each unit of a span. */
const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 }

/** Characters of a dump in one message: with its bytes in UTF-8 it is far below the largest frame. */
const PART = 2 * 1024 * 1024

/** Milliseconds in a span such as `7d`, `12h`, `30m` or `0`; undefined for anything else. */
export function spanOf(text: string): number | undefined {
  if (text === '0') return 0
  const parts = /^(\d{1,5})([dhm])$/.exec(text)
  return parts === null ? undefined : Number(parts[1]) * (UNITS[parts[2] as string] as number)
}

interface Packed {
  packedTo: string
  objectsRemoved: number
  revisionsRemoved: number
  objectsKept: number
}

/** `batos pack [--keep SPAN]` */
export async function pack(
  command: Command,
  _words: string[],
  { keep }: { keep?: number },
): Promise<void> {
  const { out, err } = command.terminal
  const fields = keep === undefined ? {} : { keep }
  const onEvent = ({ kind, detail }: Record<string, unknown>) => {
    if (kind === 'progress') err.flash(String(detail))
  }
  const packed = (await command.withKernel(({ client }) =>
    client.request('PackCommand', fields, { signal: command.signal, onEvent }),
  )) as Packed
  command.print(packed, () => {
    const { packedTo, objectsRemoved, revisionsRemoved, objectsKept } = packed
    out.line(`Packed to transaction ${packedTo}.`)
    out.line(
      `${revisionsRemoved} records and ${objectsRemoved} objects removed, ${objectsKept} objects kept`,
    )
  })
}

interface Page {
  tid: string
  text: string
  next?: string
}

/** `batos dump FILE` */
export async function dump(
  command: Command,
  [file = '']: string[],
  options: { at?: string },
): Promise<void> {
  const { text, tid } = await command.withKernel(async ({ client }) => {
    const pages: Page[] = []
    let fields: Record<string, unknown> = options
    for (;;) {
      const how = { signal: command.signal }
      const page = (await client.request('DumpCommand', fields, how)) as Page
      pages.push(page)
      if (page.next === undefined) break
      fields = { next: page.next }
    }
    return { text: pages.map((page) => page.text).join(''), tid: pages[0]?.tid }
  })
  const { out, err } = command.terminal
  if (file === '-') {
    if (command.options.json) return command.print({ tid, text }, () => undefined)
    out.write(out.foreign(text))
    return
  }
  const { files } = command.powers
  const path = files.absolute(file)
  await files.writePrivate(path, text)
  const bytes = Buffer.byteLength(text)
  command.print({ tid, file: path, bytes }, () => {
    out.line(`The world as of transaction ${tid} is in ${file}, ${bytes} bytes.`)
    err.line(`Load it into another image with: npx batos load ${file} --image DIR`)
  })
}

interface Loaded {
  tid: string
  objects: number
  methods: number
  names: number
}

/** `batos load FILE` */
export async function load(command: Command, [file = '']: string[]): Promise<void> {
  const { files, readInput } = command.powers
  const text = file === '-' ? await readInput() : await files.readText(files.absolute(file))
  if (text === undefined) {
    throw cliFault('TARGET_UNKNOWN', `there is no file ${file}`, { file }, 'Name a dump, or -.')
  }
  const loaded = (await command.withKernel(async ({ client }) => {
    let rest = text
    while (rest.length > PART) {
      const part = rest.slice(0, whole(rest, PART))
      rest = rest.slice(part.length)
      await client.request('LoadCommand', { text: part, more: true }, { signal: command.signal })
    }
    return client.request('LoadCommand', { text: rest }, { signal: command.signal })
  })) as Loaded
  command.print(loaded, () => {
    const { objects, methods, names, tid } = loaded
    const counts = `${objects} objects, ${methods} methods, ${names} names`
    command.terminal.out.line(`Loaded ${counts} as transaction ${tid}.`)
  })
}

/** Where to cut a text near `at` without cutting a character in two. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at - 1)
  return code >= 0xd800 && code < 0xdc00 ? at - 1 : at
}
