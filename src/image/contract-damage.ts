// Owns: what every store says about damage: where, and never a wrong answer.
// Leaves: the many kinds of damaged bytes to record.test.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { type Claim, group, revision, textOf, transaction } from './contract-parts.ts'

export const damageClaims: Claim[] = [
  {
    title: '[IM13] verify counts what is there and finds nothing in a sound image',
    async check(store) {
      await store.commit(
        group([transaction(1, [revision(1, 1, 'a', [2]), revision(2, 1, 'b', [1, 2])])]),
      )
      await store.commit(group([transaction(2, [revision(2, 2, 'c')], [{ name: 'n', oid: 2 }])]))
      assert.deepEqual(store.verify(), { objects: 2, revisions: 3, transactions: 2, damage: [] })
      return store
    },
  },
  {
    title: '[IM13] verify names a reference to an object that never was, and one that is gone',
    async check(store) {
      await store.commit(
        group([
          transaction(1, [revision(1, 1, 'a', [7]), revision(2, 1, 'b', [3]), revision(3, 1, '')]),
          transaction(2, [{ ...revision(3, 2, ''), kind: 'gone' }], [{ name: 'lost', oid: 9 }]),
        ]),
      )
      const { objects, damage } = store.verify()
      assert.equal(objects, 2)
      assert.deepEqual(
        damage.map(({ oid, tid }) => [oid, tid]),
        [
          [1, 1],
          [2, 1],
          [undefined, 2],
        ],
      )
      assert.match(damage[0]?.problem ?? '', /#7, which is not there/)
      assert.match(damage[1]?.problem ?? '', /#3, which is not there/)
      assert.match(damage[2]?.problem ?? '', /"lost" refers to #9/)
      // Old revisions may refer to what is gone since; a repaired newest one makes the image sound.
      await store.commit(
        group([
          transaction(3, [revision(1, 3, ''), revision(2, 3, '')], [{ name: 'lost', oid: null }]),
        ]),
      )
      assert.deepEqual(store.verify().damage, [])
      return store
    },
  },
  {
    title: '[IM9] a damaged record faults on reading, verify names it, and the rest is readable',
    needs: ['damage'],
    async check(store, { damage }) {
      await store.commit(group([transaction(1, [revision(1, 1, 'one'), revision(2, 1, 'two')])]))
      await store.commit(group([transaction(2, [revision(2, 2, 'newer')])]))
      const again = await damage(store, 2, 1)
      const damaged = { code: 'IMAGE_DAMAGED', data: { oid: 2, tid: 1 } }
      assert.throws(() => again.read(2, 1), damaged)
      assert.throws(() => again.revisions(2), damaged)
      assert.equal(textOf(again.read(2)), 'newer')
      assert.equal(textOf(again.read(1)), 'one')
      const report = again.verify()
      assert.deepEqual(
        report.damage.map(({ oid, tid }) => [oid, tid]),
        [[2, 1]],
      )
      assert.equal(report.revisions, 3)
      return again
    },
  },
]
