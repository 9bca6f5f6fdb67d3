// Owns: the tests of finding: order, cycles, receivers, resend, what lookups remember.
// Leaves: changing what is found to changing.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GENESIS } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { Ref } from './value.ts'
import { TestWorld } from './world.fixture.ts'

test('[OB7] an own slot wins over every parent, and goes back to the parent when it is removed', () => {
  const t = new TestWorld()
  const parent = t.object({ x: 'parent', y: 'only above' })
  const child = t.object({ x: 'own' }, [parent])
  assert.equal(
    t.run(child, () => (self) => `${self.x} ${self.y}`),
    'own only above',
  )
  t.run(child, () => (self) => delete self.x)
  assert.equal(
    t.run(child, () => (self) => self.x),
    'parent',
  )
})

test('[OB8] parents are searched depth-first in the order of their slots, and the first holder wins', () => {
  const t = new TestWorld()
  const deep = t.object({ x: 'deep', z: 'deep' }, [])
  const left = t.object({ y: 'left' }, [deep])
  const right = t.object({ x: 'right', y: 'right', z: 'right', w: 'right' }, [])
  const child = t.object({}, [left, right])
  const read = () => t.run(child, () => (self) => [self.x, self.y, self.z, self.w, self.q])
  assert.deepEqual(read(), ['deep', 'left', 'deep', 'right', null])
})

test('[OB8] a list in a parent slot counts as its objects in order', () => {
  const t = new TestWorld()
  const a = t.object({ x: 'a' }, [])
  const b = t.object({ x: 'b', y: 'b' }, [])
  const child = t.object({ 'parent*': [new Ref(b), new Ref(a)] }, [])
  assert.deepEqual(
    t.run(child, () => (self) => [self.x, self.y]),
    ['b', 'b'],
  )
})

test('[OB8] a cycle of parents ends, and each object is searched once', () => {
  const t = new TestWorld()
  const a = t.object({ only: 'a' }, [])
  const b = t.object({}, [a])
  t.run(a, ({ g }) => (self) => {
    self['parent*'] = g.mirror.object(`#${b.toString(36)}`)
  })
  assert.equal(
    t.run(b, () => (self) => self.only),
    'a',
  )
  assert.equal(
    t.run(b, () => (self) => self.nowhere),
    null,
  )
  assert.deepEqual(
    t.run(
      b,
      ({ g }) =>
        (self) =>
          g.mirror.slotNames(self).toSorted(),
    ),
    ['only', 'parent*', 'test'],
  )
})

test('[OB8] the top of a diamond is searched where it is met first', () => {
  const t = new TestWorld()
  const top = t.object({ x: 'top' }, [])
  const left = t.object({}, [top])
  const right = t.object({ x: 'right' }, [top])
  const child = t.object({}, [left, right])
  assert.equal(
    t.run(child, () => (self) => self.x),
    'top',
  )
})

test('[OB30] a chain of more objects than a lookup may pass is a fault', () => {
  const t = new TestWorld()
  let last = t.object({}, [])
  for (let i = 0; i < OBJECT_LIMITS.delegation + 1; i++) last = t.object({}, [last])
  const child = last
  assert.throws(() => t.send(child, 'nothing'), { code: 'LIMIT' })
})

test('[OB20] a method found above runs with the receiver as self', () => {
  const t = new TestWorld()
  const parent = t.object({ n: 1 })
  t.define(parent, { add: () => (self, by) => (self.n += by) })
  const child = t.object({}, [parent])
  const other = t.object({}, [parent])
  assert.equal(t.send(child, 'add', 5), 6)
  assert.equal(t.send(other, 'add', 2), 3)
  assert.deepEqual([t.stored(child).n, t.stored(other).n, t.stored(parent).n], [6, 3, 1])
})

test('[OB20] a send that finds data answers it, and with arguments it faults', () => {
  const t = new TestWorld()
  const object = t.object({ n: 3 })
  assert.equal(t.send(object, 'n'), 3)
  assert.throws(() => t.send(object, 'n', 1), { code: 'METHOD_FAILED', message: /n is data of #/ })
})

test('[OB20] what nobody understands goes to the nearest doesNotUnderstand: with selector and arguments', () => {
  const t = new TestWorld()
  const proud = t.object()
  t.define(proud, { 'doesNotUnderstand:': () => (_self, m) => [m.selector, ...m.args] })
  const child = t.object({}, [proud])
  assert.deepEqual(t.send(child, 'do:it:', 1, 'x'), ['do:it:', 1, 'x'])
  const orphan = t.object({}, [])
  assert.throws(() => t.send(orphan, 'do'), { code: 'NOT_UNDERSTOOD' })
})

test('[OB20] a keyword selector is sent like any other', () => {
  const t = new TestWorld()
  const object = t.object()
  t.define(object, {
    'at:put:': () => (self, key, value) => {
      self[key] = value
      return self
    },
  })
  assert.deepEqual(t.send(object, 'at:put:', 'k', [1]), { $ref: `#${object.toString(36)}` })
  assert.deepEqual(t.stored(object).k, [1])
})

test('[OB21] resend runs the next holder above with the same receiver, again and again up to the top', () => {
  const t = new TestWorld()
  const top = t.object({}, [])
  t.define(top, { who: () => (self) => [`top ${self.name}`] })
  const middle = t.object({}, [top])
  t.define(middle, {
    who:
      ({ rt, h }) =>
      (self) => [`middle ${self.name}`, ...(rt.r(h, self, 'who', []) as string[])],
  })
  const child = t.object({ name: 'child' }, [middle])
  t.define(child, {
    who:
      ({ rt, h }) =>
      (self) => ['own', ...(rt.r(h, self, 'who', []) as string[])],
  })
  assert.deepEqual(t.send(child, 'who'), ['own', 'middle child', 'top child'])
})

test('[OB21] resend with nobody above, or to an object outside the chain, is not understood', () => {
  const t = new TestWorld()
  const other = t.object({ x: 1 }, [])
  const object = t.object({}, [])
  t.define(object, {
    x:
      ({ rt, h }) =>
      (self) =>
        rt.r(h, self, 'x', []),
    astray:
      ({ rt, h, g }) =>
      () =>
        rt.r(h, g.mirror.object(`#${other.toString(36)}`), 'x', []),
  })
  assert.throws(() => t.send(object, 'x'), { code: 'NOT_UNDERSTOOD' })
  assert.throws(() => t.send(object, 'astray'), { code: 'NOT_UNDERSTOOD' })
})

test('[OB9] a slot added, removed or moved between parents is found at once by those who looked before', () => {
  const t = new TestWorld()
  const top = t.object({ x: 'top' }, [])
  const middle = t.object({}, [top])
  const child = t.object({}, [middle])
  const read = () => t.run(child, () => (self) => self.x)
  assert.equal(read(), 'top')
  t.run(middle, () => (self) => {
    self.x = 'middle'
  })
  assert.equal(read(), 'middle')
  t.run(middle, () => (self) => delete self.x)
  assert.equal(read(), 'top')
  t.run(top, () => (self) => delete self.x)
  assert.equal(read(), null)
})

test('[OB9] a change of parents reaches those who look through the object, in the same turn', () => {
  const t = new TestWorld()
  const one = t.object({ x: 1 }, [])
  const two = t.object({ x: 2 }, [])
  const middle = t.object({}, [one])
  const child = t.object({ middle: new Ref(middle), two: new Ref(two) }, [middle])
  const answer = t.run(child, () => (self) => {
    const before = self.x
    self.middle['parent*'] = self.two
    return [before, self.x]
  })
  assert.deepEqual(answer, [1, 2])
  assert.equal(
    t.run(child, () => (self) => self.x),
    2,
  )
})

test('[OB9] what a dropped turn made a lookup remember is forgotten', () => {
  const t = new TestWorld()
  const parent = t.object({}, [])
  const child = t.object({ parent: new Ref(parent) }, [parent])
  assert.throws(() =>
    t.run(child, () => (self) => {
      self.parent.x = 1
      assert.equal(self.x, 1)
      throw new Error('enough')
    }),
  )
  assert.equal(
    t.run(child, () => (self) => self.x),
    null,
  )
})

test('[OB26] a parent slot takes an object or a list of objects and refuses the rest', () => {
  const t = new TestWorld()
  const object = t.object()
  for (const wrong of [null, 5, 'genesis', [5], { a: 1 }, undefined]) {
    const assign = () =>
      t.run(object, () => (self) => {
        self['parent*'] = wrong
      })
    assert.throws(assign, {
      code: 'METHOD_FAILED',
      message: /takes an object or a list of objects/,
    })
  }
})

test('[OB26] a list of parents is a copy both when it is assigned and when it is read', () => {
  const t = new TestWorld()
  const a = t.object({ x: 'a' }, [])
  const b = t.object({ y: 'b' }, [])
  const child = t.object({ a: new Ref(a), b: new Ref(b) }, [])
  t.run(child, () => (self) => {
    const list = [self.a]
    self['parents*'] = list
    list.push(self.b)
    self['parents*'].push(self.b)
    assert.equal(self.y, undefined)
  })
  assert.deepEqual(t.stored(child)['parents*'], [new Ref(a)])
  assert.equal(
    t.run(child, () => (self) => self.x),
    'a',
  )
})

test('[OB26] a parent slot that is removed ends the delegation', () => {
  const t = new TestWorld()
  const parent = t.object({ x: 1 }, [])
  const child = t.object({}, [parent])
  const answer = t.run(child, () => (self) => {
    const before = self.x
    delete self['parent*']
    return [before, self.x]
  })
  assert.deepEqual(answer, [1, null])
})

test('[OB28] the first parent learns, the receiver does when that is genesis, a named holder before both', () => {
  const t = new TestWorld()
  const kind = t.object()
  const child = t.object({}, [kind])
  const learner = (target: number, holder?: number) => {
    const request = { now: 0, seed: 0, fuel: 1_000, target, selector: 'fly', args: [1] }
    const outcome = t.world.runSend(holder === undefined ? request : { ...request, holder })
    assert.equal(outcome.kind, 'need')
    return outcome.kind === 'need' && outcome.need.kind === 'method' ? outcome.need.learner : 0
  }
  assert.equal(learner(child), kind)
  assert.equal(learner(kind), kind)
  assert.equal(learner(child, child), child)
  assert.equal(learner(child, GENESIS), GENESIS)
  // A holder that the receiver would never look at cannot learn for it.
  assert.equal(learner(child, t.object()), kind)
})
