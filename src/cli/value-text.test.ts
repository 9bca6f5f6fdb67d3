// Values as people and programs read them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { clip, inline, outline, readArgument, toJson } from './value-text.ts'

test('[CL20] an argument is JSON if it parses as JSON, else the text itself', () => {
  const cases: [string, unknown][] = [
    ['50', 50],
    ['-5', -5],
    ['1.5', 1.5],
    ['"50"', '50'],
    ['greeting', 'greeting'],
    ['true', true],
    ['null', null],
    ['[1, {"a": "b"}]', [1, { a: 'b' }]],
    ['{"$ref": "#4f"}', { $ref: '#4f' }],
    ['{not json', '{not json'],
    ['', ''],
    ['007', '007'],
  ]
  for (const [text, value] of cases) assert.deepEqual(readArgument(text), value, text)
})

test('[CL20] whole numbers beyond a double keep every digit, also inside, and overflow is refused', () => {
  assert.deepEqual(readArgument('12345678901234567890'), { $int: '12345678901234567890' })
  assert.deepEqual(readArgument('[-9007199254740993]'), [{ $int: '-9007199254740993' }])
  assert.equal(readArgument('9007199254740991'), 9007199254740991)
  assert.throws(() => readArgument('1e999'), { code: 'FIELD_INVALID' })
})

test('[CL21] JSON has dates as ISO, bytes as base64, large integers and references as maps', () => {
  const value = {
    date: new Date(0),
    bytes: new Uint8Array([1, 2, 3]),
    big: 2n ** 63n,
    ref: { $ref: '#4f' },
    list: [1n, null, undefined],
  }
  assert.deepEqual(toJson(value), {
    date: '1970-01-01T00:00:00.000Z',
    bytes: 'AQID',
    big: { $int: '9223372036854775808' },
    ref: { $ref: '#4f' },
    list: [{ $int: '1' }, null, null],
  })
})

test('[CL22] a value in one line is like JSON with bare keys, and objects read as their oid', () => {
  const cases: [unknown, string][] = [
    [null, 'nil'],
    [undefined, 'nil'],
    ['null', '"null"'],
    [12n, '12'],
    [{ a: 1, 'b c': ['x', { $ref: '#4f' }] }, '{ a: 1, "b c": ["x", #4f] }'],
    [{ $map: [['$ref', 'x']] }, '{ $ref: "x" }'],
    [{ $int: '99999999999999999999' }, '99999999999999999999'],
    [{}, '{}'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Uint8Array([1, 2, 3]), '<3 bytes AQID>'],
  ]
  for (const [value, text] of cases) assert.equal(inline(value), text)
})

test('[CL22] a wide value breaks into lines, a narrow one does not', () => {
  const value = { name: 'Ada', tags: ['one', 'two', 'three'] }
  assert.equal(outline(value, 80), '{ name: "Ada", tags: ["one", "two", "three"] }')
  assert.equal(outline(value, 36), '{\n  name: "Ada",\n  tags: ["one", "two", "three"]\n}')
  assert.equal(
    outline(value, 20),
    '{\n  name: "Ada",\n  tags: [\n    "one",\n    "two",\n    "three"\n  ]\n}',
  )
})

test('[CL22] a cut line says that it was cut', () => {
  assert.equal(clip('one two', 7), 'one two')
  assert.equal(clip('one\n  two', 7), 'one two')
  assert.equal(clip('one two three', 7), 'one tw…')
})
