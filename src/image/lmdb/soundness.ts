// Owns: whether LMDB may open a file: its pages looked over without LMDB, which trusts what it maps.
// Leaves: walking to page-tree.ts; when how much is looked at to ../opening.ts; damage inside of a record to whoever reads it.
// Laws: IM120 after the whole look no read through LMDB dies, and none finds nothing where something was written.
import { crc32 } from 'node:zlib'
import { stepsBetween } from '../migrations/migration.ts'
import { MIGRATIONS } from '../migrations/steps.ts'
import { RECORD_HEAD_BYTES, RECORD_KEY_AT } from '../record.ts'
import { SEAL_BYTES, unseal, unsealName } from '../sealed.ts'
import { type Meta, NO_PAGE, type PageFile } from './page-file.ts'
import { PageWalk, type Place } from './page-tree.ts'
import { LAYOUT_VERSION, RECORD_KEY_BYTES } from './schema.ts'

/** Trees whose values are sealed with their keys. */
const SEALED: ReadonlySet<string> = new Set(['transactions', 'names', 'tables', 'layout'])

/**
 * The first problem for which LMDB may not open this file, undefined when there is none. Every page is looked at, every key is held
 * against the value's own copy or seal, and the checksums of records are left to their readers: about two seconds a GiB. Faults
 * IMAGE_DAMAGED on a newer layout.
 */
export function unsound(file: PageFile, snapshot?: Meta): string | undefined {
  const walk = new PageWalk(file, snapshot)
  let found: string | undefined
  let layout: number | undefined
  let isEmpty = true
  walk.visit((place) => {
    if (place.tree === 'layout' && isLayout(place)) layout = layoutIn(place) ?? 0
    if (place.tree === 'records') {
      isEmpty = false
      if (!holdsItsKey(place)) found ??= 'A record lies under a key that is not its own.'
    } else if (SEALED.has(place.tree) && !isSealed(place)) {
      found ??= `An entry of tree ${place.tree} does not match its checksum.`
    }
  })
  const [first] = walk.problems
  if (first !== undefined) return first.text
  if (found === undefined && layout === undefined && !isEmpty) {
    return 'The image does not say which layout it has.'
  }
  return found
}

/**
 * The same of what takes no longer in a large file: the pages that say where everything is, the first page of each tree, and
 * all that is said of free pages, since a wrong word there would have pages in use written over.
 */
export function unsoundBeginning(file: PageFile): string | undefined {
  const walk = new PageWalk(file)
  walk.beginnings()
  return walk.problems[0]?.text
}

/** What a clean close leaves: enough to tell at the next opening that nobody wrote since, and that what it says is what it was. */
export function digestOf(file: PageFile): { transaction: number; bytes: number; digest: number } {
  const { meta } = file
  let digest = 0
  for (const number of [0, 1]) digest = crc32(file.page(number) ?? Buffer.alloc(0), digest)
  for (const tree of meta === undefined ? [] : [meta.main, meta.free]) {
    const root = tree.root === NO_PAGE ? undefined : file.page(tree.root)
    if (root !== undefined) digest = crc32(root, digest)
  }
  return { transaction: meta?.transaction ?? 0, bytes: file.size, digest }
}

function holdsItsKey({ page, keyAt, keyEnd, bytes, from, end }: Place): boolean {
  if (keyEnd - keyAt !== RECORD_KEY_BYTES || end - from < RECORD_HEAD_BYTES) return false
  const own = from + RECORD_KEY_AT
  for (let i = 0; i < RECORD_KEY_BYTES; i++) if (page[keyAt + i] !== bytes[own + i]) return false
  return true
}

function isSealed({ page, keyAt, keyEnd, bytes, from, end }: Place): boolean {
  if (end - from < SEAL_BYTES) return false
  const body = bytes.subarray(from + SEAL_BYTES, end)
  return crc32(body, crc32(page.subarray(keyAt, keyEnd))) === bytes.readUInt32BE(from)
}

const isLayout = ({ page, keyAt, keyEnd }: Place): boolean =>
  page.toString('latin1', keyAt, keyEnd) === 'layout'

/** The layout's number. Faults IMAGE_DAMAGED on one that is newer, before what it means is mistaken for damage. */
function layoutIn({ page, keyAt, keyEnd, bytes, from, end }: Place): number | undefined {
  const key = page.subarray(keyAt, keyEnd)
  const value = bytes.subarray(from, end)
  unseal(key, value, 'The number of the layout')
  const layout = unsealName(key, value)
  if (layout !== undefined && layout > LAYOUT_VERSION) {
    stepsBetween(layout, LAYOUT_VERSION, MIGRATIONS)
  }
  return layout
}
