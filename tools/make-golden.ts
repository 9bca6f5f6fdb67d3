// Owns: the making of golden images: one of the store's forms and one that a kernel made, of the layout that this version writes, as
// text, for the tests of all later ones.
// Leaves: their worlds to src/image/golden/golden.ts and golden-world.ts; opening them for ever to golden.test.ts beside the former, and
// by a kernel to test/journeys/golden.test.ts.
// Laws: IM81 a golden image is made once and never written over.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describeGolden, fillGolden, LAYOUT_VERSION, openLmdbStore } from '#image'
import { fillGoldenWorld, formsOf } from './golden-world.ts'
import { ROOT } from './tidy.ts'

/** What makes an image in the `data` of a folder, by the name of its files. */
const MADE: Record<string, (folder: string) => Promise<void>> = {
  layout: async (folder) => {
    const store = openLmdbStore(join(folder, 'data'))
    await fillGolden(store)
    await store.close()
  },
  kernel: fillGoldenWorld,
}

for (const [name, make] of Object.entries(MADE)) {
  const place = join(ROOT, 'src/image/golden', `${name}-${LAYOUT_VERSION}`)
  const scratch = mkdtempSync(join(tmpdir(), 'batos-golden-'))
  try {
    if (existsSync(`${place}.base64.txt`)) {
      throw new Error(`${place} is there already; a golden image is made once for each layout.`)
    }
    await make(scratch)
    const data = join(scratch, 'data')
    const store = openLmdbStore(data, { readOnly: true })
    const told = describeGolden(store)
    const forms = formsOf(store)
    await store.close()
    const base64 = gzipSync(readFileSync(join(data, 'data.mdb')), { level: 9 }).toString('base64')
    writeFileSync(`${place}.base64.txt`, base64.replace(/.{1,100}/g, '$&\n'))
    writeFileSync(`${place}.told.txt`, told)
    if (name === 'kernel') writeFileSync(`${place}.forms.txt`, forms)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
