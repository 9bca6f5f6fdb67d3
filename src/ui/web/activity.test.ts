// Owns: what is kept of a message while it is learnt.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireEvent } from '#protocol'
import { Activity, addEvent, type Step } from './activity.ts'
import type { Connection, NewsEvent } from './connection.ts'
import { newsText } from './news.ts'

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

test('[UI44] what happens to a method is told in words, newest first; what comes to wait is listed elsewhere', () => {
  const activity = new Activity({} as Connection, () => {})
  const method = { holder: '#9', selector: 'half' }
  const events: NewsEvent[] = [
    { kind: 'proposal', proposal: 'p1', status: 'open', ...method },
    { kind: 'proposal', proposal: 'p1', status: 'accepted', ...method },
    { kind: 'rolled-back', version: 2, reason: 'it failed', to: 1, ...method },
    { kind: 'rolled-back', version: 1, reason: '', ...method },
    { kind: 'quarantined', version: 3, reason: 'it killed two workers', ...method },
  ]
  for (const event of events) activity.tell(event)
  assert.deepEqual(
    activity.news.map(({ event }) => newsText(event)),
    [
      'Version 3 does not run any more: it killed two workers.',
      'Version 1 was taken out. Nothing is in its place.',
      'Version 2 was taken out: it failed. Version 1 is back.',
      'Proposal p1 is accepted.',
    ],
  )
  activity.clear()
  assert.deepEqual(activity.news, [])
})
