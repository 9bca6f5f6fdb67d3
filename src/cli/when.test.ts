// Owns: the claims about points of time and about `at`.
// Leaves: which transaction a time means to the kernel.
// Laws: CL45.
import assert from 'node:assert/strict'
import test from 'node:test'
import { handed } from './powers.fixture.ts'
import { run } from './run.ts'
import { spanOf, whenOf, withoutAt } from './when.ts'

const now = new Date(2026, 0, 31, 12, 30, 15).getTime()
const local = (...parts: [number, number, number, number?, number?, number?, number?]) => {
  const [year, month, ...rest] = parts
  return new Date(year, month - 1, ...rest).toISOString()
}

test('[CL45] a transaction and a time with a zone stay as they are, and so does what is neither', () => {
  for (const text of ['12', '2026-01-31T09:05:00Z', '2026-01-31T09:05:00+02:00', 'never', '']) {
    assert.equal(whenOf(text, now), text)
  }
})

test('[CL45] a time without a zone is where the person is; a second is all of it, or its start for --since', () => {
  assert.equal(whenOf('2026-01-31 09:05:07', now), local(2026, 1, 31, 9, 5, 7, 999))
  assert.equal(whenOf('2026-01-31 09:05:07', now, true), local(2026, 1, 31, 9, 5, 7))
  assert.equal(whenOf('2026-01-31T09:05:07.250', now), local(2026, 1, 31, 9, 5, 7, 250))
  assert.equal(whenOf('2026-01-31 09:05', now), local(2026, 1, 31, 9, 5))
  assert.equal(whenOf('2026-01-30', now), local(2026, 1, 30))
  assert.equal(whenOf('09:05', now), local(2026, 1, 31, 9, 5))
})

test('[CL45] a span is that long ago', () => {
  assert.equal(whenOf('2h', now), new Date(now - 7_200_000).toISOString())
  assert.equal(whenOf('7d', now), new Date(now - 7 * 86_400_000).toISOString())
})

test('[CL89] a span is days, hours, minutes or 0, and nothing else', () => {
  assert.deepEqual(['0', '7d', '12h', '30m'].map(spanOf), [0, 604_800_000, 43_200_000, 1_800_000])
  for (const text of ['3w', '7', '-1d', '1.5h', 'd', '', '999999d']) {
    assert.equal(spanOf(text), undefined, text)
  }
})

test('[CL45] `at WHEN` before a command is its --at, wherever the common options stand', () => {
  assert.deepEqual(withoutAt(['at', '12', 'show', 'a', '--json']), [
    'show',
    '--at',
    '12',
    'a',
    '--json',
  ])
  assert.deepEqual(withoutAt(['--image', 'at', '--json', 'at', '2h', 'ls']), [
    '--image',
    'at',
    '--json',
    'ls',
    '--at',
    '2h',
  ])
  for (const words of [['at'], ['at', '12'], ['at', '--help'], ['show', 'at', '1', 'ls']]) {
    assert.deepEqual(withoutAt(words), words)
  }
})

test('[CL45] `at` asks the command about then, and says which commands have no past', async () => {
  const asked: unknown[] = []
  const request = async (op: string, fields: Record<string, unknown> = {}) => {
    if (op !== 'HelloCommand') asked.push(fields)
    return { objects: [], entries: [] }
  }
  const ran = async (...words: string[]) => {
    const hands = handed({ words, world: () => ({ request }) })
    return { code: await run(hands.powers), err: hands.err() }
  }
  assert.equal((await ran('at', '12', 'ls', 'x')).code, 0)
  assert.equal((await ran('at', '12', 'history', 'a')).code, 0)
  assert.deepEqual(asked, [
    { prefix: 'x', at: '12' },
    { target: 'a', at: '12', limit: 20 },
  ])
  const refused = await ran('at', '12', 'undo', '3')
  assert.equal(refused.code, 2)
  assert.match(
    refused.err,
    /^FIELD_INVALID: undo cannot be asked about the past\n {2}`at` goes with show/,
  )
  assert.equal((await ran('at', '--help')).code, 0)
})
