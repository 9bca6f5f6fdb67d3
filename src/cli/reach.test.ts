// Getting to a kernel, on a machine of the test's own.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { handed } from './powers.fixture.ts'
import { findKernel, reach, readKernelFile, whenFree } from './reach.ts'
import { Terminal } from './terminal.ts'

const KERNEL = {
  pid: 4711,
  endpoint: 'ipc:///images/one/run/kernel.sock',
  page: null,
  protocol: 1,
  token: 'secret',
  image: 'image-1',
}
const files = { '/images/one/kernel.json': JSON.stringify(KERNEL) }
const never = new AbortController().signal

const inUse = (data?: Record<string, unknown>) =>
  new Fault({
    code: 'IMAGE_IN_USE',
    message: 'The image is open in another kernel.',
    remedy: 'Stop it.',
    retry: 'later',
    ...(data && { data }),
  })

test('[CL31] a kernel whose process is gone is not connected to', async () => {
  const asked: unknown[] = []
  const { powers } = handed({
    files,
    machine: {
      isAlive: (pid) => {
        assert.equal(pid, 4711)
        return false
      },
      listens: async (place) => asked.push(place) > 0,
    },
  })
  assert.equal(await findKernel(powers, '/images/one'), undefined)
  assert.deepEqual(asked, [])
})

test('[CL31] a number that another process has by now is told by the socket, which nobody listens at', async () => {
  const asked: unknown[] = []
  const { powers } = handed({
    files,
    machine: {
      isAlive: () => true,
      listens: async (place) => {
        asked.push(place)
        return false
      },
    },
  })
  assert.equal(await findKernel(powers, '/images/one'), undefined)
  assert.deepEqual(asked, [{ path: '/images/one/run/kernel.sock' }])
})

test('[CL31] a file that is no kernel.json counts as none', async () => {
  for (const text of ['', '{', '{}', '[]', '{"pid": "1"}']) {
    const { powers } = handed({ files: { '/i/kernel.json': text } })
    assert.equal(await readKernelFile(powers, '/i'), undefined, text)
  }
  assert.equal(await readKernelFile(handed().powers, '/i'), undefined)
})

test('[CL32] an image in use is waited for, and the wait is told once it takes long', async () => {
  const hands = handed()
  const notes = new Terminal(hands.powers, true).err
  let attempts = 0
  const got = await whenFree(hands.powers, { notes, signal: never }, async () => {
    if (++attempts < 30) throw inUse()
    return 'free'
  })
  assert.deepEqual([got, attempts], ['free', 30])
  assert.equal(hands.err(), 'The image is in use by another command; waiting for it to be done.\n')
})

test('[CL32] after ten seconds it is a fault that says so', async () => {
  const hands = handed()
  const notes = new Terminal(hands.powers, true).err
  const waiting = whenFree(hands.powers, { notes, signal: never }, async () => {
    throw inUse()
  })
  await assert.rejects(waiting, { code: 'IMAGE_IN_USE', data: { unanswered: true } })
  assert.ok(hands.powers.clock() > 10_000 && hands.powers.clock() < 11_000)
})

test('[CL32] one that is served is not waited for, and other faults pass at once', async () => {
  const hands = handed()
  const notes = new Terminal(hands.powers, true).err
  const full = new Fault({ code: 'READ_ONLY', message: 'full', remedy: '', retry: 'later' })
  for (const fault of [inUse({ serving: true }), full]) {
    const waiting = whenFree(hands.powers, { notes, signal: never }, async () => {
      throw fault
    })
    await assert.rejects(waiting, fault)
  }
  assert.equal(hands.powers.clock(), 0)
})

test('[CL60] what a world is opened with is asked for only when no kernel runs', async () => {
  const hands = handed()
  const notes = new Terminal(hands.powers, true).err
  const world = async () => ({ policy: 'review' as const })
  const reached = await reach(hands.powers, '/images/one', { world, notes, signal: never })
  assert.deepEqual(hands.opened, [{ policy: 'review' }])
  assert.equal(reached.kernel, undefined)
})
