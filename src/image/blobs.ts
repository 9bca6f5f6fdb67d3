// Owns: values too large for records, each version a file: blobs/<oid>/<tid>, beside the store that has their records. The
// tid is that of the slot which says that the object is a blob, so a later change of other slots keeps the file.
// Leaves: what is not committed yet to blob-work.ts; numbers, names and conflicts to connections.
// Laws: IM87 a blob's file is in its place before its record is durable, and counts only with it. IM89 what a pack removes
// from the store goes from here.
import { rmdirSync, rmSync, statSync } from 'node:fs'
import { appendFile, chmod, copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeSlots, type Oid, oidText, type StoredSlot, type Tid } from '#objects'
import { BLOB_SLOT, type BlobFacts, blobFacts, factsNow, factsOf } from './blob-file.ts'
import { imageFault } from './faults.ts'
import type { Damage, Revision, Store, Transaction } from './store.ts'

/** Where work that is not committed lies. No oid has this name. */
const WORK = 'work'

export class Blobs {
  readonly #store: Store
  readonly #folder: string
  /** Files in their places whose records are on their way, as `oid/tid`: no sweep takes them for left over. */
  readonly #underWay = new Set<string>()
  #works = 0

  private constructor(store: Store, folder: string) {
    this.#store = store
    this.#folder = folder
  }

  /** The blobs of a store, in a folder that is theirs alone. What a process that died left behind is removed. */
  static async open(store: Store, folder: string): Promise<Blobs> {
    const blobs = new Blobs(store, folder)
    if (store.isReadOnly?.() !== true) {
      await mkdir(folder, { recursive: true })
      await rm(join(folder, WORK), { recursive: true, force: true })
      await blobs.sweep()
    }
    return blobs
  }

  /** The file of a committed blob as of `at`, for reading by anybody. Faults TARGET_UNKNOWN, also for uncommitted ones. */
  path(oid: Oid, at?: Tid): string {
    return this.pathOf(oid, this.#committed(oid, at).tid)
  }

  /** What is said of a committed blob. Faults TARGET_UNKNOWN. */
  facts(oid: Oid, at?: Tid): BlobFacts {
    return this.#committed(oid, at).facts
  }

  /** Reads every blob's every version and lists what is missing or is not what its record says. */
  verify(): Damage[] {
    const damage: Damage[] = []
    for (const { oid } of this.#store.objects()) {
      for (const { tid, facts } of this.#versions(oid)) {
        const problem = this.#problem(oid, tid, facts)
        if (problem === undefined) continue
        damage.push({ oid, tid, problem: `Blob ${oidText(oid)} at transaction ${tid} ${problem}.` })
      }
    }
    return damage
  }

  /** Bytes of the files of all committed blobs. */
  bytes(): number {
    let bytes = 0
    for (const { oid } of this.#store.objects()) {
      for (const { tid } of this.#versions(oid)) {
        bytes += sizeOf(this.pathOf(oid, tid)) ?? 0
      }
    }
    return bytes
  }

  /** Removes files that no record speaks of, and folders that are empty then. */
  async sweep(): Promise<void> {
    for (const folder of await readdir(this.#folder)) {
      if (!/^\d+$/.test(folder)) continue
      const oid = Number(folder)
      for (const file of await readdir(join(this.#folder, folder))) {
        const tid = Number(file)
        if (this.#underWay.has(`${oid}/${tid}`) || this.#hasRecord(oid, tid)) continue
        await rm(this.pathOf(oid, tid), { force: true })
      }
      removeEmpty(join(this.#folder, folder))
    }
  }

  // For units of work ---------------------------------------------------------------------------

  /** A folder for the files of one more unit of work, which makes and removes it. */
  workFolder(): string {
    return join(this.#folder, WORK, `${++this.#works}`)
  }

  /** Where the file of a version lies. */
  pathOf(oid: Oid, tid: Tid): string {
    return join(this.#folder, `${oid}`, `${tid}`)
  }

  /** Moves a file to its place, durable, before its record is. */
  async place(oid: Oid, tid: Tid, path: string): Promise<void> {
    this.#underWay.add(`${oid}/${tid}`)
    const target = this.pathOf(oid, tid)
    await mkdir(join(target, '..'), { recursive: true })
    await rename(path, target)
    await chmod(target, 0o444)
    await syncFolder(join(target, '..'))
    await syncFolder(this.#folder)
  }

  /** The record of a file in its place is durable. */
  settle(oid: Oid, tid: Tid): void {
    this.#underWay.delete(`${oid}/${tid}`)
  }

  /** The commit of a file in its place has failed: it goes, unless its record was kept after all. */
  discard(oid: Oid, tid: Tid): void {
    this.#underWay.delete(`${oid}/${tid}`)
    try {
      if (this.#hasRecord(oid, tid)) return
    } catch {
      // The store answers no more; the next opening looks again.
      return
    }
    rmSync(this.pathOf(oid, tid), { force: true })
    removeEmpty(join(this.#folder, `${oid}`))
  }

  // For copies and backups ----------------------------------------------------------------------

  /** The versions that a transaction of the store speaks of, with their files. Faults IMAGE_DAMAGED when one is not there. */
  *spokenOf({
    revisions,
  }: Transaction): Generator<{ oid: Oid; tid: Tid; path: string; bytes: number }> {
    for (const revision of revisions) {
      const blob = blobIn(revision)
      if (blob === undefined) continue
      const { tid, facts } = blob
      const path = this.pathOf(revision.oid, tid)
      if (sizeOf(path) !== facts.bytes) throw damagedBlob(revision.oid, tid)
      yield { oid: revision.oid, tid, path, bytes: facts.bytes }
    }
  }

  /** Takes the files over that a transaction brings, before it is committed here. Faults IMAGE_DAMAGED. */
  async take(source: Blobs, transaction: Transaction): Promise<void> {
    for (const { oid, tid, path } of source.spokenOf(transaction)) {
      if (sizeOf(this.pathOf(oid, tid)) === sizeOf(path)) continue
      const folder = this.workFolder()
      await mkdir(folder, { recursive: true })
      const copy = join(folder, '1')
      await copyFile(path, copy)
      await this.#put(oid, tid, copy, transaction)
      await rm(folder, { recursive: true })
    }
  }

  /** Files that come in pieces, each before the transaction that brings it. */
  receiving(): Receiving {
    return new Receiving(this, this.workFolder())
  }

  /** For `Receiving`: a whole file to its place. Faults IMAGE_DAMAGED when it is not what the transaction says. */
  async received(oid: Oid, tid: Tid, path: string, transaction: Transaction): Promise<void> {
    await this.#put(oid, tid, path, transaction)
  }

  async #put(oid: Oid, tid: Tid, path: string, { revisions }: Transaction): Promise<void> {
    const blob = blobIn(revisions.find((revision) => revision.oid === oid))
    const found = await factsOf(path)
    if (blob?.tid !== tid || found.sha256 !== blob.facts.sha256) throw damagedBlob(oid, tid)
    await chmod(path, 0o600)
    const file = await open(path, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    await this.place(oid, tid, path)
    // Nothing sweeps a store into which something is being brought, but for the pack at its end.
    this.settle(oid, tid)
  }

  #problem(oid: Oid, tid: Tid, facts: BlobFacts): string | undefined {
    try {
      const found = factsNow(this.pathOf(oid, tid))
      return found.sha256 === facts.sha256 ? undefined : 'is not what its record says'
    } catch (error) {
      return `cannot be read (${String(error)})`
    }
  }

  /** The versions of a blob that its records speak of, newest first, each once. */
  *#versions(oid: Oid): Generator<{ tid: Tid; facts: BlobFacts }, void, undefined> {
    const seen = new Set<Tid>()
    for (let before: Tid | undefined; ; ) {
      const page = this.#store.revisions(oid, before === undefined ? {} : { before })
      for (const revision of page) {
        const blob = blobIn(revision)
        if (blob === undefined || seen.has(blob.tid)) continue
        seen.add(blob.tid)
        yield blob
      }
      before = page.at(-1)?.tid
      if (before === undefined) return
    }
  }

  #hasRecord(oid: Oid, tid: Tid): boolean {
    for (const version of this.#versions(oid)) if (version.tid === tid) return true
    return false
  }

  #committed(oid: Oid, at?: Tid): { facts: BlobFacts; tid: Tid } {
    const blob = blobIn(this.#store.read(oid, at))
    if (blob !== undefined) return blob
    throw imageFault('TARGET_UNKNOWN', `There is no committed blob ${oidText(oid)}.`, { oid })
  }
}

/** Files that come in pieces, as out of a backup. */
export class Receiving {
  readonly #blobs: Blobs
  readonly #folder: string
  #whole: { oid: Oid; tid: Tid; path: string }[] = []
  #files = 0

  constructor(blobs: Blobs, folder: string) {
    this.#blobs = blobs
    this.#folder = folder
  }

  /** One more piece of the file of a version, in their order. */
  async piece(oid: Oid, tid: Tid, bytes: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    let file = this.#whole.at(-1)
    if (file?.oid !== oid || file.tid !== tid) {
      file = { oid, tid, path: join(this.#folder, `${++this.#files}`) }
      this.#whole.push(file)
    }
    await appendFile(file.path, bytes)
  }

  /** The transaction that brings them comes next. Faults IMAGE_DAMAGED when they are not what it says. */
  async before(transaction: Transaction): Promise<void> {
    const files = this.#whole
    this.#whole = []
    for (const { oid, tid, path } of files) await this.#blobs.received(oid, tid, path, transaction)
  }

  async end(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** `store` with a place for files in `folder`: its connections have blobs, and its packs, its check and its size know of them. */
export async function openBlobStore(store: Store, folder: string): Promise<Store> {
  const blobs = await Blobs.open(store, folder)
  const calls: Partial<Store> = {
    files: () => blobs,
    bytes: () => store.bytes() + blobs.bytes(),
    async pack(request, progress) {
      const report = await store.pack(request, progress)
      if (request.checkOnly !== true) await blobs.sweep()
      return report
    },
    verify() {
      const report = store.verify()
      return { ...report, damage: [...report.damage, ...blobs.verify()] }
    },
  }
  return new Proxy(store, {
    get: (_, name: keyof Store) => calls[name] ?? store[name]?.bind(store),
  })
}

/** What a record says of its blob, and since when; undefined when it has none. */
function blobIn(revision: Revision | undefined): { facts: BlobFacts; tid: Tid } | undefined {
  if (revision?.kind !== 'object') return undefined
  let slot: StoredSlot | undefined
  try {
    slot = decodeSlots(revision.payload).find(({ name }) => name === BLOB_SLOT)
  } catch {
    // A record without slots is no blob's.
    return undefined
  }
  const facts = blobFacts(slot?.value)
  return slot === undefined || facts === undefined ? undefined : { facts, tid: slot.tid }
}

/** How long a file is, undefined when there is none. */
const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size

const damagedBlob = (oid: Oid, tid: Tid) =>
  imageFault(
    'IMAGE_DAMAGED',
    `The file of blob ${oidText(oid)} at transaction ${tid} is not what its record says.`,
    { oid, tid },
  )

async function syncFolder(folder: string): Promise<void> {
  // On Windows a folder cannot be opened, and its entries are durable without that.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It is not empty, or not there: both are what is wanted.
  }
}
