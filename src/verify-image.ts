// Owns: verifying an image that no kernel has open: its lock, its store, and nothing else.
// Leaves: what is sound to the store; telling it to cli/.
import { join } from 'node:path'
import { holdLock, openLmdbStore } from '#image'
import { oidText } from '#objects'

/** What VerifyCommand answers, without starting a kernel, which a damaged image might not let start. */
export async function verifyImage(folder: string) {
  using _lock = holdLock(folder)
  const store = openLmdbStore(join(folder, 'data'))
  try {
    const report = store.verify()
    const damage = report.damage.map(({ problem, oid, tid }) => ({
      problem,
      oid: oid === undefined ? null : oidText(oid),
      tid: tid === undefined ? null : String(tid),
    }))
    return { ...report, damage }
  } finally {
    await store.close()
  }
}
