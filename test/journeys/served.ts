// Owns: a kernel over a store that nobody teaches, with sessions in the process of the test.
// Leaves: what a session is asked to each journey.
import { serve } from '#bridge'
import type { Store } from '#image'
import { awaken, Judge, Kernel } from '#kernel'
import { readTexts, spawnNode } from '#powers'

const WORLD = new URL('../../world', import.meta.url).pathname

/** Awakens a store at a time in milliseconds, gives it what it is to hold, and serves it. The caller closes the kernel. */
export async function serveStore<Held>(store: Store, time: number, hold: () => Promise<Held>) {
  const judge = new Judge({ spawn: spawnNode, eager: false })
  await awaken(store, judge, await readTexts(WORLD, '.ts'), time)
  const held = await hold()
  const kernel = new Kernel({
    store,
    judge,
    spawn: spawnNode,
    learner: { name: 'none', learn: () => Promise.reject(new Error('nobody learns here')) },
    policy: 'off',
    now: Date.now,
    random: () => 7,
  })
  const served = serve({ kernel, server: 'test', image: 'test', status: () => ({}) }, undefined)
  return { kernel, served, held }
}
