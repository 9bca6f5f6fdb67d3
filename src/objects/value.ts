// Owns: what a slot, an argument and a reply may hold, and the forms a value takes: live (in a turn), stored (in a record), wire.
// Leaves: bytes to codec.ts; handing values to guest code to world.ts.
// Laws: OB2 a value is null, undefined, boolean, finite number, string, bytes, big integer, date, reference, array or map
// with string keys; anything else is refused with a sentence. OB3 a value is a tree: no cycles, no functions. What bytes
// cannot tell apart (two zeros, halves of characters) is one value from the moment it is stored.
import { objectFault } from './faults.ts'
import { type Oid, oidText, parseOid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'

/** A reference to an object, in stored form. */
export class Ref {
  readonly oid: Oid
  constructor(oid: Oid) {
    this.oid = oid
  }
}

/** The place of a method in a slot, in stored form: the oid of the method's own record. Guest code never sees it. */
export class MethodRef {
  readonly oid: Oid
  constructor(oid: Oid) {
    this.oid = oid
  }
}

/** Names that no slot may have, because every JavaScript object answers to them already. */
const RESERVED_NAMES = new Set(['__proto__', 'constructor'])

const hasControl = (text: string) => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true
  return false
}

/** Faults FIELD_INVALID unless the text may name a slot. */
export function checkSlotName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length === 0 || name.length > OBJECT_LIMITS.nameLength) {
    throw objectFault(
      'FIELD_INVALID',
      `a slot's name is a text of 1 to ${OBJECT_LIMITS.nameLength} characters`,
    )
  }
  if (RESERVED_NAMES.has(name) || hasControl(name) || !name.isWellFormed()) {
    throw objectFault('FIELD_INVALID', `no slot may be named ${JSON.stringify(name)}`)
  }
}

/** True for a text that may name a method: a slot's name that is not a parent's. */
export function isSelector(name: unknown): name is string {
  if (typeof name !== 'string' || name.length === 0 || name.length > OBJECT_LIMITS.nameLength) {
    return false
  }
  return (
    !RESERVED_NAMES.has(name) && !hasControl(name) && name.isWellFormed() && !name.endsWith('*')
  )
}

/** Faults METHOD_FAILED for what no slot can hold whatever surrounds it: functions, symbols, numbers that are none. */
export function checkStorable(name: string, value: unknown): void {
  const type = typeof value
  if (type === 'function' || type === 'symbol') {
    throw objectFault(
      'METHOD_FAILED',
      `a function cannot be kept in the slot ${name}`,
      undefined,
      'Give the object a method of that name instead.',
    )
  }
  if (type === 'number' && !Number.isFinite(value)) {
    throw objectFault('METHOD_FAILED', `${value} cannot be kept in the slot ${name}`)
  }
}

/** Faults FIELD_INVALID unless the text may be bound to an object at the root. */
export function checkObjectName(name: unknown): asserts name is string {
  checkSlotName(name)
  if (name.startsWith('#') || name.trim() !== name || name.includes('//')) {
    throw objectFault(
      'FIELD_INVALID',
      `${JSON.stringify(name)} cannot name an object: a name does not begin with # and has no spaces at its ends`,
    )
  }
}

/** True for a map as slots hold it: a plain object. */
export function isMap(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Decimal digits of a big integer: writing and reading one takes time that grows with their square. */
const BIG_DIGITS = 1_000
const BIG_MAX = 10n ** BigInt(BIG_DIGITS)

class Walk {
  nodes = 0
  readonly path: object[] = []

  enter(value: object): void {
    if (this.path.includes(value)) {
      throw objectFault('METHOD_FAILED', 'a value cannot contain itself', undefined, CYCLE_REMEDY)
    }
    if (this.path.length >= OBJECT_LIMITS.valueDepth) {
      throw objectFault('LIMIT', `a value is nested deeper than ${OBJECT_LIMITS.valueDepth} levels`)
    }
    this.path.push(value)
  }

  count(): void {
    if (++this.nodes > OBJECT_LIMITS.valueNodes) {
      throw objectFault('LIMIT', `a value has more than ${OBJECT_LIMITS.valueNodes} parts`)
    }
  }
}

const CYCLE_REMEDY = 'Make the parts objects of their own and let them refer to each other.'

/**
 * The stored form of a live value: references become Ref, everything is checked against OB2 and OB3 and copied.
 * `oidOf` answers the oid of a live object and undefined for anything else.
 */
export function toStored(value: unknown, oidOf: (value: object) => Oid | undefined): unknown {
  return storeValue(value, oidOf, new Walk())
}

function storeValue(
  value: unknown,
  oidOf: (value: object) => Oid | undefined,
  walk: Walk,
): unknown {
  walk.count()
  switch (typeof value) {
    case 'string':
      return value.toWellFormed()
    case 'boolean':
    case 'undefined':
      return value
    case 'bigint':
      if (value >= BIG_MAX || value <= -BIG_MAX) {
        throw objectFault('LIMIT', `a big integer has more than ${BIG_DIGITS} digits`)
      }
      return value
    case 'number':
      if (!Number.isFinite(value)) {
        throw objectFault('METHOD_FAILED', `${value} is not a value that can be kept or sent`)
      }
      // The bytes know one zero.
      return value === 0 ? 0 : value
    case 'object':
      break
    default:
      throw objectFault(
        'METHOD_FAILED',
        `a ${typeof value} cannot be kept in a slot or sent as a reply`,
      )
  }
  if (value === null) return null
  const oid = oidOf(value as object)
  if (oid !== undefined) return new Ref(oid)
  return storeContainer(value as object, oidOf, walk)
}

const getTime = Date.prototype.getTime

function storeContainer(
  value: object,
  oidOf: (value: object) => Oid | undefined,
  walk: Walk,
): unknown {
  if (value instanceof Date) {
    // By the language's own function: guest code may have given the date another of that name.
    const time: number = Reflect.apply(getTime, value, [])
    if (Number.isNaN(time)) {
      throw objectFault('METHOD_FAILED', 'an invalid date cannot be kept or sent')
    }
    return new Date(time)
  }
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Ref) return value
  walk.enter(value)
  let copy: unknown
  if (Array.isArray(value)) {
    if (value.length > OBJECT_LIMITS.arrayLength) {
      throw objectFault('LIMIT', `a list is longer than ${OBJECT_LIMITS.arrayLength} elements`)
    }
    const list: unknown[] = []
    for (let i = 0; i < value.length; i++) list.push(storeValue(value[i], oidOf, walk))
    copy = list
  } else if (isMap(value)) {
    const map: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      if (RESERVED_NAMES.has(key)) {
        throw objectFault('METHOD_FAILED', `a map cannot have the key ${JSON.stringify(key)}`)
      }
      map[key.toWellFormed()] = storeValue(value[key], oidOf, walk)
    }
    copy = map
  } else {
    const kind = value instanceof Map ? 'a Map' : value instanceof Set ? 'a Set' : 'such an object'
    throw objectFault(
      'METHOD_FAILED',
      `${kind} cannot be kept in a slot or sent as a reply`,
      undefined,
      'Use a list, a plain map with string keys, or an object of the world.',
    )
  }
  walk.path.pop()
  return copy
}

/** The live form of a stored value; `handleOf` answers the live object of an oid. Containers are reused, so give a fresh one. */
export function toLive(value: unknown, handleOf: (oid: Oid) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Ref) return handleOf(value.oid)
  if (value instanceof Date) return value
  // Buffers are views of a larger pool and carry methods that guest code must not have.
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = toLive(value[i], handleOf)
    return value
  }
  const map = value as Record<string, unknown>
  for (const key of Object.keys(map)) {
    const part = map[key]
    if (typeof part === 'object' && part !== null) map[key] = toLive(part, handleOf)
  }
  return map
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** The wire form of a stored value: `{"$ref"}`, `{"$int"}`, `{"$map"}`; nil for undefined. */
export function toWire(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') {
    return value >= INT64_MIN && value <= INT64_MAX ? value : { $int: value.toString() }
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Ref) return { $ref: oidText(value.oid) }
  if (value instanceof Date || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(toWire)
  const entries = Object.entries(value as Record<string, unknown>)
  if (entries.some(([key]) => key.startsWith('$'))) {
    return { $map: entries.map(([key, part]) => [key, toWire(part)]) }
  }
  return Object.fromEntries(entries.map(([key, part]) => [key, toWire(part)]))
}

/**
 * The stored form of a value as it came over the wire. Faults FIELD_INVALID for what OB2 does not allow.
 * Shapes: see `toWire`. Integers of 64 bits that fit a number become one.
 */
export function fromWire(value: unknown): unknown {
  return readWire(value, new Walk())
}

function readWire(value: unknown, walk: Walk): unknown {
  walk.count()
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw objectFault('FIELD_INVALID', `${value} is not a wire value`)
    return value
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw objectFault('FIELD_INVALID', `a ${typeof value} is not a wire value`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Ref || value instanceof Uint8Array) return value
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw objectFault('FIELD_INVALID', 'an invalid date')
    return value
  }
  walk.enter(value)
  let result: unknown
  if (Array.isArray(value)) result = value.map((part) => readWire(part, walk))
  else if (isMap(value)) result = readWireMap(value, walk)
  else throw objectFault('FIELD_INVALID', 'a value of an unknown kind')
  walk.path.pop()
  return result
}

function readWireMap(map: Record<string, unknown>, walk: Walk): unknown {
  const keys = Object.keys(map)
  const only = keys.length === 1 ? keys[0] : undefined
  if (only === '$ref') {
    const oid = typeof map.$ref === 'string' ? parseOid(map.$ref) : undefined
    if (oid === undefined) throw objectFault('FIELD_INVALID', '$ref takes an oid such as "#1"')
    return new Ref(oid)
  }
  if (only === '$int') {
    if (typeof map.$int !== 'string' || !/^-?[0-9]{1,1000}$/.test(map.$int)) {
      throw objectFault('FIELD_INVALID', '$int takes decimal digits')
    }
    return BigInt(map.$int)
  }
  if (only === '$map') {
    if (!Array.isArray(map.$map)) throw objectFault('FIELD_INVALID', '$map takes a list of pairs')
    const out: Record<string, unknown> = {}
    for (const pair of map.$map) {
      if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
        throw objectFault('FIELD_INVALID', '$map takes a list of [key, value] pairs')
      }
      setKey(out, pair[0], readWire(pair[1], walk))
    }
    return out
  }
  const out: Record<string, unknown> = {}
  for (const key of keys) {
    if (key.startsWith('$')) {
      throw objectFault(
        'FIELD_INVALID',
        `a map with the key ${JSON.stringify(key)} is sent as $map`,
      )
    }
    setKey(out, key, readWire(map[key], walk))
  }
  return out
}

function setKey(map: Record<string, unknown>, key: string, value: unknown): void {
  if (RESERVED_NAMES.has(key)) {
    throw objectFault('FIELD_INVALID', `a map cannot have the key ${JSON.stringify(key)}`)
  }
  map[key] = value
}
