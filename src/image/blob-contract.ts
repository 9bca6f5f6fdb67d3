// Owns: the claims about blobs: files beside a store, committed and packed with its records.
// Leaves: records to the other claims; copies and backups of files to blobs.test.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { BlobMode } from './blob-file.ts'
import { type Blobs, openBlobStore } from './blobs.ts'
import type { Connection } from './connection.ts'
import {
  altered,
  another,
  type Bench,
  type ClaimGroup,
  type Register,
  rootOf,
} from './connection-parts.ts'
import { type Database, openDatabase } from './database.ts'
import { Persistent } from './persistent.ts'
import type { Store } from './store.ts'

const conflict = { code: 'CONFLICT' }
const unknown = { code: 'TARGET_UNKNOWN' }

async function write(
  there: Connection,
  object: Persistent,
  text: string,
  mode: BlobMode = 'write',
) {
  const file = await there.openBlob(object, mode)
  await file.write(Buffer.from(text))
  await file.close()
}

async function read(there: Connection, object: Persistent): Promise<string> {
  const file = await there.openBlob(object, 'read')
  const text = Buffer.from(await file.read(0, await file.size())).toString()
  await file.close()
  return text
}

/** A store with a place for files, and a connection whose root has one blob under `photo`, which says `first`. */
interface Scene {
  store: Store
  blobs: Blobs
  folder: string
  database: Database
  connection: Connection
  root: Persistent
  photo: Persistent
  /** The versions of the photo that lie there. */
  versions(): string[]
}

async function scene(bench: Bench, below: Store = bench.store): Promise<Scene> {
  const folder = bench.newFolder()
  const store = await openBlobStore(below, folder)
  const database = openDatabase(store, bench.options)
  const connection = database.open()
  const photo = new Persistent()
  const root = new Persistent({ photo })
  connection.bind('root', root)
  await write(connection, photo, 'first')
  await connection.manager.commit()
  const place = join(folder, `${photo.oid}`)
  const versions = () => (existsSync(place) ? readdirSync(place).sort() : [])
  return {
    store,
    blobs: store.files?.() as Blobs,
    folder,
    database,
    connection,
    root,
    photo,
    versions,
  }
}

const photoOf = (there: Connection) => rootOf(there).get('photo') as Persistent

/** What the committed file says, as anybody reads it. */
const onDisk = ({ blobs, photo }: Scene, at?: number) =>
  readFileSync(blobs.path(photo.oid as number, at), 'utf8')

function together(test: Register): void {
  test('[IM87] a blob and the rest of its transaction are committed together and read back as of any transaction', async (bench) => {
    const set = await scene(bench)
    const { connection, database, root, photo, store } = set
    const large = Buffer.alloc(3 * 1024 * 1024, 5)
    const file = await connection.openBlob(photo, 'write')
    await file.write(large)
    await file.close()
    photo.set('title', 'large')
    root.set('n', 1)
    const tid = (await connection.manager.commit()) as number
    const { bytes, sha256 } = set.blobs.facts(photo.oid as number)
    assert.equal(bytes, large.length)
    assert.deepEqual(photo.get('blob'), { bytes, sha256 })
    // A change of the other slots keeps the file where it is.
    photo.set('title', 'still large')
    await connection.manager.commit()
    assert.equal(set.blobs.path(photo.oid as number), connection.blobPath(photo))
    assert.deepEqual(set.versions(), ['1', `${tid}`])
    assert.ok(readFileSync(connection.blobPath(photo)).equals(large))
    const past = database.open({ at: tid - 1 })
    assert.equal(await read(past, photoOf(past)), 'first')
    assert.equal(onDisk(set, 1), 'first')
    assert.throws(() => set.blobs.path(photo.oid as number, 0), unknown)
    assert.deepEqual(store.verify().damage, [])
  })

  test('[IM87] [I7] a commit that fails keeps nothing: the old file and its revision are as they were', async (bench) => {
    for (const when of ['before', 'after'] as const) {
      await bench.renew()
      let fails = false
      const { store: below } = bench
      const commit: Store['commit'] = async (group) => {
        if (fails && when === 'before') throw new Error('the disk said no')
        await below.commit(group)
        if (fails) throw new Error('the answer was lost')
      }
      const set = await scene(bench, altered(below, { commit }))
      fails = true
      await write(set.connection, set.photo, 'second')
      await assert.rejects(set.connection.manager.commit(), /said no|was lost/)
      fails = false
      // Whoever opens it again finds a whole state: with the record its file, and without it none.
      const isKept = when === 'after'
      const again = await openBlobStore(below, set.folder)
      assert.equal(onDisk(set), isKept ? 'second' : 'first')
      assert.deepEqual(set.versions(), isKept ? ['1', '2'] : ['1'])
      assert.deepEqual(again.verify().damage, [])
      const database = openDatabase(again, bench.options)
      const { connection } = another(database)
      await write(connection, photoOf(connection), 'third')
      await connection.manager.commit()
      assert.equal(onDisk(set), 'third')
    }
  })

  test('[IM87] [I7] a vote that is refused puts no file in its place', async (bench) => {
    const set = await scene(bench)
    const { connection, database, photo } = set
    await write(connection, photo, 'mine')
    await database.run((there) => photoOf(there).set('title', 'theirs'))
    await assert.rejects(connection.manager.commit(), conflict)
    connection.manager.abort()
    assert.deepEqual([set.versions(), onDisk(set)], [['1'], 'first'])
    assert.equal(await read(connection, photo), 'first')
    assert.equal(photo.get('title'), 'theirs')
  })

  test('[IM87] what a process that died left behind is removed at the next opening, and nothing else', async (bench) => {
    const set = await scene(bench)
    const { connection, photo, folder } = set
    // In its place, and the record never became durable; and work that was not committed.
    writeFileSync(join(folder, `${photo.oid}`, '2'), 'never acknowledged')
    mkdirSync(join(folder, '99'))
    writeFileSync(join(folder, '99', '2'), 'never acknowledged')
    await write(connection, photo, 'under way')
    const again = await openBlobStore(bench.store, folder)
    assert.deepEqual(readdirSync(folder), [`${photo.oid}`])
    assert.deepEqual(set.versions(), ['1'])
    assert.equal(readFileSync(again.files?.().path(photo.oid as number) as string, 'utf8'), 'first')
  })

  test('[IM87] verify names a blob whose file is missing and one whose file is another', async (bench) => {
    const { store, connection, root, photo, folder } = await scene(bench)
    const other = new Persistent()
    root.set('other', other)
    await write(connection, other, 'other')
    await write(connection, photo, 'second')
    await connection.manager.commit()
    const clean = store.bytes()
    rmSync(join(folder, `${photo.oid}`, '1'))
    rmSync(join(folder, `${other.oid}`, '2'))
    writeFileSync(join(folder, `${other.oid}`, '2'), 'othe2')
    assert.deepEqual(
      store.verify().damage.map(({ oid, tid }) => [oid, tid]),
      [
        [photo.oid, 1],
        [other.oid, 2],
      ],
    )
    assert.equal(store.bytes(), clean - 'first'.length)
  })
}

function openings(test: Register): void {
  test('[IM88] [I1] many readers or one writer', async (bench) => {
    const { connection, photo } = await scene(bench)
    const readers = [
      await connection.openBlob(photo, 'read'),
      await connection.openBlob(photo, 'read'),
    ]
    for (const mode of ['write', 'append', 'change'] as const) {
      await assert.rejects(connection.openBlob(photo, mode), conflict)
    }
    await assert.rejects(readers[0]?.write(Buffer.from('x')) as Promise<void>, {
      code: 'READ_ONLY',
    })
    await readers[0]?.close()
    await readers[0]?.close()
    await assert.rejects(connection.openBlob(photo, 'write'), conflict)
    await readers[1]?.close()
    const writer = await connection.openBlob(photo, 'append')
    for (const mode of ['read', 'append'] as const) {
      await assert.rejects(connection.openBlob(photo, mode), conflict)
    }
    await writer.close()
    // Two openings at the same moment are seen as well.
    const both = await Promise.allSettled(
      (['append', 'append'] as const).map((mode) => connection.openBlob(photo, mode)),
    )
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    for (const one of both) if (one.status === 'fulfilled') await one.value.close()
    const fresh = new Persistent()
    await assert.rejects(connection.openBlob(fresh, 'read'), unknown)
    await assert.rejects(connection.openBlob(fresh, 'change'), unknown)
  })

  test('[IM88] [I2] a commit and a savepoint are refused while a blob is open, to read or to write', async (bench) => {
    const set = await scene(bench)
    const { connection, photo, root, store } = set
    const { manager } = connection
    for (const mode of ['read', 'append'] as const) {
      for (const ends of [() => manager.commit(), async () => void manager.savepoint()]) {
        const file = await connection.openBlob(photo, mode)
        root.set('n', 1)
        await assert.rejects(ends(), conflict)
        assert.throws(() => connection.close(), { code: 'TRANSACTION_STATE' })
        await file.close()
        manager.abort()
        assert.deepEqual([root.get('n'), await read(connection, photo)], [undefined, 'first'])
        manager.abort()
      }
    }
    // One that a hook opens and leaves open, or writes, behind the look at what the blobs hold.
    for (const leavesOpen of [true, false]) {
      await write(connection, photo, 'mine')
      const opened: { close(): Promise<void> }[] = []
      manager.get().addBeforeCommit(async () => {
        const file = await connection.openBlob(photo, leavesOpen ? 'read' : 'append')
        if (leavesOpen) opened.push(file)
        else await file.close()
      })
      await assert.rejects(manager.commit(), leavesOpen ? conflict : { code: 'TRANSACTION_STATE' })
      for (const file of opened) await file.close()
      manager.abort()
    }
    assert.deepEqual([store.head().tid, set.versions(), onDisk(set)], [1, ['1'], 'first'])
    await write(connection, photo, ' and more', 'append')
    await manager.commit()
    assert.equal(onDisk(set), 'first and more')
  })

  test('[IM88] [I3] [I5] a change is seen by its own transaction alone until it is committed, and a second writer conflicts', async (bench) => {
    const set = await scene(bench)
    const { connection: one, root, photo, folder } = set
    const other = another(set.database).connection
    const third = another(set.database).connection
    const fresh = new Persistent()
    root.set('fresh', fresh)
    await write(one, photo, 'by one')
    await write(one, fresh, 'new')
    await write(other, photoOf(other), ' by other', 'append')
    assert.deepEqual(
      [
        await read(one, photo),
        await read(other, photoOf(other)),
        await read(third, photoOf(third)),
      ],
      ['by one', 'first by other', 'first'],
    )
    assert.equal(onDisk(set), 'first')
    for (const object of [photo, fresh]) assert.throws(() => one.blobPath(object), unknown)
    assert.throws(() => set.blobs.path(fresh.oid as number), unknown)
    await one.manager.commit()
    assert.equal(readFileSync(one.blobPath(photo), 'utf8'), 'by one')
    assert.equal(statSync(one.blobPath(fresh)).mode & 0o222, 0)
    // As of its snapshot the third still sees what was.
    assert.equal(await read(third, photoOf(third)), 'first')
    await assert.rejects(other.manager.commit(), conflict)
    other.manager.abort()
    assert.equal(await read(other, photoOf(other)), 'by one')
    await write(one, photo, 'taken back')
    one.manager.abort()
    assert.equal(await read(one, photo), 'by one')
    for (const { manager } of [one, other, third]) manager.abort()
    assert.deepEqual(readdirSync(join(folder, 'work')), [])
  })

  test('[IM88] a connection out of the pool begins with no blobs of the transaction before', async (bench) => {
    const { connection, database, photo } = await scene(bench)
    const { manager } = connection
    assert.equal(await read(connection, photo), 'first')
    connection.close()
    const again = database.open()
    assert.equal(again, connection)
    await write(again, photoOf(again), 'second')
    await manager.commit()
    assert.equal(await read(again, photoOf(again)), 'second')
    await again.manager.commit()
    assert.equal(readFileSync(again.blobPath(photoOf(again)), 'utf8'), 'second')
  })

  test('[IM88] a blob that nothing reaches is not stored, and a store without a place for files has none', async (bench) => {
    const { connection, folder, store } = await scene(bench)
    const loose = new Persistent()
    await write(connection, loose, 'nobody')
    rootOf(connection).set('n', 1)
    await connection.manager.commit()
    assert.deepEqual([loose.state, store.head()], ['unsaved', { tid: 2, oid: 2 }])
    assert.deepEqual(readdirSync(folder).length, 2)
    const plain = another(bench.database()).connection
    await assert.rejects(plain.openBlob(photoOf(plain), 'read'), { code: 'FIELD_INVALID' })
  })

  test('[IM88] [I4] a savepoint keeps blobs and records as one, again and again, and leaves no file behind', async (bench) => {
    const set = await scene(bench)
    const { connection, root, photo, folder } = set
    const { manager } = connection
    await write(connection, photo, ' one', 'append')
    root.set('n', 1)
    const first = manager.savepoint()
    await write(connection, photo, ' two', 'append')
    const other = new Persistent()
    root.set('other', other)
    await write(connection, other, 'other')
    root.set('n', 2)
    const second = manager.savepoint()
    await write(connection, photo, 'everything else')
    for (let time = 0; time < 2; time++) {
      second.rollback()
      const [there, beside] = [await read(connection, photo), await read(connection, other)]
      assert.deepEqual([there, beside, root.get('n')], ['first one two', 'other', 2])
      await write(connection, other, 'again')
    }
    first.rollback()
    assert.deepEqual([await read(connection, photo), root.get('n')], ['first one', 1])
    assert.equal(other.state, 'unsaved')
    assert.throws(() => second.rollback(), { code: 'TRANSACTION_STATE' })
    await write(connection, photo, '!', 'append')
    await manager.commit()
    assert.equal(onDisk(set), 'first one!')
    assert.deepEqual(readdirSync(join(folder, 'work')), [])
    assert.deepEqual(readdirSync(folder).sort(), [`${photo.oid}`, 'work'].sort())
    // What joined after a savepoint had nothing when it was made.
    root.set('n', 5)
    const empty = manager.savepoint()
    await write(connection, photo, 'late')
    empty.rollback()
    assert.deepEqual([await read(connection, photo), root.get('n')], ['first one!', 5])
  })
}

function packing(test: Register): void {
  test('[IM89] [I6] packing removes exactly the older versions, and all of a blob that nothing refers to', async (bench) => {
    const { store, connection, root, photo, versions, folder } = await scene(bench)
    for (const text of ['second', 'third', 'fourth']) {
      await write(connection, photo, text)
      await connection.manager.commit()
    }
    assert.deepEqual(versions(), ['1', '2', '3', '4'])
    await store.pack({ before: 3, gc: true, checkOnly: true })
    assert.deepEqual(versions(), ['1', '2', '3', '4'])
    for (const [before, left] of [
      [1, ['1', '2', '3', '4']],
      [2, ['2', '3', '4']],
      [3, ['3', '4']],
      [4, ['4']],
    ] as const) {
      await store.pack({ before, gc: true })
      assert.deepEqual(versions(), left)
    }
    root.delete('photo')
    await connection.manager.commit()
    // Work under way outlives a pack.
    const other = new Persistent()
    root.set('other', other)
    await write(connection, other, 'under way')
    await store.pack({ before: 4, gc: true })
    assert.deepEqual(versions(), ['4'])
    await store.pack({ before: 5, gc: true })
    assert.ok(!existsSync(join(folder, `${photo.oid}`)))
    await connection.manager.commit()
    assert.equal(readFileSync(connection.blobPath(other), 'utf8'), 'under way')
    assert.deepEqual(store.verify().damage, [])
  })

  test('[IM89] what a pack removes from under a transaction that reads it is a conflict', async (bench) => {
    const set = await scene(bench)
    const reader = another(set.database).connection
    assert.equal(await read(reader, photoOf(reader)), 'first')
    await write(set.connection, set.photo, 'second')
    await set.connection.manager.commit()
    await set.store.pack({ before: 2, gc: true })
    await assert.rejects(read(reader, photoOf(reader)), conflict)
    await assert.rejects(reader.openBlob(photoOf(reader), 'append'), conflict)
    reader.manager.abort()
    assert.equal(await read(reader, photoOf(reader)), 'second')
  })

  test('[IM67] [IM89] [F9] undo brings a blob back as it was, takes its creation back, and redo revives it, also across packs', async (bench) => {
    const set = await scene(bench)
    const { store, connection, database, root, photo, folder } = set
    const other = new Persistent()
    root.set('other', other)
    await write(connection, photo, ' and second', 'append')
    await write(connection, other, 'other')
    const made = (await connection.manager.commit()) as number
    const beside = other.oid as number
    const textOf = (oid: number, at?: number) => readFileSync(set.blobs.path(oid, at), 'utf8')
    assert.deepEqual([onDisk(set), textOf(beside)], ['first and second', 'other'])
    // All blobs of the transaction, or none: a later change of one of them stops it.
    await write(connection, other, 'changed since')
    const changed = (await connection.manager.commit()) as number
    await assert.rejects(database.undo(made), conflict)
    const undone = await database.undo([made, changed])
    assert.equal(onDisk(set), 'first')
    assert.throws(() => set.blobs.path(beside), unknown)
    assert.deepEqual(
      [onDisk(set, made), textOf(beside, changed)],
      ['first and second', 'changed since'],
    )
    const redone = await database.undo(undone)
    assert.deepEqual([onDisk(set), textOf(beside)], ['first and second', 'changed since'])
    // What was opened before an undo goes on from what is no more.
    const stale = another(database).connection
    await write(stale, photoOf(stale), '!', 'append')
    const again = await database.undo(redone)
    await assert.rejects(stale.manager.commit(), conflict)
    stale.manager.abort()
    const back = await database.undo(again)
    // Packed to the redo and opened anew, the files are there as long as a record speaks of them.
    await store.pack({ before: back, gc: true })
    const reopened = (await openBlobStore(bench.store, folder)).files?.() as Blobs
    assert.equal(readFileSync(reopened.path(beside), 'utf8'), 'changed since')
    assert.equal(onDisk(set), 'first and second')
    assert.deepEqual([store.verify().damage, set.versions()], [[], [`${made}`]])
    await assert.rejects(database.undo(back), conflict)
    connection.sync()
    await write(connection, photo, 'goes on')
    await connection.manager.commit()
    assert.equal(onDisk(set), 'goes on')
  })

  test('[IM67] [F9] undoing the creation of a blob and packing removes its file, and the redo is refused by name', async (bench) => {
    const set = await scene(bench)
    const { store, connection, database, root, folder } = set
    const made = new Persistent()
    root.set('made', made)
    await write(connection, made, 'made')
    const tid = (await connection.manager.commit()) as number
    const place = join(folder, `${made.oid}`)
    const undo = await database.undo(tid)
    assert.ok(existsSync(join(place, `${tid}`)))
    await store.pack({ before: undo, gc: true })
    assert.ok(!existsSync(place))
    await assert.rejects(database.undo(undo), conflict)
    assert.equal(onDisk(set), 'first')
  })
}

export const blobGroups: readonly ClaimGroup[] = [
  { needs: ['write', 'files'], claims: together },
  { needs: ['write', 'files'], claims: openings },
  { needs: ['write', 'files', 'pack'], claims: packing },
]
