// Owns: what a foreign page, a foreign name or a careless client meets at the page's door.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { type Page, type PageFiles, servePage } from './page.ts'
import { type Connection, SOCKETS_MAX, WAITING_BYTES_MAX, type WebSocketPeer } from './websocket.ts'

const SCRIPT = Buffer.from('export const answer = 42\n')
const files: PageFiles = {
  files: new Map([
    [
      '/web/main.js',
      {
        type: 'text/javascript; charset=utf-8',
        body: SCRIPT,
        gzip: gzipSync(SCRIPT),
        etag: '"e1"',
      },
    ],
  ]),
  document: (nonce) => `<!doctype html><script type="importmap" nonce="${nonce}">{}</script>`,
}

/** An acceptor that keeps what it was given, and echoes frames. */
class Echo {
  readonly peers: WebSocketPeer[] = []
  readonly frames: Uint8Array[] = []
  closings = 0
  #waiting: (() => void)[] = []

  open(peer: WebSocketPeer): Connection {
    this.peers.push(peer)
    return {
      receive: (frame) => {
        this.frames.push(frame)
        peer.send(frame)
      },
      closed: () => {
        this.closings++
        for (const wake of this.#waiting.splice(0)) wake()
      },
    }
  }

  closing(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

interface Answered {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

function ask(
  page: Page,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answered> {
  const { port, host } = new URL(page.address)
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, method, headers: { Host: host, ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

/** Opens a WebSocket as a browser at `origin` would; answers it, or the status that refused it. */
function dial(
  page: Page,
  options: { origin?: string; host?: string; path?: string } = {},
): Promise<WebSocket | number> {
  const { host } = new URL(page.address)
  const headers: Record<string, string> = { Host: options.host ?? host }
  if (options.origin !== undefined) headers['Origin'] = options.origin
  const socket = new WebSocket(`ws://${host}${options.path ?? '/ws'}`, { headers })
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket))
    socket.on('unexpected-response', (asked, response) => {
      asked.destroy()
      resolve(response.statusCode ?? 0)
    })
    socket.on('error', reject)
  })
}

async function dialOwn(page: Page): Promise<WebSocket> {
  const socket = await dial(page, { origin: page.address.slice(0, -1) })
  assert.ok(socket instanceof WebSocket)
  return socket
}

describe("the page's door", () => {
  const echo = new Echo()
  let page: Page
  let host: string
  let origin: string
  before(async () => {
    page = await servePage({ port: 0, acceptor: echo, files, token: 'a b' })
    host = new URL(page.address).host
    origin = page.address.slice(0, -1)
  })
  after(() => page.close())

  test('[BR30] only its own names are answered', async () => {
    const port = new URL(page.address).port
    for (const own of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      assert.equal((await ask(page, '/', { Host: own })).status, 200, own)
    }
    for (const other of ['evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:1']) {
      const answer = await ask(page, '/', { Host: other })
      assert.equal(answer.status, 403, other)
      assert.ok(!answer.body.includes('importmap'), other)
    }
  })

  test('[BR30] the token rides in the fragment, which no request carries', () => {
    assert.equal(page.opening, `${page.address}#token=a%20b`)
  })

  test('[BR31] what was not handed in is not there, however the path is written', async () => {
    const paths = ['/../package.json', '/web/../../package.json', '/web/%2e%2e/package.json']
    for (const path of [...paths, '/web/', '/web', '//etc/passwd', '/web/main.js?x', '/ws']) {
      assert.equal((await ask(page, path)).status, 404, path)
    }
    assert.deepEqual((await ask(page, '/web/main.js')).body, SCRIPT)
  })

  test('[BR31] a method other than GET is refused, so that no request changes anything', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']) {
      const answer = await ask(page, '/', {}, method)
      assert.equal(answer.status, 405, method)
      assert.equal(answer.headers.allow, 'GET')
    }
  })

  test('[BR32] [B1] an upgrade from another origin is refused', async () => {
    const others = ['null', 'http://evil.example', `https://${host}`, 'http://127.0.0.1:1', '']
    for (const other of others) assert.equal(await dial(page, { origin: other }), 403, other)
    assert.equal(await dial(page, {}), 403, 'no origin')
  })

  test('[BR32] [B1] an upgrade by another name is refused, though its origin agrees with that name', async () => {
    const refused = await dial(page, { host: 'evil.example', origin: 'http://evil.example' })
    assert.equal(refused, 403)
  })

  test('[BR32] an upgrade at another path is refused', async () => {
    assert.equal(await dial(page, { origin, path: '/' }), 404)
    assert.equal(await dial(page, { origin, path: '/ws?token=x' }), 404)
  })

  test('[BR33] every answer has the strict headers, and none permits another origin', async () => {
    const answers = [
      await ask(page, '/', { Origin: 'http://evil.example' }),
      await ask(page, '/web/main.js', { Origin: 'http://evil.example' }),
      await ask(page, '/absent'),
      await ask(page, '/', {}, 'POST'),
      await ask(page, '/', { Host: 'evil.example' }),
    ]
    for (const { headers, status } of answers) {
      assert.equal(headers['x-content-type-options'], 'nosniff', `${status}`)
      const policy = String(headers['content-security-policy'])
      for (const part of [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]) {
        assert.ok(policy.includes(part), `${status}: ${part}`)
      }
      assert.ok(!/unsafe/.test(policy))
      const cors = Object.keys(headers).filter((name) => name.startsWith('access-control'))
      assert.deepEqual(cors, [])
    }
  })

  test('[BR33] the nonce of a document is in its policy, and is new each time', async () => {
    const first = await ask(page, '/')
    const second = await ask(page, '/')
    const nonce = /nonce="([^"]+)"/.exec(String(first.body))?.[1]
    assert.ok(nonce !== undefined)
    assert.ok(first.headers['content-security-policy']?.includes(`'nonce-${nonce}'`))
    assert.ok(!String(second.body).includes(nonce))
    assert.equal(first.headers['cache-control'], 'no-store')
  })

  test('[BR34] a binary frame reaches the acceptor, and its answer comes back', async () => {
    const socket = await dialOwn(page)
    socket.send(Buffer.from([1, 2, 3]))
    const [data, isBinary] = await once(socket, 'message')
    assert.deepEqual([...(data as Buffer)], [1, 2, 3])
    assert.equal(isBinary, true)
    const ended = echo.closing()
    socket.close()
    await ended
  })

  test('[BR34] a frame over 16 MiB and a text frame end the connection unheard', async () => {
    const heard = echo.frames.length
    for (const [frame, code] of [
      [Buffer.alloc(16 * 1024 * 1024 + 1), 1009],
      ['text', 1003],
    ] as const) {
      const closings = echo.closings
      const ended = echo.closing()
      const socket = await dialOwn(page)
      // The kernel may cut while the client still writes.
      socket.on('error', () => {})
      socket.send(frame)
      const [closedWith] = await once(socket, 'close')
      assert.equal(closedWith, code)
      await ended
      assert.equal(echo.closings, closings + 1)
    }
    assert.equal(echo.frames.length, heard)
  })

  test('[BR35] [B5] a peer that does not read is closed with 1013, and others go on', async () => {
    const slow = await dialOwn(page)
    const peer = echo.peers.at(-1)
    assert.ok(peer !== undefined)
    slow.pause()
    const chunk = Buffer.alloc(1024 * 1024)
    let taken = 0
    // What the operating system takes is not counted; beyond it, 16 MiB may wait.
    while (peer.send(chunk)) {
      taken++
      assert.ok(taken < 200, 'the server keeps bytes without end')
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(taken >= WAITING_BYTES_MAX / chunk.length - 1)
    assert.equal(peer.send(Buffer.from([1])), false)

    const quick = await dialOwn(page)
    quick.send(Buffer.from([7]))
    await once(quick, 'message')
    quick.close()

    const closing = once(slow, 'close')
    slow.resume()
    const [code, reason] = await closing
    assert.equal(code, 1013)
    assert.equal(String(reason), 'slow consumer')
  })

  test('[BR36] a file comes by gzip to those who take it, and not at all to those who have it', async () => {
    const zipped = await ask(page, '/web/main.js', { 'Accept-Encoding': 'gzip, br' })
    assert.equal(zipped.headers['content-encoding'], 'gzip')
    assert.deepEqual(gunzipSync(zipped.body), SCRIPT)
    const known = await ask(page, '/web/main.js', { 'If-None-Match': '"e1"' })
    assert.equal(known.status, 304)
    assert.equal(known.body.length, 0)
    assert.equal((await ask(page, '/web/main.js', { 'If-None-Match': '"old"' })).status, 200)
  })
})

test('[BR37] when the page closes, its sockets end with 1001 and its port is free', async () => {
  const echo = new Echo()
  const page = await servePage({ port: 0, acceptor: echo, files, token: 't' })
  const socket = await dialOwn(page)
  const ended = once(socket, 'close')
  await page.close()
  const [code] = await ended
  assert.equal(code, 1001)
  const again = createServer()
  again.listen(Number(new URL(page.address).port), '127.0.0.1')
  await once(again, 'listening')
  assert.ok((again.address() as AddressInfo).port > 0)
  again.close()
  await once(again, 'close')
})

test('[BR37] no more sockets are open at a time than the limit says', async () => {
  const echo = new Echo()
  const page = await servePage({ port: 0, acceptor: echo, files, token: 't' })
  const origin = page.address.slice(0, -1)
  const sockets: WebSocket[] = []
  for (let count = 0; count < SOCKETS_MAX; count++) sockets.push(await dialOwn(page))
  assert.equal(await dial(page, { origin }), 503)
  const ended = echo.closing()
  sockets[0]?.close()
  await ended
  assert.ok((await dial(page, { origin })) instanceof WebSocket)
  await page.close()
})
