// Owns: attacks beyond those of the contract: other ways into each family, and what two messages could tell each other.
// Leaves: the contract's own to the other adversary tests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attack, runAttacks, Target } from './attack.fixture.ts'

const K = "const k = 'const' + 'ructor';"
const method = (body: string) => `function f(self, other) { ${body} }`

/** A hidden name by every form that reads a member. */
const HIDDEN: Attack[] = [
  [
    'a pattern in a parameter',
    method(`${K} const g = ({ [k]: C }) => typeof C; return g(() => 1)`),
    { answer: 'undefined' },
  ],
  [
    'a pattern in a list in a map',
    method(`${K} const { a: [{ [k]: C }] } = { a: [[]] }; return typeof C`),
    { answer: 'undefined' },
  ],
  [
    'a pattern in the head of a loop',
    method(`${K} for (const { [k]: C } of [[]]) return typeof C`),
    { answer: 'undefined' },
  ],
  [
    'a pattern of a catch',
    method(`${K} try { null.x } catch ({ [k]: C }) { return typeof C }`),
    { answer: 'undefined' },
  ],
  [
    'a pattern that is assigned',
    method(`${K} let C; ({ [k]: C } = []); return typeof C`),
    { answer: 'undefined' },
  ],
  ['a pattern into a slot', method(`${K} ({ [k]: self.n } = []); return self.n`), { answer: null }],
  [
    'a key that is another word at the second look',
    method(
      `${K} let n = 0; const w = { toString: () => (n++ ? k : 'length') }; const { [w]: C } = []; return [typeof C, n]`,
    ),
    { answer: ['number', 1] },
  ],
  [
    'a key in a list',
    method(`${K} const { [[k]]: C } = []; return typeof C`),
    { answer: 'undefined' },
  ],
  [
    'a key in a template',
    method('const { [`constructor`]: C } = []; return typeof C'),
    { refused: /constructor/ },
  ],
  ['a key in escapes', method('const { const\\u0072uctor: C } = []'), { refused: /constructor/ }],
  ['a member in escapes', method('return [].const\\u0072uctor'), { refused: /constructor/ }],
  ['a member by JSON', method(`${K} return JSON.stringify([], [k])`), { answer: '[]' }],
  [
    'the rest of a pattern',
    method(`${K} const { ...r } = []; return Object.keys(r).length + typeof r[k]`),
    { answer: '0undefined' },
  ],
  [
    'own names and their values',
    method(
      `const { prototype: P } = Array; return Object.entries(P).length + Object.values(P).length`,
    ),
    { answer: 0 },
  ],
  [
    'copying a prototype',
    method(
      `${K} const { prototype: P } = Array; const o = Object.assign({}, P); return typeof o[k]`,
    ),
    { answer: 'undefined' },
  ],
  [
    'a symbol as a key',
    method('const o = {}; o[Symbol.iterator] = 1'),
    { refused: /`Symbol` is not there/ },
  ],
  [
    'symbols by their names',
    method('return typeof Object.getOwnPropertySymbols'),
    { answer: 'undefined' },
  ],
  [
    '__proto__ in a text that is parsed',
    method(
      `const o = JSON.parse('{"__proto__":{"x":1},"y":2}'); return [o.x, o.y, Object.keys(o).length]`,
    ),
    { answer: [null, 2, 2] },
  ],
  [
    '__proto__ kept',
    method(`self.map = JSON.parse('{"__proto__":{"x":1}}')`),
    { fault: /cannot have the key/ },
  ],
  [
    'a species of its own on a list',
    method(`${K} const l = [1]; [l[k]] = [function () { return self }]; return l.map((x) => x)`),
    { fault: /read only|defining a property|not a constructor/ },
  ],
]

const LANGUAGE: Attack[] = [
  [
    'a class with a static block',
    method('class C { static { self.n = 1 } }'),
    { refused: /no classes/ },
  ],
  ['arguments.callee', method('return arguments.callee'), { refused: /arguments/ }],
  [
    'the source of our functions',
    method(
      'return /home|work|node_modules|file:/.test(`${mirror.clone}${mirror.get}${self.ping}${[].push}`)',
    ),
    { answer: false },
  ],
  [
    'a tag’s cached strings',
    method('const t = (s) => s; return t`x`'),
    { refused: /template is not a call/ },
  ],
  [
    'an expression’s place kept for the next message',
    method('const r = /a/g; const before = r.lastIndex; r.test("aa"); return before'),
    { answer: 0 },
  ],
  [
    'named groups',
    method(
      'const { groups } = /(?<a>x)/.exec("x"); return [groups.a, typeof groups.hasOwnProperty]',
    ),
    { answer: ['x', 'undefined'] },
  ],
  [
    'a replacer that writes',
    method('return "aaa".replace(/a/g, () => { self.n++; return "b" }) + self.n'),
    { answer: 'bbb4' },
  ],
  [
    'a replacer that never ends',
    method('return "aaa".replace(/a/g, () => { for (;;); })'),
    { fault: 'FUEL' },
  ],
  [
    'a reviver that never ends',
    method('return JSON.parse("[1]", () => { for (;;); })'),
    { fault: 'FUEL' },
  ],
  [
    'a list that grows under its own walk',
    method('const l = [1]; l.forEach((x) => l.push(x)); for (const x of l) l.push(x)'),
    { fault: 'FUEL' },
  ],
  [
    'a Map that grows under its own walk',
    method(
      'const m = new Map([[0, 0]]); let n = 0; m.forEach(() => m.set(++n, n)); for (const [k] of m) m.set(++n, n)',
    ),
    // Which of the two ends it first is a matter of when memory is collected.
    { fault: ['FUEL', 'LIMIT'] },
  ],
  [
    'a comparator that empties its list',
    method(
      'const l = [3, 2, 1]; l.sort((a, b) => { l.length = 0; return a - b }); return l.length < 4',
    ),
    { answer: true },
  ],
  [
    'a hundred thousand deep, by JSON',
    method('return JSON.parse("[".repeat(100000) + "]".repeat(100000))'),
    { fault: 'LIMIT' },
  ],
  [
    'a hundred thousand deep, as text',
    method('let x = []; for (let i = 0; i < 100000; i++) x = [x]; return JSON.stringify(x)'),
    { fault: 'LIMIT' },
  ],
  [
    'a hundred thousand deep, flat',
    method('let x = []; for (let i = 0; i < 100000; i++) x = [x]; return x.flat(1 / 0).length'),
    { fault: 'LIMIT' },
  ],
  [
    'a spread of a million into a call',
    method('return Math.max(...new Array(1e6).fill(1))'),
    { fault: 'LIMIT' },
  ],
  [
    'an own toString at every sum',
    method('const o = { toString() { return o + "" } }; return o + ""'),
    { fault: 'LIMIT' },
  ],
  [
    'a need in a toString in a comparator',
    method('[{ toString() { return self.nobody() } }, 1].sort()'),
    { fault: /nobody/ },
  ],
  [
    'Intl by a locale',
    method(
      'return [(1234.5).toLocaleString("de"), "a".localeCompare("b", "de", { numeric: true })]',
    ),
    { answer: ['1234.5', -1] },
  ],
  [
    'a text of another shape',
    method('return "\\ud800".isWellFormed() + "\\ufdfa".normalize("NFKD").length'),
    { answer: 18 },
  ],
]

/** What is spent in one step, without ticks. */
const GROWTH: Attack[] = [
  [
    'repeat by call',
    method('const { repeat } = "x"; return repeat.call("x", 2e6).length'),
    { fault: 'LIMIT' },
  ],
  [
    'repeat by apply',
    method('const { repeat } = "x"; return repeat.apply("x", [2e6]).length'),
    { fault: 'LIMIT' },
  ],
  [
    'repeat by bind',
    method('const { repeat } = "x"; const r = repeat.bind("x", 2e6); return r().length'),
    { fault: 'LIMIT' },
  ],
  ['repeat as a callback', method('return [2e6].map("x".repeat, "x")'), { fault: 'LIMIT' }],
  [
    'repeat as a toJSON',
    method(
      'const { repeat: toJSON } = "x"; return JSON.stringify({ 2000000: { toString: () => "x", toJSON } }).length',
    ),
    { fault: 'LIMIT' },
  ],
  [
    'padEnd with a long filler',
    method('return "x".padEnd(2e6, "y".repeat(9e5)).length'),
    { fault: 'LIMIT' },
  ],
  [
    'replaceAll between all characters',
    method('return "x".repeat(1e5).replaceAll("", "y".repeat(1e3)).length'),
    { fault: 'LIMIT' },
  ],
  [
    'replaceAll with what stands before',
    method('return "x".repeat(1e4).replaceAll("x", "$`$`$`").length'),
    { fault: 'LIMIT' },
  ],
  [
    'concat of one text many times',
    method('const s = "x".repeat(1e5); return "".concat(...new Array(100).fill(s)).length'),
    { fault: 'LIMIT' },
  ],
  [
    'concat of one list many times',
    method('const l = new Array(1e5).fill(1); return [].concat(...new Array(100).fill(l)).length'),
    { fault: 'LIMIT' },
  ],
  [
    'join by toString',
    method('const l = new Array(1e6).fill(1); l.push(1); return String(l).length'),
    { fault: 'LIMIT' },
  ],
  [
    'Array.from of a length',
    method('return Array.from({ length: 1e9 }).length'),
    { fault: 'LIMIT' },
  ],
  [
    'Array of a length',
    method('return Array(1e9).length + new Array(4e9).length'),
    { fault: 'LIMIT' },
  ],
  ['an index far away', method('const l = []; l[4e9] = 1'), { fault: 'LIMIT' }],
  ['an index far away, as text', method('const l = []; l["4000000000"] = 1'), { fault: 'LIMIT' }],
  ['a length far away', method('const l = []; l.length = 4e9'), { fault: 'LIMIT' }],
  [
    'JSON with a wide indent',
    method(
      'let x = 1; for (let i = 0; i < 900; i++) x = [x]; return JSON.stringify(x, null, 10).length < 1e8',
    ),
    { answer: true },
  ],
  [
    'a power beyond all numbers',
    method('return 2n ** (2n ** 64n)'),
    { fault: /Maximum BigInt size/ },
  ],
  [
    'a shift beyond all numbers',
    method('return 1n << (2n ** 40n)'),
    { fault: /Maximum BigInt size/ },
  ],
  [
    'bytes that are copied behind the counter',
    method('const b = new Uint8Array(8e6); const l = []; for (;;) l.push(b.slice().fill(1))'),
    { fault: /allocat|memory|worker|ended/i },
  ],
  [
    'bytes of bytes',
    method('const b = new Uint8Array(8e6); for (;;) new Uint8Array(b)'),
    { fault: 'LIMIT' },
  ],
]

await runAttacks([...HIDDEN, ...LANGUAGE, ...GROWTH])

const target = await Target.start()
const { t } = target

/** What the first message leaves, and what the second would see of it. */
const CHANNELS: [string, leave: string, look: string][] = [
  [
    'a property of a method that it can reach',
    'try { self.ping.seen = 1 } catch (e) {} return 0',
    'return self.ping.seen === undefined',
  ],
  [
    'a property of a list in a slot',
    'self.list.seen = 1; return 0',
    'return self.list.seen === undefined',
  ],
  [
    'a property of bytes in a slot',
    'self.bytes.seen = 1; return 0',
    'return self.bytes.seen === undefined',
  ],
  [
    'a property of a date in a slot',
    'try { self.when.seen = 1 } catch (e) {} return 0',
    'return self.when.seen === undefined',
  ],
  ['a hole in a list in a slot', 'delete self.list[1]; return 0', 'return (1 in self.list)'],
  [
    'a list that is frozen in its slot',
    'Object.freeze(self.list); return 0',
    'return !Object.isFrozen(self.list)',
  ],
  [
    'one list in two slots',
    'self.map.a = self.list; self.twin = self.list; return 0',
    'self.list.push(9); const t = self.twin.length; delete self.twin; return t === 3',
  ],
  [
    'a write before a failure',
    'self.n = 77; self.list.push(77); throw new Error("x")',
    'return self.n !== 77 && !self.list.includes(77)',
  ],
  [
    'a name bound before a failure',
    'mirror.bind("leak", self); throw new Error("x")',
    'return mirror.object("leak") === null',
  ],
  [
    'an object made before a failure',
    'mirror.bind("leak", mirror.clone(self)); for (;;);',
    'return mirror.object("leak") === null',
  ],
  [
    'draws of chance',
    'for (let i = 0; i < 5; i++) Math.random(); return 0',
    'const a = Math.random(); return a === self.first || (self.first ??= a) === a',
  ],
  [
    'time that passes',
    'for (let i = 0; i < 1e5; i++); return 0',
    'const a = mirror.now(); for (let i = 0; i < 1e5; i++); return a === mirror.now() && a === Date.now()',
  ],
  [
    'an expression that has matched',
    '/(secret)/.test("secret"); return 0',
    'return RegExp.$1 === undefined && RegExp.lastMatch === undefined',
  ],
  ['a stack that has ended', 'const g = () => g() + 1; g()', 'return true'],
]

for (const [index, [name, leave, look]] of CHANNELS.entries()) {
  test(`[KN29] [KN34] between messages: ${name}`, async () => {
    await t.send('reset')
    await t.put(`leave${index}`, method(leave))
    await t.put(`look${index}`, method(look))
    await t.answer(`leave${index}`, [], { policy: 'off' })
    assert.equal(await t.send(`look${index}`), true)
    await target.assertUnharmed()
  })
}

test('[KN131] a stack that ends at any depth leaves objects and questions as they are', async () => {
  await t.send('reset')
  await t.put('a', 'function a(self) { return "a" }')
  await t.put(
    'deep',
    `function deep(self, d) {
      const g = (n) => (n > 0 ? g(n - 1) + 1 : self.bottom())
      return g(d)
    }`,
  )
  await t.put(
    'bottom',
    `function bottom(self) {
      const o = mirror.clone(self)
      mirror.set(o, 'parent*', mirror.object('other'))
      self.n = mirror.object('nobody' + self.n) === null ? self.n + 1 : 0
      return 1
    }`,
  )
  let ended = 0
  for (let d = 200; d < 16_000; d += 199) {
    const answer = await t.answer('deep', [d])
    if (!answer.ok) {
      assert.equal(answer.fault.code, 'LIMIT')
      ended++
    }
    assert.equal(await t.send('a'), 'a')
  }
  assert.ok(ended > 3, `${ended} ended`)
  await target.assertUnharmed()
  assert.equal(t.pids.length, 1)
})

test('[KN132] a native that is held to a limit is what it was in every other way', async () => {
  await t.put(
    'natives',
    `function natives(self) {
      const all = ['a'.repeat, 'a'.padStart, 'a'.replaceAll, [].join, [].concat, Array.prototype === undefined]
      return [all.slice(0, 5).map((f) => f.name + f.length), 'a-b'.replace(/(.)-/g, '$1$1'), ['a', [1, [2]]].flat(Infinity),
        [1, 2].join(undefined), 'x'.padStart(3, 'ab'), 'aXbX'.replaceAll('X', (x, at) => x + at), Array.from('ab')]
    }`,
  )
  assert.deepEqual(await t.send('natives'), [
    ['repeat1', 'padStart1', 'replaceAll2', 'join1', 'concat1'],
    ...['aab', ['a', 1, 2], '1,2', 'abx', 'aX1bX3', ['a', 'b']],
  ])
})
