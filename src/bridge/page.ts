// Owns: the HTTP server of the page: which requests are answered, and with which headers.
// Leaves: the files to whoever hands them in; WebSockets to websocket.ts; tokens to the acceptor.
// Laws: BR30 it listens on 127.0.0.1 alone and answers only to its own names.  BR31 GET only, and only files that were
// handed in.  BR33 every answer carries the strict headers, and none permits another origin.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Acceptor, isOwnHost, ownHosts, PageSockets } from './websocket.ts'

/** One file of the page, ready to send. */
export interface PageFile {
  /** The media type, with its character set. */
  type: string
  /** The bytes as they are. */
  body: Buffer
  /** The same, by gzip. */
  gzip: Buffer
  /** A quoted ETag that changes with the bytes. */
  etag: string
}

/** The files of the page. Paths begin with `/`; a path that is not in the map is not served. */
export interface PageFiles {
  readonly files: ReadonlyMap<string, PageFile>
  /** The HTML document, with the nonce that its inline import map needs. */
  document(nonce: string): string
}

export interface PageOptions {
  /** The TCP port on 127.0.0.1; 0 takes any that is free. */
  port: number
  acceptor: Acceptor
  files: PageFiles
  /** What the page must say in its Hello; it rides in the fragment of the opening address, which browsers never send. */
  token: string
}

export interface Page {
  /** `http://127.0.0.1:PORT/`, without the token. */
  address: string
  /** The address that opens the page with its token. */
  opening: string
  close(): Promise<void>
}

/** Headers of every answer. `connect-src 'self'` covers the WebSocket of the same host and port. */
const STRICT_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-DNS-Prefetch-Control': 'off',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()',
}

function contentSecurityPolicy(nonce: string | undefined): string {
  const scripts = nonce === undefined ? "'self'" : `'self' 'nonce-${nonce}'`
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/**
 * Serves the page on 127.0.0.1 until closed. The caller owns the answer and closes it.
 * Throws what listening throws, such as EADDRINUSE.
 */
export async function servePage(options: PageOptions): Promise<Page> {
  const sockets = new PageSockets(options.acceptor)
  let hosts: ReadonlySet<string> = new Set()
  const server = createServer((request, response) => {
    answer(request, response, options.files, hosts)
  })
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head, hosts))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  hosts = ownHosts(port)
  const address = `http://127.0.0.1:${port}/`
  return {
    address,
    opening: `${address}#token=${encodeURIComponent(options.token)}`,
    close: () =>
      new Promise((resolve) => {
        sockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pages: PageFiles,
  hosts: ReadonlySet<string>,
): void {
  for (const [name, value] of Object.entries(STRICT_HEADERS)) response.setHeader(name, value)
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(undefined))
  if (!isOwnHost(request, hosts)) return refuse(response, 403, 'This name is not mine.')
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET')
    return refuse(response, 405, 'Only GET is answered.')
  }
  // The path is a key of a map and never a path of the file system, so nothing has to be resolved.
  if (request.url === '/') return answerDocument(response, pages)
  const file = pages.files.get(request.url ?? '')
  if (file === undefined) return refuse(response, 404, 'There is no such file.')
  answerFile(request, response, file)
}

function answerDocument(response: ServerResponse, pages: PageFiles): void {
  const nonce = randomBytes(18).toString('base64')
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(nonce))
  // A stored document would carry a nonce that was seen before.
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.end(pages.document(nonce))
}

function answerFile(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  response.setHeader('ETag', file.etag)
  response.setHeader('Cache-Control', 'no-cache')
  response.setHeader('Vary', 'Accept-Encoding')
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end()
    return
  }
  response.setHeader('Content-Type', file.type)
  if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    response.setHeader('Content-Encoding', 'gzip')
    response.end(file.gzip)
    return
  }
  response.end(file.body)
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${sentence}\n`)
}
