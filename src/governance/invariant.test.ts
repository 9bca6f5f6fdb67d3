// Owns: the tests of invariants: when they bind a draft, and that an object without one is tried as ever.
// Leaves: asking one in a trial to the kernel's trial.test.ts.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Revision } from '#image'
import { methodFields } from '#kernel'
import { MethodRef } from '#objects'
import { planUndo, swapMethod, undoPlanned } from './index.ts'
import { caseFor, gateOf } from './trying.fixture.ts'
import { openTestWorld } from './world.fixture.ts'

const t = await openTestWorld()
after(() => t.close())
await t.send('setSlot:value:', ['balance', 10])
await t.send('setSlot:value:', ['log', []])

const CAREFUL =
  "function pay(self, n) { if (n > self.balance || n < 0) throw new Error('no'); self.balance -= n; return self.balance }"
const CARELESS = 'function pay(self, n) { self.balance -= n; return self.balance }'
const SOUND =
  "function invariant(self) { return self.balance >= 0 ? true : 'the balance is never below 0' }"
const pay = { selector: 'pay', args: [3] }

test('[GO63] [G11] an object without an invariant is tried as ever', async () => {
  assert.equal(await gateOf(t, pay, CARELESS), undefined)
})

test('[GO63] [G11] a draft that breaks an invariant on any probe on which it held is refused, and says which', async () => {
  await t.give('invariant', SOUND)
  const refusal = await caseFor(t, pay).consider(CARELESS)
  assert.ok('gate' in refusal)
  assert.equal(refusal.gate, 'invariant')
  assert.match(
    refusal.sentence,
    /^with .+ and arguments \(.+\) it breaks the object's invariant: the balance is never below 0$/,
  )
  // Where it held not, nothing is asked: probes put the object into states that it never has.
  assert.equal(await gateOf(t, pay, CAREFUL), undefined)
  const mend =
    'function mend(self, n) { if (self.balance < 0) self.balance += n; return self.balance }'
  assert.equal(await gateOf(t, { selector: 'mend', args: [1] }, mend), undefined)
})

test('[GO63] [G11] an invariant that fails after a call does not hold, and the next version of itself is not asked for', async () => {
  await t.give(
    'invariant',
    "function invariant(self) { if (self.balance < 0) throw new Error('below 0'); return true }",
  )
  assert.equal(await gateOf(t, pay, CARELESS), 'invariant')
  assert.equal(await gateOf(t, pay, CAREFUL), undefined)
  const other = 'function invariant(self) { return self.balance > -5 }'
  assert.equal(await gateOf(t, { selector: 'invariant' }, other), undefined)
})

test('[GO63] [G11] a parent’s invariant binds its heirs', async () => {
  await t.send('clone:', ['heir'])
  const heir = { ...pay, receiver: t.oid('heir') }
  assert.equal(await gateOf(t, heir, CARELESS), 'invariant')
  assert.equal(await gateOf(t, heir, CAREFUL), undefined)
})

test('[GO63] [G11] an invariant that a model wrote binds nobody until a person accepts it', async () => {
  const made = { author: 'ann', model: 'tiny', prompt: 'ab12', verdict: { votes: 3, of: 3 } }
  const written = {
    holder: t.oid('it'),
    selector: 'invariant',
    source: SOUND,
    comment: '',
    ...made,
  }
  await swapMethod(t.kernel.workbench, written)
  assert.equal(await gateOf(t, pay, CARELESS), undefined)
  await swapMethod(t.kernel.workbench, {
    ...written,
    author: 'ann',
    model: 'tiny',
    accepted: 'bob',
  })
  assert.equal(await gateOf(t, pay, CARELESS), 'invariant')
})

test('[BR62] [GO63] an undo brings a method back with all of its record, so that an accepted invariant binds again', async () => {
  const made = {
    ...{ author: 'ann', model: 'tiny', persona: 'robin', prompt: 'ab12', seed: 7 },
    ...{ verdict: { votes: 3, of: 3 }, examples: [{ reply: true }] },
    ...{ proposal: 'p7', accepted: 'bob' },
  }
  const holder = t.oid('it')
  await swapMethod(t.kernel.workbench, {
    ...{ holder, selector: 'invariant', source: SOUND, comment: 'said', ...made },
  })
  const recordOf = () => {
    const slot = t.kernel.head.object(holder).slots.find(({ name }) => name === 'invariant')
    assert.ok(slot?.value instanceof MethodRef)
    return methodFields(t.kernel.head.read(slot.value.oid) as Revision)
  }
  const { version: _, previous: __, ...before } = recordOf()
  const { tid } = await t.give('invariant', 'function invariant(self) { return true }')
  assert.equal(await gateOf(t, pay, CARELESS), undefined)
  await undoPlanned(t.kernel, await planUndo(t.kernel, { from: tid, to: tid }), 'ann')
  const { version, previous, ...after } = recordOf()
  assert.deepEqual(after, before)
  assert.ok(version > 1 && previous !== undefined)
  assert.equal(await gateOf(t, pay, CARELESS), 'invariant')
})
