// Owns: the claims about the bytes of a record; the examples are those of docs/formats/record.md.
// Leaves: records inside a store to the contract.
// Laws: IM9, IM10.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decodeRecord, encodeRecord, RECORD_HEAD_BYTES } from './record.ts'
import type { RecordKind, Revision } from './store.ts'

interface Example {
  revision: Revision
  record: Buffer
}

/** The rows of the page's last table. */
function examples(): Example[] {
  const page = readFileSync(new URL('../../docs/formats/record.md', import.meta.url), 'utf8')
  const found: Example[] = []
  for (const line of page.slice(page.indexOf('## Examples')).split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
    const [, kind, oid, tid, refs, payload, record] = cells as string[]
    if (record === undefined || !/^[0-9a-f]{56,}$/.test(record)) continue
    found.push({
      revision: {
        oid: Number(oid),
        tid: Number(tid),
        kind: kind as RecordKind,
        refs: refs === '' ? [] : (refs as string).split(',').map(Number),
        payload: Buffer.from(payload as string, 'hex'),
      },
      record: Buffer.from(record, 'hex'),
    })
  }
  return found
}

const damaged = { code: 'IMAGE_DAMAGED' }

test('[IM9] each example of the page is written and read byte for byte', () => {
  const all = examples()
  assert.equal(all.length, 5)
  for (const { revision, record } of all) {
    assert.equal(Buffer.from(encodeRecord(revision)).toString('hex'), record.toString('hex'))
    const read = decodeRecord(record, revision.oid, revision.tid)
    assert.deepEqual({ ...read, payload: Buffer.from(read.payload) }, revision)
  }
})

test('[IM9] no flipped bit and no cut of any example is read as something else', () => {
  for (const { revision, record } of examples()) {
    for (let bit = 0; bit < record.length * 8; bit++) {
      const copy = Buffer.from(record)
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.throws(() => decodeRecord(copy, revision.oid, revision.tid), damaged, `bit ${bit}`)
    }
    for (let length = 0; length < record.length; length++) {
      const cut = record.subarray(0, length)
      assert.throws(() => decodeRecord(cut, revision.oid, revision.tid), damaged, `${length} bytes`)
    }
  }
})

test('[IM9] a sound record under the key of another object or transaction is damage', () => {
  const record = encodeRecord({
    oid: 3,
    tid: 4,
    kind: 'object',
    refs: [],
    payload: new Uint8Array(),
  })
  assert.throws(() => decodeRecord(record, 3, 5), damaged)
  assert.throws(() => decodeRecord(record, 4, 4), damaged)
  assert.equal(decodeRecord(record, 3, 4).oid, 3)
})

test('[IM10] a record of a newer format is refused with both numbers and another remedy', () => {
  const record = new Uint8Array(RECORD_HEAD_BYTES)
  record[0] = 2
  assert.throws(() => decodeRecord(record, 1, 1), {
    code: 'IMAGE_DAMAGED',
    message: 'The record of #1 at transaction 1 has format 2; this program reads up to 1.',
    remedy: 'Open the image with the version of batos that wrote it, or a newer one.',
  })
})
