// Owns: the real model host with a model of random weights: caching, aborts, crashes.
import assert from 'node:assert/strict'
import { spawn as spawnChild } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ChildLike } from '#kernel'
import type { ChatMessage } from '../provider.ts'
import { EmbeddedProvider } from './embedded.ts'
import { promptNotes } from './prompt-notes.ts'
import { tinyModel } from './tiny-model.fixture.ts'

let folder = ''
let model = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batos-mind-'))
  model = join(folder, 'tiny.gguf')
  await writeFile(model, tinyModel())
})
after(() => rm(folder, { recursive: true, force: true }))

const hosts: ChildLike[] = []
const exits: Promise<void>[] = []
function spawn(entry: string): ChildLike {
  const child = spawnChild(process.execPath, [entry], { env: {}, stdio: ['pipe', 'pipe', 'pipe'] })
  exits.push(new Promise((resolve) => child.once('exit', () => resolve())))
  const host: ChildLike = {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    kill: (signal) => void child.kill(signal),
    onExit: (callback) => void child.once('exit', callback),
  }
  hosts.push(host)
  return host
}

const FIXED: ChatMessage[] = [
  { role: 'system', content: 'You answer in bytes.' },
  { role: 'user', content: 'one' },
  { role: 'assistant', content: 'two' },
]
const ask = (content: string, maxTokens = 8) => ({
  messages: [...FIXED, { role: 'user' as const, content }],
  maxTokens,
  temperature: 0,
})
const open = (more: object = {}) =>
  new EmbeddedProvider({
    ...{ name: 'tiny', model, identity: 'tiny-1', spawn, gpu: false, threads: 1 },
    ...{ sequenceTokens: 1_024, sequences: 2, ...more },
  })
const NEVER = new AbortController().signal
const ignore = () => undefined

test('[MI3] tokens joined are the text, and the same question greedily asked gives the same', async () => {
  const provider = open()
  try {
    const pieces: string[] = []
    const first = await provider.complete(ask('q', 24), (text) => pieces.push(text), NEVER)
    assert.equal(pieces.join(''), first.text)
    assert.equal(first.completionTokens, 24)
    assert.ok((first.meanLogProbability as number) < 0)
    const again = await provider.complete(ask('q', 24), ignore, NEVER)
    assert.equal(again.text, first.text)
  } finally {
    await provider.close()
  }
})

test('[MI14] after warming, and after another answer, only the new tokens of a prompt are evaluated', async () => {
  const provider = open()
  try {
    const warmed = await provider.warmed(FIXED)
    assert.equal(warmed.evaluated, warmed.tokens)
    for (const question of ['first', 'other']) {
      const { promptTokens, evaluatedTokens } = await provider.complete(
        ask(question),
        ignore,
        NEVER,
      )
      assert.ok(promptTokens > warmed.tokens)
      assert.ok((evaluatedTokens as number) <= promptTokens - warmed.tokens)
    }
    // Another beginning takes the other sequence and leaves this one as it is.
    const other = { ...ask('x'), messages: [{ role: 'user' as const, content: 'quite another' }] }
    await provider.complete(other, ignore, NEVER)
    const { evaluatedTokens, promptTokens } = await provider.complete(ask('back'), ignore, NEVER)
    assert.ok((evaluatedTokens as number) <= promptTokens - warmed.tokens)
  } finally {
    await provider.close()
  }
})

test('[MI15] [MI16] a warmed beginning is read from disk by the next process, unless its bytes were changed', async () => {
  const prompts = join(folder, 'prompts')
  const warm = async (more: object = {}) => {
    const provider = open({ prompts, ...more })
    try {
      return await provider.warmed(FIXED)
    } finally {
      await provider.close()
    }
  }
  assert.equal((await warm()).restored, false)
  const [note = ''] = await promptNotes('tiny-1', [FIXED])
  const noted = await readFile(join(prompts, note), 'utf8')
  assert.ok((await readdir(prompts)).includes(noted))
  const restored = await warm()
  assert.equal(restored.restored, true)
  assert.equal(restored.evaluated, 0)
  assert.equal((await warm({ identity: 'tiny-2' })).restored, false)
  for (const name of await readdir(prompts)) {
    if (!name.endsWith('.state')) continue
    const bytes = await readFile(join(prompts, name))
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
    await writeFile(join(prompts, name), bytes)
  }
  assert.equal((await warm()).restored, false)
})

test('[MI20] [MI21] a host that is killed fails what it did, and the next request has a new and warm one', async () => {
  const provider = open()
  try {
    const { tokens } = await provider.warmed(FIXED)
    const killed = hosts.at(-1) as ChildLike
    const endless = provider.complete(ask('q', 900), () => killed.kill('SIGKILL'), NEVER)
    await assert.rejects(endless, { code: 'GENERATION_FAILED', message: /SIGKILL/ })
    const { evaluatedTokens, promptTokens } = await provider.complete(ask('q'), ignore, NEVER)
    assert.notEqual(hosts.at(-1)?.pid, killed.pid)
    assert.ok((evaluatedTokens as number) <= promptTokens - tokens)
  } finally {
    await provider.close()
  }
})

test('[MI2] an aborted request rejects with the reason, and the host goes on to the next one', async () => {
  const provider = open()
  try {
    const abort = new AbortController()
    const reason = new Error('enough')
    const endless = provider.complete(ask('q', 900), () => abort.abort(reason), abort.signal)
    await assert.rejects(endless, reason)
    const queued = new AbortController()
    queued.abort(reason)
    await assert.rejects(provider.complete(ask('q'), ignore, queued.signal), reason)
    assert.equal((await provider.complete(ask('q'), ignore, NEVER)).completionTokens, 8)
  } finally {
    await provider.close()
  }
})

test('[MI1] a model that cannot be opened and a prompt that is too long are faults', async () => {
  const missing = open({ model: join(folder, 'missing.gguf') })
  await assert.rejects(missing.complete(ask('q'), ignore, NEVER), { code: 'GENERATION_FAILED' })
  await missing.close()
  const provider = open()
  try {
    const long = ask('word '.repeat(2_000))
    await assert.rejects(provider.complete(long, ignore, NEVER), {
      code: 'GENERATION_FAILED',
      message: /tokens .* are more than 1024/,
    })
    assert.equal((await provider.complete(ask('q'), ignore, NEVER)).completionTokens, 8)
  } finally {
    await provider.close()
  }
  await assert.rejects(provider.complete(ask('q'), ignore, NEVER), { message: /tiny is closed/ })
})

test('[MI12] a grammar binds the answer, and a seed makes a warm one the same again', async () => {
  const provider = open()
  try {
    const bound = { ...ask('q'), grammar: 'root ::= "yes" | "no"', temperature: 0.7, seed: 3 }
    assert.match((await provider.complete(bound, ignore, NEVER)).text, /^(yes|no)$/)
    const warm = { ...ask('q', 20), temperature: 1, seed: 5 }
    const one = await provider.complete(warm, ignore, NEVER)
    assert.equal((await provider.complete(warm, ignore, NEVER)).text, one.text)
    const other = await provider.complete({ ...warm, seed: 6 }, ignore, NEVER)
    assert.notEqual(other.text, one.text)
  } finally {
    await provider.close()
  }
})

test('[MI17] [MI18] the host has a lower priority, and leaves when its stdin ends', async () => {
  const provider = open()
  await provider.stats()
  const exit = exits.at(-1) as Promise<void>
  assert.ok(getPriority(hosts.at(-1)?.pid as number) > getPriority())
  hosts.at(-1)?.stdin.end()
  await exit
  await provider.close()
})
