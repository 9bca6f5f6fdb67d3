// Owns: the tests of requests to other hosts, against a server on this machine: as needs of a turn and as postings.
// Leaves: what guest code may ask to objects/posting.test.ts.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { openMemoryStore } from '#image'
import { readRequest } from '#objects'
import { fetchUrl } from '#powers'
import { Http } from './http.ts'
import { startKernel, startOn, temporaryFolder, type TestKernel } from './kernel.fixture.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { processTimers } from './timers.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

const closers: (() => void)[] = []
after(() => {
  for (const close of closers) close()
})

/** A server whose answers the handler makes; remembers what it was asked. */
async function serveWith(handler: Handler) {
  const asked: {
    method: string
    url: string
    body: string
    headers: IncomingMessage['headers']
  }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      asked.push({ method, url, body, headers })
      handler(request, response, body)
    })
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  closers.push(close)
  return { asked, host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` }
}

/** A server that answers how often it was asked. */
const counting = () => {
  let count = 0
  return serveWith((_, response) => {
    response.setHeader('x-count', String(++count))
    response.end(`answer ${count}`)
  })
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((go) => setImmediate(go))
}

const arrived = (t: TestKernel, count: number) =>
  until(() => t.kernel.status().delivered === count && t.kernel.status().pending === 0)

const http = (...hosts: string[]) => new Http(fetchUrl, hosts, processTimers)
const never = new AbortController().signal
const ask = (one: Http, request: unknown, signal = never) =>
  one.outcome(readRequest(request), 'key', signal)
const faultIn = (outcome: Awaited<ReturnType<typeof ask>>) => {
  if (!('fault' in outcome)) throw outcome
  return outcome.fault
}

const METHODS = {
  get: 'function get(self, url) { return mirror.fetch(url).body }',
  ask: 'function ask(self, request) { mirror.request(request, self, "heard:"); return 1 }',
  'heard:':
    'function heard(self, answer) { self.all ??= []; self.all.push(answer); return answer.status }',
}

test('[KN70] a host is asked when it is on the list, by its name and its port', async () => {
  const server = await counting()
  const one = http(server.host)
  assert.deepEqual(await ask(one, `${server.origin}/a`), {
    value: { status: 200, headers: await headersOf(server.origin), body: 'answer 1' },
  })
  for (const url of [
    server.origin.replace('127.0.0.1', 'localhost'),
    server.origin.replace(/\d+$/, '1'),
    'https://example.test/',
  ]) {
    const fault = faultIn(await ask(one, url))
    assert.deepEqual([fault.code, fault.data], ['POLICY', { host: new URL(url).host }])
    assert.match(fault.remedy, /--allow-host/)
  }
  assert.equal(server.asked.length, 2)
})

/** The headers of a second answer, as they are with the first but for what differs. */
async function headersOf(origin: string): Promise<Record<string, string>> {
  const response = await fetchUrl(origin, {})
  await response.text()
  return { ...Object.fromEntries(response.headers), 'x-count': '1' }
}

test('[KN70] without a network, without hosts, or for what is no address of one, nothing is asked', async () => {
  const codes = []
  for (const url of [
    'file:///etc/passwd',
    'ftp://a.test/',
    'data:,x',
    '/x',
    'http://u:p@a.test/',
  ]) {
    codes.push(faultIn(await ask(http('a.test'), url)).code)
  }
  assert.deepEqual(new Set(codes), new Set(['METHOD_FAILED']))
  const without = new Http(undefined, ['a.test'], processTimers)
  assert.equal(faultIn(await ask(without, 'http://a.test/')).code, 'POLICY')
  assert.equal(faultIn(await ask(http(), 'http://a.test/')).code, 'POLICY')
  for (const wrong of ['', 'http://a.test', 'a.test/x', 'a b', 'u@a.test', 'a.test:99999', '*']) {
    assert.throws(() => http(wrong), wrong)
  }
})

test('[KN70] a redirect is an answer and is not followed', async () => {
  const aim = await counting()
  const server = await serveWith((_, response) => {
    response.writeHead(302, { location: aim.origin }).end('elsewhere')
  })
  const outcome = await ask(http(server.host, aim.host), server.origin)
  const { status, headers, body } = ('value' in outcome ? outcome.value : {}) as {
    status: number
    headers: Record<string, string>
    body: string
  }
  assert.deepEqual([status, headers.location, body], [302, aim.origin, 'elsewhere'])
  assert.deepEqual(aim.asked, [])
})

test('[KN71] an answer that is too large is none, however it is sent', async () => {
  const server = await serveWith(({ url }, response) => {
    const most = KERNEL_LIMITS.responseBytes
    if (url === '/fits') response.end('x'.repeat(most))
    else if (url === '/large') response.end('x'.repeat(most + 1))
    else if (url === '/headers') response.writeHead(200, { a: 'x'.repeat(9_000) }).end()
    else {
      const more = () => {
        while (response.write('x'.repeat(64 * 1024)));
      }
      response.on('drain', more)
      more()
    }
  })
  const one = http(server.host)
  const fits = await ask(one, `${server.origin}/fits`)
  assert.equal('value' in fits && (fits.value as { body: string }).body.length, 1024 * 1024)
  for (const path of ['/large', '/endless', '/headers']) {
    const fault = faultIn(await ask(one, `${server.origin}${path}`))
    assert.equal(fault.code, 'LIMIT', path)
  }
})

test('[KN71] a host that does not answer in time, or not at all, is a fault with a sentence', async () => {
  const server = await serveWith((_, response) => {
    response.write('begun')
  })
  const late: (() => void)[] = []
  const timers = {
    ...processTimers,
    setTimeout: (run: () => void, ms: number) => {
      assert.equal(ms, KERNEL_LIMITS.requestTime)
      return late.push(run)
    },
  }
  const outcome = ask(new Http(fetchUrl, [server.host], timers), server.origin)
  await until(() => server.asked.length === 1)
  for (const run of late) run()
  const fault = faultIn(await outcome)
  assert.deepEqual([fault.code, /no answer within/.test(fault.message)], ['METHOD_FAILED', true])
  const nobody = faultIn(await ask(http('127.0.0.1:1'), 'http://127.0.0.1:1/'))
  assert.match(nobody.message, /the request failed/)
})

test('[KN71] so many requests are under way at a time, and one that is called off makes room', async () => {
  const waiting: ServerResponse[] = []
  const server = await serveWith((_, response) => void waiting.push(response))
  const one = http(server.host)
  const off = new AbortController()
  const first = ask(one, server.origin, off.signal)
  const more = Array.from({ length: KERNEL_LIMITS.requests + 1 }, () => ask(one, server.origin))
  await until(() => waiting.length === KERNEL_LIMITS.requests)
  off.abort(new Error('called off'))
  assert.match(faultIn(await first).message, /called off/)
  await until(() => waiting.length === KERNEL_LIMITS.requests + 1)
  for (const response of waiting) response.end()
  await until(() => waiting.length === KERNEL_LIMITS.requests + 2)
  waiting.at(-1)?.end()
  assert.equal(
    (await Promise.all(more)).every((outcome) => 'value' in outcome),
    true,
  )
})

test('[KN78] a turn gets the answer that it needs, and runs to its end on the newest state', async () => {
  const held: ServerResponse[] = []
  const server = await serveWith((_, response) => void held.push(response))
  const t = await startKernel({
    fetch: fetchUrl,
    allowHosts: [server.host],
    methods: {
      get: `function get(self, url) {
        self.tries = (self.tries ?? 0) + 1
        return [mirror.fetch(url).body, self.n, self.tries]
      }`,
      set: 'function set(self) { self.n = 5; return 1 }',
    },
  })
  const answer = t.send('get', [server.origin])
  await until(() => held.length === 1)
  await t.send('set')
  assert.equal(t.kernel.status().waiting, 1)
  held[0]?.end('hello')
  assert.deepEqual(await answer, ['hello', 5, 1])
  assert.deepEqual(
    [t.kernel.head.store.scan('waiting'), t.events.map(({ kind }) => kind)],
    [[], ['queued', 'progress']],
  )
  await t.close()
})

test('[KN78] equal requests of one turn are made each, in order, and none again', async () => {
  const server = await counting()
  const t = await startKernel({
    fetch: fetchUrl,
    allowHosts: [server.host],
    methods: {
      three: `function three(self, url) {
        return [1, 2, 3].map(() => mirror.fetch(url).body)
      }`,
    },
  })
  const bodies = ['answer 1', 'answer 2', 'answer 3']
  assert.deepEqual(await t.send('three', [server.origin]), bodies)
  assert.equal(server.asked.length, 3)
  await t.close()
})

test('[KN78] a fault of a host is an ordinary fault in the turn, and POLICY asks nobody', async () => {
  const t = await startKernel({ methods: METHODS, fetch: fetchUrl, allowHosts: ['127.0.0.1:1'] })
  const source = `function f(self, url) {
    try { return mirror.fetch(url) } catch (e) { return [e.code, e.data?.host] }
  }`
  await t.put('try', source)
  assert.deepEqual(await t.send('try', ['http://a.test/']), ['POLICY', 'a.test'])
  assert.equal((await t.fault('get', ['http://a.test/'])).code, 'POLICY')
  assert.equal((await t.fault('get', ['http://127.0.0.1:1/'])).code, 'METHOD_FAILED')
  await t.close()
})

test('[KN78] [KN19] a turn that asks without end is ended', async () => {
  const server = await counting()
  const t = await startKernel({
    fetch: fetchUrl,
    allowHosts: [server.host],
    methods: { storm: 'function storm(self, url) { for (;;) mirror.fetch(url) }' },
  })
  assert.equal((await t.fault('storm', [server.origin])).code, 'LIMIT')
  assert.equal(server.asked.length, KERNEL_LIMITS.needs)
  await t.close()
})

test('[KN78] an outcome that is no longer asked for is dropped, and the sender is told', async () => {
  const server = await serveWith(({ url }, response) => void held.push([String(url), response]))
  const held: [string, ServerResponse][] = []
  const t = await startKernel({
    fetch: fetchUrl,
    allowHosts: [server.host],
    methods: {
      get: `function get(self, url) {
        return mirror.fetch(url + (self.which ?? '/a')).body + mirror.fetch(url + '/c').body
      }`,
      set: 'function set(self) { self.which = "/b"; return 1 }',
    },
  })
  const answer = t.send('get', [server.origin])
  await until(() => held.length === 1)
  await t.send('set')
  held[0]?.[1].end('a')
  await until(() => held.length === 2)
  held[1]?.[1].end('b')
  await until(() => held.length === 3)
  held[2]?.[1].end('c')
  assert.equal(await answer, 'bc')
  assert.deepEqual(
    held.map(([url]) => url),
    ['/a', '/b', '/c'],
  )
  assert.equal(t.events.filter(({ detail }) => /no longer asked/.test(String(detail))).length, 1)
  await t.close()
})

test('[KN78] [KN14] a deadline ends a message that waits for a host, and the request', async () => {
  let isGone = false
  const server = await serveWith((request) => {
    request.socket.on('close', () => (isGone = true))
  })
  const t = await startKernel({ methods: METHODS, fetch: fetchUrl, allowHosts: [server.host] })
  const sent = t.start('get', [server.origin])
  await until(() => server.asked.length === 1)
  assert.equal(sent.cancel(), true)
  const answer = await sent.answer
  assert.equal(!answer.ok && answer.fault.code, 'CANCELLED')
  await until(() => isGone)
  await t.send('clone')
  assert.deepEqual(t.kernel.head.store.scan('waiting'), [])
  await t.close()
})

test('[KN78] after a restart what was answered is not asked again, and what was not is asked under its key', async () => {
  const folder = temporaryFolder()
  const held: ServerResponse[] = []
  let isOpen = false
  const server = await serveWith((request, response) => {
    if (request.url === '/a') response.end('a')
    else if (isOpen) response.end('b')
    else held.push(response)
  })
  const options = { fetch: fetchUrl, allowHosts: [server.host] }
  const source = `function both(self, url) {
    const request = (path) => ({ url: url + path, method: 'POST', idempotent: true })
    self.got = mirror.fetch(request('/a')).body + mirror.fetch(request('/b')).body
    return self.got
  }`
  const first = await startOn(folder.path, { ...options, methods: { both: source } })
  void first.answer('both', [server.origin])
  await until(() => held.length === 1)
  await first.close()
  isOpen = true
  const second = await startOn(folder.path, options)
  await until(() => second.kernel.status().pending === 0)
  assert.equal(await second.send('got'), 'ab')
  assert.deepEqual(
    server.asked.map(({ url }) => url),
    ['/a', '/b', '/b'],
  )
  const keys = server.asked.map(({ headers }) => headers['idempotency-key'])
  assert.equal(keys[1], keys[2])
  assert.notEqual(keys[0], keys[1])
  await second.close()
  folder.remove()
})

test('[KN74] a request that was posted is made after its turn, and its answer is a message', async () => {
  const server = await serveWith((_, response, body) => {
    response.writeHead(201, { 'x-own': 'yes' }).end(`got ${body}`)
  })
  const t = await startKernel({ methods: METHODS, fetch: fetchUrl, allowHosts: [server.host] })
  const request = { url: `${server.origin}/x`, method: 'POST', body: 'text', headers: { A: 'b' } }
  assert.equal(await t.send('ask', [request]), 1)
  await arrived(t, 1)
  const [{ status, headers, body }] = (await t.send('all')) as [
    { status: number; headers: Record<string, string>; body: string },
  ]
  assert.deepEqual([status, headers['x-own'], body], [201, 'yes', 'got text'])
  const [{ method, url, headers: sent }] = server.asked as [(typeof server.asked)[0]]
  assert.deepEqual([method, url, sent.a], ['POST', '/x', 'b'])
  assert.match(String(sent['idempotency-key']), /^\d{15}-\d{15}-[0-9a-z]{14}$/)
  assert.deepEqual(t.kernel.head.store.scan('outbox'), [])
  await t.close()
})

test('[KN74] a request that may not be made, or has no answer, is a message with its fault', async () => {
  const t = await startKernel({ methods: METHODS, fetch: fetchUrl, allowHosts: ['127.0.0.1:1'] })
  await t.send('ask', ['http://a.test/'])
  await arrived(t, 1)
  await t.send('request:then:', ['http://127.0.0.1:1/', 'heard:'])
  await arrived(t, 2)
  const all = (await t.send('all')) as { fault: { code: string; data?: object } }[]
  assert.deepEqual(
    all.map(({ fault }) => [fault.code, fault.data]),
    [
      ['POLICY', { host: 'a.test' }],
      ['METHOD_FAILED', undefined],
    ],
  )
  await t.close()
})

test('[KN74] when the kernel closes before the answer the request is made again, under the same key', async () => {
  const folder = temporaryFolder()
  let isOpen = false
  const server = await serveWith((_, response) => {
    if (isOpen) response.end('ok')
  })
  const options = { fetch: fetchUrl, allowHosts: [server.host] }
  const first = await startOn(folder.path, { ...options, methods: METHODS })
  await first.send('ask', [{ url: server.origin, method: 'POST' }])
  await until(() => server.asked.length === 1)
  await first.close()
  isOpen = true
  const second = await startOn(folder.path, options)
  await arrived(second, 1)
  const all = (await second.send('all')) as { body: string }[]
  assert.deepEqual(
    all.map(({ body }) => body),
    ['ok'],
  )
  const keys = server.asked.map(({ headers }) => headers['idempotency-key'])
  assert.deepEqual([keys.length, new Set(keys).size], [2, 1])
  await second.close()
  folder.remove()
})

test('[KN75] a request that is called off while it is under way does not arrive', async () => {
  const server = await serveWith(() => undefined)
  const t = await startKernel({
    fetch: fetchUrl,
    allowHosts: [server.host],
    methods: { ...METHODS, stop: 'function stop(self) { mirror.cancelLater(self, "heard:") }' },
  })
  await t.send('ask', [server.origin])
  await until(() => server.asked.length === 1)
  await t.send('stop')
  assert.deepEqual([t.kernel.status().outbox, t.kernel.head.store.scan('outbox')], [0, []])
  await t.close()
})

test('[KN79] a candidate that asks a host fails its trial with a sentence, and nobody is asked', async () => {
  const server = await counting()
  const t = await startKernel({ fetch: fetchUrl, allowHosts: [server.host] })
  const tried = async (source: string, args: unknown[]) => {
    const checked = await t.judge.check({
      source,
      selector: 'go',
      declaration: 'interface Self {}',
    })
    if ('problems' in checked) throw checked.problems
    const target = t.oid('it')
    const { code, globals } = checked
    const request = { now: 1, seed: 1, fuel: 1_000_000, target, selector: 'go', args }
    const candidate = { learner: target, selector: 'go', code: { code, globals }, request }
    return (await t.kernel.workbench.trial(candidate, [{}]))[0]
  }
  const report = await tried('function f(self, url) { return mirror.fetch(url).body }', [
    server.origin,
  ])
  assert.match(report.kind === 'fault' ? report.fault.message : '', /asks another host/)
  const posting = await tried(
    'function f(self, url) { mirror.request(url, self, "go"); mirror.later(self, "go"); return 1 }',
    [server.origin],
  )
  assert.deepEqual(posting.kind === 'kept' && posting.posted.map(({ kind }) => kind), [
    'request',
    'send',
  ])
  assert.deepEqual([server.asked, t.kernel.status().outbox], [[], 0])
  await t.close()
})

test('[KN78] genesis offers it to every object: fetch:', async () => {
  const server = await counting()
  const t = await startKernel({
    store: openMemoryStore(),
    fetch: fetchUrl,
    allowHosts: [server.host],
  })
  const answer = (await t.send('fetch:', [server.origin])) as { status: number; body: string }
  assert.deepEqual([answer.status, answer.body], [200, 'answer 1'])
  await t.close()
})
