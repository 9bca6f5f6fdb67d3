// Owns: how values read as text, and how text is read as a value.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fullText,
  isEditable,
  kindOf,
  parseValue,
  refOf,
  SHORT_LENGTH,
  shortText,
} from './value.ts'

test('[UI20] every kind of value has a short readable form', () => {
  const cases: [unknown, string][] = [
    [null, 'null'],
    [undefined, 'null'],
    [true, 'true'],
    [1.5, '1.5'],
    [2n ** 70n, '1180591620717411303424'],
    ['a "b"', '"a \\"b\\""'],
    [[1, ['x']], '[1, ["x"]]'],
    [{ a: 1, 'b c': { $ref: '#9' } }, '{ a: 1, "b c": #9 }'],
    [{}, '{}'],
    [{ $map: [['$k', 1]] }, '{ $k: 1 }'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'no date'],
    [new Uint8Array(3), '3 bytes'],
  ]
  for (const [value, text] of cases) assert.equal(shortText(value), text)
})

test('[UI20] a short form is short, however large or deep the value is', () => {
  let deep: unknown = 1
  for (let level = 0; level < 10_000; level++) deep = [deep]
  for (const value of [deep, 'x'.repeat(1e6), new Array(1e5).fill('word')]) {
    assert.ok(shortText(value).length <= SHORT_LENGTH + 1)
  }
  assert.ok(fullText(deep).length < 10_000)
})

test('[UI20] only a map with an oid in it is a reference', () => {
  assert.equal(refOf({ $ref: '#1a' }), '#1a')
  for (const other of [{ $ref: 'javascript:alert(1)' }, { $ref: 1 }, '#1', [], null]) {
    assert.equal(refOf(other), undefined)
  }
  assert.equal(kindOf({ $ref: '#1' }), 'object')
  assert.equal(kindOf({ $ref: '//evil' }), 'map')
})

test('[UI21] text is read as JSON, and an oid as a reference', () => {
  assert.deepEqual(parseValue(' {"a": [1]} '), { ok: true, value: { a: [1] } })
  assert.deepEqual(parseValue('#1z'), { ok: true, value: { $ref: '#1z' } })
})

test('[UI21] text that is no JSON is answered with what to write instead', () => {
  const cases: [string, RegExp][] = [
    ['', /Write a value/],
    ['hello there', /"hello there"/],
    ["'hello'", /double quotes: "hello"/],
    ['{name: "Ada"}', /double quotes/],
    ['[1, 2', /square bracket is not closed/],
    ['{"a": 1', /curly bracket is not closed/],
    ['"abc', /double quote is not closed/],
    ['1 2', /is no JSON/],
  ]
  for (const [text, advice] of cases) {
    const parsed = parseValue(text)
    assert.ok(!parsed.ok, text)
    assert.match(parsed.sentence, advice)
  }
})

test('[UI21] what JSON cannot hold is not offered for editing', () => {
  assert.equal(isEditable({ a: [1, { $ref: '#1' }] }), true)
  assert.equal(isEditable({ a: [new Date(0)] }), false)
  assert.equal(isEditable([new Uint8Array(1)]), false)
  assert.deepEqual(JSON.parse(fullText({ n: 2n ** 70n })), { n: { $int: String(2n ** 70n) } })
})
