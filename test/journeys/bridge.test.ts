// Owns: the bridge against a real kernel: every frame that a client may send, and many that it should not.
// Leaves: sockets to kernel/zmq; the page's server to page.test.ts.
// Laws: the claims are the rules of SPEC.md.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { asFault } from '#ground'
import { connectDealer } from '#kernel'
import { type Client, connect, open, type OpenWorld } from '#batos'
import { OPERATIONS, pack, unpack } from '#bridge'

let folder: string
let world: OpenWorld
let far: Client

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'batos-bridge-'))
  world = await open(folder, { zmq: 'tcp://127.0.0.1:*' })
  far = await connect(world.endpoint as string, { token: world.token as string, client: 'far' })
  await world.send('genesis', 'clone:', ['account'])
  await world.send('account', 'setSlot:value:', ['balance', 10])
})

after(async () => {
  far.close()
  await world.shut()
  rmSync(folder, { recursive: true, force: true })
})

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  const fault = await promise.then(
    (value) => assert.fail(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  const coded = asFault(fault)
  assert.ok(coded !== undefined, String(fault))
  assert.ok(coded.message.length > 0 && coded.remedy.length > 0)
  return coded.code
}

/** A bare connection: bytes in, frames out. */
function raw(): { send(bytes: Uint8Array): void; next(): Promise<never>; close(): void } {
  const frames: unknown[] = []
  const wanted: ((frame: never) => void)[] = []
  const wire = connectDealer(world.endpoint as string, {
    frame: (bytes) => {
      const frame = unpack(bytes)
      const want = wanted.shift()
      if (want === undefined) frames.push(frame)
      else want(frame as never)
    },
    lost: () => undefined,
  })
  return {
    send: (bytes) => wire.send(bytes),
    next: () =>
      new Promise((resolve) => {
        const frame = frames.shift()
        if (frame === undefined) wanted.push(resolve)
        else resolve(frame as never)
      }),
    close: () => wire.close(),
  }
}

interface Refusal {
  id: unknown
  ok: boolean
  fault: { code: string; message: string; remedy: string }
}

test('[BR1] DescribeCommand tells the schema of every operation of the table', async () => {
  const described = (await far.request('DescribeCommand')) as Record<string, { schema: object }>
  assert.deepEqual(Object.keys(described).sort(), Object.keys(OPERATIONS).sort())
  for (const { schema } of Object.values(described)) assert.equal(typeof schema, 'object')
})

test('[BR24] [B16] Hello tells the hash of the operations that DescribeCommand answers', async () => {
  const { schema } = (await far.request('HelloCommand', {
    client: 'far',
    token: world.token,
  })) as { schema: string }
  const described = await far.request('DescribeCommand')
  const text = `${JSON.stringify(described, null, 2)}\n`
  assert.equal(schema, createHash('sha256').update(text).digest('hex').slice(0, schema.length))
  assert.equal(schema.length, 32)
})

test('[BR1] fields of the wrong shape are refused by name and change nothing', async () => {
  const tid = ((await far.request('GetStatusCommand')) as { tid: number }).tid
  const bad: [string, Record<string, unknown>][] = [
    ['SendCommand', { target: 'account' }],
    ['SendCommand', { target: 7, selector: 'balance' }],
    ['SendCommand', { target: 'account', selector: 'balance', args: 'x' }],
    ['SendCommand', { target: 'account', selector: 'balance', deadline: 0 }],
    ['SendCommand', { target: 'account', selector: 'x'.repeat(300) }],
    ['SetSlotCommand', { target: 'account', slot: '', value: 1 }],
    ['SetSlotCommand', { target: 'account', slot: '__proto__', value: 1 }],
    ['SetSlotCommand', { target: 'account', slot: 'a', value: { $ref: 'nobody' } }],
    ['SetSlotCommand', { target: 'account', slot: 'a', value: { $odd: 1 } }],
    ['CreateObjectCommand', { name: '#1' }],
    ['CreateObjectCommand', { name: ' padded ' }],
    ['SubscribeCommand', { from: '99999999' }],
    ['CancelCommand', {}],
  ]
  for (const [op, fields] of bad) {
    assert.equal(await codeOf(far.request(op, fields)), 'FIELD_INVALID', op)
  }
  assert.equal(((await far.request('GetStatusCommand')) as { tid: number }).tid, tid)
})

test('[BR2] fields that nobody declared are ignored', async () => {
  assert.deepEqual(await far.request('PingCommand', { future: { of: 'the wire' } }), {})
})

test('[BR6] [BR8] malformed frames are refused with a code and leave the connection usable', async () => {
  const wire = raw()
  wire.send(pack({ v: 1, id: 'hello', op: 'HelloCommand', token: world.token }))
  assert.equal(((await wire.next()) as { id: string }).id, 'hello')
  const deep = Buffer.concat([Buffer.alloc(40, 0x91), Buffer.from([0xc0])])
  const frames: [string, Uint8Array, unknown, string][] = [
    ['empty', new Uint8Array(0), null, 'FRAME_INVALID'],
    ['an unused byte', Buffer.from([0xc1]), null, 'FRAME_INVALID'],
    ['a number', pack(1), null, 'FRAME_INVALID'],
    ['a list', pack([1]), null, 'FRAME_INVALID'],
    ['too deep', deep, null, 'FRAME_INVALID'],
    [
      'a length beyond the frame',
      Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
      null,
      'FRAME_INVALID',
    ],
    ['bytes that follow', Buffer.concat([pack({ v: 1 }), Buffer.from([0])]), null, 'FRAME_INVALID'],
    ['an extension', Buffer.from([0x81, 0xa1, 0x76, 0xd4, 0x72, 0x40]), null, 'FRAME_INVALID'],
    ['a key that is no text', Buffer.from([0x81, 0x01, 0x01]), null, 'FRAME_INVALID'],
    ['no id', pack({ v: 1, op: 'PingCommand' }), null, 'FRAME_INVALID'],
    ['another protocol', pack({ v: 2, id: 5, op: 'PingCommand' }), 5, 'FRAME_INVALID'],
    ['an unknown operation', pack({ v: 1, id: 6, op: 'Nope' }), 6, 'OP_UNKNOWN'],
    ['an inherited name', pack({ v: 1, id: 7, op: 'toString' }), 7, 'OP_UNKNOWN'],
    ['no fields', pack({ v: 1, id: 8, op: 'SendCommand' }), 8, 'FIELD_INVALID'],
  ]
  for (const [what, bytes, id, code] of frames) {
    wire.send(bytes)
    const refusal = (await wire.next()) as Refusal
    assert.equal(refusal.fault?.code, code, what)
    assert.equal(refusal.id, id, what)
    assert.equal(refusal.ok, false, what)
    assert.ok(refusal.fault.remedy.length > 0, what)
  }
  wire.send(pack({ v: 1, id: 'after', op: 'PingCommand' }))
  assert.deepEqual(await wire.next(), { v: 1, id: 'after', ok: true, result: {} })
  wire.close()
})

test('[BR9] [B1] without the token nothing is heard, and a wrong one is refused', async () => {
  const wire = raw()
  wire.send(pack({ v: 1, id: 1, op: 'PingCommand' }))
  assert.equal(((await wire.next()) as Refusal).fault.code, 'UNAUTHENTICATED')
  wire.send(pack({ v: 1, id: 2, op: 'HelloCommand', token: 'x'.repeat(32) }))
  assert.equal(((await wire.next()) as Refusal).fault.code, 'UNAUTHENTICATED')
  wire.send(pack({ v: 1, id: 3, op: 'SendCommand', target: 'account', selector: 'balance' }))
  assert.equal(((await wire.next()) as Refusal).fault.code, 'UNAUTHENTICATED')
  wire.close()
  const endpoint = world.endpoint as string
  assert.equal(await codeOf(connect(endpoint, { token: 'wrong' })), 'UNAUTHENTICATED')
})

test('[BR10] [BR15] [Z8] each message is answered once, in whatever order, and faults arrive whole', async () => {
  await far.request('CreateMethodCommand', {
    target: 'account',
    method_name: 'refuse',
    source: 'function refuse(self, why) { throw new Error(why) }',
  })
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? far.send('account', 'balance') : far.send('account', 'refuse', [`no ${i}`]),
    ),
  )
  for (const [i, answer] of answers.entries()) {
    if (i % 2 === 0) assert.deepEqual(answer, { status: 'fulfilled', value: 10 })
    else {
      const fault = (answer as PromiseRejectedResult).reason as {
        code: string
        message: string
        retry: string
      }
      assert.equal(fault.code, 'METHOD_FAILED')
      assert.equal(fault.message, `no ${i}`)
      assert.equal(fault.retry, 'never')
    }
  }
})

test('[BR11] a message with a key keeps its answer when its connection is gone', async () => {
  await far.request('CreateMethodCommand', {
    target: 'account',
    method_name: 'grow',
    source: 'function grow(self) { self.size = (self.size ?? 0) + 1; return self.size }',
  })
  const first = await connect(world.endpoint as string, { token: world.token as string })
  const lost = first.send('account', 'grow', [], { key: 'once' })
  lost.catch(() => undefined)
  await first.request('PingCommand')
  first.close()
  assert.equal(await far.send('account', 'grow', [], { key: 'once' }), 1)
  assert.equal(await far.send('account', 'grow', [], { key: 'once' }), 1)
  assert.equal(await far.send('account', 'size'), 1)
})

test('[BR12] expect makes a change a compare-and-set', async () => {
  await far.request('SetSlotCommand', {
    target: 'account',
    slot: 'colour',
    value: 'red',
    expect: null,
  })
  const again = { target: 'account', slot: 'colour', value: 'blue', expect: null }
  assert.equal(await codeOf(far.request('SetSlotCommand', again)), 'CONFLICT')
  const state = (await far.request('GetFullStateCommand', { target: 'account' })) as {
    slots: { name: string; tid: string }[]
  }
  const tid = state.slots.find(({ name }) => name === 'colour')?.tid
  await far.request('SetSlotCommand', { ...again, expect: tid })
  assert.equal(await far.send('account', 'colour'), 'blue')
  assert.equal(
    await codeOf(far.request('RemoveSlotCommand', { ...again, expect: tid })),
    'CONFLICT',
  )
  await far.request('RemoveSlotCommand', { target: 'account', slot: 'colour' })
  assert.equal(await far.send('account', 'respondsTo:', ['colour']), false)
})

test('[BR13] a past state is shown whole, and history names what changed it', async () => {
  const status = (await far.request('GetStatusCommand')) as { tid: number }
  await far.send('account', 'setSlot:value:', ['balance', 11])
  await far.send('account', 'setSlot:value:', ['note', 'later'])
  const then = (await far.request('GetFullStateCommand', {
    target: 'account',
    at: String(status.tid),
  })) as { tid: string; slots: { name: string; value?: unknown }[] }
  assert.equal(then.tid, String(status.tid))
  assert.equal(then.slots.find(({ name }) => name === 'balance')?.value, 10)
  assert.equal(
    then.slots.some(({ name }) => name === 'note'),
    false,
  )
  const { entries } = (await far.request('GetHistoryCommand', {
    target: 'account',
    slot: 'balance',
    limit: 1,
  })) as {
    entries: { tid: string; author: string; note: string; changes: { slots: string[] }[] }[]
  }
  assert.equal(entries[0]?.tid, String(status.tid + 1))
  assert.equal(entries[0]?.author, 'far')
  assert.equal(entries[0]?.note, 'setSlot:value:')
  assert.deepEqual(entries[0]?.changes[0]?.slots, ['balance'])
  await far.send('account', 'setSlot:value:', ['balance', 10])
})

test('[BR17] a subscription tells each change once, those of the past first', async () => {
  const { tid: from } = (await far.request('GetStatusCommand')) as { tid: number }
  await far.send('account', 'setSlot:value:', ['step', 1])
  await far.send('account', 'setSlot:value:', ['step', 2])
  const seen: { tid: string; slots: string[] }[] = []
  let enough: () => void = () => undefined
  const done = new Promise<void>((resolve) => {
    enough = resolve
  })
  const stop = await far.subscribe({ target: 'account', from: String(from) }, (event) => {
    seen.push(event as never)
    if (seen.length === 52) enough()
  })
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => world.send('account', 'setSlot:value:', ['step', i + 3])),
  )
  await done
  assert.deepEqual(
    seen.map(({ tid }) => Number(tid)),
    Array.from({ length: 52 }, (_, i) => from + 1 + i),
  )
  for (const { slots } of seen) assert.deepEqual(slots, ['step'])
  await stop()
  await far.send('account', 'setSlot:value:', ['step', 0])
  await far.request('PingCommand')
  assert.equal(seen.length, 52)
})

test('[BR18] an id that waits cannot be used again', async () => {
  await far.request('CreateMethodCommand', {
    target: 'account',
    method_name: 'work',
    source: 'function work(self) { let n = 0; for (let i = 0; i < 300000; i++) n += i; return n }',
  })
  const wire = raw()
  wire.send(pack({ v: 1, id: 0, op: 'HelloCommand', token: world.token }))
  await wire.next()
  const work = { v: 1, id: 1, op: 'SendCommand', target: 'account', selector: 'work' }
  wire.send(pack(work))
  wire.send(pack(work))
  const replies = [(await wire.next()) as Refusal, (await wire.next()) as Refusal]
  assert.deepEqual(replies.map(({ ok }) => ok).sort(), [false, true])
  assert.equal(replies.find(({ ok }) => !ok)?.fault.code, 'FIELD_INVALID')
  wire.close()
})

test('[BR14] a client that is closed ends what it waits for', async () => {
  const client = await connect(world.endpoint as string, { token: world.token as string })
  const waiting = codeOf(client.send('account', 'work'))
  client.close()
  assert.equal(await waiting, 'CANCELLED')
  assert.equal(await codeOf(client.send('account', 'work')), 'CANCELLED')
})

test('[BR16] [Z4] an address where nobody answers is said so within the time given', async () => {
  const nobody = connect('tcp://127.0.0.1:9', { timeout: 200 })
  assert.equal(await codeOf(nobody), 'CANCELLED')
})
