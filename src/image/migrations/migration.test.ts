// Owns: the claims about bringing an older layout to ours, with a step that is made up.
// Leaves: real images of every layout to golden/golden.test.ts.
// Laws: IM82.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { group, revision, textOf, transaction } from '../contract-parts.ts'
import { type Databases, LAYOUT_VERSION, openDatabases, tableKey } from '../lmdb/schema.ts'
import { openLmdbStore } from '../lmdb/store.ts'
import { verifyPages } from '../lmdb/verify-pages.ts'
import { NAME_VALUE_BYTES, seal, sealName, unseal, unsealName } from '../sealed.ts'
import { type Migration, stepsBetween } from './migration.ts'
import { MIGRATIONS } from './steps.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-migration-'))
after(() => rmSync(scratch, { recursive: true }))

/** An image that says it has layout 0, in which facts were kept under another key. */
async function olderImage(folder: string): Promise<void> {
  const store = openLmdbStore(folder)
  await store.commit(
    group(
      [transaction(1, [revision(1, 1, 'kept')], [{ name: 'n', oid: 1 }])],
      [{ table: 'facts', key: 'old-key', value: Buffer.from('fact') }],
    ),
  )
  await store.close()
  const { env, layout } = openDatabases(folder)
  const key = Buffer.from('layout')
  const value = new Uint8Array(NAME_VALUE_BYTES)
  sealName(key, value, null)
  await layout.put(key, value)
  await env.close()
}

const RENAME = {
  from: 0,
  sentence: 'Facts get new keys.',
  run({ tables }: Databases) {
    const [from, to] = [tableKey('facts', 'old-key'), tableKey('facts', 'new-key')]
    const body = unseal(from, tables.get(from) as Uint8Array, 'The fact')
    const value = Buffer.concat([Buffer.alloc(4), body])
    seal(to, value)
    tables.putSync(to, value)
    tables.removeSync(from)
  },
}

test('[IM82] an image of an older layout is brought to ours when it is opened, once', async () => {
  const folder = join(scratch, 'older')
  await olderImage(folder)
  // Without the step it is refused, and left as it is.
  assert.throws(() => openLmdbStore(folder), {
    code: 'IMAGE_DAMAGED',
    message: `The image has layout 0; this program reads ${LAYOUT_VERSION}.`,
  })
  assert.throws(
    () => openDatabases(folder, { readOnly: true, migrations: [RENAME, ...MIGRATIONS] }),
    {
      code: 'READ_ONLY',
    },
  )
  let runs = 0
  const counted = {
    ...RENAME,
    run: (databases: Databases) => {
      runs++
      RENAME.run(databases)
    },
  }
  for (let time = 0; time < 2; time++) {
    const databases = openDatabases(folder, { migrations: [counted, ...MIGRATIONS] })
    await databases.env.close()
  }
  assert.equal(runs, 1)
  const store = openLmdbStore(folder)
  assert.equal(textOf(store.read(store.name('n') as number)), 'kept')
  assert.equal(Buffer.from(store.get('facts', 'new-key') ?? []).toString(), 'fact')
  assert.equal(store.get('facts', 'old-key'), undefined)
  assert.deepEqual(store.verify().damage, [])
  await store.close()
})

test('[IM82] a step that fails leaves the image as it was', async () => {
  const folder = join(scratch, 'failing')
  await olderImage(folder)
  const failing = {
    ...RENAME,
    run: (databases: Databases) => {
      RENAME.run(databases)
      throw new Error('half way')
    },
  }
  assert.throws(() => openDatabases(folder, { migrations: [failing, ...MIGRATIONS] }), /half way/)
  const databases = openDatabases(folder, { migrations: [RENAME, ...MIGRATIONS] })
  assert.ok(databases.tables.get(tableKey('facts', 'new-key')) !== undefined)
  await databases.env.close()
})

test('[IM82] an image of the first layout is read as it is, gets the number when it is opened for writing, and is sound both times', async () => {
  const folder = join(scratch, 'first')
  await olderImage(folder)
  const { env, layout } = openDatabases(folder, { migrations: [RENAME, ...MIGRATIONS] })
  const key = Buffer.from('layout')
  const value = new Uint8Array(NAME_VALUE_BYTES)
  sealName(key, value, 1)
  await layout.put(key, value)
  await env.close()
  const numberOf = (databases: Databases) =>
    unsealName(key, databases.layout.get(key) as Uint8Array)
  assert.deepEqual(verifyPages(folder).damage, [])
  const reading = openDatabases(folder, { readOnly: true })
  assert.equal(numberOf(reading), 1)
  await reading.env.close()
  const store = openLmdbStore(folder)
  assert.equal(textOf(store.read(1)), 'kept')
  await store.close()
  const writing = openDatabases(folder)
  assert.equal(numberOf(writing), 2)
  await writing.env.close()
  assert.deepEqual(verifyPages(folder).damage, [])
})

test('[IM82] steps lead from each layout to the next, and nowhere else', () => {
  const steps = [0, 1, 2].map((from) => ({ from, sentence: '', run: () => undefined }))
  assert.deepEqual(
    stepsBetween(0, 3, steps).map(({ from }) => from),
    [0, 1, 2],
  )
  assert.deepEqual(stepsBetween(3, 3, steps), [])
  assert.throws(() => stepsBetween(4, 3, steps), { code: 'IMAGE_DAMAGED' })
  assert.throws(() => stepsBetween(0, 3, steps.slice(1)), { code: 'IMAGE_DAMAGED' })
  // The list is in order, without a gap.
  for (const [index, { from }] of MIGRATIONS.entries()) assert.equal(from, index + 1)
})
