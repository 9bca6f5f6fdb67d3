// Owns: where the kernel's time goes: a profile of its process under 512 in flight, by function.
// Leaves: the worker's and the load's time, which are other processes.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { table } from './contest.ts'
import { COUNTERS, endKernel, startKernel } from './durable.ts'
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

/** Profiles the kernel and answers its functions by the time that each takes itself. */
export async function profile(say: (text: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-bench-profile-'))
  const kernel = await startKernel(['--cpu-prof', `--cpu-prof-dir=${folder}`])
  const load = OtherProcess.fixture('load')
  say(`${MESSAGES} messages, ${DEPTH} in flight, under the profiler`)
  const { endpoint, token } = kernel
  const order = { endpoint, token, count: MESSAGES, depth: DEPTH, objects: COUNTERS }
  const report = (await load.ask(order)) as LoadReport
  await load.end()
  await endKernel(kernel)
  const [file] = await readdir(folder)
  const read = JSON.parse(await readFile(join(folder, file as string), 'utf8')) as CpuProfile
  await rm(folder, { recursive: true, force: true })
  const rate = `${Math.round(report.perSecond)} a second under the profiler`
  return `${rate}\n\n${selfTimes(read)}`
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
