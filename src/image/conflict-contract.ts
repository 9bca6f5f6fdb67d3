// Owns: the claims about conflicts, merges, read checks and trying again.
// Leaves: the phases of a commit to commit-contract.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { asFault } from '#ground'
import { MethodRef, Ref } from '#objects'
import {
  another,
  type Bench,
  type ClaimGroup,
  elsewhere,
  planted,
  type Register,
  rootOf,
} from './connection-parts.ts'
import type { MergeHook } from './merge.ts'
import { Persistent } from './persistent.ts'
import { transact } from './transaction.ts'

const conflict = { code: 'CONFLICT' }

/** Two connections with the same root loaded, and one of them behind. */
async function behind(bench: Bench, slots: Record<string, unknown>, merge?: MergeHook) {
  const database = bench.database(merge === undefined ? {} : { merge: { own: merge } })
  const { connection, root } = await planted(database, slots)
  return { database, connection, root, other: another(database) }
}

function conflicts(test: Register): void {
  test('[IM42] [C1] a write on a stale base names the object, its kind and both revisions', async (bench) => {
    const { database, connection, root } = await behind(bench, { v: 1 })
    await elsewhere(database, 'v', 2)
    root.set('v', 3)
    await assert.rejects(connection.manager.commit(), {
      code: 'CONFLICT',
      retry: 'transaction',
      data: { oid: root.oid, kind: 'object', committed: 2, base: 1 },
    })
  })

  test('[IM42] [C2] the loser keeps its value in memory until it aborts, then sees the other', async (bench) => {
    const { database, connection, root } = await behind(bench, { v: 1 })
    await elsewhere(database, 'v', 2)
    root.set('v', 3)
    await assert.rejects(connection.manager.commit(), conflict)
    assert.equal(root.get('v'), 3)
    connection.manager.abort()
    assert.equal(root.get('v'), 2)
  })

  test('[IM42] two that bind one name: the second is a conflict', async (bench) => {
    const { database, connection } = await behind(bench, {})
    await database.run((there) => there.bind('root', new Persistent({ v: 2 })))
    connection.bind('root', new Persistent({ v: 3 }))
    await assert.rejects(connection.manager.commit(), conflict)
    connection.manager.abort()
    assert.equal(rootOf(connection).get('v'), 2)
  })

  test('[IM43] [C3] a hook gets the old, the committed and the own state, and both sides see its answer', async (bench) => {
    const states: unknown[] = []
    const hook: MergeHook = (old, committed, mine) => {
      for (const state of [old, committed, mine]) states.push(state.get('v'))
      return new Map([...mine, ['v', 'merged']])
    }
    const { database, connection, root, other } = await behind(
      bench,
      { v: 1, mergeBy: 'own' },
      hook,
    )
    await elsewhere(database, 'v', 2)
    root.set('v', 3)
    await connection.manager.commit()
    other.connection.sync()
    assert.deepEqual(states, [1, 2, 3])
    assert.deepEqual([root.get('v'), other.root.get('v')], ['merged', 'merged'])
    assert.equal(root.tid, 3)
  })

  test('[IM44] [C4] a hook that throws, answers nonsense or takes other arguments means conflict', async (bench) => {
    const bad: MergeHook[] = [
      (_old, _committed, _mine) => {
        throw new Error('no')
      },
      (_old, _committed, _mine) => {
        throw undefined
      },
      (_old, _committed, _mine) => null as never,
      (_old, _committed, _mine) => ({ v: 3 }) as never,
      (_old, _committed, _mine) => Promise.resolve(new Map()) as never,
      (_old, _committed, _mine) => new Map([['v', () => 3]]),
      (_old, _committed, _mine) => new Map([['constructor', 3]]),
      (_old, committed) => committed,
    ]
    for (const hook of bad) {
      const { database, connection, root } = await behind(bench, { v: 1, mergeBy: 'own' }, hook)
      await elsewhere(database, 'v', 2)
      root.set('v', 3)
      root.set('w', new Persistent())
      bench.warnings.length = 0
      await assert.rejects(connection.manager.commit(), conflict)
      assert.equal(bench.warnings.length, 1)
      connection.manager.abort()
      assert.deepEqual([root.get('v'), root.get('w')], [2, undefined])
      root.set('v', 4)
      await connection.manager.commit()
      await bench.renew()
    }
  })

  test('[IM42] [IM43] [C5] touching without change conflicts, and asks the hook when there is one', async (bench) => {
    for (const mergeBy of ['none', 'own']) {
      let asked = 0
      const hook: MergeHook = (_old, committed, _mine) => {
        asked++
        return committed
      }
      const { database, connection, root, other } = await behind(bench, { v: 1, mergeBy }, hook)
      const commit = async (): Promise<void> => {
        if (mergeBy === 'none') await assert.rejects(connection.manager.commit(), conflict)
        else await connection.manager.commit()
        connection.manager.abort()
      }
      await elsewhere(database, 'v', 2)
      root.changed()
      await commit()
      assert.equal(asked, mergeBy === 'none' ? 0 : 1)
      // The other way round: what was committed meanwhile is byte for byte what it was.
      other.connection.sync()
      other.root.changed()
      await other.connection.manager.commit()
      root.set('v', 3)
      await commit()
      assert.equal(asked, mergeBy === 'none' ? 0 : 2)
      assert.equal(root.get('v'), 2)
      await bench.renew()
    }
  })

  test('[IM43] [C6] a merge does not load what is referred to, and references stay references', async (bench) => {
    const seen: unknown[] = []
    const hook: MergeHook = (old, committed, mine) => {
      seen.push(old.get('child'), (mine.get('list') as unknown[])[0])
      return new Map([...mine, ['theirs', committed.get('theirs')]])
    }
    const child = new Persistent({ v: 1 })
    const slots = { child, list: [child], mergeBy: 'own', v: 1 }
    const { database, connection, root } = await behind(bench, slots, hook)
    const code = child.oid as number
    root.set('does', new MethodRef(code))
    await connection.manager.commit()
    await elsewhere(database, 'theirs', 2)
    root.set('v', 3)
    await connection.manager.commit()
    assert.ok(seen.every((ref) => ref instanceof Ref && ref.oid === child.oid))
    assert.equal(root.get('child'), child)
    assert.equal((root.get('list') as unknown[])[0], child)
    assert.equal((root.get('does') as MethodRef).oid, code)
    assert.deepEqual([root.get('v'), root.get('theirs')], [3, 2])
    assert.deepEqual(bench.store.read(root.oid as number)?.refs, [code])
  })

  test('[IM45] [C7] a read check is made when something else is written, and once', async (bench) => {
    const { database, connection, root } = await behind(bench, { v: 1, child: new Persistent() })
    const child = root.get('child') as Persistent
    const { manager } = connection
    connection.readCurrent(root)
    connection.readCurrent(root)
    manager.savepoint()
    child.set('v', 1)
    await elsewhere(database, 'v', 2)
    await assert.rejects(manager.commit(), conflict)
    manager.abort()
    // The check does not leak into the next transaction.
    child.set('v', 2)
    await elsewhere(database, 'v', 3)
    await manager.commit()
    // Nothing is checked when nothing is written.
    connection.readCurrent(root)
    await elsewhere(database, 'v', 4)
    await manager.commit()
    connection.readCurrent(root)
    child.set('v', 3)
    await manager.commit()
  })

  test('[IM45] [IM63] [C7] a read check is still made after going back to a savepoint before the first change', async (bench) => {
    const { database, connection, root } = await behind(bench, { v: 1, child: new Persistent() })
    const child = root.get('child') as Persistent
    const { manager } = connection
    connection.readCurrent(root)
    const savepoint = manager.savepoint()
    child.set('v', 1)
    savepoint.rollback()
    child.set('v', 2)
    await elsewhere(database, 'v', 2)
    await assert.rejects(manager.commit(), conflict)
  })

  test('[IM45] [C7] what is written itself is not checked besides', async (bench) => {
    const slots = { v: 0, mergeBy: 'counter', child: new Persistent() }
    const database = bench.database()
    const { connection, root } = await planted(database, slots)
    connection.readCurrent(root)
    root.set('v', 1)
    await elsewhere(database, 'v', 5)
    await connection.manager.commit()
    assert.equal(root.get('v'), 6)
  })

  test('[IM45] [C8] [C11] a failed check names the object with both revisions, forgets it, and needs no turn', async (bench) => {
    const { database, connection, root } = await behind(bench, { v: 1, child: new Persistent() })
    const child = root.get('child') as Persistent
    connection.readCurrent(root)
    child.set('v', 1)
    await elsewhere(database, 'v', 2)
    const { storage } = database
    const holder = { author: '', note: '', extension: {} }
    await storage.begin(holder)
    const { oid } = root
    await assert.rejects(connection.manager.commit(), {
      code: 'CONFLICT',
      data: { oid, committed: 2, base: 1, read: 1 },
    })
    storage.abort(holder)
    assert.equal(root.state, 'ghost')
  })

  test('[IM45] [C8] a check that fails only while the commit waits is made at the vote', async (bench) => {
    const { database, connection, root, other } = await behind(bench, {
      v: 1,
      child: new Persistent(),
    })
    const child = root.get('child') as Persistent
    connection.readCurrent(root)
    child.set('v', 1)
    other.root.set('v', 2)
    const first = other.connection.manager.commit()
    const second = connection.manager.commit()
    await first
    await assert.rejects(second, {
      code: 'CONFLICT',
      data: { oid: root.oid, committed: 2, base: 1, read: 1 },
    })
    assert.equal(database.storage.tidOf(child.oid as number), 1)
  })

  test('[IM45] [E9] rolling back past a read check of a newer object does not break the commit', async (bench) => {
    const { connection, root } = await behind(bench, { v: 1 })
    root.set('v', 2)
    const savepoint = connection.manager.savepoint()
    const late = new Persistent({ v: 1 })
    root.set('late', late)
    connection.add(late)
    connection.readCurrent(late)
    savepoint.rollback()
    await connection.manager.commit()
    assert.deepEqual([root.get('v'), root.has('late')], [2, false])
  })

  test('[IM43] [C9] distinct keys of one collection merge, and the same key conflicts', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database, {
      mergeBy: 'keyed',
      items: { a: 1 },
      x: 1,
    })
    const change = async (key: string): Promise<void> => {
      await database.run((there) => {
        const items = rootOf(there).get('items') as Record<string, unknown>
        items[key] = 'theirs'
      })
    }
    await change('b')
    const items = root.get('items') as Record<string, unknown>
    items.c = 'mine'
    delete items.a
    await connection.manager.commit()
    assert.deepEqual(root.get('items'), { b: 'theirs', c: 'mine' })
    await change('d')
    Object.assign(root.get('items') as object, { d: 'mine' })
    await assert.rejects(connection.manager.commit(), conflict)
    connection.manager.abort()
    assert.equal((root.get('items') as Record<string, unknown>).d, 'theirs')
  })

  test('[IM43] [C9] four writers count fifty each on one counter, and it is 200', async (bench) => {
    const database = bench.database()
    await planted(database, { n: 0, mergeBy: 'counter' })
    const writer = async (): Promise<void> => {
      using connection = database.open()
      for (let round = 0; round < 50; round++) {
        const root = rootOf(connection)
        root.set('n', (root.get('n') as number) + 1)
        await connection.manager.commit()
      }
    }
    await Promise.all([writer(), writer(), writer(), writer()])
    await database.run((connection) => assert.equal(rootOf(connection).get('n'), 200))
  })

  test('[IM46] [C10] trying again takes a new transaction each time, only for what may pass, and ends', async (bench) => {
    const { database } = await behind(bench, { v: 1 })
    const snapshots: number[] = []
    const attempt = async (until: number, attempts: number) => {
      snapshots.length = 0
      return await database.transact(
        async (connection) => {
          snapshots.push(connection.snapshot)
          rootOf(connection).set('v', 'mine')
          if (snapshots.length < until) await elsewhere(database, 'v', snapshots.length)
          return snapshots.length
        },
        { attempts },
      )
    }
    assert.equal(await attempt(3, 3), 3)
    assert.equal(new Set(snapshots).size, 3)
    await assert.rejects(attempt(9, 2), conflict)
    assert.equal(snapshots.length, 2)
    let calls = 0
    const failing = database.transact(() => {
      calls++
      throw new Error('not transient')
    })
    await assert.rejects(failing, /not transient/)
    assert.equal(calls, 1)
  })

  test('[IM46] [C10] a conflict met while reading is tried again too', async (bench) => {
    const { database, connection } = await behind(bench, { v: 1 })
    const late = new Persistent({ v: 7 })
    let seen: unknown
    await transact(connection.manager, async () => {
      if (late.oid === undefined) {
        await database.run((there) => rootOf(there).set('late', late))
      }
      try {
        seen = connection.get(late.oid as number).get('v')
      } catch (error) {
        assert.equal(asFault(error)?.retry, 'transaction')
        throw error
      }
    })
    assert.equal(seen, 7)
  })
}

export const conflictGroups: readonly ClaimGroup[] = [{ needs: ['write'], claims: conflicts }]
