// Owns: fetching one file of a known size from a hub over HTTP, beginning where the last attempt ended.
// Leaves: whether the bytes are the right ones to download.ts, which checks the hash of the whole file.
// Laws: MI5 what was received is kept; the next attempt asks for the rest. MI6 a hub that does not answer is given up
// after limits.hubConnect, and one that falls silent after limits.hubSilence.
import { createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { MIND_LIMITS } from './limits.ts'
import { Watch } from './watch.ts'

/** Asks for a web address; the global `fetch`, or what stands in for it. */
export type Fetch = typeof globalThis.fetch

export interface HubFetch {
  url: string
  /** The file that grows; whatever it holds already is believed to be the beginning. */
  path: string
  /** Size of the whole file, bytes; an answer that says otherwise is refused. */
  bytes: number
  fetch: Fetch
  signal: AbortSignal
  onBytes(done: number): void
}

/** The size of a file, 0 when there is none. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    // Below a file there is nothing either.
    if (/^(ENOENT|ENOTDIR)$/.test(String((error as NodeJS.ErrnoException).code))) return 0
    throw error
  }
}

/** Fetches until the file is whole. Rejects with an Error that says why; the part that came stays in place. */
export async function fetchFromHub(want: HubFetch): Promise<void> {
  let have = await sizeOf(want.path)
  if (have > want.bytes) {
    await rm(want.path)
    have = 0
  }
  if (have === want.bytes) return
  const watch = new Watch(want.signal)
  try {
    watch.allow(MIND_LIMITS.hubConnect, 'the hub did not answer in time')
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (have > 0) headers.range = `bytes=${have}-`
    const answer = await want.fetch(want.url, { headers, signal: watch.signal })
    if (answer.status === 200) have = 0
    else if (answer.status !== 206) {
      await answer.body?.cancel()
      // A range that the hub cannot serve means that our part is not a part of its file.
      if (answer.status === 416) await rm(want.path, { force: true })
      throw new Error(`the hub answered ${answer.status}`)
    }
    const total = totalOf(answer, have)
    if (total !== undefined && total !== want.bytes) {
      await answer.body?.cancel()
      throw new Error(`the hub's file has ${total} bytes and not ${want.bytes}`)
    }
    if (answer.body === null) throw new Error('the hub answered without a body')
    await writeAll(answer.body, want, have, watch)
  } finally {
    watch.end()
  }
}

/** The size of the whole file as an answer tells it: by Content-Range when partial, else by Content-Length. */
function totalOf(answer: Response, have: number): number | undefined {
  if (answer.status === 206) {
    const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')
    if (match === null || Number(match[1]) !== have) throw new Error('the hub sent another range')
    return Number(match[2])
  }
  const length = answer.headers.get('content-length')
  return length === null ? undefined : Number(length)
}

async function writeAll(
  body: ReadableStream<Uint8Array>,
  want: HubFetch,
  have: number,
  watch: Watch,
): Promise<void> {
  const file = createWriteStream(want.path, { flags: have > 0 ? 'a' : 'w' })
  const broken = new Promise<never>((_, reject) => file.once('error', reject))
  broken.catch(() => undefined)
  let done = have
  try {
    watch.allow(MIND_LIMITS.hubSilence, 'the hub fell silent')
    for await (const chunk of body) {
      watch.allow(MIND_LIMITS.hubSilence, 'the hub fell silent')
      done += chunk.length
      if (done > want.bytes) throw new Error('the hub sent more than the file')
      if (!file.write(chunk)) {
        await Promise.race([new Promise<void>((go) => file.once('drain', () => go())), broken])
      }
      want.onBytes(done)
    }
  } finally {
    // The bytes that came are worth keeping whatever ended the stream.
    const closed = new Promise<void>((go) => file.once('close', () => go()))
    file.end()
    await closed
  }
  if (done !== want.bytes) throw new Error(`the hub ended after ${done} of ${want.bytes} bytes`)
}
