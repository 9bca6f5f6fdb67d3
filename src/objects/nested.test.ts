// Owns: the tests of containers in slots: whose they are, how changes inside them are noticed, what a turn leaves in memory.
// Leaves: what values there are to value.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf, type Guest, TestWorld } from './world.fixture.ts'

/** Runs a change on an object with these slots; answers what is stored afterwards. */
function changed(slots: Record<string, unknown>, change: Guest): Record<string, unknown> {
  const t = new TestWorld()
  const object = t.object(slots)
  t.run(object, () => change)
  t.assertAgrees()
  const { 'parent*': _, ...rest } = t.stored(object)
  t.restart()
  return rest
}

const WAYS: [string, unknown, Guest, unknown][] = [
  ['push', [1], (self) => self.x.push(2), [1, 2]],
  ['index', [1, 2], (self) => void (self.x[0] = 9), [9, 2]],
  ['length', [1, 2], (self) => void (self.x.length = 1), [1]],
  ['sort in place', [3, 1, 2], (self) => self.x.sort(), [1, 2, 3]],
  ['reverse', [1, 2], (self) => self.x.reverse(), [2, 1]],
  ['splice', [1, 2, 3], (self) => self.x.splice(1, 1), [1, 3]],
  ['a nested map', { a: { b: 1 } }, (self) => void (self.x.a.b = 2), { a: { b: 2 } }],
  ['a nested list', [[1]], (self) => self.x[0].push(2), [[1, 2]]],
  ['Object.assign', { a: 1 }, (self) => Object.assign(self.x, { b: 2 }), { a: 1, b: 2 }],
  ['delete in a map', { a: 1, b: 2 }, (self) => delete self.x.a, { b: 2 }],
  [
    'an alias from a pattern',
    { list: [1] },
    (self) => {
      const { x } = self
      const { list } = x
      list.push(2)
    },
    { list: [1, 2] },
  ],
  [
    'an alias kept across other reads',
    [1],
    (self) => {
      const x = self.x
      void self.nothing
      self.other = self.x.length
      x.push(2)
    },
    [1, 2],
  ],
  ['a date set anew', new Date(5), (self) => self.x.setTime(9), new Date(9)],
  ['bytes', new Uint8Array([1, 2]), (self) => void (self.x[0] = 7), new Uint8Array([7, 2])],
  ['bytes filled', new Uint8Array(2), (self) => self.x.fill(3), new Uint8Array([3, 3])],
  [
    'a pattern whose target is inside',
    [1, 2],
    (self) => {
      ;[self.x[1], self.x[0]] = self.x
    },
    [1, 1],
  ],
  [
    'a part taken out and changed',
    [{ n: 1 }],
    (self) => {
      const [part] = self.x
      part.n = 2
    },
    [{ n: 2 }],
  ],
]

for (const [how, before, change, after] of WAYS) {
  test(`[OB12] a change inside a container is noticed: ${how}`, () => {
    assert.deepEqual(changed({ x: before }, change).x, after)
  })
}

test('[OB12] reading a container without changing it writes nothing', () => {
  const t = new TestWorld()
  const object = t.object({ list: [1, { a: 2 }], when: new Date(1) })
  const outcome = t.attempt(object, () => (self) => [
    self.list.map((x: unknown) => x),
    self.when.getTime(),
    [...self.list],
    self.list.toSorted(),
  ])
  assert.deepEqual(changesOf(outcome), {})
})

test('[OB12] a change that is taken back writes nothing', () => {
  const t = new TestWorld()
  const object = t.object({ list: [1] })
  const outcome = t.attempt(object, () => (self) => {
    self.list.push(2)
    self.list.pop()
  })
  assert.deepEqual(changesOf(outcome), {})
})

test('[OB11] a value stored in a second slot is copied at once, in both directions', () => {
  const after = changed({ a: [1] }, (self) => {
    self.b = self.a
    self.a.push('a')
    self.b.push('b')
  })
  assert.deepEqual(after, { a: [1, 'a'], b: [1, 'b'] })
})

test('[OB11] a value stays the variable it was given by until it is stored a second time', () => {
  const after = changed({}, (self) => {
    const list: unknown[] = [1]
    self.a = list
    list.push(2)
    self.b = list
    list.push(3)
  })
  assert.deepEqual(after, { a: [1, 2, 3], b: [1, 2] })
})

test('[OB11] parts that belong elsewhere are copied, however they get into another slot', () => {
  const after = changed({ a: { part: [1] } }, (self) => {
    self.b = [self.a.part, { deep: self.a.part }]
    self.a.part.push(2)
    self.b[0].push(3)
    self.b[1].deep.push(4)
  })
  assert.deepEqual(after, { a: { part: [1, 2] }, b: [[1, 3], { deep: [1, 4] }] })
})

test('[OB11] pushing or assigning an owned piece into another container copies it', () => {
  const t = new TestWorld()
  const object = t.object({ from: { n: 1 }, list: [], map: {} })
  t.run(object, ({ rt }) => (self) => {
    rt.s1(self.list, 'push', self.from)
    rt.w(self.map, 'k', self.from)
    rt.s(self.list, 'splice', [0, 0, self.from])
    rt.w(self.from, 'n', 2)
  })
  const { from, list, map } = t.stored(object)
  assert.deepEqual([from, list, map], [{ n: 2 }, [{ n: 1 }, { n: 1 }], { k: { n: 1 } }])
})

test('[OB11] an object of another stores its own copy', () => {
  const t = new TestWorld()
  const one = t.object({ list: [1] })
  t.names.set('one', one)
  const two = t.object()
  t.run(two, ({ g }) => (self) => {
    const other = g.mirror.object('one')
    self.list = other.list
    other.list.push('one')
    self.list.push('two')
  })
  assert.deepEqual(
    [t.stored(one).list, t.stored(two).list],
    [
      [1, 'one'],
      [1, 'two'],
    ],
  )
})

test('[OB13] a borrowed container becomes the receiver’s own when it changes, and only then', () => {
  const t = new TestWorld()
  const parent = t.object({ list: [1], map: { a: { n: 1 } } })
  const child = t.object({}, [parent])
  const read = t.attempt(child, () => (self) => [self.list[0], self.map.a.n])
  assert.deepEqual(changesOf(read), {})
  const outcome = t.attempt(child, () => (self) => {
    self.list.push(2)
    self.list.push(3)
    self.map.a.n++
    return [self.list, self.map]
  })
  assert.deepEqual(changesOf(outcome), { [child]: ['list', 'map'] })
  assert.deepEqual([t.stored(child).list, t.stored(child).map], [[1, 2, 3], { a: { n: 2 } }])
  assert.deepEqual([t.stored(parent).list, t.stored(parent).map], [[1], { a: { n: 1 } }])
})

test('[OB13] the same borrowed container is the same within a turn, and two receivers have two', () => {
  const t = new TestWorld()
  const parent = t.object({ list: [1] })
  const a = t.object({}, [parent])
  const b = t.object({}, [parent])
  t.names.set('b', b)
  t.run(a, ({ g }) => (self) => {
    const other = g.mirror.object('b')
    assert.equal(self.list, self.list)
    assert.notEqual(self.list, other.list)
    self.list.push('a')
    other.list.push('b')
  })
  assert.deepEqual(
    [t.stored(a).list, t.stored(b).list, t.stored(parent).list],
    [[1, 'a'], [1, 'b'], [1]],
  )
})

test('[OB13] assigning over a borrowed container drops what was changed in it', () => {
  const t = new TestWorld()
  const child = t.object({}, [t.object({ list: [1] })])
  t.run(child, () => (self) => {
    const list = self.list
    self.list = ['mine']
    list.push(2)
  })
  assert.deepEqual(t.stored(child).list, ['mine'])
})

test('[OB34] two slots that came to share a part do not share it after the turn', () => {
  const t = new TestWorld()
  const object = t.object({ a: [0], b: [1] })
  t.run(object, () => (self) => {
    // A pattern writes past the runtime, so the part is not copied when it is put there.
    ;[self.a[0]] = [self.b]
  })
  t.assertAgrees()
  t.run(object, () => (self) => self.b.push(2))
  t.assertAgrees()
  assert.deepEqual([t.stored(object).a, t.stored(object).b], [[[1]], [1, 2]])
})

test('[OB34] what a list has beside its elements, and its being frozen, end with the turn', () => {
  const t = new TestWorld()
  const object = t.object({ list: [1], map: { a: 1 } })
  t.run(object, () => (self) => {
    self.list.note = 'hidden'
    Object.freeze(self.map)
  })
  const answer = t.run(object, () => (self) => {
    self.map.a = 2
    return self.list.note
  })
  assert.equal(answer, null)
  assert.deepEqual(t.stored(object).map, { a: 2 })
})

test('[OB34] values that bytes cannot tell apart are the same before and after a restart', () => {
  const t = new TestWorld()
  const object = t.object()
  const part = [1]
  t.run(object, () => (self) => {
    self.zero = -0
    self.text = 'a\ud800'
    self.twice = [part, part]
    self.holes = [, 1]
    self.map = { '\udfff': -0 }
  })
  t.assertAgrees()
  const look: Guest = (self) => {
    self.twice[0].push(2)
    return [Object.is(self.zero, 0), self.text, self.twice, 0 in self.holes, self.map]
  }
  const running = t.attempt(object, () => look)
  const expected = [true, 'a\ufffd', [[1, 2], [1]], true, { '\ufffd': 0 }]
  assert.equal(running.kind, 'kept')
  assert.deepEqual(
    t.run(object, () => (self) => self.twice),
    expected[2],
  )
  t.restart()
  const { zero, text, map } = t.stored(object)
  assert.deepEqual([Object.is(zero, 0), text, map], [expected[0], expected[1], expected[4]])
})

test('[OB34] a frozen value that is stored can be changed in its slot', () => {
  const after = changed({ a: [1] }, (self) => {
    self.b = Object.freeze([self.a, Object.freeze({ n: 1 })])
    self.b.push(2)
    self.b[1].n = 2
  })
  assert.deepEqual(after, { a: [1], b: [[1], { n: 2 }, 2] })
})

test('[OB34] nothing can change while a turn is being settled', () => {
  const t = new TestWorld()
  const object = t.object({ n: 1 })
  const outcome = t.attempt(object, () => (self) => {
    const bomb = {}
    Object.defineProperty(bomb, 'x', { enumerable: true, get: () => (self.n += 1) })
    return { bomb }
  })
  assert.equal(outcome.kind === 'fault' && outcome.fault.code, 'METHOD_FAILED')
  t.assertAgrees()
  assert.equal(
    t.run(object, () => (self) => self.n),
    1,
  )
})
