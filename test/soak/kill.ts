// Owns: rounds in which a kernel or its worker is killed under load, and what must be there afterwards.
// Leaves: processes and their death to victim.ts; one client's messages to bookkeeper.ts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect } from '#batos'
import { seeded } from '#objects'
import { Bookkeeper, type Move } from './bookkeeper.ts'
import type { PartReport } from './hour.ts'
import { figure, table } from './table.ts'
import { ACCOUNTS, CLIENTS, copyTemplate, makeTemplate, OPENING, Victim } from './victim.ts'

export interface KillOptions {
  rounds: number
  seed: number
  /** Images on which rounds run at the same time. */
  parallel: number
  /** Share of rounds in which the kernel is killed; in the others it is the worker. */
  kernels: number
}

/** Milliseconds from the first answer of a round to the kill: as often from 5 to 50 as from 50 to 500. */
const SOONEST = 5
const LATEST = 500

/** Deaths of a kernel after which the image is begun anew: looking it over takes longer with each. */
const DEATHS_AN_IMAGE = 8

/** Rounds between two lines of progress. */
const TOLD = 100

interface Sums {
  /** Begun, and ended. */
  rounds: number
  ended: number
  kernels: number
  workers: number
  sent: number
  acknowledged: number
  /** Messages that were durable when the kernel died, and whose answers it did not live to send. */
  extra: number
  /** Messages that were gone and came again under their keys. */
  again: number
}

const noSums = (): Sums => ({
  rounds: 0,
  ended: 0,
  kernels: 0,
  workers: 0,
  sent: 0,
  acknowledged: 0,
  extra: 0,
  again: 0,
})

/** Kills, and looks over, so many times. What is not as it must be is thrown; the image is kept then. */
export async function killRounds(options: KillOptions, told: (sums: Sums) => void): Promise<Sums> {
  const folder = mkdtempSync(join(tmpdir(), 'batos-kill-'))
  const sums = noSums()
  await makeTemplate(folder)
  const lanes = Array.from(
    { length: options.parallel },
    (_, i) => new Lane(folder, i, options, sums, told),
  )
  const ends = await Promise.allSettled(lanes.map((lane) => lane.run()))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined)
    throw new Error(`the images are kept in ${folder}`, { cause: failed.reason })
  rmSync(folder, { recursive: true })
  return sums
}

/** Rounds on one image after another. */
class Lane {
  readonly #folder: string
  readonly #number: number
  readonly #options: KillOptions
  readonly #sums: Sums
  readonly #told: (sums: Sums) => void
  readonly #draw: () => number
  #image = ''
  #images = 0
  #deaths = 0
  #victim: Victim | undefined
  #clients: Client[] = []
  #books: Bookkeeper[] = []
  /** What each account must have, by all messages that were done. */
  #balances: number[] = []

  constructor(
    folder: string,
    number: number,
    options: KillOptions,
    sums: Sums,
    told: (sums: Sums) => void,
  ) {
    this.#folder = folder
    this.#number = number
    this.#options = options
    this.#sums = sums
    this.#told = told
    this.#draw = seeded(options.seed * 1_000 + number)
  }

  async run(): Promise<void> {
    try {
      while (this.#sums.rounds < this.#options.rounds) {
        const round = ++this.#sums.rounds
        try {
          await this.#round(round)
        } catch (error) {
          throw new Error(`round ${round}, lane ${this.#number}, image ${this.#image}`, {
            cause: error,
          })
        }
        this.#sums.ended++
        this.#told(this.#sums)
      }
    } catch (error) {
      // The others stop after the round that they are in.
      this.#sums.rounds = Number.POSITIVE_INFINITY
      throw error
    } finally {
      for (const client of this.#clients) client.close()
      await this.#victim?.kill()
    }
  }

  async #round(round: number): Promise<void> {
    if (this.#victim === undefined) await this.#begin()
    const isKernel = this.#draw() < this.#options.kernels
    const delay = SOONEST * (LATEST / SOONEST) ** this.#draw()
    for (const book of this.#books) await book.begin(round)
    const loads = this.#books.map((book) => book.load(this.#draw))
    await Promise.race(this.#books.map((book) => book.answered))
    await new Promise<void>((resolve) => setTimeout(() => resolve(), delay))
    if (isKernel) await this.#killKernel(loads)
    else await this.#killWorker(loads)
    await this.#lookOver(isKernel)
  }

  /** A new image, with a kernel and clients. */
  async #begin(): Promise<void> {
    if (this.#image !== '') rmSync(this.#image, { recursive: true })
    this.#image = join(this.#folder, `image-${this.#number}-${++this.#images}`)
    copyTemplate(this.#folder, this.#image)
    this.#deaths = 0
    this.#balances = Array.from({ length: ACCOUNTS }, () => OPENING)
    this.#books = Array.from({ length: CLIENTS }, (_, i) => new Bookkeeper(i))
    await this.#start()
  }

  async #start(): Promise<void> {
    const victim = await Victim.start(this.#image, join(this.#folder, 'compiled'))
    this.#victim = victim
    const { endpoint, token } = victim
    const options = { token, client: 'soak', timeout: 30_000 }
    this.#clients = await Promise.all(this.#books.map(() => connect(endpoint, options)))
    for (const [i, book] of this.#books.entries()) book.client = this.#clients[i] as Client
  }

  async #killKernel(loads: Promise<void>[]): Promise<void> {
    this.#sums.kernels++
    await this.#victim?.kill()
    for (const book of this.#books) book.stop()
    for (const client of this.#clients) client.close()
    await Promise.all(loads)
    await this.#start()
  }

  /** Everybody is answered as if nothing had been: the load stops, and waits for all its answers. */
  async #killWorker(loads: Promise<void>[]): Promise<void> {
    this.#sums.workers++
    await this.#victim?.killWorker()
    for (const book of this.#books) book.stop()
    await Promise.all(loads)
    for (const book of this.#books) {
      assert.equal(book.acknowledged, book.sent, 'a worker died, and a message has no answer')
    }
  }

  async #lookOver(isKernel: boolean): Promise<void> {
    const done: Move[] = []
    for (const book of this.#books) {
      const found = await book.lookOver()
      this.#sums.extra += found.extra
      this.#sums.again += found.again
      this.#sums.sent += book.sent
      this.#sums.acknowledged += found.acknowledged
      done.push(...found.moves)
    }
    for (const { from, to, amount } of done) {
      this.#balances[from] = (this.#balances[from] ?? 0) - amount
      this.#balances[to] = (this.#balances[to] ?? 0) + amount
    }
    const [client] = this.#clients as [Client]
    assert.deepEqual(
      await client.send('log-0', 'balances'),
      this.#balances,
      'what the accounts have',
    )
    if (!isKernel) return
    const report = (await client.request('VerifyCommand')) as { damage: unknown[] }
    assert.deepEqual(report.damage, [], 'verify')
    if (++this.#deaths < DEATHS_AN_IMAGE) return
    for (const one of this.#clients) one.close()
    await this.#victim?.kill()
    this.#victim = undefined
  }
}

/** The part of the soak: rounds with progress, and a table. */
export async function kill(options: KillOptions, say: (line: string) => void): Promise<PartReport> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1_000
  let violations = 0
  let last: Sums | undefined
  const trouble: string[] = []
  try {
    await killRounds(options, (sums) => {
      last = { ...sums }
      if (sums.ended % TOLD === 0) {
        say(
          `${sums.ended} rounds, ${figure(sums.ended / seconds())} a second, ${sums.acknowledged} acknowledged`,
        )
      }
    })
  } catch (error) {
    violations = 1
    for (let at = error; at !== undefined; at = (at as Error).cause)
      trouble.push(String((at as Error).stack ?? at))
  }
  const sums = last ?? noSums()
  const rows = [
    ['rounds', String(sums.ended)],
    ['kernels killed', String(sums.kernels)],
    ['workers killed', String(sums.workers)],
    ['messages sent', String(sums.sent)],
    ['acknowledged, all there', String(sums.acknowledged)],
    ['durable without an answer', String(sums.extra)],
    ['gone without an answer, sent again', String(sums.again)],
    ['rounds a second', figure(sums.ended / seconds())],
  ]
  const text = [
    `Seed ${options.seed}, ${options.parallel} at a time.`,
    '',
    table(['', 'count'], rows),
    ...trouble,
  ]
  return { text: text.join('\n'), violations }
}
