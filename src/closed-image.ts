// Owns: work on an image without a kernel: its lock where it must have one, its store, and nothing else.
// Leaves: the work itself to the image; telling it to cli/.
// Laws: CL44 verifying a damaged image happens in a process of its own, since reading one can end a process. CL93 an image that
// is made is in its place when it is whole; a restore that was cut off is gone on with.
import { join } from 'node:path'
import { asFault } from '#ground'
import {
  type BackupReport,
  backup,
  checkImage,
  holdLock,
  imageFault,
  openImage,
  openLmdbStore,
  placesOf,
  requireSoundFile,
  restore,
  type Store,
  salvage,
  verifyBackup,
  type Watch,
} from '#image'
import { type Oid, oidText } from '#objects'
import { lookAt, makePrivateFolder, moveFolder, removeFolder, spawnNode } from '#powers'

/** What VerifyCommand answers, without starting a kernel, which a damaged image might not let start. */
export async function verifyImage(folder: string) {
  using _lock = holdLock(folder)
  const report = await checkImage(join(folder, 'data'), spawnNode)
  const damage = report.damage.map(({ problem, oid, tid, place }) => ({
    problem,
    oid: oid === undefined ? null : oidText(oid),
    tid: tid === undefined ? null : String(tid),
    place: place ?? null,
  }))
  return { ...report, damage }
}

/** Makes an image in `into` out of a damaged one. */
export async function salvageImage(folder: string, into: string) {
  using _lock = holdLock(folder)
  return await making(into, { goesOn: false }, async (store) => {
    const report = await salvage(join(folder, 'data'), store)
    const place = placing(store, [
      ...report.lost.map(({ oid }) => oid),
      ...report.dangling.map(({ oid }) => oid),
    ])
    return {
      ...report,
      lost: report.lost.map((one) => ({
        ...one,
        oid: oidText(one.oid),
        tid: String(one.tid),
        place: place(one.oid),
      })),
      lostNames: report.lostNames.map(({ name, tid }) => ({ name, tid: String(tid) })),
      dangling: report.dangling.map(({ oid, ref }) => ({
        oid: oidText(oid),
        ref: oidText(ref),
        place: place(oid),
      })),
      undescribed: report.undescribed.map(String),
      cut: report.cut.map(String),
    }
  })
}

/** What people call these objects in what was saved. A name may stand there whose object is lost. */
function placing(store: Store, oids: Iterable<Oid>): (oid: Oid) => string | null {
  const places = placesOf(store, oids)
  return (oid) => places.get(oid) ?? null
}

/** What a backup begins after: a transaction, or the end of a file that was written before. */
export interface BackupAfter extends Watch {
  since?: number
  after?: string
}

/** Writes the transactions after `since` to a file, also beside a kernel. Faults CONFLICT when a pack passes by. */
export async function backupImage(folder: string, file: string, { after, ...how }: BackupAfter) {
  lookOver(folder)
  const store = openLmdbStore(join(folder, 'data'), { readOnly: true })
  try {
    const since = after === undefined ? (how.since ?? 0) : endOf(store, after)
    const { head, transactions } = await backup(store, file, { ...how, since })
    return { since: String(since), head: String(head), transactions }
  } finally {
    await store.close()
  }
}

/** Faults IMAGE_DAMAGED when LMDB must not open the file. A kernel that has it open has looked it over itself. */
function lookOver(folder: string): void {
  try {
    using _lock = holdLock(folder)
    requireSoundFile(join(folder, 'data'))
  } catch (error) {
    if (asFault(error)?.code !== 'IMAGE_IN_USE') throw error
  }
}

/** The last transaction of a backup of this image. Faults IMAGE_DAMAGED and CONFLICT. */
function endOf(store: Store, file: string): number {
  const { problem, head, time }: BackupReport = verifyBackup(file)
  if (problem !== undefined) {
    const remedy = 'Go on from another backup, or make a full one.'
    throw imageFault('IMAGE_DAMAGED', problem, { file }, remedy)
  }
  if (head === 0 || store.transaction(head)?.time === time) return head
  throw imageFault(
    'CONFLICT',
    `The backup ${file} is of another image: its transaction ${head} is not one of this image.`,
    { file, head },
    'Name the last backup of this image, or make a full one.',
  )
}

/** Makes an image out of backups, each going on from the one before. */
export async function restoreImage(folder: string, files: readonly string[], how: Watch) {
  return await making(folder, { goesOn: true, signal: how.signal }, async (store) => {
    let transactions = 0
    for (const file of files) {
      transactions += (await restore(file, store, { ...how, resume: true })).transactions
    }
    return { head: String(store.head().tid), transactions }
  })
}

/**
 * A new image in a folder that has none. It is made beside its place, and put there whole. What fails leaves nothing; what was
 * ended from outside is begun anew, or with `goesOn` gone on with.
 */
async function making<T>(
  folder: string,
  { goesOn, signal }: { goesOn: boolean; signal?: AbortSignal | undefined },
  work: (store: Store) => Promise<T>,
): Promise<T> {
  await makePrivateFolder(folder)
  using _lock = holdLock(folder)
  const data = join(folder, 'data')
  const half = `${data}.part`
  if (!goesOn) await removeFolder(half)
  const wasBegun = (await lookAt(half)) !== undefined
  let made: T
  try {
    made = await madeIn(half, work)
  } catch (error) {
    if (signal?.aborted === true) throw error
    await removeFolder(half)
    // What another restore left half done may be of no use to this one.
    if (!wasBegun || asFault(error) === undefined) throw error
    made = await madeIn(half, work).catch(async (again: unknown) => {
      await removeFolder(half)
      throw again
    })
  }
  await moveFolder(half, data)
  return made
}

async function madeIn<T>(folder: string, work: (store: Store) => Promise<T>): Promise<T> {
  const image = openImage(folder, { spawn: spawnNode })
  try {
    return await work(image.store)
  } finally {
    await image.close()
  }
}
