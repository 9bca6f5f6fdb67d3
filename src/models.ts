// Owns: opening a model by what a person calls it: a name of the catalogue, a file, a server's address.
// Leaves: the catalogue and the providers to the mind; fetching, and the person's choice, to cli/.
// Laws: CL60 a model is opened when it is asked for, never before. CL61 one that is not there is a fault that says how
// to get it.
import { resolve } from 'node:path'
import { Fault } from '#ground'
import {
  chooseModel,
  DEFAULT_MODEL,
  EmbeddedProvider,
  findModel,
  OpenAiProvider,
  type Provider,
  warmUps,
} from '#mind'
import { homeFolder, lookAt, spawnNode } from '#powers'

/** Where models are, and where what they have prepared is kept. */
export interface ModelPlaces {
  models: string
  prompts: string
  /** The key for a server, asked anew for each request. */
  apiKey?: () => string | undefined
}

/** The places in a cache folder: `models` and `prompts` below it. */
export function placesIn(cache: string): { models: string; prompts: string } {
  return { models: `${cache}/models`, prompts: `${cache}/prompts` }
}

/** Opens a model, ready for the first draft. The caller closes it. Faults GENERATION_FAILED when it is not there. */
export async function openProvider(text: string, places: ModelPlaces): Promise<Provider> {
  const choice = chooseModel(text)
  if (choice.kind === 'server') {
    const { apiKey } = places
    return new OpenAiProvider({ url: choice.url, ...(apiKey === undefined ? {} : { apiKey }) })
  }
  const { model, identity, name } = await fileOf(choice, places)
  const provider = new EmbeddedProvider({
    name,
    model,
    identity,
    prompts: places.prompts,
    spawn: (entry) => spawnNode(entry, { execArgv: [] }),
  })
  try {
    // What every prompt begins with is evaluated once on a machine and kept, so that a draft costs its own words alone.
    for (const beginning of warmUps()) await provider.warm(beginning)
  } catch (error) {
    await provider.close()
    throw error
  }
  return provider
}

/** As `openProvider`, when it is needed: what `open` of the library takes as a provider. */
export async function openModel(
  text: string = DEFAULT_MODEL,
  places: ModelPlaces = placesIn(`${homeFolder()}/.cache/batos`),
): Promise<{ name: string; open: () => Promise<Provider> }> {
  return { name: text, open: () => openProvider(text, places) }
}

async function fileOf(
  choice: Exclude<ReturnType<typeof chooseModel>, { kind: 'server' }>,
  places: ModelPlaces,
): Promise<{ model: string; identity: string; name: string }> {
  if (choice.kind === 'catalogue') {
    const { entry } = choice
    const model = await findModel(entry, places.models)
    if (model === undefined) throw missingModel(entry.name)
    return { model, identity: entry.sha256, name: entry.name }
  }
  const model = resolve(choice.kind === 'file' ? choice.path : choice.text)
  const seen = await lookAt(model)
  if (seen === undefined) throw missingModel(model)
  const name = model.replace(/^.*[\\/]/, '').replace(/\.gguf$/, '')
  return { model, identity: `${model} ${seen.bytes}`, name }
}

const missingModel = (name: string) =>
  new Fault({
    code: 'GENERATION_FAILED',
    message: `the model ${name} is not on this machine`,
    remedy: 'Fetch it with `batos model pull`, or name another with --model.',
    retry: 'later',
    data: { model: name },
  })
