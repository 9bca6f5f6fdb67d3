// Owns: kernels that are made to be killed: the image they begin with, their process, their death, and that of their worker.
// Leaves: when each dies, and what must be there afterwards, to kill.ts.
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { open } from '#batos'
import { childrenOf, workerOf } from './samples.ts'

const PROGRAM = fileURLToPath(new URL('./kill-kernel.fixture.ts', import.meta.url))

/** Accounts of a bank, what each has at first, and logs: one for each client. */
export const ACCOUNTS = 8
export const OPENING = 1_000
export const CLIENTS = 3

/** Milliseconds between two looks for a worker that is not there yet. */
const LOOK = 5

// One message changes two accounts, makes an object, and is written into its client's log with its number: all or nothing.
const NOTE = `function note(self, n: number, from: number, to: number, amount: number) {
  const payer = self.accounts[from]
  payer.balance -= amount
  const payee = self.accounts[to]
  payee.balance += amount
  const receipt = mirror.clone(self.receipt)
  receipt.number = n
  self.newest = receipt
  self.done.push(n)
  return self.done.length
}`

const METHODS: Record<string, string> = {
  note: NOTE,
  begin: 'function begin(self) { self.done = []; return 0 }',
  balances: 'function balances(self) { return self.accounts.map((one) => one.balance) }',
  newestNumber: 'function newestNumber(self) { return self.newest.number }',
}

/** Makes the image that all rounds begin with, and lets Node keep what it compiled of the kernel. */
export async function makeTemplate(folder: string): Promise<void> {
  const world = await open(join(folder, 'template'))
  for (const [name, source] of Object.entries(METHODS)) {
    await world.request('CreateMethodCommand', { target: 'genesis', method_name: name, source })
  }
  const made = async (name: string, slots: Record<string, unknown>) => {
    const { oid } = (await world.request('CreateObjectCommand', { name, slots })) as { oid: string }
    return { $ref: oid }
  }
  const accounts: unknown[] = []
  for (let i = 0; i < ACCOUNTS; i++) accounts.push(await made(`account-${i}`, { balance: OPENING }))
  const receipt = await made('receipt', { number: 0 })
  const slots = { accounts, receipt, newest: receipt, done: [] }
  for (let i = 0; i < CLIENTS; i++) await made(`log-${i}`, slots)
  // Each method runs once, so that what the judge makes of it is in the image.
  await world.send('log-0', 'note', [1, 0, 0, 0])
  for (const name of ['begin', 'balances', 'newestNumber']) await world.send('log-0', name)
  await world.close()
  mkdirSync(join(folder, 'compiled'))
  const first = await Victim.start(join(folder, 'template'), join(folder, 'compiled'))
  await first.end()
}

export function copyTemplate(folder: string, image: string): void {
  cpSync(join(folder, 'template'), image, { recursive: true })
}

/** A kernel in a process group of its own, so that what it started goes when it is killed. */
export class Victim {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly endpoint: string
  readonly token: string

  private constructor(
    child: ChildProcess,
    ended: Promise<void>,
    about: { endpoint: string; token: string },
  ) {
    this.#child = child
    this.#ended = ended
    this.endpoint = about.endpoint
    this.token = about.token
  }

  /** Starts a kernel on an image; resolves when it serves. */
  static async start(image: string, compiled: string): Promise<Victim> {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', PROGRAM, image],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true,
        env: { NODE_COMPILE_CACHE: compiled },
      },
    )
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const line = new Promise<string>((resolve, reject) => {
      let said = ''
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString()
        const end = said.indexOf('\n')
        if (end >= 0) resolve(said.slice(0, end))
      })
      child.once('exit', (code) => reject(new Error(`a kernel ended by itself with ${code}`)))
    })
    const victim = new Victim(child, ended, JSON.parse(await line))
    victim.#judge('SIGSTOP')
    return victim
  }

  /** No method is written in these rounds, and loading the judge's compiler would take longer than a round: it is stopped. */
  #judge(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const judge of childrenOf(this.#pid, 'judge-main')) process.kill(judge, signal)
  }

  get #pid(): number {
    return this.#child.pid as number
  }

  /** Kills the kernel at once, and then what it had started. */
  async kill(): Promise<void> {
    process.kill(this.#pid, 'SIGKILL')
    await this.#ended
    try {
      process.kill(-this.#pid, 'SIGKILL')
    } catch (error) {
      // Its children end with its pipes, and may have done so already.
      if ((error as { code?: string }).code !== 'ESRCH') throw error
    }
  }

  /** Kills the worker; one that is just being started too. */
  async killWorker(): Promise<void> {
    for (;;) {
      const worker = workerOf(this.#pid)
      if (worker !== undefined && killed(worker)) return
      await new Promise<void>((resolve) => setTimeout(() => resolve(), LOOK))
    }
  }

  /** Lets it close in order. */
  async end(): Promise<void> {
    this.#judge('SIGCONT')
    this.#child.stdin?.end()
    await this.#ended
  }
}

function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It died between the look and the kill.
    if ((error as { code?: string }).code === 'ESRCH') return false
    throw error
  }
}
