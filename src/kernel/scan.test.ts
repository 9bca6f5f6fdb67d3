// Owns: the tests of looking over MessagePack bytes: what passes, and that nothing that passes harms the decoder.
// Leaves: slots in records to slot-spans.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeValue, encodeValue, seeded } from '#objects'
import { scan } from './scan.ts'

const LIMITS = { depth: 8, values: 1_000, extensions: new Set([-1, 0]) }
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('[KN30] every kind of value passes', () => {
  for (const value of [
    null,
    true,
    0,
    -1,
    127,
    128,
    65_536,
    2 ** 40,
    -(2 ** 33),
    1.5,
    5n,
    'x'.repeat(40),
    'y'.repeat(70_000),
    [1, [2, [3]]],
    { a: { b: [] } },
    new Uint8Array(300),
    new Date(5),
    undefined,
    Array.from({ length: 900 }, (_, i) => i),
  ]) {
    assert.equal(scan(encodeValue(value), LIMITS), undefined)
  }
})

const REFUSED: [string, Buffer, RegExp][] = [
  ['nothing', hex(''), /cut short/],
  ['a text that is cut short', hex('a5 6161'), /cut short/],
  ['a list that says it is huge', hex('dd ffffffff'), /cut short/],
  ['a map that says it is huge', hex('df ffffffff'), /cut short/],
  ['a text that says it is huge', hex('db ffffffff 61'), /cut short/],
  ['bytes that say they are huge', hex('c6 ffffffff 61'), /cut short/],
  ['an extension that says it is huge', hex('c9 ffffffff ff 61'), /cut short/],
  ['two values', hex('01 01'), /follow/],
  ['the byte that begins nothing', hex('c1'), /begins no value/],
  ['an extension not allowed', hex('d4 72 40'), /extension of type 114/],
  ['an extension of our own that is not allowed here', hex(`d7 01 ${'00'.repeat(8)}`), /type 1/],
  ['a map with a number as key', hex('81 01 01'), /key that is not a string/],
  ['a map with a list as key', hex('81 90 01'), /key that is not a string/],
  ['a map in a map with a number as key', hex('81 a161 81 05 05'), /key that is not a string/],
  ['lists in lists', Buffer.concat([Buffer.alloc(9, 0x91), hex('01')]), /nested/],
  ['lists in lists, for ever', Buffer.alloc(100_000, 0x91), /nested/],
  ['too many values', encodeValue(new Array(1_001).fill(0)), /too many/],
]

for (const [what, bytes, why] of REFUSED) {
  test(`[KN30] refused: ${what}`, () => assert.match(scan(bytes, LIMITS) ?? '', why))
}

test('[KN30] random bytes are refused or decode to a value within the limits', () => {
  const random = seeded(5)
  let passed = 0
  for (let i = 0; i < 30_000; i++) {
    const bytes = Buffer.alloc(1 + Math.floor(random() * 12))
    for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(random() * 256)
    // Containers more often than chance has them.
    if (i % 2 === 0) bytes[0] = 0x80 + Math.floor(random() * 0x20)
    if (scan(bytes, { ...LIMITS, extensions: new Set() }) !== undefined) continue
    passed++
    assert.doesNotThrow(() => decodeValue(bytes), bytes.toString('hex'))
  }
  assert.ok(passed > 1_000, String(passed))
})
