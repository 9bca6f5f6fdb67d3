// Owns: a request to another host as guest code describes it: its fields, their limits, and the one form in which it is compared.
// Leaves: making it, and which hosts are allowed, to the kernel.
// Laws: OB43 a request is read into one canonical form: two that ask the same are equal, and one that is not whole is refused.
import { objectFault } from './faults.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { isMap } from './value.ts'

/** A request to another host. `body` is text; names of headers are in lower case and in order. */
export interface HttpRequest {
  method: string
  url: string
  headers: Record<string, string>
  body: string | null
  /** True when its giver says that repeating it does no harm. */
  idempotent: boolean
}

/** Methods that change nothing by what HTTP says of them. */
const READS = new Set(['GET', 'HEAD', 'OPTIONS'])
const METHODS = new Set([...READS, 'POST', 'PUT', 'PATCH', 'DELETE'])

/** Headers that say how a message travels: they are the connection's, and a Host of one's own would lead past the list. */
const NOT_OURS_TO_SET = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'keep-alive', 'te'],
  ...['trailer', 'expect', 'proxy-authorization', 'proxy-connection', 'constructor'],
])

const FIELDS = new Set(['method', 'url', 'headers', 'body', 'idempotent'])

const wrong = (why: string) =>
  objectFault(
    'METHOD_FAILED',
    `a request ${why}`,
    undefined,
    'Give a URL, or a map of url, method, headers, body and idempotent.',
  )

/** True when a request changes nothing by its method. */
export const isRead = ({ method }: Pick<HttpRequest, 'method'>): boolean => READS.has(method)

/** True when it may be made again, so that a turn may need its answer. */
export const isRepeatable = (request: HttpRequest): boolean => isRead(request) || request.idempotent

/** A request from its stored form, a URL or a map. Faults METHOD_FAILED. */
export function readRequest(given: unknown): HttpRequest {
  const map = typeof given === 'string' ? { url: given } : given
  if (typeof map !== 'object' || map === null || !isMap(map)) throw wrong('is a URL or a map')
  const strange = Object.keys(map).find((name) => !FIELDS.has(name))
  if (strange !== undefined) throw wrong(`has no field ${strange.slice(0, 40)}`)
  const { method: verb = 'GET', url, body = null, idempotent = false } = map
  const method = typeof verb === 'string' ? verb.toUpperCase() : ''
  if (!METHODS.has(method)) throw wrong(`has one of the methods ${[...METHODS].join(', ')}`)
  if (typeof url !== 'string' || url.length > OBJECT_LIMITS.urlLength) {
    throw wrong(`has a url of at most ${OBJECT_LIMITS.urlLength} characters`)
  }
  if (body !== null && (typeof body !== 'string' || body.length > OBJECT_LIMITS.bodyLength)) {
    throw wrong(`has a body of at most ${OBJECT_LIMITS.bodyLength} characters of text`)
  }
  if (body !== null && (method === 'GET' || method === 'HEAD')) throw wrong('to read has no body')
  if (typeof idempotent !== 'boolean') throw wrong('is idempotent or not: true or false')
  return { method, url, headers: readHeaders(map.headers), body, idempotent }
}

function readHeaders(given: unknown): Record<string, string> {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object' || !isMap(given)) throw wrong('has headers as a map')
  const entries: [string, string][] = Object.entries(given).map(([name, value]) => {
    const short = name.slice(0, 40)
    if (!/^[A-Za-z0-9-]+$/.test(name) || NOT_OURS_TO_SET.has(name.toLowerCase())) {
      throw wrong(`cannot have the header ${short}`)
    }
    if (typeof value !== 'string' || !HEADER_VALUE.test(value)) {
      throw wrong(`has as the header ${short} text in one line`)
    }
    if (name.length + value.length > OBJECT_LIMITS.headerLength) {
      throw wrong(`has headers of at most ${OBJECT_LIMITS.headerLength} characters`)
    }
    return [name.toLowerCase(), value]
  })
  if (entries.length > OBJECT_LIMITS.headers) {
    throw wrong(`has at most ${OBJECT_LIMITS.headers} headers`)
  }
  const headers = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  if (Object.keys(headers).length < entries.length) throw wrong('has each header once')
  return headers
}

/** Visible ASCII and blanks, as headers are safe to send. */
const HEADER_VALUE = /^[\x20-\x7e\t]*$/
