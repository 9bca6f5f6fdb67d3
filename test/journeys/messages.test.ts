// Owns: messages in motion as clients have them: following over restarts, control while others wait, answers after a kill.
// Leaves: what each operation takes to bridge.test.ts; the kernel's own rules to src/kernel.
// Laws: the claims are the rules of SPEC.md.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, open } from '#batos'
import { pack, unpack, WIRE_LIMITS } from '#bridge'
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
    /** Sends; its answer, and its id. */
    const ask = (op: string, fields: object = {}) => {
      const own = ++id
      const answer = new Promise<Frame>((resolve) => waiting.set(own, resolve))
      peer.receive(pack({ v: 1, id: own, op, ...fields }))
      return { id: own, answer }
    }
    return { ask, frames, closed: () => peer.closed() }
  }
  const put = async (selector: string, source: string) => {
    const fields = { target: 'genesis', method_name: selector, source }
    const { ok, fault } = await session().ask('CreateMethodCommand', fields).answer
    assert.ok(ok, JSON.stringify(fault))
  }
  return { kernel, store, session, put, close }
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

test('[KN83] [B10] over a socket a ping, a status and a cancel are answered while turns run', async () => {
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
  let isOver = false
  const all = Promise.all(long).then(() => (isOver = true))
  while (!isOver) {
    await control.request('PingCommand')
    await control.request('GetStatusCommand')
    order.push('control')
  }
  await all
  // Each of them takes far longer than a ping, and they run one behind the other.
  const last = order.lastIndexOf('long 5')
  assert.ok(order.indexOf('control') < order.indexOf('long 0'))
  assert.ok(order.slice(0, last).filter((one) => one === 'control').length > long.length)
  busy.close()
  control.close()
})
