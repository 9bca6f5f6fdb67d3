// Owns: the tests of which forms and names a method may use, what is told of the others, and the facts of those allowed.
// Leaves: the number of functions and the size of a source to parse.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod } from './index.ts'
import { ALLOWED_GLOBALS } from './names.ts'
import type { ProblemCode } from './problem.ts'

function problemsOf(source: string) {
  const made = compileMethod(source)
  return 'problems' in made ? made.problems : []
}

function codesOf(source: string): ProblemCode[] {
  return problemsOf(source).map(({ code }) => code)
}

/** A code, and the body of a method that it refuses. */
type Refused = [code: ProblemCode, body: string]

const REFUSED_FORMS: Refused[] = [
  ['ASYNC', 'async () => 1'],
  ['ASYNC', 'async function g() {}'],
  ['ASYNC', 'const o = { async g() {} }'],
  ['ASYNC', 'await self.x'],
  ['ASYNC', 'for await (const x of self.l) {}'],
  ['GENERATOR', 'function* g() { yield 1 }'],
  ['GENERATOR', 'const o = { *g() {} }'],
  ['CLASS', 'class A {}'],
  ['CLASS', 'return class { get x() { for (;;); } }'],
  ['CLASS', 'return new (class { x = self.y; static { for (;;); } })()'],
  ['ACCESSOR', 'return { get x() { return 1 } }'],
  ['ACCESSOR', 'return { set x(v) {} }'],
  ['ACCESSOR', 'return { get ["x"]() { return 1 } }'],
  ['MODULE', 'return import("node:fs")'],
  ['MODULE', 'return import /* here */ ("node:fs")'],
  ['MODULE', 'return import.meta.url'],
  ['WITH', 'with (self) { x }'],
  ['ARGUMENTS', 'return arguments[0]'],
  ['ARGUMENTS', 'const g = () => arguments; return g'],
  ['ARGUMENTS', 'return { arguments }'],
  ['ARGUMENTS', 'return \\u0061rguments'],
  ['META_PROPERTY', 'return new.target'],
  ['META_PROPERTY', 'return function () { return new.target }'],
  ['TAGGED_TEMPLATE', 'return self.x`a${1}`'],
  ['TAGGED_TEMPLATE', 'return String.raw`\\u`'],
  ['DEBUGGER', 'debugger'],
  ['SUPER', 'return { m() { return super.x } }'],
  ['NEW', 'return new self.Thing()'],
  ['NEW', 'return new (self.x ? Map : Set)()'],
  ['NEW', 'return new (() => Map)()'],
  ['DELETE', 'delete self?.x'],
  ['DELETE', 'delete self.f()'],
  ['SYNTAX', 'using x = self.y'],
  ['SYNTAX', 'delete self'],
  ['SYNTAX', 'return 010'],
  ['SYNTAX', 'eval = 1'],
  ['SYNTAX', 'let a; let a'],
  ['SYNTAX', 'return #x in self'],
  ['TYPESCRIPT_ONLY', 'enum A { x }'],
  ['TYPESCRIPT_ONLY', 'namespace A { export const x = 1 }'],
  ['TYPESCRIPT_ONLY', 'return <any>self.x'],
]

const REFUSED_SLOTS: Refused[] = [
  ['PROTO', 'return self.__proto__'],
  ['PROTO', 'return self["__proto__"]'],
  ['PROTO', 'return self[`__proto__`]'],
  ['PROTO', 'return self.\\u005f_proto__'],
  ['PROTO', 'return self?.x?.__proto__'],
  ['PROTO', 'return { __proto__: null }'],
  ['PROTO', 'return { "__proto__": null }'],
  ['PROTO', 'return { __proto__() {} }'],
  ['PROTO', 'return { "__pro\\x74o__": null }'],
  ['PROTO', 'const { __proto__: p } = self; return p'],
  ['PROTO', '[self.__proto__] = [1]'],
  ['CONSTRUCTOR', 'return self.constructor.constructor("return 1")()'],
  ['CONSTRUCTOR', 'return self["constructor"]'],
  ['CONSTRUCTOR', 'const { constructor: c } = self; return c'],
  ['CONSTRUCTOR', 'const { constructor } = self; return constructor'],
  ['CONSTRUCTOR', 'for (self.constructor of []);'],
]

const REFUSED_RESENDS: Refused[] = [
  ['RESEND', 'return resend'],
  ['RESEND', 'return resend.f'],
  ['RESEND', 'return resend(1)'],
  ['RESEND', 'return resend[self.x](1)'],
  ['RESEND', 'return resend?.f(1)'],
  ['RESEND', 'return resend.f?.(1)'],
  ['RESEND', 'return { resend }'],
  ['RESEND', 'return resend.f.call(1)'],
  ['ASSIGN_GLOBAL', 'resend = 1'],
]

const REFUSED_GLOBALS: Refused[] = [
  ['FREE_NAME', 'return eval("1")'],
  ['FREE_NAME', 'return (0, eval)("1")'],
  ['FREE_NAME', 'return typeof process'],
  ['FREE_NAME', 'return { globalThis }'],
  ['FREE_NAME', 'return new Proxy({}, {})'],
  ['FREE_NAME', 'return self[Symbol.iterator]'],
  ['FREE_NAME', 'return Function("return 1")()'],
  ['FREE_NAME', 'return new WeakRef(self)'],
  ['ASSIGN_GLOBAL', 'total = 1'],
  ['ASSIGN_GLOBAL', 'Math = null'],
  ['ASSIGN_GLOBAL', 'undefined = 1'],
  ['ASSIGN_GLOBAL', 'total++'],
  ['ASSIGN_GLOBAL', '[total] = [1]'],
  ['ASSIGN_GLOBAL', '({ a: { total = 1 } } = self)'],
  ['ASSIGN_GLOBAL', 'for (total of [1]);'],
]

const OUT_OF_SCOPE: Refused[] = [
  ['FREE_NAME', '{ let inner = 1 } return inner'],
  ['FREE_NAME', '{ function inner() {} } return inner'],
  ['FREE_NAME', 'for (let i = 0; i < 1; i++); return i'],
  ['FREE_NAME', 'try { self.f() } catch (e) {} return e'],
  ['FREE_NAME', 'const g = function own() {}; return own'],
  ['FREE_NAME', 'const g = (a = console) => { var console; return a }; return g()'],
  ['FREE_NAME', 'switch (console) { case 1: let console }'],
  ['FREE_NAME', 'const { [process]: b } = self; return b'],
]

const REFUSED_PRIVATE: Refused[] = [
  ['PRIVATE_NAME', 'let $rt = 1'],
  ['PRIVATE_NAME', 'return $rts'],
  ['PRIVATE_NAME', 'return $h'],
  ['PRIVATE_NAME', 'const g = ($v) => $v; return g(1)'],
  ['PRIVATE_NAME', 'function $t1() {}'],
  ['PRIVATE_NAME', 'return \\u{24}rt.n'],
  ['PRIVATE_NAME', 'return self.$rt'],
  ['PRIVATE_NAME', '$rt: for (;;) break $rt'],
]

const REFUSED_MARKS: Refused[] = [
  ['HTML_COMMENT', 'let x = 1, y = 2; return y <!--x'],
  ['HTML_COMMENT', 'let x = 1, y = 2; return y <!--x\n'],
  ['HTML_COMMENT', 'return self.a<!--self.b;\n'],
]

function refuses(code: ProblemCode, body: string) {
  const codes = codesOf(`function f(self, a) { ${body} }`)
  assert.ok(codes.includes(code), `problems are ${JSON.stringify(codes)}`)
}

for (const [code, body] of REFUSED_FORMS) {
  test(`[KN42] ${code} refuses: ${body}`, () => refuses(code, body))
}

for (const [code, body] of REFUSED_SLOTS) {
  test(`[KN43] ${code} refuses: ${body}`, () => refuses(code, body))
}

for (const [code, body] of REFUSED_RESENDS) {
  test(`[KN44] ${code} refuses: ${body}`, () => refuses(code, body))
}

for (const [code, body] of REFUSED_GLOBALS) {
  test(`[KN45] ${code} refuses: ${body}`, () => refuses(code, body))
}

for (const [code, body] of OUT_OF_SCOPE) {
  test(`[KN46] ${code} refuses: ${body}`, () => refuses(code, body))
}

for (const [code, body] of REFUSED_PRIVATE) {
  test(`[KN47] ${code} refuses: ${body}`, () => refuses(code, body))
}

for (const [code, body] of REFUSED_MARKS) {
  test(`[KN55] ${code} refuses: ${body}`, () => refuses(code, body))
}

const ALLOWED_FORMS: string[] = [
  'return self.arguments + self.async + self.await + self.class + self.eval',
  'return { arguments: 1, await: 2, get: 3, set: 4, async: 5, static: 6 }',
  'const { arguments: args, delete: d } = self; return [args, d]',
]

const ALLOWED_SLOTS: string[] = ['return { constructor: 1 }']

const ALLOWED_NAMES: string[] = [
  'const console = self.log, process = 1; return [console, process]',
  'let Math = { max: 1 }; Math = 2; return Math',
]

const IN_SCOPE: string[] = [
  'return g(); function g() { return later } var later',
  'const g = (a, b = a, { c = b } = {}) => [a, b, c]; return g(1)',
  'try { self.f() } catch ({ a: [b] }) { return b }',
  'fetch: for (const x of self.l) continue fetch',
  'return (function fact(n) { return n && fact(n - 1) })(3)',
  'for (const [k, v] of self.l) self[k] = v',
]

const ALLOWED_DOLLARS: string[] = [
  'const $ = 1, $t = 2, $tx = 3, $va = 4; return [$, $t, $tx, $va]',
]

function allows(body: string) {
  assert.deepEqual(problemsOf(`function f(self, a) { ${body} }`), [])
}

for (const body of ALLOWED_FORMS) {
  test(`[KN42] allowed: ${body}`, () => allows(body))
}

for (const body of ALLOWED_SLOTS) {
  test(`[KN43] allowed: ${body}`, () => allows(body))
}

for (const body of ALLOWED_NAMES) {
  test(`[KN45] allowed: ${body}`, () => allows(body))
}

for (const body of IN_SCOPE) {
  test(`[KN46] allowed: ${body}`, () => allows(body))
}

for (const body of ALLOWED_DOLLARS) {
  test(`[KN47] allowed: ${body}`, () => allows(body))
}

test('[KN42] this and resend begin with the body, so parameters refuse them', () => {
  assert.deepEqual(codesOf('function f(self, a = this.x) {}'), ['THIS_PARAMETER'])
  assert.deepEqual(codesOf('function f(self, { a = () => this } = {}) {}'), ['THIS_PARAMETER'])
  assert.deepEqual(codesOf('function f(self, a = resend.x()) {}'), ['RESEND'])
  assert.deepEqual(codesOf('function f(self, a = function () { return this }) {}'), [])
})

test('[KN40] a function may not take the place of the receiver', () => {
  assert.deepEqual(codesOf('function f(self) { return self; function self() {} }'), [
    'SELF_PARAMETER',
  ])
  assert.deepEqual(codesOf('function f(self) { { function self() {} } var self; return self }'), [])
})

test('[KN45] [G5] a refusal says where the name is and why it is not there', () => {
  const [problem] = problemsOf('function f(self) {\n  const a = 1\n  return [a, fetch("x")]\n}')
  assert.equal(problem?.line, 3)
  assert.equal(problem?.column, 14)
  assert.match(problem?.message ?? '', /`fetch`.*message to an object/)
})

test('[KN45] [G5] every allowed global, and none else, is a parameter of the code, in order', () => {
  const source = `function f(self) { return [${[...ALLOWED_GLOBALS].reverse().join()}, undefined, NaN, Infinity] }`
  const made = compileMethod(source)
  if ('problems' in made) assert.fail(made.problems[0]?.message)
  assert.deepEqual(made.globals, ALLOWED_GLOBALS)
  const none = compileMethod('function f(self, Math) { return Math.max(1) }')
  assert.deepEqual('globals' in none && none.globals, [])
})

test('[KN42] all problems are told, up to a limit', () => {
  const many = 'function f(self) { a; b; c = 1 }'
  assert.deepEqual(codesOf(many), ['FREE_NAME', 'FREE_NAME', 'ASSIGN_GLOBAL'])
  assert.equal(codesOf(`function f(self) { ${'x;'.repeat(100)} }`).length, 20)
})

test('[KN48] facts name the slots, the selectors and the literals of a method', () => {
  const made = compileMethod(`function f(self, other) {
    self.total += self.price * 2
    this.done = other.check(self.tax(1), /x+/.test('q'))
    const { name, 'long name': long } = self
    delete self.old
    self.list[0] = self.next?.()
    return [resend.f(other), name, long, self.count++]
  }`)
  if ('problems' in made) assert.fail(made.problems[0]?.message)
  assert.deepEqual(made.facts, {
    reads: ['count', 'list', 'long name', 'name', 'price', 'total'],
    writes: ['count', 'done', 'old', 'total'],
    selfSends: ['next', 'tax'],
    sends: ['check', 'next', 'tax', 'test'],
    resends: ['f'],
    dynamic: false,
    regexes: ['/x+/'],
    literals: ["'q'", '0', '1', '2'],
    endless: [],
    slow: [],
  })
})

test('[KN48] facts say when a slot is computed or the receiver goes by another name', () => {
  const dynamic = (body: string) => {
    const made = compileMethod(`function f(self, a) { ${body} }`)
    return 'facts' in made && made.facts.dynamic
  }
  assert.equal(dynamic('return self.x'), false)
  assert.equal(dynamic('return self[a]'), true)
  assert.equal(dynamic('return a.add(self)'), true)
  assert.equal(dynamic('const me = this; return me.x'), true)
  assert.equal(dynamic('const { ...all } = self; return all'), true)
  assert.equal(dynamic('const g = (self) => self; return g(1)'), false)
})

test('[KN48] the signature is the name, the parameters and how many arguments fit', () => {
  const made = compileMethod('function f(self: Self, a: number, { b }: any = {}, ...c: any[]) {}')
  if ('problems' in made) assert.fail(made.problems[0]?.message)
  assert.equal(made.name, 'f')
  assert.deepEqual(made.params, ['self', 'a', '{ b }', '...c'])
  assert.deepEqual(made.arity, { least: 1, most: null })
  const arrow = compileMethod('(self) => 1')
  assert.deepEqual('arity' in arrow && [arrow.name, arrow.arity], [null, { least: 0, most: 0 }])
})
