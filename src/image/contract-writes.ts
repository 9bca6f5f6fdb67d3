// Owns: what every store does with a group: whole, in order, copied, within limits.
// Leaves: reading it back in all ways to contract-reads.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { type Claim, group, portrait, revision, textOf, transaction } from './contract-parts.ts'
import { IMAGE_LIMITS } from './limits.ts'
import type { Store } from './store.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

export const writeClaims: Claim[] = [
  {
    title: '[IM1] a group with one bad transaction leaves nothing of the others',
    needs: ['write'],
    async check(store) {
      const big = { ...revision(2, 2, ''), payload: new Uint8Array(IMAGE_LIMITS.payloadBytes + 1) }
      const bad = group(
        [transaction(1, [revision(1, 1, 'a')], [{ name: 'a', oid: 1 }]), transaction(2, [big])],
        [{ table: 'facts', key: 'k', value: bytes('v') }],
      )
      await assert.rejects(store.commit(bad), { code: 'LIMIT' })
      assert.deepEqual(store.head(), { tid: 0, oid: 0 })
      assert.equal(store.read(1), undefined)
      assert.equal(store.name('a'), undefined)
      assert.equal(store.get('facts', 'k'), undefined)
      assert.deepEqual(store.transactions(), [])
      // What was refused leaves its number free.
      await store.commit(group([transaction(1, [revision(1, 1, 'b')])]))
      assert.equal(textOf(store.read(1)), 'b')
      return store
    },
  },
  {
    title: '[IM1] records, names, descriptions and tables of a group arrive together',
    async check(store) {
      await store.commit(
        group(
          [
            transaction(
              1,
              [revision(1, 1, 'a', [2]), revision(2, 1, 'b')],
              [{ name: 'x', oid: 2 }],
            ),
          ],
          [
            { table: 'facts', key: 'k', value: bytes('v') },
            { table: 'replies', key: 'r', value: bytes('s') },
          ],
        ),
      )
      assert.deepEqual(store.read(1)?.refs, [2])
      assert.equal(textOf(store.read(2)), 'b')
      assert.equal(store.name('x'), 2)
      assert.deepEqual(store.transaction(1)?.oids, [1, 2])
      assert.equal(Buffer.from(store.get('facts', 'k') ?? []).toString(), 'v')
      assert.equal(Buffer.from(store.get('replies', 'r') ?? []).toString(), 's')
      return store
    },
  },
  {
    title: '[IM2] what a resolved commit kept is there after reopening',
    needs: ['reopen'],
    async check(store, { reopen }) {
      await store.commit(group([transaction(1, [revision(1, 1, 'kept')])]))
      const again = await reopen(store)
      assert.equal(textOf(again.read(1)), 'kept')
      return again
    },
  },
  {
    title: '[IM3] a tid that does not increase faults, also against a group still under way',
    needs: ['write'],
    async check(store) {
      const first = store.commit(group([transaction(5, [revision(1, 5, 'a')])]))
      const again = { code: 'CONFLICT' }
      await assert.rejects(store.commit(group([transaction(5, [revision(1, 5, 'b')])])), again)
      await assert.rejects(store.commit(group([transaction(4, [revision(1, 4, 'b')])])), again)
      const inside = group([transaction(7, []), transaction(7, [])])
      await assert.rejects(store.commit(inside), again)
      await first
      assert.equal(textOf(store.read(1)), 'a')
      assert.equal(store.transactions().length, 1)
      return store
    },
  },
  {
    title: '[IM3] all objects of a transaction carry its tid, and none twice',
    needs: ['write'],
    async check(store) {
      const foreign = group([transaction(2, [revision(1, 1, 'a')])])
      await assert.rejects(store.commit(foreign), /carries the tid/)
      const twice = group([transaction(2, [revision(1, 2, 'a'), revision(1, 2, 'b')])])
      await assert.rejects(store.commit(twice), { code: 'CONFLICT' })
      assert.equal(store.head().tid, 0)
      return store
    },
  },
  {
    title: '[IM5] many commits under way resolve in the order of the calls',
    needs: ['write'],
    async check(store) {
      const order: number[] = []
      const commits: Promise<void>[] = []
      for (let tid = 1; tid <= 300; tid++) {
        const kept = store.commit(
          group([transaction(tid, [revision(1 + (tid % 7), tid, `${tid}`)])]),
        )
        commits.push(
          kept.then(() => {
            order.push(tid)
            // By then it is there, and so is everything before it.
            assert.ok(store.head().tid >= tid)
            assert.equal(textOf(store.read(1 + (tid % 7), tid)), `${tid}`)
          }),
        )
      }
      await Promise.all(commits)
      assert.deepEqual(
        order,
        Array.from({ length: 300 }, (_, index) => index + 1),
      )
      assert.equal(store.transactions().length, 300)
      return store
    },
  },
  {
    title: '[IM71] [J2] a store opened for reading refuses commits and packs, and is as it was',
    needs: ['refuse'],
    async check(store, { view }) {
      await store.commit(group([transaction(1, [revision(1, 1, 'a')], [{ name: 'n', oid: 1 }])]))
      const before = portrait(view)
      const refused = { code: 'READ_ONLY', data: { readOnly: true } }
      const groups = [
        group([]),
        group([transaction(2, [revision(1, 2, 'b')], [{ name: 'n', oid: null }])]),
        group([], [{ table: 'facts', key: 'k', value: bytes('v') }]),
        group([transaction(1, [])]),
      ]
      for (const each of groups) await assert.rejects(view.commit(each), refused)
      for (const gc of [true, false]) await assert.rejects(view.pack({ before: 1, gc }), refused)
      assert.equal(view.isReadOnly?.(), true)
      assert.deepEqual(portrait(view), before)
      // What it does not write it may still look through.
      const report = await view.pack({ before: 1, gc: true, checkOnly: true })
      assert.deepEqual([report.packedTo, report.objectsKept], [0, 1])
      await store.commit(group([transaction(2, [revision(1, 2, 'c')])]))
      assert.deepEqual([textOf(view.read(1)), textOf(view.read(1, 1))], ['c', 'a'])
      return store
    },
  },
  {
    title: '[IM6] a group is not seen before it is durable, and then all of it is',
    async check(store) {
      await store.commit(group([transaction(1, [revision(1, 1, 'old')], [{ name: 'n', oid: 1 }])]))
      const next = store.commit(
        group([transaction(2, [revision(1, 2, 'new')], [{ name: 'n', oid: null }])]),
      )
      assert.deepEqual(store.head(), { tid: 1, oid: 1 })
      assert.equal(textOf(store.read(1)), 'old')
      assert.equal(store.name('n'), 1)
      assert.equal(store.transaction(2), undefined)
      await next
      assert.equal(store.head().tid, 2)
      assert.equal(textOf(store.read(1)), 'new')
      assert.equal(store.name('n'), undefined)
      return store
    },
  },
  {
    title: '[IM7] close keeps what was handed in; then every use faults and closing again does not',
    async check(store) {
      const last = store.commit(group([transaction(1, [revision(1, 1, 'last')])]))
      const objects = store.objects()
      await store.close()
      await last
      const closed = { code: 'READ_ONLY', message: 'The store is closed.' }
      const uses: ((store: Store) => unknown)[] = [
        (s) => s.head(),
        (s) => s.read(1),
        (s) => s.revisions(1),
        (s) => s.name('a'),
        (s) => s.names(),
        (s) => s.transaction(1),
        (s) => s.transactions(),
        (s) => s.tidAt(0),
        (s) => s.get('facts', 'k'),
        (s) => s.scan('facts'),
        (s) => s.objects(),
        (s) => s.verify(),
        () => [...objects],
      ]
      for (const use of uses) assert.throws(() => use(store), closed, String(use))
      await assert.rejects(store.commit(group([])), closed)
      await store.close()
      return store
    },
  },
  {
    title: '[IM8] a time below the last one is kept as the last one',
    async check(store) {
      await store.commit(group([{ ...transaction(1, []), time: 9_000 }]))
      await store.commit(
        group([
          { ...transaction(2, []), time: 4_000 },
          { ...transaction(3, []), time: 9_500 },
        ]),
      )
      assert.deepEqual(
        store.transactions().map(({ time }) => time),
        [9_500, 9_000, 9_000],
      )
      assert.equal(store.tidAt(9_000), 2)
      return store
    },
  },
  {
    title: '[IM12] what is exactly at a limit is kept and what is over it is refused',
    needs: ['write'],
    async check(store) {
      const payload = new Uint8Array(IMAGE_LIMITS.payloadBytes).fill(7)
      const name = 'n'.repeat(IMAGE_LIMITS.nameBytes)
      const key = 'k'.repeat(IMAGE_LIMITS.tableKeyBytes)
      await store.commit(
        group(
          [transaction(1, [{ ...revision(1, 1, ''), payload }], [{ name, oid: 1 }])],
          [{ table: 'facts', key, value: bytes('v') }],
        ),
      )
      assert.equal(store.read(1)?.payload.length, IMAGE_LIMITS.payloadBytes)
      assert.equal(store.name(name), 1)
      assert.deepEqual(store.names({ prefix: name }), [{ name, oid: 1 }])
      assert.deepEqual(store.names({ after: `${name}n` }), [])
      assert.equal(store.scan('facts', { from: key }).length, 1)
      assert.equal(store.get('facts', `${key}k`), undefined)
      const limit = { code: 'LIMIT' }
      const named = (other: string) => group([transaction(2, [], [{ name: other, oid: 1 }])])
      for (const other of [`${name}n`, '', 'a\0b', 'a\ud800']) {
        await assert.rejects(store.commit(named(other)), limit)
        assert.equal(store.name(other), undefined)
      }
      const longKey = { table: 'facts' as const, key: `${key}k`, value: null }
      await assert.rejects(store.commit(group([], [longKey])), limit)
      const refs = Array.from({ length: IMAGE_LIMITS.refs + 1 }, () => 1)
      await assert.rejects(store.commit(group([transaction(2, [revision(1, 2, '', refs)])])), limit)
      const note = 'n'.repeat(IMAGE_LIMITS.noteLength + 1)
      await assert.rejects(store.commit(group([{ ...transaction(2, []), note }])), limit)
      assert.equal(store.head().tid, 1)
      return store
    },
  },
  {
    title: '[IM18] an empty group and an empty transaction commit; only the transaction is kept',
    needs: ['write'],
    async check(store) {
      await store.commit(group([]))
      assert.deepEqual(store.head(), { tid: 0, oid: 0 })
      await store.commit(group([transaction(1, []), transaction(2, [])]))
      await store.commit(group([]))
      assert.deepEqual(store.head(), { tid: 2, oid: 0 })
      assert.deepEqual(store.transaction(2)?.oids, [])
      return store
    },
  },
  {
    title: '[IM19] bytes changed after commit was called, or after a read, change nothing kept',
    async check(store) {
      const payload = bytes('mine')
      const value = bytes('mine')
      const refs = [2]
      const commit = store.commit(
        group(
          [transaction(1, [{ ...revision(1, 1, ''), payload, refs }])],
          [{ table: 'facts', key: 'k', value }],
        ),
      )
      payload.fill(0)
      value.fill(0)
      refs[0] = 3
      await commit
      assert.equal(textOf(store.read(1)), 'mine')
      assert.deepEqual(store.read(1)?.refs, [2])
      store.read(1)?.payload.fill(0)
      store.get('facts', 'k')?.fill(0)
      assert.equal(textOf(store.read(1)), 'mine')
      assert.equal(Buffer.from(store.get('facts', 'k') ?? []).toString(), 'mine')
      return store
    },
  },
]
