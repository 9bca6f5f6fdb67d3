// Owns: one client of a kernel that is killed: messages with keys, what was answered, and what its log must hold.
// Leaves: the kill to kill.ts.
import assert from 'node:assert/strict'
import type { Client } from '#batos'
import { asFault } from '#ground'
import { ACCOUNTS } from './victim.ts'

/** Money that goes from one account to another. */
export interface Move {
  from: number
  to: number
  amount: number
}

/** What a log had, and all that was sent. */
export interface Found {
  acknowledged: number
  /** Messages that were done and whose answer did not come. */
  extra: number
  /** Messages that were not done and were sent again. */
  again: number
  moves: Move[]
}

/** Messages on their way at once: some are in every stage of their life when the kill comes. */
const UNDER_WAY = 8

/** Of the messages that were answered, how many are sent again under their keys, counted from the last. */
const REPEATED = 3

export class Bookkeeper {
  readonly #log: string
  client!: Client
  #round = 0
  #moves: Move[] = []
  readonly #acknowledged = new Set<number>()
  #stopped = false
  #first: () => void = () => undefined
  /** Resolves with the first answer of the round. */
  answered: Promise<void> = Promise.resolve()

  constructor(number: number) {
    this.#log = `log-${number}`
  }

  get sent(): number {
    return this.#moves.length
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  async begin(round: number): Promise<void> {
    await this.client.send(this.#log, 'begin')
    this.#round = round
    this.#moves = []
    this.#acknowledged.clear()
    this.#stopped = false
    this.answered = new Promise((resolve) => {
      this.#first = resolve
    })
  }

  stop(): void {
    this.#stopped = true
  }

  /** Sends until it is stopped, so many at a time. Resolves when everything was answered, or the kernel is gone. */
  async load(draw: () => number): Promise<void> {
    const one = async (): Promise<void> => {
      while (!this.#stopped) {
        const below = (limit: number) => Math.floor(draw() * limit)
        const n = this.#moves.push({
          from: below(ACCOUNTS),
          to: below(ACCOUNTS),
          amount: below(100),
        })
        if (!(await this.#send(n))) return
      }
    }
    await Promise.all(Array.from({ length: UNDER_WAY }, one))
  }

  /** Sends a message; false when the connection ended before its answer. Its answer is its place in the log: its number. */
  async #send(n: number): Promise<boolean> {
    const { from, to, amount } = this.#moves[n - 1] as Move
    try {
      const key = `${this.#log} ${this.#round} ${n}`
      const place = await this.client.send(this.#log, 'note', [n, from, to, amount], { key })
      assert.equal(place, n, `message ${n} of ${this.#log} was answered with its place`)
    } catch (error) {
      if (asFault(error)?.code !== 'CANCELLED') throw error
      return false
    }
    this.#acknowledged.add(n)
    this.#first()
    return true
  }

  /** What the log has: every message that was answered, in order, none twice; then sends the others again. */
  async lookOver(): Promise<Found> {
    const { acknowledged } = this
    const done = await this.#done()
    assert.deepEqual(done, upTo(done.length), `${this.#log} has its messages in order, each once`)
    assert.ok(
      done.length <= this.sent,
      `${this.#log} has ${done.length} messages; ${this.sent} were sent`,
    )
    for (const n of this.#acknowledged) {
      assert.ok(n <= done.length, `message ${n} of ${this.#log} was answered and is gone`)
    }
    const extra = done.length - acknowledged
    const again = this.sent - done.length
    const known = [...this.#acknowledged].slice(-REPEATED)
    const open = upTo(this.sent).filter((n) => !this.#acknowledged.has(n))
    const answers = await Promise.all([...known, ...open].map((n) => this.#send(n)))
    assert.ok(answers.every(Boolean), 'the kernel that came after answered')
    assert.deepEqual(await this.#done(), upTo(this.sent), `${this.#log} after its keys came again`)
    if (this.sent > 0) assert.equal(await this.client.send(this.#log, 'newestNumber'), this.sent)
    return { acknowledged, extra, again, moves: this.#moves }
  }

  async #done(): Promise<number[]> {
    return (await this.client.send(this.#log, 'done')) as number[]
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
