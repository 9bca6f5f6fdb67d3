// Owns: the files that hold the evaluated state of fixed prompts, so that a restart need not evaluate them again.
// Leaves: making and reading the state itself to the engine.
// Laws: MI15 a state is found only by the model, library, size of sequence and tokens it was made with.
// MI16 a state whose bytes are not those that were written is removed and never read: a wrong one can end the process.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { MIND_LIMITS } from '../limits.ts'

interface Saved {
  tokens: readonly number[]
  path: string
}

export class SavedPrompts {
  readonly #folder: string | undefined
  readonly #identity: string
  /** Prompts warmed in this process. */
  readonly #known = new Map<string, Saved>()

  /** `library` names the library whose states these are, with its version. */
  constructor(folder: string | undefined, library: string, identity: string) {
    this.#folder = folder
    this.#identity = `${library} ${process.platform} ${process.arch} ${identity}`
  }

  /** The state of the longest known beginning of the tokens, when it is longer than what is at hand already. */
  async find(tokens: readonly number[], atHand: number): Promise<string | undefined> {
    let best: Saved | undefined
    for (const saved of this.#known.values()) {
      if (saved.tokens.length <= Math.max(atHand, best?.tokens.length ?? 0)) continue
      if (saved.tokens.length > tokens.length) continue
      if (saved.tokens.every((token, at) => token === tokens[at])) best = saved
    }
    const exact = this.#pathOf(tokens)
    if (best === undefined && exact !== undefined && atHand < tokens.length) {
      best = { tokens, path: exact }
    }
    if (best === undefined || !(await this.#isWhole(best.path))) return undefined
    return best.path
  }

  /** Keeps the state that `write` puts at a path, unless it is kept already; the note tells whoever looks which it is. */
  async save(
    tokens: readonly number[],
    note: string,
    write: (path: string) => Promise<unknown>,
  ): Promise<void> {
    const path = this.#pathOf(tokens)
    if (path === undefined || this.#folder === undefined) return
    if (!(await this.#isWhole(path))) {
      await mkdir(this.#folder, { recursive: true })
      const fresh = `${path}.${process.pid}`
      await write(fresh)
      const sum = await sumOf(fresh)
      await rename(fresh, path)
      await writeFile(`${path}.sum`, sum)
      await this.#forgetOldest()
    }
    await writeFile(join(this.#folder, note), basename(path))
    this.#known.set(path, { tokens: [...tokens], path })
  }

  #pathOf(tokens: readonly number[]): string | undefined {
    if (this.#folder === undefined) return undefined
    const hash = createHash('sha256').update(this.#identity).update(JSON.stringify(tokens))
    return join(this.#folder, `${hash.digest('hex').slice(0, 40)}.state`)
  }

  async #isWhole(path: string): Promise<boolean> {
    try {
      const noted = await readFile(`${path}.sum`, 'utf8')
      if (noted === (await sumOf(path))) {
        await utimes(path, new Date(), new Date())
        return true
      }
      await rm(path, { force: true })
      return false
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  }

  async #forgetOldest(): Promise<void> {
    const folder = this.#folder as string
    const states: { path: string; used: number }[] = []
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.state')) continue
      const path = join(folder, name)
      states.push({ path, used: (await stat(path)).mtimeMs })
    }
    states.sort((a, b) => b.used - a.used)
    for (const { path } of states.slice(MIND_LIMITS.savedPrompts)) {
      this.#known.delete(path)
      await rm(`${path}.sum`, { force: true })
      await rm(path, { force: true })
    }
    const kept = states.slice(0, MIND_LIMITS.savedPrompts).map(({ path }) => basename(path))
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.warm')) continue
      const of = await readFile(join(folder, name), 'utf8')
      if (!kept.includes(of)) await rm(join(folder, name), { force: true })
    }
  }
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
