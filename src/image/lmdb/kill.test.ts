// Owns: the proof that an acknowledged group survives a process killed at any moment.
// Leaves: the rounds themselves to kill-loop.fixture.ts, which can be run alone for longer.
// Laws: IM1, IM2, IM5.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { killLoop } from './kill-loop.fixture.ts'

const ROUNDS = 20
const SEED = 20_251_125

const scratch = mkdtempSync(join(tmpdir(), 'batos-kill-'))
after(() => rmSync(scratch, { recursive: true }))

test(`[IM2] every acknowledged group survives kill -9, whole and in order (seed ${SEED})`, async () => {
  let rounds = 0
  await killLoop(join(scratch, 'image'), { rounds: ROUNDS, seed: SEED }, () => rounds++)
  assert.equal(rounds, ROUNDS)
})
