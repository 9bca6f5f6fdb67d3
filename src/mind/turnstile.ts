// Owns: that one process at a time works in a folder, although any of them may be killed at any moment.
// Leaves: what the work is to its users, who must still check it: a process that slept may wake up too late.
// Laws: MI9 of several processes one holds the turnstile; the others wait, and one of them follows when it is left,
// or when its holder has not said for limits.lockStale that it lives.
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { MIND_LIMITS } from './limits.ts'

export interface Turnstile {
  /** Fires when another process took the turnstile because this one seemed dead. */
  readonly lost: AbortSignal
  leave(): Promise<void>
}

/** Waits for its turn and takes it. The holder must call `leave`, also when its work fails. */
export async function passTurnstile(path: string, signal: AbortSignal): Promise<Turnstile> {
  const token = randomUUID()
  for (;;) {
    signal.throwIfAborted()
    if (await take(path, token)) break
    await clearStale(path, token)
    await wait(MIND_LIMITS.lockBeat / 4, undefined, { signal })
  }
  const lost = new AbortController()
  const beat = async (): Promise<void> => {
    if ((await holderOf(path)) === token) await utimes(path, new Date(), new Date())
    else lost.abort(new Error('another process took over this download'))
  }
  const timer = setInterval(() => {
    beat().catch((error: unknown) => lost.abort(error))
  }, MIND_LIMITS.lockBeat)
  timer.unref()
  return {
    lost: lost.signal,
    async leave() {
      clearInterval(timer)
      if ((await holderOf(path)) === token) await rm(path, { force: true })
    },
  }
}

/** Makes the file with our token, unless there is one: the operating system lets one maker win. */
async function take(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Moves a file that nobody touched for long out of the way: a rename that one process alone can do. */
async function clearStale(path: string, token: string): Promise<void> {
  try {
    const age = Date.now() - (await stat(path)).mtimeMs
    if (age < MIND_LIMITS.lockStale) return
    await rename(path, `${path}.${token}`)
    await rm(`${path}.${token}`, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function holderOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
