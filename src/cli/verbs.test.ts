// What the verbs print, from answers as the wire has them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { localTime } from './listing.ts'
import { type Answers, ran } from './ran.fixture.ts'
import { parametersOf } from './show.ts'

const SOURCE = 'function double(self, n, { by = 2 } = {}) {\n  return n * by // \u00e9\n}\n'
const STATE = {
  oid: '#4f',
  name: 'account',
  tid: '7',
  slots: [
    { name: 'parent*', kind: 'parent', value: { $ref: '#1' }, holder: '#4f', tid: '2' },
    { name: 'balance', kind: 'data', value: 100, holder: '#4f', tid: '5' },
    {
      name: 'double',
      kind: 'method',
      source: SOURCE,
      comment: 'Twice as much.',
      author: 'cli',
      model: 'small',
      version: 3,
      holder: '#4f',
      tid: '6',
    },
    {
      name: 'clone',
      kind: 'method',
      source: 'function clone(self) {\n  return 1\n}',
      comment: 'A new object.',
      author: 'world',
      model: '',
      version: 1,
      holder: '#1',
      tid: '1',
    },
  ],
}
const state = ({ target }: Record<string, unknown>) =>
  target === '#1' ? { ...STATE, oid: '#1', name: 'genesis', slots: [] } : STATE

test('[CL41] `show` has own slots first, then those of each holder under its name', async () => {
  const { code, out } = await ran(['show', 'account'], { GetFullStateCommand: state })
  assert.equal(code, 0)
  assert.equal(
    out,
    [
      'account  #4f',
      'as of transaction 7',
      '',
      'Own slots',
      '  parent*  parent  #1',
      '  balance  data    100',
      '  double   method  (n, { by = 2 } = {})  v3 by small  Twice as much.',
      '',
      'From genesis (#1)',
      '  clone  method  ()  v1 by world  A new object.',
      '',
    ].join('\n'),
  )
})

test('[CL41] `show --json` is the answer of the wire, as of the time that was asked for', async () => {
  const asked: unknown[] = []
  const { out } = await ran(['show', 'account', '--json', '--at', '7'], {
    GetFullStateCommand: (fields) => {
      asked.push(fields)
      return STATE
    },
  })
  assert.deepEqual(JSON.parse(out), STATE)
  assert.deepEqual(asked, [{ target: 'account', at: '7' }])
})

test('[CL41] the parameters of a method are told without the receiver', () => {
  const cases = {
    'function f(self) {}': '()',
    'function f(self, a, b = (1, 2)) {}': '(a, b = (1, 2))',
    'function f(self, { a } = { a: ")" }) {}': '({ a } = { a: ")" })',
    '(self, x) => x': '(x)',
    nonsense: '(…)',
  }
  for (const [source, text] of Object.entries(cases)) assert.equal(parametersOf(source), text)
})

test('[CL42] `source` has the source alone on stdout, and whose it is on stderr', async () => {
  const { out, err } = await ran(['source', 'account', 'double'], { GetFullStateCommand: state })
  assert.equal(out, SOURCE)
  assert.equal(err, 'double of account: version 3 by small, at 6\nTwice as much.\n')
})

test('[CL42] `source` of data, or of nothing, ends with 3 and says what is there', async () => {
  const data = await ran(['source', 'account', 'balance'], { GetFullStateCommand: state })
  assert.deepEqual([data.code, data.out], [3, ''])
  assert.match(data.err, /^TARGET_UNKNOWN: account has no method balance; .* data: 100\n/)
  assert.equal((await ran(['source', 'account', 'x'], { GetFullStateCommand: state })).code, 3)
})

test('[CL40] `ls` asks for page after page', async () => {
  const pages: Record<string, unknown> = {
    '': { objects: [{ name: 'a', oid: '#2' }], next: 'a' },
    a: { objects: [{ name: 'bb', oid: '#3' }] },
  }
  const answers = {
    ListObjectsCommand: ({ after, prefix }: Record<string, unknown>) => {
      assert.equal(prefix, 'x')
      return pages[String(after ?? '')]
    },
  }
  assert.equal((await ran(['ls', 'x'], answers)).out, 'a   #2\nbb  #3\n')
  const { out } = await ran(['ls', 'x', '--json'], answers)
  assert.deepEqual(JSON.parse(out), {
    objects: [
      { name: 'a', oid: '#2' },
      { name: 'bb', oid: '#3' },
    ],
  })
})

const time = new Date(2026, 0, 31, 9, 5, 0)
const entry = (tid: string) => ({
  tid,
  time,
  author: 'cli',
  note: 'setSlot:value:',
  changes: [{ oid: '#1', slots: ['greeting'] }],
})

test('[CL40] `log` has one line for each transaction, and says how to see older ones', async () => {
  const answers = { GetHistoryCommand: () => ({ entries: [entry('12'), entry('11')] }) }
  const { out, err } = await ran(['log', '--limit', '2'], answers)
  assert.equal(localTime(time), '2026-01-31 09:05:00')
  assert.equal(
    out,
    ' 12  2026-01-31 09:05:00  cli  setSlot:value:  #1 greeting\n' +
      ' 11  2026-01-31 09:05:00  cli  setSlot:value:  #1 greeting\n',
  )
  assert.equal(err, 'Older ones: --before 11\n')
  assert.equal((await ran(['log', '--limit', '3'], answers)).err, '')
})

test('[CL40] `history` asks for the slot that was named', async () => {
  const asked: unknown[] = []
  const { out } = await ran(['history', 'account', 'balance', '--before', '9', '--json'], {
    GetHistoryCommand: (fields) => {
      asked.push(fields)
      return { entries: [entry('5')] }
    },
  })
  assert.deepEqual(asked, [{ target: 'account', slot: 'balance', limit: 20, before: '9' }])
  assert.equal(JSON.parse(out).entries[0].time, time.toISOString())
})

test('[CL43] every hint of `status` is a command of this program', async () => {
  const { out } = await ran(['status', '--image', './my world'], {
    ListObjectsCommand: () => ({ objects: [] }),
  })
  const hints = [...out.matchAll(/^ {2}npx batos (.+) --image '\.\/my world'$/gm)]
  assert.ok(hints.length >= 2)
  for (const [, words = ''] of hints) {
    const { code } = await ran([...words.split(' '), '--help'])
    assert.equal(code, 0, words)
  }
})

const DAMAGE = {
  objects: 3,
  revisions: 4,
  transactions: 2,
  damage: [
    { problem: 'the checksum differs', oid: '#4f', tid: '2', place: 'account' },
    { problem: 'the checksum differs', oid: '#5', tid: '2', place: null },
    { problem: 'it refers to nothing', oid: '#4f', tid: null, place: 'account' },
    { problem: 'the names are gone', oid: null, tid: null },
  ],
}

test('[CL44] `verify` lists each damaged place and ends with 8, without opening a world', async () => {
  const given = { files: { '/here/live_image/data': 'folder' } }
  const damaged = await ran(['verify'], {}, { ...given, verifyImage: async () => DAMAGE })
  assert.equal(damaged.code, 8)
  assert.equal(
    damaged.out,
    [
      'account (#4f) at 2: the checksum differs',
      '#5 at 2: the checksum differs',
      'account (#4f): it refers to nothing',
      'the image: the names are gone',
      'Objects hit: account (#4f), #5.',
      '4 damaged places in 3 objects, 4 records, 2 transactions.',
      '',
    ].join('\n'),
  )
  assert.equal(damaged.err, 'Save what can be read with: npx batos salvage ./saved_image\n')
  assert.deepEqual(damaged.hands.opened, [])
  const sound = await ran(['verify'], {}, given)
  assert.deepEqual([sound.code, sound.out], [0, 'Sound: 0 objects, 0 records, 0 transactions.\n'])
})

test('[CL44] a store that cannot be opened is damage, and no image is not found', async () => {
  const broken = async () => {
    throw new Fault({ code: 'IMAGE_DAMAGED', message: 'no root', remedy: '', retry: 'never' })
  }
  const given = { files: { '/here/live_image/data': 'folder' }, verifyImage: broken }
  const { code, out } = await ran(['verify', '--json'], {}, given)
  assert.equal(code, 8)
  assert.deepEqual(JSON.parse(out).damage, [
    { problem: 'no root', oid: null, tid: null, place: null },
  ])
  assert.equal((await ran(['verify'])).code, 3)
})

test('[CL51] the reply of `send` is alone on stdout: a string as it is, else as text', async () => {
  const reply = (value: unknown) => ({ SendCommand: () => value })
  const send = ['send', 'account', 'name', '--policy', 'off']
  assert.equal((await ran(send, reply('Ada\nL.'))).out, 'Ada\nL.\n')
  assert.equal((await ran(send, reply({ a: [1, null] }))).out, '{ a: [1, nil] }\n')
  const { out } = await ran([...send, '--json'], reply({ $ref: '#4f' }))
  assert.deepEqual(JSON.parse(out), { ok: true, result: { $ref: '#4f' }, tid: '9' })
})

test('[CL51] `send` hands on its words: arguments as JSON or text, options as fields', async () => {
  const asked: unknown[] = []
  const answers: Answers = { SendCommand: (fields) => void asked.push(fields) }
  await ran(['send', 'a', 'f:', '-5', 'x', '{"b":1}', '--policy', 'off', '--key', 'k'], answers)
  await ran(
    ['send', 'a', 'f', '--intent', 'why', '--deadline', '50', '--holder', 'h', '--', '--json'],
    answers,
  )
  assert.deepEqual(asked, [
    { target: 'a', selector: 'f:', args: [-5, 'x', { b: 1 }], policy: 'off', key: 'k' },
    { target: 'a', selector: 'f', args: ['--json'], intent: 'why', deadline: 50, holder: 'h' },
  ])
})
