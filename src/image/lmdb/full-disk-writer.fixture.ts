// Owns: a process that commits until the disk refuses, for full-disk.test.ts, and prints what it saw.
// Leaves: setting the size at which the disk refuses to the test.
// Laws: none of its own; no part of a running kernel imports this.
import { asFault } from '#ground'
import type { Group } from '../store.ts'
import { openLmdbStore } from './store.ts'

const store = openLmdbStore(process.argv[2] as string)

function numbered(tid: number, size: number): Group {
  const payload = Buffer.alloc(size, tid)
  const revisions = [{ oid: tid, tid, kind: 'object' as const, refs: [], payload }]
  const transaction = { tid, time: tid, author: 'full', note: '', revisions, names: [] }
  return {
    transactions: [transaction],
    tables: [{ table: 'facts', key: 'newest', value: payload }],
  }
}

let acknowledged = 0
let tid = 0
let behind: PromiseSettledResult<void>[] = []
let code: string | undefined
while (code === undefined) {
  const first = store.commit(numbered(++tid, 100_000))
  // These small ones might still fit where the large one did not, and must fail with it.
  const small = [store.commit(numbered(++tid, 10)), store.commit(numbered(++tid, 10))]
  try {
    await first
    acknowledged = tid - 2
    await Promise.all(small)
    acknowledged = tid
  } catch (error) {
    code = asFault(error)?.code ?? String(error)
    behind = await Promise.allSettled(small)
  }
}
let later: string | undefined
try {
  await store.commit(numbered(++tid, 10))
} catch (error) {
  later = asFault(error)?.code
}
const refused = behind.map((result) => result.status)
const readable = store.read(acknowledged)?.tid
await store.close()
console.log(JSON.stringify({ acknowledged, code, refused, later, readable }))
