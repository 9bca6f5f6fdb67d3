// The verbs about the image as a whole, as real processes: diff, undo, pack, dump, load, verify, salvage, backup, restore.
import assert from 'node:assert/strict'
import {
  readdirSync,
  readFileSync,
  statSync,
  openSync,
  writeSync,
  closeSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { connect } from '#batos'
import { Place } from './processes.ts'

/** A client of the kernel that a place serves. */
async function clientOf(about: Record<string, unknown>) {
  return connect(String(about.endpoint), { token: String(about.token) })
}

type Client = Awaited<ReturnType<typeof clientOf>>
type Given = Record<string, unknown>

async function tidOf(client: Client, op: string, fields: Given): Promise<string> {
  return String((await client.requestWithTid(op, fields)).tid)
}

async function slotsOf(client: Client, target: string): Promise<Map<string, Given>> {
  const state = (await client.request('GetFullStateCommand', { target })) as { slots: Given[] }
  return new Map(state.slots.map((slot) => [String(slot.name), slot]))
}

const json = (text: string) => JSON.parse(text)

test('[CL87] [BR68] a diff has each change once with what it was and is, and its counts are those shown', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  const first = await tidOf(client, 'CreateObjectCommand', { name: 'a', slots: { n: 1, gone: 2 } })
  await client.request('SetSlotCommand', { target: 'a', slot: 'n', value: [3, 'x'] })
  await client.request('SetSlotCommand', { target: 'a', slot: 'fresh', value: true })
  await client.request('RemoveSlotCommand', { target: 'a', slot: 'gone' })
  const method = { target: 'a', method_name: 'two', source: 'function two(self) { return 2 }' }
  await client.request('CreateMethodCommand', method)
  const last = await tidOf(client, 'CreateObjectCommand', { name: 'b' })
  client.close()
  const found = json((await place.run(['diff', first, last, '--json'])).out)
  assert.deepEqual(found.counts, { added: 1, removed: 0, changed: 1, slots: 5, names: 1 })
  const { slots } = found.objects[0] as { slots: { name: string; before?: Given; after?: Given }[] }
  const shown = new Map(slots.map((slot) => [slot.name, [slot.before?.value, slot.after?.value]]))
  assert.deepEqual(shown.get('n'), [1, [3, 'x']])
  assert.deepEqual(shown.get('gone'), [2, undefined])
  assert.deepEqual(shown.get('fresh'), [undefined, true])
  assert.equal(slots.find(({ name }) => name === 'two')?.after?.version, 1)
  assert.deepEqual(found.names, [{ name: 'b', before: null, after: found.objects[1].oid }])
  const text = (await place.run(['diff', first, last])).out
  assert.match(text, /\n {2}~ n {2}1 → \[3, "x"\]\n/)
  assert.match(text, /\n {2}\+ two {2}method v1\n/)
  assert.match(text, /\n1 objects added, 0 removed, 1 changed; 5 slots, 1 names\n$/)
  const back = json((await place.run(['diff', last, first, '--json'])).out)
  assert.deepEqual(back.counts, { added: 0, removed: 1, changed: 1, slots: 5, names: 1 })
  assert.equal((await place.run(['diff', first, 'never'])).code, 3)
})

test('[CL88] [BR60] [BR61] an undo restores data, parents, names and removed slots, is undone itself, and conflicts with what came later', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  await client.request('CreateObjectCommand', { name: 'trait', slots: { legs: 4 } })
  await client.request('CreateObjectCommand', { name: 'a', slots: { n: 1, list: [1, 2] } })
  const set = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'n', value: 2 })
  const done = await place.run(['undo', set, '--json'])
  assert.equal(done.code, 0, done.err)
  assert.equal((await slotsOf(client, 'a')).get('n')?.value, 1)
  const redo = await place.run(['undo', json(done.out).tid])
  assert.match(redo.out, /^Transaction \d+ is undone by transaction \d+\.\n$/)
  assert.equal((await slotsOf(client, 'a')).get('n')?.value, 2)

  const removed = await tidOf(client, 'RemoveSlotCommand', { target: 'a', slot: 'list' })
  await client.request('UndoCommand', { tid: removed })
  assert.deepEqual((await slotsOf(client, 'a')).get('list')?.value, [1, 2])
  const trait = (await slotsOf(client, 'trait')).get('legs')?.holder
  const parent = { target: 'a', slot: 'parent*', value: { $ref: trait } }
  const moved = await tidOf(client, 'SetSlotCommand', parent)
  assert.equal(await client.send('a', 'legs', []), 4)
  await client.request('UndoCommand', { tid: moved })
  assert.ok(!(await slotsOf(client, 'a')).has('legs'))

  // The name goes and comes back; in the same batch as its undo it is free for another.
  const made = await tidOf(client, 'CreateObjectCommand', { name: 'b', slots: { m: 1 } })
  const undone = await tidOf(client, 'UndoCommand', { tid: made })
  assert.equal((await place.run(['show', 'b'])).code, 3)
  await client.request('UndoCommand', { tid: undone })
  assert.equal((await slotsOf(client, 'b')).get('m')?.value, 1)

  const early = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'n', value: 5 })
  await client.request('SetSlotCommand', { target: 'a', slot: 'n', value: 6 })
  const refused = await place.run(['undo', early, '--json'])
  assert.equal(refused.code, 4)
  const { fault } = json(refused.out)
  assert.equal(fault.code, 'CONFLICT')
  assert.match(fault.message, /^n of #\w+ was changed by transaction \d+ after transaction \d+/)
  assert.equal(fault.data.slot, 'n')
  assert.equal((await slotsOf(client, 'a')).get('n')?.value, 6)
  assert.equal((await place.run(['undo', '999'])).code, 3)
  assert.equal((await place.run(['undo', '1'])).code, 2)
  client.close()
})

test('[BR60] undos that race with changes restore all or nothing, and names are free at once', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  for (let round = 0; round < 10; round++) {
    const made = await tidOf(client, 'CreateObjectCommand', { name: 'x', slots: { n: 0 } })
    const set = await tidOf(client, 'SetSlotCommand', { target: 'x', slot: 'n', value: 1 })
    const [undo, change] = await Promise.allSettled([
      client.request('UndoCommand', { tid: set }),
      client.request('SetSlotCommand', { target: 'x', slot: 'n', value: 7 }),
    ])
    assert.equal(change.status, 'fulfilled')
    const after = (await slotsOf(client, 'x')).get('n')?.value
    assert.ok(after === 7 || undo.status === 'fulfilled', `${undo.status} ${after}`)
    const [, again] = await Promise.all([
      client.request('UndoCommand', { tid: made }),
      client.request('CreateObjectCommand', { name: `y${round}` }),
    ])
    assert.ok(again)
    assert.equal((await client.request('GetStatusCommand')) instanceof Object, true)
  }
  const status = (await client.request('GetStatusCommand')) as Given
  assert.equal(status.workerDeaths, 0)
  client.close()
})

test('[BR62] a method comes back as a new version that knows the one before it, and answers', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  await client.request('CreateObjectCommand', { name: 'a' })
  const source = (n: number) => `function what(self) { return ${n} }`
  const method = (n: number) => ({ target: 'a', method_name: 'what', source: source(n) })
  const first = (await client.request('CreateMethodCommand', method(1))) as { tid: string }
  const second = (await client.request('CreateMethodCommand', method(2))) as { tid: string }
  assert.equal(await client.send('a', 'what', []), 2)
  const undone = await place.run(['undo', second.tid, '--json'])
  assert.equal(undone.code, 0, undone.err)
  assert.equal(await client.send('a', 'what', []), 1)
  const slot = (await slotsOf(client, 'a')).get('what')
  assert.deepEqual([slot?.version, slot?.source], [3, source(1)])
  assert.equal((await place.run(['undo', first.tid])).code, 4)
  const redone = json((await place.run(['undo', json(undone.out).tid, '--json'])).out)
  assert.equal(await client.send('a', 'what', []), 2)
  const dropped = await tidOf(client, 'RemoveSlotCommand', { target: 'a', slot: 'what' })
  await client.request('UndoCommand', { tid: dropped })
  assert.equal(await client.send('a', 'what', []), 2)
  assert.equal((await slotsOf(client, 'a')).get('what')?.version, 5)
  assert.ok(Number(redone.tid) > 0)
  const status = (await client.request('GetStatusCommand')) as Given
  assert.equal(status.workerDeaths, 0)
  client.close()
})

test('[CL89] [BR63] [BR64] [BR69] a pack removes what is old and keeps what a stored reply names, while messages are answered', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  const kept = (await client.send('genesis', 'clone', [], { key: 'k' })) as { $ref: string }
  const lost = (await client.send('genesis', 'clone', [])) as { $ref: string }
  await client.request('CreateObjectCommand', { name: 'a', slots: { n: 0 } })
  for (let n = 1; n <= 600; n++) {
    void client.request('SetSlotCommand', { target: 'a', slot: 'n', value: n })
  }
  await client.request('SetSlotCommand', { target: 'a', slot: 'n', value: 601 })
  const events: Given[] = []
  const onEvent = (event: Given) => void events.push(event)
  const [one, two, send] = await Promise.allSettled([
    client.request('PackCommand', { keep: 0 }, { onEvent }),
    client.request('PackCommand', { keep: 0 }),
    client.send('a', 'n', []),
  ])
  assert.equal(one.status, 'fulfilled')
  assert.equal(two.status === 'rejected' && two.reason.code, 'BUSY')
  assert.equal(send.status === 'fulfilled' && send.value, 601)
  assert.ok(events.length > 0 && events.every(({ kind }) => kind === 'progress'))
  const report = (one as PromiseFulfilledResult<unknown>).value as Given
  assert.ok(Number(report.revisionsRemoved) >= 600)
  assert.equal((await place.run(['show', kept.$ref])).code, 0)
  assert.equal((await place.run(['show', lost.$ref])).code, 3)
  assert.equal((await slotsOf(client, 'a')).get('n')?.value, 601)
  const past = await place.run(['show', 'a', '--at', '4', '--json'])
  assert.equal(past.code, 4, past.out)
  client.close()
  const packed = await place.run(['pack', '--keep', '7d', '--json'])
  assert.deepEqual([packed.code, json(packed.out).packedTo], [0, report.packedTo])
  assert.equal((await place.run(['pack', '--keep', 'soon'])).code, 2)
  assert.match((await place.run(['verify'])).out, /^Sound: /)
})

/** An image with objects, methods, references and names. */
async function fill(place: Place): Promise<string> {
  const { about, running } = await place.serve()
  const client = await clientOf(about)
  await client.request('CreateObjectCommand', { name: 'a', slots: { n: 1, text: 'é\n𝄞 two' } })
  const holder = (await slotsOf(client, 'a')).get('n')?.holder
  await client.request('CreateObjectCommand', { name: 'b', slots: { friend: { $ref: holder } } })
  const source = 'function twice(self, x: number) {\n  return x * 2\n}'
  await client.request('CreateMethodCommand', { target: 'a', method_name: 'twice', source })
  client.close()
  running.child.kill('SIGTERM')
  await running.ended
  return String(holder)
}

test('[CL90] [CL91] [BR65] [BR66] a dump loads into an awakening, keeps its oids, and dumps again byte for byte', async () => {
  await using place = new Place()
  await using other = new Place()
  const holder = await fill(place)
  const file = join(place.folder, 'world.txt')
  assert.equal((await place.run(['dump', file])).code, 0)
  const piped = await place.run(['dump', '-'])
  const text = readFileSync(file, 'utf8')
  assert.equal(piped.out, text)
  const served = await other.serve()
  const loaded = await other.run(['load', file, '--json'])
  assert.equal(loaded.code, 0, loaded.err)
  assert.ok(json(loaded.out).methods > 1)
  assert.equal((await other.run(['dump', '-'])).out, text)
  assert.equal((await other.run(['send', 'a', 'twice', '21'])).out, '42\n')
  assert.equal(json((await other.run(['show', 'a', '--json'])).out).oid, holder)
  const again = await other.run(['load', file, '--json'])
  assert.deepEqual([again.code, json(again.out).fault.code], [4, 'CONFLICT'])
  served.running.child.kill('SIGTERM')
  await served.running.ended
  assert.equal((await other.run(['dump', '-'])).out, text)
  assert.match((await other.run(['verify'])).out, /^Sound: /)
})

test('[BR67] a dump with a method that does not pass, or a reference to nothing, changes nothing', async () => {
  await using place = new Place()
  await using other = new Place()
  await fill(place)
  const text = (await place.run(['dump', '-'])).out
  const before = (await other.run(['dump', '-'])).out
  const cases: [string, string, number, RegExp][] = [
    [
      text.replace('return x * 2', 'return process.exit(x)'),
      'METHOD_FAILED',
      1,
      /twice of #\w+ .* does not pass the gates/,
    ],
    [text.replace('"friend" {"$ref":"a"}', '"friend" {"$ref":"#zzz"}'), 'FIELD_INVALID', 2, /#zzz/],
    [text.replace('batos-dump 1', 'batos-dump 9'), 'FIELD_INVALID', 2, /form 9/],
    [text.slice(0, 400), 'FIELD_INVALID', 2, /./],
  ]
  const file = join(other.folder, 'broken.txt')
  for (const [broken, code, exit, sentence] of cases) {
    assert.notEqual(broken, text)
    writeFileSync(file, broken)
    const ran = await other.run(['load', file, '--json'])
    assert.deepEqual([ran.code, json(ran.out).fault.code], [exit, code], ran.err)
    assert.match(json(ran.out).fault.message, sentence)
  }
  assert.equal((await other.run(['dump', '-'])).out, before)
  assert.equal((await other.run(['load', join(other.folder, 'none.txt')])).code, 3)
})

/** Overwrites a part of the image's largest file. */
function damage(image: string): void {
  const data = join(image, 'data')
  const [largest] = readdirSync(data)
    .map((name) => join(data, name))
    .sort((one, other) => statSync(other).size - statSync(one).size)
  assert.ok(largest !== undefined)
  const file = openSync(largest, 'r+')
  const { size } = statSync(largest)
  // Values lie at the ends of pages, so that every page in use is hit; the first two say where everything is.
  for (let at = 2 * 4096; at + 4096 <= size; at += 4096) {
    writeSync(file, Buffer.alloc(64, 7), 0, 64, at + 4096 - 512)
  }
  closeSync(file)
}

test('[CL44] [CL92] a damaged image is told with 8, and what is salvaged of it opens and is sound', async () => {
  await using place = new Place()
  await fill(place)
  const whole = await place.run(['salvage', join(place.folder, 'whole'), '--json'])
  assert.deepEqual([whole.code, json(whole.out).lost], [0, []], whole.err)
  const same = await place.run(['dump', '-', '--image', join(place.folder, 'whole')])
  assert.equal(same.out, (await place.run(['dump', '-'])).out)
  damage(place.image)
  const verified = await place.run(['verify', '--json'])
  assert.equal(verified.code, 8, verified.err)
  assert.ok(json(verified.out).damage.length > 0)
  const into = join(place.folder, 'saved')
  const saved = await place.run(['salvage', into, '--json'])
  assert.equal(saved.code, 8, saved.err)
  assert.ok(json(saved.out).damage.length > 0)
  const sound = await place.run(['verify', '--image', into, '--json'])
  // Verifying names each missing object once; nothing else is wrong.
  const missing = new Set(json(saved.out).dangling.map(({ ref }: { ref: string }) => ref))
  assert.equal(json(sound.out).damage.length, missing.size, sound.out)
  const sent = await place.run(['send', 'genesis', 'respondsTo:', 'clone', '--image', into])
  assert.deepEqual([sent.code, sent.out], [0, 'true\n'], sent.err)
  assert.equal((await place.run(['salvage', into])).code, 4)
})

test('[CL93] backups that go on from each other restore the image, and a damaged one restores nothing', async () => {
  await using place = new Place()
  await fill(place)
  const at = (name: string) => join(place.folder, name)
  const full = json((await place.run(['backup', at('monday'), '--json'])).out)
  const { running } = await place.serve()
  await place.run(['send', 'a', 'setSlot:value:', 'n', '9'])
  const more = await place.run(['backup', at('tuesday'), '--since', full.head, '--json'])
  assert.deepEqual([more.code, json(more.out).transactions], [0, 1], more.err)
  const text = (await place.run(['dump', '-'])).out
  running.child.kill('SIGTERM')
  await running.ended
  const back = ['--image', at('back')]
  const restored = await place.run(['restore', at('monday'), at('tuesday'), ...back])
  assert.equal(restored.code, 0, restored.err)
  assert.equal((await place.run(['dump', '-', ...back])).out, text)
  assert.equal((await place.run(['restore', at('monday'), ...back])).code, 4)
  writeFileSync(at('cut'), readFileSync(at('monday')).subarray(0, -9))
  const other = ['--image', at('other')]
  assert.equal((await place.run(['restore', at('cut'), ...other])).code, 8)
  assert.equal((await place.run(['restore', at('monday'), ...other])).code, 0)
})
