// Owns: messages in motion as clients have them: following over restarts, control while others wait, answers after a kill.
// Leaves: what each operation takes to bridge.test.ts; the kernel's own rules to src/kernel.
// Laws: the claims are the rules of SPEC.md.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, open } from '#batos'
import { Client, pack, unpack, WIRE_LIMITS } from '#bridge'
import { openLmdbStore } from '#image'
import { serveStore } from './served.ts'

const folders: string[] = []
const closers: (() => Promise<void>)[] = []
after(async () => {
  await Promise.all(closers.map((close) => close()))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'batos-messages-'))
  folders.push(folder)
  return folder
}

interface Frame {
  id: number
  ok?: boolean
  result?: never
  event?: { kind: string; tid: string; oid: string; slots: string[] }
  fault?: { code: string; data?: Record<string, unknown> }
}

/** A kernel over the image in a folder, and sessions with it in this process. */
async function startServed(folder: string) {
  const store = openLmdbStore(folder)
  const { kernel, served } = await serveStore(store, Date.now(), async () => undefined)
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await kernel.close()
    await store.close()
  }
  closers.push(close)
  let id = 0
  const session = () => {
    const frames: Frame[] = []
    const waiting = new Map<number, (frame: Frame) => void>()
    const peer = served.open({
      send: (bytes) => {
        const frame = unpack(bytes) as Frame
        frames.push(frame)
        if (frame.ok !== undefined) waiting.get(frame.id)?.(frame)
        return true
      },
    })
    /** Sends, under a new id if none is given; its answer, and its id. */
    const ask = (op: string, fields: object = {}, own = ++id) => {
      const answer = new Promise<Frame>((resolve) => waiting.set(own, resolve))
      peer.receive(pack({ v: 1, id: own, op, ...fields }))
      return { id: own, answer }
    }
    return { ask, frames, closed: () => peer.closed() }
  }
  /** A client of the library, whose transport is a session here. */
  const client = () => {
    return new Client((on) => {
      const peer = served.open({
        send: (bytes) => {
          queueMicrotask(() => on.frame(bytes))
          return true
        },
      })
      const send = (bytes: Uint8Array) => {
        peer.receive(bytes)
        return true
      }
      return { send, close: () => peer.closed() }
    })
  }
  const put = async (selector: string, source: string) => {
    const fields = { target: 'genesis', method_name: selector, source }
    const { ok, fault } = await session().ask('CreateMethodCommand', fields).answer
    assert.ok(ok, JSON.stringify(fault))
  }
  return { kernel, store, session, client, put, close }
}

const send = (selector: string, args: unknown[] = []) => ({ target: 'genesis', selector, args })
const NOTE = 'function note(self, i) { self.n = i; return i }'
/** Near the end of what fuel allows. */
const LONG = 'function long(self) { let n = 0; while (n < 9_000_000) n++; return n }'

test('[KN82] [BR17] a follower that comes back to another kernel misses nothing and hears nothing twice', async () => {
  const folder = newFolder()
  const first = await startServed(folder)
  await first.put('note', NOTE)
  const one = first.session()
  const begun = await one.ask('SubscribeCommand', { target: 'genesis' }).answer
  const from = Number((begun.result as unknown as { tid: string }).tid)
  const some = Array.from({ length: 50 }, (_, i) => one.ask('SendCommand', send('note', [i])))
  await Promise.all(some.map(({ answer }) => answer))
  const told = (frames: Frame[]) =>
    frames.flatMap(({ event }) => (event?.kind === 'change' ? [Number(event.tid)] : []))
  const heard = told(one.frames)
  // What happens while nobody follows, and what another kernel does, belongs to it too.
  one.closed()
  const other = first.session()
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => other.ask('SendCommand', send('note', [100 + i])).answer),
  )
  await first.close()
  const second = await startServed(folder)
  const two = second.session()
  const early = Array.from({ length: 30 }, (_, i) =>
    two.ask('SendCommand', send('note', [200 + i])),
  )
  await early[10]?.answer
  const last = heard.at(-1) as number
  await two.ask('SubscribeCommand', { target: 'genesis', from: String(last) }).answer
  const late = Array.from({ length: 30 }, (_, i) => two.ask('SendCommand', send('note', [300 + i])))
  await Promise.all([...early, ...late].map(({ answer }) => answer))
  const all = [...heard, ...told(two.frames)]
  const happened = second.store
    .transactions({ limit: 1_000 })
    .filter(({ tid, oids }) => tid > from && oids.includes(1))
    .map(({ tid }) => tid)
  assert.equal(happened.length, 160)
  assert.deepEqual(all, happened.reverse())
  await second.close()
})

test('[KN82] a follower is refused when what it missed is packed away, and told from where it can follow', async () => {
  const served = await startServed(newFolder())
  await served.put('note', NOTE)
  const one = served.session()
  for (let i = 0; i < 5; i++) await one.ask('SendCommand', send('note', [i])).answer
  const head = served.store.head().tid
  await served.store.pack({ before: head - 1, gc: false })
  const refused = await one.ask('SubscribeCommand', { from: String(head - 3) }).answer
  assert.deepEqual(
    [refused.fault?.code, refused.fault?.data],
    ['FIELD_INVALID', { oldest: String(head - 1) }],
  )
  const taken = await one.ask('SubscribeCommand', { from: String(head - 1) }).answer
  assert.equal(taken.ok, true)
  assert.deepEqual(
    one.frames.flatMap(({ event }) => (event === undefined ? [] : [event.tid])),
    [String(head)],
  )
  await served.close()
})

test('[KN83] [BR18] ten thousand messages that wait hold up no ping, no status and no cancel', async () => {
  const served = await startServed(newFolder())
  await served.put('note', NOTE)
  const sessions = [served.session(), served.session(), served.session()]
  const sent = sessions.flatMap((one) =>
    Array.from({ length: 3_400 }, (_, i) => one.ask('SendCommand', send('note', [i]))),
  )
  const full = sessions[0] as (typeof sessions)[0]
  const more = Array.from({ length: WIRE_LIMITS.inFlight - 3_400 + 1 }, () =>
    full.ask('SendCommand', send('note', [0])),
  )
  // The session has as many messages without an answer as it may; what looks after them is heard all the same.
  assert.equal((await more.at(-1)?.answer)?.fault?.code, 'BUSY')
  const ping = full.ask('PingCommand')
  const status = full.ask('GetStatusCommand')
  const cancel = full.ask('CancelCommand', { of: sent[3_000]?.id })
  const [pong, about, cancelled] = await Promise.all([ping.answer, status.answer, cancel.answer])
  assert.deepEqual([pong.ok, cancelled.result], [true, { cancelled: true }])
  assert.ok(Number((about.result as unknown as { queue: number }).queue) > 10_000)
  assert.equal((await sent[3_000]?.answer)?.fault?.code, 'CANCELLED')
  // All of it happened before the first of the messages had its answer.
  assert.deepEqual(sessions.flatMap(({ frames }) => frames.filter(({ ok }) => ok)).length, 3)
  const answers = await Promise.all(sent.map(({ answer }) => answer))
  assert.equal(answers.filter(({ ok }) => ok).length, sent.length - 1)
  await served.close()
})

test('[KN83] [B10] [BR18] over a socket a ping, a status and the cancel of a message that waits are answered while turns run', async (t) => {
  const folder = newFolder()
  const world = await open(folder, { zmq: 'ipc', policy: 'off' })
  closers.push(() => world.close())
  await world.request('CreateMethodCommand', {
    target: 'genesis',
    method_name: 'long',
    source: LONG,
  })
  const [busy, control] = await Promise.all([
    connect(world.endpoint as string, {}),
    connect(world.endpoint as string, {}),
  ])
  const order: string[] = []
  const long = Array.from({ length: 6 }, async (_, i) => {
    await busy.send('genesis', 'long', [])
    order.push(`long ${i}`)
  })
  // It waits behind all the others, and is called off while they run.
  const unwanted = new AbortController()
  const calledOff = busy.send('genesis', 'long', [], { signal: unwanted.signal }).then(
    () => order.push('unwanted'),
    ({ code }: { code: string }) => order.push(code),
  )
  let isOver = false
  const all = Promise.all(long).then(() => (isOver = true))
  const times: number[] = []
  while (!isOver) {
    const asked = performance.now()
    await control.request('PingCommand')
    times.push(performance.now() - asked)
    await control.request('GetStatusCommand')
    order.push('control')
    unwanted.abort()
  }
  await Promise.all([all, calledOff])
  // Each of them takes far longer than a ping, and they run one behind the other.
  const last = order.lastIndexOf('long 5')
  assert.ok(order.indexOf('control') < order.indexOf('long 0'))
  assert.ok(order.slice(0, last).filter((one) => one === 'control').length > long.length)
  const cancelled = order.indexOf('CANCELLED')
  assert.ok(cancelled >= 0 && cancelled < last, order.join(', '))
  assert.equal(order.includes('unwanted'), false)
  const worst = Math.max(...times).toFixed(1)
  t.diagnostic(`${times.length} pings while turns ran; the slowest took ${worst} ms`)
  busy.close()
  control.close()
})

test('[BR20] a message that the client still holds back is cancelled there: it ends at once and never runs', async () => {
  const world = await open(newFolder(), { zmq: 'ipc', policy: 'off' })
  closers.push(() => world.close())
  const source = 'function tick(self) { self.n = (self.n ?? 0) + 1; return self.n }'
  const fields = { target: 'genesis', method_name: 'tick', source }
  await world.request('CreateMethodCommand', fields)
  const client = await connect(world.endpoint as string)
  const answers = Array.from({ length: 3_000 }, () => client.send('genesis', 'tick'))
  const unwanted = new AbortController()
  const order: string[] = []
  const ends = [unwanted.signal, AbortSignal.abort()].map((signal) =>
    client.send('genesis', 'tick', [], { signal }).then(
      () => order.push('ran'),
      ({ code }: { code: string }) => order.push(code),
    ),
  )
  unwanted.abort()
  void answers[0]?.then(() => order.push('first'))
  await Promise.all([...answers, ...ends])
  assert.deepEqual(order, ['CANCELLED', 'CANCELLED', 'first'])
  assert.equal(await client.send('genesis', 'n'), 3_000)
  client.close()
})

test('[BR21] [KN15] a busy kernel says when to come again, and a client with patience does, unless it is called off', async () => {
  const served = await startServed(newFolder())
  await served.put('note', NOTE)
  const sent = Array.from({ length: 5 }, () => served.session()).flatMap((one) =>
    Array.from({ length: 3_400 }, (_, i) => one.ask('SendCommand', send('note', [i]))),
  )
  const client = served.client()
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      ({ code }: { code: string }) => code,
    )
  const refused = client.send('genesis', 'note', [-1])
  const unwanted = new AbortController()
  const { signal } = unwanted
  const calledOff = codeOf(client.send('genesis', 'note', [-2], { patience: 60_000, signal }))
  const little = codeOf(client.send('genesis', 'note', [-3], { patience: 1 }))
  const patient = client.send('genesis', 'note', [-4], { patience: 60_000 })
  await assert.rejects(
    refused,
    ({ code, data }: { code: string; data: { retryAfter: number } }) => {
      return code === 'BUSY' && data.retryAfter > 0
    },
  )
  unwanted.abort()
  assert.deepEqual(await Promise.all([calledOff, little]), ['CANCELLED', 'BUSY'])
  assert.equal(await patient, -4)
  const gone = served.client()
  const ends = codeOf(gone.send('genesis', 'nobody', [], { patience: 60_000 }))
  gone.close()
  assert.equal(await ends, 'CANCELLED')
  await Promise.all(sent.map(({ answer }) => answer))
  client.close()
  await served.close()
})

const COUNT = 'function count(self) { self.n = (self.n ?? 0) + 1; return self.n }'
const RESUMED = { client: 'resuming', session: 'one', resume: true }

test('[BR22] [B4] [BR18] in a session that can be resumed a repeated id has the same answer and runs nothing again', async () => {
  const served = await startServed(newFolder())
  await served.put('count', COUNT)
  const one = served.session()
  const count = send('count')
  assert.equal(
    (await one.ask('HelloCommand', { resume: true }).answer).fault?.code,
    'FIELD_INVALID',
  )
  const hello = await one.ask('HelloCommand', RESUMED, 1_000).answer
  assert.equal((hello.result as unknown as { resumed: boolean }).resumed, false)
  // Repeated while it waits: one answer for both. And afterwards: the same answer.
  one.ask('SendCommand', count, 1_001)
  const both = await one.ask('SendCommand', count, 1_001).answer
  const again = await one.ask('SendCommand', count, 1_001).answer
  assert.deepEqual(again, both)
  assert.equal(both.result, 1)
  const faulty = await one.ask('SendCommand', send('nothing'), 1_002).answer
  assert.deepEqual(await one.ask('SendCommand', send('nothing'), 1_002).answer, faulty)
  assert.equal((await one.ask('SendCommand', count, 1_003).answer).result, 2)
  assert.equal(one.frames.filter(({ id }) => id === 1_001).length, 2)
  // Without it an id may be used again, and names another message.
  const other = served.session()
  assert.equal((await other.ask('SendCommand', count, 1_001).answer).result, 3)
  assert.equal((await other.ask('SendCommand', count, 1_001).answer).result, 4)
  await served.close()
})

test('[BR22] [B4] an answer that is not kept any more is refused when it is asked for again, and runs nothing', async () => {
  const served = await startServed(newFolder())
  const large = 'function large(self, n) { self.n = (self.n ?? 0) + 1; return "x".repeat(n) }'
  await served.put('large', large)
  const one = served.session()
  await one.ask('HelloCommand', RESUMED).answer
  const sizes = [10, 600_000, 600_000, 9_000_000]
  for (const [i, size] of sizes.entries()) {
    await one.ask('SendCommand', send('large', [size]), 2_000 + i).answer
  }
  const known = sizes.map(async (size, i) => {
    const { ok, fault } = await one.ask('SendCommand', send('large', [size]), 2_000 + i).answer
    return ok ? 'given' : fault?.code
  })
  // The last one was too large for a turn: it left nothing, and its fault is an answer like others.
  assert.deepEqual(await Promise.all(known), ['FIELD_INVALID', 'FIELD_INVALID', 'given', 'LIMIT'])
  assert.equal((await one.ask('SendCommand', send('n')).answer).result, 3)
  await served.close()
})

test('[BR22] [B2] [B3] a client that comes back repeats what has no answer: each ran once, and its changes go on from the last', async () => {
  const served = await startServed(newFolder())
  await served.put('count', COUNT)
  const first = served.session()
  const hello = await first.ask('HelloCommand', RESUMED).answer
  assert.equal((hello.result as unknown as { resumed: boolean }).resumed, false)
  const told = (frames: Frame[]) =>
    frames.flatMap(({ event }) => (event?.kind === 'change' ? [Number(event.tid)] : []))
  const { result } = await first.ask('SubscribeCommand', { target: 'genesis' }, 5_000).answer
  const from = Number((result as unknown as { tid: string }).tid)
  const ids = Array.from({ length: 200 }, (_, i) => 3_000 + i)
  const asked = ids.map((id) => first.ask('SendCommand', send('count'), id).answer)
  await asked[20]
  // The connection is gone; some have their answers, some are at the worker, some have not begun.
  first.closed()
  const heard = told(first.frames)
  const answered = new Map(first.frames.flatMap((one) => (one.ok ? [[one.id, one.result]] : [])))
  const second = served.session()
  const welcome = await second.ask('HelloCommand', RESUMED).answer
  assert.equal((welcome.result as unknown as { resumed: boolean }).resumed, true)
  const last = String(heard.at(-1) ?? from)
  const following = { target: 'genesis', from: last }
  assert.equal((await second.ask('SubscribeCommand', following, 5_000).answer).ok, true)
  const repeated = await Promise.all(
    ids.map((id) => second.ask('SendCommand', send('count'), id).answer),
  )
  const results = repeated.map((one) => Number(one.result)).toSorted((a, b) => a - b)
  assert.deepEqual(results, [...Array(201).keys()].slice(1))
  for (const { id, result } of repeated) {
    if (answered.has(id)) assert.equal(result, answered.get(id))
  }
  assert.equal((await second.ask('SendCommand', send('n')).answer).result, 200)
  const all = [...heard, ...told(second.frames)]
  assert.deepEqual(
    all,
    Array.from({ length: 200 }, (_, i) => from + 1 + i),
  )
  await served.close()
})

test('[BR22] the newest connection of a session hears the answers and may cancel what the one before it sent', async () => {
  const served = await startServed(newFolder())
  await served.put('long', LONG)
  const [first, second] = [served.session(), served.session()]
  await first.ask('HelloCommand', RESUMED).answer
  for (let id = 4_000; id < 4_003; id++) first.ask('SendCommand', send('long'), id)
  await second.ask('HelloCommand', RESUMED).answer
  // It was taken over, so that its end is not that of the session.
  first.closed()
  const [one, two] = [4_000, 4_002].map((id) => second.ask('SendCommand', send('long'), id).answer)
  assert.deepEqual((await second.ask('CancelCommand', { of: 4_002 }).answer).result, {
    cancelled: true,
  })
  assert.deepEqual([(await one)?.ok, (await two)?.fault?.code], [true, 'CANCELLED'])
  assert.equal(first.frames.filter(({ ok }) => ok !== undefined).length, 1)
  await served.close()
})
