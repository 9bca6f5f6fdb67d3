// Owns: what must be true of messages for them to be what a person said, whatever a model thinks.
// Leaves: whether several answers of a model agree to deciding.ts.
// Laws: TL4 every number and text in a message is one that the person gave, and every number that they gave is in one.
// TL5 an object that the person names is in a message, and no message goes to one that may be another.
// TL6 a new message is sent only where it is all that was asked for, has a name in the person's words, and none like it is there.
import type { Named } from './call-text.ts'
import {
  hedgeIn,
  isLike,
  isMentioned,
  isSaid,
  lastOf,
  plainWords,
  type SpokenNumber,
  spokenNumbers,
  without,
  wordsOf,
} from './spoken.ts'
import type { TellArgument, TellMessage, TellObject } from './tell-messages.ts'

/** One message, its objects known. */
export interface TellCall {
  object: TellObject
  selector: string
  args: readonly unknown[]
  /** What is understood by that name; undefined for a new one. */
  known: TellMessage | undefined
}

/** What a person said, and of what. */
export interface Told {
  text: string
  objects: readonly TellObject[]
  /** The object that was given beside the words. */
  target: TellObject | undefined
  /** Names of objects in the words. */
  mentioned: readonly TellObject[]
}

/** Why a message cannot be sent at all: to what it goes, how many values it has, and of which kind. */
export function misfit({ object, selector, args, known }: TellCall): string | undefined {
  if (known === undefined) return undefined
  const least = known.args.filter(({ optional }) => !optional).length
  if (args.length < least || (args.length > known.args.length && !known.rest)) {
    const names = known.args.map(({ name }) => name).join(', ')
    return `${selector} of ${object.name} takes ${names === '' ? 'no values' : names}`
  }
  for (const [i, arg] of args.entries()) {
    const declared: TellArgument | undefined = known.args[i]
    if (declared?.type !== undefined && typeof arg !== declared.type) {
      return `${declared.name} of ${selector} is a ${declared.type}`
    }
  }
  return selector === 'setSlot:value:' || selector === 'removeSlot:'
    ? slotMisfit(object, args)
    : undefined
}

function slotMisfit(object: TellObject, [slot, value]: readonly unknown[]): string | undefined {
  if (typeof slot !== 'string') return 'a slot has a name'
  const kind = object.slots.get(slot)
  if (kind === 'method' || kind === 'parent') return `${slot} of ${object.name} holds a ${kind}`
  if (value === undefined || kind === undefined || kind === 'other' || value === null)
    return undefined
  return typeof value === kind ? undefined : `${slot} of ${object.name} holds a ${kind}`
}

/** Why these messages may not be what was said; undefined when nothing speaks against it. */
export function doubt(told: Told, calls: readonly TellCall[]): string | undefined {
  if (calls.length === 0) return 'nothing in it asks for a message, or a value is missing'
  const strings = calls.flatMap(({ args }) => leaves(args).filter((one) => typeof one === 'string'))
  return (
    hedgeIn(told.text, strings) ??
    first(calls, (call) => misfit(call)) ??
    first(calls, (call) => inventedValue(told, call)) ??
    reusedValue(told, calls) ??
    unusedNumber(told, calls, strings) ??
    unusedQuote(told, strings) ??
    otherObject(told, calls, strings) ??
    unusedVerb(told, calls, strings) ??
    first(calls, (call) => oddNew(told, call, calls))
  )
}

const first = <T>(
  all: readonly T[],
  problem: (one: T) => string | undefined,
): string | undefined => {
  for (const one of all) {
    const found = problem(one)
    if (found !== undefined) return found
  }
  return undefined
}

/** The parts of values that have none themselves; keys of maps are parts too. */
function leaves(value: unknown): (string | number | boolean | null | Named)[] {
  if (Array.isArray(value)) return value.flatMap(leaves)
  if (typeof value !== 'object' || value === null) return [value as string]
  if ('named' in value) return [value as Named]
  return Object.entries(value).flatMap(([key, part]) => [key, ...leaves(part)])
}

/** Words after which a number is taken the other way round. */
const NEGATIVE =
  /-\s?\d|\b(?:minus|negative|left|down|below|less|lower|back|backwards?|west|south)\b/i

function inventedValue(
  { text, objects }: Told,
  { object, selector, args }: TellCall,
): string | undefined {
  const numbers = spokenNumbers(text)
  const namesSlot = selector === 'setSlot:value:' || selector === 'removeSlot:'
  for (const [i, arg] of args.entries()) {
    for (const leaf of leaves(arg)) {
      if (typeof leaf === 'number') {
        const isSigned = leaf >= 0 || NEGATIVE.test(text)
        const isThere = numbers.some(({ size }) => size === Math.abs(leaf))
        if (!isThere || !isSigned) return `${leaf} was not said`
      } else if (typeof leaf === 'string') {
        if (namesSlot && i === 0 && wordsOf(leaf).every((word) => isSpoken(word, text))) continue
        if (objects.some(({ name }) => name === leaf && isMentioned(name, text))) continue
        if (!isSaid(leaf, text)) return `${JSON.stringify(leaf)} was not said`
      } else if (leaf !== null && typeof leaf === 'object') {
        if (leaf.named !== object.name && !isMentioned(leaf.named, text)) {
          return `${leaf.named} was not named`
        }
      }
    }
  }
  return undefined
}

/** A value that stands in several messages to one object and was said once: one message more than was asked for. */
function reusedValue({ text }: Told, calls: readonly TellCall[]): string | undefined {
  const seen = new Map<string, string>()
  for (const call of calls) {
    const key = callKey(call)
    for (const leaf of new Set(leaves(call.args))) {
      if (typeof leaf !== 'string' && typeof leaf !== 'number') continue
      const value = `${call.object.oid}\n${plainWords(String(leaf))}`
      const before = seen.get(value)
      // The same message again is another matter: twice, three times.
      const isOther = before !== undefined && before !== key
      if (isOther && plainWords(text).split(plainWords(String(leaf))).length < 3) {
        return `${JSON.stringify(leaf)} was said once and is in two messages`
      }
      seen.set(value, key)
    }
  }
  return undefined
}

const isSpoken = (word: string, text: string) => wordsOf(text).some((one) => isLike(one, word))

function unusedNumber(
  { text, mentioned }: Told,
  calls: readonly TellCall[],
  strings: readonly string[],
): string | undefined {
  const sizes = calls.flatMap(({ args }) => leaves(args)).filter((one) => typeof one === 'number')
  const isUsed = ({ size, written }: SpokenNumber) =>
    sizes.some((one) => Math.abs(one) === size) ||
    strings.some((one) => plainWords(one).includes(written)) ||
    mentioned.some(({ name }) => plainWords(name).includes(written)) ||
    repeated(calls) === size
  const unused = spokenNumbers(text).find((one) => one.mustCount && !isUsed(one))
  if (unused !== undefined) return `${unused.written} is in none of the messages`
  if (/\btwice\b/i.test(text) && repeated(calls) !== 2) return 'twice is in none of the messages'
  return undefined
}

/** How often the first message is sent. */
const repeated = (calls: readonly TellCall[]) => {
  const texts = calls.map(callKey)
  return texts.filter((one) => one === texts[0]).length
}

/** What tells one message from another. */
export const callKey = ({ object, selector, args }: TellCall) =>
  JSON.stringify([object.oid, selector, args])

function unusedQuote({ text }: Told, strings: readonly string[]): string | undefined {
  for (const [, quoted = ''] of text.matchAll(/["“]([^"”]+)["”]/g)) {
    const isWhole = strings.some((one) => plainWords(one).includes(plainWords(quoted)))
    if (!isWhole) return `${JSON.stringify(quoted)} is in none of the messages`
  }
  return undefined
}

function otherObject(
  { target, mentioned, objects }: Told,
  calls: readonly TellCall[],
  strings: readonly string[],
): string | undefined {
  const used = new Set(calls.flatMap(({ object, args }) => [object.name, ...namedIn(args)]))
  const isUsed = ({ name }: TellObject) =>
    used.has(name) || strings.some((one) => isMentioned(name, one))
  const forgotten = (target === undefined ? mentioned : [target, ...mentioned]).find(
    (one) => !isUsed(one),
  )
  if (forgotten !== undefined) return `${forgotten.name} is in none of the messages`
  const isMeant = (object: TellObject) => object === target || mentioned.includes(object)
  for (const { object, selector, known } of calls) {
    if (isMeant(object)) continue
    if (target !== undefined || mentioned.length > 0) return `${object.name} was not named`
    if (known === undefined) return `it does not say which object is to learn ${selector}`
    const others = objects.filter((one) => one !== object && one.understood.has(selector))
    const [other] = others
    if (other !== undefined) {
      return `${selector} is understood by ${object.name} and by ${other.name}, and none was named`
    }
  }
  return undefined
}

/** Letters of a verb that is looked for in the words: shorter ones are prepositions too, as `on` and `to`. */
const VERB_LEAST = 3

/** A method whose verb was said and that is in no message: a part of the words would be left out. */
function unusedVerb(
  { text, target, mentioned }: Told,
  calls: readonly TellCall[],
  strings: readonly string[],
): string | undefined {
  const near = new Set([...calls.map(({ object }) => object), ...mentioned])
  if (target !== undefined) near.add(target)
  const values = [...strings, ...[...near].flatMap(({ name }) => [name, lastOf(name)])]
  const said = wordsOf(without(text, values)).filter((word) => word.length >= VERB_LEAST)
  const used = calls.flatMap(({ selector }) => wordsOf(selector))
  for (const { name, messages, slots } of near) {
    for (const { selector } of messages) {
      const [verb = ''] = wordsOf(selector)
      if (slots.get(selector) !== 'method' || used.some((word) => isLike(word, verb))) continue
      if (said.includes(verb))
        return `${selector} of ${name} was said, and is in none of the messages`
    }
  }
  return undefined
}

const namedIn = (args: readonly unknown[]): string[] =>
  leaves(args).flatMap((one) => (typeof one === 'object' && one !== null ? [one.named] : []))

function oddNew(
  { text }: Told,
  { object, selector, known }: TellCall,
  calls: readonly TellCall[],
): string | undefined {
  if (known !== undefined) return undefined
  if (calls.length > 1)
    return `${object.name} does not understand ${selector}, and more was asked for`
  const [verb = ''] = wordsOf(selector)
  if (!isSpoken(verb, text))
    return `${object.name} does not understand ${selector}, which was not said`
  const like = [...object.understood.keys()].find((one) => {
    const [its = ''] = wordsOf(one)
    return isLike(its, verb)
  })
  if (like !== undefined) return `${object.name} understands ${like}, and not ${selector}`
  return undefined
}
