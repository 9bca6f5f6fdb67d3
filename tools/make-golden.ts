// Owns: the making of a golden image: an image of the layout that this version writes, as text, for the tests of all later ones.
// Leaves: its world to src/image/golden/golden.ts; opening it for ever to golden.test.ts beside that.
// Laws: IM81 a golden image is made once and never written over.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describeGolden, fillGolden, LAYOUT_VERSION, openLmdbStore } from '#image'
import { ROOT } from './tidy.ts'

const place = join(ROOT, 'src/image/golden', `layout-${LAYOUT_VERSION}`)
const scratch = mkdtempSync(join(tmpdir(), 'batos-golden-'))
try {
  if (existsSync(`${place}.base64.txt`)) {
    throw new Error(`${place} is there already; a golden image is made once for each layout.`)
  }
  const store = openLmdbStore(scratch)
  await fillGolden(store)
  const told = describeGolden(store)
  await store.close()
  const base64 = gzipSync(readFileSync(join(scratch, 'data.mdb')), { level: 9 }).toString('base64')
  writeFileSync(`${place}.base64.txt`, `${base64.replace(/.{1,100}/g, '$&\n')}`)
  writeFileSync(`${place}.told.txt`, told)
} finally {
  rmSync(scratch, { recursive: true })
}
