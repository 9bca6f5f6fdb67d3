// Owns: the test of what the hash of the judging code covers, on a copy of the sources.
// Leaves: showing it to cli and the page.
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { judgingHash } from './judging.ts'

test('[GO24] the hash changes with gates, limits, trials, probation and quarantine, and with no test', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'batos-judging-'))
  try {
    for (const folder of ['governance', 'kernel', 'objects']) {
      const from = fileURLToPath(new URL(folder, import.meta.url))
      cpSync(from, join(copy, folder), { recursive: true })
    }
    const root = pathToFileURL(`${copy}/`)
    let before = await judgingHash(root, '.ts')
    assert.equal(before, await judgingHash(new URL('./', import.meta.url), '.ts'))
    writeFileSync(join(copy, 'governance', 'more.test.ts'), 'a test')
    appendFileSync(join(copy, 'governance', 'world.fixture.ts'), '\n')
    appendFileSync(join(copy, 'kernel', 'outbox.ts'), '\n')
    assert.equal(await judgingHash(root, '.ts'), before)
    for (const file of [
      'governance/ballot.ts',
      'governance/probation.ts',
      'kernel/judge/parse.ts',
      'kernel/sandbox/worker.ts',
      'kernel/limits.ts',
      'kernel/trial.ts',
      'kernel/versions.ts',
      'kernel/quarantine.ts',
      'objects/limits.ts',
    ]) {
      appendFileSync(join(copy, file), '\n')
      const after = await judgingHash(root, '.ts')
      assert.notEqual(after, before, file)
      before = after
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})
