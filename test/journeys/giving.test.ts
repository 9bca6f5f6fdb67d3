// Owns: giving a method from a shell, as real processes, without a model: new, better, refused, looked at first.
// Leaves: what is compared to the tests of governance; the page to page-judging.test.ts.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { open } from '#batos'
import { Place } from './processes.ts'

const DEPOSIT = 'function deposit(self, n) { self.balance += n; return self.balance }\n'
const INVARIANT = "function invariant(self) { return self.balance >= 0 ? true : 'it is below 0' }\n"

/** A place with an account, and a way to give it a method from a file. */
async function account(place: Place) {
  await place.serve()
  await place.run(['send', 'genesis', 'clone:', 'account'])
  await place.run(['send', 'account', 'setSlot:value:', 'balance', '10'])
  return async (selector: string, source: string, ...words: string[]) => {
    const file = join(place.folder, 'given.ts')
    writeFileSync(file, source)
    return place.run(['method', 'account', selector, file, ...words])
  }
}

test('[CL132] [GO69] a method of one’s own is given, replaced by a better one, and taken back, all from a shell', async () => {
  await using place = new Place()
  const give = await account(place)
  const first = await give('deposit', DEPOSIT, '-m', 'Adds to the balance.')
  assert.match(first.out, /^Given: version 1 of deposit of account, transaction \d+\.\n$/)
  assert.equal((await place.run(['send', 'account', 'deposit', '5'])).out, '15\n')

  const better = DEPOSIT.replace('{ ', '{ if (n <= 0) throw new Error("not " + n); ')
  const looked = await give('deposit', better, '--dry-run')
  assert.match(
    looked.out,
    /^It would be version 2 of deposit of account, compared on \d+ calls\.\n$/,
  )
  assert.match(looked.err, /^Warning: \d+ of \d+ calls come to something else: .* it fails: not /)
  const second = await give('deposit', better, '--json')
  assert.equal(JSON.parse(second.out).version, 2)
  const refused = await place.run(['send', 'account', 'deposit', '-1'])
  assert.deepEqual([refused.code, refused.out], [1, ''])
  const listed = await place.run(['swap', 'ls', 'account', 'deposit', '--json'])
  const { versions } = JSON.parse(listed.out)
  assert.deepEqual(
    versions.map((one: { comment: string; current: boolean }) => [one.comment, one.current]),
    [
      ['Adds to the balance.', false],
      ['Adds to the balance.', true],
    ],
  )
  assert.equal((await place.run(['swap', 'back', 'account', 'deposit'])).code, 0)
  assert.equal((await place.run(['send', 'account', 'deposit', '-1'])).out, '14\n')
  assert.equal((await give('invariant', INVARIANT)).code, 0)
  assert.equal((await place.run(['send', 'account', 'invariant'])).out, 'true\n')
})

test('[CL132] [GO68] [GO73] a method that may not be given says why and what to do, and nothing has changed', async () => {
  await using place = new Place()
  const give = await account(place)
  await give('deposit', DEPOSIT)
  const before = (await place.run(['log', '--limit', '1'])).out
  const cases: [string, string, string[], number, RegExp][] = [
    ['deposit', 'function deposit(self, n) {', [], 1, /^METHOD_FAILED: .*line 1/],
    ['deposit', 'function deposit(self) { return process.env }', [], 1, /^METHOD_FAILED: /],
    ['deposit', DEPOSIT, ['--expect', 'none'], 4, /^CONFLICT: .*\n.*give the method again/],
    [
      'balance',
      'function balance(self) { return 1 }',
      [],
      5,
      /^POLICY: .*balance holds 10.*\n.*--anyway/,
    ],
    ['__proto__', DEPOSIT, [], 2, /^FIELD_INVALID: /],
    ['deposit', '', [], 2, /^FIELD_INVALID: /],
  ]
  for (const [selector, source, words, code, said] of cases) {
    const ran = await give(selector, source, ...words)
    assert.deepEqual([ran.code, ran.out], [code, ''], ran.err)
    assert.match(ran.err, said)
  }
  const file = join(place.folder, 'given.ts')
  writeFileSync(file, DEPOSIT)
  assert.equal((await place.run(['method', 'nobody', 'deposit', file])).code, 3)
  assert.equal((await place.run(['log', '--limit', '1'])).out, before)
})

test('[BR79] over the wire a method is looked at with `preview`, held to what is there with `replace`, and put in place without either; it can be called off', async () => {
  await using place = new Place()
  const world = await open(place.image, { policy: 'off' })
  try {
    await world.request('CreateObjectCommand', { name: 'tally', slots: { count: 1 } })
    const give = (source: string, more: Record<string, unknown> = {}) =>
      world.request('CreateMethodCommand', {
        ...{ target: 'tally', method_name: 'add', source },
        ...more,
      })
    const add = 'function add(self, n) { return self.count + n }'
    const preview = { preview: true }
    assert.deepEqual(await give(add, preview), { tid: null, version: 1, compared: 0 })
    assert.deepEqual(Object.keys((await give(add)) as object).sort(), ['tid', 'version'])
    const checked = { replace: 'checked' }
    const same = (await give(add.replace('self.count + n', 'n + self.count'), checked)) as Given
    assert.equal(same.version, 2)
    assert.equal(same.warnings, undefined)
    assert.ok(Number(same.compared) > 20)
    const other = (await give(add.replace('+', '-'), { ...checked, ...preview })) as Given
    assert.match(other.warnings?.[0] ?? '', /it answers -6; the version in place answers 8$/)
    const overData = { ...checked, method_name: 'count' }
    await assert.rejects(give(add, overData), { code: 'POLICY' })
    await assert.rejects(give(add, { ...overData, ...preview }), { code: 'POLICY' })
    await assert.rejects(give(add, { replace: 'never' }), { code: 'FIELD_INVALID' })
    await assert.rejects(give(add, { ...checked, expect: '1' }), { code: 'CONFLICT' })
    assert.equal(await world.send('tally', 'count'), 1)
    assert.equal(await world.send('tally', 'add', [2]), 3)
    const ending = new AbortController()
    const called = world.request(
      'CreateMethodCommand',
      { target: 'tally', method_name: 'add', source: add.replace('+', '*'), ...checked },
      { signal: ending.signal },
    )
    ending.abort()
    await assert.rejects(called, { code: 'CANCELLED' })
    assert.equal(await world.send('tally', 'add', [2]), 3)
    const over = (await give('function count(self) { return 9 }', {
      ...{ method_name: 'count', replace: 'anyway' },
    })) as Given
    assert.match(over.overruled?.[0] ?? '', /count holds 1, which the method would take/)
    assert.equal(await world.send('tally', 'count'), 9)
  } finally {
    await world.shut()
  }
})

interface Given {
  version: number
  compared?: number
  warnings?: string[]
  overruled?: string[]
}
