// Owns: the tests of rewritten methods against their sources, run side by side on plain objects; lines; fuel that runs out.
// Leaves: the methods themselves to snippets.fixture.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod } from './index.ts'
import { parseMethod } from './parse.ts'
import { SNIPPETS } from './snippets.fixture.ts'

function itself(this: unknown) {
  return this
}

/** The receiver of every snippet: plain data and a few plain functions, new for each run. */
function receiver() {
  const log: unknown[] = []
  return {
    n: 1,
    s: 'abc',
    nil: null,
    items: [
      { x: 1, y: 'a' },
      { x: 2, y: 'b' },
      { x: 3, y: 'c' },
    ],
    nested: {
      a: {
        b: { c: 5 },
        get: itself,
      },
    },
    log,
    zero: (...args: unknown[]) => args,
    one: (...args: unknown[]) => args,
    two: (...args: unknown[]) => args,
    three: (...args: unknown[]) => args,
    me() {
      return this
    },
    who(this: unknown) {
      return this === undefined
    },
    answerNil: () => null,
    adder: (a: number) => (b: number) => a + b,
    boom() {
      throw new RangeError('boom')
    },
    note(value: unknown) {
      log.push(typeof value === 'object' ? 'object' : value)
      return value
    },
    'at:put:'(k: string, v: unknown) {
      ;(this as unknown as Record<string, unknown>)[k] = v
      return this
    },
  }
}

type Any = Record<PropertyKey, unknown>
type Fn = (...args: unknown[]) => unknown

/** The runtime on plain objects, where a send is a call and a read is a read. */
function plainRuntime(fuel = 100_000) {
  const call = (o: Any, k: string, args: unknown[]): unknown => (o[k] as Fn).apply(o, args)
  const runtime = {
    n: fuel,
    z: undefined as Error | undefined,
    x() {
      runtime.z ??= new Error('fuel')
      throw runtime.z
    },
    g: (o: Any, k: string) => o[k],
    w: (o: Any, k: string, v: unknown) => {
      o[k] = v
      return v
    },
    u: (o: Any, k: string, f: Fn) => {
      o[k] = f(o[k])
      return o[k]
    },
    p: (o: Any, k: string, f: Fn) => {
      const old = typeof o[k] === 'bigint' ? o[k] : Number(o[k])
      o[k] = f(old)
      return old
    },
    l: (o: Any, k: string, operator: string, f: Fn) => {
      const old = o[k]
      const keep = operator === '||' ? old : operator === '&&' ? !old : old != null
      if (keep) return old
      o[k] = f()
      return o[k]
    },
    d: (o: Any, k: string) => delete o[k],
    s: call,
    s0: (o: Any, k: string) => call(o, k, []),
    s1: (o: Any, k: string, a: unknown) => call(o, k, [a]),
    s2: (o: Any, k: string, a: unknown, b: unknown) => call(o, k, [a, b]),
    q: (o: Any, k: string, f: () => unknown[]) => (o[k] == null ? undefined : call(o, k, f())),
    o: (v: unknown, f: Fn) => (v == null ? undefined : f(v)),
    r: (h: number, self: Any, k: string, args: unknown[]) => [h, self.n, k, ...args],
    k: (key: unknown) => key,
    c(thrown: unknown) {
      if (runtime.z) throw runtime.z
      if (thrown instanceof RangeError && /call stack/.test(thrown.message)) runtime.x()
    },
  }
  return runtime
}

function link(source: string, runtime: unknown, holder = 1): Fn {
  const made = compileMethod(source)
  if ('problems' in made) assert.fail(`${source}\n${JSON.stringify(made.problems)}`)
  const factory = new Function(`return ${made.code}`)() as Fn
  const values = made.globals.map((name) => (globalThis as unknown as Any)[name])
  return factory(runtime, holder, ...values) as Fn
}

function native(source: string): Fn {
  const { text, method } = parseMethod(source)
  return new Function(`"use strict";return ${text.slice(method.start, method.end)}`)() as Fn
}

/** What a run did: its answer or the kind of its error, and the receiver it left. */
function outcome(method: Fn) {
  const self = receiver()
  try {
    return { answer: method.call(self, self, 7, 'z'), self: shown(self) }
  } catch (thrown) {
    return { thrown: thrown instanceof Error ? thrown.name : thrown, self: shown(self) }
  }
}

function shown(self: object) {
  return Object.fromEntries(Object.entries(self).filter(([, value]) => typeof value !== 'function'))
}

for (const [what, source] of Object.entries(SNIPPETS)) {
  test(`[KN49] ${what}: the rewritten method does what the source does`, () => {
    assert.deepEqual(outcome(link(source, plainRuntime())), outcome(native(source)))
  })
}

test('[KN49] the snippets reach every operation of the runtime but resend', () => {
  const used = new Set<string>()
  for (const source of Object.values(SNIPPETS)) {
    const made = compileMethod(source)
    if ('problems' in made) continue
    for (const [, name] of made.code.matchAll(/\$rt\.(\w+)\(/g)) if (name) used.add(name)
  }
  assert.deepEqual([...used].sort(), 'c d g k l o p q s s0 s1 s2 u w x'.split(' '))
})

test('[KN44] resend hands over the holder, the receiver, the selector and the arguments', () => {
  const source = `function f(self, a) {
    const deep = () => [resend.total(), resend['at:put:'](a, ...[2, 3])]
    function other() { return resend.plain(this) }
    return [deep(), other()]
  }`
  const answer = link(source, plainRuntime(), 42).call(undefined, { n: 1 }, 5)
  assert.deepEqual(answer, [
    [
      [42, 1, 'total'],
      [42, 1, 'at:put:', 5, 2, 3],
    ],
    [42, 1, 'plain', undefined],
  ])
})

test('[KN44] a local named resend is an ordinary name', () => {
  const source =
    'function f(self) { const resend = { x: (a) => a + 1 }; return resend.x(resend.x(1)) }'
  assert.equal(link(source, plainRuntime())({}), 3)
})

test('[KN50] every snippet keeps its number of lines', () => {
  const count = (text: string) => text.split(/\r\n|[\n\r\u2028\u2029]/).length
  for (const [what, source] of Object.entries(SNIPPETS)) {
    const made = compileMethod(source)
    if ('problems' in made) assert.fail(what)
    const { method } = parseMethod(source)
    assert.equal(count(made.code), count(source.slice(0, method.end)), what)
  }
})

test('[KN50] an error is reported at the line where the source has it', () => {
  const source = `// A comment.
function f(self) {
  const list = self.items
    .map((x) => x)
    .filter(
      (x) => x,
    )
    .map((x) => { return null.x })
  return list
}`
  try {
    link(source, plainRuntime())(receiver())
    assert.fail('it must throw')
  } catch (thrown) {
    const { stack = '' } = thrown as Error
    const own = /<anonymous>:(\d+):\d+\)\n/.exec(stack)
    // The constructor of functions puts two lines before the body.
    assert.equal(Number(own?.[1]) - 2, 8)
  }
})

const ENDLESS: Record<string, string> = {
  'a while': 'function f(self) { while (true) {} }',
  'an empty for': 'function f(self) { for (;;); }',
  'a do while': 'function f(self) { do ; while (1) }',
  'a label and continue': 'function f(self) { a: for (;;) { b: for (;;) continue a } }',
  'a switch in a loop': 'function f(self) { for (;;) switch (1) { default: continue } }',
  recursion: 'function f(self) { const g = () => 0; for (;;) g(f) }',
  'a catch': 'function f(self) { for (;;) try { while (1); } catch {} }',
  'a catch with a name':
    'function f(self) { for (;;) try { while (1); } catch (e) { self.caught = e } }',
  'a catch that takes apart':
    'function f(self) { for (;;) try { while (1); } catch ({ message = (self.caught = 1) }) { self.caught = message } }',
  'a finally':
    'function f(self) { for (;;) try { while (1); } finally { self.caught = 1; continue } }',
  'a finally that answers':
    'function f(self) { const g = () => { try { while (1); } finally { self.caught = 1; return 1 } }; while (g()); }',
  'a default':
    'function f(self) { const g = (n, m = n > 0 && g(n - 1), k = n > 0 && g(n - 1)) => n; return g(60) }',
  'a default in a pattern':
    'function f(self) { const g = ({ n, m = n > 0 && [g({ n: n - 1 }), g({ n: n - 1 })] }) => n; return g({ n: 60 }) }',
  'a comparator': 'function f(self) { for (;;) [3, 2, 1].sort((a, b) => a - b) }',
  'a method of a literal':
    'function f(self) { const o = { toString() { return `${{ toString: () => { for (;;); } }}` } }; return `${o}` }',
}

/** Each would go on after the stack has ended. */
const BOTTOMLESS: Record<string, string> = {
  'a catch': 'function f(self) { const g = () => g() + 1; try { g() } catch { self.caught = 1 } }',
  'a catch that takes apart':
    'function f(self) { const g = () => g() + 1; try { g() } catch ({ message }) { self.caught = 1 } }',
  'a finally':
    'function f(self) { const g = () => g() + 1; try { g() } finally { self.caught = 1; return 1 } }',
  'a finally of a catch':
    'function f(self) { const g = () => g() + 1; try { throw 1 } catch { g() } finally { self.caught = 1; return 1 } }',
  'a finally at the bottom':
    'function f(self) { const g = () => { try { return g() + 1 } finally { self.caught = 1; return 1 } }; return g() }',
}

for (const [what, source] of Object.entries(BOTTOMLESS)) {
  test(`[KN51] ${what} does not go on where the stack has ended`, () => {
    const runtime = plainRuntime()
    const self: Any = {}
    assert.throws(
      () => link(source, runtime)(self),
      (thrown) => thrown === runtime.z || thrown instanceof RangeError,
    )
    assert.equal('caught' in self, false)
  })
}

test('[KN49] the key of a pattern is looked at once, before the value is read', () => {
  const runtime = plainRuntime()
  const keys: unknown[] = []
  runtime.k = (key) => {
    keys.push(key)
    return key === 'a' ? 'b' : key
  }
  const source = `function f(self, { ['a']: x = 1, [self.k]: [y] }) {
    const { ['a']: z } = self; for (const { [ ('a') ]: w } of [self]) return [x, y, z, w]
  }`
  assert.deepEqual(link(source, runtime)({ k: 'c', b: 5 }, { b: 2, c: [3] }), [2, 3, 5, 5])
  assert.deepEqual(keys, ['a', 'c', 'a', 'a'])
})

for (const [what, source] of Object.entries(ENDLESS)) {
  test(`[KN51] ${what} that never ends runs out of fuel, and nothing of it sees the signal`, () => {
    const runtime = plainRuntime(2_000)
    const self: Any = {}
    assert.throws(
      () => link(source, runtime)(self),
      (thrown) => thrown === runtime.z,
    )
    assert.equal('caught' in self, false)
  })
}
