// Owns: one look at a running kernel from outside: its processes, its file, its queues.
// Leaves: whether what is seen stays flat to flatness.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Client } from '#batos'
import { type ImagePages, imagePages, PAGE_BYTES } from './image-pages.ts'
import type { Probed } from './probe.ts'
import type { Window } from './traffic.ts'

/** Figures by the names of COURSES in courses.ts; `at` is seconds from the beginning. */
export type Sample = { at: number } & Record<string, number>

const MIB = 1024 * 1024

export interface Watched {
  pid: number
  /** The folder with the file of the image. */
  data: string
  /** The file that the probe writes. */
  probe: string
  client: Client
}

/** The process ids of the children that run a program whose path has a word in it. */
export function childrenOf(pid: number, word: string): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  const pids = text === '' ? [] : text.split(' ').map(Number)
  return pids.filter((child) => commandOf(child).includes(word))
}

/** The words of a process; none when it has ended meanwhile. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It ended between the list and the look, so it is no child any more.
    return ''
  }
}

/** The pid of the worker, while there is one. */
export function workerOf(pid: number): number | undefined {
  return childrenOf(pid, 'sandbox/worker').at(-1)
}

/** Pages that no pack frees: descriptions of transactions, and the kernel's tables. */
function pagesStaying({ trees }: ImagePages): number {
  return (trees.transactions ?? 0) + (trees.tables ?? 0)
}

/**
 * Pages of records that a version of a method holds, and versions stay by decision: some 250 bytes among garbage that went, and the
 * store joins a leaf with its neighbour only when it is less than a quarter full.
 */
const VERSION_PAGES = 0.25

/** The sample of the moment at which a pack has ended, when so many methods were replaced. */
export function lookAfterPack(data: string, at: number, versions: number): Sample {
  const pages = imagePages(data)
  const left = pages.used - pagesStaying(pages) - versions * VERSION_PAGES
  return { at, 'pages a pack left, less versions': left }
}

/** Takes one sample. */
export async function look(
  watched: Watched,
  at: number,
  window: Window,
  seconds: number,
): Promise<Sample> {
  const { pid, data, probe, client } = watched
  const pages = imagePages(data)
  const staying = pagesStaying(pages)
  const status = (await client.request('GetStatusCommand')) as Record<string, number>
  const sample: Sample = {
    at,
    'file MiB': pages.bytes / MIB,
    'pages used': pages.used,
    'file, less what stays, MiB': (pages.bytes - staying * PAGE_BYTES) / MIB,
    'bytes a description': ((pages.trees.transactions ?? 0) * PAGE_BYTES) / Number(status.tid),
    'pages free': pages.free,
    'LMDB readers': pages.readers,
    'kernel RSS MiB': residentOf(pid),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    children: childrenOf(pid, '').length,
    queue: status.queue ?? 0,
    pending: status.pending ?? 0,
    outbox: status.outbox ?? 0,
    peers: status.peers ?? 0,
    'messages/s': window.answers / seconds,
    'p50 ms': window.p50,
    'p99 ms': window.p99,
  }
  for (const [name, count] of Object.entries(pages.trees)) sample[`pages: ${name}`] = count
  const worker = workerOf(pid)
  if (worker !== undefined) sample['worker RSS MiB'] = residentOf(worker)
  const judge = childrenOf(pid, 'judge').at(-1)
  if (judge !== undefined) sample['judge RSS MiB'] = residentOf(judge)
  if (existsSync(probe)) {
    const probed = JSON.parse(readFileSync(probe, 'utf8')) as Probed
    sample['kernel heap MiB'] = probed.heap / MIB
    sample['kernel heap committed MiB'] = probed.committed / MIB
    sample['kernel external MiB'] = probed.external / MIB
    sample.handles = probed.handles
  }
  return sample
}

/** MiB that a process holds for itself: the image's file, which is mapped, is not among them. 0 when it has ended. */
function residentOf(pid: number): number {
  try {
    const line = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(line?.[1] ?? 0) / 1024
  } catch {
    // A worker was killed between the list and the look; the next sample sees the one that follows it.
    return 0
  }
}
