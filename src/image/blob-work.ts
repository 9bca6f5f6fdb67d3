// Owns: the blobs of one transaction of a connection: what it reads and writes before it is committed, in files of its own.
// Leaves: committed files to blobs.ts; records, conflicts and the number of the commit to the connection.
// Laws: IM88 many readers or one writer; a commit and a savepoint fault while a blob is open; nobody else sees what is not
// committed; nothing of it is left behind. IM87 a file is in its place before its record is durable.
import { constants, rmSync } from 'node:fs'
import { chmod, copyFile, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Oid, oidText, type Tid } from '#objects'
import {
  BLOB_SLOT,
  type BlobFile,
  type BlobMode,
  blobFacts,
  factsOf,
  openedBlob,
} from './blob-file.ts'
import type { Blobs } from './blobs.ts'
import { imageFault } from './faults.ts'
import { IMAGE_LIMITS } from './limits.ts'
import type { Persistent } from './persistent.ts'
import type { CommitInfo } from './storage.ts'
import type { Resource, Transaction } from './transaction.ts'

/** A blob that this work has changed, and its file. */
interface Changed {
  object: Persistent
  path: string
}

/** What a connection's commit has come to: its number, and the objects that it writes. */
export interface CommitUnderWay {
  tid: Tid
  oids: ReadonlySet<Oid>
}

export class BlobWork implements Resource {
  readonly sortKey: string
  readonly #blobs: Blobs
  readonly #folder: string
  readonly #underWay: () => CommitUnderWay | undefined
  #changed = new Map<Oid, Changed>()
  readonly #open = new Map<Oid, { readers: number; isWritten: boolean }>()
  /** Files that a savepoint holds: whoever writes on takes a copy. */
  readonly #kept = new Set<string>()
  readonly #placed: Oid[] = []
  #tid: Tid = 0
  #files = 0
  /** Openings for writing, and how many of them are in what the records say. */
  #writings = 0
  #described = 0
  #isEnded = false

  /** Takes part in `transaction`; `connection` is the sort key of the one that commits the records, and goes first. */
  constructor(
    blobs: Blobs,
    transaction: Transaction,
    connection: string,
    underWay: () => CommitUnderWay | undefined,
  ) {
    this.#blobs = blobs
    this.#folder = blobs.workFolder()
    this.sortKey = `${connection}, its files`
    this.#underWay = underWay
    transaction.join(this)
    transaction.addBeforeCommit(() => this.#describe())
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** True while something of it is open or not committed. */
  get isPending(): boolean {
    return this.#open.size > 0 || this.#changed.size > 0
  }

  /** Opens the blob of an object. Faults CONFLICT beside another writer, or as a writer beside readers. */
  async open(object: Persistent, mode: BlobMode): Promise<BlobFile> {
    const oid = object.oid as Oid
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
      if (isWriter) this.#writings++
      const path = isWriter ? await this.#writable(object, mode) : this.#readable(object)
      const file = await open(path, isWriter ? 'r+' : 'r')
      return openedBlob(oid, file, isWriter, release)
    } catch (error) {
      release()
      if ((error as { code?: string }).code === 'ENOENT') throw lostFile(oid)
      throw error
    }
  }

  /** Whether this work has a version of the blob that nobody else sees. */
  has(oid: Oid): boolean {
    return this.#changed.has(oid)
  }

  // As a resource of a transaction ------------------------------------------------------------

  prepare(): void {
    this.#requireClosed()
    if (this.#writings === this.#described) return
    throw imageFault(
      'TRANSACTION_STATE',
      'A hook before the commit wrote to a blob, after what the blobs hold was taken.',
      undefined,
      'Write blobs before the commit begins.',
    )
  }

  async begin(): Promise<void> {
    const commit = this.#underWay()
    if (commit === undefined) return
    this.#tid = commit.tid
    for (const [oid, { path }] of this.#changed) {
      // A new object that nothing reaches is not stored, and neither is its file.
      if (!commit.oids.has(oid)) continue
      this.#placed.push(oid)
      await this.#blobs.place(oid, commit.tid, path)
    }
  }

  commit(): void {}

  vote(): void {
    this.#requireClosed()
  }

  async finish(): Promise<undefined> {
    for (const oid of this.#placed) this.#blobs.settle(oid, this.#tid)
    this.#end()
    return undefined
  }

  abortCommit(_tx: CommitInfo): void {
    for (const oid of this.#placed.splice(0)) this.#blobs.discard(oid, this.#tid)
  }

  abort(): void {
    this.#end()
  }

  takeBack(): void {
    this.#requireClosed()
    this.#changed = new Map()
  }

  savepoint(): { rollback(): void } {
    this.#requireClosed()
    const kept = new Map(this.#changed)
    for (const { path } of kept.values()) this.#kept.add(path)
    return {
      rollback: () => {
        this.#requireClosed()
        this.#changed = new Map(kept)
      },
    }
  }

  // Inside ------------------------------------------------------------------------------------

  /** Before the commit: every changed file is durable, and its object says what it holds. */
  async #describe(): Promise<void> {
    this.#requireClosed()
    const writings = this.#writings
    for (const { object, path } of this.#changed.values()) {
      const file = await open(path, 'r+')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
      const facts = await factsOf(path)
      // Somebody may have aborted meanwhile; then the object is no matter of this work any more.
      if (this.#isEnded) return
      object.set(BLOB_SLOT, facts)
    }
    this.#described = writings
  }

  #requireClosed(): void {
    const [oid] = this.#open.keys()
    if (oid === undefined) return
    throw imageFault(
      'CONFLICT',
      `Blob ${oidText(oid)} is still open.`,
      { oid },
      'Close every blob before this.',
    )
  }

  /** The committed file of a blob as the transaction sees it. */
  #committed(object: Persistent): string | undefined {
    const tid = object.changedAt(BLOB_SLOT) ?? 0
    if (tid === 0 || blobFacts(object.get(BLOB_SLOT)) === undefined) return undefined
    return this.#blobs.pathOf(object.oid as Oid, tid)
  }

  #readable(object: Persistent): string {
    const oid = object.oid as Oid
    const path = this.#changed.get(oid)?.path ?? this.#committed(object)
    if (path !== undefined) return path
    throw imageFault('TARGET_UNKNOWN', `There is no blob ${oidText(oid)}.`, { oid })
  }

  async #writable(object: Persistent, mode: BlobMode): Promise<string> {
    const oid = object.oid as Oid
    const known = this.#changed.get(oid)?.path
    if (known !== undefined && !this.#kept.has(known)) {
      if (mode === 'write') await (await open(known, 'w')).close()
      return known
    }
    if (known === undefined && this.#changed.size >= IMAGE_LIMITS.blobsChanged) {
      throw imageFault(
        'LIMIT',
        `One transaction changes up to ${IMAGE_LIMITS.blobsChanged} blobs.`,
        undefined,
        'Commit it in several.',
      )
    }
    const before = known ?? (mode === 'change' ? this.#readable(object) : this.#committed(object))
    const path = await this.#copy(mode === 'write' ? undefined : before)
    if (this.#isEnded) {
      rmSync(this.#folder, { recursive: true, force: true })
      throw imageFault('TRANSACTION_STATE', 'The transaction has ended meanwhile.')
    }
    this.#changed.set(oid, { object, path })
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

  #end(): void {
    this.#isEnded = true
    this.#changed.clear()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function lostFile(oid: Oid): Error {
  return imageFault(
    'CONFLICT',
    `The file of blob ${oidText(oid)} as this transaction sees it is gone: it was packed away, or is lost.`,
    { oid },
    'Abort and read what is there now; `verify` tells lost files.',
  )
}
