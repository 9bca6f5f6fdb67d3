// Owns: the tests of giving a method that takes the place of another: what people said, what is told, what is overruled.
// Leaves: the comparison of drafts to replacing.test.ts; the wire and the command line to their folders.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Fault } from '#ground'
import { type Given, giveMethod, versionsOf } from './index.ts'
import { openTestWorld } from './world.fixture.ts'

const t = await openTestWorld()
after(() => t.close())
await t.send('setSlot:value:', ['balance', 10])

const ADD = 'function add(self, n) { self.balance += n; return self.balance }'
const HALF = 'function half(self, n) { return n / 2 }'

/** Gives `it` a method as a person does who wants to know what speaks against it. */
function give(selector: string, source: string, more: Partial<Given> = {}) {
  const how = { anyway: false, preview: false, author: 'ann', comment: '' }
  return giveMethod(t.kernel, { holder: t.oid('it'), selector, source, ...how, ...more })
}

/** A person has answered what the call with 6 comes to. */
async function answered(selector: string, reply: unknown): Promise<void> {
  const it = t.oid('it')
  const pinned = { receiver: it, sets: [], args: [6], frame: { now: 1, seed: 1 } }
  const example = { ...pinned, expected: { reply }, by: 'ann', proposal: 'p1' }
  await t.kernel.keep([t.kernel.examples.adding(it, selector, example)])
}

const standing = (selector: string) =>
  versionsOf(t.kernel, t.oid('it'), selector).map(({ version, state, current }) => [
    version,
    current ? `${state}, in the slot` : state,
  ])

test('[GO69] a broken invariant is told, with the call, and what is called off is not given', async () => {
  const spend = 'function spend(self, n) { return self.balance < n ? 0 : (self.balance -= n) }'
  await give(
    'invariant',
    "function invariant(self) { return self.balance >= 0 ? true : 'below 0' }",
  )
  await give('spend', spend)
  const bare = 'function spend(self, n) { return self.balance -= n }'
  const before = () => {
    throw new Error('called off')
  }
  await assert.rejects(give('spend', bare, { before }), /called off/)
  assert.equal(standing('spend').length, 1)
  const { warnings = [] } = await give('spend', bare)
  assert.match(warnings[0] ?? '', /it breaks the object's invariant: below 0$/)
})

test('[GO68] where nothing is in place a method is given as ever', async () => {
  const done = await give('add', ADD)
  assert.deepEqual([done.version, done.compared, done.warnings], [1, 0, undefined])
  assert.equal(await t.send('add', [5]), 15)
})

test('[GO69] what a replacement does otherwise is told with a call, and it is in place', async () => {
  const done = await give('add', ADD.replace('return self.balance', 'return n'))
  assert.equal(done.version, 2)
  assert.ok(done.compared > 20, String(done.compared))
  const [warning = ''] = done.warnings ?? []
  assert.match(
    warning,
    /^\d+ of \d+ calls come to something else: with .* it answers 7; the version in place answers 22$/,
  )
  assert.equal(await t.send('add', [5]), 5)
})

test('[GO69] a replacement that does the same is given without a word, however it is written', async () => {
  await give('twice', 'function twice(self, n) { return n * 2 }')
  const done = await give('twice', 'function twice(self, n) { return n + n }')
  assert.deepEqual([done.version, done.warnings], [2, undefined])
  assert.ok(done.compared > 20)
})

test('[GO69] more than twice the steps are told, and refuse nothing', async () => {
  const loop = (rounds: number) =>
    `function turns(self, n) { let k = 0; for (let i = 0; i < ${rounds}; i++) k += 1; return k > 0 ? n : 0 }`
  await give('turns', loop(2_000))
  const done = await give('turns', loop(5_000))
  assert.match(done.warnings?.[0] ?? '', /^it takes \d+ steps for \d+ calls that take the version/)
  assert.equal(done.version, 2)
})

test('[GO69] arguments are texts where the version in place breaks on numbers', async () => {
  await give('shout', 'function shout(self, word) { return word.toUpperCase() }')
  const done = await give('shout', 'function shout(self, word) { return word.toUpperCase() + "!" }')
  assert.match(
    done.warnings?.[0] ?? '',
    /\("fig"\) it answers "FIG!"; the version in place answers "FIG"/,
  )
})

test('[GO68] a replacement that does not give an answer of a person is refused, and nothing changes', async () => {
  await give('half', HALF)
  await answered('half', 3)
  const other = give('half', HALF.replace('n / 2', 'n / 3'))
  await assert.rejects(other, (fault: Fault) => {
    assert.equal(fault.code, 'POLICY')
    assert.match(
      fault.message,
      /arguments \(6\) it must answer 3, as a person said, and it answers 2$/,
    )
    assert.match(fault.remedy, /batos method --anyway/)
    assert.deepEqual((fault.data?.unlike as string[]).length, 1)
    return true
  })
  assert.deepEqual(standing('half'), [[1, 'durable, in the slot']])
  const same = await give('half', HALF.replace('n / 2', '0.5 * n'))
  assert.deepEqual([same.version, same.overruled], [2, undefined])
})

test('[GO68] the person overrules an answer: the version says so, stays, and is not taken back', async () => {
  const done = await give('half', HALF.replace('n / 2', 'n / 3'), { anyway: true })
  assert.equal(done.version, 3)
  assert.match(done.overruled?.[0] ?? '', /it must answer 3/)
  await t.probation.idle()
  assert.deepEqual(standing('half').at(-1), [3, 'durable, in the slot'])
  assert.equal(await t.send('half', [6]), 2)
  const [, , third] = versionsOf(t.kernel, t.oid('it'), 'half')
  assert.match(
    third?.row?.decided?.reason ?? '',
    /^given although .* it must answer 3, as a person said/,
  )
  assert.equal(third?.row?.decided?.by, 'ann')
  assert.match(third?.method?.verdict?.overruled?.[0] ?? '', /it must answer 3/)
})

test('[GO68] answers are asked also where no method is in place any more', async () => {
  await answered('gone', 1)
  await assert.rejects(give('gone', 'function gone(self, n) { return 2 }'), { code: 'POLICY' })
  assert.equal((await give('gone', 'function gone(self, n) { return 1 }')).version, 1)
})

test('[GO68] data is not replaced by a method unless the person says so', async () => {
  await t.send('setSlot:value:', ['note', 'mine'])
  const source = 'function note(self) { return 1 }'
  await assert.rejects(give('note', source), { code: 'POLICY', message: /note holds "mine"/ })
  assert.equal(await t.send('note'), 'mine')
  await give('note', source, { anyway: true })
  assert.equal(await t.send('note'), 1)
})

test('[GO73] a preview says what giving would say, or faults as it would, and changes nothing', async () => {
  const before = t.kernel.head.tid
  const preview = { preview: true }
  const told = await give('twice', 'function twice(self, n) { return n * 3 }', preview)
  assert.deepEqual([told.tid, told.version], [null, 3])
  assert.match(told.warnings?.[0] ?? '', /calls come to something else/)
  await assert.rejects(give('half', 'function half(self, n) { return 0 }', preview), {
    code: 'POLICY',
  })
  await assert.rejects(give('twice', 'function twice(self { }', preview), { code: 'METHOD_FAILED' })
  await assert.rejects(give('twice', ADD, { ...preview, expect: null }), { code: 'CONFLICT' })
  assert.equal(t.kernel.head.tid, before)
})

test('[GO68] a slot that is not as it was expected is a conflict, before and after', async () => {
  const source = 'function twice(self, n) { return 2 * n }'
  await assert.rejects(give('twice', source, { expect: null }), {
    code: 'CONFLICT',
    message: /it was changed last in \d+/,
  })
  await assert.rejects(give('thrice', source.replace('twice', 'thrice'), { expect: 3 }), {
    code: 'CONFLICT',
    message: /it is not there/,
  })
  const both = await Promise.allSettled([
    give('twice', source),
    give('twice', `${source} // other`),
  ])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})
