// Owns: the claims about what stays in memory: the cache, closing, the pool.
// Leaves: the states of objects to life-contract.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import {
  another,
  type Bench,
  type ClaimGroup,
  elsewhere,
  planted,
  type Register,
  rootOf,
} from './connection-parts.ts'
import type { Connection } from './connection.ts'
import type { Database, DatabaseOptions } from './database.ts'
import { Persistent } from './persistent.ts'

const state = { code: 'TRANSACTION_STATE' }

/** A root with this many children that hold a kilobyte each, in a connection of a database with these options. */
async function brood(bench: Bench, count: number, options: Partial<DatabaseOptions> = {}) {
  const children = Array.from(
    { length: count },
    (_, v) => new Persistent({ v, text: 'x'.repeat(1_000) }),
  )
  await bench.scene({ list: children })
  const database = bench.database(options)
  const { connection, root } = another(database)
  return { database, connection, root, list: root.get('list') as Persistent[] }
}

function writing(test: Register): void {
  test('[IM54] [D9] changed and pinned objects are never evicted, and a sweep over them ends', async (bench) => {
    const { connection, list } = await brood(bench, 5)
    for (const object of list) object.activate()
    list[0]?.set('v', 'changed')
    ;(list[1]?.get('text') as string).length
    using pin = list[1]?.pin() as Disposable
    connection.minimize()
    const states = () => list.map((object) => object.state)
    assert.deepEqual(states(), ['changed', 'saved', 'ghost', 'ghost', 'ghost'])
    pin[Symbol.dispose]()
    connection.minimize()
    assert.deepEqual(states(), ['changed', 'ghost', 'ghost', 'ghost', 'ghost'])
    await connection.manager.commit()
    connection.minimize()
    assert.equal(list[0]?.get('v'), 'changed')
  })

  test('[IM54] [D9] a container that was changed inside keeps its object from eviction', async (bench) => {
    const { connection, root } = await planted(bench.database(), { list: [1] })
    ;(root.get('list') as number[]).push(2)
    connection.minimize()
    await connection.manager.commit()
    connection.minimize()
    assert.deepEqual(root.get('list'), [1, 2])
  })

  test('[IM54] [D11] bytes rise with loading and writing, fall with unloading, and are never below zero', async (bench) => {
    const { connection, root, list } = await brood(bench, 3)
    const bytes = () => connection.cache.report.bytes
    connection.minimize()
    assert.deepEqual(connection.cache.report.loaded, 0)
    assert.equal(bytes(), 0)
    list[0]?.activate()
    const one = bytes()
    assert.ok(one > 1_000)
    list[1]?.activate()
    assert.ok(bytes() > one)
    list[0]?.set('text', 'x'.repeat(5_000))
    await connection.manager.commit()
    const grown = bytes()
    assert.ok(grown > one + 4_000)
    list[0]?.set('text', '')
    await connection.manager.commit()
    assert.ok(bytes() < grown - 4_000)
    for (const object of [...list, ...list, root]) object.deactivate()
    assert.equal(bytes(), 0)
  })

  test('[IM57] [D13] a closed connection refuses work, closing twice is fine, and not with pending changes', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database, {
      v: 1,
      list: [1],
      child: new Persistent(),
    })
    const child = root.get('child') as Persistent
    const pending: (() => unknown)[] = [
      () => root.set('v', 2),
      () => (root.get('list') as number[]).push(2),
      () => connection.add(new Persistent()),
      () => connection.bind('other', root),
      () => {
        root.set('v', 3)
        connection.manager.savepoint()
      },
    ]
    for (const change of pending) {
      change()
      assert.throws(() => connection.close(), state)
      assert.equal(connection.isOpen, true)
      connection.manager.abort()
    }
    assert.deepEqual([root.get('v'), root.get('list')], [1, [1]])
    child.deactivate()
    connection.close()
    connection.close()
    assert.equal(database.report.waiting, 1)
    const uses: (() => unknown)[] = [
      () => connection.get(1),
      () => connection.find(1),
      () => connection.name('root'),
      () => connection.add(new Persistent()),
      () => connection.bind('x', null),
      () => connection.sync(),
      () => child.get('v'),
      () => root.set('v', 2),
    ]
    for (const use of uses) assert.throws(use, state, String(use))
  })
}

function reading(test: Register): void {
  test('[IM54] [D10] the limit by count holds after commit, at a savepoint and at reopening; the longest unused go', async (bench) => {
    const { database, connection, list } = await brood(bench, 10, { cache: { count: 4 } })
    const load = (): void => {
      for (const object of list) object.activate()
    }
    const loaded = (there: Connection = connection) => there.cache.report.loaded
    const enforced = async (act: () => unknown): Promise<void> => {
      load()
      list[0]?.get('v')
      assert.ok(loaded() > 4)
      await act()
      assert.equal(loaded(), 4)
      assert.deepEqual(
        [list[0]?.state, list[1]?.state, list[9]?.state],
        ['saved', 'ghost', 'saved'],
      )
    }
    await enforced(() => connection.manager.commit())
    await enforced(() => connection.manager.abort())
    await enforced(() => {
      connection.manager.savepoint()
    })
    await enforced(() => {
      connection.close()
      assert.equal(database.open(), connection)
    })
  })

  test('[IM54] [D10] the limit by bytes holds too', async (bench) => {
    const { database, connection, list } = await brood(bench, 10, { cache: { bytes: 5_000 } })
    const borders = [
      () => connection.manager.commit(),
      () => connection.manager.abort(),
      () => connection.manager.savepoint(),
      () => {
        connection.close()
        assert.equal(database.open(), connection)
      },
    ]
    for (const border of borders) {
      for (const object of list) object.activate()
      assert.ok(connection.cache.report.bytes > 9_000)
      await border()
      const { bytes, loaded } = connection.cache.report
      assert.ok(bytes <= 5_000 && loaded >= 3, `${bytes} bytes of ${loaded}`)
    }
  })

  test('[IM57] [D14] hooks at closing run once each, although one throws', async (bench) => {
    const connection = bench.database().open()
    const ran: string[] = []
    connection.onClose(() => ran.push('a'))
    connection.onClose(() => {
      ran.push('b')
      throw new Error('no')
    })
    connection.onClose(() => ran.push('c'))
    connection.close()
    connection.close()
    assert.deepEqual(ran, ['a', 'b', 'c'])
    assert.equal(bench.warnings.length, 1)
  })

  test('[IM56] [D15] the last one closed comes first, one with objects before one without', async (bench) => {
    await bench.scene({ v: 1 })
    const database = bench.database()
    const [first, second, third] = [another(database), another(database), another(database)]
    first.root.activate()
    second.root.activate()
    for (const { connection } of [first, second, third]) connection.close()
    await elsewhere(bench.author, 'v', 2)
    const again = [database.open(), database.open(), database.open()]
    assert.deepEqual(again, [second.connection, first.connection, third.connection])
    assert.equal(rootOf(again[0] as Connection).get('v'), 2)
  })

  test('[IM56] [D15] above the planned number it warns, above twice as many loudly, and spares are let go', async (bench) => {
    await bench.scene({ v: 1 })
    bench.warnings.length = 0
    const database = bench.database({ poolSize: 2 })
    const { connection, root } = another(database)
    root.activate()
    const more = Array.from({ length: 4 }, () => database.open())
    assert.deepEqual(
      bench.warnings.map(({ level }) => level),
      ['warning', 'warning', 'critical'],
    )
    for (const each of [connection, ...more]) each.close()
    assert.deepEqual(database.report, { open: 0, waiting: 2, past: 0 })
    assert.equal(connection.cache.report.loaded, 0)
  })

  test('[IM57] [D13] with changes in memory a connection is not closed, and closed it refuses all work', async (bench) => {
    await bench.scene({ v: 1, list: [1], child: new Persistent({ v: 1 }) })
    const database = bench.database()
    const { connection, root } = another(database)
    const child = root.get('child') as Persistent
    const pending: (() => unknown)[] = [
      () => root.set('v', 2),
      () => (root.get('list') as number[]).push(2),
      () => connection.bind('other', root),
      () => connection.bind('root', null),
    ]
    for (const change of pending) {
      change()
      assert.throws(() => connection.close(), state)
      assert.equal(connection.isOpen, true)
      connection.manager.abort()
    }
    connection.close()
    connection.close()
    assert.deepEqual(database.report, { open: 0, waiting: 1, past: 0 })
    const uses: (() => unknown)[] = [
      () => connection.get(root.oid as number),
      () => connection.find(1),
      () => connection.name('root'),
      () => connection.bind('x', null),
      () => connection.sync(),
      () => connection.readCurrent(root),
      () => connection.export(1),
      () => child.get('v'),
      () => root.set('v', 2),
    ]
    for (const use of uses) assert.throws(use, state, String(use))
    // What it held is used again by whoever comes next, as it is now.
    await elsewhere(bench.author, 'v', 5)
    assert.equal(database.open(), connection)
    assert.equal(root.get('v'), 5)
  })
}

export const memoryGroups: readonly ClaimGroup[] = [
  { needs: ['write'], claims: writing },
  { needs: [], claims: reading },
]
