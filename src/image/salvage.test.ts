// Owns: the claims about salvaging: what comes out of sound, damaged and ruined files.
// Leaves: finding damage to lmdb/damage.test.ts.
// Laws: IM84, IM85.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { seeded } from '#objects'
import { group, portrait, revision, transaction } from './contract-parts.ts'
import { damaged, digest, makeImage, putImage } from './lmdb/damaged.fixture.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { verifyPages } from './lmdb/verify-pages.ts'
import { openMemoryStore } from './memory/store.ts'
import { type SalvageReport, salvage } from './salvage.ts'
import type { Store } from './store.ts'

const SEEDS = 120

const scratch = mkdtempSync(join(tmpdir(), 'batos-salvage-'))
after(() => rmSync(scratch, { recursive: true }))

const image = join(scratch, 'image')
await makeImage(image)
const sound = readFileSync(join(image, 'data.mdb'))
const store = openLmdbStore(image, { readOnly: true })
after(() => store.close())

/** Every revision that a store has, as text: what a salvage may find, and nothing else. */
function revisionsOf(from: Store): Set<string> {
  const found = new Set<string>()
  for (const { oid } of from.objects()) {
    for (const { tid, kind, refs, payload } of from.revisions(oid)) {
      found.add(`${oid} ${tid} ${kind} ${refs.join()} ${Buffer.from(payload).toString('base64')}`)
    }
  }
  return found
}

const facts = (from: Store): string[] =>
  from.scan('facts').map(({ key, value }) => `${key} ${Buffer.from(value).toString('hex')}`)

const original = revisionsOf(store)
let places = 0

async function salvaged(bytes: Uint8Array) {
  const folder = join(scratch, `damaged-${places++}`)
  putImage(folder, bytes)
  const target = openMemoryStore()
  return { report: await salvage(folder, target), target }
}

test('[IM84] [J4] salvaging a sound image gives an equal one and an empty list', async () => {
  const { report, target } = await salvaged(sound)
  assert.equal(digest(target), digest(store))
  assert.deepEqual(
    [target.head(), target.packedTo(), facts(target)],
    [store.head(), store.packedTo(), facts(store)],
  )
  const { lost, lostNames, dangling, undescribed, cut, tables, damage } = report
  for (const list of [lost, lostNames, dangling, undescribed, cut, tables, damage]) {
    assert.deepEqual(list, [])
  }
  // Without a pack behind it, equal to the last description.
  const folder = join(scratch, 'unpacked')
  const unpacked = openLmdbStore(folder)
  for (let tid = 1; tid <= 9; tid++) {
    const objects = [revision(1, tid, `${tid}`), revision(tid + 1, tid, '', [1])]
    await unpacked.commit(group([transaction(tid, objects, [{ name: `n${tid}`, oid: 1 }])]))
  }
  const expected = portrait(unpacked)
  await unpacked.close()
  const again = openLmdbStore(join(scratch, 'again'))
  await salvage(folder, again)
  assert.deepEqual(portrait(again), expected)
  await again.close()
})

/** What came out holds only the truth, and what it does not hold is told. */
async function assertTruth(bytes: Uint8Array, what: string): Promise<SalvageReport> {
  const { report, target } = await salvaged(bytes)
  for (const found of revisionsOf(target)) {
    // Older revisions that the pack had removed may come back from free pages; they were true in their time.
    const [, tid] = found.split(' ')
    const isPast = Number(tid) <= store.packedTo()
    assert.ok(original.has(found) || isPast, `${what}: made up ${found.slice(0, 40)}`)
  }
  for (const { oid, tid } of store.objects()) {
    const kept = target.read(oid)
    if (kept?.tid === tid) continue
    const isTold =
      report.lost.some((one) => one.oid === oid && one.tid === tid) ||
      report.cut.includes(tid) ||
      tid <= store.packedTo() ||
      tid > target.head().tid
    assert.ok(isTold, `${what}: ${oid} at ${tid} is lost and not told`)
  }
  for (const { problem } of target.verify().damage) assert.match(problem, /which is not there/)
  await target.close()
  return report
}

test(`[IM85] [J4] of ${SEEDS} random damages each leaves an image that is sound and holds only the truth`, async () => {
  let complete = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { bytes, what } = damaged(sound, seed)
    const { lost, cut, lostNames } = await assertTruth(bytes, `seed ${seed}: ${what}`)
    if (lost.length + cut.length + lostNames.length === 0) complete++
  }
  assert.ok(complete > SEEDS / 3, `${complete} of ${SEEDS} lost nothing`)
})

test('[IM85] [J4] a kilobyte, four halves of one, 32 kilobytes and broken heads of pages: it ends, tells, and what comes out opens', async () => {
  const random = seeded(4)
  const somewhere = (length: number) => Math.floor(random() * (sound.length - length))
  const noise = (bytes: Buffer, at: number, length: number): void => {
    for (let index = at; index < at + length; index++) bytes[index] = Math.floor(random() * 256)
  }
  const shapes: Record<string, (bytes: Buffer) => void> = {
    'a kilobyte': (bytes) => noise(bytes, somewhere(1_024), 1_024),
    'four halves of a kilobyte': (bytes) => {
      for (let time = 0; time < 4; time++) noise(bytes, somewhere(512), 512)
    },
    '32 kilobytes': (bytes) => noise(bytes, somewhere(32_768), 32_768),
    'broken heads of pages': (bytes) => {
      for (let page = 0; page * 4_096 < bytes.length; page += 5) noise(bytes, page * 4_096, 16)
    },
  }
  for (const [what, damage] of Object.entries(shapes)) {
    let told = 0
    for (let time = 0; time < 6; time++) {
      const bytes = Buffer.from(sound)
      damage(bytes)
      const { damage: found, lost, cut } = await assertTruth(bytes, `${what}, ${time}`)
      if (found.length + lost.length + cut.length > 0) told++
    }
    assert.ok(told > 0, `${what}: nothing was told`)
  }
})

test('[IM85] with both first pages gone everything is found by its checksums', async () => {
  const bytes = Buffer.from(sound)
  bytes.fill(0, 0, 8192)
  const { report, target } = await salvaged(bytes)
  assert.deepEqual(report.lost, [])
  for (const { oid, tid, payload } of store.objects()) {
    const kept = target.read(oid)
    assert.equal(kept?.tid, tid)
    assert.deepEqual(Buffer.from(kept?.payload ?? []), Buffer.from(payload))
  }
  assert.deepEqual(target.names(), store.names())
  assert.deepEqual(facts(target), facts(store))
  // A message that was dealt with must not come back, so none is taken from pages that nothing leads to.
  assert.equal(target.scan('waiting').length, 0)
  assert.ok(report.tables.includes('waiting'))
})

test('[IM85] every fourth page gone, a cut file and no image at all: it ends, and says what is lost', async () => {
  const bytes = Buffer.from(sound)
  for (let page = 3; page * 4096 < bytes.length; page += 4) {
    bytes.fill(0, page * 4096, (page + 1) * 4096)
  }
  const torn = await salvaged(bytes)
  assert.ok(torn.report.lost.length > 0 || torn.report.cut.length > 0)
  assert.ok(torn.report.revisions > original.size / 4)
  for (const { problem } of torn.target.verify().damage) assert.match(problem, /not there/)
  const cut = await salvaged(sound.subarray(0, Math.floor(sound.length / 2)))
  assert.ok(cut.report.revisions > 0)
  for (const nothing of [Buffer.alloc(0), Buffer.alloc(10_000, 1), Buffer.from('a text')]) {
    const { report } = await salvaged(nothing)
    assert.deepEqual([report.transactions, report.revisions], [0, 0])
    assert.ok(report.damage.length > 0)
  }
  await assert.rejects(salvage(join(scratch, 'nowhere'), openMemoryStore()), {
    code: 'IMAGE_DAMAGED',
  })
})

test('[IM85] what is salvaged is an image like any other: it opens, its pages add up, it takes commits', async () => {
  const bytes = Buffer.from(sound)
  bytes.fill(0, 20 * 4096, 23 * 4096)
  const folder = join(scratch, 'ruined')
  putImage(folder, bytes)
  const place = join(scratch, 'mended')
  mkdirSync(place)
  const target = openLmdbStore(place)
  const report = await salvage(folder, target)
  assert.ok(report.damage.length > 0)
  const next = target.head().tid + 1
  await target.commit(group([transaction(next, [revision(1, next, 'goes on')])]))
  await target.close()
  const { damage } = verifyPages(place)
  assert.deepEqual(
    damage.filter(({ problem }) => !problem.includes('not there')),
    [],
  )
  // The damaged file is left as it was.
  assert.deepEqual(readFileSync(join(folder, 'data.mdb')), bytes)
})
