// A kernel that packs by itself, as a real process: old history goes while messages are answered, and it says so.
import assert from 'node:assert/strict'
import test from 'node:test'
import { connect } from '#batos'
import { Place } from './processes.ts'

type Given = Record<string, unknown>

interface Packing {
  keep: number
  above: number
  bytes: number
  packs: number
  last?: { packedTo: string; revisionsRemoved: number }
}

test('[KN84] [CL94] history older than --keep goes by itself above --pack-above, while every message is answered', async () => {
  await using place = new Place()
  const { about, running } = await place.serve(['--keep', '1s', '--pack-above', '64KiB'])
  const client = await connect(String(about.endpoint), { token: String(about.token) })
  await client.request('CreateObjectCommand', {
    name: 'a',
    slots: { n: 0, text: 'x'.repeat(2_000) },
  })
  const packing = async () =>
    ((await client.request('GetStatusCommand')) as { packing: Packing }).packing
  const first = await packing()
  assert.deepEqual([first.keep, first.above, first.packs], [1_000, 64 * 1024, 0])
  let n = 0
  // A pack that comes soon after another may find nothing that is old enough.
  const isThrough = ({ last }: Packing) =>
    (last?.revisionsRemoved ?? 0) > 0 && Number(last?.packedTo) > 2
  for (let status = first; !isThrough(status); status = await packing()) {
    // Each is answered with what it wrote, whether a pack runs or not.
    for (const end = n + 50; n < end; ) {
      await client.request('SetSlotCommand', { target: 'a', slot: 'n', value: ++n })
    }
    assert.equal(await client.send('a', 'n', []), n)
  }
  const shown = await place.run(['status'])
  assert.match(shown.out, /image takes +[\d.]+ [KM]iB; above 64 KiB it packs itself/)
  assert.match(shown.out, /history +1s stay then/)
  assert.match(shown.out, /packed +.* UTC, to transaction \d+: \d+ records removed/)
  const past = await place.run(['show', 'a', '--at', '2', '--json'])
  assert.deepEqual([past.code, JSON.parse(past.out).fault.code], [4, 'CONFLICT'])
  client.close()
  running.child.kill('SIGTERM')
  const { code, err } = await running.ended
  assert.equal(code, 0)
  assert.match(err, /\d+ records and \d+ objects of old history are gone; it begins at transaction/)
  assert.match((await place.run(['verify'])).out, /^Sound: /)
})

test('[CL94] --keep all never packs by itself; what is no span and no size is refused', async () => {
  await using place = new Place()
  const { about } = await place.serve(['--keep', 'all', '--pack-above', '1'])
  const client = await connect(String(about.endpoint), { token: String(about.token) })
  assert.equal(((await client.request('GetStatusCommand')) as Given).packing, undefined)
  client.close()
  assert.doesNotMatch((await place.run(['status'])).out, /packs itself/)
  for (const words of [
    ['--keep', 'long'],
    ['--keep', '-1d'],
    ['--pack-above', 'much'],
    ['--pack-above', '1 GiB of'],
  ]) {
    assert.equal((await place.run(['up', ...words])).code, 2, words.join(' '))
  }
})

test('[CL94] a kernel that was told nothing keeps seven days, and packs above one GiB', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await connect(String(about.endpoint), { token: String(about.token) })
  const { packing } = (await client.request('GetStatusCommand')) as { packing: Packing }
  assert.deepEqual([packing.keep, packing.above], [7 * 24 * 3_600_000, 1024 ** 3])
  client.close()
})
