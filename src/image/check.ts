// Owns: asking a process of its own whether an image is sound, because reading a damaged one natively can end a process.
// Leaves: the looking to check-main.ts; starting processes to whoever hands in `spawn`.
// Laws: IM83 whatever the file is like, the process that asks lives and gets an answer.
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { imageFault } from './faults.ts'
import type { Damage, VerifyReport } from './store.ts'

/** A child process with three pipes. `onExit` is called once. */
export interface CheckChild {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  kill(signal: 'SIGKILL'): void
  onExit(callback: (code: number | null, signal: string | null) => void): void
}

/** Starts one of our own programs. */
export type SpawnCheck = (entry: string, options: { execArgv: string[] }) => CheckChild

/** Longest check, milliseconds: ten million records take about two minutes, and a ring of pages takes for ever. */
const CHECK_MS = 20 * 60_000

/** Bytes kept of what a child says as it dies. */
const LAST_WORDS = 2_000

/**
 * Verifies the image in a folder that nobody writes to meanwhile: its pages, then all of it through LMDB. Never throws for
 * damage, however bad: a child that crashed, hung or said nothing is damage too.
 */
export function checkImage(folder: string, spawn: SpawnCheck): Promise<VerifyReport> {
  const child = spawn(fileURLToPath(new URL('./check-main.ts', import.meta.url)), { execArgv: [] })
  return new Promise((resolve) => {
    let said = ''
    let words = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-LAST_WORDS)
    })
    child.stdin.on('error', () => {
      // The child died before it read; its end tells.
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), CHECK_MS)
    const outputEnded = new Promise<void>((ended) => {
      child.stdout.once('close', ended)
    })
    child.onExit((code, signal) => {
      clearTimeout(timer)
      void outputEnded.then(() => {
        const report = code === 0 ? reportIn(said) : undefined
        resolve(report ?? lost(signal ?? `exit code ${code}`, words))
      })
    })
    child.stdin.end(JSON.stringify({ folder }))
  })
}

/** Faults IMAGE_DAMAGED, with the first damaged places, unless the image in the folder is sound. */
export async function requireSound(folder: string, spawn: SpawnCheck): Promise<VerifyReport> {
  const report = await checkImage(folder, spawn)
  const [first] = report.damage
  if (first === undefined) return report
  throw imageFault(
    'IMAGE_DAMAGED',
    `The image in ${folder} has ${report.damage.length} damaged places; the first: ${first.problem}`,
    { folder, damage: report.damage.slice(0, 10).map(({ problem }) => problem) },
    'Salvage it into a new folder, or load the last backup.',
  )
}

function lost(how: string, words: string): VerifyReport {
  const said = words.trim() === '' ? '' : ` Its last words: ${words.trim()}`
  const problem = `The process that read the image was ended (${how}).${said}`
  const damage: Damage[] = [{ oid: undefined, tid: undefined, problem }]
  return { objects: 0, revisions: 0, transactions: 0, damage }
}

/** The report that a child wrote, undefined when it is none. */
function reportIn(text: string): VerifyReport | undefined {
  try {
    const value = JSON.parse(text) as Partial<VerifyReport>
    if (!Array.isArray(value.damage) || typeof value.objects !== 'number') return undefined
    return {
      objects: value.objects,
      revisions: Number(value.revisions),
      transactions: Number(value.transactions),
      damage: value.damage.map(({ oid, tid, problem, place }) => ({
        oid: oid ?? undefined,
        tid: tid ?? undefined,
        problem: String(problem),
        ...(typeof place === 'string' ? { place } : {}),
      })),
    }
  } catch {
    // Cut off, so there is no report; the caller says so.
    return undefined
  }
}
