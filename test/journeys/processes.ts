// Owns: the command as real processes: running it to its end, or until it serves.
// Leaves: what it is asked to the journeys.
// Laws: a folder of its own for each journey, with caches and choices of its own, so that nothing of the person is touched.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Ran {
  code: number | null
  out: string
  err: string
}

/** A command that goes on. */
export interface Running {
  child: ChildProcess
  /** Resolves with the first line of stdout; rejects when the process ends before. */
  firstLine: Promise<string>
  /** Resolves when the process has ended. */
  ended: Promise<Ran & { signal: NodeJS.Signals | null }>
}

/** A folder for one journey, an image in it, and the command. Whoever makes one removes it. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'batos-journey-'))
  readonly image = join(this.folder, 'image')
  readonly cache = join(this.folder, 'cache')
  readonly #running = new Set<ChildProcess>()
  #fixture: ChildProcess | undefined

  /** The environment of the command: nothing of the person's but where programs are. */
  environment(more: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.folder,
      XDG_CACHE_HOME: this.cache,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      BATOS_IMAGE: this.image,
      ...more,
    }
  }

  start(words: string[], more: Record<string, string> = {}): Running {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', MAIN, ...words],
      { cwd: this.folder, env: this.environment(more), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#running.add(child)
    const said = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.err += text
    })
    const ended = new Promise<Ran & { signal: NodeJS.Signals | null }>((resolve) => {
      child.once('close', (code, signal) => {
        this.#running.delete(child)
        resolve({ code, signal, ...said })
      })
    })
    const firstLine = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', () => {
        const end = said.out.indexOf('\n')
        if (end >= 0) resolve(said.out.slice(0, end))
      })
      child.once('close', () => reject(new Error(`it ended before it served: ${said.err}`)))
    })
    // A command that prints nothing is no failure for those who never wait for its first line.
    firstLine.catch(() => undefined)
    return { child, firstLine, ended }
  }

  async run(words: string[], more: Record<string, string> = {}): Promise<Ran> {
    const { code, out, err } = await this.start(words, more).ended
    return { code, out, err }
  }

  /** A kernel that serves the image without a model; answers what it says of itself. */
  async serve(
    words: string[] = [],
    more: Record<string, string> = {},
  ): Promise<{ running: Running; about: Record<string, unknown> }> {
    const running = this.start(['up', '--json', '--port', '0', '--policy', 'off', ...words], more)
    const about = JSON.parse(await running.firstLine) as Record<string, unknown>
    return { running, about }
  }

  /** A kernel over the image by a fixture's program; resolves when it says that it serves. One at a time: the one before is ended. */
  async startFixture(program: string, words: readonly string[]): Promise<ChildProcess> {
    // One that a failed test left would keep the image.
    if (this.#fixture?.exitCode === null && !this.#fixture.killed) await kill(this.#fixture)
    const child = spawn(process.execPath, [program, this.image, ...words], {
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#fixture = child
    this.#running.add(child)
    child.once('close', () => this.#running.delete(child))
    const ended = once(child, 'close').then(() => assert.fail('the kernel ended'))
    ended.catch(() => undefined)
    await Promise.race([once(child.stdout, 'data'), ended])
    return child
  }

  /** Ends what still runs and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) await kill(child)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Ends a process without a warning; resolves when it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
}
