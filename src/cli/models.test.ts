// Choosing, fetching and opening models, without any.
import assert from 'node:assert/strict'
import test from 'node:test'
import { DEFAULT_MODEL, MODELS } from '#mind'
import { type Handed, handed } from './powers.fixture.ts'
import { run } from './run.ts'

async function ran(words: string[], given: Handed = {}) {
  const hands = handed({ ...given, words })
  const code = await run(hands.powers)
  return { code, out: hands.out(), err: hands.err(), hands }
}

test('[CL60] a world that may learn gets a model by name, and opens none', async () => {
  const { code, hands } = await ran(['send', 'genesis', 'clone'])
  assert.equal(code, 0)
  assert.equal(hands.opened[0]?.provider?.name, DEFAULT_MODEL)
  assert.equal(hands.opened[0]?.policy, 'auto')
  for (const words of [['ls'], ['status'], ['send', 'genesis', 'clone', '--policy', 'off']]) {
    assert.deepEqual((await ran(words)).hands.opened, [{ policy: 'off' }])
  }
})

test('[CL61] without its model the first need is a fault that says what fetches it', async () => {
  const { hands } = await ran(['send', 'genesis', 'clone'])
  const provider = hands.opened[0]?.provider
  await assert.rejects(async () => provider?.open(), {
    code: 'GENERATION_FAILED',
    remedy: /`batos model pull qwen2\.5-coder-1\.5b`/,
  })
})

test('[CL62] `model use` keeps names, files by their whole path, and addresses', async () => {
  const files = { '/here/mine.gguf': 'bytes', '/config/config.json': '{"other": 1}' }
  const cases = {
    'qwen2.5-coder-0.5b': 'qwen2.5-coder-0.5b',
    './mine.gguf': '/here/mine.gguf',
    'http://127.0.0.1:8000/v1#big': 'http://127.0.0.1:8000/v1#big',
  }
  for (const [name, kept] of Object.entries(cases)) {
    const { code, hands } = await ran(['model', 'use', name], { files })
    assert.equal(code, 0)
    const config = JSON.parse(hands.files.get('/config/config.json') ?? '')
    assert.deepEqual(config, { other: 1, model: kept })
  }
})

test('[CL62] what cannot be used is refused, and the choice stays as it was', async () => {
  const files = { '/config/config.json': '{"model": "qwen2.5-coder-0.5b"}' }
  for (const [name, exit] of [
    ['no-such-model', 2],
    ['./gone.gguf', 3],
  ] as const) {
    const { code, hands } = await ran(['model', 'use', name], { files })
    assert.equal(code, exit)
    assert.equal(hands.files.get('/config/config.json'), files['/config/config.json'])
  }
})

test('[CL62] the choice that was kept is the one that is used, and --model goes before it', async () => {
  const files = { '/config/config.json': '{"model": "qwen2.5-coder-0.5b"}' }
  const send = ['send', 'genesis', 'clone']
  assert.equal((await ran(send, { files })).hands.opened[0]?.provider?.name, 'qwen2.5-coder-0.5b')
  const other = await ran([...send, '--model', 'qwen2.5-coder-1.5b'], { files })
  assert.equal(other.hands.opened[0]?.provider?.name, 'qwen2.5-coder-1.5b')
  const { out } = await ran(['model', 'ls', '--json'], { files })
  const used = JSON.parse(out).models.filter((one: { used: boolean }) => one.used)
  assert.deepEqual(
    used.map((one: { name: string }) => one.name),
    ['qwen2.5-coder-0.5b'],
  )
})

test('[CL63] `model ls` has each model with licence, size and whether it is here', async () => {
  const { out } = await ran(['model', 'ls'])
  for (const { name, licence } of MODELS) {
    assert.match(
      out,
      new RegExp(`${name.replaceAll('.', '\\.')} +not here +[\\d,]+ MB +${licence}`),
    )
  }
})
