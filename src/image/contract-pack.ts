// Owns: what every store that can be packed keeps and removes, while commits go on.
// Leaves: a pack that is killed to lmdb/pack.test.ts.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import { type Claim, group, portrait, revision, textOf, transaction } from './contract-parts.ts'
import type { Oid } from '#objects'
import type { RecordKind, Store } from './store.ts'

const kind = (kind: RecordKind, oid: Oid, tid: number, refs: Oid[] = []) => ({
  ...revision(oid, tid, `${tid}`, refs),
  kind,
})

/** Commits transactions one by one: each is [tid, revisions as [oid, refs], names]. */
async function commitAll(
  store: Store,
  rows: readonly [number, [Oid, Oid[]][], [string, Oid | null][]?][],
): Promise<void> {
  for (const [tid, objects, names = []] of rows) {
    const revisions = objects.map(([oid, refs]) => revision(oid, tid, `${oid}@${tid}`, refs))
    const bound = names.map(([name, oid]) => ({ name, oid }))
    await store.commit(group([transaction(tid, revisions, bound)]))
  }
}

const history = (store: Store, oid: Oid) => store.revisions(oid).map(({ tid }) => tid)

/** The past that is still promised: everything as of the pack time and later. */
function since(store: Store, tid: number): unknown {
  const found: unknown[] = []
  for (let at = tid; at <= store.head().tid; at++) {
    found.push([store.names({ at }), [...store.objects({ at })].map((one) => [one.oid, one.tid])])
  }
  return found
}

const PACKED = { code: 'CONFLICT', data: { at: 1, packedTo: 3 } }

export const packClaims: Claim[] = [
  {
    title: '[IM73] [G1] packing an empty store, to the beginning and to beyond the head, is safe',
    needs: ['pack'],
    async check(store) {
      for (const before of [0, 5]) {
        const report = await store.pack({ before, gc: true })
        assert.deepEqual([report.packedTo, report.revisionsRemoved], [0, 0])
      }
      await commitAll(store, [
        [1, [[1, []]]],
        [2, [[1, []]]],
      ])
      const before = portrait(store)
      await store.pack({ before: 0, gc: true })
      assert.deepEqual(portrait(store), before)
      const report = await store.pack({ before: 1_000, gc: true })
      assert.deepEqual([report.packedTo, store.packedTo(), report.revisionsRemoved], [2, 2, 1])
      assert.equal(textOf(store.read(1)), '1@2')
      return store
    },
  },
  {
    title:
      '[IM73] [G2] [G3] what is reachable keeps its newest revision as of the pack time and all later ones',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [
        [
          1,
          [
            [1, []],
            [2, [3]],
            [3, []],
            [4, [5]],
            [5, []],
            [6, []],
          ],
          [
            ['two', 2],
            ['six', 6],
          ],
        ],
        [
          2,
          [
            [2, [3]],
            [3, []],
            [4, [5]],
          ],
          [['six', null]],
        ],
        [
          3,
          [
            [2, [3]],
            [5, []],
          ],
        ],
        [
          4,
          [
            [2, [3]],
            [3, []],
          ],
        ],
      ])
      const promised = since(store, 4)
      const report = await store.pack({ before: 3, gc: true })
      // The first object is never removed; 4 and 5 refer to each other's like, and nobody to them.
      assert.deepEqual(
        [1, 2, 3, 4, 5, 6].map((oid) => history(store, oid)),
        [[1], [4, 3], [4, 2], [], [], []],
      )
      assert.deepEqual(
        [report.objectsRemoved, report.objectsKept, report.revisionsRemoved],
        [3, 3, 8],
      )
      assert.deepEqual(
        (since(store, 4) as [unknown, unknown][]).map(([names]) => names),
        (promised as [unknown, unknown][]).map(([names]) => names),
      )
      assert.deepEqual(store.verify().damage, [])
      assert.deepEqual(store.transaction(1)?.oids, [1, 2, 3, 4, 5, 6])
      return store
    },
  },
  {
    title:
      '[IM73] [G4] [G9] what is changed, referred to or named after the pack time stays, with all it reaches',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [
        [
          1,
          [
            [1, []],
            [2, [3]],
            [3, [4]],
            [4, []],
            [5, [6]],
            [6, []],
            [7, [8]],
            [8, []],
            [9, []],
          ],
        ],
        [2, [[1, [2]]], [['nine', 9]]],
        [3, [[1, []]], [['nine', null]]],
        [4, [[5, []]]],
        [5, [[1, [2]]], [['seven', 7]]],
      ])
      await store.pack({ before: 3, gc: true })
      // 9 had a name before the pack time and has none as of it.
      assert.deepEqual(
        [2, 3, 4, 5, 6, 7, 8, 9].map((oid) => history(store, oid)),
        [[1], [1], [1], [4, 1], [1], [1], [1], []],
      )
      assert.equal(textOf(store.read(1, 3)), '1@3')
      assert.deepEqual(store.verify().damage, [])
      return store
    },
  },
  {
    title:
      '[IM73] methods and the methods before them stay by reachability, and what somebody outside holds',
    needs: ['pack'],
    async check(store) {
      await store.commit(
        group([
          transaction(1, [
            kind('object', 1, 1, [3]),
            kind('method', 2, 1, [1]),
            kind('method', 3, 1, [1, 2]),
            kind('method', 4, 1, [1]),
            kind('object', 5, 1, [6]),
            kind('object', 6, 1),
          ]),
        ]),
      )
      await store.pack({ before: 1, gc: true, keep: [5, 99] })
      assert.deepEqual(
        [1, 2, 3, 4, 5, 6].map((oid) => history(store, oid).length),
        [1, 1, 1, 0, 1, 1],
      )
      return store
    },
  },
  {
    title:
      '[IM73] [G7] without gc old revisions go and no object does; being gone is kept until it is garbage',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [
        [
          1,
          [
            [1, []],
            [2, []],
            [3, []],
          ],
        ],
        [2, [[2, []]]],
      ])
      await store.commit(group([transaction(3, [kind('gone', 3, 3)])]))
      // History before it was removed stays readable until a pack.
      assert.equal(textOf(store.read(3, 2)), '3@1')
      await store.pack({ before: 3, gc: false })
      assert.deepEqual(
        [1, 2, 3].map((oid) => history(store, oid)),
        [[1], [2], [3]],
      )
      assert.equal(store.read(3)?.kind, 'gone')
      await store.pack({ before: 3, gc: true })
      assert.deepEqual(
        [1, 2, 3].map((oid) => history(store, oid)),
        [[1], [], []],
      )
      // No number is used again, though the object with the largest one has no record any more.
      assert.deepEqual(store.head(), { tid: 3, oid: 3 })
      return store
    },
  },
  {
    title:
      '[IM74] [B9] a read of the packed past answers what is still known to be true, or faults; never something newer',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [
        [
          1,
          [
            [1, []],
            [2, []],
            [4, []],
          ],
          [
            ['n', 1],
            ['m', 2],
          ],
        ],
        [2, [[1, []]], [['n', 2]]],
        [
          3,
          [
            [1, [3]],
            [3, []],
          ],
          [['n', 1]],
        ],
        [4, [[1, []]], [['n', 2]]],
      ])
      const walk = store.objects({ at: 2 })[Symbol.iterator]()
      const replayed = store.replay()[Symbol.iterator]()
      walk.next()
      replayed.next()
      await store.pack({ before: 3, gc: true })
      assert.throws(() => store.read(1, 1), PACKED)
      assert.throws(() => store.read(4, 1), PACKED)
      assert.throws(() => store.name('n', 1), PACKED)
      assert.throws(() => store.names({ at: 1 }), PACKED)
      assert.throws(() => [...store.objects({ at: 1 })], PACKED)
      assert.throws(() => walk.next(), { code: 'CONFLICT' })
      assert.throws(() => replayed.next(), { code: 'CONFLICT' })
      assert.equal(textOf(store.read(2, 1)), '2@1')
      assert.equal(store.name('m', 1), 2)
      assert.deepEqual(
        [store.read(4, 3), store.read(3, 3)?.tid, store.name('n', 3)],
        [undefined, 3, 1],
      )
      assert.deepEqual(
        [...store.replay()].map(({ tid, revisions }) => [tid, revisions.map(({ oid }) => oid)]),
        [
          [1, [2]],
          [2, []],
          [3, [1, 3]],
          [4, [1]],
        ],
      )
      return store
    },
  },
  {
    title:
      '[IM76] [G6] packing to an earlier time than before removes nothing that the later one kept',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [
        [
          1,
          [
            [1, []],
            [2, []],
          ],
        ],
        [2, [[1, [2]]]],
        [3, [[1, [2]]]],
        [4, [[1, []]]],
      ])
      await store.pack({ before: 3, gc: true })
      assert.deepEqual(history(store, 2), [1])
      // As of 1 nothing referred to 2, but nobody can know that any more.
      const report = await store.pack({ before: 1, gc: true })
      assert.deepEqual([report.packedTo, report.revisionsRemoved], [3, 0])
      assert.deepEqual(history(store, 2), [1])
      await store.pack({ before: 4, gc: true })
      assert.deepEqual(history(store, 2), [])
      return store
    },
  },
  {
    title: '[IM75] [G5] [G8] commits and reads go on during a pack, and what they need survives it',
    needs: ['pack'],
    async check(store) {
      // A long list of objects, half of them garbage, each in three revisions.
      const oids = Array.from({ length: 3_000 }, (_, index) => index + 2)
      const live = oids.filter((oid) => oid % 2 === 0)
      for (const tid of [1, 2, 3]) {
        await store.commit(
          group([
            transaction(tid, [
              revision(1, tid, 'root', live),
              ...oids.map((oid) => revision(oid, tid, `${oid}@${tid}`)),
            ]),
          ]),
        )
      }
      let tid = 3
      let isPacking = true
      let count = 0
      let refused = 0
      const rescued: Oid[] = []
      const packing = store.pack({ before: 3, gc: true }).finally(() => {
        isPacking = false
      })
      const write = async () => {
        while (isPacking) {
          // One of the objects that nothing reaches: it is rescued, or it is gone and the commit is refused.
          const wanted = 3 + 2 * ((count++ * 7) % 1_499)
          const made = 10_000 + count
          tid++
          try {
            const revisions = [revision(made, tid, 'made', [wanted])]
            await store.commit(
              group([transaction(tid, revisions, [{ name: `m${made}`, oid: made }])]),
            )
            rescued.push(wanted)
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'CONFLICT')
            refused++
          }
          assert.equal(textOf(store.read(4, 3)), '4@3')
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
      await Promise.all([packing, write(), write(), write()])
      for (const oid of [...live, ...rescued]) assert.equal(textOf(store.read(oid)), `${oid}@3`)
      assert.deepEqual(store.verify().damage, [])
      assert.ok(rescued.length > 0 && refused > 0, `${rescued.length} rescued, ${refused} refused`)
      assert.equal([...store.replay({ start: 4 })].length, rescued.length)
      // What nobody rescued went, and the next pack finds nothing of it.
      const wentWithoutTrace = oids.filter((oid) => store.read(oid) === undefined).length
      assert.equal(wentWithoutTrace, oids.length - live.length - new Set(rescued).size)
      return store
    },
  },
  {
    title:
      '[IM75] [G5] three writers work on while the store is packed to the past, to now, and again until they end',
    needs: ['pack'],
    async check(store) {
      const oids = Array.from({ length: 600 }, (_, index) => index + 1)
      const [first, ...others] = oids as [Oid, ...Oid[]]
      const all = (tid: number) => [
        revision(first, tid, `${first}@${tid}`, others),
        ...others.map((oid) => revision(oid, tid, `${oid}@${tid}`)),
      ]
      for (const tid of [1, 2, 3]) await store.commit(group([transaction(tid, all(tid))]))
      let tid = 3
      let writers = 3
      const newest = new Map<Oid, number>()
      const write = async (writer: number) => {
        for (let round = 0; round < 40; round++) {
          const oid = others[(round * 3 + writer) % others.length] as Oid
          const made = 1_000 + 3 * round + writer
          const mine = ++tid
          const revisions = [
            revision(oid, mine, `${oid}@${mine}`, [made]),
            revision(made, mine, ''),
          ]
          await store.commit(group([transaction(mine, revisions)]))
          newest.set(oid, mine)
          await new Promise((resolve) => setImmediate(resolve))
        }
        writers--
      }
      let packs = 0
      const pack = async () => {
        await store.pack({ before: 2, gc: true })
        for (; writers > 0 || packs === 0; packs++) {
          await store.pack({ before: tid, gc: packs % 2 === 0 })
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
      await Promise.all([write(0), write(1), write(2), pack()])
      assert.equal(tid, 123)
      assert.equal(store.transactions({ limit: 1_000 }).length, 123)
      for (const oid of oids)
        assert.equal(textOf(store.read(oid)), `${oid}@${newest.get(oid) ?? 3}`)
      assert.deepEqual(store.verify().damage, [])
      const replayed = [...store.replay()].map((one) => one.tid)
      assert.deepEqual(
        replayed,
        Array.from({ length: 123 }, (_, index) => index + 1),
      )
      await store.pack({ before: tid, gc: true })
      assert.deepEqual(
        [...store.objects()].filter(({ oid }) => oid <= 600).map(({ oid }) => oid),
        oids,
      )
      assert.equal([...store.objects()].length, 600 + new Set(newest.keys()).size)
      return store
    },
  },
  {
    title: '[IM76] [G10] one pack at a time, and a store that is closed meanwhile ends it',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [[1, [[1, []]]]])
      const first = store.pack({ before: 1, gc: true })
      await assert.rejects(store.pack({ before: 1, gc: true }), { code: 'BUSY' })
      await first
      await store.pack({ before: 1, gc: true })
      // A pack that fails leaves the store free for the next.
      const keep = (function* (): Generator<Oid> {
        yield 1
        throw new Error('nobody knows who is held')
      })()
      await assert.rejects(store.pack({ before: 1, gc: true, keep }), /nobody knows/)
      await store.pack({ before: 1, gc: true })
      const last = store.pack({ before: 1, gc: true })
      const closing = store.close()
      await assert.rejects(last, { code: 'READ_ONLY' })
      await closing
      return store
    },
  },
  {
    title:
      '[IM78] [G13] a check removes nothing, says what would go, and lists references to what is missing',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [
        [
          1,
          [
            [1, [2, 7]],
            [2, [8, 3]],
            [3, []],
            [4, [9]],
          ],
        ],
        [2, [[3, []]]],
      ])
      await store.commit(group([transaction(3, [kind('gone', 3, 3)])]))
      const before = portrait(store)
      const report = await store.pack({ before: 3, gc: true, checkOnly: true })
      assert.deepEqual(portrait(store), before)
      assert.deepEqual(
        report.missing.toSorted((one, other) => one.ref - other.ref),
        [
          { oid: 2, ref: 3 },
          { oid: 1, ref: 7 },
          { oid: 2, ref: 8 },
        ],
      )
      assert.deepEqual(
        [report.packedTo, report.objectsRemoved, report.revisionsRemoved, report.objectsKept],
        [0, 1, 3, 3],
      )
      return store
    },
  },
  {
    title: '[IM9] [G12] a damaged record ends a pack with its name, and nothing is removed',
    needs: ['pack', 'damage'],
    async check(store, { damage }) {
      await commitAll(store, [
        [
          1,
          [
            [1, [2]],
            [2, []],
            [3, []],
          ],
        ],
        [2, [[1, [2]]]],
      ])
      const again = await damage(store, 2, 1)
      const damaged = { code: 'IMAGE_DAMAGED', data: { oid: 2, tid: 1 } }
      await assert.rejects(again.pack({ before: 2, gc: true }), damaged)
      assert.deepEqual([history(again, 1), history(again, 3), again.packedTo()], [[2, 1], [1], 0])
      await again.pack({ before: 2, gc: false })
      assert.deepEqual(history(again, 1), [2])
      return again
    },
  },
  {
    title:
      '[IM98] what the caller keeps while a pack is under way stays with all it reaches, until it is going',
    needs: ['pack'],
    async check(store) {
      const rows: [Oid, Oid[]][] = [[1, []]]
      for (let oid = 2; oid <= 2_000; oid++) rows.push([oid, []])
      rows.push([2_001, [2_002]], [2_002, []], [2_003, []])
      await commitAll(store, [
        [1, rows],
        [2, [[1, rows.slice(1, -3).map(([oid]) => oid)]]],
      ])
      let keep = (_: Oid) => {}
      const phases: string[] = []
      const onBegin = (one: typeof keep) => {
        keep = one
      }
      await store.pack({ before: 2, gc: true, onBegin }, ({ phase, objects }) => {
        if (phase === 'mark') keep(2_001)
        if (phase === 'sweep') keep(2_002)
        // All were looked at, and this one is among those that go.
        if (phase === 'sweep' && objects === 2_003) {
          assert.throws(() => keep(2_003), { code: 'CONFLICT' })
          phases.push('refused')
        }
        phases.push(phase)
      })
      assert.ok(phases.includes('mark') && phases.includes('refused'))
      assert.deepEqual(
        [2_001, 2_002, 2_003].map((oid) => history(store, oid)),
        [[1], [1], []],
      )
      return store
    },
  },
  {
    title:
      '[IM97] the bytes that a store takes grow with what it keeps and fall with what is packed away',
    needs: ['pack'],
    async check(store) {
      await commitAll(store, [[1, [[1, []]]]])
      const empty = store.bytes()
      for (let tid = 2; tid <= 200; tid++) {
        const one = { ...revision(1, tid, 'x'.repeat(4_000), []) }
        await store.commit(group([transaction(tid, [one])]))
      }
      const full = store.bytes()
      assert.ok(full - empty > 199 * 4_000, `${full - empty} bytes`)
      await store.pack({ before: 200, gc: true })
      const packed = store.bytes()
      assert.ok(packed < full / 4, `${packed} of ${full} bytes`)
      return store
    },
  },
]
