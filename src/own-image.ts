// Owns: an image opened by a program of its user, without a kernel: its lock, its store and its place for files, as one.
// Leaves: each of them to image; objects to the database that is opened over it.
// Laws: IM111 a user's program has an image alone, and lets go of all of it at once.
import { join } from 'node:path'
import { holdLock, type OpenedImage, openBlobStore, openImage, type Store } from '#image'
import { makePrivateFolder, spawnNode } from '#powers'

/**
 * Opens the image in a folder, making it if there is none, with a place for the files of blobs. A world that a kernel keeps is such
 * an image too. Close it with its `close`. Faults IMAGE_IN_USE when a kernel or another program has it, and IMAGE_DAMAGED.
 */
export async function openStore(folder: string): Promise<Store> {
  await makePrivateFolder(folder)
  const lock = holdLock(folder)
  let opened: OpenedImage | undefined
  try {
    const image = openImage(join(folder, 'data'), { spawn: spawnNode })
    opened = image
    const store = await openBlobStore(image.store, join(folder, 'blobs'))
    const close = async (): Promise<void> => {
      await image.close()
      lock[Symbol.dispose]()
    }
    return new Proxy(store, {
      get: (_, name: keyof Store) => (name === 'close' ? close : store[name]?.bind(store)),
    })
  } catch (error) {
    await opened?.close()
    lock[Symbol.dispose]()
    throw error
  }
}
