// Owns: the tests of turns in one batch.
// Leaves: order and durability to sequence.test.ts, thousands of such batches to test/simulation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startKernel } from '../kernel.fixture.ts'

const METHODS = {
  add: 'function add(self, x) { self.list ??= []; self.list.push(x); return self.list.length }',
  half: 'function half(self, x) { self.list ??= []; self.list.push(x); throw new Error("no") }',
  born: 'function born(self, name) { return mirror.bind(name, mirror.clone(self)) }',
}

test('[KN35] a turn that fails hides nothing of what the turns before it in the batch wrote', async () => {
  const t = await startKernel({ methods: METHODS })
  const answers = ['add', 'half', 'add', 'half', 'add'].map((one, i) => t.answer(one, [i]))
  const got = await Promise.all(answers)
  assert.deepEqual(
    got.map(({ ok }) => ok),
    [true, false, true, false, true],
  )
  assert.deepEqual(await t.send('list'), [0, 2, 4])
  await t.close()
})

test('[KN35] an object that was made earlier in the batch is there after a turn that touched it failed', async () => {
  const t = await startKernel({ methods: METHODS })
  await t.put('grow', 'function grow(self, name) { return mirror.object(name).add(1) }')
  await t.put('spoil', 'function spoil(self, name) { return mirror.object(name).half(2) }')
  const answers = [['born'], ['grow'], ['spoil'], ['grow']].map(([one]) =>
    t.answer(one as string, ['child']),
  )
  const got = await Promise.all(answers)
  assert.deepEqual(
    got.map(({ ok }) => ok),
    [true, true, false, true],
  )
  assert.deepEqual(await t.send('list', [], { target: t.oid('child') }), [1, 1])
  assert.deepEqual(t.endings, [])
  await t.close()
})
