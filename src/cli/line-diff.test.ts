// Owns: the claims about texts beside each other.
// Leaves: how they are shown to diff-text.test.ts.
// Laws: CL87.
import assert from 'node:assert/strict'
import test from 'node:test'
import { lineDiff } from './line-diff.ts'

const lines = (count: number, change: (n: number) => string | undefined = String) =>
  Array.from({ length: count }, (_, index) => change(index + 1))
    .filter((line) => line !== undefined)
    .map((line) => `${line}\n`)
    .join('')

const shown = (before: string, after: string) =>
  lineDiff(before, after).map(({ sign, text }) => (sign === '@' ? text : sign + text))

/** Makes the second text out of the first and the diff, as `patch` does. */
function patched(before: string, after: string): string {
  const old = before.split('\n')
  const out: string[] = []
  let at = 0
  for (const { sign, text } of lineDiff(before, after)) {
    if (sign === '@') {
      const [, first = '', count] = /^@@ -(\d+)(?:,(\d+))? /.exec(text) ?? []
      const start = Number(first) - (count === '0' ? 0 : 1)
      out.push(...old.slice(at, start))
      at = start
    } else if (sign === '+') out.push(text)
    else {
      assert.equal(old[at++], text)
      if (sign === ' ') out.push(text)
    }
  }
  return [...out, ...old.slice(at)].join('\n')
}

test('[CL87] what differs is shown between three lines of what does not, as `diff -u` has it', () => {
  const before = lines(12)
  const after = lines(12, (n) => (n === 6 ? 'six' : String(n)))
  assert.deepEqual(shown(before, after), [
    '@@ -3,7 +3,7 @@',
    ' 3',
    ' 4',
    ' 5',
    '-6',
    '+six',
    ' 7',
    ' 8',
    ' 9',
  ])
  assert.deepEqual(shown(before, before), [])
  assert.deepEqual(shown('', 'a\nb\n'), ['@@ -0,0 +1,2 @@', '+a', '+b'])
  assert.deepEqual(shown('a\n', ''), ['@@ -1 +0,0 @@', '-a'])
})

test('[CL87] differences far from each other are parts of their own, near ones are one', () => {
  const before = lines(40)
  const far = lines(40, (n) => (n === 5 || n === 30 ? `${n}!` : String(n)))
  assert.deepEqual(
    shown(before, far).filter((line) => line.startsWith('@')),
    ['@@ -2,7 +2,7 @@', '@@ -27,7 +27,7 @@'],
  )
  const near = lines(40, (n) => (n === 5 || n === 10 ? undefined : String(n)))
  assert.deepEqual(
    shown(before, near).filter((line) => line.startsWith('@')),
    ['@@ -2,12 +2,10 @@'],
  )
})

test('[CL87] the first text and the diff give the second, whatever they are', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  for (let round = 0; round < 200; round++) {
    const text = () => lines(random(30), () => `line ${random(6)}`)
    const [before, after] = [text(), text()]
    assert.equal(patched(before, after), after, JSON.stringify([before, after]))
  }
})

test('[CL87] texts too long to be compared are shown as replaced, not for ever', () => {
  const [before, after] = [lines(3_000, (n) => `a${n}`), lines(3_000, (n) => `b${n}`)]
  assert.equal(lineDiff(before, after).length, 6_001)
})
