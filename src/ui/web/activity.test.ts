// Owns: what is kept of a message while it is learnt.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addEvent, type Step } from './activity.ts'

test('[UI16] steps stand in the order of the events, and tokens join their draft', () => {
  const steps: Step[] = []
  addEvent(steps, { kind: 'queued' })
  addEvent(steps, { kind: 'drafting', model: 'm', attempt: 1 })
  addEvent(steps, { kind: 'token', text: 'return ' })
  addEvent(steps, { kind: 'token', text: '1' })
  addEvent(steps, { kind: 'trial', attempt: 1, ok: false, detail: 'no', source: 's' })
  addEvent(steps, { kind: 'drafting', model: 'm', attempt: 2 })
  addEvent(steps, { kind: 'token', text: 'return 2' })
  assert.deepEqual(
    steps.map((step) => (step.kind === 'drafting' ? step.text : step.kind)),
    ['queued', 'return 1', 'trial', 'return 2'],
  )
})

test('[UI16] tokens without a draft begin one, and no draft grows without end', () => {
  const steps: Step[] = []
  for (let count = 0; count < 100; count++) {
    addEvent(steps, { kind: 'token', text: 'x'.repeat(1_000) })
  }
  assert.equal(steps.length, 1)
  const draft = steps[0]
  assert.ok(draft?.kind === 'drafting')
  assert.ok(draft.text.length >= 65_536 && draft.text.length < 70_000)
})
