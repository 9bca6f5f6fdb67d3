// The doctor, on machines of the test's own.
import assert from 'node:assert/strict'
import test from 'node:test'
import { promptNotes, warmUps } from '#mind'
import { systemLimits } from '#powers'
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
  'limits',
  'image',
  'disk',
  'kernel',
  'port',
  'model',
  'prompts',
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

test('[CL140] the doctor tells which limits the operating system does not hold, and that this is no problem', async () => {
  const all = { memory: true, processor: true, files: true, written: true }
  const whole = await checked({ machine: { systemLimits: async () => all } })
  assert.deepEqual(whole.of('limits'), {
    name: 'limits',
    state: 'ok',
    detail:
      'the system bounds memory, processor time, open files, written files of what runs methods',
  })
  const some = { ...all, memory: false, files: false }
  const { of } = await checked({ machine: { systemLimits: async () => some } })
  assert.equal(of('limits')?.state, 'note')
  assert.match(of('limits')?.detail ?? '', /does not bound memory, open files of/)
  assert.match(of('limits')?.remedy ?? '', /docs\/confinement\.md/)
})

test('[CL140] this system tells of each limit whether it holds', async () => {
  const held = await systemLimits()
  assert.deepEqual(Object.keys(held), ['memory', 'processor', 'files', 'written'])
  if (process.platform === 'linux') assert.ok(Object.values(held).every(Boolean))
})

test('[CL141] the doctor tells how much of what prompts begin with is kept, by the notes and their states', async () => {
  const config = JSON.stringify({ model: '/m.gguf' })
  const files: Record<string, string> = { '/config/config.json': config, '/m.gguf': 'bytes' }
  const notes = await promptNotes('/m.gguf 5', warmUps())
  const detail = (of: number) => `${of} of ${notes.length} beginnings of prompts are kept evaluated`
  const seen: [string, string][] = []
  const look = async () => {
    const found = (await checked({ files })).of('prompts')
    seen.push([found?.state ?? '', found?.detail ?? ''])
  }
  await look()
  for (const [i, name] of notes.entries()) files[`/prompts/${name}`] = `${i}.state`
  await look()
  for (const i of notes.keys()) files[`/prompts/${i}.state`] = 'evaluated'
  await look()
  assert.deepEqual(seen, [
    ['note', detail(0)],
    ['note', detail(0)],
    ['ok', detail(notes.length)],
  ])
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
  assert.match(lines[9] ?? '', /^PROBLEM {2}model .* is not here\. {2}Fetch it: /)
  assert.equal(lines.at(-1), '1 to mend.')
})
