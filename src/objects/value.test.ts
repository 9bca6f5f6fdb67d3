// Owns: the tests of values: what can be stored and answered, limits, the forms live, stored and wire, identity as text.
// Leaves: containers in slots to nested.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSlots, decodeValue, encodeSlots, encodeValue } from './codec.ts'
import { oidText, parseOid, parseTid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { fromWire, MethodRef, Ref, toStored, toWire } from './value.ts'
import { TestWorld } from './world.fixture.ts'

const store = (value: unknown) => toStored(value, () => undefined)
const none = () => undefined

test('[OB1] oids go to text and back, and nothing else is one', () => {
  for (const oid of [1, 35, 36, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    assert.equal(parseOid(oidText(oid)), oid)
  }
  for (const text of ['#0', '1', '#', '#01', '#A', '# 1', '#1 ', '#-1', '#zzzzzzzzzzz', '#1.5']) {
    assert.equal(parseOid(text), undefined, text)
  }
  assert.equal(parseTid('12'), 12)
  for (const text of ['', '-1', '1.5', 'x', '1'.repeat(16)]) assert.equal(parseTid(text), undefined)
})

const VALUES: unknown[] = [
  null,
  undefined,
  true,
  0,
  -1.5,
  2 ** 40,
  2 ** 53,
  1e300,
  5n,
  -(2n ** 63n),
  2n ** 63n,
  -(2n ** 200n),
  '',
  'Grüße 漢字 👩‍👧 \u0000',
  new Date(0),
  new Date(-62_135_596_800_000),
  new Date(8_640_000_000_000_000),
  [],
  {},
  [null, undefined, [1n], { a: [{ b: 2n ** 70n }] }],
  { then: 1, toJSON: 'x', hasOwnProperty: null, 'a b': [] },
]

for (const [i, value] of VALUES.entries()) {
  test(`[OB4] value ${i} comes back from its bytes as it was`, () => {
    const stored = store(value)
    assert.deepEqual(decodeValue(encodeValue(stored)), stored)
    assert.deepEqual(encodeValue(decodeValue(encodeValue(stored))), encodeValue(stored))
  })
}

test('[OB4] slots keep their order, names, tids, references and methods', () => {
  const slots = [
    { name: 'b', tid: 3, value: new Ref(7) },
    { name: 'a', tid: 2 ** 40, value: [new Ref(2 ** 50), 2n ** 65n] },
    { name: 'm', tid: 0, value: new MethodRef(9) },
  ]
  const bytes = encodeSlots(slots)
  assert.deepEqual(decodeSlots(bytes), slots)
  assert.ok(encodeSlots(decodeSlots(bytes)).equals(bytes))
})

test('[OB5] what looks like code or a class in a value is data', () => {
  const odd = { $ref: '#1', toString: 'x', type: 'Function', code: 'process.exit()' }
  assert.deepEqual(decodeValue(encodeValue(store(odd))), odd)
  const ref = decodeValue(encodeValue(new MethodRef(5)))
  assert.ok(ref instanceof MethodRef && Object.keys(ref).length === 1)
})

const REFUSED: [string, () => unknown][] = [
  ['a function', () => () => 1],
  ['a symbol', () => Symbol.iterator],
  ['not a number', () => Number.NaN],
  ['infinity', () => -Infinity],
  ['a Map', () => new Map([[1, 2]])],
  ['a Set', () => new Set([1])],
  ['a regular expression', () => /x/],
  ['an error', () => new Error('x')],
  ['a promise', () => Promise.resolve(1)],
  ['an invalid date', () => new Date('never')],
  ['a boxed text', () => Object('x')],
  ['floats', () => new Float64Array(2)],
  ['a buffer', () => new ArrayBuffer(2)],
  ['an object with a prototype', () => Object.create({ x: 1 })],
  ['a map with __proto__', () => JSON.parse('{"__proto__":1}')],
  ['a map with constructor', () => ({ constructor: 1 })],
  ['a function in a list', () => [[() => 1]]],
  ['a proxy of a function', () => new Proxy(() => 1, {})],
]

for (const [what, make] of REFUSED) {
  test(`[OB2] ${what} cannot be stored or answered, and the refusal is a fault with a sentence`, () => {
    assert.throws(() => store(make()), { code: 'METHOD_FAILED', message: /.+/ })
    const t = new TestWorld()
    const object = t.object({ x: 1 })
    assert.throws(() => t.run(object, () => () => make()), { code: 'METHOD_FAILED' })
    const keep = () =>
      t.run(object, () => (self) => {
        self.x = make()
      })
    assert.throws(keep, { code: 'METHOD_FAILED' })
    assert.equal(
      t.run(object, () => (self) => self.x),
      1,
    )
  })
}

test('[OB3] a value that contains itself is refused, by whatever way round', () => {
  const list: unknown[] = []
  list.push({ list })
  assert.throws(() => store(list), { code: 'METHOD_FAILED', message: /contain itself/ })
  const t = new TestWorld()
  const object = t.object({ x: [] })
  const knot = (born: boolean) =>
    t.run(object, ({ g }) => (self) => {
      if (born) self.child = g.mirror.clone(self)
      self.x.push(self.x)
    })
  assert.throws(() => knot(false), { code: 'METHOD_FAILED', message: /contain itself/ })
  assert.throws(() => knot(true), { code: 'METHOD_FAILED', message: /contain itself/ })
})

test('[OB3] a date with methods of its own is stored as its time', () => {
  const date = new Date(5)
  Object.assign(date, { getTime: () => 99, valueOf: () => 98, toJSON: () => 97 })
  assert.deepEqual(store([date]), [new Date(5)])
})

test('[OB30] nesting, number of parts and length of lists have limits', () => {
  let deep: unknown = 1
  for (let i = 0; i < OBJECT_LIMITS.valueDepth + 1; i++) deep = [deep]
  assert.throws(() => store(deep), { code: 'LIMIT' })
  assert.throws(() => store(new Array(OBJECT_LIMITS.arrayLength + 1)), { code: 'LIMIT' })
  assert.throws(() => store(-(10n ** 1_000n)), { code: 'LIMIT', message: /1000 digits/ })
  assert.equal(store(10n ** 1_000n - 1n), 10n ** 1_000n - 1n)
  assert.throws(() => store(new Array(OBJECT_LIMITS.valueNodes).fill(0)), { code: 'LIMIT' })
  let bottomless: unknown = 1
  for (let i = 0; i < 100_000; i++) bottomless = { bottomless }
  assert.throws(() => store(bottomless), { code: 'LIMIT' })
})

test('[OB30] a record that would be too large is a fault, and the turn leaves nothing', () => {
  const t = new TestWorld()
  const object = t.object({ x: 1 })
  const grow = () =>
    t.run(object, () => (self) => {
      self.x = 'x'.repeat(OBJECT_LIMITS.recordBytes)
    })
  assert.throws(grow, { code: 'LIMIT', message: /262144/ })
  assert.equal(
    t.run(object, () => (self) => self.x),
    1,
  )
})

test('[OB2] the wire form says what JSON cannot, and comes back', () => {
  const stored = [
    new Ref(5),
    2n ** 63n,
    5n,
    { $a: new Ref(1), b: { $c: 1 } },
    undefined,
    new Date(1),
  ]
  const wire = toWire(stored)
  assert.deepEqual(wire, [
    { $ref: '#5' },
    { $int: '9223372036854775808' },
    5n,
    {
      $map: [
        ['$a', { $ref: '#1' }],
        ['b', { $map: [['$c', 1]] }],
      ],
    },
    null,
    new Date(1),
  ])
  assert.deepEqual(fromWire(wire), [new Ref(5), 2n ** 63n, 5, stored[3], null, new Date(1)])
})

test('[OB2] what the wire form does not allow is refused', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  for (const wrong of [
    { $ref: 'genesis' },
    { $ref: 5 },
    { $int: '5.5' },
    { $int: '9'.repeat(1_001) },
    { $map: { a: 1 } },
    { $map: [[1, 2]] },
    { $map: [['__proto__', 1]] },
    { $x: 1 },
    { $ref: '#1', x: 1 },
    JSON.parse('{"__proto__":1}'),
    Number.NaN,
    new Date(Number.NaN),
    () => 1,
    new Map(),
  ]) {
    assert.throws(() => fromWire(wrong), { code: 'FIELD_INVALID' }, JSON.stringify(wrong))
  }
  assert.throws(() => fromWire(cyclic), { code: 'METHOD_FAILED' })
})

test('[OB3] a stored value shares nothing with the live one', () => {
  const live = { list: [1, { a: 1 }], bytes: new Uint8Array([1]), when: new Date(1) }
  const stored = toStored(live, none) as typeof live
  live.list.push(2)
  live.bytes[0] = 9
  live.when.setTime(9)
  assert.deepEqual(stored, { list: [1, { a: 1 }], bytes: new Uint8Array([1]), when: new Date(1) })
})
