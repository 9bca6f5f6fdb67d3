// Owns: an image of any size in a process of its own: how it opens, and messages to all of it, told line by line.
// Leaves: making the image and what the figures mean to scale.ts.
//
//     node scale.fixture.ts FOLDER FIRST OBJECTS      prints an Opening when the first message is answered
//
// A line in is {selector, count, depth, seed}; a line out is a SpreadReport.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { open, type OpenWorld } from '#batos'
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

const folder = process.argv[2] as string
const first = Number(process.argv[3])
const objects = Number(process.argv[4])

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

function memory(): { own: number; mapped: number } {
  if (!existsSync('/proc/self/status')) return { own: process.memoryUsage().rss, mapped: 0 }
  const status = readFileSync('/proc/self/status', 'utf8')
  const bytes = (field: string) =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { own: bytes('RssAnon'), mapped: bytes('RssFile') }
}

function cpu(): number | undefined {
  const times = cpuTimes({ kernel: process.pid })
  return times && [...times.values()].reduce((sum, one) => sum + one, 0)
}

/** Milliseconds since the last call. */
let last = performance.now()
function lap(): number {
  const before = last
  last = performance.now()
  return last - before
}

async function openAll(): Promise<{ world: OpenWorld; opening: Opening }> {
  lap()
  const alone = openLmdbStore(join(folder, 'data'))
  new Head(alone)
  const store = lap()
  await alone.close()
  lap()
  const world = await open(folder)
  const whole = lap()
  await world.send(oidText(first + Math.floor(objects / 2)), 'count')
  return { world, opening: { store, world: whole, first: lap() } }
}

async function spread(world: OpenWorld, order: SpreadOrder): Promise<SpreadReport> {
  const random = chance(order.seed)
  const before = cpu()
  const rate = await perSecond(order.count, order.depth, () =>
    world.send(oidText(first + Math.floor(random() * objects)), order.selector),
  )
  const after = cpu()
  const spent =
    before === undefined || after === undefined ? undefined : (after - before) / order.count
  return { perSecond: rate, cpu: spent, ...memory() }
}

const { world, opening } = await openAll()
process.stdout.write(`${JSON.stringify(opening)}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const report = await spread(world, JSON.parse(line) as SpreadOrder)
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
await world.close()
