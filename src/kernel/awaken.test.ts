// Owns: the tests of the awakening and of compiled code: the first objects, and what runs of a source.
// Leaves: what the first objects answer to test/journeys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { decodeSlots, GENESIS, MethodRef, Ref } from '#objects'
import { spawnNode } from '#powers'
import { awaken, parseWorld } from './awaken.ts'
import { Code } from './code.ts'
import { Head } from './head.ts'
import { Quarantine } from './quarantine.ts'
import { Judge } from './judge/index.ts'
import { startKernel } from './kernel.fixture.ts'

const TEXT = `// object genesis
// The first one.

// method hello
// Greets.
// In two lines.
function hello(self, name) {
  return 'hello ' + name
}

// object other
// parents genesis
// data list = [1, {"a": "b = c"}]
// data none = null
`

const judge = new Judge({ spawn: spawnNode, eager: false })

test('[KN17] the first objects are one transaction, with their parents, data, methods and names', async () => {
  const store = openMemoryStore()
  assert.equal(await awaken(store, judge, [TEXT], 5_000), true)
  assert.equal(store.head().tid, 1)
  const info = store.transaction(1)
  assert.deepEqual([info?.author, info?.time], ['world', 5_000])
  assert.deepEqual(
    store.names().map(({ name }) => name),
    ['genesis', 'other'],
  )
  const genesis = decodeSlots(store.read(GENESIS)?.payload as Uint8Array)
  assert.deepEqual(
    genesis.map(({ name }) => name),
    ['comment', 'hello'],
  )
  const method = genesis[1]?.value
  assert.ok(method instanceof MethodRef)
  const record = new Head(store).method(method.oid)
  assert.deepEqual(
    [record.selector, record.comment, record.holder],
    ['hello', 'Greets. In two lines.', GENESIS],
  )
  assert.match(record.source, /^function hello[\s\S]*\}$/)
  const other = decodeSlots(store.read(store.name('other') as number)?.payload as Uint8Array)
  assert.deepEqual(other, [
    { name: 'parent*', tid: 1, value: new Ref(GENESIS) },
    { name: 'list', tid: 1, value: [1, { a: 'b = c' }] },
    { name: 'none', tid: 1, value: null },
  ])
  assert.deepEqual(store.verify().damage, [])
})

test('[KN16] an image that has a genesis is left as it is', async () => {
  const store = openMemoryStore()
  await awaken(store, judge, [TEXT], 5_000)
  assert.equal(await awaken(store, judge, [TEXT.replace('hello', 'other')], 6_000), false)
  assert.equal(store.head().tid, 1)
})

test('[KN16] an image that lost its genesis gets it again, under its oid, and nothing else', async () => {
  const store = openMemoryStore()
  const { method, payload } = { method: 'method', payload: new Uint8Array() } as const
  const revisions = [{ oid: 7, tid: 4, kind: method, refs: [], payload }]
  const found = { tid: 4, time: 1, author: '', note: '', revisions, names: [] }
  await store.commit({ transactions: [found], tables: [] })
  assert.equal(await awaken(store, judge, [TEXT], 5_000), false)
  assert.deepEqual(
    [...store.objects()].map(({ oid, kind }) => [oid, kind]),
    [
      [GENESIS, 'object'],
      [7, 'method'],
      [8, 'method'],
    ],
  )
  assert.deepEqual([store.name('genesis'), store.name('other')], [GENESIS, undefined])
})

test('[KN17] a world whose method does not compile makes nothing', async () => {
  const store = openMemoryStore()
  const broken = TEXT.replace('return', 'retrun')
  await assert.rejects(awaken(store, judge, [broken], 1), /does not compile/)
  await assert.rejects(awaken(store, judge, ['// object second\n'], 1), /genesis/)
  assert.equal(store.head().tid, 0)
  assert.deepEqual(parseWorld(''), [])
})

test('[KN7] a source is compiled once, and found in the image by its hash afterwards', async () => {
  const store = openMemoryStore()
  const kept: string[] = []
  const keep = async (tables: readonly { key: string }[]) => {
    kept.push(...tables.map(({ key }) => key))
    await store.commit({ transactions: [], tables: tables as never })
  }
  const source = 'function f(self) { return self.n }'
  const quarantine = new Quarantine(store, async () => assert.fail('nothing is quarantined'))
  const first = new Code(new Head(store), judge, keep, quarantine)
  const compiled = await first.ofSource(source)
  assert.deepEqual(await first.ofSource(source), compiled)
  const closed = new Judge({ spawn: spawnNode, eager: false })
  await closed.close()
  const second = new Code(new Head(store), closed, keep, quarantine)
  assert.deepEqual(await second.ofSource(source), compiled)
  assert.equal(kept.length, 1)
  const other = await second.ofSource(`${source} `)
  assert.ok('fault' in other && other.fault.code === 'METHOD_FAILED')
  await judge.close()
})

test('[KN7] a method replaced by another runs as the other from then on', async () => {
  const t = await startKernel({ methods: { say: 'function say(self) { return "old" }' } })
  assert.equal(await t.send('say'), 'old')
  await t.put('say', 'function say(self) { return "new" }')
  assert.equal(await t.send('say'), 'new')
  await t.close()
})
