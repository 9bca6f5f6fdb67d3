// Owns: threads for the load of a machine.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadWatch, othersBetween, threadsFor } from './threads.ts'

test('[MI13] a model gets the cores that others leave, at least one and at most the limit', () => {
  const cases: [cores: number, others: number, threads: number][] = [
    [2, 0, 2],
    [2, 0.4, 2],
    [2, 0.6, 1],
    [2, 2, 1],
    [2, 9, 1],
    [1, 0, 1],
    [16, 0, 8],
    [16, 12, 4],
  ]
  for (const [cores, others, threads] of cases) assert.equal(threadsFor(cores, others), threads)
})

test('[MI13] what this process used itself is not the load of others', () => {
  const before = { at: 0, busy: 10_000, own: 500 }
  assert.equal(othersBetween(before, { at: 1_000, busy: 12_000, own: 2_500 }), 0)
  assert.equal(othersBetween(before, { at: 1_000, busy: 12_000, own: 1_500 }), 1)
  assert.equal(othersBetween(before, { at: 10, busy: 12_000, own: 1_500 }), undefined)
})

test('[MI13] a watch begins with all cores that are allowed', () => {
  const watch = new LoadWatch(() => undefined)
  assert.ok(watch.threads >= 1)
  assert.equal(watch.others, 0)
  watch.stop()
})
