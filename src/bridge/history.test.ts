// Owns: the claims about pages of history.
// Leaves: history over the wire to the journeys.
// Laws: BR70.
import assert from 'node:assert/strict'
import test from 'node:test'
import { openMemoryStore } from '#image'
import { Head } from '#kernel'
import { encodeSlots } from '#objects'
import { historyPage } from './history.ts'

const TRANSACTIONS = 12_000

/** A head over many transactions, each of which gives slot `n` of one object; three are by somebody else. */
async function headOf(): Promise<Head> {
  const store = openMemoryStore()
  const transactions = Array.from({ length: TRANSACTIONS }, (_, index) => {
    const tid = index + 1
    const payload = encodeSlots([{ name: 'n', tid, value: tid }])
    return {
      ...{ tid, time: tid * 1_000, note: '' },
      author: [2, 3, 11_999].includes(tid) ? 'ada' : 'cli',
      revisions: [{ oid: 1, tid, kind: 'object' as const, refs: [], payload }],
      names: tid === 1 ? [{ name: 'it', oid: 1 }] : [],
    }
  })
  await store.commit({ transactions, tables: [] })
  return new Head(store)
}

const head = await headOf()

test('[BR70] a page that looked at much and found little says where to go on, and all pages have all', () => {
  const found: string[] = []
  let pages = 0
  for (let before: number | undefined; ; pages++) {
    const page = historyPage(head, { author: 'ada', before, limit: 10 })
    found.push(...page.entries.map(({ tid }) => tid))
    if (page.next === undefined) break
    before = Number(page.next)
  }
  assert.deepEqual(found, ['11999', '3', '2'])
  assert.ok(pages >= 2, `${pages} pages`)
})

test('[BR70] a page ends at its limit or at the transaction after which it begins, and knows places', () => {
  const newest = historyPage(head, { limit: 2 })
  assert.deepEqual(
    newest.entries.map(({ tid, changes }) => [tid, changes]),
    [
      ['12000', [{ oid: '#1', slots: ['n'] }]],
      ['11999', [{ oid: '#1', slots: ['n'] }]],
    ],
  )
  assert.deepEqual([newest.next, newest.places], [undefined, { '#1': 'it' }])
  const since = historyPage(head, { target: 1, slot: 'n', since: 11_997, limit: 10 })
  assert.deepEqual(
    since.entries.map(({ tid }) => tid),
    ['12000', '11999', '11998'],
  )
  assert.equal(
    historyPage(head, { target: 1, slot: 'other', since: 11_900, limit: 10 }).entries.length,
    0,
  )
})

test('[BR70] of what is packed away the transactions are told, and what nobody changed since', async () => {
  const packed = await headOf()
  await packed.store.pack({ before: 11_000, gc: true })
  const { entries } = historyPage(packed, { before: 11_002, limit: 3 })
  assert.deepEqual(
    entries.map(({ tid, packed, changes }) => [tid, packed, changes[0]?.slots]),
    [
      ['11001', undefined, ['n']],
      ['11000', true, ['n']],
      ['10999', true, []],
    ],
  )
})
