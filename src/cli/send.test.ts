// Owns: what `send` does with a kernel that is busy.
// Leaves: when a client asks again to the bridge; what is told meanwhile to narrator.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeFault, Client, pack, unpack } from '#bridge'
import { handed } from './powers.fixture.ts'
import { run } from './run.ts'

/** Runs `send` with a client whose other end is busy so many times, and says when to come again. */
async function scene(busy: number, retryAfter: number) {
  let asked = 0
  const client = new Client((on) => ({
    send: (bytes) => {
      const { id, op } = unpack(bytes) as { id: number; op: string }
      const isBusy = op === 'SendCommand' && ++asked <= busy
      const fault = bridgeFault('BUSY', 'much to do', { retryAfter }).toRecord()
      const answer = isBusy ? { ok: false, fault } : { ok: true, result: 42 }
      queueMicrotask(() => on.frame(pack({ v: 1, id, ...answer })))
      return true
    },
    close: () => undefined,
  }))
  const words = ['send', 'genesis', 'answer', '--policy', 'off']
  const world = () => ({
    request: client.request.bind(client),
    requestWithTid: client.requestWithTid.bind(client),
  })
  const hands = handed({ world, words })
  const code = await run(hands.powers)
  return { code, asked, out: hands.out(), err: hands.err() }
}

test('[CL145] a busy kernel is asked again when it says, and not longer than a few seconds', async () => {
  const answered = await scene(3, 1)
  assert.deepEqual([answered.code, answered.asked, answered.out], [0, 4, '42\n'], answered.err)
  const refused = await scene(1, 5_001)
  assert.deepEqual([refused.code, refused.asked, refused.out], [1, 1, ''])
  assert.match(refused.err, /BUSY/)
})
