// Owns: one unit of work with blobs: what it reads and writes before it is committed, in files of its own.
// Leaves: committed files, and what a store says of them, to blobs.ts.
// Laws: IM88 many readers or one writer; nobody else sees what is not committed; nothing of it is left behind.
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { chmod, copyFile, type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Oid, oidText, type Tid } from '#objects'
import { imageFault } from './faults.ts'
import { IMAGE_LIMITS } from './limits.ts'

/** How a blob is opened: to read, to write it anew, to write more at its end, or to change it in place. */
export type BlobMode = 'read' | 'write' | 'append' | 'change'

/** What a record says of a blob. */
export interface BlobFacts {
  bytes: number
  /** SHA-256 in hexadecimal. */
  sha256: string
}

/** An open blob. Positions and lengths are bytes. */
export interface BlobFile {
  readonly oid: Oid
  /** Up to `length` bytes from `position` on, fewer at the end. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Writes bytes at `position`, by default at the end. Faults LIMIT. */
  write(bytes: Uint8Array, position?: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** A blob that this work has changed: its file, and the committed revision that it goes on from, 0 for a new one. */
interface Changed {
  path: string
  base: Tid
}

/** What a work asks of the committed blobs. */
export interface CommittedBlobs {
  /** The path and revision of a committed blob, undefined when there is none. */
  committed(oid: Oid): { path: string; tid: Tid } | undefined
}

/** A state to come back to. */
export interface BlobSavepoint {
  readonly number: number
}

export class BlobWork {
  readonly #blobs: CommittedBlobs
  readonly #folder: string
  readonly #changed = new Map<Oid, Changed>()
  readonly #open = new Map<Oid, { readers: number; isWritten: boolean }>()
  readonly #savepoints: (Map<Oid, Changed> | undefined)[] = []
  #files = 0
  #ended = false

  /** `folder` is this work's alone; it is made when it is needed and removed at the end. */
  constructor(blobs: CommittedBlobs, folder: string) {
    this.#blobs = blobs
    this.#folder = folder
  }

  /** Opens a blob. Faults CONFLICT beside another writer, or as a writer beside readers. */
  async open(oid: Oid, mode: BlobMode): Promise<BlobFile> {
    this.#live()
    const isWriter = mode !== 'read'
    const users = this.#open.get(oid) ?? { readers: 0, isWritten: false }
    if (users.isWritten || (isWriter && users.readers > 0)) {
      const others = users.isWritten ? 'is being written' : 'is being read'
      throw imageFault(
        'CONFLICT',
        `Blob ${oidText(oid)} ${others}.`,
        { oid },
        'Close the other file first.',
      )
    }
    // Counted before anything is waited for, so that two openings at once are seen.
    if (isWriter) users.isWritten = true
    else users.readers++
    this.#open.set(oid, users)
    const release = (): void => {
      if (isWriter) users.isWritten = false
      else users.readers--
      if (users.readers === 0 && !users.isWritten) this.#open.delete(oid)
    }
    try {
      const path = isWriter ? await this.#writable(oid, mode) : this.path(oid)
      return opened(oid, await open(path, isWriter ? 'r+' : 'r'), isWriter, release)
    } catch (error) {
      release()
      throw error
    }
  }

  /** The file of a blob as this work sees it. Faults TARGET_UNKNOWN. */
  path(oid: Oid): string {
    const path = this.#changed.get(oid)?.path ?? this.#blobs.committed(oid)?.path
    if (path !== undefined) return path
    throw imageFault('TARGET_UNKNOWN', `There is no blob ${oidText(oid)}.`, { oid })
  }

  /** Keeps what the changed blobs hold now. Faults CONFLICT while one of them is open. */
  async savepoint(): Promise<BlobSavepoint> {
    this.#live()
    this.requireClosed()
    const kept = new Map<Oid, Changed>()
    for (const [oid, changed] of this.#changed) {
      kept.set(oid, { ...changed, path: await this.#copy(changed.path) })
    }
    this.#savepoints.push(kept)
    return { number: this.#savepoints.length - 1 }
  }

  /** Goes back to a savepoint, as often as one likes; later ones are no more. */
  async rollback(savepoint: BlobSavepoint): Promise<void> {
    this.#live()
    this.requireClosed()
    const kept = this.#savepoints[savepoint.number]
    if (kept === undefined) {
      throw imageFault(
        'CONFLICT',
        'That savepoint is no more: the work went back to an earlier one.',
        undefined,
        'Begin the work anew.',
      )
    }
    this.#savepoints.length = savepoint.number + 1
    this.#changed.clear()
    for (const [oid, changed] of kept) {
      this.#changed.set(oid, { ...changed, path: await this.#copy(changed.path) })
    }
  }

  /** Faults CONFLICT while a blob is open. */
  requireClosed(): void {
    const [oid] = this.#open.keys()
    if (oid === undefined) return
    throw imageFault(
      'CONFLICT',
      `Blob ${oidText(oid)} is still open.`,
      { oid },
      'Close every blob before this.',
    )
  }

  /** What this work has changed, with what is to be said of each, durable in its file. */
  async changes(): Promise<{ oid: Oid; path: string; base: Tid; facts: BlobFacts }[]> {
    this.#live()
    this.requireClosed()
    const changes = []
    for (const [oid, { path, base }] of this.#changed) {
      const file = await open(path, 'r+')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
      changes.push({ oid, path, base, facts: await factsOf(path) })
    }
    return changes
  }

  /** Ends the work: what was not committed is gone. Faults nothing, and may be called again. */
  async end(): Promise<void> {
    this.#ended = true
    this.#changed.clear()
    this.#savepoints.length = 0
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #writable(oid: Oid, mode: BlobMode): Promise<string> {
    const known = this.#changed.get(oid)
    if (known !== undefined) {
      if (mode === 'write') await (await open(known.path, 'w')).close()
      return known.path
    }
    if (this.#changed.size >= IMAGE_LIMITS.blobsChanged) {
      throw imageFault(
        'LIMIT',
        `One unit of work changes up to ${IMAGE_LIMITS.blobsChanged} blobs.`,
        undefined,
        'Commit it in several.',
      )
    }
    const committed = this.#blobs.committed(oid)
    if (committed === undefined && mode === 'change') this.path(oid)
    const path = await this.#copy(mode === 'write' ? undefined : committed?.path)
    this.#changed.set(oid, { path, base: committed?.tid ?? 0 })
    return path
  }

  /** A new file of this work, with the bytes of another or none. */
  async #copy(path: string | undefined): Promise<string> {
    await mkdir(this.#folder, { recursive: true })
    const target = join(this.#folder, `${++this.#files}`)
    if (path !== undefined) {
      await copyFile(path, target, constants.COPYFILE_FICLONE)
      // Committed files are read-only, and a copy takes that over.
      await chmod(target, 0o600)
    } else await (await open(target, 'wx', 0o600)).close()
    return target
  }

  #live(): void {
    if (!this.#ended) return
    throw imageFault('CONFLICT', 'This unit of work has ended.', undefined, 'Begin another one.')
  }
}

function opened(oid: Oid, file: FileHandle, isWriter: boolean, release: () => void): BlobFile {
  let isOpen = true
  return {
    oid,
    async read(position, length) {
      const bytes = Buffer.alloc(length)
      const { bytesRead } = await file.read(bytes, 0, length, position)
      return bytes.subarray(0, bytesRead)
    },
    async write(bytes, position) {
      if (!isWriter) throw imageFault('READ_ONLY', `Blob ${oidText(oid)} is open for reading.`)
      const at = position ?? (await file.stat()).size
      if (at + bytes.length > IMAGE_LIMITS.blobBytes) {
        throw imageFault(
          'LIMIT',
          `A blob takes up to ${IMAGE_LIMITS.blobBytes} bytes.`,
          { oid },
          'Keep it in several blobs.',
        )
      }
      for (let done = 0; done < bytes.length; ) {
        const rest = bytes.subarray(done)
        done += (await file.write(rest, 0, rest.length, at + done)).bytesWritten
      }
    },
    async size() {
      return (await file.stat()).size
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      await file.close()
      release()
    },
  }
}

/** How long a file is, and its SHA-256. */
export async function factsOf(path: string): Promise<BlobFacts> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') }
}
