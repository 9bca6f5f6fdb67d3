// Owns: the rounds of killed kernels and workers that run with every test, and that the bookkeeping finds what is lost.
// Leaves: as many rounds as somebody wants to `npm run soak -- --only kill`.
// Laws: KN4 and KN13 of src/kernel/SPEC.md; SO6.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '#batos'
import { Fault } from '#ground'
import { Bookkeeper } from './bookkeeper.ts'
import { killRounds } from './kill.ts'

const ROUNDS = 200
const SEED = 20_251_125

test(`[KN4] [KN13] ${ROUNDS} times a kernel or its worker is killed under load: what was answered is there, whole, and keys run once (seed ${SEED})`, async () => {
  const options = { rounds: ROUNDS, seed: SEED, parallel: 2, kernels: 0.5 }
  const sums = await killRounds(options, () => undefined)
  assert.ok(sums.kernels > ROUNDS / 4 && sums.workers > ROUNDS / 4)
  assert.ok(sums.acknowledged > ROUNDS * 10, `${sums.acknowledged} were acknowledged`)
  // Some kernels died between a message's commit and its answer, and some before its commit.
  assert.ok(sums.extra > 0 && sums.again > 0, `${sums.extra} extra, ${sums.again} again`)
})

/** A log in memory that a kernel would keep; `done` is what it has after the kill. */
class Log {
  done: number[] = []
  isGone = false
  readonly client = {
    send: (_: string, selector: string, [n]: [number] | [] = []) => {
      if (this.isGone) {
        const lost = { code: 'CANCELLED', message: 'lost', remedy: 'none', retry: 'later' as const }
        return Promise.reject(new Fault(lost))
      }
      if (selector === 'begin') this.done = []
      if (selector === 'done') return Promise.resolve([...this.done])
      if (selector === 'newestNumber') return Promise.resolve(this.done.at(-1))
      if (selector === 'note' && n !== undefined && !this.done.includes(n)) this.done.push(n)
      return Promise.resolve(n ?? 0)
    },
  } as unknown as Client
}

/** Sends until ten are answered, ends the connection, changes what the log has, and looks it over. */
async function after(change: (done: number[]) => number[]): Promise<unknown> {
  const log = new Log()
  const book = new Bookkeeper(0)
  book.client = log.client
  await book.begin(1)
  const load = book.load(() => 0.5)
  await book.answered
  log.isGone = true
  book.stop()
  await load
  log.isGone = false
  log.done = change(log.done)
  return book.lookOver()
}

test('[SO6] a message that was answered and is gone, is there twice or out of order is found', async () => {
  await after((done) => done)
  await assert.rejects(
    after((done) => done.slice(0, -1)),
    /was answered and is gone/,
  )
  await assert.rejects(
    after((done) => [...done, done.length]),
    /in order, each once/,
  )
  await assert.rejects(
    after((done) => done.toReversed()),
    /in order, each once/,
  )
  await assert.rejects(
    after((done) => [...done, ...Array.from({ length: 20 }, (_, i) => done.length + i + 1)]),
    /were sent/,
  )
})
