// Owns: the tests of methods that are well and badly typed against a declared receiver, and the places of what is told.
// Leaves: the process around the checker to judge.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TypeChecker } from './typing.ts'

const SELF = `interface Item { name: string; price: number }
interface Self {
  balance: number
  owner: string
  items: Item[]
  deposit(amount: number): number
  'at:put:'(key: string, value: unknown): unknown
}`

const checker = new TypeChecker()

function check(source: string, argTypes: string[] = [], declaration = SELF) {
  return checker
    .check({ source, selector: 'any', declaration, argTypes })
    .map(({ message, line, column }) => `${line}:${column} ${message}`)
}

const WELL: string[] = [
  'function f(self) { return self.balance.toFixed(2) + self.owner.trim() }',
  'function f(self) { return this.items.map((i) => i.price * 2) }',
  'function f(self, a, b) { return a.anything + b() }',
  'function f(self) { const l = []; l.push(1); l.push("a"); let x = null; x = 3; return [l, x] }',
  "function f(self) { return self['at:put:']('k', 1) }",
  'function f(self) { return resend.f(mirror.slots(self)) }',
  'function f(self: any) { return self.whatever }',
  '(self, n) => self.balance + n + this.balance',
  'self => this.owner.trim() + self.owner',
  'function (self, ...rest) { return rest.length + self.balance }',
  'export default function (self) { return this.balance }',
  'export const x = 1, f = (self) => 1',
  'function f(this: Self, self: Self) { return this.balance }',
  'function f(self, n?, { a } = {} as any, list: string[] = []) { return [n, a, list] }',
  'function parseInt(self) { return self.balance }',
  `function f(self) { let n = self.balance; let r = ''
  for (const [sign, value] of [['X', 10], ['I', 1]]) while (n >= value) { r += sign; n -= value }
  return r }`,
]

for (const source of WELL) {
  test(`[KN59] well typed: ${source}`, () => {
    assert.deepEqual(check(source), [])
  })
}

test('[KN59] the receiver is Self, in its parameter and in this', () => {
  assert.match(check('function f(self) { return self.blance }')[0] ?? '', /^1:32 .*'blance'/)
  assert.match(check('function f(self) { return this.blance }')[0] ?? '', /^1:32 .*'blance'/)
  assert.match(check('(self) => this.owner.foo')[0] ?? '', /^1:22 .*'foo'/)
  assert.match(check('function (self) { return self.owner.foo }')[0] ?? '', /^1:37 .*'foo'/)
})

test('[KN59] arguments without types have those given, and any otherwise', () => {
  const source = 'function f(self, a, b) { return a.foo + b.foo }'
  assert.equal(check(source).length, 0)
  assert.match(check(source, ['string'])[0] ?? '', /^1:35 .*'foo'.*'string'/)
  assert.equal(check(source, ['any', 'Item']).length, 1)
})

test('[KN59] a member that the declaration leaves open is tolerated', () => {
  const open = 'interface Self { balance: number; [name: string]: any }'
  assert.deepEqual(check('function f(self) { return self.unknown(1).x }', [], open), [])
  assert.equal(check('function f(self) { return self.balance.x }', [], open).length, 1)
})

test('[KN60] positions are those of the source, whatever was put before them', () => {
  const source = 'self =>\n  self.items.map((i) =>\n    i.nme + this.ownr)'
  assert.deepEqual(
    check(source).map((one) => one.split(' ')[0]),
    ['3:7', '3:18'],
  )
})

test('[KN59] a declaration counts only for its own check', () => {
  const source = 'function f(self) { return self.other }'
  assert.equal(check(source).length, 1)
  assert.equal(check(source, [], 'interface Self { other: number }').length, 0)
  assert.equal(check(source).length, 1)
})

test('[KN41] a declaration over the limit is refused by its size', () => {
  const found = checker.check({
    source: '(self) => 1',
    selector: 'f',
    declaration: ' '.repeat(300 * 1024),
  })
  assert.equal(found[0]?.code, 'SOURCE_SIZE')
})

test('[KN157] for a call the receiver is Self whatever its type, and a parameter takes what it is called with', () => {
  const called = (source: string, ...argTypes: string[]) =>
    checker
      .check({ source, selector: 'f', declaration: SELF, argTypes, isCalled: true })
      .map(({ message, line, column }) => `${line}:${column} ${message}`)
  assert.match(called('function f(self: any) { return self.blance }')[0] ?? '', /^1:37 .*'blance'/)
  const any = 'function f(self: any, n: any) { return self.nope.foo + n.length }'
  assert.equal(called(any, 'number').length, 2)
  const text = 'function f(self, n: string) { return n.length }'
  assert.match(
    called(text, 'number')[0] ?? '',
    /^1:\d+ Argument of type 'number' is not assignable/,
  )
  assert.deepEqual(called(text, 'string'), [])
  const either = `function f(self, n: number | string) { return typeof n === 'string' ? n.length : n }`
  assert.deepEqual(called(either, 'number'), [])
  assert.deepEqual(
    called('function f(this: any, self: any, n = 1) { return this.balance + n }', 'number'),
    [],
  )
  assert.match(
    called('function f(self, n) { return n }')[0] ?? '',
    /Expected 3 arguments, but got 2/,
  )
  assert.deepEqual(
    called('function f(self, ...rest: number[]) { return rest }', 'number', 'number'),
    [],
  )
  assert.deepEqual(called('(self: any, n) => self.balance + n', 'number'), [])
})
