// Owns: asking a process of its own whether an image is sound, because reading a damaged one natively can end a process.
// Leaves: the looking to check-main.ts; starting processes to whoever hands in `spawn`.
// Laws: IM83 whatever the file is like, the process that asks lives and gets an answer.
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { imageFault } from './faults.ts'
import type { Meta } from './lmdb/page-file.ts'
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
export type SpawnCheck = (
  entry: string,
  options: { execArgv: string[]; nice?: number },
) => CheckChild

/** An image that is open, as of a transaction whose pages somebody holds in place. */
export interface Snapshot {
  folder: string
  meta: Meta
}

/** What check-main.ts is asked. */
export interface CheckOrder {
  folder: string
  /** The transaction to look at; without it the folder is closed, and LMDB opens it once its pages add up. */
  meta?: Meta
  /** The answer is the first problem of the pages alone. */
  pagesOnly?: true
}

/** Longest check, milliseconds: ten million records take about two minutes, and a ring of pages takes for ever. */
const CHECK_MS = 20 * 60_000

/** Bytes kept of what a child says as it dies. */
const LAST_WORDS = 2_000

/** How far a look at an open image steps behind everything else, as of the system's levels of niceness. */
const BEHIND = 15

/**
 * Verifies the image in a folder that nobody writes to meanwhile: its pages, then all of it through LMDB. Never throws for
 * damage, however bad: a child that crashed, hung or said nothing is damage too.
 */
export async function checkImage(folder: string, spawn: SpawnCheck): Promise<VerifyReport> {
  const { text, end } = await ask({ folder }, spawn)
  return reportIn(text) ?? lost(end)
}

/** Verifies an image that is open, page by page. Aborted, it faults READ_ONLY. */
export async function checkSnapshot(
  { folder, meta }: Snapshot,
  spawn: SpawnCheck,
  stop: AbortSignal,
): Promise<VerifyReport> {
  const { text, end } = await ask({ folder, meta }, spawn, { stop })
  if (stop.aborted) throw imageFault('READ_ONLY', 'The image was closed while it was verified.')
  return reportIn(text) ?? lost(end)
}

/**
 * The first problem of the pages of an image that is open, undefined when there is none, and when the process that looks ended
 * otherwise: it reads files alone, so its end says nothing of the image.
 */
export async function soundSnapshot(
  { folder, meta }: Snapshot,
  spawn: SpawnCheck,
  stop: AbortSignal,
): Promise<string | undefined> {
  const order: CheckOrder = { folder, meta, pagesOnly: true }
  const { text } = await ask(order, spawn, { stop, nice: BEHIND })
  const answer = parsed(text) as { problem?: unknown } | undefined
  return typeof answer?.problem === 'string' ? answer.problem : undefined
}

/** Asks a process of its own; `text` is empty unless it ended well, and `end` says how it did otherwise. */
function ask(
  order: CheckOrder,
  spawn: SpawnCheck,
  { stop, nice }: { stop?: AbortSignal; nice?: number } = {},
): Promise<{ text: string; end: string }> {
  const child = spawn(fileURLToPath(new URL('./check-main.ts', import.meta.url)), {
    execArgv: [],
    ...(nice === undefined ? {} : { nice }),
  })
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
    const kill = () => child.kill('SIGKILL')
    const timer = setTimeout(kill, CHECK_MS)
    stop?.addEventListener('abort', kill)
    const outputEnded = new Promise<void>((ended) => {
      child.stdout.once('close', ended)
    })
    child.onExit((code, signal) => {
      clearTimeout(timer)
      stop?.removeEventListener('abort', kill)
      void outputEnded.then(() => {
        const last = words.trim() === '' ? '' : ` Its last words: ${words.trim()}`
        const end = `(${signal ?? `exit code ${code}`}).${last}`
        resolve({ text: code === 0 ? said : '', end })
      })
    })
    child.stdin.end(JSON.stringify(order))
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
    'Save what is whole with `batos salvage`, or load the last backup.',
  )
}

function lost(end: string): VerifyReport {
  const problem = `The process that read the image was ended ${end}`
  const damage: Damage[] = [{ oid: undefined, tid: undefined, problem }]
  return { objects: 0, revisions: 0, transactions: 0, damage }
}

/** The report that a child wrote, undefined when it is none. */
function reportIn(text: string): VerifyReport | undefined {
  const value = parsed(text) as Partial<VerifyReport> | undefined
  if (!Array.isArray(value?.damage) || typeof value.objects !== 'number') return undefined
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
}

/** The value of a JSON text, undefined when it was cut off. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    // There is no answer; the caller says so.
    return undefined
  }
}
