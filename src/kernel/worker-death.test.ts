// Owns: the tests of workers and kernels that die: killed from outside, by a message's own doing, or before they are ready.
// Leaves: workers that lie to hostile-worker.test.ts.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { FrameReader, frame } from '#ground'
import { decodeValue, encodeValue } from '#objects'
import { spawnNode } from '#powers'
import type { SpawnChild } from './child.ts'
import { startKernel, startOn, temporaryFolder, type TestKernel } from './kernel.fixture.ts'
import { KERNEL_LIMITS } from './limits.ts'

const NOTE = 'function note(self, i) { self.all ??= []; self.all.push(i); return self.all.length }'

/** Kills the worker of a kernel, which is the last child that it started. */
function killWorker(t: TestKernel): void {
  try {
    process.kill(t.pids.at(-1) as number, 'SIGKILL')
  } catch (error) {
    // It was killed a moment ago and the next one has not started yet.
    assert.equal((error as { code?: string }).code, 'ESRCH')
  }
}

test('[KN4] a worker killed twice amid a thousand messages: each is there once, and answered', async () => {
  const folder = temporaryFolder()
  const t = await startOn(folder.path, { methods: { note: NOTE } })
  const places: unknown[] = []
  // In two parts, so that the turns of the first death have run one by one before the second: alone they would be charged.
  for (const first of [0, 500]) {
    const answers = Array.from({ length: 500 }, async (_, i) => {
      const answer = await t.send('note', [first + i])
      if (i === 50) killWorker(t)
      return answer
    })
    places.push(...(await Promise.all(answers)))
    // A worker killed with nothing to do is missed only when it is given something: that would be in the next part.
    const deaths = first === 0 ? 1 : 2
    while (t.endings.length < deaths) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(new Set(places).size, 1_000)
  const all = (await t.send('all')) as number[]
  assert.deepEqual(
    all.toSorted((a, b) => a - b),
    Array.from({ length: 1_000 }, (_, i) => i),
  )
  // What an answer said is where the message is.
  for (const [i, place] of places.entries()) assert.equal(all[(place as number) - 1], i)
  assert.ok(t.endings.length >= 1 && t.endings.every(({ reason }) => reason === 'died'))
  await t.close()
  folder.remove()
})

test('[KN4] [KN13] a kernel killed amid a thousand messages: what was answered is there, and keys run once', async () => {
  const folder = temporaryFolder()
  const program = new URL('./killed-kernel.fixture.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, folder.path, '1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const answered = new Set<number>()
  let text = ''
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    for (const line of text.split('\n').slice(0, -1)) answered.add(Number(line))
    if (answered.size >= 100) child.kill('SIGKILL')
  })
  await ended
  assert.ok(answered.size >= 100)
  const t = await startOn(folder.path)
  const kept = (await t.send('all')) as number[]
  assert.equal(new Set(kept).size, kept.length)
  for (const i of answered) assert.ok(kept.includes(i), `message ${i} was answered and is gone`)
  await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => t.send('note', [i], { key: `key-${i}` })),
  )
  const all = (await t.send('all')) as number[]
  assert.deepEqual(all.slice(0, kept.length), kept)
  assert.deepEqual(
    all.toSorted((a, b) => a - b),
    Array.from({ length: 1_000 }, (_, i) => i),
  )
  assert.deepEqual(t.kernel.head.store.verify().damage, [])
  await t.close()
  folder.remove()
})

test('[KN4] [KN26] a message that never ends is charged, and those before and behind it are answered', async () => {
  const t = await startKernel({
    silence: 2_000,
    methods: {
      note: NOTE,
      // A built-in that runs for ever: ticks do not see inside it.
      hang: 'function hang(self) { return /^(a+)+$/.test("a".repeat(40) + "b") }',
    },
  })
  const before = [t.send('note', [1]), t.send('note', [2])]
  const fault = t.fault('hang')
  const behind = [t.send('note', [3]), t.send('note', [4])]
  assert.deepEqual(await Promise.all(before), [1, 2])
  assert.deepEqual(await Promise.all(behind), [3, 4])
  assert.deepEqual([(await fault).code, (await fault).message.includes('2000 ms')], ['FUEL', true])
  assert.deepEqual(
    t.endings.map(({ reason }) => reason),
    ['silent', 'silent'],
  )
  assert.deepEqual(await t.send('all'), [1, 2, 3, 4])
  await t.close()
})

test('[KN4] a message that takes all memory is charged, and the next one is answered', async () => {
  const t = await startKernel({
    silence: 2_500,
    methods: {
      note: NOTE,
      eat: 'function eat(self) { self.x = 1; let l = [1]; for (;;) l = [...l, ...l] }',
    },
  })
  const [fault, place] = await Promise.all([t.fault('eat'), t.send('note', [1])])
  // On a busy machine collecting garbage takes longer than a worker may be silent.
  assert.ok(fault.code === 'LIMIT' || fault.code === 'FUEL', fault.code)
  assert.equal(place, 1)
  assert.ok(t.endings.every(({ reason }) => reason === 'memory' || reason === 'silent'))
  assert.equal(
    t.kernel.head.object(t.oid('it')).slots.some(({ name }) => name === 'x'),
    false,
  )
  await t.close()
})

test('[KN4] two bad messages in one batch are both found out', async () => {
  const t = await startKernel({
    silence: 2_000,
    methods: {
      note: NOTE,
      hang: 'function hang(self) { return /^(a+)+$/.test("a".repeat(40) + "b") }',
    },
  })
  const sent = [
    t.answer('note', [1]),
    t.answer('hang'),
    t.answer('note', [2]),
    t.answer('hang'),
    t.answer('note', [3]),
  ]
  assert.deepEqual(
    (await Promise.all(sent)).map(({ ok }) => ok),
    [true, false, true, false, true],
  )
  assert.deepEqual(await t.send('all'), [1, 2, 3])
  await t.close()
})

test('[KN32] when no worker starts, messages are refused, and answered once one does', async () => {
  let isBroken = true
  const broken: SpawnChild = (entry, options) =>
    isBroken && entry.includes('worker')
      ? spawnNode(entry, { ...options, execArgv: ['--no-such-option'] })
      : spawnNode(entry, options)
  const good = await startKernel({ methods: { note: NOTE } })
  const { store } = good.kernel.head
  await good.close()
  const t = await startKernel({ store, spawn: broken })
  const faults = await Promise.all([t.fault('note', [1]), t.fault('note', [2])])
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['BUSY', 'BUSY'],
  )
  const { length } = t.endings
  // Nobody waits, so nobody starts another one.
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(t.endings.length, length)
  isBroken = false
  assert.equal(await t.send('note', [3]), 1)
  await t.close()
})

test('[KN26] the owner hears once of each worker that ended, and of none that was closed', async () => {
  const t = await startKernel({ methods: { note: NOTE } })
  killWorker(t)
  assert.equal(await t.send('note', [1]), 1)
  assert.equal(t.endings.length, 1)
  await t.close()
  assert.equal(t.endings.length, 1)
})

/** Starts workers that are sent a signal when they ask their first question, so many of them: then they have a turn in hand. */
function killing(signal: NodeJS.Signals, most: number) {
  const state = { kills: 0, isArmed: false }
  const spawn: SpawnChild = (entry, options) => {
    const child = spawnNode(entry, options)
    if (!entry.includes('worker')) return child
    const reader = new FrameReader()
    child.stdout.on('data', (chunk: Buffer) => {
      for (const bytes of reader.push(chunk)) {
        const [kind] = decodeValue(bytes) as [string]
        if (kind === 'ready' || kind === 'done' || !state.isArmed || state.kills >= most) continue
        state.kills++
        process.kill(child.pid as number, signal)
      }
    })
    return child
  }
  return { spawn, state }
}

/** A kernel whose next workers are killed at their first question; the one that it has knows everything already. */
async function startKilled(signal: NodeJS.Signals, most: number) {
  const { spawn, state } = killing(signal, most)
  const t = await startKernel({ methods: { note: NOTE }, spawn })
  await t.send('note', [0])
  state.isArmed = true
  process.kill(t.pids.at(-1) as number, 'SIGKILL')
  return { t, state }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`[KN86] a message whose worker gets ${signal} again and again is not charged, and runs to its end once`, async () => {
    const { t, state } = await startKilled(signal, 4)
    assert.equal(await t.send('note', [1]), 2)
    assert.equal(state.kills, 4)
    const reasons = t.endings.map(({ reason }) => reason)
    assert.deepEqual(reasons, ['died', 'signal', 'signal', 'signal', 'signal'])
    assert.deepEqual(await t.send('all'), [0, 1])
    await t.close()
  })
}

test('[KN86] [KN4] SIGKILL may be the answer to too much memory, and is charged', async () => {
  const { t, state } = await startKilled('SIGKILL', 4)
  assert.equal((await t.fault('note', [1])).code, 'METHOD_FAILED')
  assert.ok(state.kills <= 2, `${state.kills} workers were killed`)
  state.isArmed = false
  assert.equal(await t.send('note', [2]), 2)
  await t.close()
})

/** A worker that gets ready, and is asked to end as soon as it has something to do. */
const endedAtWork: SpawnChild = (entry, options) => {
  if (!entry.includes('worker')) return spawnNode(entry, options)
  const stdout = new PassThrough()
  let exited: (code: number | null, signal: string | null) => void = () => undefined
  const reader = new FrameReader()
  const stdin = new Writable({
    write: (chunk: Buffer, _, done) => {
      for (const bytes of reader.push(chunk)) {
        const [kind] = decodeValue(bytes) as [string]
        if (kind === 'run') setImmediate(() => exited(null, 'SIGTERM'))
      }
      done()
    },
  })
  stdout.write(frame(encodeValue(['ready'])))
  const onExit = (callback: typeof exited) => {
    exited = callback
  }
  return { pid: undefined, stdin, stdout, stderr: new PassThrough(), kill: () => {}, onExit }
}

test('[KN86] when every worker is asked to end, that is a death like others after a while', async () => {
  const good = await startKernel({ methods: { note: NOTE } })
  const { store } = good.kernel.head
  await good.close()
  const t = await startKernel({ store, spawn: endedAtWork })
  assert.equal((await t.fault('note', [1])).code, 'METHOD_FAILED')
  assert.equal(t.endings.length, KERNEL_LIMITS.signals + KERNEL_LIMITS.deaths)
  await t.close()
})
