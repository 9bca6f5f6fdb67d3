// Owns: the tests of sources that are one function and those that are not, sources over a limit, and bombs.
// Leaves: forms inside the function to gate.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod } from './index.ts'
import { SOURCE_LENGTH_MAX } from './limits.ts'

function codesOf(source: string): string[] {
  const made = compileMethod(source)
  return 'problems' in made ? made.problems.map(({ code }) => code) : []
}

const ONE: string[] = [
  'function f(self) {}',
  '  // A comment.\n/* Another. */ function f(self) {}',
  'export function f(self) {}',
  'export default function f(self) {}',
  'export default function (self) {}',
  'export default (self) => 1',
  'function (self) { return 1 }',
  '/* a */ function /* b */ (self) { return 1 } // c',
  'function <T>(self: T): T { return self };',
  '(self) => 1',
  '(self) => { return 1 };',
  'self => 1',
  '(function (self) {})',
  ';(self) => 1;;',
  'interface Self { x: number }\ntype N = number\nfunction f(self: Self): N { return self.x }',
  'function f(this: Self, self: Self) { return self }',
]

for (const source of ONE) {
  test(`[KN40] one function: ${JSON.stringify(source)}`, () => {
    assert.deepEqual(codesOf(source), [])
  })
}

const NOT_ONE: [source: string, code: string][] = [
  ['', 'ONE_FUNCTION'],
  ['// nothing', 'ONE_FUNCTION'],
  ['1', 'ONE_FUNCTION'],
  ['function f(self) {} function g(self) {}', 'ONE_FUNCTION'],
  ['function f(self) {} ; f(1)', 'ONE_FUNCTION'],
  ['self.x = 1; function f(self) {}', 'ONE_FUNCTION'],
  ['(function (self) {})()', 'ONE_FUNCTION'],
  ['function (self) {}()', 'SYNTAX'],
  ['function (self) {} + 1', 'ONE_FUNCTION'],
  ['function (self) {}; self', 'ONE_FUNCTION'],
  ['(self) => 1, 2', 'ONE_FUNCTION'],
  ['const f = (self) => 1', 'ONE_FUNCTION'],
  ['import x from "y"; function f(self) {}', 'ONE_FUNCTION'],
  ['export { f }; function f(self) {}', 'ONE_FUNCTION'],
  ['export * from "x"', 'ONE_FUNCTION'],
  ['{ function f(self) {} }', 'ONE_FUNCTION'],
  ['class A { f(self) {} }', 'ONE_FUNCTION'],
  ['function f() {}', 'SELF_PARAMETER'],
  ['() => 1', 'SELF_PARAMETER'],
  ['function f({ self }) {}', 'SELF_PARAMETER'],
  ['function f(self = 1) {}', 'SELF_PARAMETER'],
  ['function f(...self) {}', 'SELF_PARAMETER'],
  ['function f(self {}', 'SYNTAX'],
  ['function f(self) { return "\n" }', 'SYNTAX'],
  ['function f(self) { /* }', 'SYNTAX'],
  ['function f(self) { return 1\n--> x\n}', 'SYNTAX'],
  ['function f(self, self) {}', 'SYNTAX'],
  ['function f(self, eval) {}', 'SYNTAX'],
  ['function f(self) {} }); steal({', 'SYNTAX'],
  ['}}) ; (function(){{ function f(self) {}', 'SYNTAX'],
  ['async function f(self) {}', 'ASYNC'],
  ['async (self) => 1', 'ASYNC'],
  ['function* f(self) {}', 'GENERATOR'],
  ['function* (self) {}', 'GENERATOR'],
]

for (const [source, code] of NOT_ONE) {
  test(`[KN40] ${code}: ${JSON.stringify(source)}`, () => {
    assert.deepEqual(codesOf(source)[0], code)
  })
}

test('[KN40] a syntax error is placed where the source has it, with and without a name', () => {
  for (const head of ['function f', 'function ', 'export default function ']) {
    const made = compileMethod(`${head}(self) {\n  return 1 +\n}`)
    if (!('problems' in made)) assert.fail('it must not compile')
    assert.deepEqual([made.problems[0]?.line, made.problems[0]?.column], [3, 1], head)
  }
})

test('[KN41] [G3] a source of the largest size is read, and one more character is refused', () => {
  const shell = 'function f(self) {  }'
  const fill = ' '.repeat(SOURCE_LENGTH_MAX - shell.length)
  assert.deepEqual(codesOf(`function f(self) { ${fill} }`), [])
  assert.deepEqual(codesOf(`function f(self) { ${fill}  }`), ['SOURCE_SIZE'])
})

test('[KN41] many small nodes are refused by their number', () => {
  assert.deepEqual(codesOf(`function f(self) { return [${'1,'.repeat(30_000)}] }`), [])
  assert.deepEqual(codesOf(`function f(self) { ${'+1;'.repeat(20_000)} }`), ['SOURCE_NODES'])
})

const BOMBS: Record<string, string> = {
  brackets: '('.repeat(30_000) + 1 + ')'.repeat(30_000),
  'open brackets': '('.repeat(60_000),
  lists: '['.repeat(60_000),
  blocks: '{'.repeat(60_000),
  negations: `${'!'.repeat(60_000)}1`,
  sums: `${'1+'.repeat(30_000)}1`,
  powers: `${'1**'.repeat(20_000)}1`,
  members: `self${'.b'.repeat(30_000)}`,
  chains: `self${'?.b()'.repeat(12_000)}`,
  arrows: `${'a=>'.repeat(20_000)}1`,
  'arrows in brackets': '(a=>('.repeat(10_000),
  conditions: `${'1?'.repeat(15_000)}1${':1'.repeat(15_000)}`,
  'conditions like arrows': 'a ? (b) : c => (d) : '.repeat(3_000),
  ifs: `${'if(1)'.repeat(12_000)};`,
  functions: 'function f(){'.repeat(4_000),
  templates: '`${'.repeat(20_000),
  'type brackets': `let x: ${'('.repeat(30_000)}1${')'.repeat(30_000)}`,
  'type arguments': `let x: ${'A<'.repeat(20_000)}1${'>'.repeat(20_000)}`,
  'calls like type arguments': 'f(a<b,'.repeat(9_000),
  assignments: `${'a=b??'.repeat(10_000)}1`,
}

for (const [what, bomb] of Object.entries(BOMBS)) {
  test(`[KN41] a bomb of ${what} is refused, and the next source compiles`, () => {
    const codes = codesOf(`function f(self) { ${bomb} }`)
    assert.match(codes[0] ?? 'none', /^(SOURCE_DEPTH|SOURCE_NODES|SYNTAX)$/)
    assert.deepEqual(codesOf('function f(self: Self) { return self.x }'), [])
  })
}
