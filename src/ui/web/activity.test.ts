// Owns: what is kept of a message while it is learnt.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireEvent } from '#protocol'
import { Activity, addEvent, type Step } from './activity.ts'
import type { Connection } from './connection.ts'

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

test('[UI17] listeners hear once a frame of however many tokens', async () => {
  const frames: (() => void)[] = []
  let event: (event: WireEvent) => void = () => {}
  let answer: (answer: { result: unknown; tid: undefined }) => void = () => {}
  const connection = {
    call: (_op: string, _fields: object, options: { onEvent: typeof event }) => {
      event = options.onEvent
      return { id: 1, answer: new Promise((resolve) => (answer = resolve)) }
    },
  } as unknown as Connection
  const activity = new Activity(connection, (run) => frames.push(run))
  let heard = 0
  activity.listen(() => heard++)
  const outcome = activity.send({ target: 'genesis', selector: 'f', args: [], intent: '' })
  for (let count = 0; count < 1_000; count++) event({ kind: 'token', text: 'x' })
  assert.equal(frames.length, 1)
  frames.shift()?.()
  assert.equal(heard, 1)
  answer({ result: 42, tid: undefined })
  assert.deepEqual(await outcome, { ok: true, answer: 42, tid: undefined })
  assert.equal(frames.length, 1)
  const [entry] = activity.entries
  assert.equal(entry?.state, 'answered')
  assert.equal(entry?.steps[0]?.kind === 'drafting' && entry.steps[0].text.length, 1_000)
})
