// Owns: subscriptions that begin in a long past: told in pages, to whoever reads, until they are ended.
// Leaves: following from one kernel to the next to messages.test.ts.
// Laws: the claims are the rules of SPEC.md.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { pack, unpack } from '#bridge'
import { openMemoryStore, type Store } from '#image'
import { bindRouter, connectDealer } from '#kernel'
import { encodeSlots, oidText } from '#objects'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveStore } from './served.ts'

const closers: (() => Promise<void> | void)[] = []
after(async () => {
  for (const close of closers.reverse()) await close()
})

/** As many as page after page for a second or so. */
const TRANSACTIONS = 20_000

interface Frame {
  id: number
  ok?: boolean
  result?: unknown
  event?: { kind: string; tid: string; oid: string; slots: string[]; code?: string }
  fault?: { code: string }
}

/** Adds transactions to a store, each of which changes one of two objects; answers their tids and oids. */
async function history(store: Store, count: number): Promise<{ tid: number; oid: number }[]> {
  const { tid: last, oid: largest } = store.head()
  const made: { tid: number; oid: number }[] = []
  for (let begin = 0; begin < count; begin += 2_000) {
    const transactions = Array.from({ length: Math.min(2_000, count - begin) }, (_, i) => {
      const tid = last + begin + i + 1
      const oid = largest + 1 + (tid % 2)
      made.push({ tid, oid })
      const payload = encodeSlots([{ name: 'n', value: tid, tid }])
      const revisions = [{ oid, tid, kind: 'object' as const, refs: [], payload }]
      const names = [{ name: `o${tid % 2}`, oid }]
      return { tid, time: tid, author: 'past', note: '', revisions, names }
    })
    await store.commit({ transactions, tables: [] })
  }
  return made
}

/** A kernel over a store with a long past. */
async function startServed(count: number) {
  const store = openMemoryStore()
  const { kernel, served, held: past } = await serveStore(store, 1, () => history(store, count))
  closers.push(() => kernel.close())
  return { kernel, store, past, served }
}

/** A session in this process: what it was sent, in order, and who waits for what of it. */
function sessionOf(
  { served }: Pick<Awaited<ReturnType<typeof startServed>>, 'served'>,
  peer: { isBehind?: () => boolean } = {},
) {
  const frames: Frame[] = []
  const changes = new Map<number, NonNullable<Frame['event']>[]>()
  let watchers: (() => void)[] = []
  let id = 0
  const told = (own: number) => {
    const known = changes.get(own) ?? []
    changes.set(own, known)
    return known
  }
  const connection = served.open({
    ...peer,
    send: (bytes) => {
      const frame = unpack(bytes) as Frame
      frames.push(frame)
      if (frame.event?.kind === 'change') told(frame.id).push(frame.event)
      for (const watch of watchers) watch()
      return true
    },
  })
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const watch = () => {
        if (!isSo()) return
        watchers = watchers.filter((one) => one !== watch)
        resolve()
      }
      watchers.push(watch)
      watch()
    })
  const ask = (op: string, fields: object = {}) => {
    const own = ++id
    connection.receive(pack({ v: 1, id: own, op, ...fields }))
    return own
  }
  const answer = async (own: number) => {
    const isIt = (frame: Frame | undefined) => frame?.id === own && frame.ok !== undefined
    if (!frames.some(isIt)) await until(() => isIt(frames.at(-1)))
    return frames.find(isIt) as Frame
  }
  return { frames, ask, answer, told, until, closed: () => connection.closed() }
}

const tids = (events: readonly { tid: string }[]) => events.map(({ tid }) => Number(tid))

/** Lets everything have its turn so many times. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((go) => setImmediate(go))
}

test('[BR73] [BR17] a message sent while twenty thousand transactions are told is answered before their end, and all are told once, in order', async () => {
  const t = await startServed(TRANSACTIONS)
  const s = sessionOf(t)
  // Whoever runs it has to be there: a process takes longer to start than the past to be told.
  assert.ok((await s.answer(s.ask('SendCommand', { target: 'o0', selector: 'n' }))).ok)
  const begun = s.ask('SubscribeCommand', { from: '1' })
  const others = ['PingCommand', 'GetStatusCommand'].map((op) => s.ask(op))
  const send = s.ask('SendCommand', { target: 'o0', selector: 'n' })
  const write = s.ask('SetSlotCommand', { target: 'o0', slot: 'n', value: 'new' })
  await s.answer(send)
  const atSend = s.told(begun).length
  await s.answer(write)
  const atWrite = s.told(begun).length
  for (const one of others) assert.ok((await s.answer(one)).ok)
  assert.ok(atSend < TRANSACTIONS, `${atSend} were told when the message was answered`)
  assert.ok(atWrite < TRANSACTIONS, `${atWrite} were told when the change was answered`)
  // What happens meanwhile and afterwards comes behind the past, each once.
  const tid = Number(((await s.answer(write)) as unknown as { tid: string }).tid)
  await s.until(() => s.told(begun).length >= TRANSACTIONS + 1)
  const later = s.ask('SetSlotCommand', { target: 'o1', slot: 'n', value: 'newer' })
  await s.answer(later)
  await s.until(() => s.told(begun).length >= TRANSACTIONS + 2)
  await turns(50)
  assert.deepEqual(tids(s.told(begun)), [...t.past.map((one) => one.tid), tid, tid + 1])
  assert.deepEqual(
    s
      .told(begun)
      .slice(0, 4)
      .map(({ oid, slots }) => [oid, slots]),
    t.past.slice(0, 4).map(({ oid }) => [oidText(oid), ['n']]),
  )
})

test('[BR73] [BR17] writes that go on all the while are told behind the past, none missed and none twice', async () => {
  const t = await startServed(3_000)
  const s = sessionOf(t)
  const writer = sessionOf(t)
  const target = oidText(t.past[1]?.oid as number)
  const begun = s.ask('SubscribeCommand', { from: '1', target })
  const name = t.store.names({}).find(({ oid }) => oidText(oid) === target)?.name as string
  const written: number[] = []
  while (s.told(begun).length < 1_500 || written.length < 100) {
    const fields = { target: name, slot: 'n', value: written.length }
    const { tid } = (await writer.answer(writer.ask('SetSlotCommand', fields))) as Frame & {
      tid: string
    }
    written.push(Number(tid))
  }
  await s.until(() => s.told(begun).length >= 1_500 + written.length)
  await turns(50)
  const past = t.past.filter(({ oid }) => oidText(oid) === target).map(({ tid }) => tid)
  assert.deepEqual(tids(s.told(begun)), [...past, ...written])
})

for (const how of ['UnsubscribeCommand', 'CancelCommand', 'closing']) {
  test(`[BR73] ${how} ends the telling of the past at once`, async () => {
    const t = await startServed(5_000)
    const s = sessionOf(t)
    const begun = s.ask('SubscribeCommand', { from: '1' })
    await turns(3)
    if (how === 'closing') s.closed()
    else {
      const { ok, result } = await s.answer(s.ask(how, { of: begun }))
      assert.ok(ok)
      if (how === 'CancelCommand') assert.deepEqual(result, { cancelled: true })
    }
    const { length } = s.told(begun)
    assert.ok(length > 0 && length < 2_500, `${length} were told`)
    await turns(200)
    assert.equal(s.told(begun).length, length)
    // Nothing is followed either.
    const other = sessionOf(t)
    await other.answer(other.ask('SetSlotCommand', { target: 'o0', slot: 'n', value: 0 }))
    await turns(20)
    assert.equal(s.told(begun).length, length)
  })
}

test('[BR73] a peer that does not read is told no more than it takes, others go on, and it is told the rest when it reads', async () => {
  const t = await startServed(4_000)
  let isBehind = false
  const slow = sessionOf(t, { isBehind: () => isBehind })
  const begun = slow.ask('SubscribeCommand', { from: '1' })
  isBehind = true
  const { length } = slow.told(begun)
  const quick = sessionOf(t)
  const all = quick.ask('SubscribeCommand', { from: '1' })
  await quick.until(() => quick.told(all).length === 4_000)
  assert.equal(slow.told(begun).length, length)
  assert.ok((await slow.answer(slow.ask('PingCommand'))).ok)
  isBehind = false
  await slow.until(() => slow.told(begun).length === 4_000)
  assert.deepEqual(tids(slow.told(begun)), tids(quick.told(all)))
})

test('[BR73] a pack that passes a telling ends it with what is left to follow', async () => {
  const t = await startServed(4_000)
  let isBehind = false
  const s = sessionOf(t, { isBehind: () => isBehind })
  const begun = s.ask('SubscribeCommand', { from: '1' })
  isBehind = true
  const oldest = t.store.head().tid - 10
  await t.store.pack({ before: oldest, gc: false })
  isBehind = false
  const isEnd = ({ id, event }: Frame) => id === begun && event?.kind === 'ended'
  await s.until(() => s.frames.some(isEnd))
  const { event } = s.frames.find(isEnd) as { event?: object }
  const { code, data } = event as { code: string; data: unknown }
  assert.deepEqual([code, data], ['CONFLICT', { oldest: String(oldest) }])
  const { length } = s.told(begun)
  const again = s.ask('SubscribeCommand', { from: String(oldest) })
  await s.until(() => s.told(again).length === 10)
  await turns(20)
  assert.equal(s.told(begun).length, length)
})

test('[BR73] [BR4] over a socket a client that reads slowly gets all of a long past and is not cut', async () => {
  const t = await startServed(TRANSACTIONS)
  const folder = mkdtempSync(join(tmpdir(), 'batos-subscriptions-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const router = await bindRouter(`ipc://${join(folder, 'socket')}`, t.served)
  closers.push(() => router.close())
  const seen: number[] = []
  let ended: string | undefined
  const done = new Promise<void>((resolve) => {
    const dealer = connectDealer(router.endpoint, {
      frame: (bytes) => {
        const { id, event } = unpack(bytes) as Frame
        if (id === null) ended = 'cut'
        if (event?.kind === 'change') seen.push(Number(event.tid))
        // As one that has something to do with each.
        for (let i = 0; i < 20_000; i++) Math.sqrt(i)
        if (seen.length === TRANSACTIONS || ended !== undefined) resolve()
      },
      lost: () => resolve(),
    })
    closers.push(() => dealer.close())
    dealer.send(pack({ v: 1, id: 1, op: 'SubscribeCommand', from: '1' }))
  })
  await done
  assert.equal(ended, undefined)
  assert.deepEqual(
    seen,
    t.past.map(({ tid }) => tid),
  )
})
