// Owns: the claims about places of mistakes in JSON.
// Leaves: the sentences around them to text.test.ts.
// Laws: IM95.
import assert from 'node:assert/strict'
import test from 'node:test'
import { jsonMistakeAt } from './json-place.ts'

test('[IM95] the first character that cannot stand there is found, whatever the mistake', () => {
  const cases: [string, number][] = [
    ['5x', 1],
    ['{"a":1,}', 7],
    ['{"a":tru}', 5],
    ['{"a" 1}', 5],
    ['{"a":1,,"b":1}', 7],
    ["'a'", 0],
    ['[1 2]', 3],
    ['{"$ref":"x"} y', 13],
    ['"a\\x"', 2],
    ['[01]', 2],
  ]
  for (const [text, at] of cases) assert.equal(jsonMistakeAt(text), at, text)
})

test('[IM95] a text that only lacks its end is wrong at its end, and JSON is wrong nowhere', () => {
  for (const text of ['"abc', '[1,2', '{"a":', '', '{"a":{"b":[1,']) {
    assert.equal(jsonMistakeAt(text), text.length, text)
    assert.throws(() => JSON.parse(text))
  }
  for (const value of [null, [1, -2.5e9, { a: 'é\\"\n', b: [[], {}] }], 'x', true]) {
    const text = JSON.stringify(value)
    assert.equal(jsonMistakeAt(text), text.length, text)
    assert.equal(
      jsonMistakeAt(JSON.stringify(value, null, 2)),
      JSON.stringify(value, null, 2).length,
    )
  }
})
