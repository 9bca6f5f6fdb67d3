// Owns: the claims about the package's door to images: its example, and that a program has an image alone.
// Leaves: objects and blobs to the suites of image; the packed package to tools/pack.test.ts.
// Laws: IM111.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  backup,
  openBlobStore,
  openDatabase,
  openMemoryStore,
  openStore,
  Persistent,
  restore,
} from './image.ts'

const scratch = mkdtempSync(join(tmpdir(), 'batos-own-image-'))
after(() => rmSync(scratch, { recursive: true }))

const DOOR = new URL('./image.ts', import.meta.url)
const PAGE = fileURLToPath(new URL('../docs/image.md', import.meta.url))

test('[IM111] the example of docs/image.md prints what it says, twice over', () => {
  const page = readFileSync(PAGE, 'utf8')
  const example = /```js\n([\s\S]*?)```/.exec(page)?.[1] as string
  const file = join(scratch, 'example.mjs')
  writeFileSync(file, example.replace("'batos/image'", JSON.stringify(DOOR.href)))
  const said = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => line)
  assert.equal(said.length, 3)
  for (let time = 0; time < 2; time++) {
    const args = ['--disable-warning=ExperimentalWarning', file]
    const done = spawnSync(process.execPath, args, { cwd: scratch, encoding: 'utf8' })
    assert.equal(done.status, 0, done.stderr)
    assert.deepEqual(done.stdout.trimEnd().split('\n'), said)
  }
})

test('[IM111] a program has an image alone, with its files, and lets go of it when it closes it', async () => {
  const folder = join(scratch, 'image')
  let store = await openStore(folder)
  await assert.rejects(openStore(folder), { code: 'IMAGE_IN_USE' })
  const photo = new Persistent({ title: 'cat' })
  await openDatabase(store, { now: () => 1_000 }).run(async (there) => {
    there.bind('photo', photo)
    const file = await there.openBlob(photo, 'write')
    await file.write(Buffer.from('meow'))
    await file.close()
  })
  await store.close()
  store = await openStore(folder)
  assert.deepEqual(store.verify().damage, [])
  const there = openDatabase(store, { now: () => 2_000 }).open()
  const found = there.name('photo') as Persistent
  assert.equal(readFileSync(there.blobPath(found), 'utf8'), 'meow')
  const file = join(scratch, 'backup')
  await backup(store, file)
  const target = await openBlobStore(openMemoryStore(), join(scratch, 'files'))
  await restore(file, target)
  assert.deepEqual(target.verify().damage, [])
  await store.close()
})
