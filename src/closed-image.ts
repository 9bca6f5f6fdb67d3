// Owns: work on an image without a kernel: its lock where it must have one, its store, and nothing else.
// Leaves: the work itself to the image; telling it to cli/.
// Laws: CL44 verifying a damaged image happens in a process of its own, since reading one can end a process. CL93 a restore
// that fails leaves no image.
import { join } from 'node:path'
import { backup, checkImage, holdLock, imageFault, openLmdbStore, restore, salvage } from '#image'
import { oidText } from '#objects'
import { makePrivateFolder, removeFile, removeFolder, spawnNode } from '#powers'

/** What VerifyCommand answers, without starting a kernel, which a damaged image might not let start. */
export async function verifyImage(folder: string) {
  using _lock = holdLock(folder)
  const report = await checkImage(join(folder, 'data'), spawnNode)
  const damage = report.damage.map(({ problem, oid, tid }) => ({
    problem,
    oid: oid === undefined ? null : oidText(oid),
    tid: tid === undefined ? null : String(tid),
  }))
  return { ...report, damage }
}

/** Makes an image in `into` out of a damaged one. */
export async function salvageImage(folder: string, into: string) {
  using _lock = holdLock(folder)
  return await making(into, async (store) => {
    const report = await salvage(join(folder, 'data'), store)
    return {
      ...report,
      lost: report.lost.map((one) => ({ ...one, oid: oidText(one.oid), tid: String(one.tid) })),
      lostNames: report.lostNames.map(({ name, tid }) => ({ name, tid: String(tid) })),
      dangling: report.dangling.map(({ oid, ref }) => ({ oid: oidText(oid), ref: oidText(ref) })),
      undescribed: report.undescribed.map(String),
      cut: report.cut.map(String),
    }
  })
}

/** Writes the transactions after `since` to a file, also beside a kernel. Faults CONFLICT when a pack passes by. */
export async function backupImage(folder: string, file: string, since: number) {
  const { head, transactions, packedTo } = await reading(folder, (store) => {
    return { ...backup(store, file, since), packedTo: store.packedTo() }
  })
  if (await reading(folder, (store) => store.packedTo() === packedTo)) {
    return { since: String(since), head: String(head), transactions }
  }
  await removeFile(file)
  throw imageFault(
    'CONFLICT',
    'the image was packed while it was backed up, so the backup was removed',
    undefined,
    'Back it up again.',
  )
}

async function reading<T>(
  folder: string,
  work: (store: ReturnType<typeof openLmdbStore>) => T,
): Promise<T> {
  const store = openLmdbStore(join(folder, 'data'), { readOnly: true })
  try {
    return work(store)
  } finally {
    await store.close()
  }
}

/** Makes an image out of backups, each going on from the one before. */
export async function restoreImage(folder: string, files: readonly string[]) {
  return await making(folder, async (store) => {
    let transactions = 0
    for (const file of files) transactions += (await restore(file, store)).transactions
    return { head: String(store.head().tid), transactions }
  })
}

/** A new image in a folder that has none; what fails leaves none. */
async function making<T>(
  folder: string,
  work: (store: ReturnType<typeof openLmdbStore>) => Promise<T>,
): Promise<T> {
  await makePrivateFolder(folder)
  using _lock = holdLock(folder)
  const data = join(folder, 'data')
  const store = openLmdbStore(data)
  let isMade = false
  try {
    const made = await work(store)
    isMade = true
    return made
  } finally {
    await store.close()
    if (!isMade) await removeFolder(data)
  }
}
