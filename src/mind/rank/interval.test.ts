// Wilson's interval against figures that were worked out elsewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareOf } from './interval.ts'

test('[RK2] the interval is that of Wilson, also for none and for all', () => {
  const rounded = (count: number, of: number) => {
    const { low, high } = shareOf(count, of)
    return [Number(low.toFixed(3)), Number(high.toFixed(3))]
  }
  assert.deepEqual(rounded(0, 55), [0, 0.065])
  assert.deepEqual(rounded(55, 78), [0.596, 0.795])
  assert.deepEqual(rounded(5, 10), [0.237, 0.763])
  assert.deepEqual(rounded(10, 10), [0.722, 1])
  assert.deepEqual(rounded(0, 0), [0, 1])
})
