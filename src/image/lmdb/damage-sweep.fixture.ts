// Owns: a process that damages an image by one seed after another and prints what was said about each, for damage.test.ts.
// Leaves: what is right to the test, which also lives on when this process dies.
// Laws: none of its own; no part of a running kernel imports this.
import { readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { asFault } from '#ground'
import { damaged, digest, putImage } from './damaged.fixture.ts'
import { openLmdbStore } from './store.ts'
import { verifyPages } from './verify-pages.ts'

const [folder, first, last, expected] = process.argv.slice(2) as [string, string, string, string]
const sound = readFileSync(join(folder, 'data.mdb'))

for (let seed = Number(first); seed <= Number(last); seed++) {
  const { bytes, what } = damaged(sound, seed)
  const place = join(folder, `seed-${seed}`)
  putImage(place, bytes)
  const say = (verdict: string): void =>
    void writeSync(1, `${JSON.stringify([seed, verdict, what])}\n`)
  const { damage } = verifyPages(place)
  if (damage.length > 0) say('found')
  else {
    try {
      const store = openLmdbStore(place, { readOnly: true })
      const told = digest(store)
      say(told === expected ? 'harmless' : 'wrong')
      await store.close()
    } catch (error) {
      const fault = asFault(error)
      say(fault?.code === 'IMAGE_DAMAGED' ? 'refused' : `threw ${String(error)}`)
    }
  }
  rmSync(place, { recursive: true })
}
