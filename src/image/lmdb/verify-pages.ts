// Owns: verifying an LMDB image page by page, without LMDB.
// Leaves: walking to page-tree.ts; verifying through LMDB to verify.ts; running both in a process of their own to check.ts.
// Laws: IM83 damage anywhere in the pages in use is found. IM13 what verify lists is listed here too.
import { join } from 'node:path'
import type { Oid } from '#objects'
import { DamageList } from '../damage.ts'
import { imageFault } from '../faults.ts'
import { decodeRecord } from '../record.ts'
import { unpackTransaction, unseal, unsealName } from '../sealed.ts'
import type { Revision, VerifyReport } from '../store.ts'
import { PageFile } from './page-file.ts'
import { type Entry, PageWalk } from './page-tree.ts'
import { LAYOUT_VERSION, NAME_KEY_TAIL, oidOfKey, RECORD_KEY_BYTES, tidOfKey } from './schema.ts'

/** Where LMDB keeps everything, in the folder of an image. */
export function dataFile(folder: string): string {
  return join(folder, 'data.mdb')
}

/** Reads everything. No other process may write meanwhile. Faults IMAGE_DAMAGED when there is no file. */
export function verifyPages(folder: string): VerifyReport {
  using file = openFile(folder)
  const list = new DamageList()
  const seen = new Seen(list)
  const walk = new PageWalk(file)
  for (const entry of walk.entries()) {
    try {
      seen.take(entry)
    } catch (error) {
      list.attempt(undefined, undefined, () => {
        throw error
      })
    }
  }
  for (const problem of walk.problems) list.add(undefined, undefined, problem)
  seen.end()
  return list.report(seen.transactions)
}

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
    this.#list.attempt(oid, tid, () => {
      this.#newest = decodeRecord(value, oid, tid)
    })
  }

  #binding(key: Buffer, value: Buffer): void {
    const name = key.subarray(0, Math.max(0, key.length - NAME_KEY_TAIL)).toString()
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
      if (version !== LAYOUT_VERSION) {
        throw imageFault('IMAGE_DAMAGED', `The image has layout ${version}.`)
      }
    } else unseal(key, value, 'The time of the last pack')
  }
}
