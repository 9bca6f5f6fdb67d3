// Owns: what a person may type as arguments, and the command that says the same.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { parseArguments, sendCommand, shellWord, showCommand } from './arguments.ts'

test('[UI22] arguments are values between commas, or one list of them', () => {
  const cases: [string, unknown[]][] = [
    ['', []],
    ['42', [42]],
    ['1, "two, three", [4, 5], {"a": {"b": 1}}', [1, 'two, three', [4, 5], { a: { b: 1 } }]],
    ['[1, "two"]', [1, 'two']],
    ['[[1, 2]]', [[1, 2]]],
    ['[1, 2], 3', [[1, 2], 3]],
    ['{"named": 1}', [{ named: 1 }]],
    ['"a \\" , b", #1', ['a " , b', { $ref: '#1' }]],
  ]
  for (const [text, values] of cases) {
    assert.deepEqual(parseArguments(text), { ok: true, value: values }, text)
  }
})

test('[UI22] a mistake is named by its place', () => {
  const cases: [string, RegExp][] = [
    ['1, two', /^Argument 2: two is no JSON.*"two"/],
    ['hello', /^hello is no JSON.*"hello"/],
    ['1,, 2', /^Argument 2: Write a value/],
    ['1, [2', /^Argument 2: A square bracket is not closed/],
  ]
  for (const [text, sentence] of cases) {
    const parsed = parseArguments(text)
    assert.ok(!parsed.ok, text)
    assert.match(parsed.sentence, sentence)
  }
})

test('[UI23] a shell passes every word of a copied command unchanged', () => {
  const words = ["it's", '$HOME `id` "x"', '', '*', 'a\nb', '#9', '~', '\\', '-n', 'plain']
  const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`
  const passed = String(execFileSync('sh', ['-c', script]))
    .split('\0')
    .slice(0, -1)
  assert.deepEqual(passed, words)
})

test('[UI23] a copied command has the target, the selector, the arguments and the intent', () => {
  assert.equal(showCommand('#9'), "batos show '#9'")
  assert.equal(
    sendCommand('genesis', 'greet:', ['Ada', 42, '42', { $ref: '#9' }, '--x'], 'be kind'),
    `batos send genesis greet: Ada 42 '"42"' '{"$ref":"#9"}' '"--x"' --intent 'be kind'`,
  )
})
