// Owns: the tests of a worker that lies: each lie is refused, changes nothing, and costs nobody but its message.
// Leaves: the lies themselves to liar.fixture.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { MethodRef } from '#objects'
import { spawnNode } from '#powers'
import { faultOf, startKernel } from './kernel.fixture.ts'
import { LIES, startLiar } from './liar.fixture.ts'
import { readFault, readReport } from './verify-report.ts'

/** An awakened image with an object `it`, and a kernel whose worker lies. */
async function withLiar() {
  const store = openMemoryStore()
  const methods = {
    act: 'function act(self) { self.text = "x".repeat(200000); return 1 }',
  }
  const honest = await startKernel({ store, methods })
  await honest.send('act')
  const slot = honest.kernel.head.object(honest.oid('it')).slots.find(({ name }) => name === 'act')
  await honest.close()
  const method = slot?.value instanceof MethodRef ? slot.value.oid : 0
  assert.ok(method > 0)
  const t = await startKernel({
    store,
    silence: 300,
    spawn: (entry, options) =>
      entry.includes('sandbox/worker') ? startLiar(method) : spawnNode(entry, options),
  })
  return t
}

const liar = await withLiar()

for (const lie of [...Object.keys(LIES), 'dies', 'never listens', 'says nothing']) {
  test(`[KN26] a lie is refused, changes nothing and costs nobody else anything: ${lie}`, async () => {
    const before = liar.graph()
    const deaths = liar.endings.length
    const behind = liar.answer('honest')
    const fault = liar.fault(lie)
    const last = liar.answer('honest')
    assert.ok(['METHOD_FAILED', 'FUEL'].includes((await fault).code))
    assert.match((await fault).message, /^the message (ended|kept) its worker/)
    assert.equal(liar.endings.length, deaths + 2)
    assert.deepEqual([(await behind).ok, (await last).ok], [true, true])
    assert.equal(liar.graph(), before)
  })
}

test('[KN24] [KN25] [KN27] [KN28] lies of every kind were told', () => {
  const kinds = ['slot', 'reference', 'name', 'reply', 'fault', 'need', 'frame', 'record']
  for (const kind of kinds)
    assert.ok(
      Object.keys(LIES).some((lie) => lie.includes(kind)),
      kind,
    )
  assert.ok(liar.endings.some(({ detail }) => detail.includes('does not read')))
})

test('[KN26] a worker that ends a batch twice is ended, and what it said first stands', async () => {
  const deaths = liar.endings.length
  assert.equal(await liar.send('ends twice'), null)
  assert.equal(await liar.send('honest'), null)
  assert.equal(liar.endings.length, deaths + 1)
  await liar.close()
})

test('[KN27] a fault is rebuilt from its checked parts, and long sentences are cut', () => {
  const fault = {
    ...faultOf('LIMIT', 'x'.repeat(10_000)),
    extra: () => 1,
    data: { a: [1, 'b', null] },
  }
  const read = readFault(fault)
  assert.deepEqual(Object.keys(read), ['code', 'message', 'remedy', 'retry', 'data'])
  assert.equal(read.message.length, 4_000)
  assert.deepEqual(read.data, { a: [1, 'b', null] })
  for (const wrong of [
    { ...fault, retry: 'always' },
    { ...fault, code: 'lower' },
    { ...fault, data: [1] },
    { ...fault, data: { x: new Map() } },
    { ...fault, data: { x: new Array(2_000).fill(0) } },
  ]) {
    assert.throws(() => readFault(wrong), { message: /.+/ })
  }
})

test('[KN27] a need keeps its parts and nothing else', () => {
  const need = { kind: 'x', receiver: 5, learner: 6, selector: 'fly', args: [1], more: 7 }
  assert.deepEqual(readReport([1, 'need', need]), {
    kind: 'need',
    stale: [],
    need: { kind: 'method', receiver: 5, learner: 6, selector: 'fly', args: [1] },
  })
})
