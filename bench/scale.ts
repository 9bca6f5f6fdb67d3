// Owns: what the number of objects costs: images of a thousand to ten million objects, opened, asked and packed.
// Leaves: opening one and sending to it to scale.fixture.ts.
// Laws: messages go to objects anywhere in the image, so no cache can hold them all; sizes take turns, round by round.
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '#batos'
import { openLmdbStore, type Revision, type Store, type Transaction } from '#image'
import { encodeSlots, type Oid, parseOid, Ref, type StoredSlot, type Tid } from '#objects'
import { contest, type Entrant, figure, median, ratio, table } from './contest.ts'
import { OtherProcess } from './other-process.ts'
import type { Opening, SpreadOrder, SpreadReport } from './scale.fixture.ts'

const SIZES = [1_000, 100_000, 1_000_000]
/** Objects that one shelf refers to, so that all are reachable; a shelf with its objects is a transaction. */
const SHELF = 1_000
/** Transactions in one group: as many records as it may hold are too many for one page of memory, these are not. */
const SHELVES = 20
const DEPTH = 64
const MESSAGES = 6_000
const ROUNDS = 3
const STARTS = 3
const WRITERS = 3
const INCREMENT = `function increment(self, by: number = 1) {
  self.count += by
  return self.count
}`

/** An image that was made, and how fast. */
interface Made {
  objects: number
  folder: string
  prototype: Oid
  first: Oid
  perSecond: number
}

/** What one image showed. */
interface Shown {
  openings: Opening[]
  reports: Record<'increment' | 'count', SpreadReport[]>
  bytes: number
}

/** Runs it all and answers its tables. With `objects`, images of a thousand and of so many alone. */
export async function scale(say: (text: string) => void, objects?: number): Promise<string> {
  const sizes = objects === undefined ? SIZES : [SIZES[0] as number, objects]
  const made: Made[] = []
  for (const size of sizes) {
    say(`an image of ${size.toLocaleString('en-US')} objects`)
    made.push(await make(size))
  }
  const shown = await show(made, say)
  const columns = made.map((one, i) => measures(one, shown[i] as Shown))
  // The last one may be of any size; a pack that takes a minute says no more than one of some seconds.
  const packed = made[1] as Made
  say(`a pack of ${packed.objects.toLocaleString('en-US')} objects`)
  const packing = await pack(packed)
  for (const { folder } of made) await rm(folder, { recursive: true, force: true })
  return [sizesTable(made, columns), packing].join('\n\n')
}

// Making ---------------------------------------------------------------------------------------

async function make(objects: number): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-bench-scale-'))
  const world = await open(folder)
  const { oid } = (await world.request('CreateObjectCommand', { name: 'counter' })) as {
    oid: string
  }
  await world.request('CreateMethodCommand', {
    target: oid,
    method_name: 'increment',
    source: INCREMENT,
  })
  await world.close()
  const prototype = parseOid(oid) as Oid
  const store = openLmdbStore(join(folder, 'data'))
  const first = store.head().oid + 1
  const start = performance.now()
  await fill(store, { prototype, first, objects })
  const seconds = (performance.now() - start) / 1000
  await store.close()
  return { objects, folder, prototype, first, perSecond: objects / seconds }
}

async function fill(
  store: Store,
  { prototype, first, objects }: { prototype: Oid; first: Oid; objects: number },
): Promise<void> {
  let tid = store.head().tid
  let under: Promise<void> | undefined
  for (let made = 0; made < objects; ) {
    const transactions: Transaction[] = []
    for (; made < objects && transactions.length < SHELVES; made += SHELF) {
      const count = Math.min(SHELF, objects - made)
      const shelf = first + objects + made / SHELF
      transactions.push(filledShelf(++tid, shelf, { prototype, first: first + made, count }))
    }
    const next = store.commit({ transactions, tables: [] })
    // One group is made while the one before is written.
    await under
    under = next
  }
  await under
}

function filledShelf(
  tid: Tid,
  shelf: Oid,
  { prototype, first, count }: { prototype: Oid; first: Oid; count: number },
): Transaction {
  const oids = Array.from({ length: count }, (_, i) => first + i)
  const revisions = oids.map((oid) => counter(oid, tid, prototype, 0))
  const slots = oids.map((oid, i) => ({ name: `at${i}`, tid, value: new Ref(oid) }))
  revisions.push({ oid: shelf, tid, kind: 'object', refs: oids, payload: encodeSlots(slots) })
  const names = [{ name: `shelf-${shelf}`, oid: shelf }]
  return { tid, time: Date.now(), author: 'bench', note: 'a shelf', revisions, names }
}

function counter(oid: Oid, tid: Tid, prototype: Oid, count: number): Revision {
  const slots: StoredSlot[] = [
    { name: 'parent*', tid, value: new Ref(prototype) },
    { name: 'count', tid, value: count },
  ]
  return { oid, tid, kind: 'object', refs: [prototype], payload: encodeSlots(slots) }
}

// Opening and sending --------------------------------------------------------------------------

function start({ folder, first, objects }: Made): OtherProcess {
  return OtherProcess.fixture('scale', [folder, String(first), String(objects)])
}

async function show(made: Made[], say: (text: string) => void): Promise<Shown[]> {
  const shown = made.map(
    (): Shown => ({ openings: [], reports: { increment: [], count: [] }, bytes: 0 }),
  )
  say('opening')
  const processes: OtherProcess[] = []
  for (let round = 0; round <= STARTS; round++) {
    for (const [i, one] of made.entries()) {
      const process = start(one)
      const opening = JSON.parse(await process.line()) as Opening
      // The first start of each finds other files in the system's memory than the later ones.
      if (round > 0) shown[i]?.openings.push(opening)
      if (round === STARTS) processes.push(process)
      else await process.end()
    }
  }
  say(`messages to all objects, ${DEPTH} in flight`)
  let seed = 1
  const entrants = (['increment', 'count'] as const).flatMap((selector) =>
    processes.map(
      (process, i): Entrant => ({
        name: `${selector} ${i}`,
        round: async () => {
          const order: SpreadOrder = { selector, count: MESSAGES, depth: DEPTH, seed: seed++ }
          const report = (await process.ask(order)) as SpreadReport
          shown[i]?.reports[selector].push(report)
          return report.perSecond
        },
      }),
    ),
  )
  await contest(entrants, ROUNDS)
  for (const [i, process] of processes.entries()) {
    await process.end()
    const { folder } = made[i] as Made
    ;(shown[i] as Shown).bytes = (await stat(join(folder, 'data', 'data.mdb'))).size
  }
  return shown
}

// Packing --------------------------------------------------------------------------------------

/** A pack to the newest transaction while writers increment objects anywhere, each waiting for the disk every time. */
async function pack({ folder, prototype, first, objects }: Made): Promise<string> {
  const store = openLmdbStore(join(folder, 'data'))
  const { tid } = store.head()
  let next = tid
  let packing = true
  const write = async (n: number) => {
    for (let at = n; packing; at += 7_919) {
      const now = ++next
      const revisions = [counter(first + (at % objects), now, prototype, at)]
      const one = { tid: now, time: Date.now(), author: 'bench', note: 'increment', revisions }
      await store.commit({ transactions: [{ ...one, names: [] }], tables: [] })
    }
  }
  const began = performance.now()
  const writers = Array.from({ length: WRITERS }, (_, n) => write(n))
  const report = await store.pack({ before: tid, gc: true })
  const seconds = (performance.now() - began) / 1000
  packing = false
  await Promise.all(writers)
  await store.close()
  const seen = report.objectsKept + report.objectsRemoved
  return table(
    [`a pack of ${figure(seen)} objects, ${WRITERS} writers at work`, 'in all', 'a second'],
    [
      ['objects visited and kept', figure(report.objectsKept), figure(seen / seconds)],
      ['old revisions removed', figure(report.revisionsRemoved), ''],
      ['commits of the writers meanwhile', figure(next - tid), figure((next - tid) / seconds)],
    ],
  )
}

// Telling --------------------------------------------------------------------------------------

type Measure = [what: string, value: number | undefined]

function measures({ perSecond }: Made, { openings, reports, bytes }: Shown): Measure[] {
  const of = (which: keyof Opening) => median(openings.map((opening) => opening[which]))
  const sent = (selector: 'increment' | 'count'): Measure[] => {
    // As in every contest, the first round warms up.
    const counted = reports[selector].slice(1)
    const spent = counted.map(({ cpu }) => cpu).filter((cpu) => cpu !== undefined)
    const what = selector === 'count' ? 'a read' : 'a durable increment'
    return [
      [`microseconds ${what}`, 1e6 / median(counted.map((report) => report.perSecond))],
      [`of them processor time`, spent.length === 0 ? undefined : median(spent)],
    ]
  }
  const newest = reports.count.at(-1)
  const mebibytes = (value: number | undefined) => value && value / 2 ** 20
  return [
    ['objects made a second', perSecond],
    ['milliseconds to open the store', of('store')],
    ['milliseconds to open the world', of('world')],
    ['milliseconds to the first answer then', of('first')],
    ...sent('increment'),
    ...sent('count'),
    ['MiB of the file', mebibytes(bytes)],
    ['MiB of memory of the kernel’s own', mebibytes(newest?.own)],
    ['MiB of the file in its memory', mebibytes(newest?.mapped)],
  ]
}

function sizesTable(made: Made[], columns: Measure[][]): string {
  const sizes = made.map(({ objects }) => objects.toLocaleString('en-US'))
  const base = sizes[0] as string
  const head = ['objects', base, ...sizes.slice(1).flatMap((size) => [size, `to ${base}`])]
  const rows = (columns[0] as Measure[]).map(([what, first], row) => [
    what,
    figure(first),
    ...columns.slice(1).flatMap((column) => {
      const value = column[row]?.[1]
      return [figure(value), ratio(value, first)]
    }),
  ])
  return table(head, rows)
}
