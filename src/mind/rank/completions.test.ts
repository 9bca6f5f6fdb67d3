// Completions that are kept, and those that are asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mindFault } from '../faults.ts'
import type { CompletionRequest } from '../provider.ts'
import { ScriptedProvider } from '../providers/scripted.ts'
import { RecordingProvider } from './completions.ts'

const request: CompletionRequest = {
  messages: [{ role: 'user', content: 'hello' }],
  maxTokens: 10,
  temperature: 0.7,
  seed: 7,
  stop: ['\n'],
}
const deaf = () => undefined
const { signal } = new AbortController()

/** Recorders on one shelf, each before a model that counts what it is asked. */
function shelved() {
  const kept = new Map<string, string>()
  const shelf = {
    read: async (key: string) => kept.get(key),
    write: async (key: string, text: string) => void kept.set(key, text),
  }
  let time = 0
  const recorder = (identity = 'one', fresh = false) => {
    const model = new ScriptedProvider(() => {
      time += 250
      return `answer of ${identity}`
    })
    let opened = 0
    const provider = new RecordingProvider({
      name: 'scripted',
      identity,
      open: async () => {
        opened++
        return model
      },
      shelf,
      fresh,
      clock: () => time,
    })
    return { provider, model, opened: () => opened }
  }
  return { kept, recorder }
}

test('[RK3] the same question is answered by what was kept, and any other is asked', async () => {
  const { recorder } = shelved()
  await recorder().provider.complete(request, deaf, signal)
  const { provider, model } = recorder()
  const again = await provider.complete(request, deaf, signal)
  assert.equal(again.text, 'answer of one')
  assert.equal(model.asked.length, 0)
  const others: CompletionRequest[] = [
    { ...request, messages: [{ role: 'system', content: 'hello' }] },
    { ...request, temperature: 0 },
    { ...request, seed: 8 },
    { ...request, stop: [] },
    { ...request, maxTokens: 11 },
  ]
  for (const other of others) await provider.complete(other, deaf, signal)
  assert.equal(model.asked.length, others.length)
  const stranger = recorder('two')
  assert.equal((await stranger.provider.complete(request, deaf, signal)).text, 'answer of two')
})

test('[RK3] a kept text that is damaged counts as none, and --fresh asks whatever was kept', async () => {
  const { kept, recorder } = shelved()
  await recorder().provider.complete(request, deaf, signal)
  for (const [key, text] of kept) kept.set(key, text.slice(0, 20))
  const { provider, model } = recorder()
  await provider.complete(request, deaf, signal)
  assert.equal(model.asked.length, 1)
  const fresh = recorder('one', true)
  await fresh.provider.complete(request, deaf, signal)
  assert.equal(fresh.model.asked.length, 1)
})

test('[RK4] a model whose answers are all kept is not opened', async () => {
  const { recorder } = shelved()
  const first = recorder()
  await first.provider.complete(request, deaf, signal)
  assert.equal(first.opened(), 1)
  const second = recorder()
  await second.provider.complete(request, deaf, signal)
  assert.equal(second.opened(), 0)
})

test('[RK9] a kept completion has the time that the model took, and the tokens come all the same', async () => {
  const { recorder } = shelved()
  await recorder().provider.complete(request, deaf, signal)
  const { provider } = recorder()
  let heard = ''
  await provider.complete(request, (token) => (heard += token), signal)
  assert.equal(heard, 'answer of one')
  const [taken] = provider.takeAll()
  assert.deepEqual(
    [taken?.milliseconds, taken?.spent, taken?.reused, taken?.completionTokens],
    [250, 0, true, 3],
  )
  assert.deepEqual(provider.takeAll(), [])
})

test('[RK14] what a model fails with is thrown to whoever asks what was completed', async () => {
  const { recorder } = shelved()
  const failing = recorder()
  const { provider } = failing
  failing.model.complete = () =>
    Promise.reject(mindFault('GENERATION_FAILED', 'the model is out of memory'))
  await assert.rejects(provider.complete(request, deaf, signal), { code: 'GENERATION_FAILED' })
  assert.throws(() => provider.takeAll(), { message: 'the model is out of memory' })
  const cancel = new AbortController()
  cancel.abort(new Error('enough'))
  await assert.rejects(provider.complete(request, deaf, cancel.signal), { message: 'enough' })
  assert.deepEqual(provider.takeAll(), [])
})
