// Owns: the claims about a store that can be read and not written, as those meet it who work with objects.
// Leaves: the store's own calls to contract-writes.ts; what such a store answers to the claims that only read.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { another, type ClaimGroup, elsewhere, info, type Register } from './connection-parts.ts'
import { portrait } from './contract-parts.ts'
import { Persistent } from './persistent.ts'

const readOnly = { code: 'READ_ONLY', message: 'The image is open for reading only.' }

function refusals(test: Register): void {
  test('[IM71] [J2] new oids, beginning, storing, removing and undoing fault READ_ONLY, and nothing has changed', async (bench) => {
    await bench.scene({ v: 1 })
    await elsewhere(bench.author, 'v', 2)
    const before = portrait(bench.writer)
    const database = bench.database()
    const { storage } = database
    const tx = info()
    assert.throws(() => storage.newOid(), readOnly)
    await assert.rejects(storage.begin(tx), readOnly)
    assert.throws(() => storage.store(tx, 1, 2, 'object', [], new Uint8Array()), readOnly)
    assert.throws(() => storage.remove(tx, 1, 2), readOnly)
    assert.throws(() => storage.bind(tx, 'x', 1, 2), readOnly)
    assert.throws(() => storage.vote(tx), readOnly)
    await assert.rejects(storage.finish(tx), readOnly)
    storage.abort(tx)
    for (const tids of [2, [2, 1], 99]) await assert.rejects(database.undo(tids), readOnly)
    assert.deepEqual(portrait(bench.writer), before)
    assert.deepEqual(portrait(bench.store), before)
  })

  test('[IM71] [J2] changes work in memory, their commit faults READ_ONLY, and abort brings the image back', async (bench) => {
    await bench.scene({ v: 1, list: [1], child: new Persistent({ v: 1 }) })
    const before = portrait(bench.writer)
    const { connection, root } = another(bench.database())
    const { manager } = connection
    const changes: (() => unknown)[] = [
      () => root.set('v', 2),
      () => (root.get('list') as number[]).push(2),
      () => root.delete('v'),
      () => connection.bind('other', root),
      () => connection.bind('root', null),
      () => {
        root.set('v', 3)
        manager.savepoint()
        ;(root.get('child') as Persistent).set('v', 2)
      },
    ]
    for (const change of changes) {
      change()
      await assert.rejects(manager.commit(), readOnly)
      await assert.rejects(manager.commit(), { code: 'TRANSACTION_STATE' })
      manager.abort()
      assert.deepEqual([root.get('v'), root.get('list')], [1, [1]])
      assert.equal((root.get('child') as Persistent).get('v'), 1)
      assert.deepEqual([connection.name('root'), connection.name('other')], [root, undefined])
    }
    assert.deepEqual(portrait(bench.writer), before)
  })

  test('[IM71] [J2] a new object gets no oid, neither by adding nor by being reached nor by an import', async (bench) => {
    await bench.scene({ child: new Persistent({ v: 1 }) })
    const { connection, root } = another(bench.database())
    const bytes = connection.export((root.get('child') as Persistent).oid as number)
    const object = new Persistent({ v: 1 })
    assert.throws(() => connection.add(object), readOnly)
    assert.throws(() => connection.bind('x', object), readOnly)
    connection.manager.abort()
    assert.throws(() => connection.import(bytes), readOnly)
    connection.manager.abort()
    root.set('child', object)
    assert.throws(() => connection.manager.savepoint(), readOnly)
    connection.manager.abort()
    assert.deepEqual(
      [object.oid, object.connection, object.state],
      [undefined, undefined, 'unsaved'],
    )
    assert.equal(connection.name('x'), undefined)
  })

  test('[IM71] [IM38] after every refusal reading goes on, what others write is heard of, and blocks end as they should', async (bench) => {
    await bench.scene({ v: 1 })
    const database = bench.database()
    const refused = database.run((connection) => {
      connection.name('root')?.set('v', 9)
    })
    await assert.rejects(refused, readOnly)
    let attempts = 0
    const again = database.transact((connection) => {
      attempts++
      connection.name('root')?.set('v', 9)
    })
    await assert.rejects(again, readOnly)
    assert.equal(attempts, 1)
    assert.deepEqual([database.report.open, database.storage.lastTransaction()], [0, 1])
    const { connection, root } = another(database)
    assert.equal(root.get('v'), 1)
    await elsewhere(bench.author, 'v', 2)
    assert.equal(await connection.manager.commit(), undefined)
    assert.equal(root.get('v'), 2)
    assert.equal(await database.run((there) => there.name('root')?.get('v')), 2)
  })
}

export const refusalGroups: readonly ClaimGroup[] = [{ needs: ['refuse'], claims: refusals }]
