// Owns: the proof that damage anywhere in a file is found or harmless, and never ends the process that asks.
// Leaves: repairing to salvage.test.ts.
// Laws: IM83.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { spawnNode } from '#powers'
import { checkImage, requireSound } from '../check.ts'
import { answersOf, digest, makeImage } from './damaged.fixture.ts'
import { openLmdbStore } from './store.ts'

const SEEDS = 500
const SWEEP = fileURLToPath(new URL('./damage-sweep.fixture.ts', import.meta.url))

const scratch = mkdtempSync(join(tmpdir(), 'batos-damage-'))
after(() => rmSync(scratch, { recursive: true }))

async function soundImage(name: string): Promise<{ folder: string; told: string }> {
  const folder = join(scratch, name)
  await makeImage(folder)
  const store = openLmdbStore(folder, { readOnly: true })
  const told = digest(store)
  await store.close()
  return { folder, told }
}

test(`[IM120] [IM83] of ${SEEDS} random damages none ends a process that opens the image as a kernel does, and none is read wrong`, async () => {
  const { folder } = await soundImage('sweep')
  const store = openLmdbStore(folder, { readOnly: true })
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answersOf(store)))
  await store.close()
  const verdicts = new Map<string, number>()
  let seed = 1
  while (seed <= SEEDS) {
    const { stdout, signal, status } = spawnSync(
      process.execPath,
      [SWEEP, folder, `${seed}`, `${SEEDS}`],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 },
    )
    for (const line of stdout.split('\n').slice(0, -1)) {
      const [done, verdict, isFound, what] = JSON.parse(line) as [number, string, boolean, string]
      assert.match(verdict, /^(same|fault|refused)$/, `seed ${done}: ${what}`)
      // Verifying finds whatever is refused or faults.
      assert.ok(isFound || verdict === 'same', `seed ${done}: ${what}, ${verdict}`)
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
      seed = done + 1
    }
    assert.ok(seed > SEEDS, `seed ${seed} ended the process: ${signal ?? status}`)
  }
  // The sweep is one: most damages lie in pages in use, some in records alone, and some in free pages.
  const least = { refused: SEEDS / 5, fault: SEEDS / 50, same: SEEDS / 50 }
  for (const [verdict, count] of Object.entries(least)) {
    assert.ok((verdicts.get(verdict) ?? 0) > count, JSON.stringify([...verdicts]))
  }
})

test('[IM83] a sound image is called sound, with the counts that verify gives', async () => {
  const { folder } = await soundImage('sound')
  const store = openLmdbStore(folder)
  const expected = store.verify()
  await store.close()
  assert.deepEqual(expected.damage, [])
  assert.deepEqual(await checkImage(folder, spawnNode), expected)
  assert.deepEqual(await requireSound(folder, spawnNode), expected)
})

test('[IM83] a missing, an empty, a cut and a foreign file are damage with a sentence', async () => {
  const { folder } = await soundImage('files')
  const file = join(folder, 'data.mdb')
  const refused = { code: 'IMAGE_DAMAGED' }
  await assert.rejects(requireSound(join(scratch, 'nowhere'), spawnNode), refused)
  truncateSync(file, 20_000)
  const { damage } = await checkImage(folder, spawnNode)
  assert.ok(damage.some(({ problem }) => problem.includes('beyond the end of the file')))
  await assert.rejects(requireSound(folder, spawnNode), {
    code: 'IMAGE_DAMAGED',
    message: /has \d+ damaged places; the first: /,
  })
  for (const bytes of [Buffer.alloc(0), Buffer.from('not an image'), Buffer.alloc(50_000, 7)]) {
    writeFileSync(file, bytes)
    await assert.rejects(requireSound(folder, spawnNode), refused)
  }
})

test('[IM83] a child that crashes, hangs up or says nonsense is damage, and its last words are kept', async () => {
  const program = (text: string) => {
    const path = join(scratch, `child-${text.length}.mjs`)
    writeFileSync(path, text)
    return () => spawnNode(path, { execArgv: [] })
  }
  const problemOf = async (text: string) => {
    const { damage } = await checkImage('anywhere', program(text))
    return damage[0]?.problem ?? ''
  }
  assert.match(await problemOf('process.kill(process.pid, "SIGSEGV")'), /was ended \(SIGSEGV\)/)
  assert.match(await problemOf('console.log("{}")'), /exit code 0/)
  assert.match(await problemOf('throw new Error("no more")'), /exit code 1.*no more/s)
})
