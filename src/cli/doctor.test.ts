// The doctor, on machines of the test's own.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Handed, handed } from './powers.fixture.ts'
import { run } from './run.ts'

interface Check {
  name: string
  state: string
  detail: string
  remedy?: string
}

async function checked(given: Handed = {}) {
  const hands = handed({ ...given, words: ['doctor', '--json'] })
  const code = await run(hands.powers)
  const { ok, checks } = JSON.parse(hands.out()) as { ok: boolean; checks: Check[] }
  return { code, ok, checks, of: (name: string) => checks.find((one) => one.name === name) }
}

const NAMES = [
  'Node',
  'store',
  'ZeroMQ',
  'llama.cpp',
  'image',
  'disk',
  'kernel',
  'port',
  'model',
  'Python',
]

test('[CL70] every check is told, also after one that failed', async () => {
  const { code, ok, checks, of } = await checked({
    machine: {
      loadStore: () => Promise.reject(new Error('no binary for this machine\nand a stack')),
      isPortFree: async () => false,
      run: async () => ({ code: null, stdout: '', stderr: '' }),
    },
  })
  assert.deepEqual([code, ok], [1, false])
  assert.deepEqual(
    checks.map(({ name }) => name),
    NAMES,
  )
  assert.equal(of('store')?.detail, 'its native part does not load: no binary for this machine')
  assert.equal(of('llama.cpp')?.state, 'ok')
  assert.deepEqual([of('port')?.state, of('Python')?.state], ['note', 'note'])
})

test('[CL71] each problem names its cure, and one is enough to end with 1', async () => {
  const { code, checks, of } = await checked()
  assert.equal(code, 1)
  assert.deepEqual(
    checks.filter(({ state }) => state === 'problem').map(({ name }) => name),
    ['model'],
  )
  assert.match(of('model')?.remedy ?? '', /batos model pull/)
})

test('[CL71] an old Node, a folder that others enter, a full disk and a kernel that hangs are problems', async () => {
  const files = {
    '/here/live_image': 'folder',
    '/here/live_image/kernel.json': JSON.stringify({
      pid: 4711,
      endpoint: 'ipc:///here/live_image/run/kernel.sock',
      image: 'image-1',
    }),
  }
  const hands = handed({ words: ['doctor', '--json'], files })
  const { powers } = hands
  powers.machine.describe = () => ({ platform: 'x', cores: 1, memory: 1e9, node: '22.1.0' })
  powers.machine.isAlive = () => true
  powers.files.freeBytes = async () => 1_000
  const { lookAt } = powers.files
  powers.files.lookAt = async (path) => {
    const seen = await lookAt(path)
    return seen === undefined ? undefined : { ...seen, mode: 0o755 }
  }
  assert.equal(await run(powers), 1)
  const { checks } = JSON.parse(hands.out()) as { checks: Check[] }
  const problems = checks.filter(({ state }) => state === 'problem')
  assert.deepEqual(
    problems.map(({ name }) => name),
    ['Node', 'image', 'disk', 'kernel', 'model'],
  )
  for (const { remedy } of problems) assert.notEqual(remedy, undefined)
})

test('[CL71] for people it is one line for each check, with the cure beside a problem', async () => {
  const hands = handed({ words: ['doctor'] })
  assert.equal(await run(hands.powers), 1)
  const lines = hands.out().trimEnd().split('\n')
  assert.equal(lines.length, NAMES.length + 1)
  assert.match(lines[8] ?? '', /^PROBLEM {2}model .* is not here\. {2}Fetch it: /)
  assert.equal(lines.at(-1), '1 to mend.')
})
