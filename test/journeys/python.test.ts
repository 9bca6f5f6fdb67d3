// Owns: the Python client of examples/, as a process, against worlds served over ipc and over TCP.
// Leaves: the wire's refusals to bridge/session.test.ts; models to nobody: the one method here is given.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { open, type OpenWorld } from '#batos'
import { noPython, pythonWith, run } from './python-environment.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/python', import.meta.url))
const VALUES = fileURLToPath(new URL('./python-values.py', import.meta.url))

const DISPLAY = `function display_yourself(self, name: string = 'nobody') {
  return 'I am genesis, shown to ' + name
}`

/** What python-values.py has, as Node has it. */
const NODE_VALUES: Record<string, unknown> = {
  nothing: null,
  yes: true,
  small: 42,
  negative: -7,
  beyond32: 2 ** 40,
  largest: 2n ** 63n - 1n,
  smallest: -(2n ** 63n),
  fraction: 0.1,
  tiny: -1.5e-300,
  text: 'Grüße, 世界 🦇\n',
  empty: '',
  bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
  date: new Date('2031-05-17T23:59:58.765Z'),
  early: new Date('1899-12-31T01:02:03Z'),
  nested: {
    list: [1, [2.5, { deep: [null, false, { '': 'x' }] }]],
    b: Uint8Array.of(0, 255),
    big: [2n ** 62n],
  },
  many: Array.from({ length: 1000 }, (_, i) => i),
}

describe('the Python client', { skip: noPython() }, () => {
  let folder: string
  let python: string
  let overIpc: OpenWorld
  let overTcp: OpenWorld

  before(async () => {
    python = await pythonWith(join(EXAMPLE, 'requirements.txt'))
    folder = await mkdtemp(join(tmpdir(), 'batos-python-'))
    overIpc = await open(join(folder, 'ipc'), { zmq: 'ipc' })
    overTcp = await open(join(folder, 'tcp'), { zmq: 'tcp://127.0.0.1:*' })
    for (const world of [overIpc, overTcp]) {
      await world.request('CreateMethodCommand', {
        target: 'genesis',
        method_name: 'display_yourself',
        source: DISPLAY,
      })
    }
  })

  after(async () => {
    await overIpc?.close()
    await overTcp?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const client = (image: string, ...args: string[]) =>
    run(python, [join(EXAMPLE, 'client.py'), '--image', join(folder, image), ...args])

  const values = async (image: string, task: string) => {
    const { code, out, err } = await run(python, [VALUES, EXAMPLE, join(folder, image), task])
    assert.equal(code, 0, err)
    return out
  }

  for (const image of ['ipc', 'tcp']) {
    test(`[BR16] it finds a kernel over ${image}, shows an object and the answer to a message`, async () => {
      const { code, out, err } = await client(image)
      assert.equal(code, 0, err)
      const world = image === 'ipc' ? overIpc : overTcp
      assert.match(out, new RegExp(`^batos \\S+ at ${image}://\\S+, image ${world.image}\n`))
      assert.match(out, /^genesis is #1, at transaction \d+$/m)
      assert.match(out, /^ {2}display_yourself +method +#1 +function display_yourself/m)
      assert.match(out, /^genesis display_yourself\n=> I am genesis, shown to nobody\n$/m)
    })
  }

  test('[BR13] it sends arguments, as JSON or as text, to the object that is named', async () => {
    const { code, out, err } = await client('ipc', 'genesis', 'display_yourself', 'Ada Byron')
    assert.equal(code, 0, err)
    assert.match(out, /=> I am genesis, shown to Ada Byron\n$/)
    await client('ipc', 'genesis', 'setSlot:value:', 'tally', '{"a": [1, 2.5, null]}')
    assert.deepEqual(await overIpc.send('genesis', 'tally'), { a: [1, 2.5, null] })
  })

  test('[BR9] over TCP a wrong token is refused, and nothing else is heard', async () => {
    const about = JSON.parse(await readFile(join(folder, 'tcp', 'kernel.json'), 'utf8'))
    await mkdir(join(folder, 'stranger'))
    const wrong = JSON.stringify({ ...about, token: 'x'.repeat(about.token.length) })
    await writeFile(join(folder, 'stranger', 'kernel.json'), wrong)
    const { code, out, err } = await client('stranger')
    assert.equal(code, 5)
    assert.equal(out, '')
    assert.match(err, /^UNAUTHENTICATED: /)
  })

  test('[BR15] a fault is told with its code, its sentence and its remedy', async () => {
    const { code, out, err } = await client('ipc', 'genesis', 'nobody_knows')
    assert.equal(code, 1)
    assert.match(out, /\.\.\. not-understood: target #1, selector nobody_knows/)
    assert.match(err, /^NOT_UNDERSTOOD: .*nobody_knows/)
    const gone = await client('no-image')
    assert.equal(gone.code, 6)
    assert.match(gone.err, /no kernel runs on/)
  })

  test('[BR7] what Python gives a slot is read back equal in Node', async () => {
    await values('tcp', 'write')
    for (const [name, expected] of Object.entries(NODE_VALUES)) {
      assert.deepEqual(plain(await overTcp.send('from-python', name)), expected, name)
    }
  })

  test('[BR7] what Node gives a slot is read back equal in Python', async () => {
    await overTcp.send('genesis', 'clone:', ['from-node'])
    for (const [name, value] of Object.entries(NODE_VALUES)) {
      await overTcp.send('from-node', 'setSlot:value:', [name, value])
    }
    const expected = Object.keys(NODE_VALUES).map((name) => `${name} equal\n`)
    assert.equal(await values('tcp', 'check'), expected.join(''))
  })
})

/** A value with its Buffers as the plain bytes that they are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
