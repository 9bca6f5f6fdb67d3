// Owns: verifying an LMDB image page by page, without LMDB.
// Leaves: walking to page-tree.ts; verifying through LMDB to verify.ts; running both in a process of their own to check.ts.
// Laws: IM83 damage anywhere in the pages in use is found. IM13 what verify lists is listed here too.
import { join } from 'node:path'
import { type Oid, oidText, type Tid } from '#objects'
import { DamageList } from '../damage.ts'
import { imageFault } from '../faults.ts'
import { decodeRecord, RECORD_HEAD_BYTES, RECORD_KEY_AT } from '../record.ts'
import { unpackTransaction, unseal, unsealName } from '../sealed.ts'
import type { Revision, VerifyReport } from '../store.ts'
import { type Meta, PageFile } from './page-file.ts'
import { type Entry, PageWalk, type Problem } from './page-tree.ts'
import { LAYOUT_VERSION, NAME_KEY_TAIL, oidOfKey, RECORD_KEY_BYTES, tidOfKey } from './schema.ts'

/** Where LMDB keeps everything, in the folder of an image. */
export function dataFile(folder: string): string {
  return join(folder, 'data.mdb')
}

/**
 * Reads everything. No other process may write meanwhile, or `snapshot` is what a reader holds in place. Faults IMAGE_DAMAGED
 * when there is no file.
 */
export function verifyPages(folder: string, snapshot?: Meta): VerifyReport {
  using file = openFile(folder)
  const list = new DamageList()
  const seen = new Seen(list)
  const walk = new PageWalk(file, snapshot)
  walk.entries((entry) => {
    list.attempt(undefined, undefined, () => seen.take(entry))
  })
  for (const problem of walk.problems) tell(problem, list)
  seen.end()
  return list.report(seen.transactions)
}

/** A problem of the pages, once for each object that is known to be hit. */
function tell({ tree, text, keys, from, until }: Problem, list: DamageList): void {
  if (tree === 'records') {
    const hit = keys.filter((key) => key.length === RECORD_KEY_BYTES)
    for (const key of hit) list.add(oidOfKey(key), tidOfKey(key), text)
    if (hit.length > 0) return
    list.add(undefined, undefined, `${text}${between(from, until)}`)
  } else if (tree === 'names' && keys.length > 0) {
    const names = keys.map((key) => JSON.stringify(nameOf(key)))
    list.add(undefined, undefined, `${text} It is about ${[...new Set(names)].join(', ')}.`)
  } else list.add(undefined, undefined, text)
}

/** What lay on a page of records that cannot be read. */
function between(from: Buffer | undefined, until: Buffer | undefined): string {
  const [first, last] = [from, until].map((key) =>
    key?.length === RECORD_KEY_BYTES ? oidText(oidOfKey(key)) : undefined,
  )
  if (first === undefined && last === undefined) return ''
  if (first === undefined) return ` Records of objects up to ${last} lay there.`
  if (last === undefined) return ` Records of objects from ${first} on lay there.`
  return ` Records of objects from ${first} to ${last} lay there.`
}

const nameOf = (key: Buffer): string =>
  key.subarray(0, Math.max(0, key.length - NAME_KEY_TAIL)).toString()

/** The image's file. Faults IMAGE_DAMAGED when there is none. */
export function openFile(folder: string): PageFile {
  try {
    return new PageFile(dataFile(folder))
  } catch (error) {
    throw imageFault('IMAGE_DAMAGED', `There is no image in ${folder} (${String(error)}).`, {
      folder,
    })
  }
}

/** Takes entries in order of their keys and tells the list what they come to. */
class Seen {
  readonly #list: DamageList
  #newest: Revision | undefined
  #oid: Oid = 0
  #name: { key: string; oid: Oid | undefined; tid: number } | undefined
  #hasLayout = false
  transactions = 0

  constructor(list: DamageList) {
    this.#list = list
  }

  take({ tree, key, value }: Entry): void {
    if (tree === 'records') this.#record(key, value)
    else if (tree === 'transactions') {
      this.transactions++
      const tid = tidOfKey(key)
      unpackTransaction(tid, unseal(key, value, `The description of transaction ${tid}`))
    } else if (tree === 'names') this.#binding(key, value)
    else if (tree === 'layout') this.#layout(key, value)
    else if (tree === 'tables') unseal(key, value, `A value in table ${key[0]}`)
    else throw imageFault('IMAGE_DAMAGED', `There is a tree ${JSON.stringify(tree)}.`)
  }

  end(): void {
    if (this.#newest !== undefined) this.#list.newest(this.#newest)
    this.#settleName()
    if (!this.#hasLayout) {
      this.#list.add(undefined, undefined, 'The image does not say which layout it has.')
    }
  }

  #record(key: Buffer, value: Buffer): void {
    this.#list.countRevision()
    const oid = key.length === RECORD_KEY_BYTES ? oidOfKey(key) : 0
    if (oid !== this.#oid && this.#newest !== undefined) this.#list.newest(this.#newest)
    if (oid !== this.#oid) this.#newest = undefined
    this.#oid = oid
    const tid = oid === 0 ? 0 : tidOfKey(key)
    try {
      this.#newest = decodeRecord(value, oid, tid)
    } catch (error) {
      const own = ownKey(value)
      // What matches its checksum under its own key is whole, and cannot be found under the one that is damaged.
      if (own === undefined) this.#list.attempt(oid, tid, () => raise(error))
      else {
        const what = `The record of ${oidText(own.oid)} at ${own.tid} lies under a damaged key.`
        this.#list.add(own.oid, own.tid, what)
      }
    }
  }

  #binding(key: Buffer, value: Buffer): void {
    const name = nameOf(key)
    if (name !== this.#name?.key) this.#settleName()
    this.#name = { key: name, oid: undefined, tid: tidOfKey(key) }
    this.#name.oid = unsealName(key, value)
  }

  #settleName(): void {
    const last = this.#name
    if (last?.oid === undefined) return
    this.#list.want(last.oid, `The name ${JSON.stringify(last.key)}`, undefined, last.tid)
  }

  #layout(key: Buffer, value: Buffer): void {
    if (key.toString() === 'layout') {
      this.#hasLayout = true
      const version = unsealName(key, value)
      // An older one is brought to ours when it is opened, and its records are sound as they are.
      if (version === undefined || version > LAYOUT_VERSION) {
        throw imageFault('IMAGE_DAMAGED', `The image has layout ${version}.`)
      }
    } else unseal(key, value, 'The time of the last pack')
  }
}

/** The oid and tid that a record says of itself, undefined when it does not match its checksum even so. */
function ownKey(value: Buffer): { oid: Oid; tid: Tid } | undefined {
  if (value.length < RECORD_HEAD_BYTES) return undefined
  const key = value.subarray(RECORD_KEY_AT, RECORD_KEY_AT + RECORD_KEY_BYTES)
  const own = { oid: oidOfKey(key), tid: tidOfKey(key) }
  try {
    decodeRecord(value, own.oid, own.tid)
    return own
  } catch {
    // It is damaged itself; whoever asked says so.
    return undefined
  }
}

function raise(error: unknown): never {
  throw error
}
