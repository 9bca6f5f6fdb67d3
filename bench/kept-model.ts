// Owns: a model whose answers are kept in a folder, so that a bench that was ended goes on where it was.
// Leaves: what is asked to the benches; the keeping itself to the mind.
import { join } from 'node:path'
import { openModel } from '#batos'
import { RecordingProvider } from '#mind'
import { clock, makeFolder, readText, writePrivate } from '#powers'

/** The model of that name, opened at its first answer that is not kept; `close` ends it. */
export async function openKeptModel(
  name: string,
  folder: string,
): Promise<{ provider: RecordingProvider; close: () => Promise<void> }> {
  await makeFolder(folder)
  const model = await openModel(name)
  let opened: ReturnType<typeof model.open> | undefined
  const provider = new RecordingProvider({
    name,
    identity: name,
    open: () => (opened ??= model.open()),
    shelf: {
      read: (key) => readText(join(folder, `${key}.json`)),
      write: (key, text) => writePrivate(join(folder, `${key}.json`), text),
    },
    fresh: false,
    clock: clock.elapsed,
  })
  return { provider, close: async () => (await opened)?.close() }
}
