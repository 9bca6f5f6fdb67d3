// Owns: a stored value as one line of JSON, and back: what JSON lacks is a map with one key that begins with `$`.
// Leaves: lines and blocks to dump.ts and load.ts.
// Laws: IM79 equal values give equal text. IM80 the text gives the value back.
//
//   {"$ref":"genesis"} {"$ref":"#1"}   a reference, by the object's first name where it has one
//   {"$method":"#5"}                   the place of a method
//   {"$bytes":"AAE="}                  bytes in base64
//   {"$date":0}                        a date, milliseconds since 1970
//   {"$int":"9007199254740993"}        an integer that no number holds
//   {"$undefined":true}                undefined
//   {"$map":[["$k",1]]}                a map that has a key with `$`
import { isMap, MethodRef, type Oid, oidText, Ref } from '#objects'

/** Answers the text of an oid: a name or `#…`. */
export type NameOf = (oid: Oid) => string

/** The line of a stored value. */
export function valueText(value: unknown, nameOf: NameOf): string {
  return lineOf(toJson(value, nameOf))
}

/** The JSON of a value, without the characters that some editors take for the end of a line, or hide. */
export function lineOf(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f\u0085\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function toJson(value: unknown, nameOf: NameOf): unknown {
  if (value === undefined) return { $undefined: true }
  if (typeof value === 'bigint') return { $int: value.toString() }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Ref) return { $ref: nameOf(value.oid) }
  if (value instanceof MethodRef) return { $method: oidText(value.oid) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (value instanceof Date) return { $date: value.getTime() }
  if (Array.isArray(value)) return value.map((part) => toJson(part, nameOf))
  const entries = Object.entries(value as Record<string, unknown>)
  if (entries.some(([key]) => key.startsWith('$') || key === '__proto__')) {
    return { $map: entries.map(([key, part]) => [key, toJson(part, nameOf)]) }
  }
  return Object.fromEntries(entries.map(([key, part]) => [key, toJson(part, nameOf)]))
}

/** Answers the oid that a text names; throws when there is none. */
export type OidOf = (text: string) => Oid

/** The stored value in a parsed line. Throws an Error with a sentence for what is none. */
export function fromJson(value: unknown, oidOf: OidOf): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((part) => fromJson(part, oidOf))
  const map = value as Record<string, unknown>
  const [only, ...others] = Object.keys(map)
  if (others.length === 0 && only?.startsWith('$')) return special(only, map[only], oidOf)
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(map)) {
    if (key.startsWith('$')) throw new Error(`a map with the key ${key} is written as $map`)
    out[key] = fromJson(map[key], oidOf)
  }
  return out
}

function special(key: string, value: unknown, oidOf: OidOf): unknown {
  if (key === '$undefined') return undefined
  if (key === '$ref' && typeof value === 'string') return new Ref(oidOf(value))
  if (key === '$method' && typeof value === 'string') return new MethodRef(oidOf(value))
  if (key === '$bytes' && typeof value === 'string') return Buffer.from(value, 'base64')
  if (key === '$date' && typeof value === 'number') return new Date(value)
  if (key === '$int' && typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
  if (key === '$map' && Array.isArray(value)) {
    const out: Record<string, unknown> = {}
    for (const pair of value as unknown[][]) {
      if (typeof pair?.[0] !== 'string') throw new Error('$map takes pairs of a key and a value')
      Object.defineProperty(out, pair[0], {
        value: fromJson(pair[1], oidOf),
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return out
  }
  throw new Error(`${key} does not stand before such a value`)
}

/** The oids that values refer to, each once, in order. */
export function refsIn(values: Iterable<unknown>): Oid[] {
  const refs = new Set<Oid>()
  const collect = (value: unknown): void => {
    if (value instanceof Ref || value instanceof MethodRef) refs.add(value.oid)
    else if (Array.isArray(value)) for (const part of value) collect(part)
    else if (typeof value === 'object' && value !== null && isMap(value)) {
      for (const part of Object.values(value)) collect(part)
    }
  }
  for (const value of values) collect(value)
  return [...refs]
}
