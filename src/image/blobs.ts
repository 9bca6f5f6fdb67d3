// Owns: values too large for records, each version a file: blobs/<oid>/<tid>, beside the store that has their records. The
// tid is that of the slot which says that the object is a blob, so a later change of other slots keeps the file.
// Leaves: what is not committed yet to blob-work.ts; numbers and names to the store's own commits.
// Laws: IM87 a blob's file is in its place before its record is durable, and counts only with it. IM89 what a pack removes
// from the store goes from here.
import { chmod, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodeSlots,
  encodeSlots,
  isMap,
  type Oid,
  oidText,
  type StoredSlot,
  type Tid,
} from '#objects'
import { type BlobFacts, BlobWork, factsOf } from './blob-work.ts'
import { imageFault } from './faults.ts'
import type {
  Damage,
  PackProgress,
  PackReport,
  PackRequest,
  Revision,
  Store,
  Transaction,
} from './store.ts'

/** The slot that makes an object a blob. */
const SLOT = 'blob'

/** Where work that is not committed lies. No oid has this name. */
const WORK = 'work'

export class Blobs {
  readonly #store: Store
  readonly #folder: string
  /** Files in their places whose records are on their way, as `oid/tid`: no sweep takes them for left over. */
  readonly #underWay = new Set<string>()
  /** Blobs whose records were handed to the store and are not durable yet. */
  readonly #committing = new Set<Oid>()
  #works = 0

  private constructor(store: Store, folder: string) {
    this.#store = store
    this.#folder = folder
  }

  /** The blobs of a store, in a folder that is theirs alone. What a process that died left behind is removed. */
  static async open(store: Store, folder: string): Promise<Blobs> {
    const blobs = new Blobs(store, folder)
    await mkdir(folder, { recursive: true })
    await rm(join(folder, WORK), { recursive: true, force: true })
    await blobs.#sweep()
    return blobs
  }

  /** A new unit of work. End it with `commit` or with its own `end`. */
  begin(): BlobWork {
    const folder = join(this.#folder, WORK, `${++this.#works}`)
    return new BlobWork({ committed: (oid) => this.#committed(oid) }, folder)
  }

  /**
   * Commits a unit of work and a transaction of the store, both or neither: each changed blob gets a revision in it. The
   * transaction may bring a revision of a blob itself, with the object's other slots; its blob slot is set here. Faults
   * CONFLICT when a blob is open, or was committed by somebody else meanwhile; then the work can go on.
   */
  async commit(work: BlobWork, transaction: Transaction): Promise<void> {
    const changes = await work.changes()
    const { tid } = transaction
    const revisions = new Map(transaction.revisions.map((revision) => [revision.oid, revision]))
    const placed = new Map<string, string>()
    const taken: Oid[] = []
    try {
      for (const { oid, path, facts } of changes) {
        revisions.set(oid, blobRevision(oid, tid, facts, revisions.get(oid)))
        const place = `${oid}/${tid}`
        this.#underWay.add(place)
        placed.set(place, path)
        await this.#place(path, place)
      }
      // Nothing is waited for between this check and the store's taking the group.
      for (const { oid, base } of changes) this.#requireBase(oid, base)
      for (const { oid } of changes) {
        this.#committing.add(oid)
        taken.push(oid)
      }
      await this.#store.commit({
        transactions: [{ ...transaction, revisions: [...revisions.values()] }],
        tables: [],
      })
    } catch (error) {
      for (const [place, path] of placed) await this.#takeBack(place, path)
      throw error
    } finally {
      for (const place of placed.keys()) this.#underWay.delete(place)
      for (const oid of taken) this.#committing.delete(oid)
    }
    await work.end()
  }

  /** The file of a committed blob as of `at`, for reading by anybody. Faults TARGET_UNKNOWN, also for uncommitted ones. */
  path(oid: Oid, at?: Tid): string {
    const found = this.#committed(oid, at)
    if (found !== undefined) return found.path
    throw imageFault('TARGET_UNKNOWN', `There is no committed blob ${oidText(oid)}.`, { oid })
  }

  /** What is said of a committed blob. Faults TARGET_UNKNOWN. */
  facts(oid: Oid, at?: Tid): BlobFacts {
    const blob = blobIn(this.#store.read(oid, at))
    if (blob !== undefined) return blob.facts
    throw imageFault('TARGET_UNKNOWN', `There is no committed blob ${oidText(oid)}.`, { oid })
  }

  /** Packs the store and removes the files whose records are gone. */
  async pack(
    request: PackRequest,
    progress?: (progress: PackProgress) => void,
  ): Promise<PackReport> {
    const report = await this.#store.pack(request, progress)
    if (request.checkOnly !== true) await this.#sweep()
    return report
  }

  /** Reads every blob's every version and lists what is missing or is not what its record says. */
  async verify(): Promise<Damage[]> {
    const damage: Damage[] = []
    for (const { oid } of this.#store.objects()) {
      const seen = new Set<Tid>()
      for (const revision of this.#revisions(oid)) {
        const blob = blobIn(revision)
        if (blob === undefined || seen.has(blob.tid)) continue
        const { tid, facts } = blob
        seen.add(tid)
        const problem = await this.#problem(`${oid}/${tid}`, facts)
        if (problem === undefined) continue
        damage.push({ oid, tid, problem: `Blob ${oidText(oid)} at transaction ${tid} ${problem}.` })
      }
    }
    return damage
  }

  async #problem(place: string, facts: BlobFacts): Promise<string | undefined> {
    try {
      const found = await factsOf(join(this.#folder, place))
      return found.sha256 === facts.sha256 ? undefined : 'is not what its record says'
    } catch (error) {
      return `cannot be read (${String(error)})`
    }
  }

  *#revisions(oid: Oid): Generator<Revision, void, undefined> {
    for (let before: Tid | undefined; ; ) {
      const page = this.#store.revisions(oid, before === undefined ? {} : { before })
      yield* page
      before = page.at(-1)?.tid
      if (before === undefined) return
    }
  }

  #committed(oid: Oid, at?: Tid): { path: string; tid: Tid } | undefined {
    const blob = blobIn(this.#store.read(oid, at))
    if (blob === undefined) return undefined
    return { path: join(this.#folder, `${oid}`, `${blob.tid}`), tid: blob.tid }
  }

  #requireBase(oid: Oid, base: Tid): void {
    const now = this.#committed(oid)?.tid ?? 0
    if (now === base && !this.#committing.has(oid)) return
    throw imageFault(
      'CONFLICT',
      `Blob ${oidText(oid)} was committed by somebody else meanwhile.`,
      { oid, tid: now },
      'End this work and begin another one.',
    )
  }

  /** Moves a work's file to its place, durable. */
  async #place(path: string, place: string): Promise<void> {
    const target = join(this.#folder, place)
    const folder = join(target, '..')
    await mkdir(folder, { recursive: true })
    await rename(path, target)
    await chmod(target, 0o444)
    await syncFolder(folder)
    await syncFolder(this.#folder)
  }

  /** Moves a file back to its work, unless its record was kept after all, or it never got to its place. */
  async #takeBack(place: string, path: string): Promise<void> {
    const [oid, tid] = place.split('/').map(Number) as [Oid, Tid]
    if (this.#tidsOf(oid).has(tid)) return
    const target = join(this.#folder, place)
    try {
      await rename(target, path)
      await chmod(path, 0o600)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
    await removeEmpty(join(target, '..'))
  }

  /** Removes files that no record speaks of, and folders that are empty then. */
  async #sweep(): Promise<void> {
    for (const folder of await readdir(this.#folder)) {
      if (!/^\d+$/.test(folder)) continue
      const tids = this.#tidsOf(Number(folder))
      for (const file of await readdir(join(this.#folder, folder))) {
        const place = `${folder}/${file}`
        if (this.#underWay.has(place) || tids.has(Number(file))) continue
        await rm(join(this.#folder, place), { force: true })
      }
      await removeEmpty(join(this.#folder, folder))
    }
  }

  /** The versions of a blob that its records speak of. */
  #tidsOf(oid: Oid): Set<Tid> {
    const tids = new Set<Tid>()
    for (const revision of this.#revisions(oid)) {
      const blob = blobIn(revision)
      if (blob !== undefined) tids.add(blob.tid)
    }
    return tids
  }
}

function blobRevision(oid: Oid, tid: Tid, facts: BlobFacts, given: Revision | undefined): Revision {
  const slots = given === undefined ? [] : decodeSlots(given.payload)
  const others = slots.filter(({ name }) => name !== SLOT)
  const payload = encodeSlots([...others, { name: SLOT, tid, value: { ...facts } }])
  return { oid, tid, kind: 'object', refs: given?.refs ?? [], payload }
}

/** What a record says of its blob, and since when; undefined when it has none. */
function blobIn(revision: Revision | undefined): { facts: BlobFacts; tid: Tid } | undefined {
  if (revision?.kind !== 'object') return undefined
  let slot: StoredSlot | undefined
  try {
    slot = decodeSlots(revision.payload).find(({ name }) => name === SLOT)
  } catch {
    // A record without slots is no blob's.
    return undefined
  }
  const value = slot?.value
  if (slot === undefined || typeof value !== 'object' || value === null || !isMap(value)) return
  const { bytes, sha256 } = value
  if (typeof bytes !== 'number' || typeof sha256 !== 'string') return undefined
  return { facts: { bytes, sha256 }, tid: slot.tid }
}

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

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch {
    // It is not empty, or not there: both are what is wanted.
  }
}
