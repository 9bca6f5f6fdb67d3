// Owns: methods that wait for a person, from one process to another: parked, killed, accepted, questioned, rejected.
// Leaves: the table and its limits to src/kernel/proposals.test.ts.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kill, Place } from './processes.ts'

const FIXTURE = fileURLToPath(new URL('./proposing-kernel.fixture.ts', import.meta.url))
const ADDS = 'function add(self, n) { self.count += n; return self.count }'
const TELLS = 'function add(self, n) { self.count += n; return n }'
const TWICE = 'function add(self, n) { self.count += n * 2; return n }'

let place: Place
before(() => {
  place = new Place()
})
after(async () => {
  await place[Symbol.asyncDispose]()
})

/** A kernel whose mind says these drafts in order, the last one again and again. */
function kernel(policy: string, ...drafts: string[]): Promise<ChildProcess> {
  return place.startFixture(FIXTURE, [policy, ...drafts])
}

const json = (text: string) => JSON.parse(text) as Record<string, unknown>

async function result(...words: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await place.run([...words, '--json'])
  assert.equal(code, 0, err + out)
  return json(out)
}

/** Sends a message that must be parked; answers the proposal's id. */
async function parks(...words: string[]): Promise<string> {
  const { code, out, err } = await place.run(['send', ...words, '--json'])
  assert.equal(code, 5, err + out)
  const { fault } = json(out) as { fault: { code: string; data: { proposal: string } } }
  assert.equal(fault.code, 'POLICY')
  return fault.data.proposal
}

test('[KN100] [GO22] [CL102] a parked message outlives its kernel, and its key has the answer once another process accepts', async () => {
  const first = await kernel('review', ADDS)
  await result('send', 'genesis', 'clone:', 'counter')
  await result('send', 'counter', 'setSlot:value:', 'count', '0')
  const id = await parks('counter', 'add', '3', '--key', 'once')
  await kill(first)
  // Its mind has nothing to say: whatever is asked of it fails.
  const second = await kernel('review')
  assert.equal(await parks('counter', 'add', '3', '--key', 'once'), id)
  const shown = (await result('proposal', 'show', id)) as { drafts: { source: string }[] }
  assert.equal(shown.drafts[0]?.source, ADDS)
  const done = await result('proposal', 'accept', id)
  assert.equal(done.waiting, 1)
  for (let i = 0; i < 2; i++) {
    assert.equal((await result('send', 'counter', 'add', '3', '--key', 'once')).result, 3)
  }
  assert.equal((await result('send', 'counter', 'count')).result, 3)
  const { slots } = (await result('show', 'counter')) as { slots: Record<string, unknown>[] }
  assert.equal(slots.find(({ name }) => name === 'add')?.source, ADDS)
  const again = await place.run(['proposal', 'accept', id])
  assert.equal(again.code, 4, again.err)
  assert.equal((await place.run(['proposal', 'show', 'p99'])).code, 3)
  assert.equal((await place.run(['proposal', 'reject', 'nonsense'])).code, 3)
  await kill(second)
})

test('[GO20] [GO21] drafts that disagree make a question; its answer is kept, and refuses later drafts that answer otherwise', async () => {
  const asking = await kernel('auto', ADDS, TELLS, ADDS, TELLS, TWICE)
  await result('send', 'genesis', 'clone:', 'tally')
  await result('send', 'tally', 'setSlot:value:', 'count', '1')
  const id = await parks('tally', 'add', '3')
  const shown = (await result('proposal', 'show', id)) as {
    why: { code: string }
    question: { options: { draft: number; text: string }[] }
  }
  assert.equal(shown.why.code, 'undecided')
  const texts = shown.question.options.map(({ text }) => text)
  assert.deepEqual(texts.toSorted(), ['answers 3', 'answers 4'])
  const draft = shown.question.options.find(({ text }) => text === 'answers 4')?.draft
  const done = await result('proposal', 'accept', id, '--draft', String(draft))
  assert.equal(done.example, true)
  assert.equal((await result('send', 'tally', 'count')).result, 4)
  await result('send', 'tally', 'removeSlot:', 'add')
  await kill(asking)

  const contradicting = await kernel('auto', TELLS)
  const refused = await place.run(['send', 'tally', 'add', '5', '--json'])
  assert.equal(refused.code, 7, refused.out)
  const { fault } = json(refused.out) as { fault: { data: { tried: { gate: string }[] } } }
  for (const { gate } of fault.data.tried) assert.equal(gate, 'examples')
  await kill(contradicting)

  const agreeing = await kernel('auto', ADDS)
  assert.equal((await result('send', 'tally', 'add', '5')).result, 9)
  await kill(agreeing)
})

test('[CL103] a person’s own source answers who waits, once it passes what a person’s methods must', async () => {
  const child = await kernel('review', ADDS)
  await result('send', 'genesis', 'clone:', 'till')
  await result('send', 'till', 'setSlot:value:', 'count', '0')
  const id = await parks('till', 'add', '3', '--key', 'own')
  const file = join(place.image, 'mine.ts')
  writeFileSync(file, 'function add(self, n) { return self.count += ')
  const broken = await place.run(['proposal', 'accept', id, '--source', file])
  assert.notEqual(broken.code, 0)
  assert.equal(await parks('till', 'add', '3', '--key', 'own'), id)
  const own = 'function add(self, n) { self.count += n * 10; return self.count }'
  writeFileSync(file, own)
  await result('proposal', 'accept', id, '--source', file)
  assert.equal((await result('send', 'till', 'add', '3', '--key', 'own')).result, 30)
  const { slots } = (await result('show', 'till')) as { slots: Record<string, unknown>[] }
  assert.equal(slots.find(({ name }) => name === 'add')?.source, own)
  await kill(child)
})

test('[KN102] [KN105] under a policy of its own an object learns nothing by itself; what is rejected ends who waited', async () => {
  const child = await kernel('auto', 'function rest(self) { return 1 }')
  await result('send', 'genesis', 'clone:', 'careful')
  await result('policy', 'review', 'careful')
  const id = await parks('careful', 'rest', '--key', 'r')
  const rejected = await place.run(['proposal', 'reject', id, '--reason', 'not so', '--json'])
  assert.deepEqual(json(rejected.out), { waiting: 1 })
  const sent = await place.run(['send', 'careful', 'rest', '--key', 'r', '--json'])
  const { fault } = json(sent.out) as { fault: { code: string; data: { proposal: string } } }
  assert.deepEqual([fault.code, fault.data.proposal, sent.code], ['POLICY', id, 5])
  const { proposals } = (await result('proposal', 'ls')) as {
    proposals: { id: string; status: string }[]
  }
  assert.equal(proposals.find((one) => one.id === id)?.status, 'rejected')
  await kill(child)
})
