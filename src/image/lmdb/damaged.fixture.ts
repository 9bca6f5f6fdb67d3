// Owns: an image to damage, and damage done to its file by a seed.
// Leaves: finding it to the tests of checking and salvaging.
// Laws: none of its own; no part of a running kernel imports this.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asFault } from '#ground'
import { group, portrait, revision, transaction } from '../contract-parts.ts'
import type { Revision, Store } from '../store.ts'
import { chance } from './killed.fixture.ts'
import { openLmdbStore } from './store.ts'

/** Makes an image with trees of several levels, large values, names that moved, free pages and a pack behind it. */
export async function makeImage(folder: string): Promise<void> {
  const store = openLmdbStore(folder)
  for (let tid = 1; tid <= 60; tid++) {
    const objects = Array.from({ length: 12 }, (_, index) => {
      const oid = 1 + ((tid * 7 + index * 11) % 250)
      return revision(oid, tid, `${oid}@${tid} `.repeat(1 + ((oid * tid) % 40)), [1 + (oid % 9)])
    })
    const unique = [...new Map(objects.map((one) => [one.oid, one])).values()]
    const large = { ...revision(300 + tid, tid, ''), payload: Buffer.alloc(3_000 + tid * 200, tid) }
    await store.commit(
      group(
        [transaction(tid, [...unique, large], [{ name: `name ${tid % 17}`, oid: 300 + tid }])],
        [
          { table: 'facts', key: `fact ${tid % 23}`, value: Buffer.from(`${tid}`.repeat(9)) },
          { table: 'waiting', key: `${tid}`, value: tid % 3 === 0 ? null : Buffer.alloc(200, tid) },
        ],
      ),
    )
  }
  const roots = Array.from({ length: 9 }, (_, index) => revision(1 + index, 61, 'root'))
  await store.commit(group([transaction(61, roots)]))
  await store.pack({ before: 20, gc: false })
  await store.commit(
    group([transaction(62, [revision(1, 62, 'last')], [{ name: 'last', oid: 1 }])]),
  )
  await store.close()
}

/** All that a store answers, in one short text. */
export function digest(store: Store): string {
  const text = JSON.stringify(portraitOf(store))
  return createHash('sha256').update(text).digest('hex')
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function portraitOf(store: Store): unknown {
  if (store.packedTo() === 0) return portrait(store)
  const tids = Array.from({ length: store.head().tid }, (_, index) => index + 1)
  const retained = tids.filter((tid) => tid >= store.packedTo())
  return {
    head: store.head(),
    replayed: [...store.replay()].map((one) => ({
      ...one,
      revisions: one.revisions.map((found) => ({ ...found, payload: hex(found.payload) })),
    })),
    names: retained.map((at) => store.names({ at })),
    objects: retained.map((at) => [...store.objects({ at })].map(({ oid, tid }) => [oid, tid])),
    facts: store.scan('facts').map(({ key, value }) => [key, hex(value)]),
    waiting: store.scan('waiting').map(({ key }) => key),
    report: store.verify(),
  }
}

/**
 * What a kernel asks a store for, answer by answer, as texts that can be compared; `IMAGE_DAMAGED` where that is the answer. What may
 * be asked of each object, name, transaction and table does not depend on the answers.
 */
export function answersOf(store: Store): string[] {
  const answers: string[] = []
  const ask = (question: () => unknown): void => {
    try {
      answers.push(JSON.stringify(question()) ?? 'undefined')
    } catch (error) {
      if (asFault(error)?.code !== 'IMAGE_DAMAGED') throw error
      answers.push('IMAGE_DAMAGED')
    }
  }
  const told = (found: Revision | undefined) => found && { ...found, payload: hex(found.payload) }
  ask(() => [store.head(), store.packedTo()])
  for (let oid = 0; oid <= 370; oid++) {
    ask(() => told(store.read(oid)))
    ask(() => told(store.read(oid, 40)))
    ask(() => store.revisions(oid).map(told))
  }
  for (let name = 0; name < 18; name++) ask(() => store.name(`name ${name}`))
  for (let tid = 0; tid <= 63; tid++) ask(() => store.transaction(tid))
  ask(() => store.names())
  ask(() => store.names({ at: 30 }))
  ask(() => store.transactions({ limit: 100 }))
  ask(() => [...store.objects()].map(told))
  for (const table of ['facts', 'waiting', 'outbox'] as const) {
    ask(() => store.scan(table).map(({ key, value }) => [key, hex(value)]))
  }
  for (let key = 0; key < 61; key++) {
    ask(() => hex(store.get('waiting', `${key}`) ?? Buffer.from('none')))
  }
  return answers
}

/** Bytes with one damage that depends on the seed alone, and what it was. */
export function damaged(sound: Buffer, seed: number): { bytes: Buffer; what: string } {
  const random = chance(seed * 7_919 + 1)
  const next = (below: number): number => Math.floor(random.next().value * below)
  for (let i = 0; i < 3; i++) next(2)
  const bytes = Buffer.from(sound)
  // Some of it close to the beginning, where everything is said that all else hangs on.
  const at = next(4) === 0 ? next(2 * 4096) : next(bytes.length)
  const kind = next(10)
  if (kind < 5) {
    const bit = next(8)
    bytes[at] = (bytes[at] as number) ^ (1 << bit)
    return { bytes, what: `bit ${bit} of byte ${at} flipped` }
  }
  if (kind < 7) {
    const length = 1 + next(600)
    for (let i = at; i < Math.min(at + length, bytes.length); i++) bytes[i] = next(256)
    return { bytes, what: `${length} bytes from ${at} overwritten` }
  }
  if (kind < 9) {
    const length = next(2) === 0 ? 1 + next(900) : 4096
    const start = length === 4096 ? at - (at % 4096) : at
    bytes.fill(0, start, start + length)
    return { bytes, what: `${length} bytes from ${start} zeroed` }
  }
  return { bytes: bytes.subarray(0, at), what: `cut at ${at}` }
}

/** Puts the bytes of an image into a new folder. */
export function putImage(folder: string, bytes: Uint8Array): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'data.mdb'), bytes)
}
