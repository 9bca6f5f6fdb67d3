// Owns: the proof that a pack can be killed at any moment.
// Leaves: what a pack keeps to the contract.
// Laws: IM77, IM74.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { textOf } from '../contract-parts.ts'
import { chance, killAfter } from './killed.fixture.ts'
import { openLmdbStore } from './store.ts'

const ROUNDS = 10
const SEED = 20_251_126
const CHAIN = 40
const WRITER = fileURLToPath(new URL('./pack-writer.fixture.ts', import.meta.url))

const scratch = mkdtempSync(join(tmpdir(), 'batos-pack-'))
after(() => rmSync(scratch, { recursive: true }))

test(`[IM77] a killed pack leaves an image with everything retained, and can be run again (seed ${SEED})`, async () => {
  const random = chance(SEED)
  const folder = join(scratch, 'image')
  for (let round = 1; round <= ROUNDS; round++) {
    const lines = await killAfter(WRITER, folder, 2 + Math.floor(random.next().value * 60))
    const numbers = lines.filter((line) => !line.startsWith('packed')).map(Number)
    const packs = lines.filter((line) => line.startsWith('packed'))
    const store = openLmdbStore(folder)
    const { tid, oid } = store.head()
    assert.ok(tid >= (numbers.at(-1) ?? 0))
    assert.ok(store.packedTo() >= Number(packs.at(-1)?.split(' ')[1] ?? 0))
    assert.deepEqual(store.verify().damage, [])
    // Each retained transaction's own world is whole.
    for (let at = Math.max(1, store.packedTo()); at <= tid; at++) {
      const root = store.read(1, at)
      assert.equal(textOf(root), `${at}`, `round ${round}, as of ${at}`)
      let next = root?.refs[0]
      let length = 0
      for (; next !== undefined; length++) {
        const link = store.read(next, at)
        assert.equal(textOf(link), `${at}`)
        next = link?.refs[0]
      }
      assert.equal(length, CHAIN)
    }
    await store.pack({ before: tid, gc: true })
    assert.equal([...store.objects()].length, CHAIN + 1)
    assert.deepEqual(store.head(), { tid, oid })
    await store.close()
  }
})
