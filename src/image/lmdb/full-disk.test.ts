// Owns: the proof that a write which the disk refuses is refused whole, and that nothing follows it.
// Leaves: a process killed while it writes to kill.test.ts.
// Laws: IM1, IM5.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openLmdbStore } from './store.ts'

const WRITER = fileURLToPath(new URL('./full-disk-writer.fixture.ts', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'batos-full-'))
after(() => rmSync(scratch, { recursive: true }))

const skip = process.platform === 'win32' ? 'the shell has no limit on the size of files' : false

test('[IM5] after a write that failed nothing later is kept and reads go on', {
  skip,
}, async () => {
  const folder = join(scratch, 'image')
  // The shell forbids files over 2 MiB (4096 blocks of 512 bytes) to the program it becomes,
  // and lets writes beyond that fail instead of ending it: a full disk for one process.
  const script = 'trap \'\' XFSZ; ulimit -f 4096; exec "$@"'
  const command = [process.execPath, WRITER, folder]
  const { stdout } = await promisify(execFile)('sh', ['-c', script, 'sh', ...command])
  const seen = JSON.parse(stdout) as { acknowledged: number; [key: string]: unknown }
  const { acknowledged } = seen
  assert.ok(acknowledged > 0)
  assert.deepEqual(seen, {
    acknowledged,
    code: 'READ_ONLY',
    refused: ['rejected', 'rejected'],
    later: 'READ_ONLY',
    readable: acknowledged,
  })
  const store = openLmdbStore(folder)
  assert.equal(store.head().tid, acknowledged)
  assert.deepEqual(store.verify(), {
    objects: acknowledged,
    revisions: acknowledged,
    transactions: acknowledged,
    damage: [],
  })
  // With room again, the image goes on where it was.
  const tid = acknowledged + 1
  await store.commit({
    transactions: [{ tid, time: tid, author: '', note: '', revisions: [], names: [] }],
    tables: [],
  })
  assert.equal(store.head().tid, tid)
  await store.close()
})
