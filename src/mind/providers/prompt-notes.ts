// Owns: the notes that say which saved state a beginning of prompts has, so that it can be told without loading the model.
// Leaves: the states to saved-prompts.ts.
// Laws: MI15 a state is found only by the model, library and prompt it was made with.
import { createHash } from 'node:crypto'
import type { ChatMessage } from '../provider.ts'

/** The library of states, with the version that is installed: another may lay them out in another way. */
export async function libraryOfStates(): Promise<string> {
  // Loaded here and not with the file: the door of this folder must not cost a large library.
  const { getModuleVersion } = await import('node-llama-cpp')
  return `node-llama-cpp ${await getModuleVersion()}`
}

/** The names of the notes of some beginnings; each has the name of the state's file in it. */
export async function promptNotes(
  identity: string,
  beginnings: readonly (readonly ChatMessage[])[],
): Promise<string[]> {
  const library = await libraryOfStates()
  return beginnings.map((messages) => noteName(library, identity, messages))
}

/** The name of the note of one beginning. `identity` says which model it is. */
export function noteName(
  library: string,
  identity: string,
  messages: readonly ChatMessage[],
): string {
  const asked = messages.map(({ role, content }) => [role, content])
  const place = [library, process.platform, process.arch, identity]
  const hash = createHash('sha256').update(JSON.stringify([place, asked]))
  return `${hash.digest('hex').slice(0, 40)}.warm`
}
