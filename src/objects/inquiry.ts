// Owns: a question to what works beside the image, as guest code asks it: a persona's words, or the Crucible's cases.
// Leaves: answering it to the kernel; which model speaks for a persona to the mind.
// Laws: OB48 a question is read into one canonical form, and one that is not whole or over a limit is refused.
import { objectFault } from './faults.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { isMap } from './value.ts'

/** A part of a persona: `text` goes before the question when it is chosen, `purpose` says for which. */
export interface Facet {
  name: string
  kind: string
  purpose: string
  text: string
}

/** What somebody said before. */
export interface Heard {
  name: string
  text: string
}

/** A question to a persona, with all that its answer hangs on. `purpose` is empty where the question itself decides. */
export interface PersonaInquiry {
  of: 'persona'
  name: string
  voice: string
  facets: Facet[]
  text: string
  heard: Heard[]
  purpose: string
}

export type Inquiry = PersonaInquiry | { of: 'cases' } | { of: 'case'; id: string }

const wrong = (why: string) =>
  objectFault(
    'METHOD_FAILED',
    why,
    undefined,
    'Give a persona, an object with a voice and facets, and a text.',
  )

const tooLong = (what: string, length: number, limit: number) =>
  objectFault(
    'LIMIT',
    `${what} has ${length} characters; the limit is ${limit}`,
    { limit },
    'Say it in fewer words.',
  )

/** A question from its stored form. Faults METHOD_FAILED and LIMIT. */
export function readInquiry(given: unknown): Inquiry {
  if (typeof given !== 'object' || given === null || !isMap(given))
    throw wrong('a question is a map')
  if (given.of === 'cases') return { of: 'cases' }
  if (given.of === 'case') return { of: 'case', id: textOf(given.id, 'the id of a case', 32) }
  if (given.of !== 'persona') throw wrong('a question of no known kind')
  const { voice, facets, heard = [], purpose = '' } = given
  const { voiceLength, askLength, nameLength } = OBJECT_LIMITS
  if (typeof voice !== 'string') throw wrong('a persona has a voice, which is a text')
  return {
    of: 'persona',
    name: textOf(given.name ?? 'somebody', 'the name of a persona', nameLength),
    voice: textOf(voice, 'the voice of a persona', voiceLength),
    facets: readFacets(facets),
    text: textOf(given.text, 'a question', askLength),
    heard: readHeard(heard),
    purpose: textOf(purpose, 'a purpose', nameLength),
  }
}

/** Facets from their stored form; a persona without any has none. Faults METHOD_FAILED and LIMIT. */
export function readFacets(given: unknown): Facet[] {
  const list = given ?? []
  if (!Array.isArray(list)) throw wrong('the facets of a persona are a list')
  if (list.length > OBJECT_LIMITS.facets) {
    throw wrong(`a persona has at most ${OBJECT_LIMITS.facets} facets`)
  }
  return list.map((one: unknown) => {
    if (typeof one !== 'object' || one === null || !isMap(one)) throw wrong('a facet is a map')
    const { nameLength, voiceLength } = OBJECT_LIMITS
    return {
      name: textOf(one.name, 'the name of a facet', nameLength),
      kind: textOf(one.kind ?? 'prompt', 'the kind of a facet', nameLength),
      purpose: textOf(one.purpose ?? '', 'the purpose of a facet', nameLength),
      text: textOf(one.text ?? '', 'the text of a facet', voiceLength),
    }
  })
}

function readHeard(given: unknown): Heard[] {
  if (!Array.isArray(given)) throw wrong('what was said before is a list')
  if (given.length > OBJECT_LIMITS.heard) {
    throw wrong(`at most ${OBJECT_LIMITS.heard} things said before can be told`)
  }
  return given.map((one: unknown) => {
    if (typeof one !== 'object' || one === null || !isMap(one))
      throw wrong('what was said is a map')
    return {
      name: textOf(one.name, 'a name', OBJECT_LIMITS.nameLength),
      text: textOf(one.text, 'what was said', OBJECT_LIMITS.askLength),
    }
  })
}

function textOf(value: unknown, what: string, limit: number): string {
  if (typeof value !== 'string') throw wrong(`${what} is a text`)
  if (value.length > limit) throw tooLong(what, value.length, limit)
  return value
}
