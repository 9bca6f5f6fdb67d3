// Owns: the claims about copies and backups.
// Leaves: damaged images to salvage.test.ts.
// Laws: IM90, IM91, IM92.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { backup, restore, verifyBackup } from './backup.ts'
import { group, portrait, revision, transaction } from './contract-parts.ts'
import { copyStore } from './copy.ts'
import { openDatabase } from './database.ts'
import { fillGolden } from './golden/golden.ts'
import { digest } from './lmdb/damaged.fixture.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { openMemoryStore } from './memory/store.ts'
import { Persistent } from './persistent.ts'
import type { Store } from './store.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-copy-'))
after(() => rmSync(scratch, { recursive: true }))

const fact = (key: string, value: string | null) => ({
  table: 'facts' as const,
  key,
  value: value === null ? null : Buffer.from(value),
})

/** A store with everything that history can have; `more` goes on with it. */
async function source(): Promise<{ store: Store; more(): Promise<void> }> {
  const store = openMemoryStore()
  const facts = Array.from({ length: 600 }, (_, index) => fact(`${index}`, `v${index}`))
  await store.commit(
    group([transaction(1, [revision(1, 1, 'a', [2]), revision(2, 1, 'b')])], facts),
  )
  for (let tid = 2; tid <= 40; tid++) {
    const kind = tid % 5 === 0 ? ('gone' as const) : ('object' as const)
    const objects = [{ ...revision(2 + (tid % 3), tid, kind === 'gone' ? '' : `${tid}`), kind }]
    const names = [{ name: `n${tid % 4}`, oid: tid % 7 === 0 ? null : 1 }]
    await store.commit(group([transaction(tid, objects, names)]))
  }
  return {
    store,
    async more() {
      await store.commit(
        group([transaction(50, [revision(9, 50, 'late')])], [fact('5', null), fact('new', 'x')]),
      )
    },
  }
}

test('[IM90] [J5] a copy answers as its source, in another kind of store, and can be brought up to date', async () => {
  const { store, more } = await source()
  const target = openLmdbStore(join(scratch, 'copy'))
  const first = await copyStore(store, target)
  assert.deepEqual(first, { transactions: 40, revisions: 41, head: 40 })
  assert.deepEqual(portrait(target), portrait(store))
  assert.equal(target.scan('facts').length, 600)
  await more()
  assert.deepEqual(await copyStore(store, target), { transactions: 1, revisions: 1, head: 50 })
  assert.deepEqual(portrait(target), portrait(store))
  assert.deepEqual(await copyStore(store, target), { transactions: 0, revisions: 0, head: 50 })
  await target.close()
})

test('[IM90] a copy of a packed store knows as little of the past, and gives out no number again', async () => {
  const store = openMemoryStore()
  await fillGolden(store)
  await store.commit(
    group([
      transaction(8, [revision(9, 8, 'largest')]),
      transaction(9, [{ ...revision(9, 9, ''), kind: 'gone' }]),
    ]),
  )
  await store.pack({ before: 9, gc: true })
  assert.equal(store.head().oid, 9)
  const folder = join(scratch, 'packed')
  let target = openLmdbStore(folder)
  await copyStore(store, target)
  for (let time = 0; time < 2; time++) {
    assert.deepEqual([target.head(), target.packedTo()], [store.head(), 9])
    assert.throws(() => target.read(3, 1), { code: 'CONFLICT' })
    assert.equal(digest(target), digest(store))
    await target.close()
    target = openLmdbStore(folder)
  }
  await target.close()
})

test('[IM90] [J8] across a pack of the target a copy goes on; into another history it is refused', async () => {
  const { store, more } = await source()
  const target = openMemoryStore()
  await copyStore(store, target)
  await target.pack({ before: 30, gc: true })
  await more()
  await copyStore(store, target)
  assert.deepEqual([...target.replay({ start: 31 })], [...store.replay({ start: 31 })])
  const other = openMemoryStore()
  await other.commit(group([{ ...transaction(3, []), author: 'somebody else' }]))
  await assert.rejects(copyStore(store, other), { code: 'CONFLICT' })
  const ahead = openMemoryStore()
  await ahead.commit(group([transaction(99, [])]))
  await assert.rejects(copyStore(store, ahead), { code: 'CONFLICT' })
})

test('[IM90] [J5] undone and redone transactions come over with what they restore, and can be undone in the copy', async () => {
  const store = openMemoryStore()
  let time = 1_000
  const now = () => ++time
  const database = openDatabase(store, { now })
  const root = new Persistent({ v: 1 })
  await database.run((connection) => connection.bind('root', root))
  for (const v of [2, 3]) await database.run((there) => there.name('root')?.set('v', v))
  const undo = await database.undo([2, 3], { note: 'back', extension: { why: ['é'] } })
  const redo = await database.undo(undo)
  const last = await database.undo(redo)
  for (const target of [openMemoryStore(), openLmdbStore(join(scratch, 'undone'))]) {
    await copyStore(store, target)
    assert.deepEqual(portrait(target), portrait(store))
    const copy = openDatabase(target, { now })
    for (const tid of [1, 2, 3, undo, redo, last]) {
      assert.deepEqual(copy.storage.describe(tid), database.storage.describe(tid))
    }
    const origin = copy.storage.describe(undo)?.undo
    assert.deepEqual(origin, { undone: [3, 2], restored: [[1, 1]] })
    await copy.undo(last)
    assert.equal(await copy.run((there) => there.name('root')?.get('v')), 3)
    await target.close()
  }
})

test('[IM91] [J6] a full backup and those that go on from it restore the store, in their order only', async () => {
  const { store, more } = await source()
  const [full, next] = [join(scratch, 'full'), join(scratch, 'next')]
  assert.deepEqual(await backup(store, full), {
    exitCode: 0,
    since: 0,
    head: 40,
    time: 40_000,
    transactions: 40,
    problem: undefined,
  })
  const before = portrait(store)
  await more()
  assert.equal((await backup(store, next, { since: 40 })).transactions, 1)
  assert.ok(!existsSync(`${full}.part`) && !existsSync(`${next}.part`))
  const target = openLmdbStore(join(scratch, 'restored'))
  await assert.rejects(restore(next, target), { code: 'CONFLICT' })
  await restore(full, target)
  assert.deepEqual(portrait(target), before)
  await assert.rejects(restore(full, target), { code: 'CONFLICT' })
  await restore(next, target)
  assert.deepEqual(portrait(target), portrait(store))
  await target.close()
})

test('[IM91] after a pack only a full backup can be made, and it restores what was left', async () => {
  const store = openMemoryStore()
  await fillGolden(store)
  const file = join(scratch, 'golden')
  await assert.rejects(backup(store, file, { since: 1 }), { code: 'CONFLICT' })
  await assert.rejects(backup(store, file, { since: 5 }), { code: 'CONFLICT' })
  await backup(store, file)
  const target = openMemoryStore()
  await restore(file, target)
  assert.equal(digest(target), digest(store))
  assert.deepEqual([target.head(), target.packedTo()], [store.head(), 2])
})

test('[IM92] [J6] each flipped byte and each cut of a backup is told, and it is not restored', async () => {
  const store = openMemoryStore()
  await fillGolden(store)
  const file = join(scratch, 'small')
  await backup(store, file)
  assert.equal(verifyBackup(file).exitCode, 0)
  const sound = readFileSync(file)
  const damaged = join(scratch, 'damaged')
  for (let at = 0; at < sound.length; at += at < 300 ? 1 : 97) {
    const bytes = Buffer.from(sound)
    bytes[at] = (bytes[at] as number) ^ 0x10
    writeFileSync(damaged, bytes)
    assert.equal(verifyBackup(damaged).exitCode, 1, `byte ${at}`)
    writeFileSync(damaged, sound.subarray(0, at))
    assert.equal(verifyBackup(damaged).exitCode, 1, `cut at ${at}`)
  }
  writeFileSync(damaged, Buffer.concat([sound, sound]))
  assert.match(verifyBackup(damaged).problem ?? '', /goes on after its end/)
  const target = openMemoryStore()
  await assert.rejects(restore(damaged, target), { code: 'IMAGE_DAMAGED' })
  assert.deepEqual(target.head(), { tid: 0, oid: 0 })
  assert.equal(verifyBackup(join(scratch, 'nowhere')).exitCode, 1)
})

/** A store with so many transactions that a backup of it breathes in between. */
async function long(author = 'contract'): Promise<Store> {
  const store = openMemoryStore()
  const transactions = Array.from({ length: 700 }, (_, index) => {
    return { ...transaction(index + 1, [revision(1, index + 1, `${index}`)]), author }
  })
  await store.commit(group(transactions, [fact('a', 'b')]))
  return store
}

/** What ends a work after its first breath. */
function ended(): { signal: AbortSignal; progress: (done: number, total: number) => void } {
  const controller = new AbortController()
  return { signal: controller.signal, progress: () => controller.abort(new Error('ended')) }
}

test('[IM96] a backup that was cut off is gone on with, and is the same file in the end', async () => {
  const store = await long()
  const [whole, cut] = [join(scratch, 'whole'), join(scratch, 'cut')]
  await backup(store, whole)
  await assert.rejects(backup(store, cut, ended()), /ended/)
  assert.ok(!existsSync(cut))
  const begun = readFileSync(`${cut}.part`)
  // The last part may not have reached the disk whole.
  writeFileSync(`${cut}.part`, begun.subarray(0, begun.length - 3))
  const told: [number, number][] = []
  await backup(store, cut, { progress: (done, total) => void told.push([done, total]) })
  assert.deepEqual(readFileSync(cut), readFileSync(whole))
  assert.ok(!existsSync(`${cut}.part`))
  assert.equal(statSync(cut).mode & 0o777, 0o600)
  assert.deepEqual(told, [
    [256, 700],
    [512, 700],
    [700, 700],
  ])
})

test('[IM96] what was begun of another image, or of one that was packed since, is begun anew', async () => {
  const [store, other] = [await long(), await long('somebody else')]
  const file = join(scratch, 'anew')
  await assert.rejects(backup(other, file, ended()), /ended/)
  await backup(store, file)
  const target = openMemoryStore()
  await restore(file, target)
  assert.equal(digest(target), digest(store))
  const packed = join(scratch, 'packed in between')
  await assert.rejects(backup(store, packed, ended()), /ended/)
  await store.pack({ before: 600, gc: true })
  await backup(store, packed)
  const kept = openMemoryStore()
  await restore(packed, kept)
  assert.equal(digest(kept), digest(store))
})

test('[IM91] a pack while a backup is made ends it with CONFLICT, and nothing of it stays', async () => {
  const store = await long()
  const file = join(scratch, 'passed')
  let packing: Promise<unknown> | undefined
  const progress = () => {
    packing ??= store.pack({ before: 650, gc: true })
  }
  await assert.rejects(backup(store, file, { progress }), { code: 'CONFLICT' })
  await packing
  assert.ok(!existsSync(file) && !existsSync(`${file}.part`))
})

test('[IM91] what is committed while a backup is made is in it, or in the next one, and in neither twice', async () => {
  const store = await long()
  const [first, second] = [join(scratch, 'first'), join(scratch, 'second')]
  let more: Promise<void> | undefined
  const progress = () => {
    more ??= store.commit(group([transaction(900, [revision(2, 900, 'late')])], [fact('c', 'd')]))
  }
  const { head } = await backup(store, first, { progress })
  await more
  await backup(store, second, { since: head })
  const target = openMemoryStore()
  await restore(first, target)
  await restore(second, target)
  assert.equal(digest(target), digest(store))
  assert.equal(Buffer.from(target.get('facts', 'c') ?? []).toString(), 'd')
})

test('[IM96] a restore that was cut off is gone on with, and one of another history is refused', async () => {
  const store = await long()
  const [one, two] = [join(scratch, 'one'), join(scratch, 'two')]
  await backup(store, one)
  await store.commit(group([transaction(900, [revision(1, 900, 'x')])], [fact('a', 'z')]))
  await backup(store, two, { since: 700 })
  const target = openMemoryStore()
  const some = Array.from({ length: 300 }, (_, index) =>
    transaction(index + 1, [revision(1, index + 1, `${index}`)]),
  )
  await target.commit(group(some))
  await assert.rejects(restore(one, target), { code: 'CONFLICT' })
  assert.equal((await restore(one, target, { resume: true })).transactions, 700)
  await restore(two, target, { resume: true })
  // All of it again: nothing is brought twice, and the newest tables stay.
  await restore(one, target, { resume: true })
  await restore(two, target, { resume: true })
  assert.equal(digest(target), digest(store))
  assert.equal(Buffer.from(target.get('facts', 'a') ?? []).toString(), 'z')
  const other = await long('somebody else')
  await assert.rejects(restore(one, other, { resume: true }), { code: 'CONFLICT' })
})
