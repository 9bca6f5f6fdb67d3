// Owns: the claims about connections over a store that is packed meanwhile: what they refer to, hold in memory, and still read.
// Leaves: the pack itself to contract-pack.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { asFault } from '#ground'
import { type Oid, seeded, type Tid } from '#objects'
import type { Connection } from './connection.ts'
import {
  altered,
  another,
  type Bench,
  type ClaimGroup,
  planted,
  type Register,
  removed,
  rootOf,
} from './connection-parts.ts'
import { type Database, openDatabase } from './database.ts'
import { openMemoryStore } from './memory/store.ts'
import { Persistent } from './persistent.ts'
import type { WeakRefTo } from './slot-values.ts'
import type { Revision, Store } from './store.ts'
import type { Resource } from './transaction.ts'

const conflict = { code: 'CONFLICT' }
const unknown = { code: 'TARGET_UNKNOWN' }

/** Packs to now, by whoever may. */
const packed = (bench: Bench) => bench.writer.pack({ before: bench.writer.head().tid, gc: true })

/** The same store, which tells nobody what its packs remove. */
const silent = (store: Store): Store =>
  new Proxy(store, {
    get: (_, name: keyof Store) => (name === 'onRemoved' ? undefined : store[name]?.bind(store)),
  })

/** A root and its child in memory; the child was unlinked since, and is in the way of a pack. */
async function unlinked(database: Database) {
  const { connection, root } = await planted(database, { child: new Persistent({ v: 1 }) })
  const child = root.get('child') as Persistent
  root.set('weak', connection.weak(child))
  await connection.manager.commit()
  root.delete('child')
  await connection.manager.commit()
  assert.equal(child.state, 'saved')
  return { connection, root, child }
}

function weakly(test: Register): void {
  test('[IM58] [IM110] [D17] once its target is packed away a weak reference answers nothing, in every connection', async (bench) => {
    const child = new Persistent({ v: 1 })
    await bench.scene({ child })
    await bench.author.run((there) => {
      const target = rootOf(there).get('child') as Persistent
      rootOf(there).set('weak', there.weak(target))
    })
    const { connection, root } = another(bench.database())
    const target = root.get('child') as Persistent
    assert.equal(target.get('v'), 1)
    await bench.author.run((there) => void rootOf(there).delete('child'))
    connection.manager.abort()
    const weak = root.get('weak') as WeakRefTo
    // Unlinked it is still there, until the pack.
    assert.equal(weak.deref(), target)
    await packed(bench)
    assert.equal(weak.deref(), undefined)
    assert.throws(() => connection.get(target.oid as number), unknown)
    connection.manager.abort()
    assert.equal(target.state, 'ghost')
    assert.equal(weak.deref(), undefined)
    assert.throws(() => target.get('v'), unknown)
    assert.equal((another(bench.database()).root.get('weak') as WeakRefTo).deref(), undefined)
  })

  test('[IM110] what a pack leaves stays in memory', async (bench) => {
    await bench.scene({ kept: new Persistent({ v: 1 }), child: new Persistent() })
    const { connection, root } = another(bench.database())
    const [kept, child] = ['kept', 'child'].map((name) => root.get(name) as Persistent)
    kept?.activate()
    await bench.author.run((there) => void rootOf(there).delete('child'))
    await packed(bench)
    connection.manager.abort()
    assert.deepEqual([kept?.state, child?.state], ['saved', 'ghost'])
  })
}

function orphans(test: Register): void {
  test('[IM110] what is packed away is neither referred to nor named again, and nothing has changed', async (bench) => {
    const { connection, root, child } = await unlinked(bench.database())
    await packed(bench)
    const { manager } = connection
    const before = bench.store.head()
    const tries = [
      () => child.set('v', 2),
      () => root.set('back', child),
      () => root.set('list', [{ deep: child }]),
      () => root.set('fresh', new Persistent({ child })),
      () => connection.bind('child', child),
    ]
    for (const attempt of tries) {
      attempt()
      await assert.rejects(manager.commit(), { code: 'CONFLICT', retry: 'transaction' })
      manager.abort()
      assert.deepEqual(bench.store.head(), before)
    }
    // A border takes it out of memory; the object itself can still be named in a slot, and that is refused as well.
    assert.throws(() => child.get('v'), unknown)
    root.set('back', child)
    await assert.rejects(manager.commit(), conflict)
    manager.abort()
    root.set('v', 2)
    await manager.commit()
    assert.deepEqual(bench.store.verify().damage, [])
  })

  test('[IM110] a reference to what another transaction removed is refused; one that was there before is let be', async (bench) => {
    const database = bench.database()
    const { storage } = database
    const { connection, root } = await planted(database, { child: new Persistent({ v: 1 }) })
    const child = root.get('child') as Persistent
    await removed(storage, child.oid as number)
    root.set('v', 2)
    await connection.manager.commit()
    const shelf = new Persistent({ child })
    root.set('shelf', shelf)
    await assert.rejects(connection.manager.commit(), conflict)
    connection.manager.abort()
    root.delete('child')
    await connection.manager.commit()
    assert.deepEqual(bench.store.verify().damage, [])
  })

  test('[IM110] a pack between the vote and the finish is noticed, and the storage works on', async (bench) => {
    const database = bench.database()
    const { connection, root, child } = await unlinked(database)
    const packs: Resource = {
      // Finishes before every connection.
      sortKey: 'a',
      prepare: () => {},
      begin: async () => {},
      commit: () => {},
      vote: () => {},
      finish: async () => {
        await packed(bench)
        return undefined
      },
      abortCommit: () => {},
      abort: () => {},
      takeBack: () => {},
      savepoint: () => ({ rollback: () => {} }),
    }
    root.set('back', child)
    connection.manager.get().join(packs)
    await assert.rejects(connection.manager.commit(), conflict)
    connection.manager.abort()
    root.set('v', 2)
    await connection.manager.commit()
    assert.deepEqual(bench.store.verify().damage, [])
  })

  test('[IM110] over a store that tells nothing of its packs a moved pack time makes everything be read again', async (bench) => {
    const database = bench.database({ storage: bench.storageOver(silent(bench.store)) })
    const { connection, root, child } = await unlinked(database)
    await packed(bench)
    connection.sync()
    assert.deepEqual([root.state, child.state], ['ghost', 'ghost'])
    assert.equal((root.get('weak') as WeakRefTo).deref(), undefined)
    root.set('back', child)
    await assert.rejects(connection.manager.commit(), conflict)
  })
}

/** A store that hands every group that it keeps to a twin in memory, which nobody packs. */
function twinned(store: Store): { store: Store; twin: Store } {
  const twin = openMemoryStore()
  const commit: Store['commit'] = async (group) => {
    await store.commit(group)
    await twin.commit(group)
  }
  return { store: altered(store, { commit }), twin }
}

/** What an object says: its slots, with oids for the objects that they refer to. */
const told = (object: Persistent): string =>
  JSON.stringify(
    object.names().map((name) => [name, object.get(name)]),
    (_, value) => (value instanceof Persistent ? `#${value.oid}` : value),
  )

/**
 * Walks all that the root reaches and answers what each object says; undefined for what a pack has removed from under an old
 * snapshot. Anything else that is not there faults.
 */
function walked(there: Connection): Map<Oid, string | undefined> {
  // What lies in memory says nothing of the store.
  there.minimize()
  const found = new Map<Oid, string | undefined>()
  const queue = [there.name('root') as Persistent]
  for (let object = queue.pop(); object !== undefined; object = queue.pop()) {
    if (found.has(object.oid as Oid)) continue
    try {
      found.set(object.oid as Oid, told(object))
    } catch (error) {
      if (asFault(error)?.code !== 'CONFLICT') throw error
      found.set(object.oid as Oid, undefined)
      continue
    }
    const items = object.get('items')
    if (Array.isArray(items)) queue.push(...(items as Persistent[]))
  }
  return found
}

/** What an unpacked twin says of the same transaction. */
function truth(twin: Store, at: Tid): Map<Oid, string | undefined> {
  return walked(openDatabase(twin, { now: () => 0 }).open({ at }))
}

/** Everything that is read is what the twin has; with `whole` everything is read. */
function compare(there: Connection, twin: Store, whole: boolean): void {
  const expected = truth(twin, there.snapshot)
  const seen = walked(there)
  for (const [oid, said] of seen) if (said !== undefined) assert.equal(said, expected.get(oid))
  if (whole) assert.deepEqual(seen, expected)
}

const SHELVES = 9

/** Makes, changes, moves and unlinks items on shelves, some of them the same as those of others. */
async function work(database: Database, writer: number, rounds: number): Promise<void> {
  const random = seeded(writer + 1)
  const below = (count: number): number => Math.floor(random() * count)
  for (let round = 0; round < rounds; round++) {
    // Mostly a writer's own three shelves, so that most commits do not meet.
    const [from, to] = [0, 0].map(
      () => (3 * writer + below(3) + (below(8) === 0 ? 3 : 0)) % SHELVES,
    )
    const [kind, place] = [below(4), below(1_000)]
    await database.transact(
      (there) => {
        const shelves = rootOf(there).get('items') as Persistent[]
        const items = shelves[from as number]?.get('items') as Persistent[]
        const others = shelves[to as number]?.get('items') as Persistent[]
        const item = items[place % Math.max(1, items.length)]
        if (item === undefined || kind === 0)
          items.push(new Persistent({ v: `${writer}.${round}` }))
        else if (kind === 1) item.set('v', `changed ${writer}.${round}`)
        else {
          items.splice(items.indexOf(item), 1)
          if (kind === 2) others.push(item)
        }
      },
      { attempts: 1_000 },
    )
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function oldSnapshots(test: Register): void {
  test('[IM74] [IM75] [G5] with three writers under packs, old snapshots read what an unpacked twin has or fault, and at the end nothing is missing', async (bench) => {
    const { store, twin } = twinned(bench.store)
    const options = { ...bench.options, historical: { cache: { count: 5 } }, cache: { count: 20 } }
    const database = openDatabase(store, options)
    const shelf = (at: number) =>
      new Persistent({
        items: Array.from({ length: 6 }, (_, item) => new Persistent({ v: `${at}.${item}` })),
      })
    await planted(database, { items: Array.from({ length: SHELVES }, (_, at) => shelf(at)) })
    const early = database.open({ at: 1 })
    const writing = [0, 1, 2].map((writer) => work(database, writer, 12))
    await Promise.all(writing)
    const middle = database.open({ at: database.storage.lastTransaction() })
    const late = database.open()
    let isWriting = true
    const writers = Promise.all([3, 4, 5].map((writer) => work(database, writer % 3, 20))).finally(
      () => {
        isWriting = false
      },
    )
    // First to where the second one reads, again and again: that one is never disturbed. Then to now.
    let packs = 0
    const read = (whole: boolean) => () => {
      compare(early, twin, false)
      for (const there of [middle, late]) compare(there, twin, whole)
    }
    for (; packs < 3; packs++)
      await reading(store.pack({ before: middle.snapshot, gc: true }), read(true))
    for (; isWriting || packs < 6; packs++) {
      await reading(store.pack({ before: store.head().tid, gc: packs % 3 !== 0 }), read(false))
    }
    await writers
    await store.pack({ before: store.head().tid, gc: true })
    read(false)()
    const lost = [...walked(early).values()].filter((said) => said === undefined).length
    assert.ok(lost > 0, 'the packs have removed something that the old one reads')
    const { tid } = store.head()
    assert.equal(tid, 1 + 3 * 12 + 3 * 20)
    const now = truth(twin, tid)
    assert.deepEqual(walked(another(database).connection), now)
    // What is left is what is reached, and each as the twin has it, byte by byte.
    assert.deepEqual(
      [...store.objects()].map(({ oid }) => oid),
      [...now.keys()].sort((one, other) => one - other),
    )
    const plain = (one: Revision | undefined) =>
      one && { ...one, payload: new Uint8Array(one.payload) }
    for (const one of store.objects()) assert.deepEqual(plain(one), plain(twin.read(one.oid)))
    assert.deepEqual(store.verify().damage, [])
  })
}

/** Lets something read in each turn of the event loop until a pack has ended. */
async function reading(pack: Promise<unknown>, read: () => void): Promise<void> {
  let isPacking = true
  const ended = pack.finally(() => {
    isPacking = false
  })
  while (isPacking) {
    read()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
}

export const packedGroups: readonly ClaimGroup[] = [
  { needs: ['pack'], claims: weakly },
  { needs: ['write', 'pack'], claims: orphans },
  { needs: ['write', 'pack'], claims: oldSnapshots },
]
