// Owns: the processes of the bench: starting one, saying a line to it, hearing a line of it, ending it.
// Leaves: what the lines mean to both ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Milliseconds that a process has to end by itself; then it is killed. */
const END_MS = 20_000

export class OtherProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #interface: Interface
  readonly #name: string

  constructor(program: string, args: string[]) {
    this.#name = args.join(' ')
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#interface = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    this.#lines = this.#interface[Symbol.asyncIterator]()
  }

  /** A fixture of this folder, run by this Node. */
  static fixture(name: string, args: string[] = [], nodeArgs: string[] = []): OtherProcess {
    const path = fileURLToPath(new URL(`./${name}.fixture.ts`, import.meta.url))
    const flags = ['--disable-warning=ExperimentalWarning', ...nodeArgs]
    return new OtherProcess(process.execPath, [...flags, path, ...args])
  }

  get pid(): number {
    return this.#child.pid as number
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`${this.#name} ended`)
    return value
  }

  /** Says a line and answers the next one, both JSON. */
  async ask(order: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
    return JSON.parse(await this.line())
  }

  /** Closes its standard input and waits until it is gone. */
  async end(signal?: NodeJS.Signals): Promise<void> {
    this.#interface.close()
    this.#child.stdout?.resume()
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.stdin?.end()
    if (signal !== undefined) this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS)
    await gone
    clearTimeout(timer)
  }
}
