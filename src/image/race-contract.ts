// Owns: the three models of races, run by a scheduler with a seed, and broken storages that they must catch.
// Leaves: single steps to snapshot-contract.ts and conflict-contract.ts.
// Laws: the claims' titles name them. A failure names the seed that repeats it.
import assert from 'node:assert/strict'
import { asFault } from '#ground'
import { type Oid, seeded, type Tid } from '#objects'
import { altered, type Bench, type ClaimGroup, type Register, rootOf } from './connection-parts.ts'
import type { Connection } from './connection.ts'
import { type Database, openDatabase } from './database.ts'
import type { Follower } from './follower.ts'
import { Persistent } from './persistent.ts'
import { Storage } from './storage.ts'
import type { Store } from './store.ts'

/** Gives many tasks their turns one by one, in an order that a seed decides. */
class Scheduler {
  readonly random: () => number
  readonly #ready: (() => void)[] = []
  #running = 0
  #outside = 0

  constructor(seed: number) {
    this.random = seeded(seed)
  }

  /** Lets others run. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#ready.push(resolve))
  }

  /** Waits for what answers in its own time; nobody gets a turn meanwhile, so the order stays the seed's alone. */
  async outside(work: Promise<void>): Promise<void> {
    this.#outside++
    try {
      await work
    } finally {
      this.#outside--
    }
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.random() < probability
  }

  async run(tasks: readonly (() => Promise<void>)[]): Promise<void> {
    this.#running = tasks.length
    const all = Promise.all(
      tasks.map(async (task) => {
        try {
          await this.turn()
          await task()
        } finally {
          this.#running--
        }
      }),
    )
    let failure: unknown
    all.catch((error: unknown) => {
      failure = error ?? new Error('a task failed')
    })
    while (this.#running > 0 && failure === undefined) {
      if (this.#outside === 0) {
        const at = Math.floor(this.random() * this.#ready.length)
        this.#ready.splice(at, 1)[0]?.()
      }
      // Everything that follows from one turn happens before the next.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await all
  }
}

/** A storage over a store whose commits take turns before and after they are on disk: the window of a race. */
function slowStorage(
  bench: Bench,
  scheduler: Scheduler,
  Kind: typeof Storage = Storage,
  store: Store = bench.store,
): Storage {
  const slow = altered(store, {
    commit: async (group) => {
      await scheduler.turn()
      await scheduler.outside(store.commit(group))
      await scheduler.turn()
    },
  })
  return new Kind(slow, bench.options)
}

const two = (connection: Connection): [Persistent, Persistent] => {
  const root = rootOf(connection)
  return [root.get('one') as Persistent, root.get('two') as Persistent]
}

async function plant(database: Database): Promise<void> {
  await database.run((connection) => {
    const slots = { one: new Persistent({ n: 0 }), two: new Persistent({ n: 0 }), phase: 0 }
    connection.bind('root', new Persistent(slots))
  })
}

/** Commits, and lets a conflict be. Answers whether it was kept. */
async function tryCommit(connection: Connection): Promise<boolean> {
  try {
    await connection.manager.commit()
    return true
  } catch (error) {
    if (asFault(error)?.retry !== 'transaction') throw error
    connection.manager.abort()
    return false
  }
}

/** Reads two counters that are always equal; half of the objects are read anew. */
async function checkEqual(connection: Connection, scheduler: Scheduler): Promise<void> {
  const [one, other] = two(connection)
  const first = scheduler.chance(0.5)
  if (scheduler.chance(0.5)) (first ? one : other).invalidate()
  const left = one.get('n')
  await scheduler.turn()
  if (scheduler.chance(0.5)) other.invalidate()
  assert.equal(other.get('n'), left, 'the two are equal')
}

/** One writer and one verifier, `rounds` each; the verifier may be of another database over the same store. */
async function raceOfTwo(
  scheduler: Scheduler,
  rounds: number,
  database: Database,
  verified: Database = database,
) {
  await scheduler.run([() => plant(database)])
  const writer = async (): Promise<void> => {
    using connection = database.open()
    for (let round = 0; round < rounds; round++) {
      connection.manager.begin()
      const [one, other] = two(connection)
      assert.equal(one.get('n'), other.get('n'), 'the two are equal')
      one.set('n', (one.get('n') as number) + 1)
      await scheduler.turn()
      other.set('n', (other.get('n') as number) + 1)
      await connection.manager.commit()
    }
  }
  const verifier = async (): Promise<void> => {
    using connection = verified.open()
    for (let round = 0; round < rounds; round++) {
      connection.manager.begin()
      await checkEqual(connection, scheduler)
      connection.manager.abort()
      await scheduler.turn()
    }
  }
  await scheduler.run([writer, verifier])
  await database.run((connection) => assert.equal(two(connection)[0].get('n'), rounds))
}

async function oneDatabase(bench: Bench, seed: number, rounds: number, Kind = Storage) {
  const scheduler = new Scheduler(seed)
  const storage = slowStorage(bench, scheduler, Kind)
  await raceOfTwo(scheduler, rounds, bench.database({ storage }))
}

/** Eight clients that each read, and write in a fifth of their rounds. */
async function raceOfMany(bench: Bench, seed: number, rounds: number, Kind = Storage) {
  const scheduler = new Scheduler(seed)
  const database = bench.database({ storage: slowStorage(bench, scheduler, Kind), poolSize: 8 })
  await scheduler.run([() => plant(database)])
  let kept = 0
  const client = async (): Promise<void> => {
    using connection = database.open()
    for (let round = 0; round < rounds; round++) {
      connection.manager.begin()
      await checkEqual(connection, scheduler)
      if (!scheduler.chance(0.2)) continue
      const [one, other] = two(connection)
      one.set('n', (one.get('n') as number) + 1)
      await scheduler.turn()
      other.set('n', (other.get('n') as number) + 1)
      if (await tryCommit(connection)) kept++
    }
    connection.manager.abort()
  }
  await scheduler.run(Array.from({ length: 8 }, () => client))
  assert.ok(kept > rounds / 10, 'some writes were kept')
  await database.run((connection) => assert.equal(two(connection)[0].get('n'), kept))
}

/** Workers that take a new connection every four transactions; the difference of the two is the phase. */
async function raceOfPhases(bench: Bench, seed: number, workers: number, Kind = Storage) {
  const scheduler = new Scheduler(seed)
  const storage = slowStorage(bench, scheduler, Kind)
  const database = bench.database({ storage, poolSize: workers })
  await scheduler.run([() => plant(database)])
  const step = async (connection: Connection): Promise<void> => {
    connection.manager.begin()
    const root = rootOf(connection)
    const [one, other] = two(connection)
    const phase = root.get('phase') as number
    await scheduler.turn()
    const difference = (one.get('n') as number) - (other.get('n') as number)
    assert.equal(difference, phase, 'the difference is the phase')
    if (scheduler.chance(0.5)) {
      // In one of the two phases one of the counters is touched, so a skipped invalidation is seen at once.
      const next = phase === 0 ? 1 : 0
      if (next === 1) one.set('n', (one.get('n') as number) + 1)
      else other.set('n', (other.get('n') as number) + 1)
      root.set('phase', next)
      await tryCommit(connection)
    } else connection.manager.abort()
  }
  const worker = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn++) {
      using connection = database.open()
      for (let round = 0; round < 4; round++) await step(connection)
    }
  }
  await scheduler.run(Array.from({ length: workers }, () => worker))
}

/** Takes the newest tid of the store although its invalidations are not told yet. */
class EarlySnapshot extends Storage {
  override read(oid: Oid, at?: Tid) {
    return this.records.read(oid, at)
  }

  override boundary(follower: Follower) {
    const { changed } = super.boundary(follower)
    return { tid: this.records.head().tid, changed }
  }
}

/** Forgets the first of every fifth transaction's objects. */
class SkippedInvalidation extends Storage {
  override boundary(follower: Follower) {
    const { tid, changed } = super.boundary(follower)
    const skips = tid % 5 === 0 && changed !== 'all'
    return { tid, changed: skips ? new Map([...changed].slice(1)) : changed }
  }
}

/** Runs a race with one seed after the other until it fails; faults when none does. */
async function caught(bench: Bench, race: (seed: number) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= 20; seed++) {
    try {
      await race(seed)
    } catch (error) {
      assert.match(String(error), /the two are equal|the difference is the phase|was read as of/)
      return
    }
    await bench.renew()
  }
  assert.fail('twenty seeds did not catch the broken storage')
}

function racing(test: Register): void {
  test('[IM47] [B13] a writer and a verifier, 500 rounds: the two counters are always equal', async (bench) => {
    await oneDatabase(bench, 13, 500)
  })

  test('[IM47] [B14] eight clients, 100 rounds, a fifth writes: equal always, and every kept write counts', async (bench) => {
    await raceOfMany(bench, 14, 100)
  })

  test('[IM47] [B15] 64 workers that reconnect every four transactions: the difference is the phase', async (bench) => {
    await raceOfPhases(bench, 15, 64)
  })

  test('[IM47] [B13] the first race catches a snapshot that is ahead of its invalidations', async (bench) => {
    await caught(bench, (seed) => oneDatabase(bench, seed, 60, EarlySnapshot))
  })

  test('[IM47] [B14] the second race catches a snapshot that is ahead of its invalidations', async (bench) => {
    await caught(bench, (seed) => raceOfMany(bench, seed, 40, EarlySnapshot))
  })

  test('[IM47] [B15] the third race catches an invalidation that is skipped', async (bench) => {
    await caught(bench, (seed) => raceOfPhases(bench, seed, 16, SkippedInvalidation))
  })
}

function verifying(test: Register): void {
  test('[IM47] [B13] a verifier with a storage of its own, beside a writer of the same store: always equal', async (bench) => {
    const scheduler = new Scheduler(16)
    const storage = slowStorage(bench, scheduler, Storage, bench.writer)
    const writing = openDatabase(storage.records, { ...bench.options, storage })
    await raceOfTwo(scheduler, 500, writing, bench.database())
  })
}

export const raceGroups: readonly ClaimGroup[] = [
  { needs: ['write'], claims: racing },
  { needs: [], claims: verifying },
]
