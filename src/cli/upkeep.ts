// Owns: the verbs that keep the image small and carry it elsewhere as text: pack, dump and load.
// Leaves: doing them to the kernel.
// Laws: CL89 `pack` takes a span in days, hours, minutes or 0, and tells its progress on stderr. CL90 a dump to `-` is the
// only thing on stdout, byte for byte what a file gets. CL91 `load` loads a dump whole, or says what is wrong with it.
import { type Command, quoted } from './command.ts'
import { counted } from './diff-text.ts'
import { cliFault } from './faults.ts'
import { whenOf } from './when.ts'

/** Characters of a dump in one message: with its bytes in UTF-8 it is far below the largest frame. */
const PART = 2 * 1024 * 1024

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
      `${counted(revisionsRemoved, 'record')} and ${counted(objectsRemoved, 'object')} removed, ${counted(objectsKept, 'object')} kept`,
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
    const at = options.at === undefined ? {} : { at: whenOf(options.at, command.powers.now()) }
    let fields: Record<string, unknown> = at
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
    err.line(`Load it into another image with: npx batos load ${quoted(file)} --image DIR`)
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
    const counts = [counted(objects, 'object'), counted(methods, 'method'), counted(names, 'name')]
    command.terminal.out.line(`Loaded ${counts.join(', ')} as transaction ${tid}.`)
    command.terminal.err.line(`Take it back with: ${command.hint(`undo ${tid}`)}`)
  })
}

/** Where to cut a text near `at` without cutting a character in two. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at - 1)
  return code >= 0xd800 && code < 0xdc00 ? at - 1 : at
}
