// Every golden image, opened by a kernel of today; and whether what a kernel writes today has a layout of its own.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { type OpenWorld, open } from '#batos'
import { LAYOUT_VERSION, openLmdbStore } from '#image'
import { ScriptedProvider } from '#mind'
import { fillGoldenWorld, formsOf } from '../../tools/golden-world.ts'

const GOLDEN = fileURLToPath(new URL('../../src/image/golden', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'batos-golden-'))
const worlds = new Set<OpenWorld>()
after(async () => {
  // One that a failed test left open would keep this process from ending.
  for (const world of worlds) await world.close()
  rmSync(scratch, { recursive: true })
})

async function opened(...given: Parameters<typeof open>): Promise<OpenWorld> {
  const world = await open(...given)
  worlds.add(world)
  return world
}

const read = (image: string, what: string) =>
  readFileSync(join(GOLDEN, `${image}.${what}.txt`), 'utf8')

const closed = async (world: OpenWorld) => {
  worlds.delete(world)
  await world.close()
}

/** A copy of a golden image, in the folder of a world. */
function copyOf(image: string): string {
  const folder = mkdtempSync(join(scratch, `${image}-`))
  mkdirSync(join(folder, 'data'))
  const bytes = gunzipSync(Buffer.from(read(image, 'base64'), 'base64'))
  writeFileSync(join(folder, 'data', 'data.mdb'), bytes)
  return folder
}

test('[IM81] a kernel opens the image of the first layout, answers from it and goes on with it', async () => {
  const folder = copyOf('layout-1')
  const told: string[] = []
  const world = await opened(folder, { onTrouble: (what) => void told.push(what) })
  assert.equal(world.awakened, false)
  assert.equal(await world.send('moving', 'count'), 7)
  await world.request('SetSlotCommand', { target: 'moving', slot: 'count', value: 8 })
  const report = (await world.request('VerifyCommand', {})) as { damage: unknown[] }
  assert.deepEqual(report.damage, [])
  await closed(world)
  const again = await opened(folder)
  assert.equal(await again.send('moving', 'count'), 8)
  await closed(again)
  // It has a row among the waiting messages that no kernel wrote: it is told, and stays.
  assert.match(told.join('\n'), /what waited as "w" is no message/)
})

test('[IM81] a kernel opens the image that a kernel of layout 2 left: what waited waits, what was parked is answered, what is barred stays barred', async () => {
  const folder = copyOf('kernel-2')
  const world = await opened(folder, { provider: new ScriptedProvider([]), policy: 'auto' })
  assert.equal(world.awakened, false)
  // A key that was answered is not run again.
  const count = await world.send('counter', 'count')
  assert.equal(await world.send('counter', 'increment', [], { key: 'once' }), 2)
  assert.equal(await world.send('counter', 'count'), count)
  await assert.rejects(world.send('counter', 'hang'), { code: 'QUARANTINED' })
  const versions = (await world.request('ListVersionsCommand', {
    target: 'counter',
    selector: 'increment',
  })) as { versions: { version: number }[] }
  assert.deepEqual(versions.versions.map(({ version }) => version).toSorted(), [1, 2])
  const { proposals } = (await world.request('ListProposalsCommand', {})) as {
    proposals: { id: string; status: string }[]
  }
  const waiting = proposals.find(({ status }) => status === 'open')
  assert.ok(waiting !== undefined, JSON.stringify(proposals))
  const { cases } = (await world.request('ListCasesCommand', {})) as { cases: unknown[] }
  assert.ok(cases.length >= 2)
  // The message that waits is answered under its key once a person lets the draft in.
  await world.request('AcceptProposalCommand', { proposal: waiting.id })
  assert.equal(await world.send('counter', 'add', [5], { key: 'waits' }), 5)
  const report = (await world.request('VerifyCommand', {})) as { damage: unknown[] }
  assert.deepEqual(report.damage, [])
  await closed(world)
})

test('[IM124] the rows that a kernel writes today have the forms of the newest layout, and every table in use has some', async () => {
  const folder = mkdtempSync(join(scratch, 'today-'))
  await fillGoldenWorld(folder)
  const store = openLmdbStore(join(folder, 'data'), { readOnly: true })
  const forms = formsOf(store)
  await store.close()
  const newest = `kernel-${LAYOUT_VERSION}`
  const remedy =
    'Rows of a new form, or a new table, take a new layout: raise LAYOUT_VERSION, add the step that leads to it, tell it in docs/formats/image.md, and make its golden images with tools/make-golden.ts.'
  assert.equal(forms, read(newest, 'forms'), remedy)
  // One table was never used; every later one has its rows in the golden image.
  assert.deepEqual(forms.match(/^\w+ has no row$/gm), ['refused has no row'])
})
