// Owns: the tests of what may never end, as a source shows it, each beside what is like it and ends.
// Leaves: that such a draft is refused to governance.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod } from './compile.ts'

function facts(body: string) {
  const made = compileMethod(`function f(self, n, list, text) { ${body} }`)
  if ('problems' in made) assert.fail(made.problems[0]?.message)
  return made.facts
}

const ENDLESS = [
  'while (true) { n++ } return n',
  'while (1 === 1) { self.total += n } return self.total',
  'while (!0) n++',
  'for (;;) { n += 1 } return self.total',
  'do { n++ } while (1 < 2)',
  'while (true || n) n++',
  'for (let i = 0; i >= 0; i++) self.total += i; return self.total',
  'for (let i = 10; i < 20; i -= 1) n++',
  'let k = 0; while (k < 10) { self.total += 1 } return k',
  'while (n > 0) { self.total += n } return self.total',
  'for (const x of list) { list.push(x) } return list',
  'for (const x of self.items) self.items.push(x)',
  'while (true) { for (const x of list) { if (x) break } } return n',
  'while (true) { list.map((x) => { return x }) }',
  'while (true) { switch (n) { case 1: break } }',
]

const ENDING = [
  'while (true) { if (n > 3) return n; n++ }',
  'while (true) { if (n > 3) break; n++ } return n',
  'for (;;) { if (n++ > 3) throw new Error("no") }',
  'outer: while (true) { for (const x of list) { if (x) break outer } }',
  'outer: for (const x of list) { while (true) { continue outer } }',
  'for (let i = 0; i < 10; i++) n += i; return n',
  'for (let i = 10; i >= 0; i--) n += i; return n',
  'for (let i = 0; i >= 0; i++) { i = -5 }',
  'let k = 0; while (k < 10) { k += 1 } return k',
  'let a = n; let b = 1; while (b) { [a, b] = [b, a % b] } return a',
  'let k = 0; const step = () => { k++ }; while (k < 10) { step() } return k',
  'while (self.items.length > 3) { self.items.pop() }',
  'while (list.length) list.pop()',
  'for (const x of list) { self.items.push(x) } return list',
  'for (const x of list) { if (x > 3) list.push(1) }',
  'for (const x of [...list]) { list.push(x) }',
  'while (false) n++',
]

test('[KN156] a loop that nothing can end is named by its head', () => {
  for (const body of ENDLESS) assert.equal(facts(body).endless.length, 1, body)
  assert.deepEqual(facts('while (true) { n++ }').endless, ['while (true) { n++ }'])
})

test('[KN156] a loop that has a way out is not', () => {
  for (const body of ENDING) assert.deepEqual(facts(body).endless, [], body)
})

test('[KN156] a pattern that backtracks without bound is named, and one that only looks like it is not', () => {
  const slow = ['/(a+)+b/', '/((a+))+b/', '/(\\w+\\s?)+$/', '/(x*)*y/']
  for (const one of slow) assert.deepEqual(facts(`return ${one}.test(text)`).slow, [one], one)
  assert.equal(facts('return new RegExp("(a+)+b").test(text)').slow.length, 1)
  const fast = [
    '/^\\s+|\\s+$/g',
    '/[^,]+(,[^,]+)*/',
    '/^\\d{4}-\\d{2}$/',
    '/(\\d+)\\.(\\d+)/',
    '/\\b\\w+\\b/g',
  ]
  for (const one of fast) assert.deepEqual(facts(`return ${one}.test(text)`).slow, [], one)
  assert.deepEqual(facts('return new RegExp("(").test(text)').slow, [])
})
