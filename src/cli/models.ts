// Owns: which model a command uses: from --model, the user's choice, or the default; where it is; how it is opened.
// Leaves: the catalogue, the download and the providers to the mind.
// Laws: CL60 a model is opened when a method is missing, never before. CL61 without a model a fault says which command
// fetches one.
import type { ModelEntry, Provider } from '#mind'
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'
import { Progress } from './progress.ts'
import type { Stream } from './terminal.ts'

/** What is written in the user's config. */
interface Config {
  model?: string
}

/** A model that was chosen: `text` as it was named, `ready` when nothing has to be fetched. */
export interface ChosenModel {
  text: string
  /** How it is called in messages. */
  name: string
  entry: ModelEntry | undefined
  /** Absolute path of the file, undefined for a server or when it must be fetched first. */
  path: string | undefined
  server: string | undefined
  /** Where the choice came from. */
  origin: 'option' | 'config' | 'default'
}

export async function readConfig(command: Pick<Command, 'powers'>): Promise<Config> {
  const path = command.powers.settings.config
  const text = await command.powers.files.readText(path)
  if (text === undefined) return {}
  try {
    return JSON.parse(text) as Config
  } catch {
    throw cliFault('FIELD_INVALID', `${path} is not JSON`, { path }, 'Mend it, or remove it.')
  }
}

/** Reads the choice of a model. Faults FIELD_INVALID for a name that nobody knows, TARGET_UNKNOWN for a missing file. */
export async function chosenModel(
  command: Pick<Command, 'powers'>,
  option: string | undefined,
): Promise<ChosenModel> {
  const { chooseModel, DEFAULT_MODEL, findModel, MODELS } = await import('#mind')
  const { files, settings } = command.powers
  const config = option === undefined ? (await readConfig(command)).model : undefined
  const text = option ?? config ?? DEFAULT_MODEL
  const origin = option !== undefined ? 'option' : config !== undefined ? 'config' : 'default'
  const choice = chooseModel(text)
  const base = { text, name: text, entry: undefined, path: undefined, server: undefined } as const
  switch (choice.kind) {
    case 'catalogue': {
      const path = await findModel(choice.entry, settings.models)
      return { ...base, origin, entry: choice.entry, path }
    }
    case 'server':
      return { ...base, origin, server: choice.url }
    case 'file': {
      const path = files.absolute(choice.path)
      if ((await files.lookAt(path)) === undefined) {
        throw cliFault('TARGET_UNKNOWN', `there is no file ${path}`, { path }, 'Look at the path.')
      }
      return { ...base, origin, path, name: path.replace(/^.*[\\/]/, '').replace(/\.gguf$/, '') }
    }
    default: {
      const names = MODELS.map(({ name }) => name).join(', ')
      throw cliFault(
        'FIELD_INVALID',
        `there is no model ${JSON.stringify(text)}`,
        { model: text },
        `Name one of ${names}, a GGUF file with its path, or URL#name of a server.`,
      )
    }
  }
}

/** Fetches a model of the catalogue, with its progress told; answers its path. Faults GENERATION_FAILED. */
export async function pullModel(command: Command, entry: ModelEntry): Promise<string> {
  const { downloadModel } = await import('#mind')
  const { machine, settings, clock } = command.powers
  const progress = new Progress(command.terminal.err, entry.name, clock)
  try {
    return await downloadModel(entry, {
      cache: settings.models,
      run: machine.run,
      signal: command.signal,
      onProgress: (done, total, source) => progress.show(done, total, source),
    })
  } finally {
    progress.end()
  }
}

/** A provider that a world opens at its first need, once. */
export interface LazyProvider {
  name: string
  open: () => Promise<Provider>
  /** Closes the provider if it was opened. */
  close: () => Promise<void>
}

/**
 * The provider of a model. `fetch` says whether a missing model may be fetched at the first need; `stream` is where people
 * look meanwhile.
 */
export function providerOf(
  command: Command,
  model: ChosenModel,
  fetch: boolean,
  stream: Stream,
): LazyProvider {
  let opened: Promise<Provider> | undefined
  const open = async () => {
    const missing = model.entry !== undefined && model.path === undefined
    if (missing && !fetch) throw missingModel(model)
    if (missing) {
      command.terminal.err.line(`${model.name} is not here yet; fetching it once.`)
      await pullModel(command, model.entry as ModelEntry)
    }
    const known = model.entry !== undefined
    if (model.server === undefined) stream.flash(`${model.name} wakes up …`)
    try {
      return await command.powers.openProvider(known ? model.text : (model.path ?? model.text))
    } finally {
      stream.write('')
    }
  }
  return {
    name: model.name,
    open: () => {
      opened ??= open().catch((error: unknown) => {
        // A model that could not be had now may be had at the next need.
        opened = undefined
        throw error
      })
      return opened
    },
    close: async () => {
      // One that failed to open was told to whoever asked for it, and holds nothing.
      const provider = await opened?.catch(() => undefined)
      await provider?.close()
    },
  }
}

const missingModel = (model: ChosenModel): Error =>
  cliFault(
    'GENERATION_FAILED',
    `the model ${model.name} is not on this machine`,
    { model: model.name },
    `Fetch it with \`batos model pull ${model.name}\`, or name another with --model.`,
  )
