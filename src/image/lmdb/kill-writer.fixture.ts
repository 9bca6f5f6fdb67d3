// Owns: a process that commits numbered groups and prints each number once it is acknowledged, for kill.test.ts.
// Leaves: killing it to the test.
// Laws: none of its own; no part of a running kernel imports this.
import { writeSync } from 'node:fs'
import { openLmdbStore } from './store.ts'

/** How many commits are under way at any time. */
const UNDER_WAY = 16

const store = openLmdbStore(process.argv[2] as string)
let tid = store.head().tid
const commits: Promise<void>[] = []

for (;;) {
  tid++
  const payload = Buffer.from(`group ${tid}`)
  const number = tid
  // A mirror pair, a new object, a name and a fact: all of them must speak of the same group afterwards.
  const kept = store.commit({
    transactions: [
      {
        tid,
        time: tid,
        author: 'kill',
        note: '',
        revisions: [
          { oid: 1, tid, kind: 'object', refs: [2], payload },
          { oid: 2, tid, kind: 'object', refs: [1, 2 + tid], payload },
          { oid: 2 + tid, tid, kind: 'object', refs: [1], payload },
        ],
        names: [{ name: 'newest', oid: 2 + tid }],
      },
    ],
    tables: [{ table: 'facts', key: 'newest', value: payload }],
  })
  // Synchronous, so that what was printed was acknowledged, whenever the kill comes.
  commits.push(kept.then(() => void writeSync(1, `${number}\n`)))
  if (commits.length >= UNDER_WAY) await commits.shift()
}
