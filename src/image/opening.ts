// Owns: the door to the image in a folder for whoever works in it: how much of its file is looked over before LMDB maps it, and
// after, and what a close that went well leaves for the next opening.
// Leaves: the looking to lmdb/soundness.ts; the process that looks on beside a kernel to check.ts; the lock to the caller.
// Laws: IM120 of a file that does not add up nothing is opened. IM121 what is found later refuses writes. IM122 a running image is
// verified beside its kernel.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkSnapshot, type Snapshot, type SpawnCheck, soundSnapshot } from './check.ts'
import { imageFault } from './faults.ts'
import type { Meta, PageFile } from './lmdb/page-file.ts'
import { digestOf, unsound, unsoundBeginning } from './lmdb/soundness.ts'
import { type LmdbStore, openLmdbStore } from './lmdb/store.ts'
import { dataFile, openFile } from './lmdb/verify-pages.ts'
import type { Store, VerifyReport } from './store.ts'

/**
 * Bytes of a file that is looked over whole at every opening. It takes two milliseconds a MiB, so that is a sixtieth of a second, a
 * third of what opening a kernel takes: more could be told from it, and opening must not depend on how many objects there are.
 */
const WHOLE = 8 * 1024 * 1024

/** Times that the beginning of a file is read until two readings agree; a commit writes it in one piece, so two nearly always do. */
const READINGS = 100

/** What a clean close leaves beside the file. */
const CLOSED = 'closed'

export interface OpeningOptions {
  /** Starts the process that looks over a large file, and the one that verifies. */
  spawn: SpawnCheck
  /** Told once when damage is found in a file that is open already; from then on commits fault with this. */
  onDamage?: (fault: Error) => void
  /** Told when opening takes longer than usual, in a sentence. */
  onNotice?: (what: string) => void
  /** Another size than `WHOLE`, bytes. */
  whole?: number
}

/** An image that is open for work. */
export interface OpenedImage {
  readonly store: Store
  /** Resolves when the file was looked over whole, or as far as it ever will be. It is at once for a small one. */
  readonly looked: Promise<void>
  /** Verifies the image as of its newest durable transaction, in a process of its own, while work goes on. */
  verify(): Promise<VerifyReport>
  /** Closes the store, and leaves the word of a clean close. */
  close(): Promise<void>
}

/**
 * Opens the image in a folder, making it when there is none. The caller has its lock. Faults IMAGE_DAMAGED before anything of the file
 * is mapped when its pages do not add up: all of them in a file of up to 8 MiB and after an end that was not clean, else what stands
 * at the beginning of everything, and the others in a process of low priority while the image is open.
 */
export function openImage(folder: string, options: OpeningOptions): OpenedImage {
  const whole = options.whole ?? WHOLE
  const isLookedOver = lookOver(folder, whole, options.onNotice)
  return new Opened(folder, openLmdbStore(folder), { ...options, whole }, isLookedOver)
}

/** Faults IMAGE_DAMAGED unless every page of the file in a folder, which nobody writes to meanwhile, adds up. */
export function requireSoundFile(folder: string): void {
  lookOver(folder, Number.POSITIVE_INFINITY)
}

/** Looks a file over before it is opened; false when only its beginnings were looked at. */
function lookOver(folder: string, whole: number, onNotice?: (what: string) => void): boolean {
  if (!existsSync(dataFile(folder))) {
    if (!existsSync(join(folder, CLOSED))) return true
    throw damaged(folder, 'The file with all records is missing.')
  }
  using file = openFile(folder)
  if (file.size === 0) {
    throw damaged(
      folder,
      'Its file is empty: it was cut, or the process that made it was ended.',
      'Load the last backup; remove the folder only if nothing was ever kept in it.',
    )
  }
  const isSmall = file.size <= whole
  const isClean = !isSmall && wasClosed(folder, file)
  if (!isSmall && !isClean) {
    onNotice?.('the image was not closed in order, so all of its pages are looked over first')
  }
  const problem = isClean ? unsoundBeginning(file) : unsound(file)
  if (problem !== undefined) throw damaged(folder, problem)
  return !isClean
}

/** Whether the file is as a clean close left it, as far as its beginning and its length say. */
function wasClosed(folder: string, file: PageFile): boolean {
  try {
    return readFileSync(join(folder, CLOSED), 'utf8') === closedText(file)
  } catch {
    // Without that word nobody knows, and then all is looked at.
    return false
  }
}

const closedText = (file: PageFile): string => `${JSON.stringify(digestOf(file))}\n`

function damaged(folder: string, problem: string, remedy?: string): Error {
  return imageFault(
    'IMAGE_DAMAGED',
    `The image in ${folder} is damaged and was not opened. ${problem}`,
    { folder, problem },
    remedy,
  )
}

class Opened implements OpenedImage {
  readonly store: LmdbStore
  readonly looked: Promise<void>
  readonly #folder: string
  readonly #options: OpeningOptions & { whole: number }
  /** Snapshots that processes are reading. */
  readonly #held = new Set<{ kill: () => void; ended: Promise<unknown> }>()
  #closing: Promise<void> | undefined
  /** Settles when no process verifies. */
  #verifying: Promise<void> = Promise.resolve()
  #next: Promise<VerifyReport> | undefined

  constructor(
    folder: string,
    store: LmdbStore,
    options: OpeningOptions & { whole: number },
    isLookedOver: boolean,
  ) {
    this.#folder = folder
    this.store = store
    this.#options = options
    this.looked = isLookedOver ? Promise.resolve() : this.#lookOn()
  }

  verify(): Promise<VerifyReport> {
    // One process at a time, however many ask: those who come while it reads share the next one, which begins after they asked.
    this.#next ??= this.#verifying.then(() => {
      const report = this.#verifyOnce()
      this.#next = undefined
      this.#verifying = report.then(
        () => undefined,
        () => undefined,
      )
      return report
    })
    return this.#next
  }

  async #verifyOnce(): Promise<VerifyReport> {
    return this.#beside((snapshot, stop) => checkSnapshot(snapshot, this.#options.spawn, stop))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Whoever still reads pages holds them in the store, so that ends first.
    for (const { kill } of this.#held) kill()
    await Promise.all([...this.#held].map(({ ended }) => ended))
    const wasWritable = this.store.isWritable()
    await this.store.close()
    if (!wasWritable) return
    using file = openFile(this.#folder)
    if (file.size > this.#options.whole) {
      writeFileSync(join(this.#folder, CLOSED), closedText(file), { mode: 0o600 })
    }
  }

  async #lookOn(): Promise<void> {
    const problem = await this.#beside((snapshot, stop) =>
      soundSnapshot(snapshot, this.#options.spawn, stop),
    )
    if (problem === undefined) return
    // The next opening looks at all of it before anything else.
    rmSync(join(this.#folder, CLOSED), { force: true })
    const fault = imageFault(
      'IMAGE_DAMAGED',
      `The image in ${this.#folder} is damaged and takes no more writes. ${problem}`,
      { folder: this.#folder, problem },
      'Stop the kernel, list the damage with `batos verify`, and save what is whole with `batos salvage`.',
    )
    this.store.refuseWrites(fault)
    this.#options.onDamage?.(fault)
  }

  /** Has a process read the newest pages, which stay where they are until it is done or the image is closed. */
  async #beside<T>(work: (snapshot: Snapshot, stop: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const release = this.store.holdPages()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const held = { kill: () => stop.abort(), ended }
    this.#held.add(held)
    try {
      return await work({ folder: this.#folder, meta: newestMeta(this.#folder) }, stop.signal)
    } finally {
      release()
      this.#held.delete(held)
      end()
    }
  }
}

/**
 * The newest meta page of a file that is being written. Its pages and those of later ones stay as long as a reader that began before
 * is there.
 */
function newestMeta(folder: string): Meta {
  let last = ''
  for (let reading = 0; reading < READINGS; reading++) {
    using file = openFile(folder)
    const text = JSON.stringify(file.meta ?? null)
    if (file.meta !== undefined && text === last) return file.meta
    last = text
  }
  throw imageFault('IMAGE_DAMAGED', `No page of the image in ${folder} says where the trees are.`)
}
