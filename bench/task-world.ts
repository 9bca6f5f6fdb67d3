// Owns: a world in memory for the product's own tasks, in which nobody learns, and those tasks.
// Leaves: what is done with them to the benches.
import { join } from 'node:path'
import { openMemoryStore } from '#image'
import { awaken, Judge, Kernel, type Learner } from '#kernel'
import { addTaskFile, emptySuite, type MethodTask } from '#mind'
import { readTexts, spawnNode } from '#powers'

/** Milliseconds since 1970 at which every task is done: 2026-01-05, nine o'clock. */
export const NINE = Date.UTC(2026, 0, 5, 9)

const here = import.meta.dirname
const learner: Learner = { name: 'none', learn: () => Promise.reject(new Error('nobody learns')) }

/** A kernel with the real worker, judge and trials; its clock and its chance stand still. */
export async function openTaskKernel(): Promise<Kernel> {
  const store = openMemoryStore()
  const judge = new Judge({ spawn: spawnNode })
  await awaken(store, judge, await readTexts(join(here, '../world'), '.ts'), NINE)
  const options = {
    store,
    spawn: spawnNode,
    judge,
    learner,
    policy: 'off',
    random: () => 7,
  } as const
  return new Kernel({ ...options, now: () => NINE, budgets: { minute: 100_000 } })
}

/** The tasks of code. */
export async function ownTasks(): Promise<MethodTask[]> {
  const suite = emptySuite()
  const texts = await readTexts(join(here, '../tasks/missing-methods'), '.json')
  for (const [i, text] of texts.entries()) addTaskFile(suite, `tasks/${i + 1}`, text)
  return suite.code
}
