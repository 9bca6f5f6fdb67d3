// Owns: rounds of a writer that is killed and an image that is looked over: of kill.test.ts, and alone with
// `node kill-loop.fixture.ts ROUNDS [SEED]` for as many as somebody wants.
// Leaves: writing to kill-writer.fixture.ts; killing to killed.fixture.ts.
// Laws: none of its own; no part of a running kernel imports this.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chance, killAfter } from './killed.fixture.ts'
import { openLmdbStore } from './store.ts'
import { verifyPages } from './verify-pages.ts'

const WRITER = fileURLToPath(new URL('./kill-writer.fixture.ts', import.meta.url))

/** Rounds after which the image is begun anew: looking it over takes longer with each. */
const ROUNDS_AN_IMAGE = 20

/** Kills a writer again and again and asserts each time that every acknowledged group is there, and nothing in part. */
export async function killLoop(
  folder: string,
  { rounds, seed }: { rounds: number; seed: number },
  told: (round: number) => void,
): Promise<void> {
  const random = chance(seed)
  let before = 0
  for (let round = 1; round <= rounds; round++) {
    const image = `${folder}.${Math.floor((round - 1) / ROUNDS_AN_IMAGE)}`
    if (round % ROUNDS_AN_IMAGE === 1) before = 0
    const lines = await killAfter(WRITER, image, 1 + Math.floor(random.next().value * 120))
    const acknowledged = Number(lines.at(-1))
    assert.ok(acknowledged > before, `round ${round} acknowledged something`)
    before = await lookOver(image, acknowledged, round)
    told(round)
  }
}

/** The newest transaction that is there, after everything was found whole. */
async function lookOver(folder: string, acknowledged: number, round: number): Promise<number> {
  const store = openLmdbStore(folder)
  const { tid, oid } = store.head()
  assert.ok(tid >= acknowledged, `round ${round}: ${acknowledged} acknowledged, ${tid} is there`)
  const text = `group ${tid}`
  for (const found of [store.read(1), store.read(2), store.read(2 + tid)]) {
    assert.equal(Buffer.from(found?.payload ?? []).toString(), text)
  }
  assert.equal(Buffer.from(store.get('facts', 'newest') ?? []).toString(), text)
  assert.equal(store.name('newest'), 2 + tid)
  assert.equal(oid, 2 + tid)
  const report = store.verify()
  // Every group from the first to the last, none twice and none without its parts.
  const whole = { objects: 2 + tid, revisions: 3 * tid, transactions: tid, damage: [] }
  assert.deepEqual(report, whole, `round ${round}`)
  await store.close()
  assert.deepEqual(verifyPages(folder), whole, `round ${round}, page by page`)
  return tid
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 200)
  const seed = Number(process.argv[3] ?? 1)
  const scratch = mkdtempSync(join(tmpdir(), 'batos-soak-'))
  try {
    await killLoop(join(scratch, 'image'), { rounds, seed }, () => process.stdout.write('.'))
    process.stdout.write(`\n${rounds} rounds, seed ${seed}: nothing acknowledged was lost.\n`)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
