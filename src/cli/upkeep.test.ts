// Owns: the claims about `pack`, `dump` and `load` as they are typed and told.
// Leaves: what they do to the image to the journeys.
// Laws: CL89, CL90, CL91.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { ran } from './ran.fixture.ts'

const PACKED = { packedTo: '40', objectsRemoved: 1, revisionsRemoved: 2_000, objectsKept: 12 }

test('[CL89] `pack` takes a span, and says what went and what stayed', async () => {
  const { code, out, asked } = await ran(['pack', '--keep', '12h'], { PackCommand: () => PACKED })
  assert.equal(code, 0)
  assert.deepEqual(asked, [{ op: 'PackCommand', fields: { keep: 43_200_000 } }])
  assert.equal(
    out,
    'Packed to transaction 40.\n2000 records and 1 object removed, 12 objects kept\n',
  )
  const without = await ran(['pack', '--json'], { PackCommand: () => PACKED })
  assert.deepEqual(without.asked[0]?.fields, {})
  assert.deepEqual(JSON.parse(without.out), PACKED)
})

test('[CL89] a word that is no span ends with 2 before anything is asked', async () => {
  for (const word of ['soon', '3w', '-1d', '7']) {
    const { code, err, asked } = await ran(['pack', '--keep', word])
    assert.deepEqual([code, asked], [2, []])
    assert.match(err, /It takes days, hours.* or 0\./)
  }
})

/** A dump of three pages. */
const PAGES: Record<string, unknown> = {
  '': { tid: '7', text: 'batos-dump 1\n', next: '7:1' },
  '7:1': { tid: '7', text: '\nobject #1 "genesis"\n', next: '7:2' },
  '7:2': { tid: '7', text: '  "é" "\u001b[2J"\n' },
}
const TEXT = 'batos-dump 1\n\nobject #1 "genesis"\n  "é" "\u001b[2J"\n'
const dump = { DumpCommand: ({ next = '' }: Record<string, unknown>) => PAGES[String(next)] }

test('[CL90] a dump to - is alone on stdout, page after page, and the bytes that a file gets', async () => {
  const piped = await ran(['dump', '-'], dump)
  assert.deepEqual([piped.code, piped.out, piped.err], [0, TEXT, ''])
  const kept = await ran(['dump', 'world.txt', '--at', '7'], dump)
  assert.equal(kept.hands.files.get('/here/world.txt'), TEXT)
  assert.deepEqual(
    kept.asked.map(({ fields }) => fields),
    [{ at: '7' }, { next: '7:1' }, { next: '7:2' }],
  )
  assert.equal(
    kept.out,
    `The world as of transaction 7 is in world.txt, ${Buffer.byteLength(TEXT)} bytes.\n`,
  )
  assert.match(
    kept.err,
    /^Load it into another image with: npx batos load world\.txt --image DIR\n$/,
  )
})

test('[CL12] [CL90] a dump to a terminal cannot steer it', async () => {
  const { out } = await ran(['dump', '-'], dump, { terminal: true, color: false })
  assert.equal(out, TEXT.replaceAll('\u001b', '\ufffd'))
})

const LOADED = { tid: '2', objects: 5, methods: 25, names: 1 }

test('[CL91] `load` brings a file or stdin, and says how to take it back', async () => {
  const files = { '/here/world.txt': TEXT }
  const { code, out, err, asked } = await ran(
    ['load', 'world.txt'],
    { LoadCommand: () => LOADED },
    { files },
  )
  assert.equal(code, 0)
  assert.deepEqual(asked, [{ op: 'LoadCommand', fields: { text: TEXT } }])
  assert.equal(out, 'Loaded 5 objects, 25 methods, 1 name as transaction 2.\n')
  assert.equal(err, 'Take it back with: npx batos undo 2\n')
  const piped = await ran(['load', '-'], { LoadCommand: () => LOADED }, { input: 'from stdin' })
  assert.deepEqual(piped.asked[0]?.fields, { text: 'from stdin' })
})

test('[CL91] a long dump goes in parts that cut no character in two', async () => {
  // A character of two units stands across the end of the first part.
  const text = `${'x'.repeat(2 * 1024 * 1024 - 1)}\u{1d11e}${'y'.repeat(10)}`
  const { asked } = await ran(
    ['load', 'long.txt'],
    { LoadCommand: () => LOADED },
    { files: { '/here/long.txt': text } },
  )
  const parts = asked.map(({ fields }) => fields as { text: string; more?: boolean })
  assert.deepEqual(
    parts.map(({ text, more }) => [text.length, more]),
    [
      [2 * 1024 * 1024 - 1, true],
      [12, undefined],
    ],
  )
  assert.equal(parts.map((part) => part.text).join(''), text)
})

test('[CL91] no file ends with 3, and a dump that is refused with its fault', async () => {
  const none = await ran(['load', 'nothing.txt'])
  assert.deepEqual([none.code, none.asked], [3, []])
  const message = 'Line 3 of the dump, column 8, cannot be read: it is not JSON: there is "x".'
  const refuse = () => {
    throw new Fault({ code: 'FIELD_INVALID', message, remedy: 'Correct it.', retry: 'never' })
  }
  const refused = await ran(['load', '-'], { LoadCommand: refuse }, { input: 'x' })
  assert.deepEqual([refused.code, refused.out], [2, ''])
  assert.equal(refused.err, `FIELD_INVALID: ${message}\n  Correct it.\n`)
})
