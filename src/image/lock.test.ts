// Owns: the claims about the lock.
// Leaves: what the lock protects to the stores.
// Laws: IM11.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { holdLock } from './lock.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-lock-'))
after(() => rmSync(scratch, { recursive: true }))

const inUse = { code: 'IMAGE_IN_USE' }

test('[IM11] a second holder in the same process is refused until the first lets go', () => {
  const folder = mkdtempSync(join(scratch, 'same-'))
  const lock = holdLock(folder)
  assert.throws(() => holdLock(folder), inUse)
  // The refused attempt must not have loosened the lock.
  assert.throws(() => holdLock(folder), inUse)
  lock[Symbol.dispose]()
  lock[Symbol.dispose]()
  using again = holdLock(folder)
  assert.equal(again.path, join(folder, 'lock'))
})

test('[IM11] two folders are two images', () => {
  using one = holdLock(mkdtempSync(join(scratch, 'one-')))
  using other = holdLock(mkdtempSync(join(scratch, 'other-')))
  assert.notEqual(one.path, other.path)
})

test('[IM11] a process that is killed frees its lock, and one that lives keeps it', async () => {
  const folder = mkdtempSync(join(scratch, 'killed-'))
  const program = fileURLToPath(new URL('./lock-holder.fixture.ts', import.meta.url))
  const holder = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'pipe'] })
  const complaints: string[] = []
  holder.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()))
  const exited = once(holder, 'close')
  const [said] = (await once(holder.stdout, 'data')) as [Buffer]
  assert.equal(said.toString(), 'held\n')
  assert.throws(() => holdLock(folder), inUse)
  holder.kill('SIGKILL')
  await exited
  using lock = holdLock(folder)
  assert.ok(lock)
  // No warning of the runtime reaches the person at the terminal.
  assert.deepEqual(complaints, [])
})
