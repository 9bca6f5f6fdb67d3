// Owns: walking the trees of an LMDB file without LMDB, checking every page on the way, and going on past what is damaged.
// Leaves: bytes of pages to page-file.ts; what entries mean to whoever walks.
// Laws: IM83 every page belongs to one tree, to the free ones, or to nobody because it is damaged: a tree that is an older
// one, or that lost a part, does not add up.
import {
  BRANCH,
  LEAF,
  type Meta,
  NO_PAGE,
  NODE_BIG,
  NODE_TREE,
  OVERFLOW,
  PAGE_HEAD_BYTES,
  type PageFile,
  readTree,
  type Tree,
  u64,
} from './page-file.ts'

/** One key and its value, of the tree with a name. */
export interface Entry {
  tree: string
  key: Buffer
  value: Buffer
}

/** The flag of the tree of free pages. */
const INTEGER_KEYS = 8

/** Bytes before a node's key. */
const NODE_HEAD_BYTES = 8

/** Between which keys a page lies, as the page above says: a search goes by that. */
interface Bounds {
  from?: Buffer | undefined
  until?: Buffer | undefined
}

function isInside(key: Buffer, { from, until }: Bounds): boolean {
  if (from !== undefined && Buffer.compare(key, from) < 0) return false
  return until === undefined || Buffer.compare(key, until) < 0
}

function keyAt(page: Buffer, node: number): Buffer {
  const start = node + NODE_HEAD_BYTES
  return page.subarray(start, start + page.readUInt16LE(node + 6))
}

/** Most bytes of one value: what no record and no table value reaches, so a longer one is damage. */
const VALUE_BYTES = 64 * 1024 * 1024

/** Pages that may be free behind the end of the file: LMDB does not write those that it has given back. */
const UNWRITTEN_PAGES = 1 << 20

/** Problems that one walk lists. */
const PROBLEMS = 1_000

/** A walk through a file. Ask `entries` first; then `problems` has all that did not add up. */
export class PageWalk {
  readonly #file: PageFile
  readonly problems: string[] = []
  readonly #reached = new Set<number>()
  /** Names of trees in which something was not readable. */
  readonly broken = new Set<string>()

  constructor(file: PageFile) {
    this.#file = file
  }

  /** Every readable entry of every tree that the newest meta page leads to. */
  *entries(): Generator<Entry, void, undefined> {
    const meta = this.#file.meta
    if (meta === undefined) {
      this.#problem('', 'No page says where the trees are.')
      return
    }
    this.#checkMetas(meta)
    const trees: { name: string; tree: Tree; above: number }[] = []
    for (const { key, value, isTree, above } of this.#tree('', meta.main, meta.transaction)) {
      // The library ends the names of its trees with a zero.
      const name = key.toString().replace(/\0$/, '')
      if (isTree && value.length === 48 && value.readUInt16LE(4) === 0)
        trees.push({ name, tree: readTree(value, 0), above })
      else this.#problem('', `Among the trees is ${JSON.stringify(name)}, which is none.`)
    }
    for (const { name, tree, above } of trees) {
      for (const { key, value } of this.#tree(name, tree, above)) yield { tree: name, key, value }
    }
    this.#checkFree(meta)
  }

  #problem(tree: string, problem: string): void {
    this.broken.add(tree)
    if (this.problems.length < PROBLEMS) this.problems.push(problem)
  }

  #checkMetas(meta: Meta): void {
    const [one, other] = this.#file.metas
    if (one === undefined || other === undefined) {
      this.#problem('', 'One of the two pages that say where the trees are is damaged.')
      return
    }
    // Each transaction writes the page that the one before did not, so the two are neighbours.
    const isFresh = one.transaction === 0 && other.transaction === 0
    const areNeighbours = Math.abs(one.transaction - other.transaction) === 1
    const isInPlace = meta.transaction % 2 === meta.page || (isFresh && meta.transaction === 0)
    const isFirst = meta.transaction === 1 && Math.min(one.transaction, other.transaction) === 0
    if (!isFresh && !(areNeighbours && isInPlace) && !isFirst) {
      this.#problem('', 'The two pages that say where the trees are do not follow one another.')
    }
    // Under other flags LMDB would look for keys in another order.
    if (meta.main.flags !== 0 || meta.free.flags % 16 !== INTEGER_KEYS) {
      this.#problem('', 'The pages that say where the trees are have flags that ours never have.')
    }
    // The tree of trees is written anew by each transaction that changes one of them.
    const root = meta.main.root === NO_PAGE ? undefined : this.#file.page(meta.main.root)
    const written = root === undefined ? meta.transaction : u64(root, 8)
    if (written !== meta.transaction) {
      this.#problem('', 'The tree of trees is not the one that the newest transaction wrote.')
    }
  }

  *#tree(
    name: string,
    tree: Tree,
    above: number,
  ): Generator<{ key: Buffer; value: Buffer; isTree: boolean; above: number }> {
    const counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 }
    let last: Buffer | undefined
    if (tree.root !== NO_PAGE) {
      for (const node of this.#page(name, tree.root, tree.depth, above, counts, {})) {
        counts.entries++
        // The free pages are listed under numbers, which are in another order than their bytes.
        if (name !== FREE && last !== undefined && Buffer.compare(last, node.key) >= 0) {
          this.#problem(name, `In tree ${name} the keys are not in order.`)
        }
        last = node.key
        yield node
      }
    }
    for (const what of ['branches', 'leaves', 'overflows', 'entries'] as const) {
      if (counts[what] === tree[what]) continue
      this.#problem(name, `Tree ${name} has ${counts[what]} ${what}, and says ${tree[what]}.`)
    }
  }

  *#page(
    name: string,
    number: number,
    depth: number,
    above: number,
    counts: { branches: number; leaves: number; overflows: number; entries: number },
    bounds: Bounds,
  ): Generator<{ key: Buffer; value: Buffer; isTree: boolean; above: number }> {
    const page = this.#take(name, number, above)
    if (page === undefined) return
    const flags = page.readUInt16LE(18)
    if (flags !== (depth > 1 ? BRANCH : LEAF)) {
      this.#problem(name, `Page ${number} of tree ${name} is not of the kind that its place asks.`)
      return
    }
    if (depth > 1) counts.branches++
    else counts.leaves++
    const nodes = nodesOf(page)
    if (nodes === undefined) {
      this.#problem(name, `Page ${number} of tree ${name} has no sound list of nodes.`)
      return
    }
    const written = u64(page, 8)
    for (const [index, at] of nodes.entries()) {
      const keySize = page.readUInt16LE(at + 6)
      const key = page.subarray(at + NODE_HEAD_BYTES, at + NODE_HEAD_BYTES + keySize)
      if (at + NODE_HEAD_BYTES + keySize > page.length) {
        this.#problem(name, `A key on page ${number} of tree ${name} runs over its end.`)
      } else if (depth > 1) {
        const child = page.readUIntLE(at, 6)
        const next = nodes[index + 1]
        const inside: Bounds = {
          from: index === 0 ? bounds.from : key,
          until: next === undefined ? bounds.until : keyAt(page, next),
        }
        yield* this.#page(name, child, depth - 1, written, counts, inside)
      } else {
        if (name !== FREE && !isInside(key, bounds)) {
          this.#problem(name, `A key on page ${number} of tree ${name} is out of its place.`)
        }
        const value = this.#value(name, page, at, counts, written)
        if (value === undefined) continue
        const isTree = (page.readUInt16LE(at + 4) & NODE_TREE) !== 0
        yield { key: Buffer.from(key), value, isTree, above: written }
      }
    }
  }

  /** A page that is in its place and was not met before. */
  #take(name: string, number: number, above: number): Buffer | undefined {
    const page = this.#file.page(number)
    if (page === undefined) {
      this.#problem(name, `Page ${number} of tree ${name} is beyond the end of the file.`)
      return undefined
    }
    if (this.#reached.has(number)) {
      this.#problem(name, `Page ${number} of tree ${name} is there twice.`)
      return undefined
    }
    this.#reached.add(number)
    if (u64(page, 0) !== number || u64(page, 8) > above) {
      this.#problem(name, `Page ${number} of tree ${name} is not the one that belongs there.`)
      // Its nodes may be sound all the same; the entries' own checksums decide.
    }
    return page
  }

  #value(
    name: string,
    page: Buffer,
    at: number,
    counts: { overflows: number },
    written: number,
  ): Buffer | undefined {
    const size = page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 65_536
    const flags = page.readUInt16LE(at + 4)
    const start = at + NODE_HEAD_BYTES + page.readUInt16LE(at + 6)
    if ((flags & ~(NODE_BIG | NODE_TREE)) !== 0) {
      this.#problem(name, `A node of tree ${name} has flags that none of ours has.`)
      return undefined
    }
    if ((flags & NODE_BIG) === 0) {
      if (start + size <= page.length) return Buffer.from(page.subarray(start, start + size))
      this.#problem(name, `A value of tree ${name} runs over the end of its page.`)
      return undefined
    }
    if (start + 8 > page.length || size > VALUE_BYTES) {
      this.#problem(name, `A large value of tree ${name} has no sound place.`)
      return undefined
    }
    const number = u64(page, start)
    const head = this.#take(name, number, written)
    if (head === undefined) return undefined
    const count = Math.ceil((PAGE_HEAD_BYTES + size) / this.#file.pageSize)
    const isSound = head.readUInt16LE(18) === OVERFLOW && head.readUInt32LE(20) === count
    if (!isSound) {
      this.#problem(name, `Page ${number} of tree ${name} is not the large value it should be.`)
    }
    counts.overflows += count
    for (let next = number + 1; next < number + count; next++) {
      if (this.#reached.has(next)) this.#problem(name, `Page ${next} of ${name} is there twice.`)
      this.#reached.add(next)
    }
    const value = this.#file.bytes(number * this.#file.pageSize + PAGE_HEAD_BYTES, size)
    if (value.length === size) return value
    this.#problem(name, `A large value of tree ${name} runs over the end of the file.`)
    return undefined
  }

  /** Every page belongs to a tree or is free, and none is both. */
  #checkFree(meta: Meta): void {
    const before = this.problems.length
    const last = Math.min(meta.lastPage, this.#file.pages + UNWRITTEN_PAGES)
    if (last < meta.lastPage) this.#problem(FREE, `Page ${meta.lastPage} cannot be the last one.`)
    const free = new Set<number>()
    for (const { value } of this.#tree(FREE, meta.free, meta.transaction)) {
      for (const page of freeIn(value, last)) {
        if (page > last) this.#problem(FREE, `Page ${page} is free and was never there.`)
        if (free.has(page)) this.#problem(FREE, `Page ${page} is free twice.`)
        free.add(page)
      }
    }
    // With other damage pages are missing anyway, and each would be told again here.
    if (before > 0) return
    for (const page of free) {
      if (this.#reached.has(page)) this.#problem(FREE, `Page ${page} is free and in use.`)
    }
    for (let page = 2; page <= Math.min(last, this.#file.pages); page++) {
      if (!free.has(page) && !this.#reached.has(page)) {
        this.#problem(FREE, `Page ${page} is neither free nor in use.`)
      }
    }
    for (const page of this.#reached) {
      if (page > last) this.#problem('', `Page ${page} is in use and was never there.`)
    }
  }
}

/** The tree of free pages has no name of its own. */
const FREE = '(free)'

/** The places of a page's nodes, undefined when its head cannot be right. */
export function nodesOf(page: Buffer): number[] | undefined {
  const lower = page.readUInt16LE(20)
  const upper = page.readUInt16LE(22)
  const room = page.length - PAGE_HEAD_BYTES
  if (lower % 2 !== 0 || lower > upper || upper > room) return undefined
  const nodes: number[] = []
  for (let at = 0; at < lower; at += 2) {
    const node = page.readUInt16LE(PAGE_HEAD_BYTES + at) + PAGE_HEAD_BYTES
    if (node < PAGE_HEAD_BYTES + upper || node + NODE_HEAD_BYTES > page.length) return undefined
    nodes.push(node)
  }
  return nodes
}

/**
 * The pages in an entry of the free ones: a count, then numbers; one below zero is the length of the run that follows. The
 * first one beyond `last` is the last that is told.
 */
function* freeIn(value: Buffer, last: number): Generator<number, void, undefined> {
  const count = value.length >= 8 ? u64(value, 0) : 0
  let run = 1
  for (let i = 1; i <= count && i * 8 + 8 <= value.length; i++) {
    const entry = Number(value.readBigInt64LE(i * 8))
    if (entry < 0) run = -entry
    else if (entry > 0) {
      for (let page = entry; page < entry + run; page++) {
        yield page
        if (page > last) return
      }
      run = 1
    }
  }
}
