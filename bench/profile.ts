// Owns: where the time goes at 512 in flight: processor time of every process for each message, then the kernel's own by
// function, in a second run under the profiler.
// Leaves: counting processor time to cpu-time.ts.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { table } from './contest.ts'
import { cpuPerMessage, cpuTimes } from './cpu-time.ts'
import { COUNTERS, endKernel, type Kernel, startKernel } from './durable.ts'
import type { LoadReport } from './load.fixture.ts'
import { OtherProcess } from './other-process.ts'

const DEPTH = 512
const MESSAGES = 100_000
const SHOWN = 40

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

/** Answers both tables. */
export async function profile(say: (text: string) => void): Promise<string> {
  return [await perMessage(say), await byFunction(say)].join('\n\n')
}

async function perMessage(say: (text: string) => void): Promise<string> {
  const kernel = await startKernel()
  const load = OtherProcess.fixture('load')
  say(`${MESSAGES} messages, ${DEPTH} in flight`)
  await send(load, kernel, MESSAGES / 5)
  const processes = { kernel: kernel.process.pid, load: load.pid }
  const before = cpuTimes(processes)
  const { perSecond } = await send(load, kernel, MESSAGES)
  const after = cpuTimes(processes)
  await load.end()
  await endKernel(kernel)
  const rate = `${Math.round(perSecond)} a second`
  if (before === undefined || after === undefined) return rate
  const each = cpuPerMessage(before, after, MESSAGES)
  const total = each.reduce((sum, [, time]) => sum + time, 0)
  const rows = each.map(([what, time]) => [what, time.toFixed(1)])
  rows.push(['all', total.toFixed(1)])
  return table([`${rate}; processor time by thread`, 'microseconds a message'], rows)
}

async function byFunction(say: (text: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-bench-profile-'))
  const kernel = await startKernel(['--cpu-prof', `--cpu-prof-dir=${folder}`])
  const load = OtherProcess.fixture('load')
  say(`${MESSAGES} messages, ${DEPTH} in flight, under the profiler`)
  await send(load, kernel, MESSAGES)
  await load.end()
  await endKernel(kernel)
  const [file] = await readdir(folder)
  const read = JSON.parse(await readFile(join(folder, file as string), 'utf8')) as CpuProfile
  await rm(folder, { recursive: true, force: true })
  return selfTimes(read)
}

function send(load: OtherProcess, kernel: Kernel, count: number): Promise<LoadReport> {
  const { endpoint, token } = kernel
  const order = { endpoint, token, count, depth: DEPTH, objects: COUNTERS }
  return load.ask(order) as Promise<LoadReport>
}

function selfTimes(read: CpuProfile): string {
  const names = new Map(
    read.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)] as [number, string]),
  )
  const spent = new Map<string, number>()
  for (const [i, id] of read.samples.entries()) {
    const name = names.get(id) ?? ''
    spent.set(name, (spent.get(name) ?? 0) + (read.timeDeltas[i] ?? 0))
  }
  const idle = spent.get('(idle)') ?? 0
  spent.delete('(idle)')
  const total = [...spent.values()].reduce((sum, one) => sum + one, 0)
  const rows = [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => [
      name,
      (time / 1000).toFixed(0),
      `${((time / total) * 100).toFixed(1)} %`,
    ])
  const head = [
    `busy ${(total / 1e6).toFixed(1)} s, idle ${(idle / 1e6).toFixed(1)} s`,
    'ms',
    'of it',
  ]
  return table(head, rows)
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][0]['callFrame']): string {
  const file = url.split('/').slice(-3).join('/')
  const name = functionName === '' ? '(anonymous)' : functionName
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`
}
