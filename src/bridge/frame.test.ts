// Owns: bytes of the wire that a client may send, and many that it should not, without a kernel.
// Leaves: what requests do to the bridge's journey.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { seeded } from '#objects'
import { eventFrame, okFrame, pack, readRequest, unpack } from './frame.ts'
import { Session } from './session.ts'

test('[BR6] random and mutated frames never throw, and what passes is a request', () => {
  const draw = seeded(20_260_101)
  const good = pack({
    v: 1,
    id: 1,
    op: 'SendCommand',
    target: 'a',
    selector: 'b',
    args: [1, { c: 2 }],
  })
  let passed = 0
  for (let round = 0; round < 20_000; round++) {
    const random = Buffer.from(Array.from({ length: draw() * 60 }, () => draw() * 256))
    const mutated = Buffer.from(good)
    for (let i = 0; i <= draw() * 3; i++)
      mutated[Math.floor(draw() * mutated.length)] = draw() * 256
    for (const bytes of [random, mutated, good.subarray(0, draw() * good.length)]) {
      const request = readRequest(bytes)
      if ('op' in request) passed++
      else assert.match(request.fault.code, /^(FRAME_INVALID|OP_UNKNOWN|FIELD_INVALID)$/)
    }
  }
  assert.ok(passed > 0)
})

test('[BR7] a result is the bytes that it was given, framed', () => {
  const result = pack({ big: 2n ** 60n, when: new Date(5), list: [1, null, 'x'] })
  const frame = unpack(okFrame('id', result, '12'))
  assert.deepEqual(frame, { v: 1, id: 'id', ok: true, result: unpack(result), tid: '12' })
  assert.deepEqual(unpack(okFrame(3, pack(null), undefined)), {
    v: 1,
    id: 3,
    ok: true,
    result: null,
  })
  assert.deepEqual(unpack(eventFrame(3, { kind: 'queued' })), {
    v: 1,
    id: 3,
    event: { kind: 'queued' },
  })
})

test('[BR19] a connection that says no Hello is ended', async () => {
  const ended = await new Promise((resolve) => {
    const peer = { send: () => true, close: (code: number) => resolve(code) }
    // The session's own timer does not keep a program alive, so something else must for this long.
    const alive = setInterval(() => undefined, 1_000)
    new Session(peer, {} as never, 'token', { helloTime: 5 })
    after(() => clearInterval(alive))
  })
  assert.equal(ended, 1008)
})
