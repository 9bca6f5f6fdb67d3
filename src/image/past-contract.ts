// Owns: the claims about connections to the past.
// Leaves: reading as of a transaction to the suite of stores.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import {
  type Bench,
  type ClaimGroup,
  elsewhere,
  planted,
  type Register,
  rootOf,
} from './connection-parts.ts'
import { type Database, openDatabase, type OpenOptions } from './database.ts'
import { Persistent } from './persistent.ts'

const invalid = { code: 'FIELD_INVALID' }

/** Three transactions at known times, a minute apart: v is 1, 2 and 3. */
async function three(bench: Bench) {
  const start = Date.UTC(2025, 0, 1, 12)
  let time = start
  const author = openDatabase(bench.writer, { now: () => time })
  await planted(author, { v: 1 })
  for (const v of [2, 3]) {
    time += 60_000
    await elsewhere(author, 'v', v)
  }
  const database = bench.database({
    now: () => time,
    historical: { size: 2, idle: 60_000, cache: { count: 5 } },
  })
  const later = (milliseconds: number): void => {
    time += milliseconds
  }
  return { author, database, start, later }
}

function seen(database: Database, options: OpenOptions): unknown {
  using connection = database.open(options)
  return connection.name('root')?.get('v')
}

function reading(test: Register): void {
  test('[IM69] [H1] the past opens at or before a transaction or a time', async (bench) => {
    const { database, start } = await three(bench)
    assert.deepEqual(
      [1, 2, 3].map((at) => seen(database, { at })),
      [1, 2, 3],
    )
    assert.deepEqual(
      [1, 2, 3].map((before) => seen(database, { before })),
      [undefined, 1, 2],
    )
    const minute = new Date(start + 60_000)
    assert.deepEqual([seen(database, { at: minute }), seen(database, { before: minute })], [2, 1])
    assert.equal(seen(database, { at: new Date(start + 59_999) }), 1)
    assert.equal(seen(database, { at: new Date(start - 1) }), undefined)
  })

  test('[IM69] [H1] a time without a zone is UTC, and with one it is of that zone', async (bench) => {
    const { database } = await three(bench)
    assert.equal(seen(database, { at: '2025-01-01T12:01:00' }), 2)
    assert.equal(seen(database, { at: '2025-01-01T12:01:00Z' }), 2)
    assert.equal(seen(database, { at: '2025-01-01T14:01:00+02:00' }), 2)
    assert.equal(seen(database, { before: '2025-01-01T12:01' }), 1)
    assert.throws(() => database.open({ at: 'yesterday' }), invalid)
  })

  test('[IM69] [H1] both, and the future, are errors', async (bench) => {
    const { database, start } = await three(bench)
    assert.throws(() => database.open({ at: 1, before: 2 }), invalid)
    assert.throws(() => database.open({ at: 4 }), invalid)
    assert.throws(() => database.open({ before: 4 }), invalid)
    assert.throws(() => database.open({ at: -1 }), invalid)
    assert.throws(() => database.open({ at: new Date(start + 120_001) }), invalid)
    assert.throws(() => database.open({ at: new Date(Number.NaN) }), invalid)
  })

  test('[IM69] [H2] changes work in memory, commit faults READ_ONLY, abort brings the past back', async (bench) => {
    const { database } = await three(bench)
    using connection = database.open({ at: 2 })
    const root = rootOf(connection)
    root.set('v', 9)
    connection.manager.savepoint()
    assert.equal(root.get('v'), 9)
    await assert.rejects(connection.manager.commit(), { code: 'READ_ONLY' })
    connection.manager.abort()
    assert.deepEqual([root.get('v'), root.state, connection.snapshot], [2, 'saved', 2])
    assert.equal(bench.store.head().tid, 3)
    assert.equal(seen(database, { at: 2 }), 2)
  })

  test('[IM69] [H3] new commits never move it', async (bench) => {
    const { author, database } = await three(bench)
    using connection = database.open({ at: 2 })
    const root = rootOf(connection)
    assert.equal(root.get('v'), 2)
    await elsewhere(author, 'v', 4)
    using present = database.open()
    assert.equal(rootOf(present).get('v'), 4)
    database.storage.invalidateAll()
    for (const border of ['abort', 'begin'] as const) {
      connection.manager[border]()
      assert.deepEqual([root.state, root.get('v'), connection.snapshot], ['saved', 2, 2])
    }
  })

  test('[IM69] [H4] the same point is the same connection again, of a small pool that forgets', async (bench) => {
    const { database, later } = await three(bench)
    const open = (at: number) => database.open({ at })
    const first = open(2)
    assert.equal(first.cache.count, 5)
    rootOf(first).activate()
    first.close()
    const again = open(2)
    assert.equal(again, first)
    again.close()
    later(60_001)
    const fresh = open(2)
    assert.notEqual(fresh, first)
    assert.equal(first.cache.report.loaded, 0)
    for (const connection of [open(1), open(3), fresh]) connection.close()
    assert.equal(database.report.past, 2)
  })
}

function writing(test: Register): void {
  test('[IM69] [H2] a new object and a new name live in memory too, and the present is written meanwhile', async (bench) => {
    const { database } = await three(bench)
    using connection = database.open({ at: 2 })
    const root = rootOf(connection)
    const child = new Persistent({ v: 1 })
    root.set('child', child)
    connection.bind('child', child)
    connection.manager.savepoint()
    assert.equal(connection.name('child'), child)
    await elsewhere(database, 'v', 4)
    await assert.rejects(connection.manager.commit(), { code: 'READ_ONLY' })
    connection.manager.abort()
    assert.deepEqual([root.get('v'), root.has('child'), child.state], [2, false, 'unsaved'])
    assert.deepEqual([bench.store.head().tid, bench.store.name('child')], [4, undefined])
  })
}

export const pastGroups: readonly ClaimGroup[] = [
  { needs: [], claims: reading },
  { needs: ['write'], claims: writing },
]
