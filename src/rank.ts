// Owns: joining what ranks a model: a world in memory with the real worker, judge and trials, the shelf of completions,
// and the tasks that come with the product.
// Leaves: the tasks and what they come to to the mind; what a person asks for to cli/.
// Laws: RK15 a ranking touches no image. RK18 no budget of time stands between tasks.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openMemoryStore } from '#image'
import { awaken, Judge, Kernel, type Learner } from '#kernel'
import { DraftingLearner, type Ranking, rank, type RankOrder, RecordingProvider } from '#mind'
import { clock, makeFolder, readText, readTexts, spawnNode, writePrivate } from '#powers'
import { worldTexts } from './compose.ts'

/** Milliseconds since 1970 at which every task is done, so that no draft depends on the day: 2026-01-05, nine o'clock. */
const NINE = Date.UTC(2026, 0, 5, 9)

/** A world in memory for tasks, with the real worker, judge and trials. */
export interface RankWorld {
  kernel: Kernel
  /** Fixes the seed of messages from now on. */
  seed: (seed: number) => void
  close: () => Promise<void>
}

export async function openRankWorld(learner: Learner): Promise<RankWorld> {
  const store = openMemoryStore()
  const judge = new Judge({ spawn: spawnNode })
  let random = 0
  await awaken(store, judge, await worldTexts(), NINE)
  const kernel = new Kernel({
    store,
    spawn: spawnNode,
    judge,
    learner,
    policy: 'auto',
    now: () => NINE,
    random: () => random,
    // Its clock stands still, and answers that were kept come as fast as they can be judged.
    budgets: { minute: Number.MAX_SAFE_INTEGER },
  })
  return {
    kernel,
    seed: (seed) => {
      random = seed
    },
    close: async () => {
      await kernel.close()
      await store.close()
    },
  }
}

/** Has a model do all tasks. Throws when the model fails, or with the signal's reason. */
export async function rankModel(order: RankOrder): Promise<Ranking> {
  const { model, completions, fresh, signal } = order
  await makeFolder(completions)
  const shelf = {
    read: (key: string) => readText(join(completions, `${key}.json`)),
    write: (key: string, text: string) => writePrivate(join(completions, `${key}.json`), text),
  }
  const provider = new RecordingProvider({ ...model, shelf, fresh, clock: clock.elapsed })
  const learner = new DraftingLearner(model.name, () => Promise.resolve(provider), 'auto')
  const { kernel, seed, close } = await openRankWorld(learner)
  try {
    if (order.suite.code.length > 0) kernel.prepareTrial()
    const bench = { kernel, provider, seed, clock: clock.elapsed, signal }
    return await rank(bench, order.suite, order.onResult)
  } finally {
    await close()
  }
}

/** The tasks that come with the product, by the names of their files. */
export async function openTasks(): Promise<{ name: string; text: string }[]> {
  const folder = fileURLToPath(new URL('../tasks', import.meta.url))
  const methods = await readTexts(join(folder, 'missing-methods'), '.json')
  const others = await readTexts(folder, '.json')
  return [...methods, ...others].map((text, i) => ({ name: `tasks/${i + 1}`, text }))
}
