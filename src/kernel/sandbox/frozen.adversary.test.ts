// Owns: attacks on what is shared: objects, intrinsics, methods, what one turn could leave for the next.
// Leaves: reaching the host to escape.adversary.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#image'
import { holding, startKernel } from '../kernel.fixture.ts'
import { type Attack, runAttacks, Target } from './attack.fixture.ts'

const CTOR = "const k = 'const' + 'ructor';"
const method = (body: string) => `function f(self, other) { ${body} }`

const OBJECTS: Attack[] = [
  [
    'P05 reprototype-self',
    method('self["__pro" + "to__"] = { x: 1 }'),
    { fault: /no slot may be named/ },
  ],
  [
    'P05 reprototype a container',
    method("const p = '__pro' + 'to__'; self.map[p] = { x: 1 }"),
    { fault: /cannot be assigned/ },
  ],
  [
    'P05 reprototype by a pattern',
    method(
      "const p = '__pro' + 'to__'; const o = {}; [o[p]] = [{ hidden: 1 }]; self.map = o; return self.map.hidden",
    ),
    { fault: /cannot have the key/ },
  ],
  [
    'P05 reprototype by JSON',
    method(
      `const o = Object.assign({}, JSON.parse('{"__proto__": {"x": 1}}')); return [o.x, {}.x]`,
    ),
    { answer: [null, null] },
  ],
  [
    'P06 accessor-on-self',
    method('Object.defineProperty(self, "n", { get: () => 5 })'),
    { fault: /does not understand defineProperty/ },
  ],
  [
    'P06 an accessor on a container',
    method("const d = '__define' + 'Getter__'; const { [d]: g } = {}; return typeof g"),
    { answer: 'undefined' },
  ],
  [
    'P06 an accessor in a literal',
    method('return { get x() { return 1 } }'),
    { refused: /getters and setters/ },
  ],
  ['P07 freeze-self', method('Object.freeze(self)'), { fault: /freezing an object of the world/ }],
  [
    'P07 freeze a container',
    method('Object.freeze(self.list); return Object.isFrozen(self.list)'),
    { answer: true },
  ],
  [
    'P08 raw-target by keys',
    method(
      'return [Object.keys(self), Object.getOwnPropertyNames(self).length, "slots" in self, "handle" in self]',
    ),
    { answer: [['n', 'list', 'map', 'when', 'bytes', 'text'], 6, false, false] },
  ],
  [
    'P08 raw-target by spread',
    method('return Object.keys({ ...self })'),
    { answer: ['n', 'list', 'map', 'when', 'bytes', 'text'] },
  ],
  [
    'P08 raw-target by JSON',
    method('return Object.keys(JSON.parse(JSON.stringify(self)))'),
    { answer: ['n', 'list', 'map', 'when', 'bytes', 'text'] },
  ],
  [
    'P08 raw-target by names of the engine room',
    method(
      'return [self.oid, self.slots, self.handle, self.touched, self.born].every((x) => x === undefined)',
    ),
    { answer: true },
  ],
  [
    'P08 raw-target by array methods',
    method('return [Array.from(self).length, Array.isArray(self)]'),
    { answer: [0, false] },
  ],
  [
    'P08 the engine room overwritten',
    method(
      'self.slots = 1; self.handle = 2; self.oid = 3; delete self.slots; delete self.handle; delete self.oid; return self.ping()',
    ),
    { answer: 'pong' },
  ],
  [
    'P09 identity',
    method(
      'self.map.me = self; const { me } = self.map; self.list = [self]; return [me === self, self.list[0] === self, mirror.object("it") === self, new Set([me, self]).size]',
    ),
    { answer: [true, true, true, 1] },
  ],
  ['P10 a function into a slot', method('self.n = () => 1'), { fault: /function cannot be kept/ }],
  [
    'P10 a function into a container of a slot',
    method('self.list.push(() => 1)'),
    { fault: /function cannot be kept/ },
  ],
  ['P10 a Map into a slot', method('self.n = new Map()'), { fault: /a Map cannot be kept/ }],
  ['P10 a regular expression', method('self.n = /x/g'), { fault: /such an object cannot be kept/ }],
  [
    'P10 an object of a class of its own',
    method('const P = function () { this.x = 1 }; self.n = new P()'),
    { fault: /such an object cannot be kept/ },
  ],
  ['P10 not a number', method('self.list[0] = 0 / 0'), { fault: /NaN is not a value/ }],
  ['P10 a cyclic graph', method('self.list.push(self.list)'), { fault: /cannot contain itself/ }],
  [
    'P10 a graph a million deep',
    method('let x = 1; for (let i = 0; i < 1000000; i++) x = [x]; self.n = x'),
    { fault: 'LIMIT' },
  ],
  [
    'P10 a graph a million deep as a reply',
    method('let x = 1; for (let i = 0; i < 1000000; i++) x = { x }; return x'),
    { fault: 'LIMIT' },
  ],
  [
    'P10 an iterator',
    method('self.n = self.list.values()'),
    { fault: /such an object cannot be kept/ },
  ],
  [
    'P10 bytes without their memory',
    method(
      'const b = new Uint8Array(8); const { buffer } = b; buffer.transfer(); self.bytes = b; return self.bytes.length',
    ),
    { fault: /detached/ },
  ],
  [
    'P11 slot-shadowing',
    method(
      'for (const name of ["then", "toJSON", "hasOwnProperty", "toString", "valueOf", "catch", "length"]) self[name] = 1; const all = [self.then, self.toJSON, JSON.stringify({ self }).length > 0, self.length]; for (const name of ["then", "toJSON", "hasOwnProperty", "toString", "valueOf", "catch", "length"]) delete self[name]; return all',
    ),
    { answer: [1, 1, true, 1] },
  ],
  [
    'P11 a slot named constructor',
    method("mirror.set(self, 'const' + 'ructor', 1)"),
    { fault: /no slot may be named/ },
  ],
  [
    'P12 re-entry while a comparator runs',
    method(
      'self.list.sort((a, b) => { self.list = [9]; self.n++; return a - b }); return [self.list, self.n > 1]',
    ),
    { answer: [[9], true] },
  ],
  [
    'P12 re-entry while JSON walks',
    method(
      'const o = { a: { toJSON() { delete self.map; self.list.push(1); return 1 } } }; return [JSON.stringify(o), self.map === undefined]',
    ),
    { answer: ['{"a":1}', true] },
  ],
  [
    'P12 re-entry while a text is made',
    method('const o = { toString() { self.n = 7; return "x" } }; return `${o}` + self.n'),
    { answer: 'x7' },
  ],
  [
    'P13 a turn that throws at its last write',
    method(
      'for (let i = 0; i < 10; i++) { self["w" + i] = i; self.list.push(i); if (i === 9) throw "last" }',
    ),
    { fault: /last/ },
  ],
  [
    'P13 a turn that runs out of fuel at its last write',
    method('for (let i = 0; i < 10; i++) self["w" + i] = i; for (;;) {}'),
    { fault: 'FUEL' },
  ],
  [
    'mirror with parents that are none',
    method("mirror.set(self, 'parent*', [self, 5])"),
    { fault: /takes an object or a list/ },
  ],
  ['mirror with a bound name', method('mirror.bind("genesis", self)'), { fault: 'CONFLICT' }],
  [
    'mirror with a name that is none',
    method('mirror.bind("#1", self)'),
    { fault: 'FIELD_INVALID' },
  ],
  [
    'mirror.learn with large arguments',
    method('mirror.learn(self, { selector: "x".repeat(100000), args: [] })'),
    { fault: 'NOT_UNDERSTOOD' },
  ],
  [
    'mirror.learn with arguments that cannot be sent',
    method('mirror.learn(self, { selector: "fly", args: [() => 1] })'),
    { fault: /function cannot be kept/ },
  ],
  [
    'mirror.send with a hundred thousand arguments',
    method('return mirror.send(self, "ping", new Array(100000).fill(1))'),
    { answer: 'pong' },
  ],
  ['mirror as a value', method('self.n = mirror'), { fault: /function cannot be kept/ }],
  ['mirror itself changed', method('mirror.clone = () => self'), { fault: /read only/ }],
]

const SHARED: Attack[] = [
  [
    'the prototype of all objects, by Object',
    method('Object("x").polluted = 1; return typeof {}.polluted'),
    { answer: 'undefined' },
  ],
  [
    'the prototype of all objects, by its name',
    method('const { prototype: P } = Object; P.polluted = 1'),
    { fault: /not extensible/ },
  ],
  [
    'the prototype of all lists',
    method('const { prototype: P } = Array; P.push = () => 1'),
    { fault: /read only/ },
  ],
  [
    'a prototype behind a computed name',
    method(`${CTOR} const { [k]: C } = new Map(); const { prototype: P } = C; P.get = () => 1`),
    { fault: /undefined/ },
  ],
  ['a function of an intrinsic', method('[].push.seen = 1'), { fault: /not extensible/ }],
  ['Math', method('Math.max = () => 1'), { fault: /read only/ }],
  ['the tame Date', method('Date.now = () => 1'), { fault: /read only/ }],
  [
    'the tame Date’s prototype',
    method('const { prototype: P } = Date; P.getTime = () => 1'),
    { fault: /read only/ },
  ],
  ['JSON', method('JSON.extra = 1'), { fault: /not extensible/ }],
  [
    'Error',
    method('Error.stackTraceLimit = { leak: self.n }; return typeof Error.stackTraceLimit'),
    { answer: 'undefined' },
  ],
  ['a property of Error', method('Error.leak = 1'), { fault: /not extensible/ }],
  [
    'the method itself as a place to keep things',
    'function f(self) { f.count = (f.count ?? 0) + 1; return f.count }',
    { fault: /not extensible/ },
  ],
  [
    'the prototype of the method',
    'function f(self) { f.prototype.count = 1; return 1 }',
    { fault: /not extensible/ },
  ],
  [
    'a regular expression’s place in a text',
    method('const r = /a/g; r.test("aa"); return r.lastIndex'),
    { answer: 1 },
  ],
  [
    'what RegExp remembers of the last match',
    method(
      'const t = [RegExp.lastMatch, RegExp.$1, RegExp["$_"], RegExp.input]; /(secret)/.test("secret"); return t.every((x) => x === undefined)',
    ),
    { answer: true },
  ],
  [
    'a default value that is shared',
    'function f(self, other, shared = []) { shared.push(1); return shared.length }',
    { answer: 1 },
  ],
  [
    'a variable of the method',
    'function f(self) { var n = 0; const g = () => ++n; g(); return g() }',
    { answer: 2 },
  ],
  [
    'an argument that was given',
    method('other.x = 1; delete other.x; return other === mirror.object("other")'),
    { answer: true },
  ],
  [
    'a date that two turns share',
    method(
      'const { when } = self; when.setFullYear(2000); self.kept = when; when.setTime(5); const t = [self.when.getTime(), self.kept.getTime() > 5]; delete self.kept; return t',
    ),
    { answer: [5, true] },
  ],
  [
    'bytes that two slots share',
    method(
      'self.kept = new Uint8Array(self.bytes.buffer); self.kept[0] = 9; const t = [self.bytes[0], self.kept[0]]; delete self.kept; return t',
    ),
    { answer: [9, 9] },
  ],
  [
    'Array.from with something list-like',
    method('return Array.from({ length: 3, 0: self.n }, (x) => x ?? 0)'),
    { answer: [1, 0, 0] },
  ],
  [
    'String.raw with something template-like',
    method('return String.raw({ raw: { length: 2, 0: "a", 1: "b" } }, "-")'),
    { answer: 'a-b' },
  ],
  [
    'a reviver that replaces its holder',
    'function f(self) { return JSON.parse("[1,[2]]", function (key, value) { if (key === "0") this[1] = 5; return value }) }',
    { answer: [1, 5] },
  ],
  [
    'fromEntries with a refused name',
    method('return Object.fromEntries([["const" + "ructor", 1]])'),
    { fault: /cannot have the key/ },
  ],
  [
    'a Map with keys that are objects',
    method(
      'const m = new Map([[self, 1], [other, 2]]); return [m.get(mirror.object("it")), m.get(mirror.object("other")), m.size]',
    ),
    { answer: [1, 2, 2] },
  ],
  ['structuredClone', method('return structuredClone(self)'), { refused: /structuredClone/ }],
]

await runAttacks([...OBJECTS, ...SHARED])

const target = await Target.start()
const { t } = target

test('[KN29] everything that guest code is given is frozen, but what it made itself', async () => {
  await t.put(
    'frozen',
    `function frozen(self) {
      const open = []
      const seen = new Set()
      const look = (value, path) => {
        if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return
        if (seen.has(value)) return
        seen.add(value)
        if (!Object.isFrozen(value)) open.push(path)
        for (const name of Object.getOwnPropertyNames(value)) {
          if (name === 'caller' || name === 'arguments') continue
          try {
            const { [name]: part } = value
            const { [name]: again } = value
            // What is made anew at each look is shared by nobody.
            if (part === again) look(part, path + '.' + name)
          } catch (e) {
            // An accessor that wants another receiver.
          }
        }
      }
      const all = { mirror, Math, JSON, Object, Array, String, Number, Boolean, Date, Map, Set, RegExp, Error }
      const more = { TypeError, RangeError, BigInt, parseInt, parseFloat, isNaN, isFinite, Uint8Array, encodeURI }
      for (const [name, value] of Object.entries({ ...all, ...more })) look(value, name)
      look(frozen, 'the method')
      const k = 'const' + 'ructor'
      for (const value of [[], {}, () => 1, [].values(), new Map().entries(), 'x'.matchAll(/x/g)]) {
        const { [k]: C } = value
        look(C, 'behind ' + typeof value)
      }
      try { self.n(1) } catch (e) {
        look(e, 'a fault')
        const { [k]: F } = e
        look(F, 'the class of faults')
      }
      return [open, seen.size > 200]
    }`,
  )
  await t.send('reset')
  assert.deepEqual(await t.send('frozen'), [[], true])
})

test('[KN29] P15 late-effects: nothing that a turn began acts in the next one', async () => {
  await t.send('reset')
  await t.put(
    'begin',
    'function begin(self) { const l = self.list; return l.map((x) => () => x).length }',
  )
  assert.equal(await t.send('begin'), 3)
  await t.put('later', 'function later(self) { return [typeof setTimeout] }').then(
    () => assert.fail('it was let in'),
    (error: Error) => assert.match(error.message, /setTimeout/),
  )
  await target.assertUnharmed()
})

test('[KN7] P16 swap-under-feet: a method replaced while it runs answers as it began', async () => {
  await t.send('reset')
  await t.put('say', 'function say(self, n) { return n === 0 ? "old" : self.say(n - 1) }')
  const before = Array.from({ length: 50 }, () => t.send('say', [3]))
  const put = t.put('say', 'function say(self, n) { return "new" }')
  await put
  assert.deepEqual(new Set(await Promise.all(before)), new Set(['old']))
  assert.equal(await t.send('say', [3]), 'new')
  await target.assertUnharmed()
})

test('[KN34] P13 a worker killed amid writes leaves whole turns only', async () => {
  await t.send('reset')
  await t.put(
    'ten',
    'function ten(self, v) { for (let i = 0; i < 10; i++) self["w" + i] = v; return v }',
  )
  const answers = Array.from({ length: 300 }, async (_, i) => {
    if (i === 100) setImmediate(() => process.kill(t.pids.at(-1) as number, 'SIGKILL'))
    return t.send('ten', [i])
  })
  await Promise.all(answers)
  const view = (await t.send('view')) as Record<string, unknown>
  assert.deepEqual(
    Array.from({ length: 10 }, (_, i) => view[`w${i}`]),
    Array(10).fill(299),
  )
  await target.assertUnharmed()
})

test('[KN20] E11 the names that a method may use are those of the list, and every other is refused', async () => {
  const common = [
    'console',
    'fetch',
    'require',
    'module',
    'Buffer',
    'global',
    'window',
    'Proxy',
    'Reflect',
  ]
  const more = [
    'Intl',
    'WebAssembly',
    'Atomics',
    'queueMicrotask',
    'structuredClone',
    'Iterator',
    'Temporal',
  ]
  const ses = [
    'harden',
    'lockdown',
    'Compartment',
    'assert',
    'HandledPromise',
    'DataView',
    'ArrayBuffer',
  ]
  for (const name of [...common, ...more, ...ses]) {
    await assert.rejects(t.put('x', `function x(self) { return typeof ${name} }`), new RegExp(name))
  }
})

test('[KN34] [KN5] P14 out-of-memory-mid-commit: the turn is absent, and the next one is kept', async () => {
  const held = holding(openMemoryStore())
  const one = await startKernel({
    store: held.store,
    methods: { set: 'function set(self, n) { self.n = n; return n }' },
  })
  await one.send('set', [1])
  const before = one.graph()
  held.hold()
  const lost = one.answer('set', [2])
  while (held.held === 0) await new Promise((resolve) => setImmediate(resolve))
  held.release(Object.assign(new Error('cannot allocate memory'), { code: 'ENOMEM' }))
  const answer = await lost
  assert.equal(answer.ok, false)
  assert.equal(one.graph(), before)
  assert.deepEqual(one.kernel.head.store.verify().damage, [])
  assert.equal(await one.send('set', [3]), 3)
  await one.close()
})
