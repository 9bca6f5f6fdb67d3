// Owns: the tests of who tests without having seen a draft: what it is shown, and what is read in its words.
// Leaves: such tests in a world to test/journeys/unseen-tests.test.ts.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { DraftContext } from '../context.ts'
import { testsIn, testText } from './tester.ts'

const context: DraftContext = {
  object: 'purse',
  parents: ['genesis'],
  slots: [{ name: 'coins', type: 'number', sample: '10' }] as DraftContext['slots'],
  methods: [{ selector: 'count', source: 'function count(self) { return self.coins }' }] as never,
  peers: [],
  selector: 'pay',
  args: [{ type: 'number', sample: '3' }],
  intent: 'pay coins and answer what is left',
}

test('[MI60] [G13] the tester is shown object, call and intent, and no source', () => {
  const text = testText(context)
  assert.match(text, /^Test a method that you cannot see\.\nThe object purse has: coins = 10\n/)
  assert.match(text, /pay\(3\)\nIntent: pay coins and answer what is left\n/)
  assert.doesNotMatch(text, /function|return/)
})

test('[MI60] tests are read from the lines that are some, up to three', () => {
  const text = [
    'I would try these.',
    'TEST {"args": [3], "expected": 7}',
    'TEST: {"slots": {"coins": 2}, "args": [3], "fails": true}',
    'TEST {"args": 3, "expected": 7}',
    'TEST {"args": [3]}',
    'TEST {"args": [3], "expected": ',
    'TEST {"slots": [1], "args": [3], "expected": 1}',
    'TEST {"args": [0], "expected": null}',
    'TEST {"args": [1], "expected": 9}',
  ].join('\n')
  assert.deepEqual(testsIn(text), [
    { slots: {}, args: [3], expected: 7 },
    { slots: { coins: 2 }, args: [3], fails: true },
    { slots: {}, args: [0], expected: null },
  ])
  assert.deepEqual(testsIn('It looks fine to me.'), [])
})
