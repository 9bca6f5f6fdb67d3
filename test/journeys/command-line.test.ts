// The command line as real processes: alone, two at once, and beside a kernel that serves.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { open } from '#batos'
import { MODELS } from '#mind'
import { Place } from './processes.ts'

/** Objects in a chain, and characters of text in each: together far more than a pipe holds. */
const LINKS = 15
const LINK_TEXT = 200_000

test('[CL1] what one process tells an object another process reads', async () => {
  await using place = new Place()
  const awoken = await place.run(['awaken', '--json'])
  assert.equal(awoken.code, 0)
  const genesis = JSON.parse(awoken.out)
  assert.deepEqual([genesis.oid, genesis.name, genesis.awakened], ['#1', 'genesis', true])
  assert.match(awoken.err, /^A new image awoke in /)
  const sent = await place.run(['send', 'genesis', 'setSlot:value:', 'greeting', '"hello"'])
  assert.deepEqual([sent.code, sent.out], [0, 'hello\n'])
  const shown = await place.run(['show', 'genesis', '--json'])
  const slots = JSON.parse(shown.out).slots as { name: string; value: unknown }[]
  assert.equal(slots.find(({ name }) => name === 'greeting')?.value, 'hello')
  const again = await place.run(['awaken', '--json'])
  assert.equal(JSON.parse(again.out).awakened, false)
  assert.equal(again.err, '')
})

test('[CL2] exit codes and documents are those of the contract', async () => {
  await using place = new Place()
  const cases: [string[], number, string | undefined][] = [
    [['send', 'nobody', 'clone'], 3, 'TARGET_UNKNOWN'],
    [['send', 'genesis', 'frobnicate', '--policy', 'off'], 7, 'NOT_UNDERSTOOD'],
    [['send', 'genesis', 'setSlot:value:', '__proto__', '1'], 2, 'FIELD_INVALID'],
    [['show', 'genesis', '--at', 'never'], 3, 'TARGET_UNKNOWN'],
    [['send', 'genesis', 'greet', '--model', 'no-such'], 2, 'FIELD_INVALID'],
    [['verify'], 0, undefined],
    [['status'], 0, undefined],
    [['log'], 0, undefined],
    [['history', 'genesis', 'clone'], 0, undefined],
    [['ls'], 0, undefined],
    [['source', 'genesis', 'clone'], 0, undefined],
    [['model', 'ls'], 0, undefined],
  ]
  for (const [words, code, fault] of cases) {
    const ran = await place.run([...words, '--json'])
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.err}`)
    const document = JSON.parse(ran.out)
    assert.equal(document.fault?.code, fault, words.join(' '))
    if (fault !== undefined) assert.match(ran.err, new RegExp(`^(.*\\n)*${fault}: `))
  }
})

test('[CL61] without a model a message that is not understood says what fetches it', async () => {
  await using place = new Place()
  const { code, out, err } = await place.run(['send', 'genesis', 'greet'])
  assert.deepEqual([code, out], [7, ''])
  assert.match(
    err,
    /GENERATION_FAILED: the model .* is not on this machine\n {2}Fetch it with `batos model pull/,
  )
})

test('[CL30] commands beside a kernel that serves ask that kernel', async () => {
  await using place = new Place()
  const { running, about } = await place.serve()
  assert.equal(about.image, place.image)
  const status = JSON.parse((await place.run(['status', '--json'])).out)
  assert.equal(status.kernel.pid, running.child.pid)
  const [one, two] = await Promise.all([
    place.run(['send', 'genesis', 'setSlot:value:', 'one', '1']),
    place.run(['send', 'genesis', 'setSlot:value:', 'two', '[2, "zwei"]']),
  ])
  assert.deepEqual([one.out, two.out], ['1\n', '[2, "zwei"]\n'])
  const log = JSON.parse((await place.run(['log', '--json', '--limit', '2'])).out)
  assert.deepEqual(
    log.entries.map((entry: { author: string }) => entry.author),
    ['cli', 'cli'],
  )
  const verified = await place.run(['verify'])
  assert.match(verified.out, /^Sound: /)
})

test('[CL30] a kernel over TCP is reached with its token', async () => {
  await using place = new Place()
  const { about } = await place.serve(['--zmq', 'tcp://127.0.0.1:*'])
  assert.match(String(about.endpoint), /^tcp:\/\/127\.0\.0\.1:\d+$/)
  const sent = await place.run(['send', 'genesis', 'respondsTo:', 'clone'])
  assert.deepEqual([sent.code, sent.out], [0, 'true\n'])
  // With another token it is not believed, and then the image is simply in use.
  const path = join(place.image, 'kernel.json')
  const file = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...file, token: 'another' }))
  const stranger = await place.run(['ls', '--json'])
  assert.equal(stranger.code, 6)
  assert.equal(JSON.parse(stranger.out).fault.code, 'IMAGE_IN_USE')
})

test('[CL31] after kill -9 of the kernel the next command works and nothing is lost', async () => {
  await using place = new Place()
  const { running } = await place.serve()
  await place.run(['send', 'genesis', 'setSlot:value:', 'kept', '"yes"'])
  running.child.kill('SIGKILL')
  await running.ended
  assert.ok(readFileSync(join(place.image, 'kernel.json'), 'utf8').includes('ipc://'))
  const sent = await place.run(['send', 'genesis', 'kept'])
  assert.deepEqual([sent.code, sent.out, sent.err], [0, 'yes\n', ''])
  // A kernel starts over what the dead one left.
  const next = await place.serve()
  assert.notEqual(next.about.pid, running.child.pid)
})

test('[CL32] short commands at once on one image wait for each other, and each has its effect', async () => {
  await using place = new Place()
  await place.run(['awaken'])
  const numbers = [1, 2, 3, 4]
  const ran = await Promise.all(
    numbers.map((n) => place.run(['send', 'genesis', 'setSlot:value:', `slot${n}`, String(n)])),
  )
  for (const [i, { code, out, err }] of ran.entries()) {
    assert.deepEqual([code, out], [0, `${i + 1}\n`], err)
  }
  const { slots } = JSON.parse((await place.run(['show', 'genesis', '--json'])).out)
  const names = new Set(slots.map(({ name }: { name: string }) => name))
  for (const n of numbers) assert.ok(names.has(`slot${n}`))
})

test('[CL84] SIGTERM ends `up` with 0 and Ctrl-C with 130; what was answered is there afterwards', async () => {
  await using place = new Place()
  const first = await place.serve()
  await place.run(['send', 'genesis', 'setSlot:value:', 'n', '1'])
  first.running.child.kill('SIGTERM')
  const ended = await first.running.ended
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.err)
  const second = await place.serve()
  assert.equal((await place.run(['send', 'genesis', 'n'])).out, '1\n')
  second.running.child.kill('SIGINT')
  assert.equal((await second.running.ended).code, 130)
  assert.throws(() => readFileSync(join(place.image, 'kernel.json')), { code: 'ENOENT' })
})

test('[CL85] a second kernel on an image is refused with the first one named', async () => {
  await using place = new Place()
  const { about } = await place.serve()
  const second = await place.run(['up', '--json', '--port', '0', '--policy', 'off'])
  assert.equal(second.code, 4)
  const { fault } = JSON.parse(second.out)
  assert.equal(fault.code, 'IMAGE_IN_USE')
  assert.equal(fault.data.pid, about.pid)
  assert.match(second.err, /process \d+ serves it and has its page at http:\/\/127\.0\.0\.1:\d+\//)
})

test('[CL82] a model that cannot be had leaves a world that answers what it knows', async () => {
  await using place = new Place()
  // Where the cache should be there is a file, so no model can ever be kept.
  writeFileSync(place.cache, '')
  const running = place.start(['up', '--json', '--port', '0'])
  await running.firstLine
  const sent = await place.run(['send', 'genesis', 'respondsTo:', 'clone'])
  assert.equal(sent.out, 'true\n')
  const status = JSON.parse((await place.run(['status', '--json'])).out)
  assert.equal(status.policy, 'off')
  running.child.kill('SIGTERM')
  const { err } = await running.ended
  assert.match(err, /could not be fetched: .*\n {2}.*\nThe world comes up without a model/)
})

/** An object whose chain holds about three megabytes of text. */
async function makeLong(image: string): Promise<void> {
  const world = await open(image)
  try {
    let parent = 'genesis'
    for (let n = 0; n < LINKS; n++) {
      const name = `link${n}`
      const slots = { [`text${n}`]: 'x'.repeat(LINK_TEXT) }
      await world.request('CreateObjectCommand', { name, parents: [parent], slots })
      parent = name
    }
  } finally {
    await world.close()
  }
}

test('[CL9] a reader that stays gets all of it, however much, and one that goes away ends it quietly', async () => {
  await using place = new Place()
  await makeLong(place.image)
  const words = ['show', `link${LINKS - 1}`, '--json']
  const whole = await place.run(words)
  assert.ok(whole.out.length > LINKS * LINK_TEXT, `${whole.out.length} ${whole.err}`)
  const slots = JSON.parse(whole.out).slots as { name: string }[]
  assert.equal(slots.filter(({ name }) => name.startsWith('text')).length, LINKS)
  const running = place.start(words)
  running.child.stdout?.destroy()
  const { code, err } = await running.ended
  assert.deepEqual([code, err], [0, ''])
})

test('[CL63] a model that is there is not fetched again', async () => {
  await using place = new Place()
  const entry = MODELS[1]
  assert.ok(entry !== undefined)
  const folder = join(place.cache, 'batos', 'models')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, entry.file)
  writeFileSync(path, '')
  truncateSync(path, entry.bytes)
  // No network could be reached: every proxy leads nowhere.
  const more = { https_proxy: 'http://127.0.0.1:1', PATH: '' }
  const { code, out } = await place.run(['model', 'pull', entry.name, '--json'], more)
  assert.equal(code, 0)
  assert.equal(JSON.parse(out).path, path)
})
