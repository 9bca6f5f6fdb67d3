// Owns: the form of a slot's value in memory, where references are objects, and its way to and from the stored form.
// Leaves: bytes to the codec of #objects; who the objects are to connection.ts.
// Laws: IM58 a weak reference is stored as the map {"$weak": oid text}, which no walk of references follows.
import {
  encodeValue,
  isMap,
  MethodRef,
  OBJECT_LIMITS,
  type Oid,
  oidText,
  parseOid,
  Ref,
  toStored,
} from '#objects'

/** A reference that does not keep its target alive. */
export class WeakRefTo<Target = unknown> {
  readonly oid: Oid
  readonly #find: () => Target | undefined

  constructor(oid: Oid, find: () => Target | undefined) {
    this.oid = oid
    this.#find = find
  }

  /** The target, undefined when it is gone or packed away. */
  deref(): Target | undefined {
    return this.#find()
  }
}

const WEAK = '$weak'

/** The stored form of a slot's value. `oidOf` answers the oid of an object and undefined for anything else. */
export function storedSlot(value: unknown, oidOf: (value: object) => Oid | undefined): unknown {
  // The place of a method is a slot's whole value, never a part of one.
  if (value instanceof MethodRef) return value
  return toStored(withoutWeak(value, { nodes: 0, path: [] }), oidOf)
}

interface Walk {
  nodes: number
  path: object[]
}

/** The same value with weak references in stored form; a copy only where there are some. */
function withoutWeak(value: unknown, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof WeakRefTo) return { [WEAK]: oidText(value.oid) }
  // What is too large, or contains itself, is refused when it is stored.
  if (++walk.nodes > OBJECT_LIMITS.valueNodes || walk.path.includes(value)) return value
  if (!Array.isArray(value) && !isMap(value)) return value
  walk.path.push(value)
  let result: unknown = value
  if (Array.isArray(value)) {
    const parts = value.map((part) => withoutWeak(part, walk))
    if (parts.some((part, at) => part !== value[at])) result = parts
  } else {
    const entries = Object.entries(value).map(
      ([key, part]) => [key, withoutWeak(part, walk)] as const,
    )
    if (entries.some(([key, part]) => part !== value[key])) result = Object.fromEntries(entries)
  }
  walk.path.pop()
  return result
}

/** What makes objects of references. */
export interface Handles {
  object(oid: Oid): object
  weak(oid: Oid): WeakRefTo
}

/** The form in memory of a stored value. Containers are reused, so give a fresh one. */
export function liveSlot(value: unknown, handles: Handles): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Ref) return handles.object(value.oid)
  // Bytes lie in the record's own memory, which others read too.
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = liveSlot(value[i], handles)
    return value
  }
  if (!isMap(value)) return value
  const oid = weakTarget(value)
  if (oid !== undefined) return handles.weak(oid)
  for (const key of Object.keys(value)) value[key] = liveSlot(value[key], handles)
  return value
}

function weakTarget(map: Record<string, unknown>): Oid | undefined {
  const text = map[WEAK]
  return typeof text === 'string' && Object.keys(map).length === 1 ? parseOid(text) : undefined
}

/** Adds every oid that a stored value refers to. */
export function refsOf(value: unknown, into: Set<Oid>): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Ref || value instanceof MethodRef) into.add(value.oid)
  else if (Array.isArray(value)) for (const part of value) refsOf(part, into)
  else if (isMap(value)) for (const part of Object.values(value)) refsOf(part, into)
}

/** True for a value whose inside can change without the slot being set. */
export function isContainer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return (
    Array.isArray(value) || value instanceof Uint8Array || value instanceof Date || isMap(value)
  )
}

/** Bytes by which two states of a container are compared. An object without oid differs from all that have one. */
export function comparable(value: unknown, oidOf: (value: object) => Oid | undefined): Uint8Array {
  return encodeValue(storedSlot(value, oidOf))
}
