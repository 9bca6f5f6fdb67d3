// Every command on an image whose file is damaged, as real processes.
import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { connect } from '#batos'
import { Place } from './processes.ts'

const COMMANDS = [
  'ls',
  'send genesis clone: x',
  'log',
  'show genesis',
  'source genesis clone:',
  'history genesis',
  'at 1 ls',
  'diff 0 1',
  'undo 1',
  'pack',
  'dump -',
  'load -',
  'awaken',
  'status',
  'policy',
  'proposal ls',
  'persona ls',
  'tell hello',
  'up --port 0 --policy off',
]

/** Faults with 8, a sentence and the way to what is whole. */
async function isRefused(place: Place, command: string): Promise<void> {
  const { code, out, err } = await place.run(command.split(' '))
  assert.equal(code, 8, `${command}: ${out} ${err}`)
  assert.match(err, /IMAGE_DAMAGED: The image in .* is damaged and was not opened\. \w/, command)
  assert.match(err, /batos salvage/, command)
  assert.equal(out, '', command)
}

test('[CL150] every command on an image whose file is cut in half ends with 8, a sentence and the way to salvage', async () => {
  await using place = new Place()
  await place.run(['awaken'])
  const file = join(place.image, 'data', 'data.mdb')
  truncateSync(file, readFileSync(file).length / 2)
  const cut = readFileSync(file)

  for (const command of COMMANDS) await isRefused(place, command)
  await isRefused(place, `backup ${join(place.folder, 'backup')}`)
  assert.deepEqual(readFileSync(file), cut)
  const verified = await place.run(['verify'])
  assert.equal(verified.code, 8)
  assert.match(verified.out + verified.err, /batos salvage/)
})

test('[CL150] so do those whose first page, first two pages, or all bytes are gone', async () => {
  await using place = new Place()
  await place.run(['awaken'])
  const file = join(place.image, 'data', 'data.mdb')
  const sound = readFileSync(file)
  for (const bytes of [Buffer.from(sound).fill(0, 0, 4096), Buffer.from(sound).fill(0, 0, 8192)]) {
    writeFileSync(file, bytes)
    for (const command of ['ls', 'log', 'backup x']) await isRefused(place, command)
  }
  writeFileSync(file, '')
  const { code, err } = await place.run(['ls'])
  assert.equal(code, 8, err)
  assert.match(err, /Its file is empty/)
  writeFileSync(file, sound)
  assert.equal((await place.run(['ls'])).code, 0)
})

test('[CL150] verify beside a running kernel finds what was damaged under it, and the kernel lives', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await connect(String(about.endpoint), { token: String(about.token) })
  const sound = await place.run(['verify'])
  assert.deepEqual([sound.code, sound.err], [0, ''], sound.out)
  const file = join(place.image, 'data', 'data.mdb')
  const bytes = readFileSync(file)
  // In place, as a failing disk would: the file is mapped.
  const source = bytes.indexOf('respondsTo:')
  assert.ok(source > 8192)
  writeFileSync(file, bytes.fill(0, source - (source % 4096), source - (source % 4096) + 64), {
    flag: 'r+',
  })
  const verified = await place.run(['verify'])
  assert.equal(verified.code, 8, verified.out)
  assert.match(verified.out, /page|Page|record/)
  await client.request('GetStatusCommand', {})
  client.close()
})
