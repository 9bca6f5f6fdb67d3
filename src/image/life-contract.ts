// Owns: the claims about the life of objects: identity, states, ghosts, reach, weak references, export, missing code.
// Leaves: the cache and the pool to memory-contract.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { MethodRef } from '#objects'
import {
  altered,
  another,
  type ClaimGroup,
  elsewhere,
  planted,
  type Register,
  removed,
  rootOf,
} from './connection-parts.ts'
import type { Connection } from './connection.ts'
import { IMAGE_LIMITS } from './limits.ts'
import { Persistent } from './persistent.ts'
import type { WeakRefTo } from './slot-values.ts'
import { Storage } from './storage.ts'
import type { Resource } from './transaction.ts'

const unknown = { code: 'TARGET_UNKNOWN' }
const state = { code: 'TRANSACTION_STATE' }

/** Takes part in a transaction behind every connection, and votes in its own way. */
const lastToVote = (vote: () => void): Resource => ({
  sortKey: 'zzz',
  prepare: () => {},
  begin: async () => {},
  commit: () => {},
  vote,
  finish: async () => undefined,
  abortCommit: () => {},
  abort: () => {},
  takeBack: () => {},
  savepoint: () => ({ rollback: () => {} }),
})

const slotsOf = (object: Persistent) => object.names().map((name) => [name, object.get(name)])

function lifeOfNewOnes(test: Register): void {
  test('[IM50] [D1] adding gives an oid and an owner, again does nothing, and others are refused', async (bench) => {
    const database = bench.database()
    const connection = database.open()
    const object = new Persistent({ v: 1 })
    assert.deepEqual([object.oid, object.connection], [undefined, undefined])
    const oid = connection.add(object)
    assert.deepEqual([object.oid, object.connection], [oid, connection])
    assert.equal(connection.add(object), oid)
    assert.throws(() => database.open().add(object), state)
    assert.throws(() => connection.add({ v: 1 } as never), { code: 'FIELD_INVALID' })
  })

  test('[IM55] [D2] abort before finish takes the adding back: no oid, no owner, no finding, not changed', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database)
    const refused = (): void => {
      throw new Error('refused')
    }
    const steps: ((object: Persistent) => Promise<void> | void)[] = [
      () => {},
      (object) => void root.set('child', object),
      (object) => {
        root.set('child', object)
        connection.manager.savepoint()
      },
      (object) => {
        root.set('child', object)
        connection.manager.savepoint()
        connection.minimize()
      },
      async (object) => {
        root.set('child', object)
        connection.manager.get().addBeforeCommit(refused)
        await assert.rejects(connection.manager.commit(), /refused/)
      },
      async (object) => {
        root.set('child', object)
        await elsewhere(database, 'v', 1)
        await assert.rejects(connection.manager.commit(), { code: 'CONFLICT' })
      },
      async (object) => {
        root.set('child', object)
        root.set('big', 'x'.repeat(IMAGE_LIMITS.payloadBytes))
        await assert.rejects(connection.manager.commit(), { code: 'LIMIT' })
      },
      async (object) => {
        root.set('child', object)
        connection.manager.get().join(lastToVote(refused))
        await assert.rejects(connection.manager.commit(), /refused/)
      },
    ]
    for (const step of steps) {
      const object = new Persistent({ v: 1 })
      const oid = connection.add(object)
      await step(object)
      connection.manager.abort()
      assert.deepEqual(
        [object.oid, object.connection, object.state],
        [undefined, undefined, 'unsaved'],
      )
      assert.throws(() => connection.get(oid), unknown)
      assert.equal(object.get('v'), 1)
      assert.equal(root.has('child'), false)
    }
  })

  test('[IM51] [D3] what nothing reaches is not stored; what is reached is, also when it was made while storing', async (bench) => {
    const { connection, root } = await planted(bench.database())
    const [unused, child, grandchild, late] = [1, 2, 3, 4].map((v) => new Persistent({ v }))
    assert.ok(unused && child && grandchild && late)
    const oid = connection.add(unused)
    root.set('child', child)
    child.set('list', [{ deep: grandchild }])
    grandchild.hooks.serialize = (object) => object.set('late', late)
    await connection.manager.commit()
    assert.deepEqual([unused.oid, unused.state], [undefined, 'unsaved'])
    assert.equal(bench.store.read(oid), undefined)
    for (const object of [child, grandchild, late]) {
      assert.equal(object.state, 'saved')
      assert.equal(bench.store.read(object.oid as number)?.tid, 2)
    }
    assert.deepEqual(bench.store.read(child.oid as number)?.refs, [grandchild.oid])
  })

  test('[IM51] [D8] a change inside the serialize hook is one store, and what is unchanged is not stored', async (bench) => {
    const { connection, root } = await planted(bench.database(), {
      v: 1,
      list: [1],
      child: new Persistent(),
    })
    const child = root.get('child') as Persistent
    root.hooks.serialize = (object) => object.set('hooked', true)
    assert.deepEqual([root.get('list'), child.names()], [[1], []])
    root.set('v', 2)
    await connection.manager.commit()
    assert.deepEqual(bench.store.transaction(2)?.oids, [root.oid])
    assert.deepEqual([root.get('hooked'), root.state], [true, 'saved'])
    root.get('list')
    assert.equal(await connection.manager.commit(), undefined)
    assert.equal(bench.store.head().tid, 2)
  })
}

function statesAndSlots(test: Register): void {
  test('[IM55] [D6] every state and every way between them can be seen', async (bench) => {
    const { connection, root } = await planted(bench.database(), {
      child: new Persistent({ v: 1 }),
    })
    const object = new Persistent({ v: 1 })
    const seen: string[] = [object.state]
    const see = (act: () => unknown): void => {
      act()
      seen.push(object.state)
    }
    const quiet = ['changed', 'deactivate', 'invalidate'] as const
    for (const name of quiet) see(() => object[name]())
    assert.deepEqual(seen.splice(0), ['unsaved', 'unsaved', 'unsaved', 'unsaved'])
    see(() => connection.add(object))
    for (const name of quiet) see(() => object[name]())
    see(() => object.changed(false))
    assert.deepEqual(seen.splice(0), ['added', 'added', 'added', 'added', 'added'])
    root.set('object', object)
    await connection.manager.commit()
    see(() => {})
    see(() => object.set('v', 2))
    see(() => object.deactivate())
    see(() => object.invalidate())
    see(() => object.activate())
    see(() => object.deactivate())
    see(() => object.changed(false))
    see(() => object.changed())
    see(() => object.changed(false))
    assert.deepEqual(seen.splice(0), [
      'saved',
      'changed',
      'changed',
      'ghost',
      'saved',
      'ghost',
      'ghost',
      'changed',
      'saved',
    ])
    see(() => object.set('v', 3))
    see(() => connection.manager.abort())
    assert.deepEqual(seen.splice(0), ['changed', 'ghost'])
    assert.equal(object.get('v'), 1)
  })

  test('[IM55] a change inside a container is noticed by its bytes, across borders and in savepoints', async (bench) => {
    const { connection, root } = await planted(bench.database(), {
      list: [1],
      map: { a: [1] },
      v: 1,
    })
    const list = root.get('list') as number[]
    const map = root.get('map') as { a: number[] }
    assert.equal(root.state, 'saved')
    list.push(2)
    assert.equal(root.state, 'changed')
    list.pop()
    assert.equal(root.state, 'saved')
    map.a.push(2)
    const savepoint = connection.manager.savepoint()
    map.a.push(3)
    list.push(2)
    savepoint.rollback()
    assert.deepEqual([root.get('list'), root.get('map')], [[1], { a: [1, 2] }])
    await connection.manager.commit()
    ;(root.get('list') as number[]).push(5)
    assert.equal(await connection.manager.commit(), 3)
    connection.minimize()
    assert.deepEqual([root.get('list'), root.get('map')], [[1, 5], { a: [1, 2] }])
    assert.deepEqual(
      [root.changedAt('list'), root.changedAt('map'), root.changedAt('v')],
      [3, 2, 1],
    )
    ;(root.get('list') as number[]).push(6)
    connection.manager.abort()
    assert.deepEqual(root.get('list'), [1, 5])
  })

  test('[IM53] [D7] volatile slots change nothing, are not stored, and go with the state', async (bench) => {
    const { connection, root } = await planted(bench.database(), { v: 1 })
    root.set('_v_x', { any: () => 1 })
    assert.deepEqual([root.state, root.has('_v_x'), root.names()], ['saved', true, ['v']])
    root.set('v', 2)
    await connection.manager.commit()
    assert.ok(root.get('_v_x'))
    root.deactivate()
    assert.equal(root.get('_v_x'), undefined)
    assert.deepEqual(slotsOf(root), [['v', 2]])
    root.set('_v_y', 1)
    assert.equal(root.delete('_v_y'), true)
    assert.equal(root.state, 'saved')
  })
}

function missingCode(test: Register): void {
  test('[IM49] [D16] an object whose hook or method is missing loads as it is, can be read, and moved', async (bench) => {
    const database = bench.database()
    const code = new Persistent({}, 'method')
    const { connection, root } = await planted(database, { code, shelf: new Persistent() })
    const missing = code.oid as number
    const slots = { mergeBy: 'nobody', does: new MethodRef(missing), data: [1, { a: 2 }] }
    root.set('thing', new Persistent(slots))
    root.delete('code')
    await connection.manager.commit()
    await removed(database.storage, missing)
    connection.sync()
    const oid = (root.get('thing') as Persistent).oid as number
    const before = bench.store.read(oid)
    connection.minimize()
    const thing = root.get('thing') as Persistent
    assert.deepEqual(
      [thing.oid, thing.get('mergeBy'), thing.get('data')],
      [oid, 'nobody', [1, { a: 2 }]],
    )
    assert.equal((thing.get('does') as MethodRef).oid, missing)
    ;(root.get('shelf') as Persistent).set('thing', thing)
    root.delete('thing')
    await connection.manager.commit()
    assert.deepEqual(bench.store.read(oid), before)
    assert.equal((root.get('shelf') as Persistent).get('thing'), thing)
    thing.set('data', 'new')
    await connection.manager.commit()
    connection.minimize()
    assert.deepEqual([thing.get('data'), (thing.get('does') as MethodRef).oid], ['new', missing])
    assert.throws(() => connection.get(missing), unknown)
  })

  test('[IM49] [D20] a method is edited as an object is: abort brings the old one, others see it behind a border', async (bench) => {
    const method = new Persistent({ source: 'old' }, 'method')
    const database = bench.database()
    const { connection, root } = await planted(database, { method })
    const proto = new Persistent({ greet: new MethodRef(method.oid as number), keeps: method })
    root.set('instance', new Persistent({ 'parent*': proto }))
    root.set('proto', proto)
    await connection.manager.commit()
    const greeting = (there: Connection): unknown => {
      const instance = rootOf(there).get('instance') as Persistent
      const found = (instance.get('parent*') as Persistent).get('greet') as MethodRef
      return there.get(found.oid).get('source')
    }
    const other = another(database).connection
    assert.equal(greeting(other), 'old')
    assert.equal(method.kind, 'method')
    method.set('source', 'bad')
    assert.equal(method.state, 'changed')
    connection.manager.abort()
    assert.equal(method.get('source'), 'old')
    method.set('source', 'new')
    await connection.manager.commit()
    assert.deepEqual([greeting(connection), greeting(other)], ['new', 'old'])
    other.sync()
    assert.equal(greeting(other), 'new')
    assert.equal(bench.store.read(method.oid as number)?.kind, 'method')
  })
}

function farReferences(test: Register): void {
  test('[IM58] [D17] a weak reference answers the same object, keeps nothing alive, and nothing once it is gone', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database, { child: new Persistent({ v: 1 }) })
    const child = root.get('child') as Persistent
    root.set('weak', connection.weak(child))
    root.set('list', [connection.weak(child), 1])
    await connection.manager.commit()
    connection.minimize()
    const weak = root.get('weak') as WeakRefTo
    assert.equal(weak.deref(), child)
    assert.equal(((root.get('list') as unknown[])[0] as WeakRefTo).deref(), child)
    root.delete('child')
    await connection.manager.commit()
    assert.deepEqual(bench.store.read(root.oid as number)?.refs, [])
    await removed(database.storage, child.oid as number)
    connection.sync()
    assert.equal(weak.deref(), undefined)
    assert.throws(() => connection.weak(new Persistent()), { code: 'FIELD_INVALID' })
  })

  test('[IM59] [D18] an import has new identities, shares parents and methods, and aborted leaves nothing', async (bench) => {
    const database = bench.database()
    const parent = new Persistent({ does: 1 })
    const { connection, root } = await planted(database, { parent })
    const leaf = new Persistent({ v: [1] })
    const tree = new Persistent({ 'parent*': parent, left: leaf, right: { again: leaf }, up: null })
    leaf.set('up', tree)
    leaf.set('does', new MethodRef(parent.oid as number))
    root.set('tree', tree)
    await connection.manager.commit()
    leaf.set('weak', connection.weak(tree))
    await connection.manager.commit()
    const bytes = connection.export(tree.oid as number)
    const aborted = connection.import(bytes)
    const { oid } = aborted
    root.set('copy', aborted)
    connection.manager.abort()
    assert.deepEqual([aborted.oid, root.has('copy')], [undefined, false])
    assert.throws(() => connection.get(oid as number), unknown)
    root.set('copy', connection.import(bytes))
    await connection.manager.commit()
    connection.minimize()
    const copy = root.get('copy') as Persistent
    const left = copy.get('left') as Persistent
    assert.notEqual(copy, tree)
    assert.notEqual(left.oid, leaf.oid)
    assert.equal((copy.get('right') as { again: unknown }).again, left)
    assert.equal(left.get('up'), copy)
    assert.equal((left.get('weak') as WeakRefTo).deref(), copy)
    assert.equal(copy.get('parent*'), parent)
    assert.deepEqual([left.get('v'), (left.get('does') as MethodRef).oid], [[1], parent.oid])
    assert.deepEqual(slotsOf(leaf)[0], ['v', [1]])
  })

  test('[IM59] bytes that are no export, or share what is not here, are refused and change nothing', async (bench) => {
    const { connection, root } = await planted(bench.database(), { parent: new Persistent() })
    root.set('child', new Persistent({ 'parent*': root.get('parent') }))
    await connection.manager.commit()
    const bytes = connection.export((root.get('child') as Persistent).oid as number)
    for (const bad of [new Uint8Array(), Buffer.from('nonsense'), bytes.subarray(0, 20)]) {
      assert.throws(() => connection.import(bad), { code: 'FIELD_INVALID' })
    }
    await bench.renew()
    const elsewhere = bench.database().open()
    assert.throws(() => elsewhere.import(bytes), unknown)
    assert.equal(await elsewhere.manager.commit(), undefined)
  })
}

function reading(test: Register): void {
  test('[IM50] [D4] [D12] an oid is one object, always the same; an unknown one faults', async (bench) => {
    await bench.scene({ child: new Persistent() })
    const { connection, root } = another(bench.database())
    const oid = root.oid as number
    const child = root.get('child') as Persistent
    assert.equal(connection.get(oid), root)
    assert.equal(connection.get(child.oid as number), child)
    connection.minimize()
    assert.equal(connection.get(oid), root)
    assert.equal(root.get('child'), child)
    assert.throws(() => connection.get(9_999), unknown)
    assert.throws(() => Object.assign(root, { oid: 5 }), TypeError)
    assert.throws(() => Object.assign(root, { connection: undefined }), TypeError)
    assert.deepEqual([root.oid, root.connection], [oid, connection])
    // Another connection has an object of its own for it.
    const other = another(bench.database())
    assert.equal(other.root.oid, oid)
    assert.notEqual(other.root, root)
  })

  test('[IM52] [D5] a ghost loads once, at the first access to a slot, and not for its oid, owner or state', async (bench) => {
    await bench.scene({ v: 1 })
    let reads = 0
    const store = altered(bench.store, {
      read: (oid, at) => {
        reads++
        return bench.store.read(oid, at)
      },
    })
    const { root } = another(bench.database({ storage: new Storage(store, bench.options) }))
    reads = 0
    assert.deepEqual(
      [root.state, root.oid, root.get('_v_x'), root.has('_v_x')],
      ['ghost', 1, undefined, false],
    )
    assert.ok(root.connection)
    assert.equal(reads, 0)
    assert.deepEqual(
      [root.get('v'), root.get('v'), root.has('w'), root.names()],
      [1, 1, false, ['v']],
    )
    assert.equal(reads, 1)
    assert.equal(root.state, 'saved')
  })

  test('[IM55] [D6] a change taken back by hand is not stored and goes with the ghost', async (bench) => {
    await bench.scene({ v: 1, list: [1] })
    const { connection, root } = another(bench.database())
    root.set('v', 2)
    ;(root.get('list') as number[]).push(2)
    root.changed(false)
    await connection.manager.commit()
    assert.equal(bench.store.head().tid, 1)
    assert.equal(root.get('v'), 2)
    root.deactivate()
    assert.deepEqual([root.get('v'), root.get('list')], [1, [1]])
  })

  test('[IM53] [D7] volatile slots of what was loaded change nothing and go when it becomes a ghost', async (bench) => {
    await bench.scene({ v: 1 })
    const { connection, root } = another(bench.database())
    root.set('_v_x', { any: () => 1 })
    assert.deepEqual([root.state, root.has('_v_x')], ['saved', true])
    assert.deepEqual(slotsOf(root), [['v', 1]])
    root.set('_v_y', 1)
    assert.deepEqual([root.state, root.get('_v_y')], ['saved', 1])
    assert.equal(await connection.manager.commit(), undefined)
    assert.deepEqual([root.state, root.get('_v_y')], ['saved', 1])
    for (const ghost of ['deactivate', 'invalidate'] as const) {
      root.set('_v_y', 1)
      root.activate()
      root[ghost]()
      assert.deepEqual([root.state, root.has('_v_y')], ['ghost', false])
    }
  })

  test('[IM49] [D16] what has missing code is read by those who never had it, with its references', async (bench) => {
    const code = new Persistent({}, 'method')
    await bench.scene({ code })
    const missing = code.oid as number
    const thing = new Persistent({ mergeBy: 'nobody', does: new MethodRef(missing), data: [1] })
    await bench.author.run((there) => {
      rootOf(there).set('thing', thing)
      rootOf(there).delete('code')
    })
    await removed(bench.author.storage, missing)
    const { connection, root } = another(bench.database({ merge: {} }))
    const found = root.get('thing') as Persistent
    assert.equal(found.oid, thing.oid)
    assert.deepEqual([found.get('mergeBy'), found.get('data')], ['nobody', [1]])
    assert.equal((found.get('does') as MethodRef).oid, missing)
    assert.deepEqual(found.names(), ['mergeBy', 'does', 'data'])
    assert.throws(() => connection.get(missing), unknown)
  })

  test('[IM49] [D19] a hook that loads again during a rollback sees the rolled-back state', async (bench) => {
    await bench.scene({ v: 1, other: new Persistent({ v: 1 }) })
    const { connection, root } = another(bench.database())
    const other = root.get('other') as Persistent
    const seen: unknown[] = []
    root.hooks.invalidate = (object) => seen.push(object.get('v'), other.get('v'))
    root.set('v', 2)
    other.set('v', 2)
    const savepoint = connection.manager.savepoint()
    other.set('v', 3)
    root.set('v', 3)
    savepoint.rollback()
    connection.manager.abort()
    // At the rollback what the savepoint holds, of both; at the abort what is committed, of both.
    assert.deepEqual(seen, [2, 2, 1, 1])
    assert.deepEqual([root.get('v'), other.get('v')], [1, 1])
  })

  test('[IM49] a hook at invalidation that throws keeps nobody from the state that counts', async (bench) => {
    await bench.scene({ list: [1, 2, 3].map((v) => new Persistent({ v })) })
    const { connection, root } = another(bench.database())
    const list = root.get('list') as Persistent[]
    for (const object of list) {
      object.set('v', 9)
      object.hooks.invalidate = () => {
        throw new Error('no')
      }
    }
    connection.manager.abort()
    assert.deepEqual(
      list.map((object) => object.get('v')),
      [1, 2, 3],
    )
    assert.equal(bench.warnings.length, 3)
  })
}

export const lifeGroups: readonly ClaimGroup[] = [
  { needs: ['write'], claims: lifeOfNewOnes },
  { needs: ['write'], claims: statesAndSlots },
  { needs: ['write'], claims: missingCode },
  { needs: ['write'], claims: farReferences },
  { needs: [], claims: reading },
]
