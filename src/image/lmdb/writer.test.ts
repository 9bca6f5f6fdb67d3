// Owns: the claims about the line of groups: what goes to the disk together, and what a group leaves that could not be copied.
// Leaves: what every store does to the contract; a disk that refuses to full-disk.test.ts.
// Laws: IM1, IM5.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { group, revision, textOf, transaction } from '../contract-parts.ts'
import { checkGroup } from '../group.ts'
import { openDatabases } from './schema.ts'
import { openLmdbStore } from './store.ts'
import { Writer } from './writer.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-writer-'))
after(() => rmSync(scratch, { recursive: true }))

test('[IM5] what those hand in who were acknowledged together goes to the disk as one LMDB transaction', async () => {
  const databases = openDatabases(join(scratch, 'together'))
  let head = { tid: 0, time: 0, oid: 0 }
  const writer = new Writer(databases, () => {})
  const commit = async () => {
    const tid = head.tid + 1
    const next = group([transaction(tid, [revision(tid, tid, `${tid}`)])])
    const checked = checkGroup(next, head)
    head = checked.head
    await writer.add(next, checked)
  }
  const lastTransaction = () => (databases.env.getStats() as { lastTxnId: number }).lastTxnId
  const before = lastTransaction()
  const ROUNDS = 20
  const lane = async () => {
    for (let round = 0; round < ROUNDS; round++) await commit()
  }
  await Promise.all(Array.from({ length: 64 }, lane))
  assert.equal(lastTransaction() - before, ROUNDS)
  assert.equal(databases.records.getKeysCount(), 64 * ROUNDS)
  await databases.env.close()
})

test('[IM1] a group whose bytes cannot be copied leaves nothing among those that go with it', async () => {
  const store = openLmdbStore(join(scratch, 'uncopied'))
  const first = store.commit(group([transaction(1, [revision(1, 1, 'one')])]))
  // Longer when it is copied than when it was checked.
  let asked = 0
  const payload = new Uint8Array(8)
  Object.defineProperty(payload, 'length', { get: () => (asked++ < 3 ? 1 : 8) })
  const lying = { ...revision(3, 2, ''), payload }
  await assert.rejects(
    store.commit(group([transaction(2, [revision(2, 2, 'two'), lying])])),
    RangeError,
  )
  const third = store.commit(group([transaction(2, [revision(1, 2, 'again')])]))
  await Promise.all([first, third])
  assert.equal(textOf(store.read(1)), 'again')
  assert.equal(store.read(2), undefined)
  assert.deepEqual(store.verify(), { objects: 1, revisions: 2, transactions: 2, damage: [] })
  await store.close()
})
