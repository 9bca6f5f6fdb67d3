// Owns: the tests of changing: assigning, removing, cloning, names, own data as JavaScript sees it, the kernel's changes.
// Leaves: what lies inside containers to nested.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSlots } from './codec.ts'
import { GENESIS } from './identity.ts'
import { MethodRef, Ref } from './value.ts'
import { changesOf, TestWorld } from './world.fixture.ts'

test('[OB24] assigning writes the own slot, whoever held the value before', () => {
  const t = new TestWorld()
  const parent = t.object({ n: 1 })
  const child = t.object({}, [parent])
  const outcome = t.attempt(child, () => (self) => {
    self.n = 2
  })
  assert.deepEqual(changesOf(outcome), { [child]: ['n'] })
  assert.deepEqual([t.stored(child).n, t.stored(parent).n], [2, 1])
})

test('[OB24] assigning what a slot has already writes nothing', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1, ref: new Ref(GENESIS), list: [1] })
  const outcome = t.attempt(object, () => (self) => {
    self.n = 1
    self.ref = self.ref
    self.list = self.list
    self['parent*'] = self['parent*']
  })
  assert.deepEqual(changesOf(outcome), {})
})

test('[OB24] a clone has its parent and nothing else, and sees later changes of the parent', () => {
  const t = new TestWorld()
  const parent = t.object({ n: 1, list: [1, 2] })
  const answer = t.send(parent, 'clone') as { $ref: string }
  const child = Number.parseInt(answer.$ref.slice(1), 36)
  assert.deepEqual(t.stored(child), { 'parent*': new Ref(parent) })
  t.run(parent, () => (self) => {
    self.n = 9
  })
  assert.equal(
    t.run(child, () => (self) => self.n),
    9,
  )
})

test('[OB24] undefined can be stored, hides what is above, and is nil outside', () => {
  const t = new TestWorld()
  const parent = t.object({ x: 1 })
  const child = t.object({}, [parent])
  const answer = t.run(child, () => (self) => {
    self.x = undefined
    return [self.x, 'x' in self, Object.hasOwn(self, 'x')]
  })
  assert.deepEqual(answer, [null, true, true])
  assert.ok('x' in t.stored(child) && t.stored(child).x === undefined)
  t.restart()
  assert.equal(
    t.run(child, () => (self) => self.x === undefined),
    true,
  )
})

test('[OB24] delete removes the own slot and nothing else', () => {
  const t = new TestWorld()
  const parent = t.object({ x: 1 })
  const child = t.object({ x: 2, y: 3 }, [parent])
  const answer = t.run(child, ({ rt }) => (self) => [rt.d(self, 'x'), rt.d(self, 'x'), self.x])
  assert.deepEqual(answer, [true, true, 1])
  assert.deepEqual(Object.keys(t.stored(child)), ['parent*', 'y'])
  assert.equal(t.stored(parent).x, 1)
})

test('[OB24] a name that cannot be a slot is refused', () => {
  const t = new TestWorld()
  const object = t.object()
  for (const name of ['__proto__', 'constructor', '', 'a\nb', 'x'.repeat(257), '\ud800']) {
    const assign = () =>
      t.run(
        object,
        ({ rt }) =>
          (self) =>
            rt.w(self, name, 1),
      )
    assert.throws(assign, { code: 'FIELD_INVALID' }, JSON.stringify(name))
  }
})

test('[OB25] in follows the chain, and keys, spread and JSON see own data', () => {
  const t = new TestWorld()
  const parent = t.object({ above: 1 })
  const child = t.object({ a: 1, b: [2] }, [parent])
  t.define(child, { act: () => () => 1 })
  const answer = t.run(child, () => (self) => [
    'above' in self,
    'act' in self,
    'nowhere' in self,
    Object.keys(self),
    { ...self },
    JSON.stringify(self),
    Object.entries(self).length,
  ])
  const own = { a: 1, b: [2] }
  assert.deepEqual(answer, [true, true, false, ['a', 'b'], own, JSON.stringify(own), 2])
})

test('[OB25] keys see a borrowed container as soon as it was changed', () => {
  const t = new TestWorld()
  const parent = t.object({ list: [1] })
  const child = t.object({}, [parent])
  const answer = t.run(child, () => (self) => {
    const list = self.list
    const before = Object.keys(self)
    list.push(2)
    return [before, Object.keys(self), self.list]
  })
  assert.deepEqual(answer, [[], ['list'], [1, 2]])
})

test('[OB35] the language cannot reshape an object', () => {
  const t = new TestWorld()
  const object = t.object({ x: 1 })
  t.run(object, () => (self) => {
    for (const attempt of [
      () => Object.freeze(self),
      () => Object.seal(self),
      () => Object.preventExtensions(self),
      () => Object.setPrototypeOf(self, {}),
      () => Object.defineProperty(self, 'x', { get: () => 2 }),
      () => Object.assign(self, { [Symbol.iterator]: 1 }),
    ]) {
      assert.throws(attempt, TypeError)
    }
    assert.equal(Object.getPrototypeOf(self), null)
    assert.equal(self[Symbol.toPrimitive], undefined)
    assert.equal(Object.isFrozen(self), false)
    assert.deepEqual(Object.getOwnPropertySymbols(self), [])
    assert.equal(self instanceof Object, false)
  })
  assert.deepEqual(Object.keys(t.stored(object)), ['parent*', 'x'])
})

test('[OB31] a name is bound to one object, and free names are bound once', () => {
  const t = new TestWorld()
  const object = t.object()
  t.run(
    object,
    ({ g }) =>
      (self) =>
        g.mirror.bind('here', g.mirror.bind('here', self)),
  )
  assert.equal(t.names.get('here'), object)
  const other = t.object()
  const bind = () =>
    t.run(
      other,
      ({ g }) =>
        (self) =>
          g.mirror.bind('here', self),
    )
  assert.throws(bind, { code: 'CONFLICT', data: { name: 'here', oid: `#${object.toString(36)}` } })
  const outcome = t.attempt(
    object,
    ({ g }) =>
      (self) =>
        void g.mirror.bind('here', self),
  )
  assert.deepEqual(outcome.kind === 'kept' && outcome.names, [])
})

test('[OB31] a name has no # at its beginning and no space at its ends', () => {
  const t = new TestWorld()
  const object = t.object()
  for (const name of ['#1', ' a', 'a ', 'a//b', '', '\u0000', 5, null, object]) {
    const bind = () =>
      t.run(
        object,
        ({ g }) =>
          (self) =>
            g.mirror.bind(name, self),
      )
    assert.throws(bind, { code: 'FIELD_INVALID' }, String(name))
  }
})

test('[OB32] a change whose expectation holds is made, and one whose does not is a conflict', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1 })
  const set = (value: unknown, expect: number | null) =>
    t.change({ kind: 'set', target: object, slot: 'n', value, expect })
  assert.equal(set(2, 0).kind, 'kept')
  const tid = decodeSlots(t.records.get(object) as Uint8Array).at(-1)?.tid as number
  for (const wrong of [0, null, tid + 1]) {
    const outcome = set(3, wrong)
    assert.equal(outcome.kind === 'fault' && outcome.fault.code, 'CONFLICT')
  }
  assert.equal(set(3, tid).kind, 'kept')
  assert.equal(t.stored(object).n, 3)
  const fresh = t.change({ kind: 'set', target: object, slot: 'm', value: 1, expect: null })
  assert.equal(fresh.kind, 'kept')
})

test('[OB32] create makes an object with parents, slots and a name in one turn, or not at all', () => {
  const t = new TestWorld()
  const kind = t.object({ x: 1 })
  const create = (parents: number[]) =>
    t.change({ kind: 'create', name: 'made', parents, slots: [['list', [1, { a: 2 }]]] })
  assert.equal(create([kind, 99_999]).kind, 'fault')
  assert.equal(t.names.has('made'), false)
  assert.equal(create([kind, GENESIS]).kind, 'kept')
  const made = t.names.get('made') as number
  assert.deepEqual(t.stored(made), {
    'parent*': new Ref(kind),
    'parent2*': new Ref(GENESIS),
    list: [1, { a: 2 }],
  })
})

test('[OB32] removing what is not there is a fault', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1 }, [t.object({ m: 1 })])
  const remove = (slot: string) => t.change({ kind: 'remove', target: object, slot })
  assert.equal(remove('n').kind, 'kept')
  const again = remove('m')
  assert.equal(again.kind === 'fault' && again.fault.code, 'FIELD_INVALID')
})

test('[OB32] a method gets the next number and cannot take the place of a parent', () => {
  const t = new TestWorld()
  const object = t.object()
  const next = t.world.nextOid
  const outcome = t.change({ kind: 'method', target: object, selector: 'go' })
  assert.equal(outcome.kind, 'kept')
  assert.deepEqual(t.stored(object).go, new MethodRef(next))
  assert.equal(t.world.nextOid, next + 1)
  for (const selector of ['parent*', '__proto__', 'constructor', '']) {
    const refused = t.change({ kind: 'method', target: object, selector })
    assert.equal(refused.kind === 'fault' && refused.fault.code, 'FIELD_INVALID', selector)
  }
})
