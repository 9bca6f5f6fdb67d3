// Owns: the claims about the text of a world and the way back.
// Leaves: what a world means to the kernel.
// Laws: IM79, IM80.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeSlots, MethodRef, type Oid, Ref } from '#objects'
import { openMemoryStore } from '../memory/store.ts'
import type { RecordKind, Revision, Store } from '../store.ts'
import { dump } from './dump.ts'
import { load } from './load.ts'

const text = (store: Store, at?: number) => [...dump(store, at)].join('')

/** A record of slots; the references are those of the values given in `refs`. */
function record(
  oid: Oid,
  tid: number,
  slots: Record<string, unknown>,
  refs: Oid[] = [],
  kind: RecordKind = 'object',
): Revision {
  const stored = Object.entries(slots).map(([name, value]) => ({ name, tid, value }))
  return { oid, tid, kind, refs, payload: encodeSlots(stored) }
}

const VALUES = {
  'parent*': new Ref(1),
  nothing: undefined,
  none: null,
  yes: true,
  number: -1.5e300,
  big: 2n ** 90n,
  middle: 2n ** 60n,
  bytes: Buffer.from([0, 255, 7]),
  date: new Date(-1),
  word: 'naïve 日本 "quoted" \\ \u2028',
  lines: 'one\n  two\n\n',
  returned: 'a\r\nb',
  list: [1, [new Ref(3)], {}],
  map: { $ref: 'no reference', 'a b': { c: new Ref(2) }, 2: 'two', 1: 'one' },
  'name with "quotes"': '',
}

const SOURCE = 'function greet(self) {\n  return `| ${self.word}`\n}'

async function world(offset: number): Promise<Store> {
  const store = openMemoryStore()
  const tid = 1 + offset
  const at = (revisions: Revision[], names: { name: string; oid: Oid | null }[], tid: number) =>
    store.commit({
      transactions: [{ tid, time: tid, author: 'test', note: '', revisions, names }],
      tables: [],
    })
  const method = { selector: 'greet', source: SOURCE, version: 1, holder: new Ref(2) }
  await at(
    [
      record(1, tid, { greet: new MethodRef(4) }, [4]),
      record(2, tid, VALUES, [1, 3, 2]),
      record(3, tid, {}),
      record(4, tid, method, [2], 'method'),
      { oid: 5, tid, kind: 'object', refs: [9], payload: Buffer.from('no slots') },
      record(6, tid, { gone: 'soon' }),
    ],
    [
      { name: 'zebra', oid: 2 },
      { name: 'genesis', oid: 1 },
      { name: 'an "alias"', oid: 2 },
      { name: 'nobody', oid: 9 },
      { name: '#odd', oid: 3 },
    ],
    tid,
  )
  await at(
    [{ oid: 6, tid: tid + 1, kind: 'gone', refs: [], payload: Buffer.alloc(0) }],
    [],
    tid + 1,
  )
  return store
}

async function loaded(dumped: string, store: Store): Promise<Store> {
  const request = { head: store.head(), time: 99, author: 'loader' }
  for (const transaction of load(dumped, request)) {
    await store.commit({ transactions: [transaction], tables: [] })
  }
  return store
}

test('[IM79] a dump is readable: names first, then by oid, slots in order, sources as blocks', async () => {
  const dumped = text(await world(0))
  assert.equal(
    dumped.slice(0, dumped.indexOf('  "nothing"')),
    `batos-dump 1

object #3 "#odd"

object #2 "an \\"alias\\"" "zebra"
  "parent*" {"$ref":"genesis"}
`,
  )
  for (const part of [
    'object #1 "genesis"\n  "greet" {"$method":"#4"}\n',
    '  "source" text\n    | function greet(self) {\n    |   return `| ${self.word}`\n    | }\n',
    '  "lines" text\n    | one\n    |   two\n    | \n    | \n',
    '  "list" [1,[{"$ref":"#3"}],{}]\n',
    '\nobject #5\n  raw ["#9"] "bm8gc2xvdHM="\n',
    '\nname "nobody" #9\n',
  ]) {
    assert.ok(dumped.includes(part), part)
  }
  assert.ok(!dumped.includes('#6'))
})

test('[IM79] equal worlds dump to the same bytes whatever their history, and a past one to its own', async () => {
  const store = await world(0)
  const dumped = text(store)
  assert.equal(text(await world(41)), dumped)
  const changed = record(3, 3, { one: 1 })
  await store.commit({
    transactions: [{ tid: 3, time: 3, author: '', note: '', revisions: [changed], names: [] }],
    tables: [],
  })
  assert.notEqual(text(store), dumped)
  assert.equal(text(store, 2), dumped)
  assert.ok(text(store, 1).includes('"gone" "soon"'))
})

test('[IM80] a dump loads into an empty store as the same world, oids, values and references', async () => {
  const store = await world(0)
  const dumped = text(store)
  const again = await loaded(dumped, openMemoryStore())
  assert.equal(text(again), dumped)
  for (const { oid, kind, refs } of store.objects()) {
    if (kind === 'gone') continue
    const found = again.read(oid)
    assert.deepEqual([found?.kind, new Set(found?.refs)], [kind, new Set(refs)])
  }
  assert.deepEqual(again.names(), store.names())
  assert.equal(again.transaction(1)?.author, 'loader')
})

test('[IM80] into a store that has objects a dump brings new ones, and the first object stays', async () => {
  const store = await world(0)
  await store.commit({
    transactions: [
      {
        tid: 3,
        time: 3,
        author: '',
        note: '',
        revisions: [],
        names: [{ name: 'nobody', oid: null }],
      },
    ],
    tables: [],
  })
  const here = openMemoryStore()
  await here.commit({
    transactions: [
      {
        tid: 7,
        time: 7,
        author: '',
        note: '',
        revisions: [record(1, 7, { mine: 1 }), record(20, 7, {})],
        names: [{ name: 'genesis', oid: 1 }],
      },
    ],
    tables: [],
  })
  const orphan = text(store).replace(/\nobject #5\n {2}raw .*\n/, '')
  await loaded(orphan, here)
  const zebra = here.name('zebra') as Oid
  assert.ok(zebra > 20)
  assert.deepEqual(new Set(here.read(zebra)?.refs), new Set([1, here.name('#odd'), zebra]))
  assert.equal(here.read(1)?.tid, 7)
  assert.deepEqual(here.verify().damage, [])
  assert.equal(here.transaction(8)?.author, 'loader')
})

test('[IM80] a large world comes in several transactions', async () => {
  const objects = Array.from(
    { length: 10_000 },
    (_, index) => `\nobject #${(index + 1).toString(36)}\n`,
  )
  const transactions = load(`batos-dump 1\n${objects.join('')}`, {
    head: { tid: 4, oid: 0 },
    time: 1,
    author: '',
  })
  assert.deepEqual(
    transactions.map(({ tid, revisions }) => [tid, revisions.length]),
    [
      [5, 4_096],
      [6, 4_096],
      [7, 1_808],
    ],
  )
})

test('[IM80] [IM95] what cannot be read is refused with its line and column', () => {
  const request = { head: { tid: 0, oid: 0 }, time: 0, author: '' }
  const cases: [string, RegExp][] = [
    ['', /Line 1 .* begins with/],
    ['batos-dump 2', /Line 1 .* has form 2; this program reads up to 1/],
    ['batos-dump 1\nobject #1\n  "a" {', /Line 3 .*column 8, .* ends too early/],
    ['batos-dump 1\nobject #1\n  "a" 5x', /Line 3 .*column 8, .* there is "x"/],
    ['batos-dump 1\nobject #1\n  "a" [1, tru]', /Line 3 .*column 11, .* there is "tru\]"/],
    ['batos-dump 1\n  "a" 1', /Line 2 .*column 1, .* begins before it/],
    ['batos-dump 1\nobject #1\n  a 1', /Line 3 .*column 3, .* in quotes/],
    ['batos-dump 1\nobject #1\n   "a" 1', /Line 3 .*column 4, .* two spaces/],
    ['batos-dump 1\nobject #1\n    | a', /Line 3 .*column 5, .* under no slot/],
    ['batos-dump 1\nobjekt #1', /Line 2 .*column 1, .* begins/],
    ['batos-dump 1\nobject #1\n  "a" 1\n  "a" 2', /Line 4 .*column 3, .* in #1 twice/],
    ['batos-dump 1\nobject #1\nobject #1', /Line 3 .*column 8, .* stands there twice/],
    ['batos-dump 1\nobject #1\n  "a" ["x",{"$ref":"b"}]', /Line 3 .*column 20, .* named "b"/],
    ['batos-dump 1\nobject #1\n  "a" {"$ref":"b"}', /Line 3 .* nothing is named "b"/],
    ['batos-dump 1\nobject #1\n  "a" {"$what":1}', /Line 3 .* \$what/],
    ['batos-dump 1\nobject #00\n', /Line 2 .* no oid/],
    ['batos-dump 1\nobject #1\n\nobject #1\n', /#1 stands there twice/],
    ['batos-dump 1\nobject #1 "a"b"\n', /Line 2 .* names/],
  ]
  for (const [dumped, problem] of cases) {
    assert.throws(() => load(dumped, request), { code: 'FIELD_INVALID', message: problem }, dumped)
  }
  const elsewhere = { ...request, head: { tid: 3, oid: 3 } }
  const dangling = 'batos-dump 1\nobject #2\n  "a" {"$ref":"#7"}\n'
  assert.throws(() => load(dangling, elsewhere), { code: 'FIELD_INVALID', message: /Line 3 .* #7/ })
  assert.equal(load(dangling, request)[0]?.revisions[0]?.refs[0], 7)
})
