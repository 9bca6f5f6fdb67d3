// Owns: the claims about transactions, their managers, savepoints and hooks.
// Leaves: the phases over a store to commit-contract.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import {
  another,
  type ClaimGroup,
  elsewhere,
  planted,
  type Register,
  rootOf,
} from './connection-parts.ts'
import type { Connection } from './connection.ts'
import { openDatabase } from './database.ts'
import { Persistent } from './persistent.ts'
import type { Store } from './store.ts'
import { TransactionManager } from './transaction.ts'

const state = { code: 'TRANSACTION_STATE' }

function beginAndFail(test: Register): void {
  test('[IM62] [E2] after a failed commit nothing but abort and begin goes, and the changes are gone', async (bench) => {
    const database = bench.database()
    for (const end of ['abort', 'begin'] as const) {
      const { connection, root } = await planted(database, { v: 1 })
      const { manager } = connection
      root.set('v', 2)
      await elsewhere(database, 'v', 3)
      await assert.rejects(manager.commit(), { code: 'CONFLICT' })
      await assert.rejects(manager.commit(), state)
      assert.throws(() => manager.savepoint(), state)
      assert.throws(() => root.set('v', 4), state)
      assert.throws(() => connection.add(new Persistent()), state)
      assert.throws(() => connection.bind('x', root), state)
      manager[end]()
      assert.equal(root.get('v'), 3)
      root.set('v', 5)
      await manager.commit()
    }
  })

  test('[IM62] [E2] a value that cannot be stored fails the commit, keeps the turn free, and can be taken back', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database, { list: [1] })
    root.set('child', new Persistent({ v: 1 }))
    ;(root.get('list') as unknown[]).push(() => 1)
    await assert.rejects(connection.manager.commit(), { code: 'METHOD_FAILED' })
    await elsewhere(database, 'v', 1)
    connection.manager.abort()
    assert.deepEqual([root.get('list'), root.has('child'), root.get('v')], [[1], false, 1])
  })

  test('[IM62] a commit under way cannot be started again, and an abort in its hooks ends it', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 1 })
    const { manager } = connection
    let go: () => void = () => {}
    const wait = (): void =>
      manager.get().addBeforeCommit(
        () =>
          new Promise<void>((resolve) => {
            go = resolve
          }),
      )
    wait()
    root.set('v', 2)
    const first = manager.commit()
    await assert.rejects(manager.commit(), state)
    go()
    assert.equal(await first, 2)
    wait()
    root.set('v', 3)
    const second = manager.commit()
    manager.abort()
    go()
    await assert.rejects(second, state)
    assert.equal(root.get('v'), 2)
    root.set('v', 4)
    assert.equal(await manager.commit(), 3)
  })
}

function savepoints(test: Register): void {
  test('[IM63] [E4] a rollback restores, can be repeated, and an earlier one ends the later ones', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 0 })
    const { manager } = connection
    const before = manager.savepoint()
    root.set('v', 1)
    const one = manager.savepoint()
    root.set('v', 2)
    const two = manager.savepoint()
    root.set('v', 3)
    two.rollback()
    assert.equal(root.get('v'), 2)
    for (let again = 0; again < 2; again++) {
      root.set('v', 9)
      one.rollback()
      assert.equal(root.get('v'), 1)
    }
    assert.throws(() => two.rollback(), state)
    before.rollback()
    assert.equal(root.get('v'), 0)
    assert.throws(() => one.rollback(), state)
    root.set('v', 5)
    await manager.commit()
    assert.throws(() => before.rollback(), state)
  })

  test('[IM63] [E5] change, savepoint, change, commit: no conflict with itself, and one store', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 1 })
    root.set('v', 2)
    connection.manager.savepoint()
    root.set('v', 3)
    const tid = await connection.manager.commit()
    const revisions = bench.store.revisions(root.oid as number)
    assert.deepEqual([revisions.length, revisions[0]?.tid, root.get('v')], [2, tid, 3])
    assert.equal(root.changedAt('v'), tid)
  })

  test('[IM63] [E6] an object added in a savepoint, changed and aborted is unsaved again', async (bench) => {
    const { connection, root } = await planted(bench.database())
    const child = new Persistent({ v: 1 })
    root.set('child', child)
    connection.manager.savepoint()
    const oid = child.oid as number
    child.set('v', 2)
    connection.manager.abort()
    assert.deepEqual([child.oid, child.state, root.has('child')], [undefined, 'unsaved', false])
    assert.throws(() => connection.get(oid), { code: 'TARGET_UNKNOWN' })
    root.set('child', child)
    await connection.manager.commit()
    assert.equal(child.get('v'), 2)
  })

  test('[IM63] [E7] a savepoint lets changed objects leave memory, and they read back right', async (bench) => {
    const list = Array.from({ length: 20 }, (_, v) => new Persistent({ v }))
    const { connection } = await planted(bench.database({ cache: { count: 3 } }), { list })
    for (const object of list) object.set('v', (object.get('v') as number) + 100)
    assert.ok(connection.cache.report.loaded >= 20)
    connection.manager.savepoint()
    assert.equal(connection.cache.report.loaded, 3)
    assert.deepEqual(
      list.map((object) => object.get('v')),
      list.map((_, v) => v + 100),
    )
    await connection.manager.commit()
    connection.minimize()
    assert.equal(list[7]?.get('v'), 107)
  })
}

function hooksAndModes(test: Register): void {
  test('[IM64] [E10] hooks before commit run in order, once, and only in a commit', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 1 })
    const { manager } = connection
    const ran: string[] = []
    manager.get().addBeforeCommit(() => void ran.push('aborted'))
    manager.abort()
    const transaction = manager.get()
    transaction.addBeforeCommit(() => {
      ran.push('a')
      root.set('v', 2)
      transaction.addBeforeCommit(() => void ran.push('c'))
    })
    transaction.addBeforeCommit(async () => void ran.push('b'))
    transaction.addAfterCommit((isCommitted) => void ran.push(String(isCommitted)))
    manager.savepoint()
    assert.deepEqual(ran, [])
    await manager.commit()
    root.set('v', 3)
    await manager.commit()
    assert.deepEqual(ran, ['a', 'b', 'c', 'true'])
    assert.deepEqual(bench.store.transactions().length, 3)
  })

  test('[IM64] [E10] a hook that throws stops the commit; one after it is told and stops nothing', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 1 })
    const { manager } = connection
    const told: boolean[] = []
    manager.get().addBeforeCommit(() => {
      throw new Error('stop')
    })
    manager.get().addAfterCommit((isCommitted) => {
      told.push(isCommitted)
      throw new Error('late')
    })
    root.set('v', 2)
    await assert.rejects(manager.commit(), /stop/)
    assert.equal(bench.store.head().tid, 1)
    manager.abort()
    manager.get().addAfterCommit((isCommitted) => void told.push(isCommitted))
    root.set('v', 3)
    await manager.commit()
    assert.deepEqual(told, [false, true])
    assert.equal(bench.warnings.length, 1)
  })

  test('[IM60] [E11] two managers are independent; a block commits, or aborts and closes', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database, { v: 1, w: 1 })
    const other = another(database)
    root.set('v', 2)
    other.connection.manager.abort()
    assert.equal(root.get('v'), 2)
    await connection.manager.commit()
    await database.run((there) => rootOf(there).set('w', 2), { note: 'a block' })
    assert.equal(database.undoLog(0, 1)[0]?.note, 'a block')
    const failing = database.run((there) => {
      rootOf(there).set('w', 3)
      throw new Error('no')
    })
    await assert.rejects(failing, /no/)
    assert.equal(database.report.open, 2)
    other.connection.sync()
    assert.deepEqual([other.root.get('v'), other.root.get('w')], [2, 2])
    {
      using block = database.open()
      rootOf(block).set('w', 4)
    }
    {
      using _transaction = connection.manager.begin()
      root.set('w', 5)
    }
    assert.equal(root.get('w'), 2)
    assert.equal(database.report.open, 2)
  })

  test('[IM60] [K4] one manager commits in two databases or in neither', async (bench) => {
    const manager = new TransactionManager()
    const store = await bench.openStore()
    const [first, second] = [
      bench.database({ name: 'first' }),
      openDatabase(store, { ...bench.options, name: 'second' }),
    ]
    for (const database of [first, second]) await planted(database, { v: 1 })
    const [here, there] = [first.open({ manager }), second.open({ manager })]
    const both = () => [rootOf(here).get('v'), rootOf(there).get('v')]
    rootOf(here).set('v', 2)
    rootOf(there).set('v', 2)
    await manager.commit()
    assert.deepEqual([bench.store.head().tid, store.head().tid], [2, 2])
    for (const stale of [first, second]) {
      rootOf(here).set('v', 9)
      rootOf(there).set('v', 9)
      await elsewhere(stale, 'w', 1)
      await assert.rejects(manager.commit(), { code: 'CONFLICT' })
      manager.abort()
      assert.deepEqual(both(), [2, 2])
    }
    await elsewhere(first, 'v', 3)
    await elsewhere(second, 'v', 3)
    manager.begin()
    assert.deepEqual(both(), [3, 3])
    await store.close()
  })

  test('[IM65] [E13] a doomed transaction goes on and is not committed', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 1 })
    const { manager } = connection
    manager.doom()
    root.set('v', 2)
    manager.savepoint()
    assert.equal(root.get('v'), 2)
    await assert.rejects(manager.commit(), { code: 'TRANSACTION_STATE', data: { doomed: true } })
    assert.equal(manager.get().isDoomed, true)
    manager.abort()
    assert.equal(root.get('v'), 1)
    root.set('v', 3)
    await manager.commit()
  })

  test('[IM66] [E12] in explicit mode nothing happens outside begin and end', async (bench) => {
    const database = bench.database()
    const { root: planter } = await planted(database, { v: 1, list: [1] })
    const manager = new TransactionManager({ explicit: true })
    const connection = database.open({ manager })
    const oid = planter.oid as number
    const uses: (() => unknown)[] = [
      () => connection.get(oid),
      () => connection.name('root'),
      () => connection.add(new Persistent()),
      () => manager.savepoint(),
      () => manager.abort(),
      () => manager.doom(),
    ]
    for (const use of uses) assert.throws(use, state, String(use))
    await assert.rejects(manager.commit(), state)
    manager.begin()
    assert.throws(() => manager.begin(), state)
    const root = connection.get(oid)
    const list = root.get('list') as number[]
    root.set('v', 2)
    await manager.commit()
    for (const use of [() => root.get('v'), () => root.set('v', 3)]) assert.throws(use, state)
    // What a container suffered meanwhile belongs to no transaction.
    list.push(2)
    manager.begin()
    assert.deepEqual([root.get('v'), root.get('list')], [2, [1]])
    manager.abort()
  })

  test('[IM37] [A15] a transaction carries author, note and extension to the log', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database)
    const transaction = connection.manager.begin()
    transaction.author = 'Zoë'
    transaction.note = 'ñote'
    transaction.extension.reason = ['あ']
    root.set('v', 1)
    await transaction.commit()
    const [newest] = database.undoLog()
    assert.deepEqual(
      [newest?.author, newest?.note, newest?.extension],
      ['Zoë', 'ñote', { reason: ['あ'] }],
    )
    assert.equal(connection.manager.get().note, '')
  })
}

function nthFailure(test: Register): void {
  test('[IM35] whichever call of the store fails, the transaction is whole or not there, and work goes on', async (bench) => {
    for (let nth = 1; ; nth++) {
      await planted(bench.database(), { v: 1, child: new Persistent({ v: 1 }) })
      let calls = 0
      const failing = new Proxy(bench.store, {
        get(target, name) {
          const value = target[name as keyof Store] as unknown
          if (typeof value !== 'function') return value
          return (...args: unknown[]) => {
            if (++calls === nth) throw new Error('the call fails')
            return Reflect.apply(value, target, args) as unknown
          }
        },
      })
      const both = async (connection: Connection): Promise<void> => {
        const root = rootOf(connection)
        root.set('v', 2)
        connection.manager.savepoint()
        ;(root.get('child') as Persistent).set('v', 2)
        root.set('late', new Persistent({ v: 2 }))
        connection.bind('late', root.get('late') as Persistent)
      }
      let isDone = true
      try {
        await openDatabase(failing, bench.options).run(both)
      } catch (error) {
        isDone = false
        assert.match(String(error), /the call fails/)
      }
      const tried = calls
      await bench.database().run((connection) => {
        const root = rootOf(connection)
        const v = root.get('v')
        assert.equal((root.get('child') as Persistent).get('v'), v)
        assert.equal(root.has('late'), v === 2)
        assert.equal(connection.name('late'), root.get('late'))
        if (isDone) assert.equal(v, 2)
        root.set('v', 3)
      })
      assert.deepEqual(bench.store.verify().damage, [])
      if (tried < nth) {
        assert.ok(isDone && nth > 10)
        return
      }
      await bench.renew()
    }
  })
}

function reading(test: Register): void {
  test('[IM61] [E1] begin aborts what is pending', async (bench) => {
    await bench.scene({ v: 1, list: [1] })
    const { connection, root } = another(bench.database())
    const { manager } = connection
    root.set('v', 2)
    manager.begin()
    assert.equal(root.get('v'), 1)
    ;(root.get('list') as number[]).push(2)
    manager.begin()
    assert.deepEqual(root.get('list'), [1])
    assert.equal(await manager.commit(), undefined)
  })

  test('[IM62] [E3] after a failed savepoint it is the same', async (bench) => {
    await bench.scene({ v: 1 })
    const { connection, root } = another(bench.database())
    const { manager } = connection
    root.set('v', () => 1)
    assert.throws(() => manager.savepoint(), { code: 'METHOD_FAILED' })
    await assert.rejects(manager.commit(), state)
    assert.throws(() => manager.savepoint(), state)
    assert.throws(() => root.set('v', 4), state)
    for (const end of ['abort', 'begin'] as const) {
      manager[end]()
      assert.equal(root.get('v'), 1)
      root.set('v', () => 1)
      assert.throws(() => manager.savepoint(), { code: 'METHOD_FAILED' })
      assert.throws(() => connection.bind('x', root), state)
    }
    manager.abort()
    root.set('v', 2)
    manager.savepoint().rollback()
    assert.equal(root.get('v'), 2)
  })

  test('[IM63] [E4] a rollback takes back names, and what joined after the savepoint', async (bench) => {
    await bench.scene({ v: 1 })
    const database = bench.database()
    const { connection, root } = another(database)
    const { manager } = connection
    const savepoint = manager.savepoint()
    const other = database.open({ manager })
    rootOf(other).set('v', 2)
    connection.bind('name', root)
    savepoint.rollback()
    assert.equal(connection.name('name'), undefined)
    assert.equal(rootOf(other).get('v'), 1)
  })

  test('[IM63] [E8] others never see what a savepoint holds, and a savepoint brings nothing of others', async (bench) => {
    await bench.scene({ v: 1, child: new Persistent({ w: 1 }) })
    const database = bench.database()
    const { connection, root } = another(database)
    root.set('v', 2)
    connection.manager.savepoint()
    const other = another(database)
    assert.equal(other.root.get('v'), 1)
    await bench.author.run((there) => (rootOf(there).get('child') as Persistent).set('w', 2))
    connection.manager.savepoint()
    assert.equal((root.get('child') as Persistent).get('w'), 1)
    assert.equal(root.get('v'), 2)
  })

  test('[IM65] [E13] a doomed transaction that only reads is not committed either', async (bench) => {
    await bench.scene({ v: 1 })
    const { connection, root } = another(bench.database())
    const { manager } = connection
    manager.doom()
    assert.equal(root.get('v'), 1)
    await assert.rejects(manager.commit(), { code: 'TRANSACTION_STATE', data: { doomed: true } })
    manager.abort()
    assert.equal(await manager.commit(), undefined)
  })
}

export const transactionGroups: readonly ClaimGroup[] = [
  { needs: ['write'], claims: beginAndFail },
  { needs: ['write'], claims: savepoints },
  { needs: ['write'], claims: hooksAndModes },
  { needs: ['write'], claims: nthFailure },
  { needs: [], claims: reading },
]
