// Owns: the claims about what a fork sees of its base, and a base of a fork.
// Leaves: everything that all stores share to the contract.
// Laws: IM70, IM71.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { group, portrait, revision, textOf, transaction } from '../contract-parts.ts'
import { openMemoryStore } from '../memory/store.ts'
import { readOnly } from '../read-only.ts'
import type { Group } from '../store.ts'
import { openOverlay } from './store.ts'

const fact = (key: string, value: string | null) => ({
  table: 'facts' as const,
  key,
  value: value === null ? null : Buffer.from(value),
})

/** A history in which names move and vanish, objects go and come back, and facts change. */
const HISTORY: Group[] = [
  group(
    [transaction(1, [revision(1, 1, 'a', [2]), revision(2, 1, 'b')], [{ name: 'x', oid: 1 }])],
    [fact('k', 'one'), fact('l', 'stays')],
  ),
  group([transaction(2, [revision(3, 2, 'c')], [{ name: 'b', oid: 3 }])], [fact('a', 'first')]),
  group(
    [transaction(4, [{ ...revision(2, 4, ''), kind: 'gone' }], [{ name: 'x', oid: null }])],
    [fact('k', null)],
  ),
  group([transaction(5, [revision(2, 5, 'back'), revision(9, 5, 'i', [1])], [])], []),
  group(
    [
      transaction(
        7,
        [revision(1, 7, 'z')],
        [
          { name: 'x', oid: 9 },
          { name: 'a', oid: 1 },
        ],
      ),
    ],
    [fact('k', 'two'), fact('z', 'last')],
  ),
  group([transaction(8, [], [{ name: 'b', oid: 1 }])], [fact('a', null)]),
]

test('[IM70] [B16] a fork answers like one store, wherever the seam lies, and its base stays as it was', async () => {
  const whole = openMemoryStore()
  for (const one of HISTORY) await whole.commit(one)
  const expected = portrait(whole)
  for (let seam = 0; seam <= HISTORY.length; seam++) {
    const base = openMemoryStore()
    for (const one of HISTORY.slice(0, seam)) await base.commit(one)
    const before = portrait(base)
    const fork = openOverlay(base)
    for (const one of HISTORY.slice(seam)) await fork.commit(one)
    assert.deepEqual(portrait(fork), expected, `after ${seam} groups`)
    assert.deepEqual(portrait(base), before)
    // Pages that cross the seam, of names and of facts.
    for (const limit of [1, 2]) {
      const paged: string[] = []
      for (let page = fork.names({ limit }); page.length > 0; ) {
        paged.push(...page.map(({ name }) => name))
        page = fork.names({ limit, after: paged.at(-1) as string })
      }
      assert.deepEqual(paged, ['a', 'b', 'x'])
      assert.deepEqual(fork.scan('facts', { limit }), whole.scan('facts', { limit }))
    }
    assert.deepEqual(
      fork.revisions(2, { limit: 2 }).map(({ tid }) => tid),
      [5, 4],
    )
    await fork.close()
  }
})

test('[IM70] a fork of the past, a fork of a fork, and a base that goes on never meet', async () => {
  const base = openMemoryStore()
  for (const one of HISTORY) await base.commit(one)
  const fork = openOverlay(base, { at: 3 })
  assert.deepEqual(fork.head(), { tid: 2, oid: 9 })
  await fork.commit(group([transaction(3, [revision(2, 3, 'forked')])]))
  const second = openOverlay(fork)
  await second.commit(group([transaction(4, [revision(2, 4, 'again')], [{ name: 'x', oid: 2 }])]))
  await base.commit(group([transaction(9, [revision(2, 9, 'base')])]))
  assert.deepEqual(
    [base, fork, second].map((store) => [textOf(store.read(2)), store.name('x')]),
    [
      ['base', 9],
      ['forked', 1],
      ['again', 2],
    ],
  )
  assert.deepEqual(
    second.revisions(2).map(({ tid }) => tid),
    [4, 3, 1],
  )
  await assert.rejects(second.pack({ before: 1, gc: true }), { code: 'READ_ONLY' })
  // A base that is packed beyond the seam has lost what the fork stands on, and says so.
  await base.pack({ before: 9, gc: true })
  assert.throws(() => fork.read(1), { code: 'CONFLICT' })
  assert.equal(textOf(fork.read(2)), 'forked')
})

test('[IM71] a view reads everything and refuses commits and packs, and the store below goes on', async () => {
  const store = openMemoryStore()
  for (const one of HISTORY) await store.commit(one)
  const view = readOnly(store)
  assert.deepEqual(portrait(view), portrait(store))
  const refused = { code: 'READ_ONLY', message: 'The image is open for reading only.' }
  await assert.rejects(view.commit(group([])), refused)
  await assert.rejects(view.pack({ before: 1, gc: false }), refused)
  assert.equal((await view.pack({ before: 1, gc: false, checkOnly: true })).packedTo, 0)
  await view.close()
  assert.throws(() => view.head(), { code: 'READ_ONLY' })
  assert.equal(store.head().tid, 8)
})
