// Owns: the claims about snapshots: what a transaction sees, and when it moves.
// Leaves: many connections at once to race-contract.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import {
  altered,
  another,
  type Bench,
  elsewhere,
  planted,
  type Register,
  rootOf,
} from './connection-parts.ts'
import type { Connection } from './connection.ts'
import { Persistent } from './persistent.ts'
import { Storage } from './storage.ts'

/** A root with a child, each with a slot v, and a second connection. */
async function family(bench: Bench) {
  const database = bench.database()
  const { connection, root } = await planted(database, { v: 1, child: new Persistent({ v: 1 }) })
  return { database, connection, root, other: another(database) }
}

const childOf = (connection: Connection): Persistent =>
  rootOf(connection).get('child') as Persistent

/** Changes root and child together elsewhere. */
async function changeBoth(database: ReturnType<Bench['database']>, v: unknown): Promise<void> {
  await database.run((connection) => {
    rootOf(connection).set('v', v)
    childOf(connection).set('v', v)
  })
}

export function snapshotClaims(test: Register): void {
  test('[IM39] [B5] what is loaded late in a transaction is still as of its start', async (bench) => {
    const { database, other } = await family(bench)
    assert.equal(other.root.get('v'), 1)
    await changeBoth(database, 2)
    assert.equal(childOf(other.connection).state, 'ghost')
    assert.equal(childOf(other.connection).get('v'), 1)
    other.connection.sync()
    assert.deepEqual([other.root.get('v'), childOf(other.connection).get('v')], [2, 2])
  })

  test('[IM41] [B6] begin, commit, abort and sync move the snapshot, a savepoint does not', async (bench) => {
    const { database, other } = await family(bench)
    const { connection, root } = other
    let v = 1
    const moves = async (act: () => unknown): Promise<boolean> => {
      await changeBoth(database, ++v)
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

  test('[IM38] [B8] after a border changed objects are ghosts and others stay loaded, whatever the border', async (bench) => {
    const { database, other } = await family(bench)
    let { connection, root } = other
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
      await elsewhere(database, 'v', at + 10)
      assert.deepEqual([root.state, child.state], ['saved', 'saved'])
      await border()
      assert.equal(root, other.root)
      assert.deepEqual([root.state, child.state], ['ghost', 'saved'])
    }
  })

  test('[IM40] [B9] a revision that is gone is a conflict, never newer data', async (bench) => {
    await family(bench)
    let lost = 0
    const store = altered(bench.store, {
      read: (oid, at) => (at !== undefined && at < lost ? undefined : bench.store.read(oid, at)),
    })
    const database = bench.database({ storage: new Storage(store, bench.options) })
    const { connection, root } = another(database)
    const { oid } = root
    await elsewhere(database, 'v', 2)
    lost = 2
    assert.throws(() => root.get('v'), { code: 'CONFLICT', data: { oid, committed: 2, read: 1 } })
    connection.manager.abort()
    assert.equal(root.get('v'), 2)
  })

  test('[IM40] an object made after the snapshot is a conflict, and one that never was is unknown', async (bench) => {
    const { database, other } = await family(bench)
    const late = await database.run((connection) => {
      const object = new Persistent({ v: 5 })
      rootOf(connection).set('late', object)
      return connection.add(object)
    })
    assert.throws(() => other.connection.get(late), { code: 'CONFLICT' })
    assert.throws(() => other.connection.get(99), { code: 'TARGET_UNKNOWN' })
    other.connection.sync()
    assert.equal(other.connection.get(late).get('v'), 5)
  })

  test('[IM39] [B10] who writes only what is current commits, although it read old versions of others', async (bench) => {
    const { database, connection, root } = await family(bench)
    const child = root.get('child') as Persistent
    await database.run((there) => childOf(there).set('v', 2))
    assert.equal(child.get('v'), 1)
    root.set('v', 7)
    await connection.manager.commit()
    assert.deepEqual([root.get('v'), child.get('v')], [7, 2])
  })

  test('[IM41] [B11] an object unloaded while savepoints are pending comes back as it was', async (bench) => {
    const { database, connection, root } = await family(bench)
    const child = root.get('child') as Persistent
    root.set('v', 5)
    connection.manager.savepoint()
    await changeBoth(database, 9)
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
    const { connection, root } = await family(bench)
    root.activate()
    await elsewhere(bench.database(), 'v', 3)
    assert.equal(root.get('v'), 1)
    connection.sync()
    assert.equal(root.get('v'), 3)
  })
}
