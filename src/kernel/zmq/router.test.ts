// Owns: the sockets under load and neglect, with real peers over ipc.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Dealer } from 'zeromq'
import { connectDealer } from './dealer.ts'
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

test('[BR3] thousands of frames to a peer that reads arrive, each once and in order', async () => {
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

test('[BR5] timers get their turn while thousands of frames arrive', async () => {
  let received = 0
  let atTimer = -1
  const done = deferred<void>()
  const router = await bindRouter(address(), {
    open: () => ({
      receive: () => {
        if (received === 0) {
          setTimeout(() => {
            atTimer = received
          }, 0)
        }
        // Work enough that all frames together take much longer than a timer.
        for (let i = 0; i < 20_000; i++) Math.sqrt(i)
        if (++received === 5_000) done.resolve()
      },
      closed: () => undefined,
    }),
  })
  const dealer = connectDealer(router.endpoint, {
    frame: () => undefined,
    lost: () => undefined,
  })
  for (let i = 0; i < 5_000; i++) dealer.send(Buffer.from('x'))
  await done.promise
  assert.ok(atTimer >= 0 && atTimer < 5_000, `the timer came after ${atTimer} frames`)
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

test('[BR44] [B6] what a slow peer is sent arrives in order up to the cut, then one last frame, and nothing is lost unsaid', async () => {
  const cut = deferred<number>()
  const router = await bindRouter(address(), {
    open: (peer) => ({
      receive: () => {
        let taken = 0
        while (peer.send(Buffer.from(`${taken} ${'x'.repeat(20_000)}`))) taken++
        cut.resolve(taken)
      },
      closed: () => undefined,
      farewell: () => Buffer.from('too slow'),
    }),
  })
  const slow = new Dealer({ linger: 0, receiveHighWaterMark: 10 })
  slow.connect(router.endpoint)
  await slow.send('go')
  const taken = await cut.promise
  let read = 0
  for (;;) {
    const text = String((await slow.receive())[0])
    if (text === 'too slow') break
    assert.equal(Number.parseInt(text, 10), read++)
  }
  assert.ok(read < taken, `${read} of ${taken} frames were read`)
  // It may begin anew, with another conversation.
  assert.equal(router.peers, 0)
  await slow.send('again')
  assert.equal(Number.parseInt(String((await slow.receive())[0]), 10), 0)
  slow.close()
  router.close()
})
