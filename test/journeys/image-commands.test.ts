// The verbs about the image as a whole, as real processes: diff, undo, pack, dump, load, verify, salvage, backup, restore.
import assert from 'node:assert/strict'
import {
  readdirSync,
  readFileSync,
  renameSync,
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
  assert.match(text, /^~ a \(#\w+\)\n/)
  assert.match(text, /\n1 object added, 0 removed, 1 changed; 5 slots, 1 name\n$/)
  const back = json((await place.run(['diff', last, first, '--json'])).out)
  assert.deepEqual(back.counts, { added: 0, removed: 1, changed: 1, slots: 5, names: 1 })
  assert.equal((await place.run(['diff', first, 'never'])).code, 3)
})

test('[CL87] [BR68] a diff goes to now, is of one object, calls what has a way by it, and leaves out what is equal again', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  const made = (await client.request('CreateObjectCommand', { slots: { n: 1 } })) as Given
  const owner = { $ref: String(made.oid) }
  const begun = await tidOf(client, 'CreateObjectCommand', { name: 'a', slots: { owner, n: 1 } })
  const source = (n: number) => `function f(self) {\n  const n = ${n}\n  return n\n}`
  const method = (n: number) => ({ target: 'a', method_name: 'f', source: source(n) })
  await client.request('CreateMethodCommand', method(1))
  const before = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'n', value: 2 })
  await client.request('CreateMethodCommand', method(2))
  await client.request('SetSlotCommand', { target: owner.$ref, slot: 'n', value: 2 })
  await client.request('SetSlotCommand', { target: 'a', slot: 'n', value: 3 })
  const last = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'n', value: 2 })
  client.close()
  const { out } = await place.run(['diff', before])
  const text = [
    `~ a\\.owner \\(${owner.$ref}\\)\n {2}~ n {2}1 → 2\n`,
    '~ a \\(#\\w+\\)\n {2}~ f {2}method v1 → method v2\n {4}@@ -1,4 \\+1,4 @@\n',
    ' {6}function f\\(self\\) \\{\n {4}- {3}const n = 1\n {4}\\+ {3}const n = 2\n',
  ]
  for (const part of text) assert.match(out, new RegExp(part))
  assert.match(out, /\n0 objects added, 0 removed, 2 changed; 2 slots, 0 names\n$/)
  const alone = json((await place.run(['diff', begun, '--object', owner.$ref, '--json'])).out)
  assert.deepEqual([alone.objects.length, alone.objects[0].oid], [1, owner.$ref])
  assert.equal(alone.places[owner.$ref], 'a.owner')
  const newest = json((await place.run(['diff', '--object', 'a', '--json'])).out)
  assert.deepEqual([newest.to, newest.objects[0].slots[0].name], [last, 'n'])
  const first = json((await place.run(['diff', before, last, '--object', 'a', '--json'])).out)
  assert.deepEqual(
    first.objects[0].slots.map(({ name }: Given) => name),
    ['f'],
  )
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
  assert.match(
    fault.message,
    /^n of a \(#\w+\) was changed by transaction \d+ of \w+ \(set n\) after transaction \d+, so nothing/,
  )
  assert.deepEqual([fault.data.slot, fault.data.tid], ['n', String(Number(early) + 1)])
  assert.equal((await slotsOf(client, 'a')).get('n')?.value, 6)
  assert.equal((await place.run(['undo', '999'])).code, 3)
  const awakening = await place.run(['undo', '1'])
  assert.equal(awakening.code, 2)
  assert.match(
    awakening.err,
    /^FIELD_INVALID: .* the awakening .*\n {2}Begin anew in another folder/,
  )
  client.close()
})

test('[CL88] [BR71] [BR72] several transactions are undone as one, after a look at what it would do, and redone', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  await client.request('CreateObjectCommand', { name: 'a', slots: { n: 1, gone: [1] } })
  const first = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'n', value: 2 })
  await client.request('SetSlotCommand', { target: 'a', slot: 'n', value: 3 })
  await client.request('SetSlotCommand', { target: 'a', slot: 'brief', value: 1 })
  await client.request('RemoveSlotCommand', { target: 'a', slot: 'brief' })
  await client.request('RemoveSlotCommand', { target: 'a', slot: 'gone' })
  const last = await tidOf(client, 'CreateObjectCommand', { name: 'b' })
  const range = `${first}..${last}`
  const state = async () =>
    [...(await slotsOf(client, 'a'))].flatMap(([name, { value, holder, kind }]) =>
      kind === 'data' && holder !== '#1' ? [[name, value]] : [],
    )
  const looked = await place.run(['undo', range, '--dry-run', '--json'])
  assert.equal(looked.code, 0, looked.err)
  const { plan, tid, undoes } = json(looked.out)
  assert.deepEqual([tid, undoes, plan.names[0].after], [null, range, null])
  const slots = plan.objects[0].slots as { name: string; before?: Given; after?: Given }[]
  assert.deepEqual(
    slots.map(({ name, before, after }) => [name, before?.value, after?.value]),
    [
      ['n', 3, 1],
      ['gone', undefined, [1]],
    ],
  )
  assert.deepEqual(await state(), [['n', 3]])
  const done = await place.run(['undo', range, '--json'])
  assert.equal(done.code, 0, done.err)
  assert.deepEqual(await state(), [
    ['n', 1],
    ['gone', [1]],
  ])
  assert.equal((await place.run(['show', 'b'])).code, 3)
  assert.equal((await place.run(['undo', json(done.out).tid])).code, 0)
  assert.deepEqual(await state(), [['n', 3]])
  assert.equal((await place.run(['show', 'b'])).code, 0)

  const set = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'm', value: 1 })
  await client.request('RemoveSlotCommand', { target: 'a', slot: 'm' })
  const refused = await place.run(['undo', set, '--dry-run', '--json'])
  assert.equal(refused.code, 4)
  const { fault } = json(refused.out)
  assert.match(fault.message, /^m of a \(#\w+\) was removed by transaction \d+ of \w+ \(remove m\)/)
  const both = `${set}..${Number(set) + 1}`
  assert.match((await place.run(['undo', both])).out, /left nothing to take back/)
  for (const [words, code] of [
    [`${last}..${first}`, 2],
    [`${first}..9999`, 3],
    [`1..${first}`, 2],
    ['0', 3],
  ] as const) {
    assert.equal((await place.run(['undo', words])).code, code, words)
  }
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

test('[CL91] [BR71] [BR62] a load is undone as a whole and redone, its methods judged again', async () => {
  await using place = new Place()
  await using other = new Place()
  await fill(place)
  // The dump has another method at genesis, and more objects than one transaction of a load takes.
  const many = Array.from({ length: 5_000 }, (_, n) => `\nobject #${(100_000 + n).toString(36)}\n`)
  const text = `${(await place.run(['dump', '-'])).out}${many.join('')}`
  const changed = text.replace('function not(self) {\n    |   return ', '$&!!')
  assert.notEqual(changed, text)
  const file = join(other.folder, 'world.txt')
  writeFileSync(file, changed)
  const fresh = (await other.run(['dump', '-'])).out
  const loaded = json((await other.run(['load', file, '--json'])).out)
  assert.ok(Number(loaded.tid) > 2)
  const full = (await other.run(['dump', '-'])).out
  // What the load gave anew as it was may change after it.
  await other.run(['send', 'genesis', 'setSlot:value:', 'comment', 'mine'])
  // A part of a load is the load.
  const looked = json((await other.run(['undo', '3', '--dry-run', '--json'])).out)
  assert.equal(looked.undoes, `2..${loaded.tid}`)
  const undone = await other.run(['undo', loaded.tid, '--json'])
  assert.equal(undone.code, 0, undone.err)
  assert.deepEqual(
    json((await other.run(['ls', '--json'])).out).objects.map(({ name }: Given) => name),
    [
      ...['brick', 'crucible', 'genesis', 'robin', 'scribe', 'swap'],
      ...['traits/false', 'traits/nil', 'traits/true', 'weaver'],
    ],
  )
  const back = await other.run(['source', 'traits/true', 'not'])
  assert.equal(back.out, (await place.run(['source', 'traits/true', 'not'])).out)
  assert.ok(fresh.includes(back.out.split('\n')[1] as string))
  assert.equal((await other.run(['send', 'genesis', 'respondsTo:', 'clone'])).out, 'true\n')
  const redone = await other.run(['undo', json(undone.out).tid])
  assert.equal(redone.code, 0, redone.err)
  assert.equal((await other.run(['send', 'a', 'twice', '21'])).out, '42\n')
  const again = (await other.run(['dump', '-'])).out
  assert.deepEqual(again.match(/^object .*$/gm), full.match(/^object .*$/gm))
  assert.match((await other.run(['verify'])).out, /^Sound: /)
  assert.match((await other.run(['show', 'genesis'])).out, /"mine"/)
})

test('[CL45] [CL46] [BR70] the past is asked by transaction, time and span, listed by author, and told after a pack', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const client = await clientOf(about)
  await client.request('CreateObjectCommand', { name: 'a', slots: { n: 1, m: 1 } })
  const early = await tidOf(client, 'SetSlotCommand', { target: 'a', slot: 'n', value: 2 })
  await place.run(['send', 'a', 'setSlot:value:', 'n', '3'])
  const late = await tidOf(client, 'CreateObjectCommand', { name: 'b' })
  const tids = async (...words: string[]) => {
    const ran = await place.run([...words, '--json'])
    assert.equal(ran.code, 0, ran.err)
    return json(ran.out).entries.map(({ tid }: Given) => tid)
  }
  assert.deepEqual(await tids('log', '--author', 'cli'), ['4'])
  assert.deepEqual(await tids('log', '--object', 'a', '--since', early), ['4'])
  assert.deepEqual(await tids('history', 'a.n'), ['4', early, '2'])
  assert.deepEqual(await tids('at', early, 'history', 'a.n'), [early, '2'])
  assert.deepEqual(await tids('log', '--since', '1h', '--limit', '2'), [late, '4'])
  assert.deepEqual(await tids('log', '--since', '2999-01-01'), [])
  assert.match((await place.run(['at', early, 'show', 'a'])).out, /\n {2}n +data +2\n/)
  assert.ok(!(await place.run(['at', early, 'ls'])).out.includes('b '))
  assert.equal((await place.run(['at', '1h', 'show', 'a'])).code, 3)
  // What `log` prints as the time of a transaction shows its state.
  const [line = ''] = (await place.run(['log', '--limit', '1'])).out.split('\n')
  const printed = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(line)?.[0] ?? ''
  assert.equal((await place.run(['at', printed, 'show', 'b'])).code, 0)
  client.close()
  assert.equal((await place.run(['pack', '--keep', '0'])).code, 0)
  const { entries } = json((await place.run(['log', '--json'])).out) as { entries: Given[] }
  assert.ok(entries.every(({ packed }) => packed === true))
  assert.deepEqual(
    entries.slice(0, 3).map(({ tid, changes }) => [tid, (changes as Given[])[0]?.slots]),
    [
      [late, ['parent*']],
      ['4', ['n']],
      [early, []],
    ],
  )
  assert.deepEqual(await tids('history', 'a'), ['4'])
  const undo = await place.run(['undo', early, '--json'])
  assert.deepEqual([undo.code, json(undo.out).fault.code], [4, 'CONFLICT'])
  assert.match(json(undo.out).fault.message, /is packed away/)
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
    [text.replace('"n" 1', '"n" 1,'), 'FIELD_INVALID', 2, /^Line 5 of the dump, column 8, /],
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
  const named = json(verified.out).damage.filter(({ place }: Given) => place !== null)
  for (const { oid, place } of named) assert.ok(oid !== null && place !== '', place)
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
  assert.equal((await place.run(['backup', at('monday')])).code, 0)
  assert.equal(statSync(at('monday')).mode & 0o777, 0o600)
  assert.equal((await place.run(['backup', at('monday')])).code, 4)
  const { running } = await place.serve()
  await place.run(['send', 'a', 'setSlot:value:', 'n', '9'])
  const more = await place.run(['backup', at('tuesday'), '--after', at('monday'), '--json'])
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
  assert.equal((await place.run(['restore', at('none'), ...other])).code, 3)
  assert.equal((await place.run(['backup', at('next'), '--after', at('cut')])).code, 8)
  assert.equal((await place.run(['restore', at('monday'), ...other])).code, 0)
  // The other image has gone another way since, so the second backup is not of it.
  await place.run(['send', 'a', 'setSlot:value:', 'n', '5', ...other])
  const foreign = await place.run(['backup', at('next'), '--after', at('tuesday'), ...other])
  assert.deepEqual([foreign.code, foreign.err.includes('another image')], [4, true], foreign.err)
})

test('[CL93] a restore that was cut off is gone on with, or begun anew over what is of no use', async () => {
  await using place = new Place()
  await fill(place)
  const at = (name: string) => join(place.folder, name)
  await place.run(['backup', at('monday')])
  await place.run(['send', 'a', 'setSlot:value:', 'n', '9'])
  await place.run(['backup', at('tuesday'), '--after', at('monday')])
  const text = (await place.run(['dump', '-'])).out
  for (const [name, words] of [
    ['half', ['restore', at('monday')]],
    ['foreign', ['awaken']],
  ] as const) {
    await place.run([...words, '--image', at(name)])
    // So it lies there when the process was ended before it was done.
    renameSync(join(at(name), 'data'), join(at(name), 'data.part'))
    const image = ['--image', at(name)]
    const restored = await place.run(['restore', at('monday'), at('tuesday'), ...image])
    assert.equal(restored.code, 0, restored.err)
    assert.deepEqual(readdirSync(at(name)).includes('data.part'), false)
    assert.equal((await place.run(['dump', '-', ...image])).out, text)
  }
})
