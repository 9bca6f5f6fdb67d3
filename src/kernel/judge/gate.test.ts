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

const REFUSED: [rule: string, code: ProblemCode, body: string][] = [
  ['KN42', 'ASYNC', 'async () => 1'],
  ['KN42', 'ASYNC', 'async function g() {}'],
  ['KN42', 'ASYNC', 'const o = { async g() {} }'],
  ['KN42', 'ASYNC', 'await self.x'],
  ['KN42', 'ASYNC', 'for await (const x of self.l) {}'],
  ['KN42', 'GENERATOR', 'function* g() { yield 1 }'],
  ['KN42', 'GENERATOR', 'const o = { *g() {} }'],
  ['KN42', 'CLASS', 'class A {}'],
  ['KN42', 'CLASS', 'return class { get x() { for (;;); } }'],
  ['KN42', 'CLASS', 'return new (class { x = self.y; static { for (;;); } })()'],
  ['KN42', 'ACCESSOR', 'return { get x() { return 1 } }'],
  ['KN42', 'ACCESSOR', 'return { set x(v) {} }'],
  ['KN42', 'ACCESSOR', 'return { get ["x"]() { return 1 } }'],
  ['KN42', 'MODULE', 'return import("node:fs")'],
  ['KN42', 'MODULE', 'return import /* here */ ("node:fs")'],
  ['KN42', 'MODULE', 'return import.meta.url'],
  ['KN42', 'WITH', 'with (self) { x }'],
  ['KN42', 'ARGUMENTS', 'return arguments[0]'],
  ['KN42', 'ARGUMENTS', 'const g = () => arguments; return g'],
  ['KN42', 'ARGUMENTS', 'return { arguments }'],
  ['KN42', 'ARGUMENTS', 'return \\u0061rguments'],
  ['KN42', 'META_PROPERTY', 'return new.target'],
  ['KN42', 'META_PROPERTY', 'return function () { return new.target }'],
  ['KN42', 'TAGGED_TEMPLATE', 'return self.x`a${1}`'],
  ['KN42', 'TAGGED_TEMPLATE', 'return String.raw`\\u`'],
  ['KN42', 'DEBUGGER', 'debugger'],
  ['KN42', 'SUPER', 'return { m() { return super.x } }'],
  ['KN42', 'NEW', 'return new self.Thing()'],
  ['KN42', 'NEW', 'return new (self.x ? Map : Set)()'],
  ['KN42', 'NEW', 'return new (() => Map)()'],
  ['KN42', 'DELETE', 'delete self?.x'],
  ['KN42', 'DELETE', 'delete self.f()'],
  ['KN42', 'SYNTAX', 'using x = self.y'],
  ['KN42', 'SYNTAX', 'delete self'],
  ['KN42', 'SYNTAX', 'return 010'],
  ['KN42', 'SYNTAX', 'eval = 1'],
  ['KN42', 'SYNTAX', 'let a; let a'],
  ['KN42', 'SYNTAX', 'return #x in self'],
  ['KN42', 'TYPESCRIPT_ONLY', 'enum A { x }'],
  ['KN42', 'TYPESCRIPT_ONLY', 'namespace A { export const x = 1 }'],
  ['KN42', 'TYPESCRIPT_ONLY', 'return <any>self.x'],
  ['KN43', 'PROTO', 'return self.__proto__'],
  ['KN43', 'PROTO', 'return self["__proto__"]'],
  ['KN43', 'PROTO', 'return self[`__proto__`]'],
  ['KN43', 'PROTO', 'return self.\\u005f_proto__'],
  ['KN43', 'PROTO', 'return self?.x?.__proto__'],
  ['KN43', 'PROTO', 'return { __proto__: null }'],
  ['KN43', 'PROTO', 'return { "__proto__": null }'],
  ['KN43', 'PROTO', 'return { __proto__() {} }'],
  ['KN43', 'PROTO', 'return { "__pro\\x74o__": null }'],
  ['KN43', 'PROTO', 'const { __proto__: p } = self; return p'],
  ['KN43', 'PROTO', '[self.__proto__] = [1]'],
  ['KN43', 'CONSTRUCTOR', 'return self.constructor.constructor("return 1")()'],
  ['KN43', 'CONSTRUCTOR', 'return self["constructor"]'],
  ['KN43', 'CONSTRUCTOR', 'const { constructor: c } = self; return c'],
  ['KN43', 'CONSTRUCTOR', 'const { constructor } = self; return constructor'],
  ['KN43', 'CONSTRUCTOR', 'for (self.constructor of []);'],
  ['KN44', 'RESEND', 'return resend'],
  ['KN44', 'RESEND', 'return resend.f'],
  ['KN44', 'RESEND', 'return resend(1)'],
  ['KN44', 'RESEND', 'return resend[self.x](1)'],
  ['KN44', 'RESEND', 'return resend?.f(1)'],
  ['KN44', 'RESEND', 'return resend.f?.(1)'],
  ['KN44', 'RESEND', 'return { resend }'],
  ['KN44', 'RESEND', 'return resend.f.call(1)'],
  ['KN44', 'ASSIGN_GLOBAL', 'resend = 1'],
  ['KN45', 'FREE_NAME', 'return eval("1")'],
  ['KN45', 'FREE_NAME', 'return (0, eval)("1")'],
  ['KN45', 'FREE_NAME', 'return typeof process'],
  ['KN45', 'FREE_NAME', 'return { globalThis }'],
  ['KN45', 'FREE_NAME', 'return new Proxy({}, {})'],
  ['KN45', 'FREE_NAME', 'return self[Symbol.iterator]'],
  ['KN45', 'FREE_NAME', 'return Function("return 1")()'],
  ['KN45', 'FREE_NAME', 'return new WeakRef(self)'],
  ['KN45', 'ASSIGN_GLOBAL', 'total = 1'],
  ['KN45', 'ASSIGN_GLOBAL', 'Math = null'],
  ['KN45', 'ASSIGN_GLOBAL', 'undefined = 1'],
  ['KN45', 'ASSIGN_GLOBAL', 'total++'],
  ['KN45', 'ASSIGN_GLOBAL', '[total] = [1]'],
  ['KN45', 'ASSIGN_GLOBAL', '({ a: { total = 1 } } = self)'],
  ['KN45', 'ASSIGN_GLOBAL', 'for (total of [1]);'],
  ['KN46', 'FREE_NAME', '{ let inner = 1 } return inner'],
  ['KN46', 'FREE_NAME', '{ function inner() {} } return inner'],
  ['KN46', 'FREE_NAME', 'for (let i = 0; i < 1; i++); return i'],
  ['KN46', 'FREE_NAME', 'try { self.f() } catch (e) {} return e'],
  ['KN46', 'FREE_NAME', 'const g = function own() {}; return own'],
  ['KN46', 'FREE_NAME', 'const g = (a = console) => { var console; return a }; return g()'],
  ['KN46', 'FREE_NAME', 'switch (console) { case 1: let console }'],
  ['KN46', 'FREE_NAME', 'const { [process]: b } = self; return b'],
  ['KN47', 'PRIVATE_NAME', 'let $rt = 1'],
  ['KN47', 'PRIVATE_NAME', 'return $rts'],
  ['KN47', 'PRIVATE_NAME', 'return $h'],
  ['KN47', 'PRIVATE_NAME', 'const g = ($v) => $v; return g(1)'],
  ['KN47', 'PRIVATE_NAME', 'function $t1() {}'],
  ['KN47', 'PRIVATE_NAME', 'return \\u{24}rt.n'],
  ['KN47', 'PRIVATE_NAME', 'return self.$rt'],
  ['KN47', 'PRIVATE_NAME', '$rt: for (;;) break $rt'],
  ['KN55', 'HTML_COMMENT', 'let x = 1, y = 2; return y <!--x'],
  ['KN55', 'HTML_COMMENT', 'let x = 1, y = 2; return y <!--x\n'],
  ['KN55', 'HTML_COMMENT', 'return self.a<!--self.b;\n'],
]

for (const [rule, code, body] of REFUSED) {
  test(`[${rule}] ${code} refuses: ${body}`, () => {
    const codes = codesOf(`function f(self, a) { ${body} }`)
    assert.ok(codes.includes(code), `problems are ${JSON.stringify(codes)}`)
  })
}

const ALLOWED: [rule: string, body: string][] = [
  ['KN42', 'return self.arguments + self.async + self.await + self.class + self.eval'],
  ['KN42', 'return { arguments: 1, await: 2, get: 3, set: 4, async: 5, static: 6 }'],
  ['KN42', 'const { arguments: args, delete: d } = self; return [args, d]'],
  ['KN43', 'return { constructor: 1 }'],
  ['KN45', 'const console = self.log, process = 1; return [console, process]'],
  ['KN45', 'let Math = { max: 1 }; Math = 2; return Math'],
  ['KN46', 'return g(); function g() { return later } var later'],
  ['KN46', 'const g = (a, b = a, { c = b } = {}) => [a, b, c]; return g(1)'],
  ['KN46', 'try { self.f() } catch ({ a: [b] }) { return b }'],
  ['KN46', 'fetch: for (const x of self.l) continue fetch'],
  ['KN46', 'return (function fact(n) { return n && fact(n - 1) })(3)'],
  ['KN46', 'for (const [k, v] of self.l) self[k] = v'],
  ['KN47', 'const $ = 1, $t = 2, $tx = 3, $va = 4; return [$, $t, $tx, $va]'],
]

for (const [rule, body] of ALLOWED) {
  test(`[${rule}] allowed: ${body}`, () => {
    assert.deepEqual(problemsOf(`function f(self, a) { ${body} }`), [])
  })
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

test('[KN45] a refusal says where the name is and why it is not there', () => {
  const [problem] = problemsOf('function f(self) {\n  const a = 1\n  return [a, fetch("x")]\n}')
  assert.equal(problem?.line, 3)
  assert.equal(problem?.column, 14)
  assert.match(problem?.message ?? '', /`fetch`.*message to an object/)
})

test('[KN45] every allowed global, and none else, is a parameter of the code, in order', () => {
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
