// Owns: the parts of the soak that are programs already: hostile frames, clients that come and go, histories, killed writers.
// Leaves: what each claims to the program itself, which ends with 0 when all of it held.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PartReport } from './hour.ts'
import { figure, table } from './table.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A program of the project: its file, its words, and what it finds in its environment. */
interface Program {
  name: string
  file: string
  words?: string[]
  environment?: Record<string, string>
  /** What it prints when it did what was asked of it. */
  proof: RegExp
}

interface Ended {
  name: string
  seconds: number
  code: number | null
  isProven: boolean
}

/** Runs programs one after another, each line of theirs passed on, and tells how each ended. */
async function runAll(
  programs: readonly Program[],
  say: (line: string) => void,
): Promise<PartReport> {
  const rows: string[][] = []
  let violations = 0
  for (const program of programs) {
    const { name, seconds, code, isProven } = await run(program, say)
    const isGood = code === 0 && isProven
    if (!isGood) violations++
    const bad = code === 0 ? '**it did not say that it did it**' : `**ended with ${code}**`
    rows.push([name, isGood ? 'held' : bad, figure(seconds)])
  }
  return { text: table(['', 'verdict', 'seconds'], rows), violations }
}

function run(program: Program, say: (line: string) => void): Promise<Ended> {
  const { name, file, words = [], environment = {}, proof } = program
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', file, ...words],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
    )
    let rest = ''
    let isProven = false
    const tell = (line: string) => {
      if (proof.test(line)) isProven = true
      say(line)
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) tell(line)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (rest !== '') tell(rest)
      resolve({ name, seconds: (performance.now() - began) / 1_000, code, isProven })
    })
  })
}

/** Hostile frames, each refused with a code and memory flat; then clients that come, go, stall and die. */
export function frames(
  options: { frames: number; seed: number },
  say: (line: string) => void,
): Promise<PartReport> {
  const environment = {
    BATOS_SOAK: '1',
    BATOS_SOAK_FRAMES: String(options.frames),
    BATOS_SOAK_SEED: String(options.seed),
  }
  const journeys = ['hostile', 'sockets'].map((name) => ({
    name: `${name}.test.ts`,
    file: `test/journeys/${name}.test.ts`,
    environment,
    proof: name === 'hostile' ? new RegExp(`${options.frames} hostile frames`) : /pass [1-9]/,
  }))
  return runAll(journeys, say)
}

/** Random histories of so many transactions, each searched for cycles. */
export function histories(
  options: { histories: number; seed: number },
  say: (line: string) => void,
): Promise<PartReport> {
  const words = [`--histories=${options.histories}`, `--seed=${options.seed}`]
  const file = 'test/simulation/simulate.ts'
  return runAll([{ name: 'histories', file, words, proof: /histor/i }], say)
}

/** A writer of the store alone that is killed, and its file looked over page by page. */
export function killedWriters(
  options: { rounds: number; seed: number },
  say: (line: string) => void,
): Promise<PartReport> {
  const words = [String(options.rounds), String(options.seed)]
  const file = 'src/image/lmdb/kill-loop.fixture.ts'
  return runAll(
    [{ name: 'killed writers of the store', file, words, proof: /nothing acknowledged was lost/ }],
    say,
  )
}
