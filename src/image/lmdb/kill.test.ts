// Owns: the proof that an acknowledged group survives a process killed at any moment.
// Leaves: the loss of power to LMDB's own order of syncs.
// Laws: IM1, IM2, IM5.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLmdbStore } from './store.ts'

const ROUNDS = 20
const SEED = 20_251_125
const WRITER = fileURLToPath(new URL('./kill-writer.fixture.ts', import.meta.url))

const scratch = mkdtempSync(join(tmpdir(), 'batos-kill-'))
after(() => rmSync(scratch, { recursive: true }))

/** Numbers from 0 to 1, the same for the same seed. */
function* chance(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

/** Runs a writer, kills it after `acknowledgements` lines, and answers the last number it printed. */
function killAfter(folder: string, acknowledgements: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    let lines = 0
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      lines += chunk.toString().split('\n').length - 1
      // The writer goes on meanwhile: the kill falls anywhere in its encoding, writing or syncing.
      if (lines >= acknowledgements) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${signal}`))
      // A last line without its end was cut by the kill.
      else resolve(Number(printed.split('\n').at(-2)))
    })
  })
}

test(`[IM2] every acknowledged group survives kill -9, whole and in order (seed ${SEED})`, async () => {
  const random = chance(SEED)
  const folder = join(scratch, 'image')
  let before = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = await killAfter(folder, 1 + Math.floor(random.next().value * 120))
    assert.ok(acknowledged > before, `round ${round} acknowledged something`)
    const store = openLmdbStore(folder)
    const { tid, oid } = store.head()
    assert.ok(
      tid >= acknowledged,
      `round ${round}: ${acknowledged} was acknowledged, ${tid} is there`,
    )
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
    before = tid
  }
})
