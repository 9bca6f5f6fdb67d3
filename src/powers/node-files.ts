// Owns: the few files that are not records: the folder of an image, what a running kernel says of itself, the world's texts.
// Leaves: records to the image's store; models to mind.
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes a folder that only its owner can enter, if it is not there. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/** Makes a folder if it is not there. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
}

/** Writes a file that only its owner can read, whole or not at all. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const half = `${path}.half`
  await writeFile(half, text, { mode: 0o600 })
  await chmod(half, 0o600)
  await rename(half, path)
}

/** A file's text, undefined when there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

/** The texts of a folder's files with an ending, in order of name. */
export async function readTexts(
  folder: string,
  ending: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<string[]> {
  const all = await readdir(folder)
  const names = all.filter((name) => name.endsWith(ending) && isWanted(name)).sort()
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}

/** Removes a file if it is there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** Removes a folder with all that is in it. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

/** Moves a folder to where nothing is, on the same disk: it is there whole, or not. */
export async function moveFolder(from: string, to: string): Promise<void> {
  await rename(from, to)
}

/** A new folder of the system's temporary ones, that only its owner can enter. */
export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'batos-'))
}
