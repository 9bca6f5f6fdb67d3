// Owns: the claims about opening an image as a kernel does: what is looked at before, what beside, and what a clean close leaves.
// Leaves: random damage to lmdb/damage.test.ts; commands on a damaged image to tests/.
// Laws: IM120, IM121, IM122.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { spawnNode } from '#powers'
import { group, revision, textOf, transaction } from './contract-parts.ts'
import { makeImage } from './lmdb/damaged.fixture.ts'
import { PageFile, readTree } from './lmdb/page-file.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { type OpeningOptions, openImage, requireSoundFile } from './opening.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-opening-'))
after(() => rmSync(scratch, { recursive: true }))

const DAMAGED = { code: 'IMAGE_DAMAGED', remedy: /batos salvage/ }

/** Opens as if the file were a large one: at a clean end its beginning alone is looked at before. */
const asLarge = (folder: string, options: Partial<OpeningOptions> = {}) =>
  openImage(folder, { spawn: spawnNode, whole: 0, ...options })

async function madeImage(name: string): Promise<string> {
  const folder = join(scratch, name)
  await makeImage(folder)
  return folder
}

/** An image that was closed in order after a first opening, which looked at all of it. */
async function closedLarge(name: string): Promise<string> {
  const folder = await madeImage(name)
  const image = asLarge(folder)
  await image.looked
  await image.close()
  return folder
}

function alter(folder: string, change: (bytes: Buffer) => void): void {
  const file = join(folder, 'data.mdb')
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
}

const zeroPage = (folder: string, page: number) =>
  alter(folder, (bytes) => bytes.fill(0, page * 4096, (page + 1) * 4096))

/** A leaf of the records that is in use: the first that the newest root leads to. */
function leafInUse(folder: string): number {
  using file = new PageFile(join(folder, 'data.mdb'))
  const main = file.page(file.meta?.main.root ?? 0) as Buffer
  const at = main.indexOf('records\0')
  let { root, depth } = readTree(main, at + 'records\0'.length)
  for (; depth > 1; depth--) {
    const page = file.page(root) as Buffer
    root = page.readUIntLE(24 + page.readUInt16LE(24), 6)
  }
  return root
}

test('[IM120] a file that is empty, or that is gone after a clean end, is not made anew', async () => {
  const folder = await closedLarge('gone')
  const file = join(folder, 'data.mdb')
  truncateSync(file, 0)
  assert.throws(() => openImage(folder, { spawn: spawnNode }), { code: 'IMAGE_DAMAGED' })
  assert.throws(() => requireSoundFile(folder), { code: 'IMAGE_DAMAGED' })
  rmSync(file)
  assert.throws(() => openImage(folder, { spawn: spawnNode }), DAMAGED)
  assert.equal(existsSync(file), false)
  // Where nothing ever was, an image is made.
  const image = openImage(join(scratch, 'new'), { spawn: spawnNode })
  await image.store.commit(group([transaction(1, [revision(1, 1, 'first')])]))
  await image.close()
  requireSoundFile(join(scratch, 'new'))
})

test('[IM120] a large file is looked over whole after an end that was not clean, and by its beginning after one that was', async () => {
  const folder = await madeImage('large')
  const notices: string[] = []
  const onNotice = (what: string) => void notices.push(what)
  const first = asLarge(folder, { onNotice })
  await first.close()
  assert.equal(notices.length, 1)
  const again = asLarge(folder, { onNotice })
  await again.looked
  await again.close()
  assert.equal(notices.length, 1)
  // A store that nobody closed through the door, or whose process was killed, leaves what no longer fits the word of the close.
  const store = openLmdbStore(folder)
  await store.commit(group([transaction(63, [revision(1, 63, 'behind')])]))
  await store.close()
  zeroPage(folder, leafInUse(folder))
  assert.throws(() => asLarge(folder, { onNotice }), DAMAGED)
  assert.equal(notices.length, 2)
})

test('[IM120] at the beginning of a large file damage is found before anything is mapped', async () => {
  const folder = await closedLarge('beginning')
  const sound = readFileSync(join(folder, 'data.mdb'))
  const restore = () => writeFileSync(join(folder, 'data.mdb'), sound)
  using file = new PageFile(join(folder, 'data.mdb'))
  const { main, free } = file.meta as NonNullable<PageFile['meta']>
  const mainPage = file.page(main.root) as Buffer
  const at = mainPage.indexOf('records\0')
  const records = readTree(mainPage, at + 'records\0'.length)
  const pages = { 'a meta page': 0, 'the other': 1, 'the tree of trees': main.root }
  const roots = { 'free pages': free.root, 'the root of records': records.root }
  for (const [what, page] of Object.entries({ ...pages, ...roots })) {
    zeroPage(folder, page)
    assert.throws(() => asLarge(folder), DAMAGED, what)
    restore()
  }
  truncateSync(join(folder, 'data.mdb'), sound.length / 2)
  assert.throws(() => asLarge(folder), DAMAGED, 'half of it')
  restore()
  const image = asLarge(folder)
  await image.close()
})

test('[IM121] what is found in a large file while it is open refuses writes, and the next opening', async () => {
  const folder = await closedLarge('middle')
  const leaf = leafInUse(folder)
  zeroPage(folder, leaf)
  const told: Error[] = []
  const image = asLarge(folder, { onDamage: (fault) => void told.push(fault) })
  await image.looked
  assert.equal(told.length, 1)
  assert.match(String(told[0]?.message), /takes no more writes\. Page \d+ of tree records/)
  const next = group([transaction(63, [revision(1, 63, 'lost')])])
  await assert.rejects(image.store.commit(next), DAMAGED)
  await assert.rejects(image.store.pack({ before: 60, gc: false }), DAMAGED)
  // What is sound can still be read.
  assert.equal(image.store.name('last'), 1)
  await image.close()
  assert.throws(() => asLarge(folder), DAMAGED)
})

test('[IM121] an image that is closed while it is looked over closes, and is looked over again', async () => {
  const folder = await closedLarge('closing')
  const image = asLarge(folder)
  await image.close()
  await image.looked
  zeroPage(folder, leafInUse(folder))
  const told: Error[] = []
  const again = asLarge(folder, { onDamage: (fault) => void told.push(fault) })
  await again.looked
  assert.equal(told.length, 1)
  await again.close()
})

test('[IM122] a running image is verified as of one transaction while others are committed', async () => {
  const folder = await madeImage('running')
  const image = openImage(folder, { spawn: spawnNode })
  const { store } = image
  let isVerifying = true
  let commits = 0
  const write = async () => {
    for (let tid = 63; isVerifying; tid++) {
      const objects = Array.from({ length: 9 }, (_, index) => {
        return revision(1 + ((tid * 13 + index * 7) % 250), tid, 'x'.repeat(9 * (tid % 90)))
      })
      const unique = [...new Map(objects.map((one) => [one.oid, one])).values()]
      const waiting = { table: 'waiting', key: `${tid}`, value: Buffer.alloc(900) } as const
      const gone = { table: 'waiting', key: `${tid - 3}`, value: null } as const
      await store.commit(group([transaction(tid, unique)], [waiting, gone]))
      commits++
    }
  }
  const writing = write()
  // Those who ask while a process reads share the next one.
  const [one, ...others] = await Promise.all([1, 2, 3, 4].map(() => image.verify()))
  assert.ok(others.every((report) => report === others[0]) && one !== undefined)
  for (let time = 0; time < 2; time++) {
    const report = await image.verify()
    assert.deepEqual(report.damage, [])
    assert.ok(report.transactions >= 62 && report.objects >= 300, JSON.stringify(report))
  }
  isVerifying = false
  await writing
  assert.ok(commits > 10, `${commits} commits`)
  await image.close()
  requireSoundFile(folder)
})

test('[IM122] verifying a running image names the objects of a damaged page, and whoever asks lives', async () => {
  const folder = await madeImage('asked')
  const image = openImage(folder, { spawn: spawnNode })
  // A key of #1 now says another object: LMDB would find nothing where something was written.
  const before = textOf(image.store.read(1))
  const leaf = leafInUse(folder)
  alter(folder, (bytes) => {
    const page = bytes.subarray(leaf * 4096, (leaf + 1) * 4096)
    const first = page.readUInt16LE(24) + 24
    page[first + 8] = 0x40
  })
  const { damage } = await image.verify()
  assert.ok(
    damage.some(({ oid, problem }) => oid === 1 && /lies under a damaged key/.test(problem)),
    JSON.stringify(damage),
  )
  assert.equal(before, 'last')
  zeroPage(folder, leaf)
  const zeroed = await image.verify()
  const problems = zeroed.damage.map(({ problem }) => problem).join('\n')
  assert.match(problems, /Records of objects up to #\w+ lay there/)
  await image.close()
})
