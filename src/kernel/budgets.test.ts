// Owns: how many generations may begin: for one message, within a minute, of one method; also from one kernel to the next.
// Leaves: who waits for a generation to generations.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { Budgets } from './budgets.ts'
import { scripted, startKernel } from './kernel.fixture.ts'
import { KERNEL_LIMITS } from './limits.ts'

const STORM = `function storm(self) {
  let caught = 0
  for (let i = 0; i < 1000; i++) try { self['missing' + i]() } catch (e) { caught++ }
  return caught
}`
const budgetsOf = (status: Record<string, unknown>) =>
  status.budgets as { minute: { used: number; left: number } }

test('[KN140] [G1] a message that calls a thousand unknown selectors is ended by its budget, whether they are learnt or not', async () => {
  const sources = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [
      `missing${i}`,
      `function missing${i}(self) { return ${i} }`,
    ]),
  )
  for (const learnt of [{}, sources]) {
    const { learner, asked } = scripted(learnt)
    const t = await startKernel({ learner, methods: { storm: STORM } })
    const fault = await t.fault('storm')
    const { generationsMessage: limit } = KERNEL_LIMITS
    assert.equal(fault.code, 'GENERATION_REFUSED')
    assert.deepEqual([fault.data?.budget, fault.data?.limit], ['message', limit])
    assert.equal(asked.length, limit)
    assert.deepEqual(t.kernel.status().pending, 0)
    await t.close()
  }
})

test('[KN140] what a message has begun is counted on when a kernel takes it up again', async () => {
  const store = openMemoryStore()
  const asked: string[] = []
  const never = () => new Promise<never>(() => undefined)
  const budgets = { message: 2 }
  for (let start = 1; start <= 3; start++) {
    const learner = {
      name: 'endless',
      learn: ({ need }: { need: { selector: string } }) => {
        asked.push(need.selector)
        return never()
      },
    }
    const t = await startKernel({ store, learner, budgets })
    const sent = t.start('fly', [], { key: 'k' })
    if (start < 3) {
      while (asked.length < start) await new Promise((go) => setImmediate(go))
      await t.close()
      continue
    }
    const answer = await sent.answer
    assert.ok(!answer.ok)
    assert.deepEqual(
      [answer.fault.code, answer.fault.data?.budget],
      ['GENERATION_REFUSED', 'message'],
    )
    await t.close()
  }
  assert.deepEqual(asked, ['fly', 'fly'])
})

test('[KN141] [G1] so many generations begin within a minute; the next message is told when to come again', async () => {
  let now = 1_000_000
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner, now: () => now, budgets: { minute: 2 } })
  assert.deepEqual(budgetsOf(t.kernel.status()).minute, {
    used: 0,
    left: 2,
    limit: 2,
    window: 60_000,
  })
  await t.fault('one')
  now += 10_000
  await t.fault('two')
  const fault = await t.fault('three', [], { key: 'k' })
  assert.deepEqual([fault.code, fault.retry, fault.data?.budget], ['BUSY', 'later', 'minute'])
  assert.equal(fault.data?.retryAfter, 50_000)
  assert.deepEqual(budgetsOf(t.kernel.status()).minute, {
    used: 2,
    left: 0,
    limit: 2,
    window: 60_000,
  })
  now += 50_000
  assert.equal((await t.fault('three', [], { key: 'k' })).code, 'GENERATION_REFUSED')
  assert.deepEqual(asked, ['one', 'two', 'three'])
  await t.close()
})

test('[KN141] a new kernel on the image counts on where the last one was; a clock that was set back blocks nobody', async () => {
  const store = openMemoryStore()
  let now = 1_000_000
  const options = { store, now: () => now, budgets: { minute: 2 } }
  for (const selector of ['one', 'two']) {
    const t = await startKernel({ ...options, learner: scripted({}).learner })
    await t.fault(selector)
    await t.close()
  }
  const { learner, asked } = scripted({})
  const t = await startKernel({ ...options, learner })
  assert.equal((await t.fault('three')).code, 'BUSY')
  now -= 500_000
  assert.equal((await t.fault('three')).code, 'GENERATION_REFUSED')
  assert.deepEqual(asked, ['three'])
  await t.close()
  const facts = store.scan('facts').filter(({ key }) => key.startsWith('generation/'))
  // Those that count no more are gone: what is kept is bounded by what may begin.
  assert.equal(facts.length, 1)
})

test('[KN141] [G1] a message that joins a generation, or is refused, takes nothing of the budget', async () => {
  const { learner, asked } = scripted({ fly: 'function fly(self) { return 1 }' })
  const t = await startKernel({ learner, budgets: { minute: 1 } })
  const crowd = await Promise.all(Array.from({ length: 50 }, () => t.send('fly')))
  assert.deepEqual([new Set(crowd), asked], [new Set([1]), ['fly']])
  await t.close()
})

test('[KN142] [G1] one method is begun so often within a while, whatever the intents, until a person decides', async () => {
  let now = 1_000_000
  const { learner, asked } = scripted({})
  const t = await startKernel({ learner, now: () => now, budgets: { method: 3 } })
  for (const intent of ['a', 'b', 'c']) await t.fault('fly', [], { intent })
  const fault = await t.fault('fly', [], { intent: 'd' })
  assert.deepEqual(
    [fault.code, fault.data?.budget, fault.data?.used],
    ['GENERATION_REFUSED', 'method', 3],
  )
  assert.equal(fault.data?.retryAfter, KERNEL_LIMITS.generationsSpan)
  assert.equal(asked.length, 3)
  await t.fault('swim')
  now += KERNEL_LIMITS.generationsSpan
  await t.fault('fly', [], { intent: 'd' })
  assert.equal(asked.length, 5)
  await t.close()
  const need = { kind: 'method' as const, receiver: 1, learner: 1, selector: 'fly', args: [] }
  const budgets = new Budgets(openMemoryStore(), () => now, { method: 1 })
  budgets.begin(need)
  assert.equal(budgets.ofMethod(need)?.code, 'GENERATION_REFUSED')
  budgets.forgive(need)
  assert.equal(budgets.ofMethod(need), undefined)
  assert.equal(budgets.status.minute?.used, 1)
})
