// Owns: answers of people beyond the drafts, on the real kernel: where there is no room, and what is told of earlier failures.
// Leaves: drawing anew to test/journeys/answering.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KERNEL_LIMITS, type Proposed } from '#kernel'
import { answerProposal } from './answering.ts'
import { lastFailure } from './failures.ts'
import { acceptProposal } from './proposing.ts'
import { swapBack, takeBack } from './swapping.ts'
import { openTestWorld, type TestWorld } from './world.fixture.ts'

const FRAME = { now: 1, seed: 2 }

/** A proposal of `add` at which nobody waits, with a question that draft 0 answers. */
async function proposed(t: TestWorld, args: unknown[] = []): Promise<string> {
  const receiver = t.oid('it')
  const need = { kind: 'method' as const, receiver, learner: receiver, selector: 'add', args }
  const given: Proposed = {
    why: { code: 'undecided', sentence: 'drafts differ' },
    drafts: [{ source: 'function add(self) { return 1 }', votes: 1, reply: 1 }],
    question: { call: { sets: [], args }, options: [{ draft: 0, text: 'answers 1' }] },
    pinned: { call: { receiver, sets: [], args, frame: FRAME }, expected: [{ reply: 1 }] },
    ...{ model: 'm', prompt: 'h' },
  }
  const first = { message: { author: 'ann' } } as Parameters<typeof t.kernel.proposals.propose>[0]
  return (await t.kernel.proposals.propose(first, need, given, [])).id
}

test('[GO84] an answer for which there is no room keeps no method out, and is told; alone it is refused', async () => {
  const t = await openTestWorld()
  const { kernel } = t
  const it = t.oid('it')
  const rest = { receiver: it, sets: [], frame: FRAME, by: 'ann', proposal: 'p' }
  for (let i = 0; i < KERNEL_LIMITS.examples; i++) {
    const example = { ...rest, args: [i], expected: { reply: i } }
    await kernel.keep([kernel.examples.adding(it, 'add', example)])
  }
  const id = await proposed(t)
  const answer = { reply: 5 }
  await assert.rejects(answerProposal(kernel, { id, by: 'ann', answer, draw: true }), {
    code: 'LIMIT',
    remedy: /Accept a draft/,
  })
  assert.ok(kernel.proposals.isOpen(id))
  const done = await acceptProposal(kernel, { id, by: 'ann' })
  assert.equal(done.example, false)
  assert.match(done.unkept ?? '', /^add has 32 answers of people already$/)
  assert.equal(await t.send('add'), 1)
  await t.close()
})

test('[GO81] [KN104] who answers a call again changes the answer, and no second one contradicts it', async () => {
  const t = await openTestWorld()
  const { kernel } = t
  const replies = () => kernel.examples.of(t.oid('it'), 'add').map(({ expected }) => expected)
  const first = await proposed(t, [3])
  await answerProposal(kernel, { id: first, by: 'ann', answer: { reply: 5 }, draw: true })
  const second = await proposed(t, [3])
  const done = await answerProposal(kernel, {
    ...{ id: second, by: 'ann', draw: false },
    answer: { fails: true },
  })
  assert.deepEqual(done, { waiting: 0, example: true, drawn: false })
  assert.deepEqual(replies(), [{ fails: true }])
  // A draft that is one of the options answers the same call.
  assert.equal((await acceptProposal(kernel, { id: second, by: 'ann' })).example, true)
  assert.deepEqual(replies(), [{ reply: 1 }])
  await t.close()
})

test('[GO82] what the system took back and what a person rejected is told with its reason; another choice is not', async () => {
  const t = await openTestWorld()
  const { kernel } = t
  const it = t.oid('it')
  const told = (selector: string) => lastFailure(kernel.workbench, it, selector)
  assert.equal(told('add'), undefined)
  const id = await proposed(t)
  await kernel.proposals.reject(id, 'ann', 'it must charge a fee')
  assert.equal(told('add'), 'a draft of it was rejected: it must charge a fee')
  await t.give('fly', 'function fly(self) { return 1 }')
  await t.give('fly', 'function fly(self) { return 2 }')
  await swapBack(kernel, { target: it, selector: 'fly', by: 'ann' })
  assert.equal(told('fly'), undefined)
  await t.give('run', 'function run(self) { return 1 }')
  const [row] = kernel.versions.of(it, 'run')
  assert.ok(row)
  await takeBack(kernel, row, 'it broke three times')
  assert.equal(told('run'), 'a version of it was taken back: it broke three times')
  await t.close()
})
