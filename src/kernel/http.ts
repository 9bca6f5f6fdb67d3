// Owns: requests to other hosts: which are allowed, within which limits, and the answer as a value.
// Leaves: the network to the function handed in; when to ask to kernel.ts and outbox.ts.
// Laws: KN70 a host that is not named is not asked, whatever leads to it: redirects are answers, not followed. KN71 an
// answer over a limit is no answer: it is never partly believed.
import { assert, asFault, type FaultRecord } from '#ground'
import { type HttpRequest, isRead, type NeedOutcome } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { Timers } from './timers.ts'

/** What reaches the network: the global `fetch`, handed in. */
export type FetchPower = (
  url: string,
  init: {
    method: string
    headers: Record<string, string>
    body?: string
    redirect: 'manual'
    signal: AbortSignal
  },
) => Promise<Response>

/** An answer as guest code gets it. */
export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** True for what may stand for a host on the list: `name` or `name:port`, as URLs have them. */
function isHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(`http://${text}`)
}
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i

export class Http {
  readonly #fetch: FetchPower | undefined
  readonly #timers: Timers
  /** `http://host:port`, as the language writes origins. */
  readonly #origins: ReadonlySet<string>
  #underWay = 0
  readonly #waiting: (() => void)[] = []

  constructor(fetch: FetchPower | undefined, hosts: readonly string[], timers: Timers) {
    this.#fetch = fetch
    this.#timers = timers
    this.#origins = new Set(
      hosts.flatMap((host) => {
        assert(isHost(host), `${JSON.stringify(host)} is a host, or a host and a port`)
        return [new URL(`http://${host}`).origin, new URL(`https://${host}`).origin]
      }),
    )
  }

  /** Why a request may not be made; undefined when it may. */
  refusal(request: HttpRequest): FaultRecord | undefined {
    const url = URL.canParse(request.url) ? new URL(request.url) : undefined
    if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      return kernelFault('METHOD_FAILED', 'a request goes to an http or https address').toRecord()
    }
    if (url.username !== '' || url.password !== '') {
      return kernelFault('METHOD_FAILED', 'an address carries no name and password').toRecord()
    }
    if (this.#fetch !== undefined && this.#origins.has(url.origin)) return undefined
    const { host } = url
    const remedy = `Start the kernel with \`--allow-host ${host}\`, or ask a host that is allowed.`
    return kernelFault('POLICY', `the host ${host} is not allowed`, { host }, remedy).toRecord()
  }

  /** What a request came to: its answer as a stored value, or why there is none. Never rejects. */
  async outcome(request: HttpRequest, key: string, signal: AbortSignal): Promise<NeedOutcome> {
    const fault = this.refusal(request)
    if (fault !== undefined) return { fault }
    if (this.#underWay < KERNEL_LIMITS.requests) this.#underWay++
    else await new Promise<void>((go) => this.#waiting.push(go))
    try {
      return { value: await this.#ask(request, key, signal) }
    } catch (error) {
      const known = asFault(error)?.toRecord()
      return { fault: known ?? kernelFault('METHOD_FAILED', sentenceOf(error)).toRecord() }
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay--
      // Its place goes over to the one that waited longest.
      else next()
    }
  }

  async #ask(request: HttpRequest, key: string, signal: AbortSignal): Promise<HttpAnswer> {
    const late = new AbortController()
    const why = `no answer within ${KERNEL_LIMITS.requestTime} ms`
    const timer = this.#timers.setTimeout(
      () => late.abort(new Error(why)),
      KERNEL_LIMITS.requestTime,
    )
    // A request that only reads may be repeated as it is.
    const headers: Record<string, string> = isRead(request) ? {} : { 'idempotency-key': key }
    try {
      const response = await (this.#fetch as FetchPower)(request.url, {
        method: request.method,
        headers: { ...headers, ...request.headers },
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
        ...(request.body === null ? {} : { body: request.body }),
      })
      const body = await bodyOf(response)
      return { status: response.status, headers: headersOf(response), body }
    } finally {
      this.#timers.clearTimeout(timer)
    }
  }
}

function sentenceOf(error: unknown): string {
  const cause = (error as { cause?: { message?: unknown } } | null)?.cause?.message
  const own = error instanceof Error ? error.message : String(error)
  return `the request failed: ${typeof cause === 'string' && cause !== '' ? cause : own}`
}

const tooLarge = (what: string) => kernelFault('LIMIT', `the answer of the host has ${what}`)

async function bodyOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > KERNEL_LIMITS.responseBytes) {
      throw tooLarge(`a body of more than ${KERNEL_LIMITS.responseBytes} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function headersOf(response: Response): Record<string, string> {
  // What no slot could hold is left out: a name may be any token.
  const entries = [...response.headers].filter(([name]) => /^[a-z0-9-]+$/.test(name))
  const longest = Math.max(0, ...entries.map(([, value]) => value.length))
  if (
    entries.length > KERNEL_LIMITS.responseHeaders ||
    longest > KERNEL_LIMITS.responseHeaderLength
  ) {
    throw tooLarge('more headers, or longer ones, than are taken')
  }
  return Object.fromEntries(entries.filter(([name]) => name !== 'constructor'))
}
