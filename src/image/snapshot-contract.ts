// Owns: the claims about snapshots: what a transaction sees, and when it moves.
// Leaves: many connections at once to race-contract.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import {
  altered,
  another,
  type Bench,
  type ClaimGroup,
  elsewhere,
  type Register,
  rootOf,
} from './connection-parts.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { Persistent } from './persistent.ts'
import { Storage } from './storage.ts'

/** A root with a child, each with a slot v, in a connection of the database that is looked at. */
async function family(bench: Bench) {
  await bench.scene({ v: 1, child: new Persistent({ v: 1 }) })
  const database = bench.database()
  return { database, author: bench.author, ...another(database) }
}

const childOf = (connection: Connection): Persistent =>
  rootOf(connection).get('child') as Persistent

/** Changes root and child together elsewhere. */
async function changeBoth(database: Database, v: unknown): Promise<void> {
  await database.run((connection) => {
    rootOf(connection).set('v', v)
    childOf(connection).set('v', v)
  })
}

function reading(test: Register): void {
  test('[IM39] [B5] what is loaded late in a transaction is still as of its start', async (bench) => {
    const { author, connection, root } = await family(bench)
    assert.equal(root.get('v'), 1)
    await changeBoth(author, 2)
    assert.equal(childOf(connection).state, 'ghost')
    assert.equal(childOf(connection).get('v'), 1)
    connection.sync()
    assert.deepEqual([root.get('v'), childOf(connection).get('v')], [2, 2])
  })

  test('[IM41] [B6] begin, commit, abort and sync move the snapshot, a savepoint does not', async (bench) => {
    const { author, connection, root } = await family(bench)
    let v = 1
    const moves = async (act: () => unknown): Promise<boolean> => {
      await changeBoth(author, ++v)
      await act()
      return root.get('v') === v
    }
    const { manager } = connection
    assert.equal(await moves(() => manager.savepoint()), false)
    assert.equal(await moves(() => manager.begin()), true)
    assert.equal(await moves(() => manager.commit()), true)
    assert.equal(await moves(() => manager.abort()), true)
    assert.equal(await moves(() => connection.sync()), true)
    assert.equal(await moves(() => connection.readCurrent(root)), false)
  })

  test('[IM38] [B8] after a border changed objects are ghosts and others stay loaded, whatever the border', async (bench) => {
    const { database, author, ...first } = await family(bench)
    let { connection, root } = first
    const child = childOf(connection)
    const { manager } = connection
    const borders = [
      () => manager.commit(),
      () => manager.abort(),
      () => {
        connection.close()
        connection = database.open({ manager })
        root = rootOf(connection)
      },
    ]
    for (const [at, border] of borders.entries()) {
      root.activate()
      child.activate()
      await elsewhere(author, 'v', at + 10)
      assert.deepEqual([root.state, child.state], ['saved', 'saved'])
      await border()
      assert.equal(root, first.root)
      assert.deepEqual([root.state, child.state], ['ghost', 'saved'])
    }
  })

  test('[IM40] [B9] a revision that is gone is a conflict, never newer data', async (bench) => {
    await bench.scene({ v: 1 })
    let lost = 0
    const store = altered(bench.store, {
      read: (oid, at) => (at !== undefined && at < lost ? undefined : bench.store.read(oid, at)),
    })
    const database = bench.database({ storage: new Storage(store, bench.options) })
    const { connection, root } = another(database)
    const { oid } = root
    await elsewhere(bench.author, 'v', 2)
    lost = 2
    assert.throws(() => root.get('v'), { code: 'CONFLICT', data: { oid, committed: 2, read: 1 } })
    connection.manager.abort()
    assert.equal(root.get('v'), 2)
  })

  test('[IM40] an object made after the snapshot is a conflict, and one that never was is unknown', async (bench) => {
    const { author, connection } = await family(bench)
    const late = await author.run((there) => {
      const object = new Persistent({ v: 5 })
      rootOf(there).set('late', object)
      return there.add(object)
    })
    assert.throws(() => connection.get(late), { code: 'CONFLICT' })
    assert.throws(() => connection.get(99), { code: 'TARGET_UNKNOWN' })
    connection.sync()
    assert.equal(connection.get(late).get('v'), 5)
  })

  test('[IM41] [B11] an object unloaded while savepoints are pending comes back as it was', async (bench) => {
    const { author, connection, root } = await family(bench)
    const child = root.get('child') as Persistent
    root.set('v', 5)
    connection.manager.savepoint()
    await changeBoth(author, 9)
    connection.minimize()
    assert.deepEqual([root.state, child.state], ['ghost', 'ghost'])
    assert.equal(root.get('v'), 5)
    assert.equal(child.get('v'), 1)
  })

  test('[IM38] [B12] to invalidate everything acts at the next border, and then loading works', async (bench) => {
    const { database, connection, root } = await family(bench)
    const child = root.get('child') as Persistent
    root.activate()
    child.activate()
    database.storage.invalidateAll()
    assert.deepEqual([root.state, child.state], ['saved', 'saved'])
    connection.manager.abort()
    assert.deepEqual([root.state, child.state], ['ghost', 'ghost'])
    assert.deepEqual([root.get('v'), child.get('v')], [1, 1])
  })

  test('[IM38] what another writer put into the same store is heard of at the next border', async (bench) => {
    const { author, connection, root } = await family(bench)
    root.activate()
    await elsewhere(author, 'v', 3)
    assert.equal(root.get('v'), 1)
    connection.sync()
    assert.equal(root.get('v'), 3)
  })
}

function writing(test: Register): void {
  test('[IM38] [B7] the tid and what changed before it are taken together', async (bench) => {
    const { database, connection, root } = await family(bench)
    const storage = database.storage
    const follower = storage.follow()
    const seen: [number, unknown][] = []
    root.set('v', 2)
    const commit = connection.manager.commit()
    // At any moment of the commit the boundary is before it or behind it, whole.
    for (let step = 0; step < 20; step++) {
      const { tid, changed } = storage.boundary(follower)
      if (changed !== 'all') seen.push([tid, changed.get(root.oid as number)])
      await Promise.resolve()
    }
    await commit
    const last = storage.boundary(follower)
    if (last.changed !== 'all') seen.push([last.tid, last.changed.get(root.oid as number)])
    for (const [tid, changed] of seen) if (changed !== undefined) assert.equal(tid, changed)
    // The change is told once, and no snapshot goes back.
    assert.equal(seen.filter(([, changed]) => changed === 2).length, 1)
    const tids = seen.map(([tid]) => tid)
    assert.deepEqual(
      tids,
      tids.toSorted((one, other) => one - other),
    )
    assert.equal(tids.at(-1), 2)
  })

  test('[IM39] [B10] who writes only what is current commits, although it read old versions of others', async (bench) => {
    const { author, connection, root } = await family(bench)
    const child = root.get('child') as Persistent
    await author.run((there) => childOf(there).set('v', 2))
    assert.equal(child.get('v'), 1)
    root.set('v', 7)
    await connection.manager.commit()
    assert.deepEqual([root.get('v'), child.get('v')], [7, 2])
  })
}

function packed(test: Register): void {
  test('[IM40] [IM74] [B9] what a pack has removed under a snapshot is a conflict, and behind the next border the newest is read', async (bench) => {
    const { author, connection, root } = await family(bench)
    const child = childOf(connection)
    const other = another(bench.database())
    assert.equal(childOf(other.connection).get('v'), 1)
    await changeBoth(author, 2)
    await changeBoth(author, 3)
    await bench.writer.pack({ before: 2, gc: true })
    // Whoever has it in memory goes on with it; who has to read it hears that it is gone.
    assert.equal(childOf(other.connection).get('v'), 1)
    child.deactivate()
    assert.throws(() => child.get('v'), { code: 'CONFLICT' })
    connection.sync()
    assert.deepEqual([root.get('v'), child.get('v')], [3, 3])
  })
}

export const snapshotGroups: readonly ClaimGroup[] = [
  { needs: [], claims: reading },
  { needs: ['write'], claims: writing },
  { needs: ['pack'], claims: packed },
]
