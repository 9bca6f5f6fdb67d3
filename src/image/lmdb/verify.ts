// Owns: reading all of an LMDB image to find what is damaged.
// Leaves: repairing to whoever loads a dump.
// Laws: IM13 verify names each damaged place and each reference to an object that is not there, and goes on.
import type { Oid } from '#objects'
import { DamageList } from '../damage.ts'
import { decodeRecord } from '../record.ts'
import { unpackTransaction, unseal, unsealName } from '../sealed.ts'
import type { Revision, VerifyReport } from '../store.ts'
import { type Databases, NAME_KEY_TAIL, oidOfKey, RECORD_KEY_BYTES, tidOfKey } from './schema.ts'

/** Reads everything. The time and the reads are those of the whole image. */
export function verifyDatabases(databases: Databases): VerifyReport {
  const list = new DamageList()
  verifyRecords(databases, list)
  let transactions = 0
  for (const { key, value } of databases.transactions.getRange()) {
    const tid = tidOfKey(key)
    transactions++
    list.attempt(undefined, tid, () => {
      unpackTransaction(tid, unseal(key, value, `The description of transaction ${tid}`))
    })
  }
  verifyNames(databases, list)
  for (const { key, value } of databases.tables.getRange()) {
    const text = Buffer.from(key.subarray(1)).toString()
    list.attempt(undefined, undefined, () => {
      unseal(key, value, `The value of ${JSON.stringify(text)} in table ${key[0]}`)
    })
  }
  return list.report(transactions)
}

function verifyRecords(databases: Databases, list: DamageList): void {
  let newest: Revision | undefined
  let object: Oid = 0
  for (const { key, value } of databases.records.getRange()) {
    if (key.length !== RECORD_KEY_BYTES) {
      list.add(undefined, undefined, 'A record lies under a key that is no oid and tid.')
      continue
    }
    const oid = oidOfKey(key)
    const tid = tidOfKey(key)
    list.countRevision()
    if (oid !== object && newest !== undefined) list.newest(newest)
    if (oid !== object) newest = undefined
    object = oid
    list.attempt(oid, tid, () => {
      newest = decodeRecord(value, oid, tid)
    })
  }
  if (newest !== undefined) list.newest(newest)
}

function verifyNames(databases: Databases, list: DamageList): void {
  let last = { name: '', oid: undefined as Oid | undefined, tid: 0 }
  const settle = (): void => {
    if (last.oid === undefined) return
    list.want(last.oid, `The name ${JSON.stringify(last.name)}`, undefined, last.tid)
  }
  for (const { key, value } of databases.names.getRange()) {
    const name = Buffer.from(key.subarray(0, key.length - NAME_KEY_TAIL)).toString()
    const tid = tidOfKey(key)
    if (name !== last.name) settle()
    last = { name, oid: undefined, tid }
    list.attempt(undefined, tid, () => {
      last.oid = unsealName(key, value)
    })
  }
  settle()
}
