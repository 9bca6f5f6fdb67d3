// Owns: crowds that wait for one method: one generation, with policies, intents and ends of their own.
// Leaves: needs and their records to kernel.test.ts; what may begin to budgets.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { faultOf, holding, startKernel, type TestKernel } from './kernel.fixture.ts'
import type { Learner, LearnOutcome, LearnTask, Workbench } from './learner.ts'

const FLY = 'function fly(self) { return 1 }'

/** A generation as its learner has it, and how to end it. */
interface Asked {
  task: LearnTask
  install(): Promise<void>
  end(outcome: LearnOutcome): void
}

/** A learner whose generations end when the test says so; an abort ends them with a fault. */
function held() {
  const asked: Asked[] = []
  const learner: Learner = {
    name: 'held',
    learn: (task: LearnTask, bench: Workbench) =>
      new Promise((end) => {
        const { selector, learner: holder } = task.need
        const install = async () => {
          if (task.policy !== undefined) return end(proposal('policy'))
          const fields = {
            selector,
            source: FLY,
            comment: '',
            author: task.author,
            version: 1,
            holder,
          }
          await bench.install(fields, null)
          end({ kind: 'installed' })
        }
        const fault = faultOf('CANCELLED', 'aborted')
        task.signal.addEventListener('abort', () => end({ kind: 'fault', fault }))
        asked.push({ task, install, end })
      }),
  }
  return { learner, asked }
}

function proposal(code: 'policy' | 'undecided'): LearnOutcome {
  const why = { code, sentence: 'a person decides' }
  const drafts = [{ source: FLY, votes: 3, reply: 1 }]
  return { kind: 'parked', proposal: { why, drafts, model: 'm', prompt: 'h' } }
}

/** Resolves once something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((go) => setImmediate(go))
}
const waiting = (t: TestKernel, count: number) => until(() => t.kernel.status().waiting === count)
const at = <T>(all: readonly T[], index: number): T => all[index] as T

test('[KN12] a thousand messages for one unknown selector, by several senders: one generation, a thousand answers', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  const answers = Array.from({ length: 1_000 }, (_, i) =>
    t.send('fly', [], { author: `sender ${i % 7}`, ...(i % 3 === 0 ? { key: `k${i}` } : {}) }),
  )
  await waiting(t, 1_000)
  assert.equal(asked.length, 1)
  await at(asked, 0).install()
  assert.deepEqual(new Set(await Promise.all(answers)), new Set([1]))
  assert.deepEqual([asked.length, t.kernel.status().generations], [1, 1])
  await t.close()
})

test('[KN145] a stricter message that joins is answered with what others may have: it is on their account', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  const strict = t.send('fly', [], { policy: 'review', author: 'strict' })
  await waiting(t, 1)
  assert.equal(at(asked, 0).task.policy, 'review')
  assert.equal(at(asked, 0).task.author, 'strict')
  const free = t.send('fly', [], { author: 'free' })
  await waiting(t, 2)
  assert.equal(at(asked, 0).task.policy, undefined)
  assert.equal(at(asked, 0).task.author, 'free')
  const off = await t.fault('fly', [], { policy: 'off' })
  assert.equal(off.code, 'NOT_UNDERSTOOD')
  await at(asked, 0).install()
  assert.deepEqual(await Promise.all([strict, free]), [1, 1])
  assert.equal(await t.send('fly', [], { policy: 'off' }), 1)
  assert.deepEqual(t.kernel.proposals.list(), [])
  await t.close()
})

test('[KN145] when who was free has left, nothing is installed for those who asked for a person', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  const free = t.start('fly')
  await waiting(t, 1)
  const strict = t.start('fly', [], { policy: 'review' })
  await waiting(t, 2)
  free.cancel()
  assert.equal(at(asked, 0).task.signal.aborted, false)
  await at(asked, 0).install()
  await until(() => t.kernel.proposals.open === 1)
  assert.equal(
    t.kernel.head.object(t.oid('it')).slots.some(({ name }) => name === 'fly'),
    false,
  )
  assert.equal(t.kernel.proposals.waitersOf('p1'), 1)
  // Who asks for nobody's decision does not wait for one: what it has installed serves the other too.
  const other = t.send('fly')
  await until(() => asked.length === 2)
  await at(asked, 1).install()
  assert.equal(await other, 1)
  const answer = await strict.answer
  assert.ok(answer.ok)
  assert.equal(t.kernel.proposals.get('p1').status, 'superseded')
  await t.close()
})

test('[KN145] a policy that is set while a generation runs holds for what it comes to', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  t.start('fly')
  await waiting(t, 1)
  await t.kernel.policies.set({ policy: 'review', selector: 'fly' })
  assert.equal(at(asked, 0).task.policy, 'review')
  await at(asked, 0).install()
  await until(() => t.kernel.proposals.open === 1)
  // It is not the senders who asked: everybody waits for the person.
  t.start('fly')
  await until(() => t.kernel.proposals.waitersOf('p1') === 2)
  assert.equal(asked.length, 1)
  await t.close()
})

test('[KN145] of several intents for one selector the first is tried; the others use what was installed', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  const answers = ['rise', 'go up', 'rise'].map((intent) => t.send('fly', [], { intent }))
  await waiting(t, 3)
  assert.deepEqual(
    asked.map(({ task }) => task.intent),
    ['rise'],
  )
  assert.ok(t.events.some(({ detail }) => /another intent/.test(String(detail))))
  await at(asked, 0).install()
  assert.deepEqual(await Promise.all(answers), [1, 1, 1])
  assert.equal(asked.length, 1)
  await t.close()
})

test('[KN145] when the first intent comes to nothing the next is tried: by a fault, by a proposal, by its last cancel', async () => {
  const fault = faultOf('GENERATION_REFUSED', 'no draft')
  for (const end of ['fault', 'proposal', 'cancel'] as const) {
    const { learner, asked } = held()
    const one = await startKernel({ learner })
    const first = one.start('fly', [], { intent: 'rise' })
    await waiting(one, 1)
    const second = one.send('fly', [], { intent: 'go up' })
    await waiting(one, 2)
    if (end === 'fault') at(asked, 0).end({ kind: 'fault', fault })
    else if (end === 'proposal') at(asked, 0).end(proposal('undecided'))
    else first.cancel()
    assert.equal(at(asked, 0).task.signal.aborted, end === 'cancel')
    await until(() => asked.length === 2)
    assert.equal(at(asked, 1).task.intent, 'go up')
    await at(asked, 1).install()
    assert.equal(await second, 1)
    const answer = await first.answer
    const expected = { fault: 'GENERATION_REFUSED', proposal: '', cancel: 'CANCELLED' }
    assert.equal(answer.ok ? '' : answer.fault.code, expected[end])
    await one.close()
  }
})

test('[KN14] [KN12] a crowd of which all leave but one keeps its generation; the last one ends it at once', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  const crowd = Array.from({ length: 20 }, () => t.start('fly'))
  await waiting(t, 20)
  const { signal } = at(asked, 0).task
  for (const sent of crowd.slice(1)) sent.cancel()
  assert.equal(signal.aborted, false)
  at(crowd, 0).cancel()
  assert.equal(signal.aborted, true)
  await until(() => t.kernel.status().generating === 0)
  await t.close()
})

test('[KN14] [KN141] a message that is cancelled before its generation began takes nothing of the budget', async () => {
  const { learner, asked } = held()
  const disk = holding(openMemoryStore())
  const t = await startKernel({ learner, store: disk.store, budgets: { minute: 1 } })
  disk.hold()
  const sent = t.start('fly')
  // Its need is known, and its record is on its way to the disk.
  await until(() => disk.held === 1)
  assert.ok(sent.cancel())
  disk.release()
  await sent.answer
  const again = t.send('fly')
  await until(() => asked.length === 1)
  await at(asked, 0).install()
  assert.equal(await again, 1)
  await t.close()
})

test('[KN12] a method that somebody else put there meanwhile serves those who wait', async () => {
  const { learner, asked } = held()
  const t = await startKernel({ learner })
  const sent = t.send('fly')
  await waiting(t, 1)
  await t.put('fly', 'function fly(self) { return 2 }')
  at(asked, 0).end({ kind: 'fault', fault: faultOf('CONFLICT', 'the slot is there') })
  assert.equal(await sent, 2)
  await t.close()
})
