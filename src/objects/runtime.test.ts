// Owns: the tests of what rewritten code calls, and of the globals: members, sends to what is no object, built-ins.
// Leaves: confinement by the compartment to kernel/sandbox.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OBJECT_LIMITS } from './limits.ts'
import { seeded } from './mirror.ts'
import { type Kit, TestWorld } from './world.fixture.ts'

const t = new TestWorld()
const object = t.object({ n: 5, list: [3, 1, 2], text: 'abc' })
t.define(object, {
  double: () => (_self, x) => x * 2,
  me: () => (self) => self,
  sum:
    () =>
    (_self, ...all) =>
      all.reduce((a, b) => a + b, 0),
})
t.object()

/** What the expression answers with the runtime, the object and the globals. */
// biome-ignore lint: guest code has no types
const look = (body: (rt: Kit['rt'], self: any, g: Kit['g']) => unknown) =>
  t.run(
    object,
    ({ rt, g }) =>
      (self) =>
        body(rt, self, g),
  )

test('[OB15] a member of anything but an object of the world is what JavaScript says', () => {
  const answer = look((rt, self) => [
    rt.g('abc', 'length'),
    rt.g([1, 2], 1),
    rt.g({}, 'missing'),
    rt.s1([1, 2], 'map', (x: number) => x + 1),
    rt.s2('a-b', 'replace', '-', '+'),
    rt.s0(new Date(0), 'toISOString'),
    rt.s1(5.25, 'toFixed', 1),
    rt.s1(self.list, 'join', ''),
    rt.w({}, 'x', 1),
    rt.d({ x: 1 }, 'x'),
  ])
  const date = '1970-01-01T00:00:00.000Z'
  assert.deepEqual(answer, [3, 2, null, [2, 3], 'a+b', date, '5.3', '312', 1, true])
})

test('[OB15] compound assignments evaluate their place once and answer as JavaScript does', () => {
  let keys = 0
  const key = { toString: () => (keys++, 'n') }
  assert.deepEqual(
    look((rt, self) => [
      rt.u(self, key, (v) => (v as number) + 1),
      rt.p(self, key, (v) => (v as number) + 1),
      rt.l(self, 'nil', '??', () => 4),
      rt.l(self, 'nil', '||', () => assert.fail()),
      rt.l(self, 'nil', '&&', () => 0),
      rt.g(self, 'n'),
    ]),
    [6, 6, 4, 4, 0, 7],
  )
  assert.equal(keys, 2)
  t.run(object, () => (self) => {
    self.n = 5
  })
})

test('[OB22] a method read without a call is bound to its receiver', () => {
  assert.deepEqual(
    look((rt, self) => {
      const { double, me } = self
      return [[1, 2].map(double), me() === self, rt.g(self, 'double') !== undefined]
    }),
    [[2, 4], true, true],
  )
})

test('[OB22] a bound method is neither stored nor answered', () => {
  assert.throws(() => look((_, self) => self.double), { code: 'METHOD_FAILED' })
  assert.throws(() => look((rt, self) => rt.w(self, 'keep', self.double)), {
    code: 'METHOD_FAILED',
  })
  assert.throws(() => look((rt, self) => rt.w(self, 'keep', [self.double])), {
    code: 'METHOD_FAILED',
  })
})

test('[OB23] an optional send skips when nobody holds the selector, and never asks for a method', () => {
  assert.deepEqual(
    look((rt, self) => [
      rt.q(self, 'missing', () => assert.fail('arguments were evaluated')) ?? 'skipped',
      rt.q(self, 'double', () => [4]),
      rt.q(self, 'n', () => []),
      rt.q(null, 'x', () => []) ?? 'skipped',
      rt.q({}, 'x', () => []) ?? 'skipped',
      rt.q([1], 'at', () => [0]),
      rt.o(undefined, () => assert.fail()) ?? 'skipped',
    ]),
    ['skipped', 8, 5, 'skipped', 'skipped', 1, 'skipped'],
  )
})

test('[OB16] constructor and __proto__ read as undefined everywhere and cannot be assigned', () => {
  look((rt, self) => {
    for (const one of [
      self,
      {},
      [],
      'x',
      5,
      () => 1,
      new Date(),
      new Error('x'),
      rt.g(self, 'me'),
    ]) {
      for (const name of ['constructor', '__proto__', '__defineGetter__', '__defineSetter__']) {
        assert.equal(rt.g(one, name), undefined)
        assert.equal(rt.g(one, { toString: () => name }), undefined)
        if (one !== self) assert.throws(() => rt.w(one, name, 1), TypeError)
        if (one !== self) assert.throws(() => rt.s0(one, name), TypeError)
      }
    }
  })
})

test('[OB27] true, false and nil answer by their traits, and nothing else does', () => {
  const s = new TestWorld()
  const user = s.object()
  for (const [name, answer] of [
    ['true', 'yes'],
    ['false', 'no'],
    ['nil', 'nothing'],
  ] as const) {
    const traits = s.object({ word: answer }, [])
    s.names.set(`traits/${name}`, traits)
    s.define(traits, { 'then:': () => (self, x) => [self, x] })
  }
  const answer = s.run(user, ({ rt }) => () => [
    rt.s0(true, 'word'),
    rt.s1(false, 'then:', 1),
    rt.s1(null, 'then:', 2),
    rt.s0(undefined, 'word'),
    rt.s0(true, 'toString'),
  ])
  assert.deepEqual(answer, ['yes', [false, 1], [null, 2], 'nothing', 'true'])
  for (const value of [true, false, null, undefined]) {
    const ask = () =>
      s.run(
        user,
        ({ rt }) =>
          () =>
            rt.s0(value, 'missing'),
      )
    assert.throws(ask, { code: 'METHOD_FAILED', message: /does not understand missing/ })
  }
})

test('[OB27] traits bound after they were missed are found, and those of a dropped turn are not', () => {
  const s = new TestWorld()
  const user = s.object({ word: 'w' })
  const use = (fail: boolean) =>
    s.run(user, ({ rt, g }) => (self) => {
      g.mirror.bind('traits/nil', self)
      const answer = rt.s0(null, 'word')
      if (fail) throw new Error('dropped')
      return answer
    })
  assert.throws(() =>
    s.run(
      user,
      ({ rt }) =>
        () =>
          rt.s0(null, 'word'),
    ),
  )
  assert.throws(() => use(true), { message: 'dropped' })
  assert.throws(
    () =>
      s.run(
        user,
        ({ rt }) =>
          () =>
            rt.s0(null, 'word'),
      ),
    { message: /does not understand/ },
  )
  assert.equal(use(false), 'w')
})

test('[OB15] what is not understood by a value is an error that names both', () => {
  for (const [value, what] of [
    ['some text', /"some text" does not understand fly/],
    [[1], /a list does not understand fly/],
    [{}, /a map does not understand fly/],
    [5, /5 does not understand fly/],
    [() => 1, /a function does not understand fly/],
  ] as [unknown, RegExp][]) {
    assert.throws(() => look((rt) => rt.s0(value, 'fly')), { code: 'METHOD_FAILED', message: what })
  }
  assert.throws(() => look((rt) => rt.g(null, 'x')), { message: 'cannot read x of nil' })
  assert.throws(() => look((rt) => rt.w(undefined, 'x', 1)), {
    message: /cannot assign x of undef/,
  })
})

test('[OB15] a block answers value, value: and value:value:', () => {
  assert.deepEqual(
    look((rt) => [
      rt.s0(() => 1, 'value'),
      rt.s1((x: number) => x + 1, 'value:', 2),
      rt.s2((x: number, y: number) => x * y, 'value:value:', 3, 4),
    ]),
    [1, 3, 12],
  )
})

test('[OB35] symbols are no names', () => {
  for (const attempt of [
    (rt: Kit['rt'], self: unknown) => rt.g(self, Symbol.iterator),
    (rt: Kit['rt'], self: unknown) => rt.w(self, Symbol.iterator, 1),
    (rt: Kit['rt']) => rt.g([], Symbol.iterator),
    (rt: Kit['rt']) => rt.s0([], Symbol.iterator),
  ]) {
    assert.throws(() => look(attempt), { message: 'a symbol is not a name' })
  }
})

const LARGE = OBJECT_LIMITS.stringLength + 1

test('[OB17] a built-in that would make too much at once ends the turn', () => {
  const list = new Array(2_000).fill(1)
  for (const grow of [
    (rt: Kit['rt']) => rt.s1('x', 'repeat', LARGE),
    (rt: Kit['rt']) => rt.s1('x', 'padStart', LARGE),
    (rt: Kit['rt']) => rt.s1('x', 'padEnd', LARGE),
    (rt: Kit['rt']) => rt.s2('xx', 'replaceAll', 'x', 'y'.repeat(LARGE)),
    (rt: Kit['rt']) => rt.s1(list, 'join', 'x'.repeat(1_000)),
    (rt: Kit['rt']) => rt.s1(new Array(LARGE), 'fill', 0),
    (rt: Kit['rt']) => rt.s1([], 'concat', new Array(LARGE)),
    (rt: Kit['rt']) => rt.w([], 'length', LARGE),
  ]) {
    assert.throws(() => look(grow), { code: 'LIMIT', message: /the limit is 1000000/ })
  }
})

test('[OB17] bytes are counted, one by one and together', () => {
  const make = (g: Kit['g'], ...parts: unknown[]) => new g.Uint8Array(...parts).length
  assert.deepEqual(
    look((_, __, g) => [
      make(g, 5),
      make(g, [1, 2]),
      g.Uint8Array.from([1]).length,
      g.Uint8Array.of(1, 2).length,
    ]),
    [5, 2, 1, 2],
  )
  const limit = OBJECT_LIMITS.bytesLength
  assert.throws(() => look((_, __, g) => make(g, limit + 1)), { code: 'LIMIT' })
  const many = () =>
    look((_, __, g) => {
      for (let i = 0; i < 20; i++) make(g, limit / 2)
    })
  assert.throws(many, { code: 'LIMIT' })
  assert.equal(
    look((_, __, g) => make(g, limit)),
    limit,
  )
  assert.equal(
    look((_, __, g) => new g.Uint8Array(1) instanceof g.Uint8Array),
    true,
  )
})

test('[OB19] mirror takes objects and names, and refuses everything else with a sentence', () => {
  const wrong = [null, undefined, 5, 'x', {}, [], () => 1]
  for (const value of wrong) {
    for (const name of [
      'clone',
      'slotNames',
      'slots',
      'get',
      'set',
      'remove',
      'understands',
      'send',
      'learn',
    ]) {
      const attempt = () => look((_, __, g) => g.mirror[name](value, 'x', []))
      assert.throws(attempt, {
        code: 'METHOD_FAILED',
        message: 'mirror takes an object of the world',
      })
    }
    if (typeof value === 'string') continue
    for (const name of ['get', 'set', 'remove', 'understands', 'send']) {
      const attempt = () => look((_, self, g) => g.mirror[name](self, value, []))
      assert.throws(attempt, { code: 'METHOD_FAILED', message: 'mirror takes a name as text' })
    }
  }
})

test('[OB19] mirror reflects as the language does', () => {
  assert.deepEqual(
    look((_, self, g) => [
      g.mirror.get(self, 'n'),
      g.mirror.set(self, 'm', [1]),
      g.mirror.understands(self, 'double'),
      g.mirror.understands(self, 'fly'),
      g.mirror.send(self, 'sum', [1, 2, 3]),
      g.mirror.slots(self).find((one: { name: string }) => one.name === 'double'),
      g.mirror.remove(self, 'm'),
      g.mirror.remove(self, 'm'),
    ]),
    [5, [1], true, false, 6, { name: 'double', kind: 'method', value: null }, true, false],
  )
})

test('[OB19] Object has no function that reshapes or reveals', () => {
  const names = look((_, __, g) => Object.keys(g.Object)) as string[]
  for (const name of [
    'create',
    'defineProperty',
    'setPrototypeOf',
    'getPrototypeOf',
    'getOwnPropertySymbols',
    'getOwnPropertyDescriptor',
  ]) {
    assert.equal(names.includes(name), false, name)
  }
  assert.deepEqual(
    look((_, __, g) => [new g.Object(), g.Object(null)]),
    [{}, {}],
  )
})

test('[OB18] the same seed draws the same numbers, evenly between 0 and 1', () => {
  const [a, b] = [seeded(9), seeded(9)]
  let sum = 0
  for (let i = 0; i < 1_000; i++) {
    const x = a()
    assert.equal(x, b())
    assert.ok(x >= 0 && x < 1)
    sum += x
  }
  assert.ok(Math.abs(sum / 1_000 - 0.5) < 0.05)
  assert.notEqual(seeded(1)(), seeded(2)())
})
