// Owns: the claims about an LMDB image that is opened for reading.
// Leaves: the view over any store to overlay/overlay.test.ts.
// Laws: IM71.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { group, revision, transaction } from '../contract-parts.ts'
import { openDatabase } from '../database.ts'
import { Persistent } from '../persistent.ts'
import { readOnly } from '../read-only.ts'
import { openLmdbStore } from './store.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-read-only-'))
after(() => rmSync(scratch, { recursive: true }))

test('[IM71] [J2] an image opened for reading answers the same and refuses every write', async () => {
  const folder = join(scratch, 'image')
  const store = openLmdbStore(folder)
  for (let tid = 1; tid <= 20; tid++) {
    const objects = [revision(1 + (tid % 4), tid, `${tid}`, [1]), revision(100 + tid, tid, '')]
    await store.commit(
      group(
        [transaction(tid, objects, [{ name: `n${tid % 3}`, oid: 100 + tid }])],
        [{ table: 'facts', key: `${tid}`, value: Buffer.from('v') }],
      ),
    )
  }
  await store.pack({ before: 5, gc: false })
  const expected = [store.head(), store.packedTo(), ...store.replay()]
  const reports = [store.verify(), store.names(), store.scan('facts'), [...store.objects()]]
  await store.close()
  const view = openLmdbStore(folder, { readOnly: true })
  assert.deepEqual([view.head(), view.packedTo(), ...view.replay()], expected)
  assert.deepEqual([view.verify(), view.names(), view.scan('facts'), [...view.objects()]], reports)
  const refused = { code: 'READ_ONLY', message: 'The image is open for reading only.' }
  await assert.rejects(view.commit(group([])), refused)
  await assert.rejects(view.commit(group([transaction(21, [])])), refused)
  await assert.rejects(view.pack({ before: 9, gc: true }), refused)
  const report = await view.pack({ before: 20, gc: true, checkOnly: true })
  assert.ok(report.revisionsRemoved > 0)
  await view.close()
  assert.throws(() => view.head(), { code: 'READ_ONLY' })
  const again = openLmdbStore(folder)
  assert.deepEqual([again.head(), again.packedTo(), ...again.replay()], expected)
  await again.close()
})

test('[IM71] where there is no image, opening for reading faults and makes none', () => {
  const folder = join(scratch, 'nothing')
  assert.throws(() => openLmdbStore(folder, { readOnly: true }), { code: 'IMAGE_DAMAGED' })
  assert.ok(!existsSync(join(folder, 'data.mdb')))
})

test('[IM71] [J2] objects of an image opened for reading are read, every commit is refused, and reading goes on', async () => {
  const folder = join(scratch, 'objects')
  const store = openLmdbStore(folder)
  let time = 1_000
  const now = () => ++time
  const root = new Persistent({ v: 1 })
  await openDatabase(store, { now }).run((connection) => connection.bind('root', root))
  await store.close()
  const view = openLmdbStore(folder, { readOnly: true })
  for (const shown of [view, readOnly(view)]) {
    const database = openDatabase(shown, { now })
    for (let round = 0; round < 2; round++) {
      const refused = database.run((connection) => {
        connection.name('root')?.set('v', 2)
      })
      await assert.rejects(refused, { code: 'READ_ONLY', data: { readOnly: true } })
      await assert.rejects(database.undo(1), { code: 'READ_ONLY', data: { readOnly: true } })
      assert.equal(await database.run((connection) => connection.name('root')?.get('v')), 1)
    }
    using past = database.open({ at: 1 })
    assert.equal(past.name('root')?.get('v'), 1)
  }
  await view.close()
})
