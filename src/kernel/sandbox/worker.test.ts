// Owns: the tests of the worker's program by its pipe: batches, questions, what it may touch.
// Leaves: what guest code may do to the adversary tests.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { decodeValue, encodeSlots, MethodRef, Ref } from '#objects'
import { KERNEL_LIMITS } from '../limits.ts'
import { workerEntry, workerOptions } from './entry.ts'
import { Pipe } from './pipe.fixture.ts'

const send = (n: number, target: number, selector: string, args: unknown[] = []) => [
  n,
  'send',
  { now: 1, seed: 1, fuel: 100_000, target, selector, args },
]

const ECHO = '(function($rt,$h){"use strict";return function echo(self,x){return x}})'
const RECORD = encodeSlots([{ name: 'echo', tid: 1, value: new MethodRef(7) }])

test('[KN21] [KN23] work that arrives before an answer waits its turn, and batches are answered in order', async () => {
  const pipe = new Pipe()
  assert.deepEqual(await pipe.hear(), ['ready'])
  pipe.say(['next', 10, 2], ['run', [send(1, 5, 'echo', ['a']), send(2, 5, 'echo', ['b'])]])
  pipe.say(['run', [send(3, 5, 'echo', ['c'])]])
  assert.deepEqual(await pipe.hear(), ['fetch', 5])
  pipe.say(['run', [send(4, 5, 'echo', ['d'])]], ['answer', RECORD])
  assert.deepEqual(await pipe.hear(), ['method', 7])
  pipe.say(['answer', { code: ECHO, globals: [] }])
  const replies: unknown[] = []
  for (let i = 0; i < 3; i++) {
    const [kind, results] = (await pipe.hear()) as [string, [number, string, Uint8Array][]]
    assert.equal(kind, 'done')
    for (const [n, how, reply] of results) replies.push([n, how, decodeValue(reply)])
  }
  assert.deepEqual(replies, [
    [1, 'kept', 'a'],
    [2, 'kept', 'b'],
    [3, 'kept', 'c'],
    [4, 'kept', 'd'],
  ])
  pipe.child.stdin.end()
  assert.equal(await pipe.ended, 0)
})

test('[KN23] a worker forgets everything when it is told the next numbers', async () => {
  const pipe = new Pipe()
  await pipe.hear()
  for (let i = 0; i < 2; i++) {
    pipe.say(['next', 10, 2], ['run', [send(1, 5, 'there', [])]])
    assert.deepEqual(await pipe.hear(), ['fetch', 5])
    pipe.say(['answer', encodeSlots([{ name: 'there', tid: 1, value: [new Ref(1)] }])])
    const [, results] = (await pipe.hear()) as [string, [number, string, Uint8Array][]]
    assert.deepEqual(decodeValue(results[0]?.[2] as Uint8Array), [{ $ref: '#1' }])
  }
  pipe.child.kill('SIGKILL')
  await pipe.ended
})

const slot = (name: string, value: unknown) => encodeSlots([{ name, tid: 1, value }])

/** What the only turn of the next report answered. */
async function reply(pipe: Pipe): Promise<unknown> {
  const [kind, results] = (await pipe.hear()) as [string, [number, string, Uint8Array][]]
  assert.equal(kind, 'done')
  return decodeValue(results[0]?.[2] as Uint8Array)
}

test('[KN106] a receiver that comes with its batch is not asked for, and one without is', async () => {
  const pipe = new Pipe()
  await pipe.hear()
  pipe.say(['next', 10, 2], ['run', [send(1, 5, 'there')], 0, [5, slot('there', 'given')]])
  assert.equal(await reply(pipe), 'given')
  pipe.say(['run', [send(2, 6, 'there')], 1, [7, slot('there', 'another')]])
  assert.deepEqual(await pipe.hear(), ['fetch', 6])
  pipe.say(['answer', slot('there', 'asked')])
  assert.equal(await reply(pipe), 'asked')
  // What came with one batch is not kept for the next.
  pipe.say(['run', [send(3, 7, 'there')]])
  assert.deepEqual(await pipe.hear(), ['fetch', 7])
  pipe.child.kill('SIGKILL')
  await pipe.ended
})

test('[KN106] a receiver that was given before a write to it was heard of is asked for', async () => {
  const pipe = new Pipe()
  await pipe.hear()
  const frame = { now: 1, seed: 1, fuel: 100_000 }
  const change = { kind: 'set', target: 5, slot: 'there', value: 'new', expect: undefined }
  const write = [1, 'change', { ...frame, change }]
  for (const [heard, asks] of [
    [0, true],
    [1, false],
  ] as const) {
    const [before, given] = [2 * heard, [5, slot('there', 'old'), 6, slot('there', 'other')]]
    pipe.say(['next', 10, 2], ['run', [write], before, [5, slot('there', 'old')]])
    await pipe.hear()
    // Nothing is in its memory, as after a batch that filled it.
    pipe.say(['next', 10, 3], ['run', [send(2, 5, 'there')], before + heard, given])
    if (asks) {
      assert.deepEqual(await pipe.hear(), ['fetch', 5])
      pipe.say(['answer', slot('there', 'new')])
    }
    assert.equal(await reply(pipe), asks ? 'new' : 'old')
  }
  pipe.child.kill('SIGKILL')
  await pipe.ended
})

test('[KN23] an answer that nobody asked for ends the worker', async () => {
  const pipe = new Pipe()
  await pipe.hear()
  pipe.say(['answer', null])
  assert.notEqual(await pipe.ended, 0)
})

test('[KN22] a worker’s process reads its own code, and nothing else is allowed to it', async () => {
  const { execArgv } = workerOptions(KERNEL_LIMITS.workerHeap)
  const program = `
    const out = {}
    const attempt = async (name, act) => {
      try { await act(); out[name] = 'allowed' } catch (error) { out[name] = error.code ?? error.message }
    }
    const fs = await import('node:fs')
    await attempt('own', () => fs.readFileSync(${JSON.stringify(workerEntry())}))
    await attempt('read', () => fs.readFileSync('/etc/hostname'))
    await attempt('list', () => fs.readdirSync('/'))
    await attempt('write', () => fs.writeFileSync(${JSON.stringify(`${workerEntry()}.x`)}, ''))
    await attempt('child', async () => (await import('node:child_process')).execSync('true'))
    await attempt('thread', async () => new (await import('node:worker_threads')).Worker('', { eval: true }))
    await attempt('addon', () => process.dlopen({ exports: {} }, '/nowhere.node'))
    out.proto = typeof Object.prototype.__proto__ + ('__proto__' in {})
    console.log(JSON.stringify(out))`
  const child = spawn(process.execPath, [...execArgv, '--input-type=module', '-e', program], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await new Promise((resolve) => child.once('close', resolve))
  const denied = 'ERR_ACCESS_DENIED'
  assert.deepEqual(JSON.parse(text), {
    own: 'allowed',
    read: denied,
    list: denied,
    write: denied,
    child: denied,
    thread: denied,
    addon: 'ERR_DLOPEN_DISABLED',
    proto: 'undefinedfalse',
  })
})
