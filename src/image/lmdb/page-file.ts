// Owns: the bytes of an LMDB file page by page, read without LMDB, which trusts what it maps.
// Leaves: what the pages mean to page-tree.ts.
// Laws: IM83 whatever bytes a file has, reading them throws no native error: what is not there comes back short.
//
// All numbers are little-endian. A page begins with: number u64, transaction u64, pad u16, flags u16, and then lower u16
// and upper u16, or for overflow pages their count u32. Offsets of nodes follow, u16 each, counted from there.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Bytes before the offsets of a page's nodes, and before the data of an overflow page. */
export const PAGE_HEAD_BYTES = 24

/** Flags of pages and of nodes. */
export const BRANCH = 0x01
export const LEAF = 0x02
export const OVERFLOW = 0x04
export const NODE_BIG = 0x01
export const NODE_TREE = 0x02

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2

/** No page: the root of an empty tree. */
export const NO_PAGE = Number.MAX_SAFE_INTEGER

/** Page sizes that LMDB makes, the usual one first. */
const PAGE_SIZES = [4096, 16_384, 8192, 32_768, 65_536, 2048, 1024, 512]

/** A tree as its 48 bytes say: in the meta page or in a node of the tree of trees. */
export interface Tree {
  flags: number
  depth: number
  branches: number
  leaves: number
  overflows: number
  entries: number
  root: number
}

/** One of the two pages that say where everything is: the one with the newer transaction counts. */
export interface Meta {
  page: number
  pageSize: number
  free: Tree
  main: Tree
  lastPage: number
  transaction: number
}

/** A 64-bit number; what is beyond the safe integers is NO_PAGE, which no page and no count is. */
export function u64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? NO_PAGE : Number(value)
}

/** The tree in 48 bytes. */
export function readTree(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branches: u64(bytes, at + 8),
    leaves: u64(bytes, at + 16),
    overflows: u64(bytes, at + 24),
    entries: u64(bytes, at + 32),
    root: u64(bytes, at + 40),
  }
}

/** An open LMDB file. */
export class PageFile implements Disposable {
  readonly #file: number
  readonly size: number
  /** The page size that the newest sound meta page names, or the one that fits most pages. */
  readonly pageSize: number
  /** Both meta pages, undefined where one is not sound. */
  readonly metas: readonly (Meta | undefined)[]

  constructor(path: string) {
    this.#file = openSync(path, 'r')
    this.size = fstatSync(this.#file).size
    const sizes = PAGE_SIZES.map((size) => ({ size, metas: this.#metas(size) }))
    const sound = sizes.find(({ metas }) => metas.some((meta) => meta !== undefined))
    this.pageSize = sound?.size ?? this.#likelySize()
    this.metas = sound?.metas ?? []
  }

  get pages(): number {
    return Math.ceil(this.size / this.pageSize)
  }

  /** The meta page that counts. */
  get meta(): Meta | undefined {
    const [one, other] = this.metas
    if (one === undefined || other === undefined) return one ?? other
    return one.transaction > other.transaction ? one : other
  }

  /** Bytes from a place on, fewer where the file ends. */
  bytes(at: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - at))
    // Not filled with zeros first: a page is read in a third less time, and what was not read is cut off.
    const buffer = Buffer.allocUnsafe(wanted)
    let done = 0
    while (done < wanted) {
      const read = readSync(this.#file, buffer, done, wanted - done, at + done)
      if (read === 0) break
      done += read
    }
    return buffer.subarray(0, done)
  }

  /** A whole page, undefined when the file does not have all of it. */
  page(number: number): Buffer | undefined {
    if (number >= this.pages) return undefined
    const bytes = this.bytes(number * this.pageSize, this.pageSize)
    return bytes.length === this.pageSize ? bytes : undefined
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  #metas(pageSize: number): (Meta | undefined)[] {
    return [0, 1].map((page) => {
      const bytes = this.bytes(page * pageSize, 200)
      if (bytes.length < 200) return undefined
      const at = PAGE_HEAD_BYTES
      if (bytes.readUInt32LE(at) !== MAGIC || bytes.readUInt32LE(at + 4) !== DATA_VERSION) return
      if (bytes.readUInt32LE(at + 24) !== pageSize) return undefined
      return {
        page,
        pageSize,
        free: readTree(bytes, at + 24),
        main: readTree(bytes, at + 72),
        lastPage: u64(bytes, at + 120),
        transaction: u64(bytes, at + 128),
      }
    })
  }

  /** The size at which most pages bear their own numbers. */
  #likelySize(): number {
    let best = { size: PAGE_SIZES[0] as number, count: 0 }
    for (const size of PAGE_SIZES) {
      let count = 0
      // The first thousand tell enough, and a smaller size has no right to win by having more pages.
      for (let page = 1; page < Math.min(1_000, this.size / size); page++) {
        const head = this.bytes(page * size, 8)
        if (head.length === 8 && u64(head, 0) === page) count++
      }
      if (count > best.count) best = { size, count }
    }
    return best.size
  }
}
