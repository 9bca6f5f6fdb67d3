// Owns: the tests of a worker that lies: each lie is refused, changes nothing, and costs nobody but its message.
// Leaves: the lies themselves to liar.fixture.ts.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { MethodRef } from '#objects'
import { spawnNode } from '#powers'
import type { SpawnChild } from './child.ts'
import { faultOf, startKernel } from './kernel.fixture.ts'
import { readFault, readReport } from './verify-report.ts'

const LIAR = new URL('./liar.fixture.ts', import.meta.url).pathname

/** Starts the liar where a worker was asked for. */
const spawnLiar: SpawnChild = (entry, options) =>
  entry.includes('sandbox/worker')
    ? spawnNode(LIAR, { execArgv: ['--disable-warning=ExperimentalWarning'] })
    : spawnNode(entry, options)

/** An awakened image with an object `it`, and a kernel whose worker lies. */
async function withLiar() {
  const store = openMemoryStore()
  const honest = await startKernel({ store, methods: { act: 'function act(self) { return 1 }' } })
  const slot = honest.kernel.head.object(honest.oid('it')).slots.find(({ name }) => name === 'act')
  await honest.close()
  const t = await startKernel({ store, spawn: spawnLiar })
  return { t, method: slot?.value instanceof MethodRef ? slot.value.oid : 0 }
}

/** The names of the lies, which are the selectors that the liar knows. */
const lies = [...readFileSync(LIAR, 'utf8').matchAll(/^ {2}'([^']+)': (?:\(|async)/gm)].map(
  ([, name]) => name as string,
)

test('[KN24] [KN25] [KN26] [KN27] [KN28] every lie of a worker is refused and changes nothing', async (context) => {
  assert.ok(lies.length > 45)
  const { t, method } = await withLiar()
  const before = t.graph()
  for (const lie of lies) {
    await context.test(`[KN26] ${lie}`, async () => {
      const deaths = t.endings.length
      const behind = t.answer('anything')
      const fault = t.fault(lie)
      const last = t.answer('anything')
      assert.equal((await fault).code, 'METHOD_FAILED')
      assert.match((await fault).message, /^the message ended its worker/)
      assert.equal(t.endings.length, deaths + 2)
      assert.deepEqual([(await behind).ok, (await last).ok], [true, true])
      assert.equal(t.graph(), before)
      assert.equal((await t.answer('method oid', [method])).ok, true)
    })
  }
  await t.close()
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
    need: { kind: 'method', receiver: 5, learner: 6, selector: 'fly', args: [1] },
  })
})
