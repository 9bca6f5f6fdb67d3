// Owns: the sockets under load and neglect, with real peers over ipc.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Dealer } from 'zeromq'
import { connectDealer } from './dealer.ts'
import { WIRE } from './hearing.ts'
import { bindRouter, type RouterPeer } from './router.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-wire-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let number = 0
const address = () => `ipc://${join(folder, `s${++number}`)}`

/** A promise and what settles it. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

test('[BR3] [Z1] thousands of frames to a peer that reads arrive, each once and in order', async () => {
  const router = await bindRouter(address(), {
    open: (peer) => ({
      receive: () => {
        for (let i = 0; i < 3_000; i++) assert.ok(peer.send(Buffer.from(`${i} ${'x'.repeat(500)}`)))
      },
      closed: () => undefined,
    }),
  })
  const seen: number[] = []
  const all = deferred<void>()
  const dealer = connectDealer(router.endpoint, {
    frame: (bytes) => {
      seen.push(Number.parseInt(Buffer.from(bytes).toString(), 10))
      if (seen.length === 3_000) all.resolve()
    },
    lost: () => undefined,
  })
  dealer.send(Buffer.from('go'))
  await all.promise
  assert.deepEqual(
    seen,
    Array.from({ length: 3_000 }, (_, i) => i),
  )
  dealer.close()
  router.close()
})

test('[BR4] a peer that does not read is cut and told of once, and another is served on', async () => {
  const cut = deferred<{ taken: number; closings: number }>()
  const router = await bindRouter(address(), {
    open: (peer: RouterPeer) => {
      let closings = 0
      return {
        receive: (body) => {
          if (Buffer.from(body).toString() !== 'flood') {
            peer.send(body)
            return
          }
          let taken = 0
          while (peer.send(Buffer.alloc(100_000))) taken++
          assert.equal(peer.send(Buffer.from('late')), false)
          cut.resolve({ taken, closings })
        },
        closed: () => {
          closings++
        },
      }
    },
  })
  const deaf = new Dealer({ linger: 0, receiveHighWaterMark: 1 })
  deaf.connect(router.endpoint)
  await deaf.send('flood')
  const { taken, closings } = await cut.promise
  assert.ok(taken > 0 && taken < 1_000, `${taken} frames of 100 kB were taken`)
  assert.equal(closings, 1)
  const echo = deferred<string>()
  const dealer = connectDealer(router.endpoint, {
    frame: (bytes) => echo.resolve(Buffer.from(bytes).toString()),
    lost: () => undefined,
  })
  dealer.send(Buffer.from('hello'))
  assert.equal(await echo.promise, 'hello')
  dealer.close()
  deaf.close()
  router.close()
})

for (const [what, milliseconds, most] of [
  ['many small frames', 0, WIRE.yieldEvery],
  // Each takes so long that the time is over first. A machine that is busy with other things makes them fewer.
  ['frames that take long', 0.5, WIRE.yieldAfter / 0.5],
] as const) {
  test(`[BR5] [B11] [Z9] between two turns of the event loop at most two shares of frames are heard, of ${what}`, async () => {
    const total = milliseconds === 0 ? 5_000 : 1_000
    let heard = 0
    let heardBefore = 0
    let worst = 0
    let turns = 0
    const done = deferred<void>()
    const turn = () => {
      worst = Math.max(worst, heard - heardBefore)
      heardBefore = heard
      if (heard > 0) turns++
      if (heard < total) setImmediate(turn)
      else done.resolve()
    }
    const router = await bindRouter(address(), {
      open: () => ({
        receive: () => {
          heard++
          for (const end = performance.now() + milliseconds; performance.now() < end; );
        },
        closed: () => undefined,
      }),
    })
    const dealer = connectDealer(router.endpoint, {
      frame: () => undefined,
      lost: () => undefined,
    })
    setImmediate(turn)
    for (let i = 0; i < total; i++) dealer.send(Buffer.from('x'))
    await done.promise
    // One frame ends the wait for a first one; the share behind it and the next may fall into the same turn.
    assert.ok(worst <= 2 * most + 1, `${worst} frames in one turn`)
    assert.ok(turns >= total / (2 * most + 1), `${turns} turns`)
    dealer.close()
    router.close()
  })
}

test('[BR5] [Z9] a client that has thousands of frames to send gives its own event loop its turn between them', async () => {
  const router = await bindRouter(address(), {
    open: () => ({ receive: () => undefined, closed: () => undefined }),
  })
  const dealer = connectDealer(router.endpoint, {
    frame: () => undefined,
    lost: () => undefined,
  })
  /** How many frames the queue takes now. */
  const fill = () => {
    let taken = 0
    while (dealer.send(Buffer.from('x'))) taken++
    return taken
  }
  assert.equal(fill(), WIRE.queueFrames)
  // What there is room for again has left in one turn.
  await new Promise((resolve) => setImmediate(resolve))
  const left = fill()
  assert.ok(left > 0 && left <= 2 * WIRE.yieldEvery, `${left} frames left in one turn`)
  dealer.close()
  router.close()
})

test('[BR3] a client that delimits its frames is answered in kind, and one without a body is heard', async () => {
  const bodies: number[] = []
  const router = await bindRouter(address(), {
    open: (peer) => ({
      receive: (body) => {
        bodies.push(body.length)
        peer.send(Buffer.from('yes'))
      },
      closed: () => undefined,
    }),
  })
  const plain = new Dealer({ linger: 0 })
  plain.connect(router.endpoint)
  await plain.send(['', 'delimited'])
  assert.deepEqual((await plain.receive()).map(String), ['', 'yes'])
  await plain.send('plain')
  assert.deepEqual((await plain.receive()).map(String), ['yes'])
  await plain.send(['a', 'b', 'c'])
  await plain.receive()
  assert.deepEqual(bodies, [9, 5, 0])
  plain.close()
  router.close()
})

test('[BR44] [B6] [Z3] three thousand sends to a stalled peer: what it read, what never left and what was refused are all of them', async () => {
  const sends = 3_000
  const cut = deferred<{ taken: number; refused: number }>()
  const router = await bindRouter(address(), {
    open: (peer) => ({
      receive: () => {
        let taken = 0
        let refused = 0
        for (let i = 0; i < sends; i++) {
          if (peer.send(Buffer.from(`${i} ${'x'.repeat(20_000)}`))) taken++
          else refused++
        }
        cut.resolve({ taken, refused })
      },
      closed: () => undefined,
      farewell: (lost) => Buffer.from(`too slow: ${lost}`),
    }),
  })
  const slow = new Dealer({ linger: 0, receiveHighWaterMark: 10 })
  slow.connect(router.endpoint)
  await slow.send('go')
  const { taken, refused } = await cut.promise
  let read = 0
  let lost = -1
  while (lost < 0) {
    const text = String((await slow.receive())[0])
    if (text.startsWith('too slow: ')) lost = Number(text.slice('too slow: '.length))
    else assert.equal(Number.parseInt(text, 10), read++)
  }
  assert.ok(refused > 0 && lost > 0, `${refused} were refused, ${lost} never left`)
  assert.equal(taken, read + lost)
  assert.equal(read + lost + refused, sends)
  // It may begin anew, with another conversation.
  assert.equal(router.peers, 0)
  await slow.send('again')
  assert.equal(Number.parseInt(String((await slow.receive())[0]), 10), 0)
  slow.close()
  router.close()
})

test('[BR44] [B6] a peer that is cut while ZeroMQ has some of its frames is told the exact number of the rest', async () => {
  let taken = 0
  const router = await bindRouter(address(), {
    open: (peer) => ({
      receive: () => {
        // A little at a time, so that the writer is in the midst of its work when the queue is full.
        const more = () => {
          for (let i = 0; i < 50; i++) {
            if (!peer.send(Buffer.from(`${taken} ${'x'.repeat(40_000)}`))) return
            taken++
          }
          queueMicrotask(() => setImmediate(more))
        }
        more()
      },
      closed: () => undefined,
      farewell: (lost) => Buffer.from(`too slow: ${lost}`),
    }),
  })
  const slow = new Dealer({ linger: 0, receiveHighWaterMark: 1 })
  slow.connect(router.endpoint)
  await slow.send('go')
  while (router.peers === 0 || taken < 800) await new Promise((go) => setImmediate(go))
  let read = 0
  for (;;) {
    const text = String((await slow.receive())[0])
    if (text.startsWith('too slow: ')) {
      assert.equal(read + Number(text.slice('too slow: '.length)), taken)
      break
    }
    assert.equal(Number.parseInt(text, 10), read++)
  }
  slow.close()
  router.close()
})

test('[BR43] [B7] [Z2] a send to a peer that has gone is refused at once, and the next one to another arrives', async () => {
  const peers: RouterPeer[] = []
  const gone = deferred<void>()
  const router = await bindRouter(address(), {
    open: (peer) => {
      peers.push(peer)
      return { receive: () => void peer.send(Buffer.from('here')), closed: () => gone.resolve() }
    },
  })
  const first = new Dealer({ linger: 0 })
  first.connect(router.endpoint)
  await first.send('hello')
  await first.receive()
  first.close()
  // Nobody has noticed yet; what the writer is refused must not hold up what comes behind it.
  for (let i = 0; i < 100; i++) peers[0]?.send(Buffer.from('into the void'))
  await gone.promise
  assert.equal(peers[0]?.send(Buffer.from('anybody?')), false)
  const second = new Dealer({ linger: 0 })
  second.connect(router.endpoint)
  await second.send('hello')
  assert.deepEqual((await second.receive()).map(String), ['here'])
  second.close()
  router.close()
})

test('[BR3] [BR43] [Z5] two clients that call themselves the same are two: the second takes nothing from the first', async () => {
  const router = await bindRouter(address(), {
    open: (peer) => ({ receive: (body) => void peer.send(body), closed: () => undefined }),
  })
  const first = new Dealer({ linger: 0, routingId: 'same' })
  first.connect(router.endpoint)
  await first.send('one')
  assert.deepEqual((await first.receive()).map(String), ['one'])
  const second = new Dealer({ linger: 0, routingId: 'same' })
  second.connect(router.endpoint)
  await second.send('two')
  await first.send('three')
  assert.deepEqual((await first.receive()).map(String), ['three'])
  second.close()
  first.close()
  router.close()
})
