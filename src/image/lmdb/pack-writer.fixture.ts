// Owns: a process that commits and packs at once and prints what was acknowledged, for pack.test.ts.
// Leaves: killing it to the test.
// Laws: none of its own; no part of a running kernel imports this.
import { writeSync } from 'node:fs'
import { group, revision, transaction } from '../contract-parts.ts'
import { openLmdbStore } from './store.ts'

/** Objects that hang on the first one, each referring to the next. */
const CHAIN = 40

const store = openLmdbStore(process.argv[2] as string)
let tid = store.head().tid

async function pack(): Promise<void> {
  for (;;) {
    await store.pack({ before: store.head().tid, gc: true })
    writeSync(1, `packed ${store.packedTo()}\n`)
  }
}

async function write(): Promise<void> {
  for (;;) {
    tid++
    const number = tid
    // The whole chain is made anew, so the one before is garbage; the last object of the old one is kept alive.
    const first = 10 + number * CHAIN
    const chain = Array.from({ length: CHAIN }, (_, index) => {
      const next = index + 1 < CHAIN ? [first + index + 1] : []
      return revision(first + index, number, `${number}`, next)
    })
    const root = revision(1, number, `${number}`, [first])
    await store.commit(group([transaction(number, [root, ...chain])]))
    writeSync(1, `${number}\n`)
  }
}

await Promise.all([pack(), write()])
