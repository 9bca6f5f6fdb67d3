// Owns: the proof that an image that was once written can always be read.
// Leaves: making golden images to tools/make-golden.ts.
// Laws: IM81.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { group, revision, textOf, transaction } from '../contract-parts.ts'
import { LAYOUT_VERSION } from '../lmdb/schema.ts'
import { openLmdbStore } from '../lmdb/store.ts'
import { openMemoryStore } from '../memory/store.ts'
import { describeGolden, fillGolden } from './golden.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'batos-golden-'))
after(() => rmSync(scratch, { recursive: true }))

const images = readdirSync(HERE)
  .map((file) => /^(\w+-\d+)\.base64\.txt$/.exec(file)?.[1])
  .filter((image) => image !== undefined)

const read = (image: string, what: string): string =>
  readFileSync(join(HERE, `${image}.${what}.txt`), 'utf8')

test('[IM81] every layout that was ever written has its golden images', () => {
  const layouts = Array.from({ length: LAYOUT_VERSION }, (_, index) => index + 1)
  const all = layouts.flatMap((layout) => [`kernel-${layout}`, `layout-${layout}`])
  // Nobody kept one of a kernel when there was only the first layout.
  const expected = all.filter((image) => image !== 'kernel-1')
  assert.deepEqual(images.toSorted(), expected.toSorted())
})

test('[IM81] each golden image opens, is sound, tells what it always told, and takes commits', async () => {
  for (const image of images) {
    const folder = mkdtempSync(join(scratch, 'image-'))
    const bytes = gunzipSync(Buffer.from(read(image, 'base64'), 'base64'))
    writeFileSync(join(folder, 'data.mdb'), bytes)
    const store = openLmdbStore(folder)
    assert.deepEqual(store.verify().damage, [])
    assert.equal(describeGolden(store), read(image, 'told'))
    const next = store.head().tid + 1
    await store.commit(group([transaction(next, [revision(3, next, 'goes on')])]))
    assert.equal(textOf(store.read(3)), 'goes on')
    await store.close()
  }
})

test('[IM81] the same world written today tells the same as the newest golden image', async () => {
  const store = openMemoryStore()
  await fillGolden(store)
  assert.equal(describeGolden(store), read(`layout-${LAYOUT_VERSION}`, 'told'))
})
