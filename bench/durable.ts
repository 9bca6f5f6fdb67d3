// Owns: durable increments of 1,000 counters over ZeroMQ, beside everything they are measured against.
// Leaves: each contender to its own file.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contest, type Entrant, figure, median, ratio, table } from './contest.ts'
import { Door, RawLmdb } from './disk.ts'
import type { LoadReport } from './load.fixture.ts'
import { OtherProcess } from './other-process.ts'
import { PythonPeer } from './python-peer.ts'

export const COUNTERS = 1_000
const DEPTHS = [1, 64, 512] as const
type Depth = (typeof DEPTHS)[number]

/** Messages in one round, by depth: each round takes a second or less. */
const COUNTS: Record<Depth, number> = { 1: 400, 64: 6_000, 512: 16_000 }
/** What is slower or faster by an order of magnitude gets its own number. */
const ECHO_COUNTS: Record<Depth, number> = { 1: 4_000, 64: 20_000, 512: 30_000 }
const PYTHON_COUNTS: Record<Depth, number> = { 1: 300, 64: 900, 512: 1_200 }
const ROUNDS = 3

export interface Kernel {
  process: OtherProcess
  folder: string
  endpoint: string
  token: string
}

/** Starts a kernel with counters, in a process of its own and a folder of its own. */
export async function startKernel(nodeArgs: string[] = []): Promise<Kernel> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-bench-'))
  const process = OtherProcess.fixture('kernel', [folder, String(COUNTERS)], nodeArgs)
  return {
    process,
    folder,
    ...(JSON.parse(await process.line()) as { endpoint: string; token: string }),
  }
}

export async function endKernel(kernel: Kernel): Promise<void> {
  await kernel.process.end()
  await rm(kernel.folder, { recursive: true, force: true })
}

/** Runs the contest and answers its tables. */
export async function durable(peerFolder: string, say: (text: string) => void): Promise<string> {
  const kernel = await startKernel()
  const echo = OtherProcess.fixture('echo')
  const { endpoint } = JSON.parse(await echo.line()) as { endpoint: string }
  const load = OtherProcess.fixture('load')
  const lmdb = await RawLmdb.make(COUNTERS)
  const door = await Door.make(COUNTERS)
  const peer = await PythonPeer.start(peerFolder, COUNTERS)
  if (peer === undefined) say('the Python peer is absent')
  const latencies = new Map<string, LoadReport[]>()
  const note = (name: string, report: LoadReport): number => {
    if (report.failed > 0) throw new Error(`${name}: ${report.failed} messages failed`)
    latencies.set(name, [...(latencies.get(name) ?? []), report])
    return report.perSecond
  }
  const send = (to: { endpoint: string; token: string | null }, count: number, depth: Depth) =>
    load.ask({ ...to, count, depth, objects: COUNTERS }) as Promise<LoadReport>

  const results = new Map<Depth, Map<string, number>>()
  for (const depth of DEPTHS) {
    say(`durable sends, ${depth} in flight`)
    const count = COUNTS[depth]
    const entrants: Entrant[] = [
      {
        name: 'batos',
        round: async () => note(`batos ${depth}`, await send(kernel, count, depth)),
      },
      {
        name: 'echo',
        round: async () =>
          (await send({ endpoint, token: null }, ECHO_COUNTS[depth], depth)).perSecond,
      },
      { name: 'lmdb', round: () => lmdb.rate(count, depth) },
      { name: 'door', round: () => door.rate(count, depth) },
      { name: 'naive', round: () => door.naiveRate(COUNTS[1]) },
    ]
    if (peer !== undefined) {
      entrants.push({
        name: 'python',
        round: async () => note(`python ${depth}`, await peer.load(PYTHON_COUNTS[depth], depth)),
      })
    }
    results.set(depth, await contest(entrants, ROUNDS))
  }
  await load.end()
  await echo.end()
  await endKernel(kernel)
  await lmdb.close()
  await door.close()
  await peer?.close()
  return [ratesTable(results), latencyTable(latencies)].join('\n\n')
}

const CONTENDERS: [string, string][] = [
  ['batos', 'BAT OS: durable `increment`, over TCP'],
  ['echo', 'raw ZeroMQ echo of the same frames'],
  ['lmdb', 'raw LMDB, the same puts, `flushed`'],
  ['door', 'the image alone: `store.commit`'],
  ['naive', 'naive: one transaction, one flush, one at a time'],
  ['python', 'Python peer: durable `increment`, over TCP'],
]

function ratesTable(results: Map<Depth, Map<string, number>>): string {
  const head = ['a second', ...DEPTHS.flatMap((depth) => [`${depth} in flight`, 'BAT OS to it'])]
  const rows = CONTENDERS.map(([key, name]) => [
    name,
    ...DEPTHS.flatMap((depth) => {
      const all = results.get(depth)
      const value = all?.get(key)
      return [figure(value), key === 'batos' ? '' : ratio(all?.get('batos'), value)]
    }),
  ])
  return table(head, rows)
}

function latencyTable(latencies: Map<string, LoadReport[]>): string {
  const head = ['milliseconds to a durable reply', ...DEPTHS.map((depth) => `${depth} in flight`)]
  const row = (key: string, name: string, which: 'p50' | 'p99') => [
    `${name}, ${which}`,
    ...DEPTHS.map((depth) => {
      // The first round warmed up.
      const reports = latencies.get(`${key} ${depth}`)?.slice(1)
      return figure(reports && median(reports.map((report) => report[which])))
    }),
  ]
  return table(head, [
    row('batos', 'BAT OS', 'p50'),
    row('batos', 'BAT OS', 'p99'),
    row('python', 'Python peer', 'p50'),
    row('python', 'Python peer', 'p99'),
  ])
}
