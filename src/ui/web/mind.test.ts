// Owns: when a budget is told of.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireFault } from '#protocol'
import { budgetText } from './mind.ts'

const fault = (data: Record<string, unknown>): WireFault => ({
  code: 'BUSY',
  message: 'as many as may be',
  remedy: '',
  retry: 'later',
  data,
})

const MINUTE = { left: 60, limit: 60, window: 60_000 }

test('[UI48] a budget with much left is not told, one with little left is', () => {
  assert.equal(budgetText([], MINUTE, 0), undefined)
  assert.equal(budgetText([], undefined, 0), undefined)
  const told = budgetText([], { ...MINUTE, left: 3 }, 1_000)
  assert.deepEqual(told, { text: '3 of 60 methods a minute left', until: 61_000 })
})

test('[UI48] what was refused for a budget is told until it may be tried again, and nothing else is', () => {
  const failed = [
    { fault: fault({ budget: 'minute', retryAfter: 500 }), ended: 1_000 },
    { fault: fault({}), ended: 1_000 },
  ]
  const told = budgetText(failed, MINUTE, 1_200)
  assert.deepEqual(told, { text: 'refused: as many as may be', until: 1_500 })
  assert.equal(budgetText(failed, MINUTE, 1_500), undefined)
  assert.equal(budgetText(failed.slice(1), MINUTE, 1_200), undefined)
})
