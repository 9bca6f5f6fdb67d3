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

class Recorder {
  readonly history: HistoryTransaction[] = []
  readonly #universe: Universe
  readonly #disk: Disk
  readonly #names: string[]
  readonly #appends = new Map<string, number>()
  #inUse: string[] = []
  #next = 0
  #value = 0
  #life: Life = { number: 0, alive: false }
  #kernel: Kernel | undefined
  #left: number
  crashes = 0

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
      if (this.#left > 0) this.#crash()
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
    for (let i = 0; i < CLIENTS; i++) this.#act(life)
  }

  #crash(): void {
    this.crashes++
    this.#life.alive = false
    this.#disk.crash()
  }

  /** One message of one client, and the next one once it is answered. */
  #act(life: Life): void {
    if (!life.alive || this.#left <= 0) return
    this.#left--
    this.#send(this.#steps(), () => {
      const pause = this.#universe.between(0, 10)
      this.#universe.after(pause, 'a client acts', () => this.#act(life), life)
    })
  }

  #send(mix: readonly Mix[], next: () => void): void {
    const kernel = this.#kernel as Kernel
    const id = `T${this.history.length + 1}`
    const place = this.history.length
    const begin = this.#universe.events
    this.history.push({ id, status: 'unknown', steps: stepsOf(mix, undefined) })
    const target = kernel.head.name(this.#names[0] as string) as number
    const answer = (got: Answer) => {
      // A refused group is kept nowhere: its messages are aborted, and nobody may ever see them.
      const status = got.ok ? 'committed' : 'aborted'
      const seen = got.ok ? (decodeValue(got.result) as number[][]) : undefined
      const span = { begin, end: this.#universe.events }
      this.history[place] = { id, status, steps: stepsOf(mix, seen), span }
      next()
    }
    const message = { principal: 'client', author: id, target, selector: 'mix', args: [mix] }
    kernel.send(message, { event: () => undefined, answer })
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
    for (const name of this.#names.slice(0, this.#next)) this.#send([[name]], () => undefined)
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
): Promise<{ history: HistoryTransaction[]; crashes: number }> {
  const recorder = new Recorder(seed, count)
  await recorder.run(crashEvery)
  return recorder
}
