// Owns: the claims about what people call an object.
// Leaves: where it is shown to the command line.
// Laws: IM94.
import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeSlots, MethodRef, type Oid, Ref } from '#objects'
import { imageFault } from './faults.ts'
import { openMemoryStore } from './memory/store.ts'
import { placesOf } from './places.ts'
import type { Revision, Transaction } from './store.ts'

const object = (oid: Oid, slots: Record<string, unknown>, tid = 1): Revision => ({
  oid,
  tid,
  kind: 'object',
  refs: [],
  payload: encodeSlots(Object.entries(slots).map(([name, value]) => ({ name, tid, value }))),
})

async function storeOf(revisions: Revision[], names: Transaction['names'], tid = 1) {
  const store = openMemoryStore()
  const about = { tid, time: 1, author: '', note: '' }
  await store.commit({ transactions: [{ ...about, revisions, names }], tables: [] })
  return store
}

const placed = (places: Map<Oid, string>) => Object.fromEntries(places)

test('[IM94] an object is called by its name, else by the shortest way from one that has a name', async () => {
  const store = await storeOf(
    [
      object(1, { far: new Ref(2), list: [0, { 'a b': new Ref(3) }] }),
      object(2, { 'parent*': new Ref(1), next: new Ref(4), f: new MethodRef(9) }),
      object(3, { next: new Ref(4), 'x.y': new Ref(6) }),
      object(4, { back: new Ref(1) }),
      object(5, { ring: new Ref(5) }),
      object(6, {}),
      object(7, { far: new Ref(4) }),
    ],
    [
      { name: 'genesis', oid: 1 },
      { name: 'accounts/alice', oid: 7 },
    ],
  )
  assert.deepEqual(placed(placesOf(store, [1, 2, 3, 4, 5, 6, 7, 9, 77])), {
    1: 'genesis',
    2: 'genesis.far',
    3: 'genesis.list[1]["a b"]',
    4: 'accounts/alice.far',
    6: 'genesis.list[1]["a b"]["x.y"]',
    7: 'accounts/alice',
    9: 'genesis.far.f',
  })
})

test('[IM94] a place is that of the time that is asked about', async () => {
  const store = await storeOf(
    [object(1, { it: new Ref(2) }), object(2, {})],
    [{ name: 'old', oid: 1 }],
  )
  const names = [
    { name: 'old', oid: null },
    { name: 'new', oid: 2 },
  ]
  const about = { tid: 2, time: 2, author: '', note: '' }
  await store.commit({ transactions: [{ ...about, revisions: [], names }], tables: [] })
  assert.deepEqual(placed(placesOf(store, [1, 2], 1)), { 1: 'old', 2: 'old.it' })
  assert.deepEqual(placed(placesOf(store, [1, 2])), { 2: 'new' })
})

test('[IM94] what is damaged leads nowhere, and what lies behind others is found all the same', async () => {
  const store = await storeOf(
    [object(1, { it: new Ref(3) }), object(2, { it: new Ref(4) })],
    [
      { name: 'a', oid: 1 },
      { name: 'b', oid: 2 },
    ],
  )
  const damaged = {
    names: (options?: Parameters<typeof store.names>[0]) => store.names(options),
    read: (oid: Oid, at?: number) => {
      if (oid === 1) throw imageFault('IMAGE_DAMAGED', 'The record of #1 is damaged.')
      return store.read(oid, at)
    },
  }
  assert.deepEqual(placed(placesOf(damaged, [1, 3, 4])), { 1: 'a', 4: 'b.it' })
})

test('[IM94] what matches its checksum and is no object’s slots leads nowhere, and is no error', async () => {
  const odd = [Buffer.from('no slots'), Buffer.from([0xc1]), Buffer.alloc(0)]
  const revisions = odd.map((payload, i) => ({ ...object(2 + i, {}), payload }))
  const root = object(1, { a: new Ref(2), b: new Ref(3), c: new Ref(4), d: new Ref(5) })
  const store = await storeOf(
    [root, ...revisions, object(5, { on: new Ref(6) }), object(6, {})],
    [{ name: 'genesis', oid: 1 }],
  )
  assert.deepEqual(placed(placesOf(store, [2, 6])), { 2: 'genesis.a', 6: 'genesis.d.on' })
})
