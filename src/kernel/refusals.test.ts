// Owns: needs that were not met: refused at once for a while, and what ends that.
// Leaves: how many generations may begin to budgets.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Head } from './head.ts'
import { faultOf, scripted, startKernel, type TestKernel } from './kernel.fixture.ts'
import type { Learner } from './learner.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { Refusals } from './refusals.ts'

/** A kernel that has failed to learn `fly`, and what its model was asked. */
async function failed(): Promise<{ t: TestKernel; asked: string[] }> {
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner })
  await t.fault('fly')
  assert.equal(asked.length, 1)
  return { t, asked }
}

const set = (t: TestKernel, slot: string, value: unknown, target = 'it') =>
  t.kernel.change(
    { kind: 'set', target: t.oid(target), slot, value },
    { author: 'test', note: 'set' },
  )

test('[KN143] [G1] a need that was not met is refused with the reason of then and when it may be tried again', async () => {
  let now = 1_000_000
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner, now: () => now })
  const first = await t.fault('fly')
  assert.equal(first.data?.remembered, undefined)
  now += 5_000
  const second = await t.fault('fly')
  assert.equal(second.code, first.code)
  assert.ok(second.message.startsWith(first.message) && /tried 5 s ago/.test(second.message))
  assert.equal(second.data?.remembered, true)
  assert.equal(second.data?.retryAfter, KERNEL_LIMITS.refusalLife - 5_000)
  assert.deepEqual((t.kernel.status().budgets as { remembered: number }).remembered, 1)
  assert.deepEqual(asked, ['fly'])
  now += KERNEL_LIMITS.refusalLife
  assert.deepEqual((t.kernel.status().budgets as { remembered: number }).remembered, 0)
  await t.fault('fly')
  assert.equal(asked.length, 2)
  await t.close()
})

test('[KN143] other values of the same slots, and other objects, change nothing of it', async () => {
  const { t, asked } = await failed()
  await set(t, 'n', 1)
  await t.fault('fly')
  assert.equal(asked.length, 2)
  await set(t, 'n', 2)
  await t.send('clone:', ['other'], { target: t.oid('genesis') })
  await set(t, 'm', 1, 'other')
  const fault = await t.fault('fly')
  assert.deepEqual([fault.data?.remembered, asked.length], [true, 2])
  await t.close()
})

test('[KN144] [G1] it ends with another shape of the receiver or its parents: slots, kinds of values, methods', async () => {
  const { t, asked } = await failed()
  await t.send('clone:', ['young'])
  let count = asked.length
  const triesAgain = async (target = 'it') => {
    await t.fault('fly', [], { target: t.oid(target) })
    assert.equal(asked.length, ++count)
    await t.fault('fly', [], { target: t.oid(target) })
    assert.equal(asked.length, count)
  }
  await set(t, 'n', null)
  await triesAgain()
  await set(t, 'n', 1)
  await triesAgain()
  await t.put('walk', 'function walk(self) { return 1 }')
  await triesAgain()
  await t.put('walk', 'function walk(self) { return 2 }')
  await triesAgain()
  await t.send('removeSlot:', ['n'])
  await triesAgain()
  await set(t, 'm', 1, 'young')
  await triesAgain('young')
  await t.put('glide', 'function glide(self) { return 1 }')
  await triesAgain('young')
  await t.close()
})

test('[KN144] what changed while a generation ran is another shape than the one it failed with', async () => {
  let fail: () => void = () => undefined
  const failing = new Promise<void>((resolve) => {
    fail = resolve
  })
  const { learner, asked } = scripted({}, () => failing)
  const t = await startKernel({ learner })
  const first = t.start('fly')
  while (t.kernel.status().generating !== 1) await new Promise((go) => setImmediate(go))
  await set(t, 'n', 1)
  fail()
  await first.answer
  await t.fault('fly')
  assert.equal(asked.length, 2)
  await t.close()
})

test('[KN144] it ends with an intent, another intent, and the decision of a person, and only for that method', async () => {
  const { t, asked } = await failed()
  await t.fault('fly', [], { intent: 'rise' })
  await t.fault('fly', [], { intent: 'rise into the air' })
  await t.fault('fly', [], { intent: 'rise' })
  await t.fault('fly')
  assert.equal(asked.length, 3)
  await t.close()
  const proposing: Learner = {
    name: 'proposing',
    learn: async ({ need, intent }) => {
      asked.push(need.selector)
      if (intent === undefined) return { kind: 'fault', fault: faultOf('GENERATION_FAILED', 'no') }
      const why = { code: 'undecided' as const, sentence: 'a person decides' }
      const drafts = [{ source: 'function fly(self) {}', votes: 1, reply: null }]
      return { kind: 'parked', proposal: { why, drafts, model: 'm', prompt: 'h' } }
    },
  }
  const two = await startKernel({ learner: proposing })
  asked.length = 0
  await two.fault('fly')
  await two.fault('swim')
  const parked = two.start('fly', [], { intent: 'rise' })
  while (two.kernel.proposals.open === 0) await new Promise((go) => setImmediate(go))
  await two.fault('fly')
  assert.deepEqual(asked, ['fly', 'swim', 'fly'])
  await two.kernel.proposals.reject('p1', 'me', 'not so')
  await parked.answer
  await two.fault('fly')
  await two.fault('swim')
  assert.deepEqual(asked, ['fly', 'swim', 'fly', 'fly'])
  await two.close()
})

test('[KN143] how many are remembered is bounded: the oldest is forgotten', async () => {
  const t = await startKernel()
  const refusals = new Refusals(new Head(t.kernel.head.store), () => 1_000)
  const receiver = t.oid('it')
  const needOf = (i: number) => {
    return { kind: 'method' as const, receiver, learner: receiver, selector: `m${i}`, args: [] }
  }
  for (let i = 0; i <= KERNEL_LIMITS.refusals; i++) {
    const need = needOf(i)
    refusals.add(need, undefined, refusals.look(need), faultOf('GENERATION_FAILED', 'no'))
  }
  assert.ok(refusals.size <= KERNEL_LIMITS.refusals)
  assert.equal(refusals.of(needOf(0), undefined), undefined)
  assert.equal(refusals.of(needOf(KERNEL_LIMITS.refusals), undefined)?.code, 'GENERATION_FAILED')
  await t.close()
})
