// Owns: which objects are personas, and what each is: its name, its voice and its facets, as its chain has them.
// Leaves: speaking for one to the mind; showing one to the bridge.
// Laws: KN112 a persona is any object whose chain holds a voice and facets; a slot of its own comes before its parents'.
import {
  type Facet,
  MethodRef,
  OBJECT_LIMITS,
  type Oid,
  Ref,
  readFacets,
  readInquiry,
  type StoredSlot,
  slotKind,
} from '#objects'
import { kernelFault } from './faults.ts'
import type { Head } from './head.ts'

/** A persona as an object of the image describes it. */
export interface Persona {
  name: string
  voice: string
  facets: Facet[]
}

const SLOTS = ['name', 'voice', 'facets'] as const

/** Data slots of those names, as lookup finds them. */
function slotsOf(head: Head, oid: Oid): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const seen = new Set<Oid>()
  const visit = (one: Oid) => {
    if (seen.has(one) || seen.size >= OBJECT_LIMITS.delegation || found.size === SLOTS.length)
      return
    seen.add(one)
    if (!head.has(one)) return
    const { slots } = head.object(one)
    for (const { name, value } of slots) {
      const isOurs = (SLOTS as readonly string[]).includes(name) && !(value instanceof MethodRef)
      if (isOurs && !found.has(name)) found.set(name, value)
    }
    for (const parent of parentsIn(slots)) visit(parent)
  }
  visit(oid)
  return found
}

const parentsIn = (slots: readonly StoredSlot[]): Oid[] =>
  slots
    .filter(({ name, value }) => slotKind(name, value) === 'parent')
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Ref => value instanceof Ref)
    .map((ref) => ref.oid)

/** True for an object that is a persona. */
export function isPersona(head: Head, oid: Oid): boolean {
  const slots = slotsOf(head, oid)
  return typeof slots.get('voice') === 'string' && Array.isArray(slots.get('facets'))
}

/** The persona that an object is. Faults TARGET_UNKNOWN for one that is none, METHOD_FAILED and LIMIT for a broken one. */
export function personaOf(head: Head, oid: Oid, called: string): Persona {
  const slots = slotsOf(head, oid)
  const voice = slots.get('voice')
  if (typeof voice !== 'string' || !slots.has('facets')) {
    throw kernelFault(
      'TARGET_UNKNOWN',
      `${called} is no persona: it has no ${typeof voice === 'string' ? 'facets' : 'voice'}`,
      { target: called },
      'A persona is an object with a voice and facets; see `batos persona ls`.',
    )
  }
  const name = slots.get('name')
  const facets = readFacets(slots.get('facets'))
  const given = { of: 'persona', voice, facets, text: '' }
  const read = readInquiry({ ...given, name: typeof name === 'string' ? name : called })
  if (read.of !== 'persona') throw kernelFault('METHOD_FAILED', `${called} is no persona`)
  return { name: read.name, voice, facets }
}
