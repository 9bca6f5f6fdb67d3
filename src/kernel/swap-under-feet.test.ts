// Owns: the tests of methods that are replaced while they run or wait, and of what is counted of them.
// Leaves: what becomes of a version to governance.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MethodRef } from '#objects'
import { startKernel, startOn, type TestKernel, temporaryFolder } from './kernel.fixture.ts'

/** Puts a version behind the one in the slot, which sets it on probation. */
async function replace(t: TestKernel, selector: string, source: string): Promise<void> {
  const holder = t.oid('it')
  const slot = t.kernel.head.object(holder).slots.find(({ name }) => name === selector)
  const previous = (slot?.value as MethodRef).oid
  const { version } = t.kernel.head.method(previous)
  const fields = { selector, source, comment: '', author: 'test', holder, previous }
  await t.kernel.install({ ...fields, version: version + 1 }, slot?.tid ?? null)
}

test('[KN154] P16 a method that is replaced amid its recursion, by another client, ends as it began', async () => {
  const deep = (word: string) =>
    `function deep(self, n) { self.seen ??= []; self.seen.push('${word}'); let s = 0; for (let i = 0; i < 2000; i++) s += i; return n === 0 ? '${word}' : self.deep(n - 1) + '${word}' }`
  const t = await startKernel({ methods: { deep: deep('a') } })
  const running = t.send('deep', [60])
  const replaced = replace(t, 'deep', deep('b'))
  const behind = t.send('deep', [1])
  assert.equal(await running, 'a'.repeat(61))
  await replaced
  assert.ok(['aa', 'bb'].includes((await behind) as string))
  assert.equal(await t.send('deep', [2]), 'bbb')
  // Each message ran in one version from its beginning to its end.
  const seen = ((await t.send('seen')) as string[]).join('')
  assert.match(seen, /^a+b+$/)
  await t.close()
})

test('[KN154] P16 a list that is walked while its maker is replaced is walked to its end', async () => {
  const t = await startKernel({
    methods: {
      parts: 'function parts(self) { return [1, 2, 3] }',
      walk: 'function walk(self) { let s = 0; for (const one of self.parts()) { s += one; for (let i = 0; i < 5000; i++) ; } return s }',
    },
  })
  const first = t.send('walk')
  const replaced = replace(t, 'parts', 'function parts(self) { return [10, 20, 30, 40] }')
  assert.equal(await first, 6)
  await replaced
  assert.equal(await t.send('walk'), 100)
  await t.close()
})

test('[KN151] calls of a method on probation are counted inside other messages and after faults, and no others', async () => {
  const t = await startKernel({
    methods: {
      part: 'function part(self, n) { return n }',
      whole:
        'function whole(self, n) { let s = 0; for (let i = 0; i < n; i++) s += self.part(i); return s }',
      safe: 'function safe(self) { try { return self.part(-1) } catch (e) { return "no" } }',
    },
  })
  await replace(
    t,
    'part',
    'function part(self, n) { if (n < 0) throw new Error("less"); return n }',
  )
  const row = () => t.kernel.versions.find(t.oid('it'), 'part', 2)
  assert.equal(await t.send('whole', [5]), 10)
  assert.equal(await t.send('safe'), 'no')
  assert.match((await t.fault('part', [-1])).message, /less/)
  assert.deepEqual([row()?.calls, row()?.faults], [7, 2])
  assert.ok((row()?.fuel ?? 0) > 0)
  assert.equal(t.kernel.versions.find(t.oid('it'), 'whole', 1)?.calls, 0)
  await t.close()
})

test('[KN150] the row of a version is durable with it, and its counts outlive the kernel', async () => {
  const folder = temporaryFolder()
  const first = await startOn(folder.path, { methods: { one: 'function one(self) { return 1 }' } })
  await replace(first, 'one', 'function one(self) { return 2 }')
  await first.send('one')
  await first.close()
  const second = await startOn(folder.path)
  const row = second.kernel.versions.find(second.oid('it'), 'one', 2)
  assert.deepEqual([row?.state, row?.calls], ['probation', 1])
  await second.send('one')
  assert.equal(row?.calls, 2)
  await second.close()
  folder.remove()
})

test('[KN152] what is quarantined stays so in the next kernel', async () => {
  const folder = temporaryFolder()
  const source = 'function one(self) { return 1 }'
  const first = await startOn(folder.path, { methods: { one: source } })
  const of = { selector: 'one', holder: first.oid('it'), version: 1 }
  const why = { deaths: 2, time: 1, reason: 'it never came to an end' }
  await first.kernel.quarantine.died(source, of, why).kept
  await first.close()
  const second = await startOn(folder.path)
  const fault = await second.fault('one')
  assert.deepEqual([fault.code, fault.data?.version], ['QUARANTINED', 1])
  await second.close()
  folder.remove()
})
