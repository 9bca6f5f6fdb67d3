// Owns: the random test of the object model: thousands of steps, each compared with a model that does everything naively.
// Leaves: single rules to the tests beside it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GENESIS } from './identity.ts'
import { seeded } from './mirror.ts'
import { Ref } from './value.ts'
import { type Guest, TestWorld } from './world.fixture.ts'

/** The naive model: own slots in plain maps, everything copied at every use, nothing remembered. */
class Naive {
  objects: { own: Map<string, unknown>; parents: Map<string, number[]> }[] = []

  chain(at: number, seen = new Set<number>()): number[] {
    if (seen.has(at)) return []
    seen.add(at)
    const { parents } = this.object(at)
    const above = [...parents.values()].flat().flatMap((parent) => this.chain(parent, seen))
    return [at, ...above]
  }

  object(at: number) {
    const object = this.objects[at]
    assert.ok(object !== undefined)
    return object
  }

  read(at: number, name: string): unknown {
    const holder = this.chain(at).find((one) => this.object(one).own.has(name))
    return holder === undefined ? undefined : structuredClone(this.object(holder).own.get(name))
  }

  copy(): Naive {
    const copy = new Naive()
    copy.objects = this.objects.map(({ own, parents }) => ({
      own: structuredClone(own),
      parents: structuredClone(parents),
    }))
    return copy
  }
}

const NAMES = ['a', 'b', 'c', 'list', 'map']
const PARENTS = ['parent*', 'second*']

/** One random act: what the guest does, and the same in the model. */
type Act = { guest: (objects: unknown[]) => void; model: (naive: Naive) => void }

function act(random: () => number, count: number): Act {
  const below = (n: number) => Math.floor(random() * n)
  const at = below(count)
  const name = NAMES[below(NAMES.length)] as string
  // biome-ignore lint: guest code has no types
  const of = (objects: unknown[]) => objects[at] as any
  switch (below(7)) {
    case 0:
    case 1: {
      const value = [below(9), [below(9)], { k: [below(9)] }, undefined][below(4)]
      return {
        guest: (objects) => void (of(objects)[name] = structuredClone(value)),
        model: (naive) => naive.object(at).own.set(name, structuredClone(value)),
      }
    }
    case 2:
      return {
        guest: (objects) => delete of(objects)[name],
        model: (naive) => naive.object(at).own.delete(name),
      }
    case 3: {
      const other = below(count)
      const slot = PARENTS[below(2)] as string
      return {
        guest: (objects) => void (of(objects)[slot] = [objects[other]]),
        model: (naive) => naive.object(at).parents.set(slot, [other]),
      }
    }
    case 4: {
      const slot = PARENTS[below(2)] as string
      return {
        guest: (objects) => delete of(objects)[slot],
        model: (naive) => naive.object(at).parents.delete(slot),
      }
    }
    case 5: {
      const n = below(99)
      const change = (value: unknown) => {
        if (Array.isArray(value)) value.push(n)
        else if (typeof value === 'object' && value !== null) (value as { k: number[] }).k.push(n)
        return Array.isArray(value) || (typeof value === 'object' && value !== null)
      }
      return {
        guest: (objects) => change(of(objects)[name]),
        model: (naive) => {
          const value = naive.read(at, name)
          if (change(value)) naive.object(at).own.set(name, value)
        },
      }
    }
    default: {
      const from = below(count)
      const into = NAMES[below(NAMES.length)] as string
      return {
        guest: (objects) => {
          // biome-ignore lint: guest code has no types
          of(objects)[into] = (objects[from] as any)[name]
        },
        model: (naive) => naive.object(at).own.set(into, naive.read(from, name)),
      }
    }
  }
}

const SIZE = 8

for (const seed of [1, 2, 3]) {
  test(`[OB9] [OB11] [OB13] [OB34] 1,500 random turns leave what a naive model has, seed ${seed}`, () => {
    const t = new TestWorld()
    const random = seeded(seed)
    let naive = new Naive()
    const oids: number[] = []
    for (let i = 0; i < SIZE; i++) {
      oids.push(t.object({}, [GENESIS]))
      // Genesis holds nothing that the acts read, so it is a parent that the model leaves empty.
      naive.objects.push({ own: new Map(), parents: new Map([['parent*', []]]) })
    }
    const runner = t.object({ all: oids.map((oid) => new Ref(oid)) }, [])
    const run = (guest: Guest) => t.run(runner, () => guest)
    const look: Guest = (self) =>
      self.all.map((one: Record<string, unknown>) => NAMES.map((name) => one[name]))
    for (let turn = 0; turn < 1_500; turn++) {
      // One act a turn on containers: what several aliases of one parent's container see in one turn has its own tests.
      const step = act(random, SIZE)
      const fails = random() < 0.2
      const next = naive.copy()
      step.model(next)
      const guest: Guest = (self) => {
        step.guest([...self.all])
        if (fails) throw new Error('dropped')
      }
      if (fails) assert.throws(() => run(guest), { message: 'dropped' })
      else {
        run(guest)
        naive = next
      }
      if (random() < 0.02) t.restart()
      if (turn % 3 === 0) {
        const expected = oids.map((_, i) => NAMES.map((name) => naive.read(i, name) ?? null))
        assert.deepEqual(run(look), expected, `seed ${seed}, turn ${turn}`)
      }
      if (turn % 50 === 0) t.assertAgrees()
    }
    t.assertAgrees()
  })
}
