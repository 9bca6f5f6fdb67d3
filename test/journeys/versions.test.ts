// Owns: versions of methods from one process to another: a bad replacement that a person gave goes by itself, and what a
// person can see and say of versions.
// Leaves: each rule alone to src/governance/probation.test.ts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect } from '#batos'
import { Place } from './processes.ts'

let place: Place
before(() => {
  place = new Place()
})
after(() => place[Symbol.asyncDispose]())

async function run(...words: string[]): Promise<string> {
  const { code, out, err } = await place.run(words)
  assert.equal(code, 0, err + out)
  return out.trim() + err
}

test('[GO51] [GO54] [CL130] [CL131] [BR95] a bad replacement that a person gave rolls back by itself, and everybody can see why', async () => {
  const { running, about } = await place.serve()
  const client = await connect(String(about.endpoint), {
    token: String(about.token),
    client: 'ann',
  })
  const events: Record<string, unknown>[] = []
  await client.request('CreateObjectCommand', { name: 'account', slots: { balance: 10 } })
  const give = (source: string) =>
    client.request('CreateMethodCommand', { target: 'account', method_name: 'half', source })
  await give('function half(self, n) { return self.balance / n }')
  await client.subscribe({ target: 'account' }, (event) => void events.push(event))
  const bad = (await give('function half(self, n) { return self.balanse.over(n) }')) as {
    version: number
  }
  assert.equal(bad.version, 2)
  assert.match(await run('source', 'account', 'half'), /version 2 by ann, at \d+, probation/)
  for (const n of ['2', '5'])
    assert.equal((await place.run(['send', 'account', 'half', n])).code, 1)
  const isBack = () => events.find(({ kind }) => kind === 'rolled-back')
  while (isBack() === undefined) await new Promise((resolve) => setImmediate(resolve))
  const { version, to, reason } = isBack() as { version: number; to: number; reason: string }
  assert.deepEqual([version, to], [2, 1])
  assert.match(reason, /failed on 2 of 2 calls that the version before was run on too/)
  assert.equal(await run('send', 'account', 'half', '4'), '2.5')
  const listed = await run('swap', 'ls', 'account', 'half')
  assert.match(listed, /^\* 1 {2}durable {6}/m)
  assert.match(listed, /^ {2}2 {2}rolled-back {2}by ann, at \d+; 2 calls in 2 sessions, 2 failed/m)
  assert.match(listed, /half\(2\) failed \(.*\); the version before answered 5/)
  const history = await run('history', 'account', 'half')
  assert.match(history, /system .*roll back half, version 2: it failed on 2 of 2 calls/)
  assert.match(await run('source', 'account', 'half', '--version', '2'), /balanse[^]*rolled-back/)
  assert.equal((await place.run(['send', 'account', 'half', '2', '--version', '2'])).code, 1)
  assert.match(await run('swap', 'back', 'account', 'half', '--to', '2'), /^Version 2 is back/)
  assert.match(await run('swap', 'back', 'account', 'half', '--to', '1'), /^Version 1 is back/)
  assert.equal(await run('send', 'account', 'half', '5', '--version', '1'), '2')
  const nothing = await place.run(['swap', 'release', 'account', 'half'])
  assert.deepEqual([nothing.code, /no version of half is quarantined/.test(nothing.err)], [4, true])
  const state = (await client.request('GetFullStateCommand', { target: 'account' })) as {
    slots: Record<string, unknown>[]
  }
  const slot = state.slots.find(({ name }) => name === 'half')
  assert.deepEqual([slot?.version, slot?.state], [1, 'durable'])
  client.close()
  running.child.kill('SIGTERM')
  await running.ended
})
