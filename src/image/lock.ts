// Owns: the lock that makes one kernel an image.
// Leaves: making the folder to whoever opens the image; saying who holds the lock to kernel.json.
// Laws: IM11 one holder at a time; the operating system frees the lock when its process ends, however it ends.
import { DatabaseSync } from 'node:sqlite'
import { imageFault } from './faults.ts'

/** A lock that is held until disposed of. */
export interface ImageLock extends Disposable {
  /** The file that carries the lock. Opening and closing it elsewhere in this process would drop the lock. */
  readonly path: string
}

// SQLite's own code for a file that another connection has locked.
const SQLITE_BUSY = 5

/**
 * Locks the image in a folder that exists. Faults IMAGE_IN_USE when another process, or this one, holds it.
 * SQLite is used for its file locks alone: they work on every system, and a pid file would outlive a crash.
 */
export function holdLock(folder: string): ImageLock {
  const path = `${folder}/lock`
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    file.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    file.close()
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error
    throw imageFault('IMAGE_IN_USE', `The image ${folder} is open in another kernel.`, { folder })
  }
  let held = true
  return {
    path,
    [Symbol.dispose]() {
      if (!held) return
      held = false
      file.close()
    },
  }
}
