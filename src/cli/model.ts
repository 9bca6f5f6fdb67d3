// Owns: the verbs about models: which there are, fetching one, choosing one.
// Leaves: the catalogue and the download to the mind; the choice of a command to models.ts.
// Laws: CL62 `model use` keeps only what can be used: a known name, a file that is there, a server's address.
// CL63 fetching a model that is there costs a look and no network.
import type { Command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { cliFault } from './faults.ts'
import { chosenModel, pullModel, readConfig } from './models.ts'
import { megabytes } from './progress.ts'
import { report } from './report.ts'

/** `batos model ls` */
export async function modelLs(command: Command): Promise<void> {
  const { DEFAULT_MODEL, findModel, MODELS } = await import('#mind')
  const { settings } = command.powers
  const used = (await readConfig(command)).model ?? DEFAULT_MODEL
  const models = await Promise.all(
    MODELS.map(async (entry) => {
      const path = await findModel(entry, settings.models)
      const { name, summary, licence, bytes, memory, sha256 } = entry
      const here = path !== undefined
      return {
        name,
        summary,
        licence,
        bytes,
        memory,
        sha256,
        here,
        path: path ?? null,
        used: name === used,
      }
    }),
  )
  const { out } = command.terminal
  command.print({ models, folder: settings.models, used }, () => {
    const width = Math.max(...models.map(({ name }) => name.length))
    for (const { name, summary, licence, bytes, here, used } of models) {
      const where = here ? out.style('green', 'here    ') : 'not here'
      const mark = used ? '*' : ' '
      out.line(
        `${mark} ${name.padEnd(width)}  ${where}  ${megabytes(bytes).padStart(5)} MB  ${licence}`,
      )
      out.line(`  ${' '.repeat(width)}  ${out.style('dim', summary)}`)
    }
    out.line()
    if (!models.some((one) => one.used)) out.line(`In use: ${used}`)
    out.line(`* is the one in use. They lie in ${settings.models}`)
  })
}

/** `batos model pull [NAME]` */
export async function modelPull(command: Command, [name]: string[]): Promise<number> {
  const model = await chosenModel(command, name)
  const { entry } = model
  if (entry === undefined) {
    throw cliFault(
      'FIELD_INVALID',
      `${model.text} is not a model that can be fetched`,
      { model: model.text },
      'Name one that `batos model ls` lists.',
    )
  }
  let path: string
  try {
    path = model.path ?? (await pullModel(command, entry))
  } catch (error) {
    if (command.signal.aborted) throw error
    // No message went unanswered here; a fetch has simply failed.
    report(command.terminal, error, command.options)
    return EXIT.failed
  }
  const { out, err } = command.terminal
  const document = { name: entry.name, path, bytes: entry.bytes, sha256: entry.sha256 }
  command.print(document, () => {
    const was = model.path === undefined ? 'is here, and its bytes are right' : 'is here already'
    err.line(`${entry.name} ${was}.`)
    out.line(path)
  })
  return EXIT.done
}

/** `batos model use NAME` */
export async function modelUse(command: Command, [name = '']: string[]): Promise<void> {
  const model = await chosenModel(command, name)
  const { files, settings } = command.powers
  // A path is kept whole, because the next command may be given elsewhere.
  const kept = model.entry === undefined && model.path !== undefined ? model.path : model.text
  const config = { ...(await readConfig(command)), model: kept }
  await files.writePrivate(settings.config, `${JSON.stringify(config, null, 2)}\n`)
  const { out } = command.terminal
  command.print({ model: kept, config: settings.config }, () => {
    out.line(
      `From now on ${kept} writes methods. A kernel that runs keeps the one it was started with.`,
    )
    if (model.entry !== undefined && model.path === undefined) {
      out.line(`It is not here yet: ${command.hint(`model pull ${model.name}`)}`)
    }
  })
}
