// Owns: crowds and budgets as clients meet them: several connections, a server of models, senders who leave.
// Leaves: who waits for whom to src/kernel/generations.test.ts; the numbers to src/kernel/budgets.test.ts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, type OpenOptions, type OpenWorld, open, openModel } from '#batos'
import { type FaultRecord } from '#ground'
import { ScriptedProvider } from '#mind'
import { Place } from './processes.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function withWorld(
  options: OpenOptions,
  use: (world: OpenWorld) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'batos-crowd-'))
  folders.push(folder)
  const world = await open(folder, options)
  try {
    await world.request('CreateObjectCommand', { name: 'counter', slots: { count: 0 } })
    await use(world)
  } finally {
    await world.shut()
  }
}

const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``
const ADD = fenced('function add(self, n) { self.count += n; return self.count }')

/** Resolves once the kernel's status is as it should be. */
async function until(world: OpenWorld, holds: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = (await world.request('GetStatusCommand')) as Status
    if (holds(status)) return status
    await new Promise((go) => setImmediate(go))
  }
}
interface Status {
  waiting: number
  generations: number
  generating: number
  budgets: { minute: { used: number; left: number; limit: number; window: number } }
}

test('[KN12] a thousand senders on five connections, one unknown selector: one generation, a thousand answers', async () => {
  let go: () => void = () => undefined
  const all = new Promise<void>((resolve) => {
    go = resolve
  })
  const provider = new ScriptedProvider(() => all.then(() => ADD))
  await withWorld({ provider, zmq: 'ipc' }, async (world) => {
    const clients = await Promise.all(
      Array.from({ length: 5 }, () => connect(world.endpoint as string)),
    )
    const answers = clients.flatMap((client) =>
      Array.from({ length: 200 }, () => client.send('counter', 'add', [1])),
    )
    await until(world, ({ waiting }) => waiting === 1_000)
    go()
    const replies = (await Promise.all(answers)).map(Number).toSorted((a, b) => a - b)
    assert.deepEqual(replies, [...Array(1_001).keys()].slice(1))
    const { generations, budgets } = await until(world, () => true)
    assert.deepEqual([generations, budgets.minute.used, provider.asked.length], [1, 1, 3])
    for (const client of clients) client.close()
  })
})

test('[KN14] [MI43] a server of models sees its connection close when the last sender cancels, or its deadline passes', async () => {
  const requests: ServerResponse[] = []
  let closed = 0
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    // It has begun to speak and never ends.
    response.write('data: {"choices":[{"delta":{"content":"function"}}]}\n\n')
    response.on('close', () => closed++)
    requests.push(response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const provider = await openModel(`http://127.0.0.1:${port}/v1#endless`)
  const seen = async (count: number) => {
    while (requests.length < count) await new Promise((go) => setImmediate(go))
  }
  const gone = async (count: number) => {
    while (closed < count) await new Promise((go) => setImmediate(go))
  }
  try {
    await withWorld({ provider }, async (world) => {
      const [one, two] = [new AbortController(), new AbortController()]
      const first = world.send('counter', 'ponder', [], { signal: one.signal })
      const second = world.send('counter', 'ponder', [], { signal: two.signal })
      await seen(1)
      await until(world, ({ waiting }) => waiting === 2)
      one.abort()
      await assert.rejects(first, { code: 'CANCELLED' })
      assert.deepEqual([closed, (await until(world, () => true)).generating], [0, 1])
      two.abort()
      await assert.rejects(second, { code: 'CANCELLED' })
      await gone(1)
      await until(world, ({ generating }) => generating === 0)
      const late = world.send('counter', 'muse', [], { deadline: 3_000 })
      await Promise.all([seen(2), assert.rejects(late, { code: 'DEADLINE' })])
      await gone(2)
      assert.equal(requests.length, 2)
    })
  } finally {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

test('[KN141] a world opened with a number of generations says in its status what is left, and BUSY when nothing is', async () => {
  const provider = new ScriptedProvider([ADD])
  await withWorld({ provider, generations: 1 }, async (world) => {
    assert.equal(await world.send('counter', 'add', [2]), 2)
    const { budgets } = await until(world, () => true)
    assert.deepEqual(budgets.minute, { used: 1, left: 0, limit: 1, window: 60_000 })
    const refused = await world
      .send('counter', 'subtract', [2])
      .catch((fault: FaultRecord) => fault)
    const { code, data, remedy } = refused as FaultRecord
    assert.deepEqual([code, data?.budget], ['BUSY', 'minute'])
    assert.match(remedy, /--generations/)
    assert.ok(Number(data?.retryAfter) > 0 && Number(data?.retryAfter) <= 60_000)
  })
})

test('[BR90] a send without a deadline does not wait for a person: its fault names the proposal, its key has the reply', async () => {
  const provider = new ScriptedProvider([ADD])
  await withWorld({ provider, policy: 'review' }, async (world) => {
    const sent = world.send('counter', 'add', [2], { key: 'once' })
    const fault = (await sent.catch((thrown: FaultRecord) => thrown)) as FaultRecord
    assert.deepEqual([fault.code, fault.data?.proposal], ['POLICY', 'p1'])
    const waiting = world.send('counter', 'add', [3], { wait: true })
    const late = world.send('counter', 'add', [4], { deadline: 60_000 })
    await until(world, (status) => status.waiting === 3)
    await world.request('AcceptProposalCommand', { proposal: 'p1' })
    assert.deepEqual(await Promise.all([waiting, late]), [5, 9])
    assert.equal(await world.send('counter', 'add', [2], { key: 'once' }), 2)
    assert.equal(await world.send('counter', 'count'), 9)
  })
})

test('[CL95] status shows a person how many methods were begun, and how many are not tried again for now', async () => {
  await using place = new Place()
  const provider = new ScriptedProvider(['That cannot be done.'])
  const world = await open(place.image, { provider, generations: 7, zmq: 'ipc' })
  try {
    await assert.rejects(world.send('genesis', 'fly'))
    const { code, out, err } = await place.run(['status'])
    assert.equal(code, 0, err)
    assert.match(out, /^budget +1 of 7 methods begun within 60 s; 1 not tried again for a while$/m)
    const { budgets } = JSON.parse((await place.run(['status', '--json'])).out) as Status
    assert.deepEqual(budgets.minute, { used: 1, left: 6, limit: 7, window: 60_000 })
    const again = await place.run(['send', 'genesis', 'fly', '--json'])
    assert.equal(again.code, 7, again.err)
    const { fault } = JSON.parse(again.out) as { fault: FaultRecord }
    assert.equal(fault.data?.remembered, true)
  } finally {
    await world.shut()
  }
})
