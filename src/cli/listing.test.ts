// Owns: the claims about lists of transactions: pages, filters, names.
// Leaves: `ls`, and the form of one line, to verbs.test.ts.
// Laws: CL40, CL46.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { NOW } from './powers.fixture.ts'
import { ran } from './ran.fixture.ts'

const time = new Date(2026, 0, 31, 9, 5, 0)
const entry = (tid: number, more: Record<string, unknown> = {}) => ({
  ...{ tid: String(tid), time, author: 'cli', note: 'set n' },
  ...{ changes: [{ oid: '#p', slots: ['n'] }], names: [], ...more },
})

test('[CL46] `log` asks for an object, an author and a time, and calls objects by name', async () => {
  const page = {
    entries: [entry(9), entry(8, { packed: true })],
    places: { '#p': 'account.owner' },
  }
  const words = ['log', '--object', 'account', '--author', 'cli', '--since', '2h', '--before', '20']
  const { asked, out } = await ran(words, { GetHistoryCommand: () => page })
  assert.deepEqual(asked[0]?.fields, {
    target: 'account',
    author: 'cli',
    since: new Date(NOW - 7_200_000).toISOString(),
    limit: 20,
    before: '20',
  })
  assert.equal(
    out,
    '  9  2026-01-31 09:05:00  cli  set n  account.owner n\n' +
      '  8  2026-01-31 09:05:00  cli  set n  account.owner n  (packed)\n',
  )
})

test('[CL40] a list goes on page after page until it is as long as was asked, or whole', async () => {
  // The kernel looked at much and found one; then a full page; then the rest.
  const pages: Record<string, unknown> = {
    '': { entries: [entry(5_000)], next: '4000' },
    4000: { entries: Array.from({ length: 1_000 }, (_, n) => entry(3_999 - n)) },
    3000: { entries: [entry(7)] },
  }
  const answers = {
    GetHistoryCommand: ({ before = '' }: Record<string, unknown>) => pages[String(before)],
  }
  const all = await ran(['log', '--limit', '2000'], answers)
  assert.equal(all.out.split('\n').length, 1_003)
  assert.deepEqual(
    all.asked.map(({ fields }) => [fields.before, fields.limit]),
    [
      [undefined, 1_000],
      ['4000', 1_000],
      ['3000', 999],
    ],
  )
  assert.equal(all.err, '')
  const some = await ran(['log', '--limit', '1'], answers)
  assert.equal(some.err, 'Older ones: --before 5000\n')
})

test('[CL46] a slot follows its object as a word or behind a dot, and a name with a dot comes first', async () => {
  const answers = {
    GetHistoryCommand: ({ target }: Record<string, unknown>) => {
      if (target === 'account' || target === 'v1.2') return { entries: [entry(3)] }
      const message = `there is no object "${target}"`
      throw new Fault({ code: 'TARGET_UNKNOWN', message, remedy: '', retry: 'never' })
    },
  }
  const last = async (...words: string[]) =>
    (await ran(['history', ...words], answers)).asked.at(-1)
  assert.deepEqual((await last('account', 'n'))?.fields, {
    target: 'account',
    slot: 'n',
    limit: 20,
  })
  assert.deepEqual((await last('account.n'))?.fields, { target: 'account', slot: 'n', limit: 20 })
  assert.deepEqual((await last('v1.2'))?.fields, { target: 'v1.2', limit: 20 })
  assert.deepEqual((await last('v1.2.n'))?.fields, { target: 'v1.2', slot: 'n', limit: 20 })
  const unknown = await ran(['history', 'nobody.n'], answers)
  assert.equal(unknown.code, 3)
})

test('[CL40] an empty list says of what, and a --before that is no transaction ends with 2', async () => {
  const none = { GetHistoryCommand: () => ({ entries: [] }) }
  assert.equal(
    (await ran(['history', 'account', 'n'], none)).err,
    'No transaction changed n of account.\n',
  )
  assert.equal((await ran(['log', '--author', 'x'], none)).err, 'No transaction is like that.\n')
  assert.equal((await ran(['log', '--before', 'x'], none)).code, 2)
})
