// Owns: the claims about connections to the past.
// Leaves: reading as of a transaction to the suite of stores.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import type { Oid, Tid } from '#objects'
import {
  type Bench,
  type ClaimGroup,
  elsewhere,
  planted,
  type Register,
  removed,
  rootOf,
} from './connection-parts.ts'
import { type Database, type OpenOptions, openDatabase } from './database.ts'
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

function validity(test: Register): void {
  test('[IM112] [B1] [B2] what is read before a transaction says between which transactions it is the newest', async (bench) => {
    const { author } = await three(bench)
    const { oid } = rootOf(author.open())
    const storage = bench.storage()
    const told = (tid: Tid) => {
      const found = storage.before(oid as Oid, tid)
      return found && [found.revision.tid, found.start, found.end]
    }
    assert.deepEqual([0, 1, 2, 3, 4, 9].map(told), [
      undefined,
      undefined,
      [1, 1, 2],
      [2, 2, 3],
      [3, 3, undefined],
      [3, 3, undefined],
    ])
    // The newest of all has no end until somebody writes the next one.
    await elsewhere(author, 'v', 4)
    storage.boundary(storage.follow())
    assert.deepEqual(
      [told(4), told(5)],
      [
        [3, 3, 4],
        [4, 4, undefined],
      ],
    )
    await removed(author.storage, oid as Oid)
    storage.boundary(storage.follow())
    assert.deepEqual([told(5), storage.before(oid as Oid, 6)?.revision.kind], [[4, 4, 5], 'gone'])
  })

  test('[IM112] [B3] each end is the next start, eighty deep and through undos', async (bench) => {
    const { author } = await three(bench)
    const oid = rootOf(author.open()).oid as Oid
    for (let v = 4; v <= 80; v++) {
      if (v % 20 === 0) await author.undo(author.storage.lastTransaction())
      else await elsewhere(author, 'v', v)
    }
    const storage = bench.storage()
    const last = storage.lastTransaction()
    for (let tid = 2; tid <= last + 1; tid++) {
      const { start, end } = storage.before(oid, tid) ?? {}
      assert.deepEqual([start, end], [tid - 1, tid > last ? undefined : tid])
    }
  })

  test('[IM112] [B2] [B16] a history comes newest first, and asking for what never was is an error', async (bench) => {
    const { author } = await three(bench)
    const oid = rootOf(author.open()).oid as Oid
    const storage = bench.storage()
    const tids = (options: { before?: Tid; limit?: number }) =>
      storage.history(oid, options).map(({ tid }) => tid)
    assert.deepEqual(
      [tids({}), tids({ limit: 2 }), tids({ before: 3 })],
      [
        [3, 2, 1],
        [3, 2],
        [2, 1],
      ],
    )
    // Before it was made there is none of it, and that is no error.
    assert.deepEqual([tids({ before: 1 }), storage.before(oid, 1)], [[], undefined])
    const unknown = { code: 'TARGET_UNKNOWN', data: { oid: 99 } }
    assert.throws(() => storage.history(99), unknown)
    assert.throws(() => storage.before(99, 2), unknown)
    // What was committed since is not known before the next border.
    const late = await author.run((there) => {
      const object = new Persistent()
      rootOf(there).set('late', object)
      return there.add(object)
    })
    assert.throws(() => storage.history(late), { code: 'TARGET_UNKNOWN' })
    storage.boundary(storage.follow())
    assert.deepEqual(
      storage.history(late).map(({ tid }) => tid),
      [4],
    )
  })
}

export const pastGroups: readonly ClaimGroup[] = [
  { needs: [], claims: reading },
  { needs: ['write'], claims: writing },
  { needs: [], claims: validity },
]
