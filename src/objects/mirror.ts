// Owns: the globals of guest code: `mirror`, through which alone it reflects, and tame versions of what JavaScript brings.
// Leaves: which of them a method may name to the judge; the rest of the language to the compartment.
// Laws: OB18 time and chance are those fixed when the message was admitted. OB19 nothing here answers anything of the host.
import { objectFault } from './faults.ts'
import { parseOid } from './identity.ts'
import { makeLater } from './later.ts'
import { OBJECT_LIMITS } from './limits.ts'
import type { ObjectState } from './object.ts'
import type { TurnFrame } from './turn.ts'
import type { World } from './world.ts'

/** A number generator with a 32-bit seed (mulberry32), so that a turn that runs again draws the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function makeMirror(world: World) {
  const objectOf = (value: unknown): ObjectState => {
    const state = world.stateOf(value)
    if (state === undefined)
      throw objectFault('METHOD_FAILED', 'mirror takes an object of the world')
    return state
  }
  const text = (value: unknown): string => {
    if (typeof value !== 'string') throw objectFault('METHOD_FAILED', 'mirror takes a name as text')
    return value
  }
  return {
    /** A new object whose parent is the one given. */
    clone: (object: unknown) => world.clone(objectOf(object)).handle,
    /** Binds a name at the root and answers the object. */
    bind: (name: unknown, object: unknown) => {
      world.bind(name, objectOf(object))
      return object
    },
    /** The object of a name or an oid, nil when there is none. */
    object: (name: unknown) => {
      const oid = parseOid(text(name)) ?? world.lookup(text(name))
      return oid === undefined ? null : (world.find(oid)?.handle ?? null)
    },
    /** What a slot of the object reads as through its parents. */
    get: (object: unknown, name: unknown) => world.read(objectOf(object), text(name)),
    /** Assigns an own slot. */
    set: (object: unknown, name: unknown, value: unknown) => {
      world.write(objectOf(object), text(name), value)
      return value
    },
    /** Removes an own slot; false when there is none. */
    remove: (object: unknown, name: unknown) => world.remove(objectOf(object), text(name)),
    /** Names of all slots that the object answers to, its own first. */
    slotNames: (object: unknown) => world.slotNames(objectOf(object)),
    /** Names, kinds and data of the object's own slots. */
    slots: (object: unknown) => {
      const state = objectOf(object)
      return [...world.slotsOf(state)].map(([name, slot]) => ({
        name,
        kind: slot.kind,
        value: slot.kind === 'method' ? null : world.read(state, name),
      }))
    },
    /** Whether the object answers the message without learning it. */
    understands: (object: unknown, selector: unknown) =>
      world.understands(objectOf(object), text(selector)),
    /** Sends a message whose name is computed. */
    send: (object: unknown, selector: unknown, args: unknown) =>
      world.send(objectOf(object), text(selector), Array.isArray(args) ? [...args] : []),
    /** Asks for the method that is missing: the turn runs again when there is one. */
    learn: (object: unknown, message: { selector?: unknown; args?: unknown }) =>
      world.learn(
        objectOf(object),
        text(message?.selector),
        Array.isArray(message?.args) ? message.args : [],
      ),
    ...makeLater(world, objectOf, text),
    /** Milliseconds since 1970 at which the message was admitted. */
    now: () => world.frame.now,
  }
}

/** Copies the functions of a namespace such as Math into a plain object, without those named. */
function tameNamespace(namespace: object, without: readonly string[]): Record<string, unknown> {
  const tame: Record<string, unknown> = {}
  for (const name of Object.getOwnPropertyNames(namespace)) {
    if (!without.includes(name)) tame[name] = (namespace as Record<string, unknown>)[name]
  }
  return tame
}

function tameDate(world: World): unknown {
  const now = () => world.frame.now
  const Tame = function (this: unknown, ...parts: unknown[]): unknown {
    if (new.target === undefined) return new Date(now()).toString()
    return parts.length === 0
      ? new Date(now())
      : Reflect.construct(Date, parts as [], (new.target as unknown) === Tame ? Date : new.target)
  } as unknown as Record<string, unknown>
  Object.defineProperty(Tame, 'prototype', { value: Date.prototype })
  Tame.now = now
  Tame.parse = Date.parse
  Tame.UTC = Date.UTC
  return Tame
}

/** `Uint8Array` whose bytes are counted: they lie outside the engine's heap, so nothing else would stop their number. */
function tameBytes(world: World): unknown {
  let frame: TurnFrame | undefined
  let made = 0
  const Tame = function (this: unknown, ...parts: unknown[]): unknown {
    if (new.target === undefined) throw new TypeError('Uint8Array is made with new')
    const [first] = parts
    // What is no number is measured once it is made: it cannot be longer than what guest code had already.
    if (typeof first === 'number') count(first)
    const bytes = Reflect.construct(Uint8Array, parts as []) as Uint8Array
    if (typeof first !== 'number') count(bytes.length)
    return bytes
  } as unknown as Record<string, unknown>
  const count = (length: number) => {
    if (frame !== world.frame) {
      frame = world.frame
      made = 0
    }
    made += length
    if (length <= OBJECT_LIMITS.bytesLength && made <= OBJECT_LIMITS.bytesMade) return
    const limit = `${OBJECT_LIMITS.bytesLength} bytes at once and ${OBJECT_LIMITS.bytesMade} in a message`
    world.stop(objectFault('LIMIT', `bytes of length ${length}; the limit is ${limit}`).toRecord())
  }
  Object.defineProperty(Tame, 'prototype', { value: Uint8Array.prototype })
  Tame.from = (list: unknown, map?: (value: unknown, at: number) => number) => {
    const bytes = Uint8Array.from(list as number[], map as never)
    count(bytes.length)
    return bytes
  }
  Tame.of = (...list: number[]) => Uint8Array.of(...list)
  return Tame
}

/** `Array` whose length is looked at: natives walk over holes as well. */
function tameArray(world: World, Language: ArrayConstructor): unknown {
  const Tame = function (...parts: unknown[]): unknown {
    const [length] = parts
    if (parts.length === 1 && typeof length === 'number' && length > OBJECT_LIMITS.arrayLength) {
      const limit = `the limit is ${OBJECT_LIMITS.arrayLength}`
      world.stop(objectFault('LIMIT', `a list of length ${length}; ${limit}`).toRecord())
    }
    return Reflect.construct(Language, parts)
  } as unknown as Record<string, unknown>
  Object.defineProperty(Tame, 'prototype', { value: Language.prototype })
  // They make lists whoever they are asked of, or none.
  Tame.from = (...parts: unknown[]) => Reflect.apply(Language.from, Language, parts)
  Tame.of = (...parts: unknown[]) => parts
  Tame.isArray = Language.isArray
  return Tame
}

/** `Object` without what changes or makes the shape of objects beyond plain data. */
function tameObject(): unknown {
  const Tame = function (value: unknown): unknown {
    return Object(value ?? {})
  } as unknown as Record<string, unknown>
  Object.defineProperty(Tame, 'prototype', { value: Object.prototype })
  const names = ['keys', 'values', 'entries', 'assign', 'fromEntries', 'freeze', 'isFrozen', 'is']
  for (const name of [...names, 'hasOwn', 'groupBy', 'getOwnPropertyNames']) {
    Tame[name] = (Object as unknown as Record<string, unknown>)[name]
  }
  return Tame
}

/**
 * Every global that guest code may name, by name. `harden` makes ours unchangeable, and `source` has the language's own:
 * in the sandbox both are those of the locked-down compartment.
 */
export function makeGlobals(
  world: World,
  harden: <T>(value: T) => T,
  source: Record<string, unknown>,
): Record<string, unknown> {
  // By frame and not by seed: a turn that runs again begins its numbers again.
  let frame: TurnFrame | undefined
  let draw = seeded(0)
  const random = () => {
    if (frame !== world.frame) {
      frame = world.frame
      draw = seeded(frame.seed)
    }
    return draw()
  }
  const own = harden({
    mirror: makeMirror(world),
    Math: { ...tameNamespace(Math, ['random']), random },
    Date: tameDate(world),
    Object: tameObject(),
    Uint8Array: tameBytes(world),
    Array: tameArray(world, source.Array as ArrayConstructor),
  })
  return { ...own, ...Object.fromEntries(LANGUAGE.map((name) => [name, source[name]])) }
}

/** What guest code has of the language's own globals, as it is. */
const LANGUAGE = [
  ...['JSON', 'String', 'Number', 'Boolean', 'Map', 'Set', 'RegExp', 'BigInt'],
  ...['Error', 'TypeError', 'RangeError'],
  ...['parseInt', 'parseFloat', 'isNaN', 'isFinite'],
  ...['encodeURIComponent', 'decodeURIComponent', 'encodeURI', 'decodeURI'],
]
