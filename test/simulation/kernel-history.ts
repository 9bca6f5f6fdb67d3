// Owns: histories of a simulated kernel: many clients whose messages append to lists and read several in one turn.
// Leaves: whether a history is serializable to history.ts.
// Laws: KN95 spans are told by the count of events, so the order must be that of real time as well.
import { type Answer, awaken, type Kernel } from '#kernel'
import { decodeValue } from '#objects'
import { bankText } from './bank.ts'
import { BEGINNING, bootKernel, simulatedJudge } from './boot.ts'
import { Disk, type DiskFaults } from './disk.ts'
import type { HistoryTransaction, Step } from './history.ts'
import type { WorkerFaults } from './simulated-worker.ts'
import { type Life, Universe } from './universe.ts'

/** Messages under way at once. */
const CLIENTS = 24
/** Lists in use at once, and appends after which one goes out of use: reading longer ones tells nothing new. */
const LISTS = 5
const APPENDS = 40
/** Appends of one message, on average, so that there are lists enough. */
const APPENDS_A_MESSAGE = 2
/** How likely a message has a key; without one nobody knows what became of it in a crash. */
const KEYED = 0.7

const FAULTS: DiskFaults & WorkerFaults = {
  refused: 0.01,
  broken: 0,
  slowness: 20,
  dies: 0.0005,
  hangs: 0.0001,
  babbles: 0,
  pauses: 0.001,
  forgets: 0.05,
  stillborn: 0.1,
  latency: 2,
}

type Mix = [string] | [string, number]

/** A message of a client, and where it is in the history. */
interface Sending {
  id: string
  place: number
  mix: readonly Mix[]
  key: string | undefined
  /** When it was first sent, counted in events. */
  begin: number
}

/** What happened besides messages. */
export interface KernelCounts {
  crashes: number
  /** Messages whose group was refused. */
  refused: number
  /** Messages that were sent again with their key. */
  again: number
}

class Recorder {
  readonly history: HistoryTransaction[] = []
  readonly counts: KernelCounts = { crashes: 0, refused: 0, again: 0 }
  readonly #universe: Universe
  readonly #disk: Disk
  readonly #names: string[]
  readonly #appends = new Map<string, number>()
  /** Messages with a key that have no answer. */
  readonly #open = new Set<Sending>()
  #inUse: string[] = []
  #next = 0
  #value = 0
  #life: Life = { number: 0, alive: false }
  #kernel: Kernel | undefined
  #left: number

  constructor(seed: number, count: number) {
    this.#universe = new Universe(seed)
    this.#disk = new Disk(this.#universe, FAULTS)
    this.#left = count
    const lists = Math.ceil((count * APPENDS_A_MESSAGE) / APPENDS) + LISTS
    this.#names = Array.from({ length: lists }, (_, i) => `many${i}`)
  }

  async run(crashEvery: number): Promise<void> {
    const judge = simulatedJudge(this.#universe)
    await awaken(this.#disk.store, judge, [bankText(this.#names)], BEGINNING)
    this.#inUse = this.#names.slice(0, LISTS)
    this.#next = LISTS
    while (this.#left > 0) {
      const until = Math.max(0, this.#left - crashEvery)
      this.#start()
      await this.#universe.run(() => this.#left <= until)
      if (this.#left > 0) await this.#crash()
    }
    // What is under way ends, and then everything is read once more.
    await this.#universe.run()
    this.#readAll()
    await this.#universe.run()
  }

  #start(): void {
    const life: Life = { number: this.#life.number + 1, alive: true }
    this.#life = life
    const { universe, disk } = { universe: this.#universe, disk: this.#disk }
    this.#kernel = bootKernel({ universe, disk, life, faults: FAULTS, policy: 'off' })
    const open = [...this.#open]
    for (let i = 0; i < CLIENTS; i++) {
      const [sending] = open.splice(0, 1)
      if (sending === undefined) this.#act(life)
      else this.#again(sending, life)
    }
  }

  async #crash(): Promise<void> {
    this.counts.crashes++
    this.#life.alive = false
    await this.#disk.crash()
  }

  /** One message of one client, and the next one once it is answered. */
  #act(life: Life): void {
    if (!life.alive || this.#left <= 0) return
    this.#left--
    this.#send(this.#sending(this.#steps()), () => this.#later(() => this.#act(life), life))
  }

  #again(sending: Sending, life: Life): void {
    this.counts.again++
    this.#send(sending, () => this.#later(() => this.#act(life), life))
  }

  #later(act: () => void, life: Life): void {
    this.#universe.after(this.#universe.between(0, 10), 'a client acts', act, life)
  }

  #sending(mix: readonly Mix[]): Sending {
    const place = this.history.length
    const id = `T${place + 1}`
    const key = this.#universe.chance(KEYED) ? `key ${id}` : undefined
    this.history.push({ id, status: 'unknown', steps: stepsOf(mix, undefined) })
    return { id, place, mix, key, begin: this.#universe.events }
  }

  #send(sending: Sending, next: () => void): void {
    const { id, place, mix, key, begin } = sending
    const kernel = this.#kernel as Kernel
    const life = this.#life
    if (key !== undefined) this.#open.add(sending)
    const target = kernel.head.name(this.#names[0] as string) as number
    const answer = (got: Answer) => {
      const isRefused = !got.ok && got.fault.code === 'BUSY'
      if (isRefused) this.counts.refused++
      // A refused group is kept nowhere. Who has a key sends it again, until it is told what came of it.
      if (isRefused && key !== undefined) {
        return this.#later(() => {
          this.counts.again++
          this.#send(sending, next)
        }, life)
      }
      this.#open.delete(sending)
      const status = got.ok ? 'committed' : 'aborted'
      const seen = got.ok ? (decodeValue(got.result) as number[][]) : undefined
      const span = { begin, end: this.#universe.events }
      this.history[place] = { id, status, steps: stepsOf(mix, seen), span }
      next()
    }
    const message = { principal: 'client', author: id, target, selector: 'mix', args: [mix] }
    const listener = { event: () => undefined, answer }
    kernel.send(key === undefined ? message : { ...message, key }, listener)
  }

  #steps(): Mix[] {
    return Array.from({ length: 1 + this.#universe.below(5) }, () => {
      const at = this.#universe.below(LISTS)
      const name = this.#inUse[at] as string
      if (this.#universe.chance(0.5)) return [name]
      const appends = (this.#appends.get(name) ?? 0) + 1
      this.#appends.set(name, appends)
      if (appends >= APPENDS) this.#inUse[at] = this.#names[this.#next++] as string
      return [name, ++this.#value]
    })
  }

  #readAll(): void {
    for (const name of this.#names.slice(0, this.#next)) {
      this.#send(this.#sending([[name]]), () => undefined)
    }
  }
}

function stepsOf(mix: readonly Mix[], seen: readonly (readonly number[])[] | undefined): Step[] {
  let reads = 0
  return mix.map(([key, value]) =>
    value === undefined
      ? { kind: 'read', key, list: seen?.[reads++] }
      : { kind: 'append', key, value },
  )
}

/** A history of so many messages, with a crash after each so many of them. */
export async function kernelHistory(
  seed: number,
  count: number,
  crashEvery: number,
): Promise<{ history: HistoryTransaction[]; counts: KernelCounts }> {
  const recorder = new Recorder(seed, count)
  await recorder.run(crashEvery)
  return recorder
}
