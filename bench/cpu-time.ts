// Owns: how much processor time processes take, by thread, as Linux counts it: noise of the machine hardly changes it.
// Leaves: which processes to whoever asks; on other systems there is nothing to tell.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Microseconds by what ran, such as `kernel main`. */
export type CpuTimes = Map<string, number>

/** The processor time of processes and their children, by name and thread; undefined where /proc does not tell. */
export function cpuTimes(processes: Record<string, number>): CpuTimes | undefined {
  if (!existsSync('/proc/self/schedstat')) return undefined
  const times: CpuTimes = new Map()
  for (const [name, pid] of Object.entries(processes)) {
    add(times, name, pid)
    for (const child of childrenOf(pid)) add(times, programOf(child) ?? `${name}'s child`, child)
  }
  return times
}

/** What was taken between two readings, for each of so many messages; the largest first. */
export function cpuPerMessage(
  before: CpuTimes,
  after: CpuTimes,
  messages: number,
): [string, number][] {
  return [...after]
    .map(([key, time]): [string, number] => [key, (time - (before.get(key) ?? 0)) / messages])
    .filter(([, each]) => each >= 0.1)
    .sort(([, a], [, b]) => b - a)
}

function add(times: CpuTimes, name: string, pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const place = `/proc/${pid}/task/${thread}`
    // The first number is nanoseconds on a processor.
    const [nanoseconds] = readFileSync(`${place}/schedstat`, 'utf8').split(' ')
    const what = Number(thread) === pid ? 'main' : readFileSync(`${place}/comm`, 'utf8').trim()
    const key = `${name}: ${what}`
    times.set(key, (times.get(key) ?? 0) + Number(nanoseconds) / 1000)
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

/** The file that a Node process runs, without its ending. */
function programOf(pid: number): string | undefined {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const program = words.findLast((word) => /\.[jt]s$/.test(word))
  return program
    ?.split('/')
    .at(-1)
    ?.replace(/\.[jt]s$/, '')
}
