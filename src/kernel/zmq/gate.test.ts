// Owns: where a ROUTER may be bound, and whom it lets in, with real sockets.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Context, Dealer, Router } from 'zeromq'
import { connectDealer } from './dealer.ts'
import { type CurveServer, makeCurveKeys, openGate } from './gate.ts'
import { bindRouter, type RouterOwner } from './router.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-gate-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const echo: RouterOwner = {
  open: (peer) => ({
    receive: (body) => {
      peer.send(body)
    },
    closed: () => undefined,
  }),
}

/** What became of a client: the first frame that it was sent back, or why it lost the connection. */
function firstWord(
  endpoint: string,
  curve?: Parameters<typeof connectDealer>[2],
): Promise<{ word: string; close(): void }> {
  return new Promise((resolve) => {
    const dealer = connectDealer(
      endpoint,
      {
        frame: (body) =>
          resolve({ word: Buffer.from(body).toString(), close: () => dealer.close() }),
        lost: (why) => resolve({ word: `lost ${why ?? ''}`.trim(), close: () => dealer.close() }),
      },
      curve,
    )
    dealer.send(Buffer.from('hello'))
  })
}

test('[BR40] [B18] [Z15] only loopback by number and sockets in folders are bound, the rest is refused with its reason', async () => {
  const refused: [string, RegExp][] = [
    ['tcp://*:*', /other machines/],
    ['tcp://0.0.0.0:5555', /other machines/],
    ['tcp://[::]:5555', /other machines/],
    ['tcp://192.168.0.1:5555', /other machines/],
    ['tcp://eth0:5555', /other machines/],
    ['tcp://localhost:5555', /other machines/],
    ['tcp://127.0.0.1:5555;127.0.0.1:6', /other machines/],
    ['tcp://127.0.0.1.example:1', /other machines/],
    ['ws://127.0.0.1:*', /page in a browser/],
    ['wss://127.0.0.1:*', /page in a browser/],
    ['WS://127.0.0.1:*', /page in a browser/],
    ['ipc://@batos', /no socket in a folder/],
    ['ipc://*', /no socket in a folder/],
    ['inproc://batos', /no kind/],
    ['udp://127.0.0.1:5', /no kind/],
    ['', /no kind/],
  ]
  for (const [endpoint, message] of refused) {
    await assert.rejects(bindRouter(endpoint, echo), { code: 'POLICY', message }, endpoint)
  }
  for (const endpoint of ['tcp://127.0.0.1:*', `ipc://${join(folder, 'plain')}`]) {
    const router = await bindRouter(endpoint, echo)
    const client = await firstWord(router.endpoint)
    assert.equal(client.word, 'hello')
    client.close()
    router.close()
  }
})

test('[BR40] [Z17] an address that is in use is tried for a while, then refused by its own error', async () => {
  const first = await bindRouter('tcp://127.0.0.1:*', echo)
  await assert.rejects(bindRouter(first.endpoint, echo), { code: 'EADDRINUSE' })
  // The second one waits at the door and comes in when the first has gone.
  const second = bindRouter(first.endpoint, echo)
  first.close()
  ;(await second).close()
})

test('[BR41] [B19] without a gate a server with keys is not bound', async () => {
  const context = new Context({ blocky: false })
  const place = new Router({ context, linger: 0 })
  await place.bind('inproc://zeromq.zap.01')
  const server = { ...makeCurveKeys(), allow: () => [] }
  await assert.rejects(openGate(context, server), { code: 'POLICY', message: /nothing is served/ })
  place.close()
  // Another context, because a place that was let go of is free again only after a moment.
  const free = await openGate(new Context({ blocky: false }), server)
  free()
  for (const wrong of [
    { ...server, secretKey: '' },
    { ...server, publicKey: 'x'.repeat(39) },
  ]) {
    const bound = bindRouter('tcp://127.0.0.1:*', echo, wrong)
    await assert.rejects(bound, { code: 'POLICY', message: /is no key/ })
  }
})

for (const kind of ['tcp', 'ipc']) {
  test(`[BR42] [B19] over ${kind} an allowed key is served; an unknown one and none are refused and told`, async () => {
    const keys = makeCurveKeys()
    const known = makeCurveKeys()
    const unknown = makeCurveKeys()
    const told: string[] = []
    let allowed = [known.publicKey]
    const server: CurveServer = {
      ...keys,
      allow: async () => allowed,
      onRefused: (what) => told.push(what),
    }
    const place = kind === 'tcp' ? 'tcp://127.0.0.1:*' : `ipc://${join(folder, 'keys')}`
    const router = await bindRouter(place, echo, server)
    const serverKey = keys.publicKey
    const friend = await firstWord(router.endpoint, { ...known, serverKey })
    assert.equal(friend.word, 'hello')
    assert.equal(told.length, 0)
    const stranger = await firstWord(router.endpoint, { ...unknown, serverKey })
    assert.equal(stranger.word, 'lost refused')
    assert.equal(told.length, 1)
    assert.ok((told[0] ?? '').includes(unknown.publicKey))
    const bare = await firstWord(router.endpoint)
    // Which of the two ends first notices that they speak differently is not settled.
    assert.match(bare.word, /^lost/)
    // The list is asked at each connection; nothing here asks again about who is in.
    allowed = [unknown.publicKey]
    assert.equal((await firstWord(router.endpoint, { ...known, serverKey })).word, 'lost refused')
    const now = await firstWord(router.endpoint, { ...unknown, serverKey })
    assert.equal(now.word, 'hello')
    assert.equal(router.peers, 2)
    for (const one of [friend, stranger, bare, now]) one.close()
    router.close()
  })
}

/** What connections are answered when their keys are looked at at each frame: the body, or the refusal of it. */
const watched: RouterOwner = {
  open: (peer) => ({
    receive: (body) => {
      peer.send(Buffer.from(`heard ${Buffer.from(body)}`))
    },
    closed: () => undefined,
    refusal: (body) => Buffer.from(`refused ${body === undefined ? '' : Buffer.from(body)}`),
  }),
}

/** A client whose frames are taken one by one. */
function clientOf(endpoint: string, curve: Parameters<typeof connectDealer>[2]) {
  const frames: string[] = []
  let waiting: ((frame: string) => void)[] = []
  const dealer = connectDealer(
    endpoint,
    {
      frame: (body) => {
        frames.push(Buffer.from(body).toString())
        for (const go of waiting.splice(0)) go(frames.shift() as string)
      },
      lost: (why) => frames.push(`lost ${why}`),
    },
    curve,
  )
  const next = () =>
    frames.length > 0
      ? Promise.resolve(frames.shift() as string)
      : new Promise<string>((go) => waiting.push(go))
  return {
    ask: (text: string) => {
      dealer.send(Buffer.from(text))
      return next()
    },
    next,
    close: () => {
      waiting = []
      dealer.close()
    },
  }
}

for (const kind of ['tcp', 'ipc']) {
  test(`[BR74] over ${kind} a client whose key is taken off the list is refused with its next frame, it alone, whoever came in with it`, async () => {
    const keys = makeCurveKeys()
    const pairs = Array.from({ length: 8 }, makeCurveKeys)
    const allowed = new Set(pairs.map(({ publicKey }) => publicKey))
    const told: string[] = []
    const place = kind === 'tcp' ? 'tcp://127.0.0.1:*' : `ipc://${join(folder, 'watched')}`
    const router = await bindRouter(place, watched, {
      ...keys,
      allow: async () => [...allowed],
      isAllowed: (key) => allowed.has(key),
      onRefused: (what) => told.push(what),
    })
    // All come in at once, so that only an order kept strictly tells them apart.
    const clients = pairs.map((pair) =>
      clientOf(router.endpoint, { ...pair, serverKey: keys.publicKey }),
    )
    const first = await Promise.all(clients.map((one, i) => one.ask(`hello ${i}`)))
    assert.deepEqual(
      first,
      pairs.map((_, i) => `heard hello ${i}`),
    )
    for (const [out, pair] of pairs.entries()) {
      allowed.delete(pair.publicKey)
      const words = await Promise.all(clients.map((one, i) => one.ask(`${out} ${i}`)))
      assert.deepEqual(
        words,
        pairs.map((_, i) => `${i <= out ? 'refused' : 'heard'} ${out} ${i}`),
      )
      assert.equal(told.length, out + 1)
      assert.ok((told[out] ?? '').includes(pair.publicKey))
    }
    for (const one of clients) one.close()
    router.close()
  })
}

test('[BR74] a client that is out is told nothing more, and does not come back by an empty frame or another name', async () => {
  const keys = makeCurveKeys()
  const [friend, other] = [makeCurveKeys(), makeCurveKeys()]
  const allowed = new Set([friend.publicKey, other.publicKey])
  const peers: Parameters<RouterOwner['open']>[0][] = []
  const router = await bindRouter(
    'tcp://127.0.0.1:*',
    {
      open: (peer) => {
        peers.push(peer)
        return watched.open(peer)
      },
    },
    { ...keys, allow: () => [...allowed], isAllowed: (key) => allowed.has(key) },
  )
  const serverKey = keys.publicKey
  const out = clientOf(router.endpoint, { ...friend, serverKey })
  const stays = clientOf(router.endpoint, { ...other, serverKey })
  assert.equal(await out.ask(''), 'heard ')
  assert.equal(await out.ask('one'), 'heard one')
  assert.equal(await stays.ask('two'), 'heard two')
  allowed.delete(friend.publicKey)
  // What the kernel would tell it by itself does not reach it; it hears once that it is out.
  assert.equal(peers[0]?.send(Buffer.from('secret')), false)
  assert.equal(peers[0]?.send(Buffer.from('secret')), false)
  assert.equal(await out.next(), 'refused ')
  // While somebody else is on the way in, it cannot pass for them.
  const late = clientOf(router.endpoint, { ...other, serverKey })
  assert.deepEqual(await Promise.all([late.ask('three'), out.ask('')]), ['heard three', 'refused '])
  assert.equal(await out.ask('again'), 'refused again')
  assert.equal(await stays.ask('four'), 'heard four')
  for (const one of [out, stays, late]) one.close()
  router.close()
})

test('[BR42] a list of keys that cannot be read lets nobody in, and is told', async () => {
  const keys = makeCurveKeys()
  const told: string[] = []
  const router = await bindRouter('tcp://127.0.0.1:*', echo, {
    ...keys,
    allow: () => Promise.reject(new Error('no such disk')),
    onRefused: (what) => told.push(what),
  })
  const client = await firstWord(router.endpoint, { ...makeCurveKeys(), serverKey: keys.publicKey })
  assert.equal(client.word, 'lost refused')
  assert.ok(told.some((what) => what.includes('no such disk')))
  client.close()
  router.close()
})

test('[BR43] a client cannot take the session of one that has gone by its name', async () => {
  const opened: number[] = []
  const closed: number[] = []
  const ended: (() => void)[] = []
  const router = await bindRouter('tcp://127.0.0.1:*', {
    open: (peer) => {
      const number = opened.push(opened.length)
      return {
        receive: () => {
          peer.send(Buffer.from(String(number)))
        },
        closed: () => {
          closed.push(number)
          for (const tell of ended.splice(0)) tell()
        },
      }
    },
  })
  const asked = async (dealer: Dealer) => {
    await dealer.send('who')
    return String((await dealer.receive())[0])
  }
  const first = new Dealer({ linger: 0, routingId: 'name' })
  first.connect(router.endpoint)
  assert.equal(await asked(first), '1')
  assert.equal(await asked(first), '1')
  const gone = new Promise<void>((resolve) => ended.push(resolve))
  first.close()
  await gone
  assert.equal(router.peers, 0)
  const second = new Dealer({ linger: 0, routingId: 'name' })
  second.connect(router.endpoint)
  assert.equal(await asked(second), '2')
  assert.deepEqual(closed, [1])
  second.close()
  router.close()
})
