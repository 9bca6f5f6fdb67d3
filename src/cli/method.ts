// Owns: the verb that gives a method: from a file, from stdin, or from the person's editor.
// Leaves: whether it is fit to the kernel.
// Laws: CL132 a method is given from a file, from stdin or from an editor; what speaks against it is told on stderr. CL133 what was
// written in an editor is lost by no refusal.
import type { FullState } from '#protocol'
import { type Command, quoted } from './command.ts'
import { counted } from './diff-text.ts'
import { cliFault } from './faults.ts'
import type { Asker, Powers } from './powers.ts'
import { readSource } from './proposal.ts'
import { plain } from './terminal.ts'

interface MethodWords {
  expect?: string
  message?: string
  comment?: string
  anyway?: boolean
  dryRun?: boolean
}

interface Place {
  target: string
  selector: string
}

interface Done {
  tid: string | null
  version: number
  compared: number
  warnings?: string[]
  overruled?: string[]
}

/** A source from an editor, and the last change of the slot that it was written on top of, null where there was none. */
interface Edited {
  source: string
  expect: string | null
  file: string
  remove(): Promise<void>
}

/** `batos method TARGET SELECTOR [FILE|-] [--expect TID] [-m TEXT] [--anyway] [--dry-run]` */
export async function method(
  command: Command,
  [target = '', selector = '', file]: string[],
  options: MethodWords,
): Promise<void> {
  const place = { target, selector }
  if (file !== undefined) {
    const source = await readSource(command, file)
    await command.withKernel(({ client }) => give(command, client, place, { source }, options))
    return
  }
  const { edit } = command.powers
  if (edit === undefined) throw noSource(place)
  await command.withKernel(async ({ client }) => {
    const edited = await editedAt(client, place, edit)
    if (edited === undefined) return command.terminal.err.line('Nothing was changed.')
    try {
      const { tid } = await give(command, client, place, edited, options)
      if (tid !== null) return await edited.remove()
    } catch (error) {
      keptAt(command, place, edited)
      throw error
    }
    keptAt(command, place, edited)
  })
}

const noSource = ({ target, selector }: Place) =>
  cliFault(
    'FIELD_INVALID',
    'there is no file to read, and no terminal to open an editor on',
    {},
    `Name a file, or - for stdin: \`batos method ${quoted(target)} ${quoted(selector)} FILE\`; a terminal opens $VISUAL or $EDITOR.`,
  )

/** Has the person write the source, from the one that the object answers with now; undefined when nothing came of it. */
async function editedAt(
  client: Asker,
  { target, selector }: Place,
  edit: NonNullable<Powers['edit']>,
): Promise<Edited | undefined> {
  const state = (await client.request('GetFullStateCommand', { target })) as FullState
  const slot = state.slots.find(({ name, source }) => name === selector && source !== undefined)
  const own = state.slots.find(({ name, holder }) => name === selector && holder === state.oid)
  const before = slot?.source ?? `function ${functionName(selector)}(self) {\n  \n}\n`
  const { text, file, remove } = await edit(`${functionName(selector)}.ts`, before).catch(noEditor)
  if (text.trim() === '' || text === before) {
    await remove()
    return undefined
  }
  return { source: text, expect: own?.tid ?? null, file, remove }
}

function noEditor(thrown: unknown): never {
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  const remedy = 'Set VISUAL or EDITOR to an editor that you have, or name a file.'
  throw cliFault('FIELD_INVALID', `nothing was given: ${why}`, {}, remedy)
}

/** A selector as the name of a function, which need not be the same. */
const functionName = (selector: string) =>
  selector.replace(/[^A-Za-z0-9_$]/g, '_').replace(/^(?=\d)/, '_')

function keptAt(command: Command, { target, selector }: Place, { file }: Edited): void {
  const again = `method ${quoted(target)} ${quoted(selector)} ${quoted(file)}`
  command.terminal.err.line(`What you wrote is in ${file}. Give it with: ${command.hint(again)}`)
}

async function give(
  command: Command,
  client: Asker,
  { target, selector }: Place,
  written: { source: string; expect?: string | null },
  options: MethodWords,
): Promise<Done> {
  const comment = options.message ?? options.comment
  const expect =
    options.expect === undefined
      ? written.expect
      : options.expect === 'none'
        ? null
        : options.expect
  const fields = {
    ...{ target, method_name: selector, source: written.source },
    ...(comment === undefined ? {} : { comment }),
    ...(expect === undefined ? {} : { expect }),
    replace: options.anyway === true ? 'anyway' : 'checked',
    ...(options.dryRun === true ? { preview: true } : {}),
  }
  const { signal } = command
  const done = (await client.request('CreateMethodCommand', fields, { signal })) as Done
  command.print(done, () => tell(command, { target, selector }, done))
  return done
}

function tell({ terminal }: Command, { target, selector }: Place, done: Done): void {
  const { tid, version, compared, warnings = [], overruled = [] } = done
  const { out, err } = terminal
  for (const one of warnings) err.line(plain(`Warning: ${one}`))
  for (const one of overruled) err.line(plain(`Overruled: ${one}`))
  const on = compared === 0 ? '' : `, compared on ${counted(compared, 'call')}`
  const what = `version ${version} of ${selector} of ${target}`
  out.line(
    plain(tid === null ? `It would be ${what}${on}.` : `Given: ${what}, transaction ${tid}${on}.`),
  )
}
