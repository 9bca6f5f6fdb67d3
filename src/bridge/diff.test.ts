// Owns: the claims about how much a diff looks at, and how long it holds up everybody else.
// Leaves: what a diff says to the journeys.
// Laws: BR110.
import assert from 'node:assert/strict'
import test from 'node:test'
import { openMemoryStore, type Store } from '#image'
import { Head } from '#kernel'
import { encodeSlots } from '#objects'
import { diff } from './diff.ts'

/** A head over transactions that each give slot `n` of one of some objects another number. */
async function headOf(transactions: number, objects: number): Promise<Head> {
  const store = openMemoryStore()
  for (let done = 0; done < transactions; done += 10_000) {
    const part = Array.from({ length: Math.min(10_000, transactions - done) }, (_, index) => {
      const tid = done + index + 1
      const payload = encodeSlots([{ name: 'n', tid, value: tid }])
      const revision = { oid: 1 + (tid % objects), tid, kind: 'object' as const, refs: [], payload }
      return { tid, time: tid, author: 'cli', note: '', revisions: [revision], names: [] }
    })
    await store.commit({ transactions: part, tables: [] })
  }
  return new Head(store)
}

test('[BR110] a diff over many transactions and objects lets others have their turns, and says what one in one piece would', async () => {
  const head = await headOf(20_000, 2_000)
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const found = await diff(head, { from: 2_000, to: 20_000 })
  isDone = true
  assert.ok(turns > 18_000 / 256 + 2_000 / 32 - 2, `${turns} turns`)
  assert.deepEqual(found.counts, { added: 0, removed: 0, changed: 2_000, slots: 2_000, names: 0 })
  assert.deepEqual(found.objects[0]?.slots, [
    {
      name: 'n',
      change: 'changed',
      before: { kind: 'data', value: 2_000 },
      after: { kind: 'data', value: 20_000 },
    },
  ])
})

test('[BR110] more transactions than one diff looks at, and more objects than it holds, are refused at once', async () => {
  const head = await headOf(10_001, 10_001)
  await assert.rejects(diff(head, { from: 0, to: 10_001 }), { code: 'LIMIT' })
  assert.equal((await diff(head, { from: 1, to: 10_001 })).counts.added, 10_000)
  let looked = 0
  const store = new Proxy(head.store, {
    get: (below, name: keyof Store) => {
      if (name === 'transaction') looked++
      return below[name]?.bind(below)
    },
  })
  const far = diff(new Head(store), { from: 0, to: 1_000_001 })
  await assert.rejects(far, { code: 'LIMIT', message: /1000000 transactions/ })
  assert.equal(looked, 0)
})
