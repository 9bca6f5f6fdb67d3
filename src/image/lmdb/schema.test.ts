// Owns: the claims about an LMDB image as a whole: its layout, and damage outside of records.
// Leaves: everything that all stores share to the contract.
// Laws: IM9, IM10, IM13.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { spawnNode } from '#powers'
import { openImage } from '../opening.ts'
import { NAME_VALUE_BYTES, sealName } from '../sealed.ts'
import {
  type Databases,
  LAYOUT_VERSION,
  nameKey,
  openDatabases,
  tableKey,
  tidKey,
} from './schema.ts'
import { openLmdbStore } from './store.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-schema-'))
after(() => rmSync(scratch, { recursive: true }))

test('[IM10] an image of a newer layout is refused and left as it is', async () => {
  const folder = join(scratch, 'newer')
  const { env } = openDatabases(folder)
  const layout = env.openDB<Uint8Array, Uint8Array>('layout', {
    keyEncoding: 'binary',
    encoding: 'binary',
  })
  const key = Buffer.from('layout')
  const value = new Uint8Array(NAME_VALUE_BYTES)
  sealName(key, value, LAYOUT_VERSION + 1)
  await layout.put(key, value)
  await env.close()
  assert.throws(() => openLmdbStore(folder), {
    code: 'IMAGE_DAMAGED',
    message: `The image has layout ${LAYOUT_VERSION + 1}; this program reads ${LAYOUT_VERSION}.`,
    remedy: /version of batos that wrote it/,
  })
  // By the door of a kernel too, which looks the pages over first and does not call damage what it does not know.
  assert.throws(() => openImage(folder, { spawn: spawnNode }), { message: /this program reads/ })
})

test('[IM13] verify names a damaged description, name and table value, and reading them faults', async () => {
  const folder = join(scratch, 'sealed')
  const store = openLmdbStore(folder)
  for (const tid of [1, 2]) {
    await store.commit({
      transactions: [
        {
          tid,
          time: tid,
          author: 'a',
          note: 'n',
          revisions: [{ oid: tid, tid, kind: 'object', refs: [], payload: Buffer.from('p') }],
          names: [{ name: `name${tid}`, oid: tid }],
        },
      ],
      tables: [{ table: 'facts', key: `fact${tid}`, value: Buffer.from('v') }],
    })
  }
  await store.close()

  const databases = openDatabases(folder)
  const places: [Exclude<keyof Databases, 'env' | 'records'>, Uint8Array][] = [
    ['transactions', tidKey(1)],
    ['transactions', tidKey(2)],
    ['names', nameKey(Buffer.from('name1'), 1)],
    ['tables', tableKey('facts', 'fact1')],
  ]
  for (const [database, key] of places) {
    const value = databases[database].get(key) as Uint8Array
    value[value.length - 1] = (value[value.length - 1] as number) ^ 1
    await databases[database].put(key, value)
  }
  await databases.env.close()

  const again = openLmdbStore(folder)
  const damaged = { code: 'IMAGE_DAMAGED' }
  assert.throws(() => again.transaction(1), damaged)
  assert.throws(() => again.name('name1'), damaged)
  assert.throws(() => again.get('facts', 'fact1'), damaged)
  assert.equal(again.name('name2'), 2)
  // Even the newest description may be damaged: the image opens, and its numbers go on.
  assert.deepEqual(again.head(), { tid: 2, oid: 2 })
  assert.deepEqual(
    again.verify().damage.map(({ problem }) => problem),
    [
      'The description of transaction 1 does not match its checksum.',
      'The description of transaction 2 does not match its checksum.',
      'A name does not match its checksum.',
      'The value of "fact1" in table 5 does not match its checksum.',
    ],
  )
  await again.close()
})
