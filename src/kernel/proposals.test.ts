// Owns: methods that wait for a person, on the real kernel with a learner that proposes.
// Leaves: drafts and questions to governance; processes that are killed to the journeys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { startKernel, type TestKernel } from './kernel.fixture.ts'
import type { Learner } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { strictest } from './policies.ts'

const SOURCE = 'function fly(self) { return 1 }'

/** A learner that proposes for every need, and counts how often it was asked. */
function proposing(source = SOURCE) {
  const asked: string[] = []
  const learner: Learner = {
    name: 'proposing',
    learn: async ({ need }) => {
      asked.push(need.selector)
      const why = { code: 'policy' as const, sentence: 'a person decides' }
      const drafts = [{ source, votes: 1, reply: 1 }]
      return { kind: 'parked', proposal: { why, drafts, model: 'm', prompt: 'h' } }
    },
  }
  return { learner, asked }
}

const codeOf = (code: string) => (error: unknown) => (error as { code: string }).code === code

/** Resolves with the ids of proposals when so many messages were told that they are parked. */
async function parked(t: TestKernel, count: number): Promise<string[]> {
  for (;;) {
    const ids = t.events.filter(({ kind }) => kind === 'parked').map((one) => String(one.proposal))
    if (ids.length >= count) return ids
    await new Promise((go) => setImmediate(go))
  }
}

test('[KN100] messages with the same need and intent wait for one proposal, and go on when a method is there', async () => {
  const { learner, asked } = proposing()
  const t = await startKernel({ learner })
  const first = t.start('fly')
  await parked(t, 1)
  const second = t.start('fly')
  const ids = await parked(t, 2)
  assert.deepEqual(ids, ['p1', 'p1'])
  assert.deepEqual(asked, ['fly'])
  const proposal = t.kernel.proposals.get('p1')
  assert.equal(proposal.status, 'open')
  assert.equal(t.kernel.status().waiting, 2)
  await t.put('fly', SOURCE)
  assert.ok((await first.answer).ok && (await second.answer).ok)
  assert.equal(t.kernel.proposals.get('p1').status, 'superseded')
  await t.close()
})

test('[KN100] a message that was parked is parked at the next start, no model is asked, and its key has the answer', async () => {
  const store = openMemoryStore()
  const one = await startKernel({ store, learner: proposing().learner })
  void one.start('fly', [], { key: 'k' })
  await parked(one, 1)
  await one.close()
  const { learner, asked } = proposing()
  const two = await startKernel({ store, learner })
  const again = two.start('fly', [], { key: 'k' })
  assert.deepEqual(await parked(two, 1), ['p1'])
  assert.equal(two.kernel.proposals.waitersOf('p1'), 1)
  await two.put('fly', SOURCE)
  assert.ok((await again.answer).ok)
  assert.deepEqual(asked, [])
  assert.equal(await two.send('fly', [], { key: 'k' }), 1)
  await two.close()
})

test('[KN107] whoever follows is told what comes, that one more message waits, and what was decided', async () => {
  const t = await startKernel({ learner: proposing().learner })
  const told: string[] = []
  const stop = t.kernel.proposals.follow(({ id, selector, status }) => {
    told.push(`${id} ${selector} ${status}`)
  })
  const first = t.start('fly')
  await parked(t, 1)
  assert.deepEqual([...new Set(told)], ['p1 fly open'])
  const before = told.length
  const second = t.start('fly')
  await parked(t, 2)
  assert.equal(told.length, before + 1)
  await t.kernel.proposals.reject('p1', 'me', undefined)
  assert.deepEqual(told.slice(before), ['p1 fly open', 'p1 fly rejected'])
  stop()
  await Promise.all([first.answer, second.answer])
  t.start('swim')
  await parked(t, 3)
  assert.equal(told.length, before + 2)
  await t.close()
})

test('[KN101] [KN102] what is rejected ends its messages with a fault that names it, and is decided once', async () => {
  const t = await startKernel({ learner: proposing().learner })
  const sent = t.start('fly')
  await parked(t, 1)
  assert.equal(await t.kernel.proposals.reject('p1', 'me', 'no wings'), 1)
  const answer = await sent.answer
  assert.ok(!answer.ok)
  assert.equal(answer.fault.code, 'POLICY')
  assert.equal(answer.fault.data?.proposal, 'p1')
  assert.match(answer.fault.message, /p1.*no wings/)
  await assert.rejects(t.kernel.proposals.reject('p1', 'me', undefined), codeOf('CONFLICT'))
  assert.throws(() => t.kernel.proposals.get('p2'), codeOf('TARGET_UNKNOWN'))
  assert.throws(() => t.kernel.proposals.get('1'), codeOf('TARGET_UNKNOWN'))
  await t.close()
})

test('[KN14] [KN100] a parked message is ended by its cancel; the proposal stays', async () => {
  const t = await startKernel({ learner: proposing().learner })
  const sent = t.start('fly')
  await parked(t, 1)
  assert.ok(sent.cancel())
  const answer = await sent.answer
  assert.ok(!answer.ok && answer.fault.code === 'CANCELLED')
  assert.equal(t.kernel.proposals.waitersOf('p1'), 0)
  assert.equal(t.kernel.proposals.get('p1').status, 'open')
  await t.close()
})

test('[KN103] so many proposals wait at most: the next is refused, and none is dropped', async () => {
  const { proposalsOpen } = KERNEL_LIMITS
  const budgets = { minute: 2 * proposalsOpen }
  const t = await startKernel({ learner: proposing().learner, budgets })
  for (let i = 0; i < proposalsOpen; i++) t.start(`fly${i}`)
  await parked(t, proposalsOpen)
  const fault = await t.fault('once_more')
  assert.equal(fault.code, 'BUSY')
  assert.match(fault.remedy, /proposal ls/)
  assert.equal(t.kernel.proposals.open, proposalsOpen)
  assert.equal(t.kernel.proposals.get('p1').status, 'open')
  await t.close()
  const large = await startKernel({
    learner: proposing('x'.repeat(KERNEL_LIMITS.proposalsBytes)).learner,
  })
  assert.equal((await large.fault('fly')).code, 'LIMIT')
  await large.close()
})

test('[KN104] answers that people gave are kept by object and selector, and their number is bounded', async () => {
  const t = await startKernel()
  const { examples, head } = t.kernel
  const receiver = t.oid('it')
  const frame = { now: 1, seed: 2 }
  const example = { receiver, sets: [], args: [1], frame, expected: { reply: 3 }, by: 'me' }
  for (let i = 0; i < KERNEL_LIMITS.examples; i++) {
    const write = examples.adding(receiver, 'fly', { ...example, proposal: `p${i}` })
    await head.store.commit({ transactions: [], tables: [write] })
  }
  assert.deepEqual(examples.of(receiver, 'fly')[1], { ...example, proposal: 'p1' })
  assert.equal(examples.of(receiver, 'fly').length, KERNEL_LIMITS.examples)
  assert.deepEqual(examples.of(receiver, 'fl'), [])
  const more = { ...example, proposal: 'p' }
  assert.throws(() => examples.adding(receiver, 'fly', more), codeOf('LIMIT'))
  await t.close()
})

test('[KN105] the strictest policy that matches holds, also at the next start, and auto takes it back', async () => {
  assert.equal(strictest('auto', 'off', undefined, 'review'), 'off')
  const store = openMemoryStore()
  const one = await startKernel({ store, learner: proposing().learner })
  const target = one.oid('it')
  await one.kernel.policies.set({ policy: 'review', selector: 'fly' })
  await one.kernel.policies.set({ policy: 'off', target, selector: 'fly' })
  await one.close()
  const { learner, asked } = proposing()
  const two = await startKernel({ store, learner })
  assert.equal((await two.fault('fly')).code, 'NOT_UNDERSTOOD')
  assert.deepEqual(asked, [])
  await two.kernel.policies.set({ policy: 'auto', target, selector: 'fly' })
  const need = { kind: 'method' as const, receiver: target, learner: target, selector: 'fly' }
  assert.equal(two.kernel.policies.of({ ...need, args: [] }), 'review')
  assert.equal(two.kernel.policies.of({ ...need, selector: 'run', args: [] }), 'auto')
  assert.equal(two.kernel.policies.list().length, 1)
  await two.close()
})
