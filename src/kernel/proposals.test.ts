// Owns: methods that wait for a person, on the real kernel with a learner that proposes.
// Leaves: drafts and questions to governance; processes that are killed to the journeys.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { faultOf, scripted, startKernel, type TestKernel } from './kernel.fixture.ts'
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
  const keep = async (one: number, more: { proposal: string; frame?: typeof frame }) => {
    const write = examples.adding(receiver, 'fly', { ...example, args: [one], ...more })
    await head.store.commit({ transactions: [], tables: [write] })
  }
  for (let i = 0; i < KERNEL_LIMITS.examples; i++) await keep(i, { proposal: `p${i}` })
  assert.deepEqual(examples.of(receiver, 'fly')[1], { ...example, proposal: 'p1' })
  // Two that are under way at once do not take each other's place.
  const writes = [1, 2].map((arg) =>
    examples.adding(receiver, 'walk', { ...example, args: [arg], proposal: 'p' }),
  )
  assert.equal(new Set(writes.map(({ key }) => key)).size, 2)
  // The same call at another moment is answered anew, also where there is no room for another.
  await keep(1, { proposal: 'p99', frame: { now: 9, seed: 9 } })
  assert.equal(examples.of(receiver, 'fly')[1]?.proposal, 'p99')
  assert.equal(examples.of(receiver, 'fly').length, KERNEL_LIMITS.examples)
  assert.deepEqual(examples.of(receiver, 'fl'), [])
  const more = { ...example, args: ['more'], proposal: 'p' }
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

/** A learner none of whose drafts pass, until it is told to propose one. */
function asking() {
  let proposes = false
  const learner: Learner = {
    name: 'asking',
    learn: async ({ need }) => {
      const why = { code: 'undecided' as const, sentence: 'none passed' }
      const drafts = proposes ? [{ source: SOURCE, votes: 1, reply: 1 }] : []
      const proposal = { why, drafts, model: 'm', prompt: 'h' }
      if (proposes) return { kind: 'parked', proposal }
      const fault = faultOf('GENERATION_FAILED', `no draft of ${need.selector} passed`)
      return { kind: 'fault', fault, question: proposal }
    },
  }
  return { learner, propose: () => (proposes = true) }
}

test('[KN160] a need of which no draft passed leaves one question, which its fault names; drafts take its place', async () => {
  const { learner, propose } = asking()
  const t = await startKernel({ learner })
  const fault = await t.fault('fly')
  assert.deepEqual([fault.code, fault.data?.proposal], ['GENERATION_FAILED', 'p1'])
  assert.match(fault.remedy, /batos proposal answer p1 VALUE/)
  // Sent again while it is remembered, and drafted again when the receiver looks otherwise.
  assert.equal((await t.fault('fly')).data?.proposal, 'p1')
  await t.put('other', SOURCE)
  assert.equal((await t.fault('fly')).data?.proposal, 'p1')
  assert.equal(t.kernel.proposals.open, 1)
  propose()
  await t.put('another', SOURCE)
  t.start('fly')
  assert.deepEqual(await parked(t, 1), ['p2'])
  const { status, decided } = t.kernel.proposals.get('p1')
  assert.deepEqual([status, decided?.reason], ['superseded', 'p2 came'])
  await t.close()
})

test('[KN160] a message that a policy of review leaves to a person waits for the question; others end', async () => {
  const t = await startKernel({ learner: asking().learner })
  const waiting = t.start('fly', [], { policy: 'review' })
  assert.deepEqual(await parked(t, 1), ['p1'])
  assert.equal((await t.fault('fly')).code, 'GENERATION_FAILED')
  assert.equal(t.kernel.proposals.waitersOf('p1'), 1)
  assert.ok(waiting.cancel())
  await waiting.answer
  await t.close()
})

test('[KN160] of the questions that nobody waits for the newest stay', async () => {
  const { questionsOpen } = KERNEL_LIMITS
  const t = await startKernel({ learner: asking().learner, budgets: { minute: 99 } })
  for (let i = 0; i < questionsOpen + 2; i++) await t.fault(`fly${i}`)
  assert.equal(t.kernel.proposals.open, questionsOpen)
  assert.equal(t.kernel.proposals.get('p2').status, 'superseded')
  assert.equal(t.kernel.proposals.get('p3').status, 'open')
  await t.close()
})

test('[KN161] what is drawn anew is so at the next start too, and the message that waited is answered once', async () => {
  const store = openMemoryStore()
  const never = new Promise<void>(() => undefined)
  let drafts = 0
  const first = proposing().learner
  const learner: Learner = {
    name: 'slow',
    learn: async (task, bench) => {
      if (++drafts > 1) await never
      return first.learn(task, bench)
    },
  }
  const one = await startKernel({ store, learner })
  void one.start('count_up', [], { key: 'k' })
  await parked(one, 1)
  const writes = [{ table: 'examples' as const, key: 'kept', value: new Uint8Array([1]) }]
  assert.equal(await one.kernel.proposals.drawAnew('p1', 'me', 'because', writes), 1)
  await assert.rejects(one.kernel.proposals.drawAnew('p1', 'me', 'again', []), codeOf('CONFLICT'))
  await one.close()
  assert.ok(store.get('examples', 'kept'))
  const source = 'function count_up(self) { self.count = (self.count ?? 0) + 1; return self.count }'
  const { learner: installs, asked } = scripted({ count_up: source })
  const two = await startKernel({ store, learner: installs })
  assert.equal(two.kernel.proposals.get('p1').decided?.reason, 'because')
  assert.equal(await two.send('count_up', [], { key: 'k' }), 1)
  assert.equal(await two.send('count_up', [], { key: 'k' }), 1)
  assert.deepEqual(asked, ['count_up'])
  await two.close()
})
