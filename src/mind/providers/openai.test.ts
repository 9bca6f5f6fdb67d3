// Owns: servers that speak, refuse, break off and fall silent.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Fault } from '#ground'
import { MIND_LIMITS } from '../limits.ts'
import { readEvents } from './event-stream.ts'
import { OpenAiProvider } from './openai.ts'
import { ScriptedProvider } from './scripted.ts'

const NEVER = new AbortController().signal
const ignore = () => undefined
const REQUEST = {
  messages: [{ role: 'user' as const, content: 'hi' }],
  ...{ maxTokens: 5, temperature: 0.5, seed: 3, stop: ['END'] },
}

type Answer = (body: string, response: ServerResponse) => void
let answer: Answer = (_, response) => void response.end()
let last: { path: string; headers: IncomingMessage['headers']; body: string }
let server: Server
let url = ''

before(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      last = { path: request.url ?? '', headers: request.headers, body }
      answer(body, response)
    })
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
after(async () => {
  server.closeAllConnections()
  await new Promise((go) => server.close(go))
})

const chunk = (content: string, logprob?: number) => {
  const logprobs = logprob === undefined ? null : { content: [{ logprob }] }
  return `data: ${JSON.stringify({ choices: [{ delta: { content }, logprobs }] })}\n\n`
}
const USAGE = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } })}\n\n`
const stream = (response: ServerResponse, ...events: string[]) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.join(''))
}

/** The fault that a promise is rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise
  } catch (error) {
    return error as Fault
  }
  return assert.fail('it should have failed')
}

test('[MI3] a stream of events becomes tokens, a text and numbers', async () => {
  answer = (_, response) =>
    stream(response, ': hello\n\n', chunk('Hé', -1), chunk(' y\n', -3), USAGE, 'data: [DONE]\n\n')
  const provider = new OpenAiProvider({ url: `${url}#big%20model`, logProbabilities: true })
  assert.equal(provider.name, 'big model')
  const pieces: string[] = []
  const { milliseconds, ...completion } = await provider.complete(
    REQUEST,
    (text) => pieces.push(text),
    NEVER,
  )
  assert.deepEqual(pieces, ['Hé', ' y\n'])
  assert.deepEqual(completion, {
    ...{ text: 'Hé y\n', promptTokens: 9, completionTokens: 2, meanLogProbability: -2 },
  })
  assert.ok(milliseconds > 0)
  assert.equal(last.path, '/v1/chat/completions')
  assert.equal(last.headers.authorization, undefined)
  const {
    model,
    messages,
    max_tokens,
    temperature,
    seed,
    stop,
    stream: streamed,
  } = JSON.parse(last.body)
  assert.deepEqual(
    { model, messages, max_tokens, temperature, seed, stop, streamed },
    {
      ...{ model: 'big model', messages: REQUEST.messages, max_tokens: 5, temperature: 0.5 },
      ...{ seed: 3, stop: ['END'], streamed: true },
    },
  )
})

test('[MI3] without a name the first model of the server is asked', async () => {
  answer = (body, response) => {
    if (body === '') response.end(JSON.stringify({ data: [{ id: 'first' }, { id: 'second' }] }))
    else stream(response, chunk(String(JSON.parse(body).model)))
  }
  const provider = new OpenAiProvider({ url: `${url}/` })
  assert.equal((await provider.complete(REQUEST, ignore, NEVER)).text, 'first')
  assert.equal(provider.name, 'first')
})

test('[MI22] a refusal has the status and the words of the server, and never the key', async () => {
  const refusals: [body: string, words: RegExp][] = [
    [JSON.stringify({ error: { message: 'no such model' } }), /answered 404: no such model/],
    [JSON.stringify({ error: 'model  not\nloaded' }), /answered 404: model not loaded/],
    [JSON.stringify({ message: 'who are you' }), /answered 404: who are you/],
    ['<html>gone</html>', /answered 404: <html>gone/],
  ]
  for (const [body, words] of refusals) {
    answer = (_, response) => void response.writeHead(404).end(body)
    const provider = new OpenAiProvider({ url: `${url}#x`, apiKey: () => 'secret-key' })
    const failed = await failureOf(provider.complete(REQUEST, ignore, NEVER))
    assert.equal(failed.code, 'GENERATION_FAILED')
    assert.equal(failed.data?.status, 404)
    assert.match(failed.message, words)
    assert.equal(last.headers.authorization, 'Bearer secret-key')
    assert.ok(!JSON.stringify(failed.toRecord()).includes('secret-key'))
  }
})

test('[MI22] an error in the middle of a stream, a broken stream and a dead address are faults', async () => {
  const provider = new OpenAiProvider({ url: `${url}#x` })
  const answers: Answer[] = [
    (_, r) =>
      stream(r, chunk('a'), `data: ${JSON.stringify({ error: { message: 'out of memory' } })}\n\n`),
    (_, r) => stream(r, 'data: {not json\n\n'),
    (_, r) => {
      r.writeHead(200, { 'content-length': '1000' })
      r.write(chunk('a'), () => r.destroy())
    },
  ]
  for (const one of answers) {
    answer = one
    await assert.rejects(provider.complete(REQUEST, ignore, NEVER), { code: 'GENERATION_FAILED' })
  }
  const nobody = new OpenAiProvider({ url: 'http://127.0.0.1:1/v1#x' })
  await assert.rejects(nobody.complete(REQUEST, ignore, NEVER), {
    code: 'GENERATION_FAILED',
    message: /^http:\/\/127\.0\.0\.1:1\/v1: fetch failed/,
  })
})

test('[MI2] an abort ends the request at the server too', async () => {
  const abort = new AbortController()
  const reason = new Error('enough')
  const gone = new Promise<void>((resolve) => {
    answer = (_, response) => {
      response.once('close', resolve)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(chunk('a'))
    }
  })
  const provider = new OpenAiProvider({ url: `${url}#x` })
  await assert.rejects(
    provider.complete(REQUEST, () => abort.abort(reason), abort.signal),
    reason,
  )
  await gone
  await assert.rejects(provider.complete(REQUEST, ignore, abort.signal), reason)
})

test('[MI23] a server that does not answer is given up when its time is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const fetch: typeof globalThis.fetch = (_url, init) =>
    new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      t.mock.timers.tick(MIND_LIMITS.serverFirst)
    })
  const provider = new OpenAiProvider({ url: `${url}#x`, fetch })
  await assert.rejects(provider.complete(REQUEST, ignore, NEVER), {
    code: 'GENERATION_FAILED',
    message: /did not answer in time/,
  })
})

test('[MI2] what waits when the provider closes fails, and so does what comes later', async () => {
  answer = (_, response) => void response.writeHead(200).write(': still here\n\n')
  const provider = new OpenAiProvider({ url: `${url}#x` })
  const closed = { code: 'GENERATION_FAILED', message: /x is closed/ }
  const waiting = assert.rejects(provider.complete(REQUEST, ignore, NEVER), closed)
  await provider.close()
  await waiting
  await assert.rejects(provider.complete(REQUEST, ignore, NEVER), closed)
})

test('[MI24] events are the same wherever the bytes are cut', async () => {
  const text = 'data: a\r\n\r\ndata:é\ndata: c\n\nevent: x\rdata: d\r\r: e\n\ndata: last'
  const bytes = Buffer.from(text, 'utf8')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) controller.enqueue(part)
        controller.close()
      },
    })
    const events: string[] = []
    for await (const event of readEvents(body)) events.push(event)
    assert.deepEqual(events, ['a', 'é\nc', 'd', 'last'])
  }
})

test('[MI1] a script says its last answer again, without one it faults, and a request is remembered', async () => {
  const provider = new ScriptedProvider(['one two'])
  const pieces: string[] = []
  const { text } = await provider.complete(REQUEST, (piece) => pieces.push(piece), NEVER)
  assert.equal(text, 'one two')
  assert.equal(pieces.join(''), text)
  assert.equal((await provider.complete(REQUEST, ignore, NEVER)).text, 'one two')
  assert.equal(provider.asked.length, 2)
  const silent = new ScriptedProvider([])
  await assert.rejects(silent.complete(REQUEST, ignore, NEVER), { code: 'GENERATION_FAILED' })
})
