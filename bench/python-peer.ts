// Owns: the blueprint's design in Python as a peer: its kernel and its own load, when they are there.
// Leaves: the environment to python-environment.ts; the programs to whoever gives their folder.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noPython, pythonWith, run } from '../test/journeys/python-environment.ts'
import type { LoadReport } from './load.fixture.ts'
import { OtherProcess } from './other-process.ts'

export class PythonPeer {
  readonly #python: string
  readonly #folder: string
  readonly #image: string
  readonly #kernel: OtherProcess
  readonly #objects: number
  readonly #endpoint: string

  private constructor(
    python: string,
    folder: string,
    image: string,
    objects: number,
    port: number,
  ) {
    this.#python = python
    this.#folder = folder
    this.#image = image
    this.#objects = objects
    this.#endpoint = `tcp://127.0.0.1:${port}`
    const program = join(folder, 'kernel.py')
    const data = join(image, 'live_image.fs')
    const args = [program, this.#endpoint, data, String(objects)]
    this.#kernel = new OtherProcess(python, args)
  }

  /** The peer in a folder, started; undefined when there is none, or no Python. */
  static async start(folder: string, objects: number): Promise<PythonPeer | undefined> {
    const requirements = join(folder, 'requirements.txt')
    if (!existsSync(requirements) || noPython() !== false) return undefined
    const python = await pythonWith(requirements)
    const image = await mkdtemp(join(tmpdir(), 'batos-bench-python-'))
    const peer = new PythonPeer(python, folder, image, objects, await freePort())
    await peer.#kernel.line()
    return peer
  }

  async load(count: number, depth: number): Promise<LoadReport> {
    const program = join(this.#folder, 'load.py')
    const args = [program, this.#endpoint, 'increment', String(count), String(depth)]
    const { code, out, err } = await run(this.#python, [...args, String(this.#objects)])
    if (code !== 0) throw new Error(`the Python load failed: ${err}`)
    const told = JSON.parse(out) as Record<string, number>
    const { per_second, p50_ms, p99_ms, failed } = told
    return { perSecond: per_second, p50: p50_ms, p99: p99_ms, failed } as LoadReport
  }

  async close(): Promise<void> {
    await this.#kernel.end('SIGTERM')
    await rm(this.#image, { recursive: true, force: true })
  }
}

/** A port that nobody has: the peer must be told one. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
