// Owns: the tests of invariants on probation: which call takes a version back, and which does not.
// Leaves: invariants in the trial of a draft to invariant.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { swapMethod } from './index.ts'
import { openTestWorld, type TestWorld } from './world.fixture.ts'

const TINY = { model: 'tiny', prompt: 'ab12', verdict: { votes: 3, of: 3 } }
const SOUND =
  "function invariant(self) { return self.balance >= 0 ? true : 'the balance is never below 0' }"
const PAY = 'function pay(self, n) { self.balance -= n; return self.balance }'

async function start(): Promise<TestWorld> {
  const t = await openTestWorld()
  await t.send('setSlot:value:', ['balance', 10])
  await t.give('invariant', SOUND)
  return t
}

const learnt = (t: TestWorld, selector: string, source: string) =>
  swapMethod(t.kernel.workbench, {
    ...{ holder: t.oid('it'), selector, source, comment: '', author: 'ann', ...TINY },
  })

const stateOf = (t: TestWorld, selector: string) =>
  t.kernel.versions.of(t.oid('it'), selector).map(({ state }) => state)

test('[GO64] [GO51] [G18] a version whose call breaks an invariant that held is taken back, with what the invariant says', async () => {
  const t = await start()
  await learnt(t, 'pay', PAY)
  assert.equal(await t.send('pay', [4]), 6)
  await t.probation.idle()
  assert.deepEqual(stateOf(t, 'pay'), ['probation'])
  // The reply is what it is: what is asked about it comes after.
  assert.equal(await t.send('pay', [50]), -44)
  await t.probation.idle()
  assert.deepEqual(stateOf(t, 'pay'), ['rolled-back'])
  assert.match(
    t.notes()[0] ?? '',
    /^system: roll back pay, version 1: pay\(50\) breaks the invariant of it, which held before: the balance is never below 0; it is removed$/,
  )
  assert.equal((await t.fault('pay', [1])).code, 'NOT_UNDERSTOOD')
  await t.close()
})

test('[GO64] the version before comes back, also where many calls came at once and where another method made the call', async () => {
  const t = await start()
  const careful =
    "function pay(self, n) { if (n > self.balance) throw new Error('no'); return (self.balance -= n) }"
  await t.give('pay', careful)
  await t.give('pay', PAY)
  await t.give('twice', 'function twice(self, n) { self.pay(n); return self.pay(n) }')
  await Promise.all([1, 1, 1].map((n) => t.send('pay', [n])).concat(t.send('twice', [40])))
  await t.probation.idle()
  assert.deepEqual(stateOf(t, 'pay'), ['durable', 'rolled-back'])
  assert.match(t.notes()[0] ?? '', /twice\(40\) breaks the invariant of it.*version 1 is back$/)
  await t.close()
})

test('[GO64] [G18] what was broken before a call, and an invariant that binds nobody, take nothing back', async () => {
  const t = await start()
  await learnt(t, 'pay', PAY)
  await t.send('setSlot:value:', ['balance', -1])
  await t.send('pay', [1])
  await t.probation.idle()
  assert.deepEqual(stateOf(t, 'pay'), ['probation'])
  await t.send('setSlot:value:', ['balance', 10])
  await swapMethod(t.kernel.workbench, {
    ...{ holder: t.oid('it'), selector: 'invariant', source: SOUND, comment: '', author: 'ann' },
    ...TINY,
  })
  await t.send('pay', [50])
  await t.probation.idle()
  assert.deepEqual(stateOf(t, 'pay'), ['probation'])
  await t.close()
})

test('[GO64] [GO52] ten calls do not prove a version whose tenth breaks an invariant', async () => {
  const t = await start()
  await learnt(t, 'pay', PAY)
  for (let i = 0; i < 9; i++) await t.send('pay', [1], { session: `s${i % 2}` })
  await t.send('pay', [50], { session: 's1' })
  await t.probation.idle()
  assert.deepEqual(stateOf(t, 'pay'), ['rolled-back'])
  await t.close()
})
