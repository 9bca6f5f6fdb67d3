// Owns: an image of any size in a process of its own: how it opens, and messages to all of it, told line by line.
// Leaves: making the image and what the figures mean to scale.ts.
//
//     node scale.fixture.ts FOLDER FIRST OBJECTS      prints an Opening when the first message is answered
//
// A line in is {selector, count, depth, seed}; a line out is a SpreadReport.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { open } from '#batos'
import { openLmdbStore } from '#image'
import { Head } from '#kernel'
import { oidText } from '#objects'
import { perSecond } from './contest.ts'
import { cpuTimes } from './cpu-time.ts'

/** Milliseconds. */
export interface Opening {
  /** The store opened, and the kernel's head at its newest transaction. */
  store: number
  /** The whole world: lock, store, first objects looked for, kernel, client. */
  world: number
  /** From a world that is open to the first answer. */
  first: number
}

export interface SpreadOrder {
  selector: string
  count: number
  depth: number
  seed: number
}

export interface SpreadReport {
  perSecond: number
  /** Microseconds of processor time a message, of the kernel and its children; absent where the system does not tell. */
  cpu: number | undefined
  /** Bytes of memory of the kernel's process: its own, and pages of the image's file that are mapped into it. */
  own: number
  mapped: number
}

const [folder, first, objects] = [process.argv[2] as string, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
]
const data = join(folder, 'data')

/** Numbers below 1 that look random and are the same for a seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

async function timed(run: () => unknown): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

function memory(): { own: number; mapped: number } {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    const bytes = (field: string) =>
      1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    return { own: bytes('RssAnon'), mapped: bytes('RssFile') }
  } catch {
    return { own: process.memoryUsage().rss, mapped: 0 }
  }
}

const store = await timed(async () => {
  const opened = openLmdbStore(data)
  new Head(opened)
  return opened
})
