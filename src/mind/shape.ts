// Owns: what can be told of types from values: the TypeScript text for the prompt and for the type checker.
// Leaves: checking against it to the judge; the values themselves to the caller.
// Laws: MI25 `[]`, null and references have the type any: nothing is known of them, and a guess would refuse right methods.
// MI26 a map of like values may have other keys than those seen.
import type { DraftContext, PeerContext, SlotContext } from './context.ts'

/** Deepest nesting that is described; below it everything is any. Types deeper than this helped no draft. */
const DEPTH_MAX = 5
/** Most elements of an array that are looked at: later ones rarely differ in kind. */
const ELEMENTS_MAX = 20
/** Most keys of a map that are named; a map with more is described by its values alone. */
const KEYS_MAX = 12

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** The TypeScript type of a wire value, as text on one line. */
export function typeOfValue(value: unknown): string {
  return typeText(value, 0)
}

function typeText(value: unknown, depth: number): string {
  if (value === undefined || value === null || depth > DEPTH_MAX) return 'any'
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
    return typeof value
  }
  if (typeof value === 'bigint') return 'bigint'
  if (value instanceof Date) return 'Date'
  if (value instanceof Uint8Array) return 'Uint8Array'
  if (Array.isArray(value)) return arrayText(value, depth)
  if (typeof value === 'object') return mapText([value as Record<string, unknown>], depth)
  return 'any'
}

function arrayText(values: readonly unknown[], depth: number): string {
  const seen = values.slice(0, ELEMENTS_MAX)
  const maps = seen.filter(isPlainMap)
  const kinds = new Set<string>()
  if (maps.length > 0) kinds.add(mapText(maps, depth + 1))
  for (const value of seen) {
    if (!isPlainMap(value)) kinds.add(typeText(value, depth + 1))
  }
  if (kinds.size === 0 || kinds.has('any')) return 'any[]'
  const union = [...kinds].join(' | ')
  return kinds.size > 1 ? `(${union})[]` : `${union}[]`
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !(value instanceof Date) && !(value instanceof Uint8Array)
}

/** One type for several maps: a key that not all of them have is optional. */
function mapText(maps: readonly Record<string, unknown>[], depth: number): string {
  if (maps.some((map) => '$ref' in map)) return 'any'
  if (maps.some((map) => '$int' in map)) return 'bigint'
  const keys = [...new Set(maps.flatMap((map) => Object.keys(map)))]
  if (keys.length === 0) return 'Record<string, any>'
  const typeOf = (key: string): string => {
    const kinds = new Set<string>()
    for (const map of maps) if (key in map) kinds.add(typeText(map[key], depth + 1))
    return kinds.has('any') ? 'any' : [...kinds].join(' | ')
  }
  const types = keys.map(typeOf)
  const alike = types.every((type) => type === types[0]) ? types[0] : undefined
  if (keys.length > KEYS_MAX) return `Record<string, ${alike ?? 'any'}>`
  const members = keys.map((key, at) => {
    const optional = maps.every((map) => key in map) ? '' : '?'
    return `${propertyName(key)}${optional}: ${types[at]}`
  })
  // Like values under names that differ look like a dictionary, whose keys come and go.
  if (maps.length === 1 && alike !== undefined && keys.length > 1) {
    members.push(`[key: string]: ${alike}`)
  }
  return `{ ${members.join('; ')} }`
}

/** A name as a property in TypeScript: quoted unless it is an identifier. */
export function propertyName(name: string): string {
  return IDENTIFIER.test(name) ? name : JSON.stringify(name)
}

/** A wire value as JavaScript would write it, cut to about `length` characters with an ellipsis. */
export function sampleOfValue(value: unknown, length = 200): string {
  const text = literal(value, 0)
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

function literal(value: unknown, depth: number): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return `new Date(${JSON.stringify(value.toISOString())})`
  if (value instanceof Uint8Array) return `bytes(${value.length})`
  if (typeof value !== 'object') return JSON.stringify(value)
  if (depth > DEPTH_MAX) return '…'
  if (Array.isArray(value)) {
    const shown = value.slice(0, ELEMENTS_MAX).map((one) => literal(one, depth + 1))
    return `[${shown.join(', ')}${value.length > ELEMENTS_MAX ? ', …' : ''}]`
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  if (entries[0]?.[0] === '$ref') return 'an object'
  if (entries[0]?.[0] === '$int') return `${entries[0][1]}n`
  const shown = entries.slice(0, ELEMENTS_MAX).map(([key, one]) => {
    return `${propertyName(key)}: ${literal(one, depth + 1)}`
  })
  return `{ ${shown.join(', ')}${entries.length > ELEMENTS_MAX ? ', …' : ''} }`
}

/**
 * The declarations that a draft for this context is checked against: `interface Self`, and one interface for each peer.
 * `open` allows any other name on self and peers as well.
 */
export function selfDeclaration(context: DraftContext, options: { open?: boolean } = {}): string {
  const open = options.open === true
  const peers = context.peers.map((peer, at) => ({ peer, name: `Peer${at + 1}` }))
  const parts = peers.map(({ peer, name }) => interfaceText(name, peer, open, () => undefined))
  const typeOfPeer = (slot: string) => {
    const exact = peers.find(({ peer }) => peer.slot === slot)
    if (exact !== undefined) return exact.name
    const element = peers.find(({ peer }) => peer.slot === `${slot}[]`)
    return element === undefined ? undefined : `${element.name}[]`
  }
  // What has no data yet gets its first slots from a method, which names them.
  const isBare = context.slots.length === 0
  parts.push(interfaceText('Self', context, open || isBare, typeOfPeer))
  return parts.join('\n')
}

function interfaceText(
  name: string,
  of: Pick<PeerContext, 'slots' | 'methods'>,
  open: boolean,
  typeOfPeer: (slot: string) => string | undefined,
): string {
  const members = new Map<string, string>()
  for (const method of of.methods) members.set(method.selector, '(...args: any[]) => any')
  for (const slot of of.slots) members.set(slot.name, typeOfPeer(slot.name) ?? slotType(slot))
  const lines = [...members].map(([member, type]) => `  ${propertyName(member)}: ${type}`)
  if (open) lines.push('  [name: string]: any')
  return `interface ${name} {\n${lines.join('\n')}\n}`
}

function slotType(slot: SlotContext): string {
  return slot.type.trim() === '' ? 'any' : slot.type
}
