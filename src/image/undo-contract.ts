// Owns: the claims about undo and its log.
// Leaves: packing itself to the suite of stores.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import type { Tid } from '#objects'
import {
  another,
  type Bench,
  type ClaimGroup,
  planted,
  type Register,
  rootOf,
} from './connection-parts.ts'
import type { Database } from './database.ts'
import { Persistent } from './persistent.ts'

const conflict = { code: 'CONFLICT' }

/** Sets slots of root in a transaction of its own; answers its tid. */
async function change(database: Database, slots: Record<string, unknown>): Promise<Tid> {
  await database.run((connection) => {
    for (const [name, value] of Object.entries(slots)) rootOf(connection).set(name, value)
  })
  return database.storage.lastTransaction()
}

/** A slot of root, as of now. */
async function now(database: Database, slot = 'v'): Promise<unknown> {
  return await database.run((connection) => rootOf(connection).get(slot))
}

/** A root whose slot v is 1. */
async function start(bench: Bench, slots: Record<string, unknown> = { v: 1 }): Promise<Database> {
  const database = bench.database()
  await planted(database, slots)
  return database
}

function one(test: Register): void {
  test('[IM67] [F1] undo restores what was before under a new tid, and undoing the undo redoes', async (bench) => {
    const database = await start(bench)
    const tid = await change(database, { v: 2 })
    const undo = await database.undo(tid, { note: 'back' })
    assert.ok(undo > tid)
    assert.equal(await now(database), 1)
    const redo = await database.undo(undo)
    assert.equal(await now(database), 2)
    await database.undo(redo)
    assert.equal(await now(database), 1)
    await database.undo(tid + 3)
    assert.equal(await now(database), 2)
    assert.equal(database.storage.describe(undo)?.note, 'back')
  })

  test('[IM67] open connections see an undo behind their next border, as any other commit', async (bench) => {
    const database = bench.database()
    const { connection, root } = await planted(database, { v: 1 })
    const tid = await change(database, { v: 2 })
    connection.sync()
    assert.equal(root.get('v'), 2)
    await database.undo(tid)
    assert.equal(root.get('v'), 2)
    connection.sync()
    assert.equal(root.get('v'), 1)
  })

  test('[IM67] [F2] [B18] undoing a creation makes the object unloadable, now and before now; redo revives it', async (bench) => {
    const database = await start(bench)
    const made = await change(database, { child: new Persistent({ v: 7 }) })
    const oid = (await now(database, 'child').then((child) => (child as Persistent).oid)) as number
    const undo = await database.undo(made)
    using connection = database.open()
    assert.throws(() => connection.get(oid), { code: 'TARGET_UNKNOWN' })
    assert.equal(rootOf(connection).has('child'), false)
    using past = database.open({ at: undo })
    assert.throws(() => past.get(oid), { code: 'TARGET_UNKNOWN' })
    assert.equal(bench.store.read(oid, undo)?.kind, 'gone')
    assert.deepEqual(database.storage.describe(undo)?.undo, {
      undone: [made],
      restored: [
        [1, 1],
        [oid, 0],
      ],
    })
    await database.undo(undo)
    connection.sync()
    assert.equal(connection.get(oid).get('v'), 7)
  })

  test('[IM67] names come back with the transaction that moved them', async (bench) => {
    const database = await start(bench)
    await database.run((connection) => {
      connection.bind('other', new Persistent({ v: 5 }))
      connection.bind('root', null)
    })
    const moved = database.storage.lastTransaction()
    const undo = await database.undo(moved)
    assert.deepEqual([bench.store.name('root'), bench.store.name('other')], [1, undefined])
    await database.undo(undo)
    assert.equal(bench.store.name('root'), undefined)
    await database.run((connection) => connection.bind('other', null))
    await assert.rejects(database.undo(undo + 1), conflict)
  })

  test('[IM67] [F3] an undo covers all objects of its transaction or none', async (bench) => {
    const database = await start(bench, { v: 1, child: new Persistent({ v: 1 }) })
    const childOf = async (act: (child: Persistent) => unknown): Promise<unknown> =>
      await database.run((connection) => act(rootOf(connection).get('child') as Persistent))
    await database.run((connection) => {
      rootOf(connection).set('v', 2)
      ;(rootOf(connection).get('child') as Persistent).set('v', 2)
    })
    const both = database.storage.lastTransaction()
    await childOf((child) => child.set('v', 3))
    await assert.rejects(database.undo(both), conflict)
    assert.deepEqual([await now(database), await childOf((child) => child.get('v'))], [2, 3])
    await database.undo([both, both + 1])
    assert.deepEqual([await now(database), await childOf((child) => child.get('v'))], [1, 1])
  })

  test('[IM67] [F4] several transactions are undone as one, in any order given, and that one is undone again', async (bench) => {
    const database = await start(bench)
    const tids: Tid[] = []
    for (const v of [2, 3, 4]) tids.push(await change(database, { v, [`slot${v}`]: v }))
    const unit = await database.undo([tids[1], tids[2], tids[0]] as Tid[])
    assert.deepEqual([await now(database), await now(database, 'slot3')], [1, undefined])
    await database.undo(unit)
    assert.deepEqual([await now(database), await now(database, 'slot3')], [4, 3])
    assert.equal(bench.store.transactions().length, 6)
  })

  test('[IM68] [F5] what was changed later is a conflict, unless the hook of the object resolves it', async (bench) => {
    const database = await start(bench)
    const tid = await change(database, { v: 2 })
    await change(database, { v: 3 })
    await assert.rejects(database.undo(tid), {
      code: 'CONFLICT',
      data: { oid: 1, committed: 3, base: 2 },
    })
    assert.equal(await now(database), 3)
    await bench.renew()
    const counter = await start(bench, { n: 10, mergeBy: 'counter' })
    const up = await change(counter, { n: 15 })
    await change(counter, { n: 17 })
    await counter.undo(up)
    assert.equal(await now(counter, 'n'), 12)
  })

  test('[IM68] [F5] undo through later undos: what is equal again is not changed', async (bench) => {
    const database = await start(bench)
    const first = await change(database, { v: 2 })
    const second = await change(database, { v: 3 })
    await database.undo(second)
    await database.undo(first)
    assert.equal(await now(database), 1)
  })

  test('[IM67] an undo of nothing, or of what never was, faults and frees the turn', async (bench) => {
    const database = await start(bench)
    await assert.rejects(database.undo(99), { code: 'TARGET_UNKNOWN' })
    await assert.rejects(database.undo([]), { code: 'LIMIT' })
    assert.equal(await change(database, { v: 2 }), 2)
  })
}

function withPacks(test: Register): void {
  test('[IM67] [F6] a log that was fetched before a pack names transactions that can still be undone', async (bench) => {
    const database = await start(bench)
    for (const v of [2, 3, 4]) await change(database, { v })
    const log = database.undoLog()
    await bench.store.pack({ before: 2, gc: true })
    await database.undo(log[0]?.tid as Tid)
    assert.equal(await now(database), 3)
    await database.undo([log[0]?.tid as Tid, log[1]?.tid as Tid, 5])
    assert.equal(await now(database), 2)
  })

  test('[IM68] what is packed away cannot be undone: it is a conflict, and no creation is mistaken for it', async (bench) => {
    const database = await start(bench)
    const tid = await change(database, { v: 2 })
    await bench.store.pack({ before: tid, gc: true })
    await assert.rejects(database.undo(tid), conflict)
    assert.equal(await now(database), 2)
    assert.deepEqual(database.undoLog(), [])
  })

  test('[IM67] [G11] after a pack the log holds only what can be undone, and all of that', async (bench) => {
    const database = await start(bench)
    for (const v of [2, 3]) await change(database, { v })
    await change(database, { child: new Persistent({ v: 1 }) })
    await change(database, { v: 4, child: undefined })
    await database.run((connection) => connection.bind('other', rootOf(connection)))
    await bench.store.pack({ before: 3, gc: true })
    const listed = () => database.undoLog().map(({ tid }) => tid)
    assert.deepEqual(listed(), [6, 5, 4])
    assert.deepEqual(
      database.undoLog(1, 2).map(({ tid }) => tid),
      [5],
    )
    await assert.rejects(database.undo([6, 5, 4, 3]), conflict)
    for (const tid of listed()) await database.undo(tid)
    assert.deepEqual([await now(database), await now(database, 'child')], [3, undefined])
    assert.equal(bench.store.name('other'), undefined)
    // What was listed is still listed, and the undos behind it are too.
    assert.deepEqual(listed(), [9, 8, 7, 6, 5, 4])
    await bench.store.pack({ before: 9, gc: true })
    assert.deepEqual(listed(), [])
  })

  test('[IM67] [IM73] [G9] what was unlinked comes back with its state when the unlinking is undone after a pack to before it', async (bench) => {
    const leaf = new Persistent({ v: 2 })
    const database = await start(bench, { child: new Persistent({ v: 1, leaf }) })
    const linked = database.storage.lastTransaction()
    const unlinked = await database.run((connection) => {
      rootOf(connection).delete('child')
      return connection.snapshot + 1
    })
    await bench.store.pack({ before: linked, gc: true })
    assert.equal(await now(database, 'child'), undefined)
    await database.undo(unlinked)
    for (const connection of [database.open(), another(bench.database()).connection]) {
      const child = rootOf(connection).get('child') as Persistent
      assert.deepEqual([child.get('v'), (child.get('leaf') as Persistent).get('v')], [1, 2])
    }
    await bench.store.pack({ before: bench.store.head().tid, gc: true })
    assert.deepEqual(bench.store.verify().damage, [])
    using later = database.open()
    assert.equal((rootOf(later).get('child') as Persistent).get('v'), 1)
  })

  test('[IM67] [F7] undo, then packs at one time after the other, never change what is seen', async (bench) => {
    const database = await start(bench)
    const tid = await change(database, { v: 2, child: new Persistent({ v: 3 }) })
    await change(database, { w: 1 })
    await database.undo([tid, tid + 1])
    await database.undo(tid + 2)
    const seen = async () => [
      await now(database),
      await now(database, 'w'),
      await database.run((connection) => (rootOf(connection).get('child') as Persistent).get('v')),
    ]
    const before = await seen()
    assert.deepEqual(before, [2, 1, 3])
    for (let at = 1; at <= bench.store.head().tid; at++) {
      await bench.store.pack({ before: at, gc: true })
      assert.deepEqual(await seen(), before)
    }
  })
}

function reading(test: Register): void {
  test('[IM67] [F8] the log gives twenty by itself, pages, and takes a count', async (bench) => {
    await bench.scene({ v: 1 })
    for (let v = 2; v <= 30; v++) await change(bench.author, { v })
    const tx = { author: 'Zoë', note: 'last', extension: { reason: ['あ'] } }
    await bench.author.run((connection) => rootOf(connection).set('v', 31), tx)
    const database = bench.database()
    const [newest] = database.undoLog(0, 1)
    assert.deepEqual([newest?.tid, newest?.author, newest?.note], [31, tx.author, tx.note])
    assert.deepEqual(newest?.extension, tx.extension)
    const tids = (first?: number, last?: number) =>
      database.undoLog(first, last).map(({ tid }) => tid)
    assert.deepEqual(
      tids(),
      Array.from({ length: 20 }, (_, at) => 31 - at),
    )
    assert.deepEqual(tids(0, 3), [31, 30, 29])
    assert.deepEqual(tids(5, 8), [26, 25, 24])
    assert.deepEqual(tids(5, -3), tids(5, 8))
    assert.deepEqual([tids(29, 40), tids(40, 50), tids(3, 3)], [[2, 1], [], []])
  })

  test('[IM67] [IM4] [B3] a chain of undos reads right at every depth: each revision holds until the next begins', async (bench) => {
    await bench.scene({ v: 1 })
    const { author } = bench
    let last = await change(author, { v: 2 })
    const expected = [1, 2]
    for (let depth = 0; depth < 12; depth++) {
      last = await author.undo(last)
      expected.push(depth % 2 === 0 ? 1 : 2)
      await author.run((connection) => connection.bind(`between ${depth}`, rootOf(connection)))
    }
    const database = bench.database()
    const revisions = bench.store.revisions(1).toReversed()
    assert.equal(revisions.length, expected.length)
    for (const [at, { tid }] of revisions.entries()) {
      const end = (revisions[at + 1]?.tid ?? bench.store.head().tid + 1) - 1
      for (const point of [tid, end]) {
        assert.equal(bench.store.read(1, point)?.tid, tid)
        using connection = database.open({ at: point })
        assert.equal(rootOf(connection).get('v'), expected[at], `as of ${point}`)
      }
      assert.equal(bench.store.read(1, tid - 1)?.tid, revisions[at - 1]?.tid)
    }
  })
}

export const undoGroups: readonly ClaimGroup[] = [
  { needs: ['write'], claims: one },
  { needs: ['write', 'pack'], claims: withPacks },
  { needs: [], claims: reading },
]
