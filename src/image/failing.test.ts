// Owns: the sweep over every point at which a write can fail.
// Leaves: a disk that is full in truth to lmdb/full-disk.test.ts.
// Laws: IM86.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { backup, restore } from './backup.ts'
import { group, portrait, revision, textOf, transaction } from './contract-parts.ts'
import { copyStore } from './copy.ts'
import { failing, type When } from './failing.fixture.ts'
import { openMemoryStore } from './memory/store.ts'
import { openOverlay } from './overlay/store.ts'
import type { Store } from './store.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-failing-'))
after(() => rmSync(scratch, { recursive: true }))

/** Runs `attempt` with its n-th write failing, for n = 1, 2 … until none fails, both ways. */
async function sweep(attempt: (n: number, when: When) => Promise<boolean>): Promise<number> {
  let points = 0
  for (const when of ['before', 'after'] as const) {
    for (let n = 1; await attempt(n, when); n++) points++
  }
  return points
}

/** A large source, so that copies take several commits; what refers to one another changes together. */
async function source(): Promise<Store> {
  const store = openMemoryStore()
  for (let tid = 1; tid <= 40; tid++) {
    const objects = Array.from({ length: 400 }, (_, index) => revision(1 + index, tid, `${tid}`))
    const fact = { table: 'facts' as const, key: 'newest', value: Buffer.from(`${tid}`) }
    await store.commit(group([transaction(tid, objects, [{ name: 'newest', oid: tid }])], [fact]))
  }
  return store
}

/** Everything that a store has belongs to whole transactions. */
function assertWhole(store: Store): void {
  const { tid } = store.head()
  for (let oid = 1; tid > 0 && oid <= 400; oid += 57) {
    assert.equal(textOf(store.read(oid)), `${tid}`)
  }
  if (tid > 0) assert.equal(store.name('newest'), tid)
  assert.equal(store.transactions({ limit: 100 }).length, tid)
  assert.deepEqual(store.verify().damage, [])
}

test('[IM86] whichever commit fails, it is whole or not there, and the store goes on', async () => {
  for (const open of [openMemoryStore, () => openOverlay(openMemoryStore())]) {
    const points = await sweep(async (n, when) => {
      const below = open()
      const { store, failed } = failing(below, n, when)
      for (let round = 0; round < 8; ) {
        const tid = store.head().tid + 1
        const pair = [revision(1, tid, `${tid}`, [2]), revision(2, tid, `${tid}`, [1])]
        const fact = { table: 'facts' as const, key: 'newest', value: Buffer.from(`${tid}`) }
        try {
          await store.commit(group([transaction(tid, pair)], [fact]))
        } catch (error) {
          assert.match(String(error), /said no|was lost/)
          // What the caller does who does not know: it looks at the head.
          assert.equal(store.head().tid, when === 'before' ? tid - 1 : tid)
        }
        round = store.head().tid
        const newest = round === 0 ? undefined : `${round}`
        assert.deepEqual([textOf(store.read(1)), textOf(store.read(2))], [newest, newest])
        const kept = store.get('facts', 'newest')
        assert.equal(kept === undefined ? undefined : Buffer.from(kept).toString(), newest)
      }
      assert.equal(below.transactions().length, 8)
      return failed()
    })
    assert.equal(points, 16)
  }
})

test('[IM86] whichever write of a copy fails, whole transactions are there, and the copy can be finished', async () => {
  const from = await source()
  const expected = portrait(from)
  const points = await sweep(async (n, when) => {
    const below = openMemoryStore()
    const { store, failed } = failing(below, n, when)
    try {
      await copyStore(from, store)
    } catch (error) {
      assert.match(String(error), /said no|was lost/)
      assertWhole(below)
      await copyStore(from, below)
    }
    assert.deepEqual(portrait(below), expected)
    return failed()
  })
  assert.ok(points >= 8, `${points} points`)
})

test('[IM86] whichever write of a restore or a pack fails, the store is whole and the work can be done again', async () => {
  const from = await source()
  await from.pack({ before: 20, gc: true })
  const file = join(scratch, 'backup')
  await backup(from, file)
  const expected = { head: from.head(), names: from.names(), packedTo: from.packedTo() }
  const points = await sweep(async (n, when) => {
    const below = openMemoryStore()
    const { store, failed } = failing(below, n, when)
    try {
      await restore(file, store)
    } catch (error) {
      assert.match(String(error), /said no|was lost/)
      assert.deepEqual(below.verify().damage, [])
      // A restore begins in an empty store; a copy goes on where it stopped.
      await copyStore(from, below)
    }
    const { head, names, packedTo } = {
      head: below.head(),
      names: below.names(),
      packedTo: below.packedTo(),
    }
    assert.deepEqual({ head, names, packedTo }, expected)
    assert.equal(textOf(below.read(400, 20)), '20')
    return failed()
  })
  assert.ok(points >= 6, `${points} points`)
})
