// Owns: how many pages of an LMDB file are used, and how many readers it has, read past LMDB, so that looking is no reader.
// Leaves: what pages hold to the image.
//
// Numbers are little-endian. The two first pages say where the trees are; the newer one counts. A tree is 48 bytes, in
// them the counts of its branch, leaf and overflow pages. The tree of trees has one page, whose nodes hold the others.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** What the file of an image holds at one moment. */
export interface ImagePages {
  bytes: number
  /** Pages that a tree has; the others of the file are free, or will be when nobody reads them any more. */
  used: number
  free: number
  /** Those of each tree, by name; the tree of free pages is `free pages`. */
  trees: Record<string, number>
  /** Slots of the table of readers that somebody has. */
  readers: number
}

export const PAGE_BYTES = 4096
const HEAD = 24
const NODE_TREE = 2
const NO_PAGE = 0xffff_ffff_ffff_ffffn
/** Where the table of readers begins in the lock's file, and bytes of each. */
const READERS_AT = 208
const READER_BYTES = 64

/** Looks at the image in a folder, also while a kernel writes it. */
export function imagePages(folder: string): ImagePages {
  const file = openSync(join(folder, 'data.mdb'), 'r')
  try {
    const page = (number: number) => {
      const bytes = Buffer.alloc(PAGE_BYTES)
      readSync(file, bytes, 0, PAGE_BYTES, number * PAGE_BYTES)
      return bytes
    }
    const metas = [page(0), page(1)]
    const [one, other] = metas.map((bytes) => bytes.readBigUInt64LE(HEAD + 128)) as [bigint, bigint]
    const meta = metas[one > other ? 0 : 1] as Buffer
    const trees: Record<string, number> = { 'free pages': pagesOf(meta, HEAD + 24) }
    const root = meta.readBigUInt64LE(HEAD + 72 + 40)
    if (root !== NO_PAGE) Object.assign(trees, pagesOfTrees(page(Number(root))))
    const named = Object.values(trees).reduce((sum, pages) => sum + pages, 0)
    const used = 2 + pagesOf(meta, HEAD + 72) + named
    const last = Number(meta.readBigUInt64LE(HEAD + 120))
    const { size } = fstatSync(file)
    return { bytes: size, used, free: last + 1 - used, trees, readers: readersIn(folder) }
  } finally {
    closeSync(file)
  }
}

function pagesOf(bytes: Buffer, at: number): number {
  let pages = 0
  for (const field of [8, 16, 24]) pages += Number(bytes.readBigUInt64LE(at + field))
  return pages
}

/** Pages of the trees that the page of the tree of trees names. */
function pagesOfTrees(root: Buffer): Record<string, number> {
  const pages: Record<string, number> = {}
  const nodes = root.readUInt16LE(20) / 2
  for (let i = 0; i < nodes; i++) {
    const node = HEAD + root.readUInt16LE(HEAD + i * 2)
    const isTree = (root.readUInt16LE(node + 4) & NODE_TREE) !== 0
    const key = root.subarray(node + 8, node + 8 + root.readUInt16LE(node + 6))
    // The library ends the names of its trees with a zero.
    const name = key.toString().replace(/\0$/, '')
    if (isTree) pages[name] = pagesOf(root, node + 8 + key.length)
  }
  return pages
}

function readersIn(folder: string): number {
  const lock = readFileSync(join(folder, 'lock.mdb'))
  let readers = 0
  for (let at = READERS_AT; at + READER_BYTES <= lock.length; at += READER_BYTES) {
    if (lock.readUInt32LE(at + 8) !== 0) readers++
  }
  return readers
}
