// Owns: the claims about the files of blobs in copies, backups and views of a store.
// Leaves: what blobs are to blob-contract.ts, which runs over every store with a place for files.
// Laws: IM87, IM90, IM91.
import assert from 'node:assert/strict'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { backup, restore, verifyBackup } from './backup.ts'
import { type Blobs, openBlobStore } from './blobs.ts'
import type { Connection } from './connection.ts'
import { copyStore } from './copy.ts'
import { type Database, openDatabase } from './database.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { openMemoryStore } from './memory/store.ts'
import { Persistent } from './persistent.ts'
import { readOnly } from './read-only.ts'
import type { Store } from './store.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-blobs-'))
after(() => rmSync(scratch, { recursive: true }))

let folders = 0
const newFolder = (): string => join(scratch, `folder-${folders++}`)
const inMemory = () => openBlobStore(openMemoryStore(), newFolder())
const onDisk = () => openBlobStore(openLmdbStore(newFolder()), newFolder())
const placeOf = (store: Store) => store.files?.() as Blobs
const textOf = (store: Store, oid: number, at?: number) =>
  readFileSync(placeOf(store).path(oid, at), 'utf8')

let time = 1_000
const open = (store: Store): Database => openDatabase(store, { now: () => ++time })
const photoOf = (there: Connection) => there.name('root')?.get('photo') as Persistent

async function write(there: Connection, object: Persistent, text: string | Uint8Array) {
  const file = await there.openBlob(object, 'write')
  await file.write(Buffer.from(text))
  await file.close()
}

/** Large enough for more than one piece. */
const LARGE = Buffer.alloc(2_500_000, 'many words ')

/** A root with one blob, in three versions and taken back to the second; the first is packed away. */
async function filled(store: Store): Promise<{ database: Database; oid: number }> {
  const database = open(store)
  const photo = new Persistent()
  await database.run(async (there) => {
    there.bind('root', new Persistent({ photo }))
    await write(there, photo, 'first')
  })
  for (const text of ['second', LARGE]) {
    await database.run((there) => write(there, photoOf(there), text))
  }
  await database.undo(3)
  await store.pack({ before: 2, gc: true })
  return { database, oid: photo.oid as number }
}

test('[IM90] [J5] a copy takes the files of blobs along, each version that is spoken of, and can be brought up to date', async () => {
  for (const make of [inMemory, onDisk]) {
    const [source, target] = [await inMemory(), await make()]
    const { database, oid } = await filled(source)
    await copyStore(source, target)
    assert.deepEqual([textOf(target, oid), textOf(target, oid, 2)], ['second', 'second'])
    assert.ok(readFileSync(placeOf(target).path(oid, 3)).equals(LARGE))
    await database.run((there) => write(there, photoOf(there), 'fifth'))
    // Packed to the undo, its file is older than all that is left of its records.
    await source.pack({ before: 4, gc: true })
    const fresh = await inMemory()
    for (const copy of [target, fresh]) {
      await copyStore(source, copy)
      assert.deepEqual([textOf(copy, oid), textOf(copy, oid, 4)], ['fifth', 'second'])
      assert.deepEqual(copy.verify().damage, [])
    }
    const plain = openMemoryStore()
    await assert.rejects(copyStore(source, plain), { code: 'FIELD_INVALID' })
    assert.equal(plain.head().tid, 0)
    for (const store of [source, target, fresh]) await store.close()
  }
})

test('[IM90] a file that is not what its record says is not copied and not backed up', async () => {
  const source = await inMemory()
  const { oid } = await filled(source)
  const path = placeOf(source).path(oid)
  rmSync(path)
  writeFileSync(path, 'secoNd')
  await assert.rejects(copyStore(source, await inMemory()), { code: 'IMAGE_DAMAGED' })
  rmSync(path)
  await assert.rejects(copyStore(source, await inMemory()), { code: 'IMAGE_DAMAGED' })
  const file = newFolder()
  await assert.rejects(backup(source, file), { code: 'IMAGE_DAMAGED' })
})

test('[IM91] [J6] a backup has the files of blobs, and those that go on from it the newer ones', async () => {
  const source = await onDisk()
  const { database, oid } = await filled(source)
  const [full, later] = [newFolder(), newFolder()]
  assert.equal((await backup(source, full)).exitCode, 0)
  await database.run((there) => write(there, photoOf(there), 'fifth'))
  await database.run((there) => void photoOf(there).set('title', 'kept'))
  await backup(source, later, { since: 4 })
  assert.deepEqual([verifyBackup(full).pieces, verifyBackup(later).pieces], [4, 1])
  const target = await inMemory()
  await restore(full, target)
  assert.deepEqual([textOf(target, oid), textOf(target, oid, 2)], ['second', 'second'])
  assert.ok(readFileSync(placeOf(target).path(oid, 3)).equals(LARGE))
  await restore(later, target)
  assert.equal(textOf(target, oid), 'fifth')
  assert.deepEqual(target.verify().damage, [])
  const plain = openMemoryStore()
  await assert.rejects(restore(full, plain), { code: 'FIELD_INVALID' })
  assert.equal(plain.head().tid, 0)
  await source.close()
})

test('[IM92] [IM96] a backup with files that was cut anywhere is told, and gone on with to the same end', async () => {
  const source = await inMemory()
  const { oid } = await filled(source)
  const whole = newFolder()
  await backup(source, whole)
  const bytes = readFileSync(whole)
  for (let cut = 1; cut < bytes.length; cut += 250_000) {
    const file = newFolder()
    writeFileSync(`${file}.part`, bytes)
    truncateSync(`${file}.part`, cut)
    assert.equal(verifyBackup(`${file}.part`).exitCode, 1)
    await backup(source, file)
    assert.ok(readFileSync(file).equals(bytes), `cut at ${cut}`)
  }
  const target = await inMemory()
  await restore(whole, target)
  assert.equal(textOf(target, oid), 'second')
})

test('[IM71] [J2] blobs of a store that is open for reading are read and not written', async () => {
  const folder = newFolder()
  const store = await openBlobStore(openMemoryStore(), folder)
  await filled(store)
  const before = readdirSync(folder)
  const there = open(readOnly(store)).open()
  const file = await there.openBlob(photoOf(there), 'read')
  assert.equal(Buffer.from(await file.read(0, 100)).toString(), 'second')
  await file.close()
  assert.equal(readFileSync(there.blobPath(photoOf(there)), 'utf8'), 'second')
  await assert.rejects(there.openBlob(photoOf(there), 'append'), { code: 'READ_ONLY' })
  assert.deepEqual(readdirSync(folder), before)
})
