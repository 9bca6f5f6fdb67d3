// Owns: one blob that is open, and what a record says of a blob.
// Leaves: who may open it to blob-work.ts; where its file lies to blobs.ts.
// Laws: IM88 a reader writes nothing, and no blob grows beyond its limit.
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { isMap, type Oid, oidText } from '#objects'
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

/** The slot that makes an object a blob. */
export const BLOB_SLOT = 'blob'

/** Bytes of a file that are read at once. */
const CHUNK = 1024 * 1024

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

/** A blob over a file that is open; `release` is told once, when it is closed. */
export function openedBlob(
  oid: Oid,
  file: FileHandle,
  isWriter: boolean,
  release: () => void,
): BlobFile {
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
  let bytes = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** As `factsOf`, in one piece, for whoever may not wait. */
export function factsNow(path: string): BlobFacts {
  const hash = createHash('sha256')
  let bytes = 0
  for (const chunk of chunksOf(path)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** The bytes of a file, piece by piece. */
export function* chunksOf(path: string): Generator<Buffer, void, undefined> {
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK)
      const count = readSync(file, buffer, 0, CHUNK, null)
      if (count === 0) return
      yield buffer.subarray(0, count)
    }
  } finally {
    closeSync(file)
  }
}

/** What a slot's value says of a blob; undefined when it says nothing of one. */
export function blobFacts(value: unknown): BlobFacts | undefined {
  if (typeof value !== 'object' || value === null || !isMap(value)) return undefined
  const { bytes, sha256 } = value
  if (typeof bytes !== 'number' || typeof sha256 !== 'string') return undefined
  return { bytes, sha256 }
}
