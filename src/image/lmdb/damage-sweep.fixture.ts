// Owns: a process that damages an image by one seed after another, opens each by the door that a kernel uses, reads and writes as
// a kernel does, and prints what came of it, for damage.test.ts.
// Leaves: what is right to the test, which also lives on when this process dies.
// Laws: none of its own; no part of a running kernel imports this.
import { readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { asFault } from '#ground'
import { spawnNode } from '#powers'
import { group, revision, transaction } from '../contract-parts.ts'
import { openImage } from '../opening.ts'
import { answersOf, damaged, putImage } from './damaged.fixture.ts'
import { verifyPages } from './verify-pages.ts'

const [folder, first, last] = process.argv.slice(2) as [string, string, string]
const sound = readFileSync(join(folder, 'data.mdb'))
const expected = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8')) as string[]

/** `same`; `fault` when some reads fault and the others answer the same; or what is wrong. */
async function kernelLike(place: string): Promise<string> {
  const image = openImage(place, { spawn: spawnNode })
  const { store } = image
  const answers = answersOf(store)
  const wrong = expected.findIndex((one, i) => answers[i] !== one && answers[i] !== 'IMAGE_DAMAGED')
  if (wrong >= 0) return `wrong: ${answers[wrong]} and not ${expected[wrong]}`.slice(0, 400)
  // A kernel writes too: over pages that are free, with keys of tables that go, and into every tree.
  const next = store.head().tid + 1
  await store.commit(
    group(
      [transaction(next, [revision(5, next, 'goes on')], [{ name: 'later', oid: 5 }])],
      ['1', '2', '4', '5'].map((key) => ({ table: 'waiting', key, value: null })),
    ),
  )
  await image.close()
  return answers.includes('IMAGE_DAMAGED') ? 'fault' : 'same'
}

for (let seed = Number(first); seed <= Number(last); seed++) {
  const { bytes, what } = damaged(sound, seed)
  const place = join(folder, `seed-${seed}`)
  putImage(place, bytes)
  const isFound = verifyPages(place).damage.length > 0
  let verdict: string
  try {
    verdict = await kernelLike(place)
  } catch (error) {
    verdict = asFault(error)?.code === 'IMAGE_DAMAGED' ? 'refused' : `threw ${String(error)}`
  }
  writeSync(1, `${JSON.stringify([seed, verdict, isFound, what])}\n`)
  rmSync(place, { recursive: true })
}
