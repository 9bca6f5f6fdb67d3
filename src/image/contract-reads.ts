// Owns: what every store answers: as of any transaction, by name, by time, by table, in pages.
// Leaves: how it got there to contract-writes.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { type Claim, group, portrait, revision, textOf, transaction } from './contract-parts.ts'
import { currentObjects, lastInvalidations } from './replay.ts'
import type { Revision, Store, Transaction } from './store.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Transactions with their payloads as text, so that two kinds of bytes compare. */
function plain(transactions: Iterable<Transaction>): unknown {
  return [...transactions].map((one) => ({
    ...one,
    revisions: one.revisions.map((found) => ({ ...found, payload: textOf(found) })),
  }))
}

/** A revision whose bytes compare, whatever kind of array holds them. */
const same = (found: Revision | undefined) =>
  found === undefined ? undefined : { ...found, payload: [...found.payload] }

export const readClaims: Claim[] = [
  {
    title: '[IM4] an object is read as of any transaction: before it was, at, between and after',
    async check(store) {
      await store.commit(group([transaction(3, [revision(1, 3, 'three')]), transaction(4, [])]))
      await store.commit(group([transaction(7, [revision(1, 7, 'seven')])]))
      const asOf = [0, 1, 2, 3, 4, 6, 7, 8, 1_000].map((at) => textOf(store.read(1, at)))
      const [none, three, seven] = [undefined, 'three', 'seven']
      assert.deepEqual(asOf, [none, none, none, three, three, three, seven, seven, seven])
      assert.equal(store.read(1, 4)?.tid, 3)
      assert.equal(store.read(2), undefined)
      return store
    },
  },
  {
    title:
      '[IM4] a history fifty deep reads right at every depth, and later commits do not change it',
    async check(store) {
      for (let tid = 1; tid <= 50; tid++) {
        await store.commit(group([transaction(tid, [revision(9, tid, `v${tid}`, [tid])])]))
      }
      const read = () => Array.from({ length: 50 }, (_, index) => store.read(9, index + 1))
      const before = read()
      assert.deepEqual(
        before.map((found) => [textOf(found), found?.refs[0]]),
        Array.from({ length: 50 }, (_, index) => [`v${index + 1}`, index + 1]),
      )
      await store.commit(group([transaction(51, [revision(9, 51, 'after'), revision(8, 51, '')])]))
      assert.deepEqual(read(), before)
      return store
    },
  },
  {
    title:
      '[IM4] [B1] [B2] [B3] [B4] each revision is read from its own transaction to before the next one, byte for byte',
    async check(store) {
      // Adjacent tids and gaps, being gone and coming back, and bytes of every value.
      const tids = [1, 2, 3, 5, 6, 9, 10, 11, 30, 31]
      const kept: Revision[] = []
      for (const [index, tid] of tids.entries()) {
        const isGone = index % 4 === 3
        const payload = isGone
          ? new Uint8Array()
          : Uint8Array.from({ length: 256 }, (_, at) => at ^ tid)
        const next = {
          ...revision(7, tid, '', [tid]),
          payload,
          kind: isGone ? 'gone' : 'object',
        } as const
        await store.commit(group([transaction(tid, [isGone ? { ...next, refs: [] } : next])]))
        kept.push(isGone ? { ...next, refs: [] } : next)
        // What was current until now ends where this one begins; this one has no end yet.
        assert.deepEqual(same(store.read(7, tid - 1)), same(kept[index - 1]))
        assert.deepEqual(same(store.read(7, 1_000)), same(kept[index]))
      }
      await store.commit(group([transaction(40, [revision(8, 40, '')])]))
      assert.equal(store.read(7, 0), undefined)
      assert.equal(store.read(6), undefined)
      for (const [index, tid] of tids.entries()) {
        const end = tids[index + 1] ?? 41
        for (let at = tid; at < end; at++)
          assert.deepEqual(same(store.read(7, at)), same(kept[index]))
        const [newest] = store.revisions(7, { before: end, limit: 1 })
        assert.deepEqual(same(newest), same(kept[index]))
      }
      return store
    },
  },
  {
    title: '[IM4] neighbours in oid and tid are never taken for one another, however large',
    async check(store) {
      const large = 2 ** 40
      const oids = [1, 2, 255, 256, 65_536, 2 ** 32 - 1, 2 ** 32, large, Number.MAX_SAFE_INTEGER]
      await store.commit(
        group([
          transaction(
            255,
            oids.map((oid) => revision(oid, 255, `${oid}`)),
          ),
        ]),
      )
      await store.commit(group([transaction(256, [revision(256, 256, 'new')])]))
      await store.commit(group([transaction(large, [revision(255, large, 'late')])]))
      for (const oid of oids) assert.equal(textOf(store.read(oid, 255)), `${oid}`)
      assert.equal(store.read(254), undefined)
      assert.equal(store.read(257), undefined)
      assert.equal(textOf(store.read(255)), 'late')
      assert.deepEqual(store.head(), { tid: large, oid: Number.MAX_SAFE_INTEGER })
      assert.deepEqual(
        [...store.objects()].map(({ oid }) => oid),
        oids,
      )
      return store
    },
  },
  {
    title: '[IM14] a name answers as of any transaction, through binding, moving and unbinding',
    async check(store) {
      await store.commit(group([transaction(2, [revision(1, 2, '')], [{ name: 'n', oid: 1 }])]))
      await store.commit(group([transaction(4, [revision(5, 4, '')], [{ name: 'n', oid: 5 }])]))
      await store.commit(group([transaction(6, [], [{ name: 'n', oid: null }])]))
      await store.commit(group([transaction(8, [], [{ name: 'n', oid: 1 }])]))
      const asOf = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => store.name('n', at))
      const none = undefined
      assert.deepEqual(asOf, [none, 1, 1, 5, 5, none, none, 1, 1])
      assert.equal(store.name('n'), 1)
      assert.equal(store.name('m'), undefined)
      assert.deepEqual(store.names({ at: 7 }), [])
      assert.deepEqual(store.names({ at: 4 }), [{ name: 'n', oid: 5 }])
      return store
    },
  },
  {
    title: '[IM14] names are listed in byte order by prefix, after a name, and in pages',
    async check(store) {
      const names = ['a', 'a/', 'a/b', 'a0', 'ab', 'b', 'é', 'z', '\u{1f600}', '\uffee']
      const bound = names.map((name, index) => ({ name, oid: index + 1 }))
      const objects = names.map((_, index) => revision(index + 1, 1, ''))
      await store.commit(group([transaction(1, objects, bound.toReversed())]))
      await store.commit(group([transaction(2, [], [{ name: 'ab', oid: null }])]))
      const listed = (options?: Parameters<Store['names']>[0]) =>
        store.names(options).map(({ name }) => name)
      const inBytes = ['a', 'a/', 'a/b', 'a0', 'b', 'z', 'é', '\uffee', '\u{1f600}']
      assert.deepEqual(listed(), inBytes)
      assert.deepEqual(listed({ prefix: 'a' }), ['a', 'a/', 'a/b', 'a0'])
      assert.deepEqual(listed({ prefix: 'a', at: 1 }), ['a', 'a/', 'a/b', 'a0', 'ab'])
      assert.deepEqual(listed({ prefix: 'a/' }), ['a/', 'a/b'])
      assert.deepEqual(listed({ prefix: 'nobody' }), [])
      assert.deepEqual(listed({ after: 'a' }), inBytes.slice(1))
      assert.deepEqual(listed({ after: 'a/z', limit: 2 }), ['a0', 'b'])
      assert.deepEqual(listed({ prefix: 'a', after: 'a/', limit: 1 }), ['a/b'])
      assert.deepEqual(listed({ prefix: 'b', after: 'a' }), ['b'])
      assert.deepEqual(listed({ prefix: 'a', after: 'z' }), [])
      const paged: string[] = []
      for (let page = listed({ limit: 4 }); page.length > 0; ) {
        paged.push(...page)
        page = listed({ limit: 4, after: page.at(-1) as string })
      }
      assert.deepEqual(paged, inBytes)
      assert.deepEqual(
        store.names({ prefix: 'z' }).map(({ oid }) => oid),
        [8],
      )
      return store
    },
  },
  {
    title: '[IM15] a transaction keeps time, author and note as given, in any script',
    async check(store) {
      const given = {
        ...transaction(3, [revision(4, 3, ''), revision(2, 3, '')], [{ name: 'ñ', oid: 4 }]),
        time: 1_700_000_000_123,
        author: 'Ωmega',
        note: 'naïve 日本 \u{1f600}',
      }
      await store.commit(group([given]))
      assert.deepEqual(store.transaction(3), {
        tid: 3,
        time: 1_700_000_000_123,
        author: 'Ωmega',
        note: 'naïve 日本 \u{1f600}',
        oids: [4, 2],
        names: ['ñ'],
      })
      assert.equal(store.transaction(2), undefined)
      assert.equal(store.transaction(4), undefined)
      return store
    },
  },
  {
    title: '[IM15] transactions are listed newest first, strictly below a tid, in pages',
    async check(store) {
      assert.deepEqual(store.transactions(), [])
      for (const tid of [2, 3, 5, 8]) await store.commit(group([transaction(tid, [])]))
      const tids = (options?: Parameters<Store['transactions']>[0]) =>
        store.transactions(options).map(({ tid }) => tid)
      assert.deepEqual(tids(), [8, 5, 3, 2])
      assert.deepEqual(tids({ before: 8 }), [5, 3, 2])
      assert.deepEqual(tids({ before: 5, limit: 1 }), [3])
      assert.deepEqual(tids({ before: 2 }), [])
      assert.deepEqual(tids({ before: 0 }), [])
      assert.deepEqual(tids({ before: 1_000, limit: 2 }), [8, 5])
      return store
    },
  },
  {
    title:
      '[IM15] a time finds the newest transaction at or before it, across gaps and equal times',
    async check(store) {
      assert.equal(store.tidAt(5), 0)
      const times: [number, number][] = [
        [2, 10],
        [3, 10],
        [900, 20],
        [901, 30],
        [5_000, 30],
      ]
      for (const [tid, time] of times) {
        await store.commit(group([{ ...transaction(tid, []), time }]))
      }
      const found = [0, 9, 10, 15, 20, 29, 30, 1e15].map((time) => store.tidAt(time))
      assert.deepEqual(found, [0, 0, 3, 3, 900, 900, 5_000, 5_000])
      return store
    },
  },
  {
    title: '[IM16] tables keep values in key order, apart from one another, without history',
    async check(store) {
      const put = (key: string, value: string | null) => ({
        table: 'facts' as const,
        key,
        value: value === null ? null : bytes(value),
      })
      await store.commit(
        group([], [put('b', '2'), put('', '0'), put('a', '1'), put('é', '4'), put('c', '')]),
      )
      await store.commit(
        group(
          [],
          [{ table: 'waiting', key: 'b', value: bytes('w') }, put('b', '3'), put('a', null)],
        ),
      )
      const listed = (options?: Parameters<Store['scan']>[1]) =>
        store.scan('facts', options).map(({ key, value }) => [key, Buffer.from(value).toString()])
      assert.deepEqual(listed(), [
        ['', '0'],
        ['b', '3'],
        ['c', ''],
        ['é', '4'],
      ])
      assert.deepEqual(listed({ from: 'b', limit: 2 }), [
        ['b', '3'],
        ['c', ''],
      ])
      assert.deepEqual(listed({ from: 'bb', limit: 1 }), [['c', '']])
      assert.equal(store.get('facts', 'a'), undefined)
      assert.equal(store.get('facts', 'c')?.length, 0)
      assert.equal(store.get('refused', 'b'), undefined)
      assert.equal(store.scan('code').length, 0)
      assert.deepEqual(store.head(), { tid: 0, oid: 0 })
      // Within one group the last write of a key counts.
      await store.commit(group([], [put('x', '1'), put('x', null), put('y', null), put('y', '2')]))
      assert.deepEqual(listed({ from: 'x' }), [
        ['y', '2'],
        ['é', '4'],
      ])
      return store
    },
  },
  {
    title: '[IM17] the head is the newest tid and the largest oid, also of objects that are gone',
    async check(store) {
      await store.commit(group([transaction(4, [revision(90, 4, ''), revision(3, 4, '')])]))
      await store.commit(group([transaction(6, [{ ...revision(90, 6, ''), kind: 'gone' }])]))
      await store.commit(group([transaction(7, [revision(3, 7, '')])]))
      assert.deepEqual(store.head(), { tid: 7, oid: 90 })
      return store
    },
  },
  {
    title:
      '[IM20] revisions come newest first, strictly below a tid, in pages; gone is one of them',
    async check(store) {
      await store.commit(group([transaction(1, [revision(1, 1, 'a'), revision(2, 1, 'other')])]))
      await store.commit(group([transaction(2, [{ ...revision(1, 2, 'm'), kind: 'method' }])]))
      await store.commit(group([transaction(3, [{ ...revision(1, 3, ''), kind: 'gone' }])]))
      await store.commit(group([transaction(5, [revision(1, 5, 'back')])]))
      const listed = (options?: Parameters<Store['revisions']>[1]) =>
        store.revisions(1, options).map(({ tid, kind }) => [tid, kind])
      assert.deepEqual(listed(), [
        [5, 'object'],
        [3, 'gone'],
        [2, 'method'],
        [1, 'object'],
      ])
      assert.deepEqual(listed({ before: 3 }), [
        [2, 'method'],
        [1, 'object'],
      ])
      assert.deepEqual(listed({ before: 5, limit: 1 }), [[3, 'gone']])
      assert.deepEqual(listed({ before: 1 }), [])
      assert.deepEqual(listed({ limit: 2 }), [
        [5, 'object'],
        [3, 'gone'],
      ])
      const times = listed().map(([tid]) => store.transaction(tid as number)?.time)
      assert.deepEqual(times, [5_000, 3_000, 2_000, 1_000])
      assert.deepEqual(store.revisions(3), [])
      assert.equal(store.read(1, 4)?.kind, 'gone')
      assert.equal(textOf(store.read(1, 2)), 'm')
      return store
    },
  },
  {
    title: '[IM20] a walk meets every object once in its newest revision, and no later commit',
    async check(store) {
      // More than one step of a walk, so that its seams are crossed.
      const oids = Array.from({ length: 600 }, (_, index) => index * 3 + 1)
      await store.commit(
        group([
          transaction(
            1,
            oids.map((oid) => revision(oid, 1, 'one')),
          ),
        ]),
      )
      const second = oids.filter((oid) => oid % 2 === 0)
      await store.commit(
        group([
          transaction(
            2,
            second.map((oid) => revision(oid, 2, 'two')),
          ),
        ]),
      )
      const met: [number, string | undefined][] = []
      for (const found of store.objects()) {
        if (met.length === 0) {
          await store.commit(
            group([
              transaction(
                3,
                oids.map((oid) => revision(oid, 3, 'three')),
              ),
            ]),
          )
        }
        met.push([found.oid, textOf(found)])
      }
      assert.deepEqual(
        met,
        oids.map((oid) => [oid, oid % 2 === 0 ? 'two' : 'one']),
      )
      return store
    },
  },
  {
    title:
      '[IM72] [B17] a replay has both its ends and everything of each transaction between them',
    async check(store) {
      assert.deepEqual([...store.replay()], [])
      const given = [
        transaction(2, [revision(1, 2, 'a', [1, 9])], [{ name: 'n', oid: 1 }]),
        transaction(3, []),
        transaction(7, [
          { ...revision(4, 7, 'm'), kind: 'method' },
          { ...revision(1, 7, ''), kind: 'gone' },
        ]),
        transaction(8, [], [{ name: 'n', oid: null }]),
      ]
      for (const one of given) await store.commit(group([one]))
      const tids = (options?: Parameters<Store['replay']>[0]) =>
        [...store.replay(options)].map(({ tid }) => tid)
      assert.deepEqual(plain(store.replay()), plain(given))
      assert.deepEqual(tids({ start: 2, stop: 7 }), [2, 3, 7])
      assert.deepEqual(tids({ start: 4, stop: 6 }), [])
      assert.deepEqual(tids({ start: 4, stop: 7 }), [7])
      assert.deepEqual(tids({ start: 3, stop: 3 }), [3])
      assert.deepEqual(tids({ start: 9 }), [])
      assert.deepEqual(tids({ start: 5, stop: 4 }), [])
      assert.deepEqual(tids({ stop: 1_000 }), [2, 3, 7, 8])
      return store
    },
  },
  {
    title: '[IM72] [B17] a started replay does not see later commits, nor one that is under way',
    async check(store) {
      for (let tid = 1; tid <= 150; tid++) {
        await store.commit(group([transaction(tid, [revision(1, tid, `${tid}`)])]))
      }
      const underWay = store.commit(group([transaction(151, [revision(1, 151, 'under way')])]))
      const steps = store.replay()[Symbol.iterator]()
      await underWay
      const met: (string | undefined)[] = []
      for (let step = steps.next(); step.done !== true; step = steps.next()) {
        if (met.length === 0) await store.commit(group([transaction(152, [revision(1, 152, '')])]))
        met.push(textOf(step.value.revisions[0]))
      }
      assert.deepEqual(
        met,
        Array.from({ length: 150 }, (_, index) => `${index + 1}`),
      )
      return store
    },
  },
  {
    title:
      '[IM72] [B19] the last invalidations are the newest transactions, fewer if there are fewer',
    async check(store) {
      assert.deepEqual(lastInvalidations(store, 5), [])
      await store.commit(group([transaction(1, [revision(4, 1, ''), revision(2, 1, '')])]))
      await store.commit(group([transaction(3, [revision(2, 3, '')])]))
      const both = [
        { tid: 3, oids: [2] },
        { tid: 1, oids: [4, 2] },
      ]
      assert.deepEqual(lastInvalidations(store, 5), both)
      assert.deepEqual(lastInvalidations(store, 1), both.slice(0, 1))
      return store
    },
  },
  {
    title: '[IM72] [B20] the cursor meets every object that is there once, as of any transaction',
    async check(store) {
      await store.commit(group([transaction(1, [revision(1, 1, 'a'), revision(3, 1, 'c')])]))
      await store.commit(group([transaction(2, [{ ...revision(1, 2, ''), kind: 'gone' }])]))
      await store.commit(group([transaction(3, [revision(2, 3, 'b'), revision(3, 3, 'd')])]))
      const met = (at?: number) =>
        [...currentObjects(store, at === undefined ? {} : { at })].map(
          (found) => `${found.oid}${textOf(found)}`,
        )
      assert.deepEqual(met(), ['2b', '3d'])
      assert.deepEqual(met(2), ['3c'])
      assert.deepEqual(met(1), ['1a', '3c'])
      assert.deepEqual(met(0), [])
      return store
    },
  },
  {
    title: '[IM21] everything answers the same after closing and reopening, and numbers go on',
    needs: ['reopen'],
    async check(store, { reopen }) {
      const revisions = [revision(1, 1, 'a', [2, 3]), revision(2, 1, 'b'), revision(3, 1, 'c')]
      await store.commit(
        group(
          [
            transaction(1, revisions, [{ name: 'x', oid: 1 }]),
            transaction(2, [{ ...revision(2, 2, 'code'), kind: 'method' }]),
            transaction(5, [{ ...revision(3, 5, ''), kind: 'gone' }], [{ name: 'x', oid: null }]),
          ],
          [
            { table: 'facts', key: 'k', value: bytes('v') },
            { table: 'waiting', key: 'w', value: bytes('m') },
          ],
        ),
      )
      const before = portrait(store)
      const again = await reopen(store)
      assert.deepEqual(portrait(again), before)
      const stale = group([{ ...transaction(5, []), time: 99_000 }])
      await assert.rejects(again.commit(stale), { code: 'CONFLICT' })
      await again.commit(group([{ ...transaction(6, []), time: 1 }]))
      assert.equal(again.transaction(6)?.time, 5_000)
      return again
    },
  },
]
