// Owns: what rewritten guest code calls for every read, write, send and tick; its names are one letter because each
// method carries them many times.
// Leaves: rewriting to kernel/judge; objects of the world to world.ts.
// Laws: OB15 a member of an object of the world is a slot, a member of anything else is what JavaScript says.
// OB16 `constructor` and `__proto__` read as undefined everywhere. OB17 a built-in cannot make more than a limit at once.
import { objectFault } from './faults.ts'
import type { Oid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import type { Signal } from './signal.ts'
import { isOverflow, tooDeep } from './thrown.ts'
import type { World } from './world.ts'

type Thunk<T> = () => T
type Key = string | number

/** The runtime of compiled methods; see docs/formats/rewrite.md for what each name stands for in the source. */
export interface Runtime {
  /** Ticks left. */
  n: number
  /** The signal that is ending the turn; `catch` and `finally` look at it. */
  readonly z: Signal | undefined
  x(): never
  g(o: unknown, k: unknown): unknown
  w(o: unknown, k: unknown, v: unknown): unknown
  u(o: unknown, k: unknown, f: (v: unknown) => unknown): unknown
  p(o: unknown, k: unknown, f: (v: unknown) => unknown): unknown
  l(o: unknown, k: unknown, operator: string, f: Thunk<unknown>): unknown
  d(o: unknown, k: unknown): boolean
  s(o: unknown, k: unknown, args: unknown[]): unknown
  s0(o: unknown, k: unknown): unknown
  s1(o: unknown, k: unknown, a: unknown): unknown
  s2(o: unknown, k: unknown, a: unknown, b: unknown): unknown
  q(o: unknown, k: unknown, args: Thunk<unknown[]>): unknown
  o(v: unknown, f: (v: unknown) => unknown): unknown
  r(holder: Oid, self: unknown, selector: unknown, args: unknown[]): unknown
  k(key: unknown): Key | symbol
  c(thrown: unknown): void
}

const HIDDEN = new Set(['constructor', '__proto__', '__defineGetter__', '__defineSetter__'])

/** What stands for a hidden name in a pattern: nothing has a member of that name. */
const NOBODY = Symbol('a name that nothing has')

/** Built-ins whose result can be far larger than what they are given: what they would make, in units or elements. */
const GROWTH: Record<string, (holder: never, args: unknown[]) => number> = {
  repeat: (text: string, [count]) => text.length * Number(count),
  padStart: (_: string, [length]) => Number(length),
  padEnd: (_: string, [length]) => Number(length),
  replaceAll: (text: string, [, by]) =>
    typeof by === 'string' ? text.length * (by.length + 1) : text.length,
  join: (list: unknown[], [by]) => list.length * (by === undefined ? 1 : String(by).length),
  fill: (list: unknown[]) => list.length,
  flat: (list: unknown[]) => list.length,
  concat: (one: { length: number }, args) =>
    args.reduce(
      (sum: number, arg) => sum + ((arg as { length?: number })?.length ?? 1),
      one.length,
    ),
}

const keyOf = (k: unknown): Key => {
  if (typeof k === 'string' || typeof k === 'number') return k
  if (typeof k === 'symbol') throw new TypeError('a symbol is not a name')
  return String(k)
}

const nameOf = (k: unknown): string => (typeof k === 'string' ? k : String(keyOf(k)))

const describe = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map'
  return typeof value === 'function' ? 'a function' : String(value)
}

/** Ends the turn because a built-in would make something that is too large. */
export function stopGrowth(world: World, name: string, size: number): never {
  const what = `${name} would make something of size ${size}`
  return world.stop(
    objectFault('LIMIT', `${what}; the limit is ${OBJECT_LIMITS.stringLength}`).toRecord(),
  )
}

/** Makes the runtime of a world. One is enough for all its turns: the fuel is set by the world at each. */
export function makeRuntime(world: World): Runtime {
  const fuel = world.fuel

  const get = (o: unknown, k: unknown): unknown => {
    if (typeof o === 'object' && o !== null) {
      const state = world.stateOf(o)
      if (state !== undefined) return world.read(state, nameOf(k))
      if (typeof k === 'number') return (o as unknown[])[k]
    }
    const key = keyOf(k)
    if (o === undefined || o === null) {
      throw new TypeError(`cannot read ${String(key)} of ${o === null ? 'nil' : 'undefined'}`)
    }
    if (typeof key === 'string' && HIDDEN.has(key)) return undefined
    return (o as Record<Key, unknown>)[key]
  }

  const set = (o: unknown, k: unknown, v: unknown): unknown => {
    const key = keyOf(k)
    if (typeof o === 'object' && o !== null) {
      const state = world.stateOf(o)
      if (state !== undefined) {
        world.write(state, String(key), v)
        return v
      }
    }
    if (typeof key === 'string' && HIDDEN.has(key)) {
      throw new TypeError(`${key} cannot be assigned`)
    }
    if (o === undefined || o === null) {
      throw new TypeError(`cannot assign ${String(key)} of ${o === null ? 'nil' : 'undefined'}`)
    }
    if (Array.isArray(o)) {
      // A list of holes costs nothing to make, and a native that walks over them everything.
      if (key === 'length') checkGrowth('length', Number(v))
      else if (Number(key) > o.length) checkGrowth('an index', Number(key) - o.length)
    }
    if (typeof v === 'object' && v !== null) {
      ;(o as Record<Key, unknown>)[key] = world.partFor(o as object, v)
    } else (o as Record<Key, unknown>)[key] = v
    return v
  }

  const checkGrowth = (name: string, size: number) => {
    if (size > OBJECT_LIMITS.stringLength) stopGrowth(world, name, size)
  }

  const native = (o: unknown, k: unknown, args: unknown[]): unknown => {
    if (o === null || o === undefined || typeof o === 'boolean') {
      const key = String(keyOf(k))
      // What JavaScript itself gives a boolean stays available; the rest are messages to true, false and nil.
      if (typeof o === 'boolean' && (key === 'toString' || key === 'valueOf')) return o[key]()
      return world.sendPrimitive(o ?? null, key, args)
    }
    const key = keyOf(k)
    if (
      typeof o === 'function' &&
      (key === 'value' || key === 'value:' || key === 'value:value:')
    ) {
      return o(...args)
    }
    const member = get(o, key)
    if (typeof member !== 'function') {
      throw new TypeError(`${describe(o)} does not understand ${String(key)}`)
    }
    const grows = typeof key === 'string' && Object.hasOwn(GROWTH, key) ? GROWTH[key] : undefined
    if (grows !== undefined && (typeof o === 'string' || Array.isArray(o))) {
      checkGrowth(String(key), grows(o as never, args))
    }
    if (typeof o === 'object' && (key === 'push' || key === 'unshift' || key === 'splice')) {
      for (let i = 0; i < args.length; i++) args[i] = world.partFor(o, args[i])
    }
    return Reflect.apply(member, o, args)
  }

  const send = (o: unknown, k: unknown, args: unknown[]): unknown => {
    if (typeof o === 'object' && o !== null) {
      const state = world.stateOf(o)
      if (state !== undefined) return world.send(state, nameOf(k), args)
    }
    return native(o, k, args)
  }

  const update = (o: unknown, k: unknown, f: (v: unknown) => unknown): unknown => {
    const key = keyOf(k)
    const value = f(get(o, key))
    set(o, key, value)
    return value
  }

  return {
    get n() {
      return fuel.left
    },
    set n(left) {
      fuel.left = left
    },
    get z() {
      return world.pending
    },
    x: () =>
      world.stop(
        objectFault(
          'FUEL',
          `the message used up its ${world.frame.fuel} ticks and was ended`,
          undefined,
        ).toRecord(),
      ),
    g: get,
    w: set,
    u: update,
    p: (o, k, f) => {
      const key = keyOf(k)
      const before = get(o, key)
      set(o, key, f(before))
      return typeof before === 'bigint' ? before : Number(before)
    },
    l: (o, k, operator, f) => {
      const key = keyOf(k)
      const before = get(o, key)
      const keeps = operator === '||' ? before : operator === '&&' ? !before : before != null
      return keeps ? before : set(o, key, f())
    },
    d: (o, k) => {
      const state = world.stateOf(o)
      if (state !== undefined) return world.remove(state, String(keyOf(k))) || true
      return delete (o as Record<Key, unknown>)[keyOf(k)]
    },
    s: send,
    s0: (o, k) => send(o, k, []),
    s1: (o, k, a) => send(o, k, [a]),
    s2: (o, k, a, b) => send(o, k, [a, b]),
    q: (o, k, args) => {
      const state = world.stateOf(o)
      const key = keyOf(k)
      if (state !== undefined) {
        return world.understands(state, String(key))
          ? world.send(state, String(key), args())
          : undefined
      }
      if (o === null || o === undefined || get(o, key) == null) return undefined
      return native(o, key, args())
    },
    o: (v, f) => (v === null || v === undefined ? undefined : f(v)),
    r: (holder, self, selector, args) => world.resend(self, holder, String(keyOf(selector)), args),
    k: (key) => {
      const name = keyOf(key)
      return typeof name === 'string' && HIDDEN.has(name) ? NOBODY : name
    },
    // Where the stack ended is an accident, and what ended there may be half done: it is no error to go on from.
    c: (thrown) => {
      if (world.pending !== undefined) throw world.pending
      if (isOverflow(thrown)) world.stop(tooDeep().toRecord())
    },
  }
}
