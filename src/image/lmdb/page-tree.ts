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

/** Where an entry lies: its key in `page`, its value in `bytes`. One of these serves a whole walk, so it is looked at at once. */
export interface Place {
  tree: string
  page: Buffer
  keyAt: number
  keyEnd: number
  bytes: Buffer
  from: number
  end: number
}

/** What does not add up. */
export interface Problem {
  /** The tree, empty when it is the tree of trees or the file. */
  tree: string
  text: string
  /** Keys that are hit, as far as they can be read. */
  keys: readonly Buffer[]
  /** When the keys cannot be read: between which ones they lay, the end not among them. */
  from?: Buffer | undefined
  until?: Buffer | undefined
}

/** The flag of the tree of free pages. */
const INTEGER_KEYS = 8

/** Bytes before a node's key. */
const NODE_HEAD_BYTES = 8

/** Most levels of a tree: with two keys on every page so many hold more than any disk. */
const DEPTH_MAX = 48

/** Keys that one problem names: what a page holds, or nearly. */
const KEYS_NAMED = 200

/** Between which keys a page lies, as the pages above say: a search goes by that. */
interface Bounds {
  from?: Buffer | undefined
  until?: Buffer | undefined
}

type Counts = Record<'branches' | 'leaves' | 'overflows' | 'entries', number>

function keyAt(page: Buffer, node: number): Buffer {
  const start = node + NODE_HEAD_BYTES
  return page.subarray(start, start + page.readUInt16LE(node + 6))
}

/** As Buffer.compare does. Keys are short, and a call out of JavaScript takes longer than they do. */
function compare(one: Buffer, at: number, end: number, other: Buffer, from: number, to: number) {
  const shared = Math.min(end - at, to - from)
  for (let i = 0; i < shared; i++) {
    const difference = (one[at + i] as number) - (other[from + i] as number)
    if (difference !== 0) return difference
  }
  return end - at - (to - from)
}

const called = (tree: string): string => (tree === '' ? 'the tree of trees' : `tree ${tree}`)

const later = (one: Buffer | undefined, other: Buffer): Buffer =>
  one !== undefined && Buffer.compare(one, other) > 0 ? one : other

const sooner = (one: Buffer | undefined, other: Buffer | undefined): Buffer | undefined =>
  one === undefined || (other !== undefined && Buffer.compare(other, one) < 0) ? other : one

/** Most bytes of one value: what no record and no table value reaches, so a longer one is damage. */
const VALUE_BYTES = 64 * 1024 * 1024

/** Pages that may be free behind the end of the file: LMDB does not write those that it has given back. */
const UNWRITTEN_PAGES = 1 << 20

/** Problems that one walk lists. */
const PROBLEMS = 1_000

/** A set of page numbers below a limit, an eighth of a byte each. */
class Pages {
  readonly #bits: Uint8Array
  constructor(limit: number) {
    this.#bits = new Uint8Array(Math.ceil(limit / 8))
  }

  has(page: number): boolean {
    return (((this.#bits[page >>> 3] ?? 0) >>> (page & 7)) & 1) === 1
  }

  add(page: number): void {
    const at = page >>> 3
    if (at < this.#bits.length) this.#bits[at] = (this.#bits[at] as number) | (1 << (page & 7))
  }
}

/** A walk through a file. Ask `visit` or `entries` once; then `problems` has all that did not add up. */
export class PageWalk {
  readonly #file: PageFile
  readonly #meta: Meta | undefined
  readonly #isSnapshot: boolean
  readonly problems: Problem[] = []
  readonly #reached: Pages
  /** The largest page that was reached. */
  #last = 0
  /** Names of trees in which something was not readable. */
  readonly broken = new Set<string>()
  readonly #place: Place

  /** With `snapshot`, the trees are those that it leads to, and the pages that the file begins with are not looked at. */
  constructor(file: PageFile, snapshot?: Meta) {
    this.#file = file
    this.#meta = snapshot ?? file.meta
    this.#isSnapshot = snapshot !== undefined
    this.#reached = new Pages(file.pages)
    const none = Buffer.alloc(0)
    this.#place = { tree: '', page: none, keyAt: 0, keyEnd: 0, bytes: none, from: 0, end: 0 }
  }

  /** Calls back for every readable entry of every tree, with copies. */
  entries(take: (entry: Entry) => void): void {
    this.visit(({ tree, page, keyAt, keyEnd, bytes, from, end }) => {
      const key = Buffer.from(page.subarray(keyAt, keyEnd))
      take({ tree, key, value: Buffer.from(bytes.subarray(from, end)) })
    })
  }

  /** Calls back for every readable entry of every tree, tree by tree in the order of their names. */
  visit(take: (place: Place) => void): void {
    const trees = this.#trees()
    const meta = this.#meta
    if (trees === undefined || meta === undefined) return
    for (const { name, tree, above } of trees) this.#tree(name, tree, above, take)
    this.#checkFree(meta)
  }

  /** Looks at the beginning of everything alone: the tree of trees, each one's first page, and all that is said of free pages. */
  beginnings(): void {
    const trees = this.#trees()
    const meta = this.#meta
    if (trees === undefined || meta === undefined) return
    for (const { name, tree, above } of trees) {
      const page = tree.root === NO_PAGE ? undefined : this.#take(name, tree.root, above, {})
      if (page !== undefined) this.#nodes(name, tree.root, page, tree.depth)
    }
    this.#free(meta, () => undefined)
  }

  #trees(): { name: string; tree: Tree; above: number }[] | undefined {
    const meta = this.#meta
    if (meta === undefined) {
      this.#problem('', 'No page says where the trees are.')
      return undefined
    }
    if (!this.#isSnapshot) this.#checkMetas(meta)
    const trees: { name: string; tree: Tree; above: number }[] = []
    this.#tree('', meta.main, meta.transaction, ({ page, keyAt, keyEnd, bytes, from, end }) => {
      // The library ends the names of its trees with a zero.
      const name = page.toString('utf8', keyAt, keyEnd).replace(/\0$/, '')
      const isTree = (page.readUInt16LE(keyAt - 4) & NODE_TREE) !== 0
      if (isTree && end - from === 48 && bytes.readUInt16LE(from + 4) === 0) {
        trees.push({ name, tree: readTree(bytes, from), above: u64(page, 8) })
      } else this.#problem('', `Among the trees is ${JSON.stringify(name)}, which is none.`)
    })
    return trees
  }

  #problem(tree: string, text: string, keys: readonly Buffer[] = [], lost: Bounds = {}): void {
    this.broken.add(tree)
    if (this.problems.length >= PROBLEMS) return
    const copies = keys.slice(0, KEYS_NAMED).map((key) => Buffer.from(key))
    this.problems.push({ tree, text, keys: copies, ...lost })
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

  #tree(name: string, tree: Tree, above: number, take: (place: Place) => void): void {
    const counts: Counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 }
    if (tree.root !== NO_PAGE) {
      if (tree.depth < 1 || tree.depth > DEPTH_MAX) {
        this.#problem(name, `There cannot be ${tree.depth} levels in ${called(name)}.`)
      } else this.#page(name, tree.root, tree.depth, above, counts, {}, take)
    }
    for (const what of ['branches', 'leaves', 'overflows', 'entries'] as const) {
      if (counts[what] === tree[what]) continue
      this.#problem(
        name,
        `In ${called(name)} are ${counts[what]} ${what}, and it says ${tree[what]}.`,
      )
    }
  }

  #page(
    name: string,
    number: number,
    depth: number,
    above: number,
    counts: Counts,
    bounds: Bounds,
    take: (place: Place) => void,
  ): void {
    const page = this.#take(name, number, above, bounds)
    if (page === undefined) return
    const nodes = this.#nodes(name, number, page, depth, bounds)
    if (nodes === undefined) return
    if (depth > 1) counts.branches++
    else counts.leaves++
    const written = u64(page, 8)
    for (let index = 0; index < nodes.length; index++) {
      const at = nodes[index] as number
      if (depth === 1) {
        this.#entry(name, page, at, written, counts, take)
        continue
      }
      const next = nodes[index + 1]
      const inside: Bounds = {
        from: index === 0 ? bounds.from : later(bounds.from, keyAt(page, at)),
        until: next === undefined ? bounds.until : sooner(bounds.until, keyAt(page, next)),
      }
      this.#page(name, page.readUIntLE(at, 6), depth - 1, written, counts, inside, take)
    }
  }

  /** The places of a page's nodes with their keys in order and within bounds; what is not is told, and left out when unreadable. */
  #nodes(
    name: string,
    number: number,
    page: Buffer,
    depth: number,
    bounds: Bounds = {},
  ): number[] | undefined {
    if (page.readUInt16LE(18) !== (depth > 1 ? BRANCH : LEAF)) {
      const what = `Page ${number} of ${called(name)} is not of the kind that its place asks.`
      this.#problem(name, what, [], bounds)
      return undefined
    }
    const places = nodesOf(page)
    if (places === undefined) {
      this.#problem(
        name,
        `Page ${number} of ${called(name)} has no sound list of nodes.`,
        [],
        bounds,
      )
      return undefined
    }
    const nodes = places.filter((at) => {
      if (at + NODE_HEAD_BYTES + page.readUInt16LE(at + 6) <= page.length) return true
      this.#problem(
        name,
        `A key on page ${number} of ${called(name)} runs over its end.`,
        [],
        bounds,
      )
      return false
    })
    // The free pages are listed under numbers, which are in another order than their bytes.
    if (name !== FREE) this.#checkOrder(name, number, page, nodes, depth, bounds)
    return nodes
  }

  #checkOrder(
    name: string,
    number: number,
    page: Buffer,
    nodes: readonly number[],
    depth: number,
    bounds: Bounds,
  ): void {
    // The first key of a branch stands for whatever is below the second.
    for (let index = depth > 1 ? 2 : 1; index < nodes.length; index++) {
      const [one, other] = [nodes[index - 1] as number, nodes[index] as number]
      const [from, at] = [one + NODE_HEAD_BYTES, other + NODE_HEAD_BYTES]
      const end = at + page.readUInt16LE(other + 6)
      if (compare(page, at, end, page, from, from + page.readUInt16LE(one + 6)) > 0) continue
      const keys = depth > 1 ? [] : [keyAt(page, one), keyAt(page, other)]
      this.#problem(name, `On page ${number} of ${called(name)} the keys are not in order.`, keys)
    }
    const [first, last] = [nodes[0], nodes.at(-1)]
    if (depth > 1 || first === undefined || last === undefined) return
    const [low, high] = [keyAt(page, first), keyAt(page, last)]
    const out = [
      ...(bounds.from !== undefined && Buffer.compare(low, bounds.from) < 0 ? [low] : []),
      ...(bounds.until !== undefined && Buffer.compare(high, bounds.until) >= 0 ? [high] : []),
    ]
    if (out.length === 0) return
    this.#problem(name, `A key on page ${number} of ${called(name)} is out of its place.`, out)
  }

  #entry(
    name: string,
    page: Buffer,
    at: number,
    written: number,
    counts: Counts,
    take: (place: Place) => void,
  ): void {
    counts.entries++
    const place = this.#place
    place.tree = name
    place.page = page
    place.keyAt = at + NODE_HEAD_BYTES
    place.keyEnd = place.keyAt + page.readUInt16LE(at + 6)
    if (this.#value(name, page, at, counts, written)) take(place)
  }

  /** A page that is in its place and was not met before. */
  #take(name: string, number: number, above: number, bounds: Bounds): Buffer | undefined {
    const page = this.#file.page(number)
    if (page === undefined) {
      const what = `Page ${number} of ${called(name)} is beyond the end of the file.`
      this.#problem(name, what, [], bounds)
      return undefined
    }
    if (this.#reached.has(number)) {
      this.#problem(name, `Page ${number} of ${called(name)} is there twice.`, [], bounds)
      return undefined
    }
    this.#reach(number)
    if (u64(page, 0) !== number || u64(page, 8) > above) {
      const what = `Page ${number} of ${called(name)} is not the one that belongs there.`
      this.#problem(name, what, [], bounds)
      // Its nodes may be sound all the same; the entries' own checksums decide.
    }
    return page
  }

  #reach(number: number): void {
    this.#reached.add(number)
    if (number > this.#last) this.#last = number
  }

  /** Finds the value of a node, puts its place into `#place`, and says whether it is there. */
  #value(name: string, page: Buffer, at: number, counts: Counts, written: number): boolean {
    const place = this.#place
    const size = page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 65_536
    const flags = page.readUInt16LE(at + 4)
    const start = place.keyEnd
    const told = (text: string): false => {
      this.#problem(name, text, [keyAt(page, at)])
      return false
    }
    if ((flags & ~(NODE_BIG | NODE_TREE)) !== 0) {
      return told(`A node of ${called(name)} has flags that none of ours has.`)
    }
    if ((flags & NODE_BIG) === 0) {
      if (start + size > page.length) {
        return told(`A value of ${called(name)} runs over the end of its page.`)
      }
      place.bytes = page
      place.from = start
      place.end = start + size
      return true
    }
    if (start + 8 > page.length || size > VALUE_BYTES) {
      return told(`A large value of ${called(name)} has no sound place.`)
    }
    const number = u64(page, start)
    const problems = this.problems.length
    const head = this.#take(name, number, written, {})
    const last = this.problems[problems]
    // A page of its own has one key: the one that leads to it.
    if (last !== undefined) last.keys = [Buffer.from(keyAt(page, at))]
    if (head === undefined) return false
    const count = Math.ceil((PAGE_HEAD_BYTES + size) / this.#file.pageSize)
    const isSound = head.readUInt16LE(18) === OVERFLOW && head.readUInt32LE(20) === count
    if (!isSound) told(`Page ${number} of ${called(name)} is not the large value it should be.`)
    counts.overflows += count
    for (let next = number + 1; next < number + count; next++) {
      if (this.#reached.has(next)) told(`Page ${next} of ${called(name)} is there twice.`)
      this.#reach(next)
    }
    place.bytes = this.#file.bytes(number * this.#file.pageSize + PAGE_HEAD_BYTES, size)
    place.from = 0
    place.end = size
    if (place.bytes.length === size) return true
    return told(`A large value of ${called(name)} runs over the end of the file.`)
  }

  /** Every page belongs to a tree or is free, and none is both. */
  #checkFree(meta: Meta): void {
    const before = this.problems.length
    const last = Math.min(meta.lastPage, this.#file.pages + UNWRITTEN_PAGES)
    const free = new Pages(last + 1)
    this.#free(meta, (page) => {
      if (free.has(page)) this.#problem(FREE, `Page ${page} is free twice.`)
      free.add(page)
    })
    // With other damage pages are missing anyway, and each would be told again here.
    if (before > 0) return
    for (let page = 2; page <= Math.min(last, this.#file.pages); page++) {
      if (free.has(page) !== this.#reached.has(page)) continue
      const what = free.has(page) ? 'free and in use' : 'neither free nor in use'
      this.#problem(FREE, `Page ${page} is ${what}.`)
    }
    if (this.#last > last) this.#problem('', `Page ${this.#last} is in use and was never there.`)
  }

  /** Reads all that is said of free pages. */
  #free(meta: Meta, take: (page: number) => void): void {
    const last = Math.min(meta.lastPage, this.#file.pages + UNWRITTEN_PAGES)
    if (last < meta.lastPage) this.#problem(FREE, `Page ${meta.lastPage} cannot be the last one.`)
    this.#tree(FREE, meta.free, meta.transaction, ({ bytes, from, end }) => {
      for (const page of freeIn(bytes.subarray(from, end), last)) {
        if (page > last) this.#problem(FREE, `Page ${page} is free and was never there.`)
        else take(page)
      }
    })
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
