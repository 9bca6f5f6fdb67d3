// Owns: the claims about sealed values: transactions, names and table values.
// Leaves: where they lie to the stores.
// Laws: IM9, IM10.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pack } from 'msgpackr'
import {
  NAME_VALUE_BYTES,
  packTransaction,
  SEAL_BYTES,
  seal,
  sealName,
  unpackTransaction,
  unseal,
  unsealName,
} from './sealed.ts'

const key = Buffer.from('key')
const damaged = { code: 'IMAGE_DAMAGED' }

function sealed(body: Uint8Array): Buffer {
  const value = Buffer.alloc(SEAL_BYTES + body.length)
  value.set(body, SEAL_BYTES)
  seal(key, value)
  return value
}

test('[IM9] a sealed value is read under its own key only, and not with any bit flipped', () => {
  const value = sealed(Buffer.from('body'))
  assert.equal(Buffer.from(unseal(key, value, 'It')).toString(), 'body')
  assert.throws(() => unseal(Buffer.from('kex'), value, 'It'), damaged)
  for (let bit = 0; bit < value.length * 8; bit++) {
    const copy = Buffer.from(value)
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
    assert.throws(() => unseal(key, copy, 'It'), damaged, `bit ${bit}`)
  }
  assert.throws(() => unseal(key, value.subarray(0, 3), 'It'), damaged)
})

test('[IM9] a name answers its oid, or nothing when unbound', () => {
  const value = new Uint8Array(NAME_VALUE_BYTES)
  sealName(key, value, 2 ** 40)
  assert.equal(unsealName(key, value), 2 ** 40)
  sealName(key, value, null)
  assert.equal(unsealName(key, value), undefined)
  assert.throws(() => unsealName(key, sealed(Buffer.alloc(8, 0xff))), damaged)
  assert.throws(() => unsealName(key, sealed(Buffer.alloc(7))), damaged)
})

test('[IM10] a description of a newer format, or of none, is refused', () => {
  const info = { tid: 3, time: 1.5, author: 'a', note: 'ñ', oids: [2 ** 40], names: ['n'] }
  assert.deepEqual(unpackTransaction(3, packTransaction(info)), info)
  for (const [value, problem] of [
    [[2, 1, 'a', 'n', [], []], /has format 2; this program reads 1/],
    [[1, 1, 'a'], /lacks a part/],
    ['text', /is not a list/],
  ] as const) {
    assert.throws(() => unpackTransaction(3, pack(value)), problem)
    assert.throws(() => unpackTransaction(3, pack(value)), damaged)
  }
  assert.throws(() => unpackTransaction(3, Uint8Array.of(0xdc)), damaged)
})
