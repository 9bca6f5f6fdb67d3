// Owns: the claims about blobs.
// Leaves: records to the contract.
// Laws: IM87, IM88, IM89.
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { encodeSlots, type Oid } from '#objects'
import type { BlobMode, BlobWork } from './blob-work.ts'
import { Blobs } from './blobs.ts'
import { group, transaction } from './contract-parts.ts'
import { openDatabase } from './database.ts'
import { failing } from './failing.fixture.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { openMemoryStore } from './memory/store.ts'
import type { Store } from './store.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-blobs-'))
after(() => rmSync(scratch, { recursive: true }))

let folders = 0
const newFolder = (): string => join(scratch, `blobs-${folders++}`)

async function put(work: BlobWork, oid: Oid, text: string, mode: BlobMode = 'write') {
  const file = await work.open(oid, mode)
  await file.write(Buffer.from(text))
  await file.close()
}

async function textIn(work: BlobWork, oid: Oid): Promise<string> {
  const file = await work.open(oid, 'read')
  const text = Buffer.from(await file.read(0, await file.size())).toString()
  await file.close()
  return text
}

/** Commits one blob, named so that a pack keeps it. */
async function commit(blobs: Blobs, tid: number, oid: Oid, text: string): Promise<void> {
  const work = blobs.begin()
  await put(work, oid, text)
  await blobs.commit(work, transaction(tid, [], [{ name: `blob ${oid}`, oid }]))
}

const conflict = { code: 'CONFLICT' }
const unknown = { code: 'TARGET_UNKNOWN' }
const at = (blobs: Blobs, oid: Oid, tid?: number) => readFileSync(blobs.path(oid, tid), 'utf8')

test('[IM87] a blob and the rest of its transaction are committed together and read back as of any transaction', async () => {
  const folder = newFolder()
  const image = newFolder()
  let store = openLmdbStore(image)
  let blobs = await Blobs.open(store, folder)
  await commit(blobs, 1, 7, 'one')
  await commit(blobs, 3, 7, 'three')
  const large = Buffer.alloc(3 * 1024 * 1024, 5)
  const work = blobs.begin()
  const file = await work.open(8, 'write')
  await file.write(large)
  await file.close()
  const title = { name: 'title', tid: 4, value: 'large' }
  const given = { oid: 8, tid: 4, kind: 'object' as const, refs: [], payload: encodeSlots([title]) }
  await blobs.commit(work, transaction(4, [given]))
  for (let time = 0; time < 2; time++) {
    assert.deepEqual([at(blobs, 7), at(blobs, 7, 2), at(blobs, 7, 3)], ['three', 'one', 'three'])
    assert.throws(() => blobs.path(7, 0), unknown)
    assert.deepEqual(readFileSync(blobs.path(8)), large)
    assert.equal(blobs.facts(8).bytes, large.length)
    assert.deepEqual(await blobs.verify(), [])
    await store.close()
    store = openLmdbStore(image)
    blobs = await Blobs.open(store, folder)
  }
  assert.ok(Buffer.from(store.read(8)?.payload ?? []).includes('title'))
  // A change of the other slots keeps the file where it is.
  const kept = store.read(8)?.payload as Uint8Array
  await store.commit(group([transaction(5, [{ ...given, tid: 5, payload: kept }])]))
  assert.deepEqual(readFileSync(blobs.path(8)), large)
  await store.close()
})

test('[IM87] [I7] a commit that fails keeps nothing and the work can be committed again', async () => {
  for (const when of ['before', 'after'] as const) {
    const below = openMemoryStore()
    const { store } = failing(below, 2, when)
    const folder = newFolder()
    const blobs = await Blobs.open(store, folder)
    await commit(blobs, 1, 7, 'old')
    const work = blobs.begin()
    await put(work, 7, 'new')
    await assert.rejects(blobs.commit(work, transaction(2, [])), /said no|was lost/)
    assert.equal(at(blobs, 7), when === 'before' ? 'old' : 'new')
    assert.deepEqual(await blobs.verify(), [])
    if (when === 'after') continue
    assert.deepEqual(readdirSync(join(folder, '7')), ['1'])
    assert.equal(await textIn(work, 7), 'new')
    await blobs.commit(work, transaction(2, []))
    assert.equal(at(blobs, 7), 'new')
  }
})

test('[IM87] what a process that died left behind is removed at the next opening, and nothing else', async () => {
  const store = openMemoryStore()
  const folder = newFolder()
  const blobs = await Blobs.open(store, folder)
  await commit(blobs, 1, 7, 'kept')
  // In its place, and the record never became durable; and work that was not committed.
  writeFileSync(join(folder, '7', '2'), 'never acknowledged')
  mkdirSync(join(folder, '9'))
  writeFileSync(join(folder, '9', '2'), 'never acknowledged')
  const work = blobs.begin()
  await put(work, 7, 'under way')
  const again = await Blobs.open(store, folder)
  assert.deepEqual(readdirSync(folder), ['7'])
  assert.deepEqual(readdirSync(join(folder, '7')), ['1'])
  assert.equal(at(again, 7), 'kept')
})

test('[IM87] verify names a blob whose file is missing and one whose file is another', async () => {
  const store = openMemoryStore()
  const folder = newFolder()
  const blobs = await Blobs.open(store, folder)
  await commit(blobs, 1, 7, 'one')
  await commit(blobs, 2, 7, 'two')
  await commit(blobs, 3, 8, 'three')
  rmSync(join(folder, '7', '1'))
  rmSync(join(folder, '8', '3'))
  writeFileSync(join(folder, '8', '3'), 'threE')
  const damage = await blobs.verify()
  assert.deepEqual(
    damage.map(({ oid, tid }) => [oid, tid]),
    [
      [7, 1],
      [8, 3],
    ],
  )
})

test('[IM88] [I1] [I2] many readers or one writer, and no commit or savepoint while one is open', async () => {
  const blobs = await Blobs.open(openMemoryStore(), newFolder())
  await commit(blobs, 1, 7, 'text')
  const work = blobs.begin()
  const readers = [await work.open(7, 'read'), await work.open(7, 'read')]
  for (const mode of ['write', 'append', 'change'] as const) {
    await assert.rejects(work.open(7, mode), conflict)
  }
  await assert.rejects(readers[0]?.write(Buffer.from('x')) as Promise<void>, { code: 'READ_ONLY' })
  await readers[0]?.close()
  await readers[0]?.close()
  await assert.rejects(work.open(7, 'write'), conflict)
  await readers[1]?.close()
  const writer = await work.open(7, 'append')
  await assert.rejects(work.open(7, 'read'), conflict)
  await assert.rejects(work.open(7, 'append'), conflict)
  await assert.rejects(blobs.commit(work, transaction(2, [])), conflict)
  await assert.rejects(work.savepoint(), conflict)
  await writer.write(Buffer.from(' and more'))
  await writer.close()
  // Two openings at the same moment are seen as well.
  const both = await Promise.allSettled([work.open(7, 'append'), work.open(7, 'append')])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  for (const one of both) if (one.status === 'fulfilled') await one.value.close()
  await blobs.commit(work, transaction(2, []))
  assert.equal(at(blobs, 7), 'text and more')
  await assert.rejects(work.open(7, 'read'), conflict)
  await assert.rejects(blobs.begin().open(99, 'read'), unknown)
  await assert.rejects(blobs.begin().open(99, 'change'), unknown)
})

test('[IM88] [I3] [I5] a change is seen by its own work alone until it is committed, and a second writer conflicts', async () => {
  const store = openMemoryStore()
  const folder = newFolder()
  const blobs = await Blobs.open(store, folder)
  await commit(blobs, 1, 7, 'committed')
  const [one, other, third] = [blobs.begin(), blobs.begin(), blobs.begin()]
  await put(one, 7, 'by one')
  await put(one, 8, 'new')
  await put(other, 7, ' by other', 'append')
  assert.deepEqual(
    [await textIn(one, 7), await textIn(other, 7), await textIn(third, 7), at(blobs, 7)],
    ['by one', 'committed by other', 'committed', 'committed'],
  )
  assert.throws(() => blobs.path(8), unknown)
  await assert.rejects(other.open(8, 'read'), unknown)
  await blobs.commit(one, transaction(2, []))
  assert.deepEqual([at(blobs, 7), at(blobs, 8)], ['by one', 'new'])
  assert.equal(statSync(blobs.path(8)).mode & 0o222, 0)
  await assert.rejects(blobs.commit(other, transaction(3, [])), conflict)
  await other.end()
  await other.end()
  await third.end()
  assert.equal(at(blobs, 7), 'by one')
  assert.deepEqual(readdirSync(join(folder, 'work')), [])
  // Two commits of the same blob at the same moment: one of them.
  const [first, second] = [blobs.begin(), blobs.begin()]
  await put(first, 7, 'first')
  await put(second, 7, 'second')
  const settled = await Promise.allSettled([
    blobs.commit(first, transaction(3, [])),
    blobs.commit(second, transaction(4, [])),
  ])
  assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(readdirSync(join(folder, '7')).length, 3)
})

test('[IM88] [I4] a savepoint keeps what was written, again and again, and leaves no file behind', async () => {
  const folder = newFolder()
  const blobs = await Blobs.open(openMemoryStore(), folder)
  await commit(blobs, 1, 7, 'start')
  const work = blobs.begin()
  await put(work, 7, ' one', 'append')
  const first = await work.savepoint()
  await put(work, 7, ' two', 'append')
  await put(work, 8, 'other')
  const second = await work.savepoint()
  await put(work, 7, 'everything else')
  for (let time = 0; time < 2; time++) {
    await work.rollback(second)
    assert.deepEqual([await textIn(work, 7), await textIn(work, 8)], ['start one two', 'other'])
    await put(work, 8, 'again')
  }
  await work.rollback(first)
  assert.equal(await textIn(work, 7), 'start one')
  assert.throws(() => work.path(8), unknown)
  await assert.rejects(work.rollback(second), conflict)
  await blobs.commit(work, transaction(2, []))
  assert.equal(at(blobs, 7), 'start one')
  assert.deepEqual(readdirSync(join(folder, 'work')), [])
  assert.deepEqual(readdirSync(folder).sort(), ['7', 'work'])
})

test('[IM89] [I6] packing removes exactly the older versions, and all of a blob that nothing refers to', async () => {
  const store: Store = openMemoryStore()
  const folder = newFolder()
  const blobs = await Blobs.open(store, folder)
  for (const tid of [1, 2, 3, 4]) await commit(blobs, tid, 7, `${tid}`)
  const versions = () =>
    existsSync(join(folder, '7')) ? readdirSync(join(folder, '7')).sort() : []
  assert.deepEqual(versions(), ['1', '2', '3', '4'])
  await blobs.pack({ before: 3, gc: true, checkOnly: true })
  assert.deepEqual(versions(), ['1', '2', '3', '4'])
  for (const [before, left] of [
    [1, ['1', '2', '3', '4']],
    [2, ['2', '3', '4']],
    [3, ['3', '4']],
    [4, ['4']],
  ] as const) {
    await blobs.pack({ before, gc: true })
    assert.deepEqual(versions(), left)
  }
  // Work under way outlives a pack.
  const work = blobs.begin()
  await put(work, 8, 'under way')
  await store.commit(group([transaction(5, [], [{ name: 'blob 7', oid: null }])]))
  await blobs.pack({ before: 4, gc: true })
  assert.deepEqual(versions(), ['4'])
  await blobs.pack({ before: 5, gc: true })
  assert.ok(!existsSync(join(folder, '7')))
  await blobs.commit(work, transaction(6, []))
  assert.equal(at(blobs, 8), 'under way')
})

test('[IM89] [F9] writing an older record again brings its file back, also across a pack', async () => {
  const store = openMemoryStore()
  const blobs = await Blobs.open(store, newFolder())
  await commit(blobs, 1, 7, 'first')
  await commit(blobs, 2, 7, 'second')
  const undone = store.read(7, 1)
  assert.ok(undone)
  await store.commit(group([transaction(3, [{ ...undone, tid: 3 }])]))
  assert.deepEqual([at(blobs, 7), at(blobs, 7, 2)], ['first', 'second'])
  await blobs.pack({ before: 3, gc: true })
  assert.equal(at(blobs, 7), 'first')
  const gone = { ...undone, tid: 4, kind: 'gone' as const, refs: [], payload: new Uint8Array() }
  await store.commit(group([transaction(4, [gone])]))
  assert.throws(() => blobs.path(7), unknown)
  await store.commit(group([transaction(5, [{ ...undone, tid: 5 }])]))
  await blobs.pack({ before: 5, gc: true })
  assert.equal(at(blobs, 7), 'first')
  assert.deepEqual(await blobs.verify(), [])
})

test('[IM67] [IM89] [F9] undo brings a blob back as it was, takes its creation back, and redo revives it, also across packs', async () => {
  for (const store of [openMemoryStore(), openLmdbStore(newFolder())]) {
    const folder = newFolder()
    let blobs = await Blobs.open(store, folder)
    let time = 1_000
    const database = openDatabase(store, { now: () => ++time })
    await commit(blobs, 1, 7, 'first')
    await commit(blobs, 2, 7, 'second')
    const work = blobs.begin()
    await put(work, 7, ' and third', 'append')
    await put(work, 8, 'other')
    await blobs.commit(work, transaction(3, [], [{ name: 'blob 8', oid: 8 }]))
    assert.deepEqual([at(blobs, 7), at(blobs, 8)], ['second and third', 'other'])
    // All blobs of the transaction, or none: a later change of one of them stops it.
    await commit(blobs, 4, 8, 'changed since')
    await assert.rejects(database.undo(3), conflict)
    const undone = await database.undo([3, 4])
    assert.equal(at(blobs, 7), 'second')
    assert.throws(() => blobs.path(8), unknown)
    assert.deepEqual([at(blobs, 7, 3), at(blobs, 8, 4)], ['second and third', 'changed since'])
    // What was opened before the undo goes on from what is no more.
    const stale = blobs.begin()
    const redone = await database.undo(undone)
    assert.deepEqual([at(blobs, 7), at(blobs, 8)], ['second and third', 'changed since'])
    await put(stale, 7, '!', 'append')
    await database.undo(redone)
    await assert.rejects(blobs.commit(stale, transaction(redone + 2, [])), conflict)
    await stale.end()
    const back = await database.undo(redone + 1)
    // Packed to the redo and opened anew, the files are there as long as a record speaks of them.
    await blobs.pack({ before: back, gc: true })
    blobs = await Blobs.open(store, folder)
    assert.deepEqual([at(blobs, 7), at(blobs, 8)], ['second and third', 'changed since'])
    assert.deepEqual(await blobs.verify(), [])
    assert.deepEqual(readdirSync(join(folder, '7')), ['3'])
    await assert.rejects(database.undo(back), conflict)
    await commit(blobs, back + 1, 7, 'goes on')
    assert.equal(at(blobs, 7), 'goes on')
    await store.close()
  }
})

test('[IM67] [F9] undoing the creation of a blob and packing removes its file, and the redo is refused by name', async () => {
  const store = openMemoryStore()
  const folder = newFolder()
  const blobs = await Blobs.open(store, folder)
  const database = openDatabase(store, { now: () => 1_000 })
  await commit(blobs, 1, 7, 'kept')
  await commit(blobs, 2, 8, 'made')
  const undo = await database.undo(2)
  assert.ok(existsSync(join(folder, '8', '2')))
  await blobs.pack({ before: undo, gc: true })
  assert.ok(!existsSync(join(folder, '8')))
  await assert.rejects(database.undo(undo), conflict)
  assert.equal(at(blobs, 7), 'kept')
})
