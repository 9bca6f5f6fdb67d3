// Owns: what a card follows, what it marks, and how seldom it fetches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FullState, SlotState } from '#protocol'
import { pieces } from './source-code.ts'
import { changedSlots, coalesce, watchedOids } from './world.ts'

function slot(name: string, holder: string, tid: string, value?: unknown): SlotState {
  return { name, holder, tid, kind: name.endsWith('*') ? 'parent' : 'data', value }
}

function state(...slots: SlotState[]): FullState {
  return { oid: '#9', name: null, tid: '7', chain: ['#9', '#8', '#1', '#5'], slots }
}

test('[UI14] a card follows its object and every object of its chain, those that hold nothing too', () => {
  const shown = state(
    slot('parent*', '#9', '1', [{ $ref: '#8' }, { $ref: '#5' }]),
    slot('rate', '#8', '2', 3),
    slot('parent*', '#8', '1', { $ref: '#1' }),
  )
  assert.deepEqual(watchedOids(shown), ['#1', '#5', '#8', '#9'])
})

test('[UI19] a slot is marked when it is new or was written, though its value be the same', () => {
  const before = state(slot('a', '#9', '1', 1), slot('b', '#9', '2', 1), slot('b', '#8', '2', 1))
  const after = state(slot('a', '#9', '1', 1), slot('b', '#9', '3', 1), slot('c', '#9', '3', 1))
  assert.deepEqual(changedSlots(before, after), ['#9 b', '#9 c'])
})

test('[UI15] a thousand changes make one fetch, and one more for those that came meanwhile', async () => {
  const frames: (() => void)[] = []
  let fetches = 0
  let finish = (): void => {}
  const { ask, stop } = coalesce(
    () => {
      fetches++
      return new Promise((resolve) => {
        finish = resolve
      })
    },
    (run) => frames.push(run),
  )
  for (let count = 0; count < 1_000; count++) ask()
  assert.equal(frames.length, 1)
  frames.shift()?.()
  assert.equal(fetches, 1)
  for (let count = 0; count < 1_000; count++) ask()
  assert.equal(frames.length, 0, 'nothing begins while a fetch is under way')
  finish()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(frames.length, 1)
  frames.shift()?.()
  assert.equal(fetches, 2)
  finish()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(frames.length, 0)
  stop()
  ask()
  assert.equal(frames.length, 0)
})

test('[UI27] coloured source has exactly the characters of the source', () => {
  const sources = [
    'function f(self, n: number) {\n  // "no text"\n  return `a ${n} b` + \'c\' + 0x1f\n}',
    '/* open',
    '"open',
    '',
    'x'.repeat(50_000),
    '1 '.repeat(20_000),
  ]
  for (const source of sources) {
    assert.equal(
      pieces(source)
        .map((piece) => piece.text)
        .join(''),
      source,
    )
  }
  assert.deepEqual(
    pieces('return 1 // x').map((piece) => piece.kind),
    ['c-word', '', 'c-number', '', 'c-comment'],
  )
})
