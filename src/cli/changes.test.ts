// Owns: the claims about how `diff` and `undo` show what changed.
// Leaves: what changed to the kernel; lines to line-diff.test.ts.
// Laws: CL87, CL88.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { ran } from './ran.fixture.ts'

const data = (value: unknown) => ({ kind: 'data', value })
const method = (version: number, source: string) => ({ kind: 'method', version, source })
const COUNTS = { added: 0, removed: 0, changed: 1, slots: 1, names: 0 }

const DIFF = {
  from: '3',
  to: '9',
  counts: { added: 1, removed: 1, changed: 1, slots: 6, names: 1 },
  objects: [
    {
      oid: '#p',
      change: 'changed',
      slots: [
        { name: 'balance', change: 'changed', before: data(5), after: data(7) },
        { name: 'owner', change: 'added', after: data({ $ref: '#q' }) },
        {
          name: 'deposit',
          change: 'changed',
          before: method(1, 'function deposit(self, n) {\n  return n\n}\n'),
          after: method(2, 'function deposit(self, n) {\n  return self.balance + n\n}\n'),
        },
        { name: 'f', change: 'added', after: method(1, 'function f(self) {\n  return 1\n}\n') },
      ],
    },
    {
      oid: '#q',
      change: 'added',
      slots: [
        { name: 'parent*', change: 'added', after: { kind: 'parent', value: { $ref: '#1' } } },
      ],
    },
    {
      oid: '#x',
      change: 'removed',
      slots: [{ name: 'n', change: 'removed', before: data(null) }],
    },
  ],
  names: [{ name: 'bob', before: null, after: '#q' }],
  places: { '#p': 'account', '#q': 'account.owner', '#1': 'genesis' },
}

test('[CL87] objects are called by name where they have one, slots show both states, methods their lines', async () => {
  const { code, out } = await ran(['diff', '3', '9'], { DiffCommand: () => DIFF })
  assert.equal(code, 0)
  assert.equal(
    out,
    [
      '~ account (#p)',
      '  ~ balance  5 → 7',
      '  + owner  account.owner',
      '  ~ deposit  method v1 → method v2',
      '    @@ -1,3 +1,3 @@',
      '      function deposit(self, n) {',
      '    -   return n',
      '    +   return self.balance + n',
      '      }',
      '  + f  method v1',
      '    + function f(self) {',
      '    +   return 1',
      '    + }',
      '+ account.owner (#q)',
      '  + parent*  genesis',
      '- #x',
      '  - n  nil',
      '  name bob  nothing → #q',
      '1 object added, 1 removed, 1 changed; 6 slots, 1 name',
      '',
    ].join('\n'),
  )
  const { out: document } = await ran(['diff', '3', '9', '--json'], { DiffCommand: () => DIFF })
  assert.deepEqual(JSON.parse(document), DIFF)
})

test('[CL87] of a long value the lines that differ are shown, so that the difference is seen', async () => {
  const items = Array.from({ length: 40 }, (_, n) => `the item number ${n}`)
  const changed = items.with(20, 'another')
  const slot = { name: 'items', change: 'changed', before: data(items), after: data(changed) }
  const text = { name: 'text', change: 'changed', before: data('a\nb\n'), after: data('a\nc\n') }
  const objects = [{ oid: '#p', change: 'changed', slots: [slot, text] }]
  const answer = { ...DIFF, counts: { ...COUNTS, slots: 2 }, objects, names: [] }
  const { out } = await ran(['diff', '3', '9'], { DiffCommand: () => answer })
  assert.equal(
    out,
    [
      '~ account (#p)',
      '  ~ items',
      '    @@ -19,7 +19,7 @@',
      '        "the item number 17",',
      '        "the item number 18",',
      '        "the item number 19",',
      '    -   "the item number 20",',
      '    +   "another",',
      '        "the item number 21",',
      '        "the item number 22",',
      '        "the item number 23",',
      '  ~ text',
      '    @@ -1,2 +1,2 @@',
      '      a',
      '    - b',
      '    + c',
      '0 objects added, 0 removed, 1 changed; 2 slots, 0 names',
      '',
    ].join('\n'),
  )
})

test('[CL12] [CL87] what the image holds cannot steer a terminal through a diff', async () => {
  const evil = '\u001b[2J'
  const slots = [
    { name: `n${evil}`, change: 'added', after: data(evil) },
    { name: 'f', change: 'added', after: method(1, `function f(self) { return '${evil}' }`) },
  ]
  const objects = [{ oid: '#p', change: 'changed', slots }]
  const answer = { ...DIFF, objects, names: [], places: { '#p': `a${evil}` } }
  const { out } = await ran(['diff', '3', '9', '--no-color'], { DiffCommand: () => answer })
  assert.ok(!out.includes('\u001b'), JSON.stringify(out))
})

test('[CL87] `diff` hands on what it was given: two states, one, none, and an object', async () => {
  const fieldsOf = async (...words: string[]) =>
    (await ran(['diff', ...words], { DiffCommand: () => DIFF })).asked[0]?.fields
  assert.deepEqual(await fieldsOf('3', '9'), { from: '3', to: '9' })
  assert.deepEqual(await fieldsOf('3'), { from: '3' })
  assert.deepEqual(await fieldsOf('--object', 'account'), { target: 'account' })
  const { asked, err } = await ran(['diff'], { DiffCommand: () => DIFF })
  assert.deepEqual(asked[0]?.fields, {})
  assert.equal(err, 'From transaction 3 to 9.\n')
})

test('[CL88] `undo` prints what it became and how to do it again, of one transaction or of several', async () => {
  const undo = (undoes: string, tid: string | null) => ({ UndoCommand: () => ({ tid, undoes }) })
  const one = await ran(['undo', '12'], undo('12', '15'))
  assert.deepEqual(one.asked, [{ op: 'UndoCommand', fields: { tid: '12' } }])
  assert.equal(one.out, 'Transaction 12 is undone by transaction 15.\n')
  assert.equal(one.err, 'Do it again with: npx batos undo 15\n')
  const several = await ran(['undo', '12..14'], undo('12..14', '15'))
  assert.deepEqual(several.asked[0]?.fields, { tid: '12', to: '14' })
  assert.equal(several.out, 'Transactions 12 to 14 are undone by transaction 15.\n')
  assert.equal(
    (await ran(['undo', '2'], undo('2', null))).out,
    'Transaction 2 left nothing to take back.\n',
  )
})

test('[CL88] --dry-run shows what would change, and asks for nothing else', async () => {
  const objects = [
    {
      oid: '#p',
      change: 'changed',
      slots: [{ name: 'balance', change: 'changed', before: data(7), after: data(5) }],
    },
  ]
  const plan = { ...DIFF, counts: COUNTS, objects, names: [] }
  const { out, err, asked } = await ran(['undo', '12', '--dry-run'], {
    UndoCommand: () => ({ tid: null, undoes: '12', plan }),
  })
  assert.deepEqual(asked, [{ op: 'UndoCommand', fields: { tid: '12', preview: true } }])
  assert.match(out, /^~ account \(#p\)\n {2}~ balance {2}7 → 5\n0 objects added/)
  assert.equal(err, 'Nothing was changed. Do it with: npx batos undo 12\n')
})

test('[CL88] a word that is no transaction ends with 2, and several later changes are listed', async () => {
  for (const word of ['x', '3..', '..3', '3-5', '-1']) {
    const { code, asked } = await ran(['undo', '--', word])
    assert.deepEqual([word, code, asked], [word, 2, []])
  }
  const later = (slot: string, tid: string) => ({ oid: '#p', slot, name: null, tid, author: 'cli' })
  const conflicts = [
    later('balance', '14'),
    later('owner', '15'),
    { oid: null, slot: null, name: 'bob', tid: null, author: null },
  ]
  const refuse = () => {
    const message = 'balance of account (#p) was changed by transaction 14'
    throw new Fault({
      ...{ code: 'CONFLICT', message, remedy: 'Undo it first.', retry: 'transaction' },
      data: { conflicts },
    })
  }
  const { code, out, err } = await ran(['undo', '12'], { UndoCommand: refuse })
  assert.deepEqual([code, out], [4, ''])
  assert.equal(
    err,
    [
      'changed later: balance of #p, by 14 of cli',
      'changed later: owner of #p, by 15 of cli',
      'changed later: the name "bob"',
      'CONFLICT: balance of account (#p) was changed by transaction 14',
      '  Undo it first.',
      '',
    ].join('\n'),
  )
})
