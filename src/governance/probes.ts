// Owns: other states and arguments that a call may meet, made from what is there, without a model.
// Leaves: making the calls to trials; what the answers say to behaviour.ts.
// Laws: GO11 probes keep the kinds of what they vary. GO12 one scene and the same words make the same probes.
import type { Probe } from '#kernel'
import { type Oid, Ref, seeded } from '#objects'
import { isStoredMap, type Scene } from './scene.ts'
import { variantsOfText } from './text-variants.ts'

/** Calls for one draft, the one at hand included: each costs about a millisecond in the trial's process. */
const PROBES_MAX = 96
/** Of these, calls where everything varies at once; the others vary one thing. */
const MIXED = 28
/** Variants of one value that are tried alone. */
const ALONE_MAX = 16

/** What values are made from: what is in use, and numbers and texts that the words, drafts and siblings have. */
interface Stock {
  numbers: readonly number[]
  /** Numbers that sources and the intent have: what they compare with lies there. */
  stated: readonly number[]
  /** Sums and differences of numbers in use: where what is taken from one reaches another. */
  derived: readonly number[]
  dates: readonly Date[]
  texts: readonly string[]
  states: readonly string[]
}

/** A place that is varied: an argument, or a slot of an object. */
type Place = { arg: number } | { of: Oid; name: string }

/** The calls that drafts for this scene are compared by; the first is the call as it came. `words` are texts and numbers in sources. */
export function probesFor(scene: Scene, words: readonly (string | number)[]): Probe[] {
  const stock = stockOf(scene, words)
  const places: { place: Place; variants: unknown[] }[] = [
    ...scene.args.map((value, arg) => ({ place: { arg }, variants: variantsOf(value, stock) })),
    ...scene.slots.map(({ of, name, value }) => ({
      place: { of, name },
      variants: variantsOf(value, stock),
    })),
  ].filter(({ variants }) => variants.length > 0)
  const mixed = places.length > 1 ? mixedProbes(scene, places) : []
  const probes: Probe[] = [{}, ...repeated(scene, stock)]
  // Turn by turn, so that where there is no room for all, each place has its first variants.
  for (let i = 0; i < ALONE_MAX; i++) {
    for (const { place, variants } of places) {
      if (i < variants.length && probes.length < PROBES_MAX - mixed.length) {
        probes.push(probeOf(scene, [[place, variants[i]]]))
      }
    }
  }
  return [...probes, ...mixed]
}

/** The call after itself, and after one with other arguments: what a method leaves is what it meets the next time. */
function repeated({ args }: Scene, stock: Stock): Probe[] {
  const others = args.map((arg) => variantsOf(arg, stock)[0] ?? arg)
  return [{ earlier: [[...args]] }, ...(args.length === 0 ? [] : [{ earlier: [others] }])]
}

function mixedProbes(scene: Scene, places: { place: Place; variants: unknown[] }[]): Probe[] {
  const random = seeded(0x5eed)
  return Array.from({ length: MIXED }, () => {
    const chosen: [Place, unknown][] = []
    for (const { place, variants } of places) {
      // Some stay as they are: a method rarely meets a world in which nothing is as it was.
      if (random() < 0.35) continue
      chosen.push([place, variants[Math.floor(random() * variants.length)]])
    }
    return probeOf(scene, chosen)
  })
}

function probeOf(scene: Scene, chosen: readonly (readonly [Place, unknown])[]): Probe {
  const args = [...scene.args]
  const sets: { target: Oid; slot: string; value: unknown }[] = []
  for (const [place, value] of chosen) {
    if ('arg' in place) args[place.arg] = value
    else sets.push({ target: place.of, slot: place.name, value })
  }
  return { ...(sets.length === 0 ? {} : { sets }), args }
}

function stockOf(scene: Scene, words: readonly (string | number)[]): Stock {
  const numbers = new Set<number>()
  const dates = new Map<number, Date>()
  const texts = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value === 'number') numbers.add(value)
    else if (typeof value === 'string' && value !== '') texts.add(value)
    else if (value instanceof Date) dates.set(value.getTime(), value)
    else if (Array.isArray(value)) value.forEach(visit)
    else if (isStoredMap(value)) {
      for (const [key, part] of Object.entries(value)) {
        texts.add(key)
        visit(part)
      }
    }
  }
  scene.args.forEach(visit)
  for (const { value } of scene.slots) visit(value)
  const used = [...numbers].slice(0, 24)
  const isText = (one: string | number) => typeof one === 'string'
  return {
    numbers: used,
    stated: words.filter((one) => typeof one === 'number').slice(0, 8),
    derived: derivedFrom(used.slice(0, 5)),
    dates: [...dates.values()].slice(0, 8),
    texts: [...texts].slice(0, 24),
    states: [...new Set(words.filter(isText))].slice(0, 24),
  }
}

function derivedFrom(numbers: readonly number[]): number[] {
  const found = numbers.flatMap((one, i) =>
    numbers.slice(i + 1).flatMap((other) => [Math.abs(one - other), one + other]),
  )
  return [...new Set(found)].slice(0, 8)
}

/** Other values of the same kind, the most telling first, without the value itself. */
export function variantsOf(value: unknown, stock: Stock, depth = 0): unknown[] {
  return distinct(rawVariants(value, stock, depth), value)
}

function rawVariants(value: unknown, stock: Stock, depth: number): unknown[] {
  if (typeof value === 'number') return numbers(value, stock)
  if (typeof value === 'string') return variantsOfText(value, stock.texts, stock.states)
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'bigint') return [value + 1n, 0n, value * 2n]
  if (value instanceof Date) {
    const at = value.getTime()
    const shifted = [1, -1, 31, 365, -366].map((days) => new Date(at + days * 86_400_000))
    const others = stock.dates.filter((one) => one.getTime() !== at).slice(0, 3)
    return [...others, ...shifted, ...others.map((one) => new Date(one.getTime() + 1))]
  }
  if (Array.isArray(value)) return lists(value, stock, depth)
  if (isStoredMap(value)) return maps(value, stock, depth)
  // Of nothing and of references no kind is known that others would keep to.
  return []
}

function numbers(value: number, { numbers: used, stated, derived }: Stock): number[] {
  const whole = Number.isInteger(value)
  const isKind = (one: number) => one !== value && (!whole || Number.isInteger(one))
  const near = used.filter(isKind).slice(0, 3)
  return [
    value + 1,
    0,
    ...near.slice(0, 2),
    ...stated.slice(0, 4).flatMap((one) => [one, one + 1, one - 1]),
    value * 2 + 3,
    value - 1,
    ...derived.slice(0, 4),
    ...near.flatMap((one) => [one + 1, one - 1, one]),
    1,
    whole ? 7 : value / 3,
    -value,
    whole ? 1_000 : 1_000.55,
    ...derived.slice(4),
  ].filter((one, i) => i < 2 || isKind(one) || !whole)
}

/** Lengths none, one, some and many; other order, doubles, other elements. */
function lists(value: readonly unknown[], stock: Stock, depth: number): unknown[][] {
  if (value.length === 0) return emptyLists(stock)
  const [first, ...rest] = value
  const element = depth < 3 ? variantsOf(first, stock, depth + 1) : []
  const varied = value.map((one, i) => {
    const others = depth < 3 ? variantsOf(one, stock, depth + 1) : []
    return others.length === 0 ? one : others[(i * 2 + 1) % others.length]
  })
  return [
    [],
    [first],
    varied,
    [...value].reverse(),
    [...value, ...value],
    ...(element.length > 0
      ? [
          [...value, element[0]],
          [element[0], ...rest],
        ]
      : []),
    [...rest, first],
    [...varied, ...value, ...varied],
    ...(element.length > 2 ? [element.slice(0, 6)] : []),
  ]
}

/** What an empty list may hold is not known: what the call brings is a guess, numbers and words are others. */
function emptyLists({ numbers: used, texts }: Stock): unknown[][] {
  const some = used.length > 0 ? used.slice(0, 3) : [3, 1, 2]
  const words = texts.slice(0, 2)
  return [some, [4, 9, 2, 9, 1], ...(words.length > 0 ? [words] : []), ['pear', 'fig', 'pear']]
}

function maps(value: Record<string, unknown>, stock: Stock, depth: number): unknown[] {
  const keys = Object.keys(value)
  if (keys.length === 0) {
    const [text = 'fig', other = 'pear'] = stock.texts
    return [{ [text]: stock.numbers[0] ?? 2, [other]: 5 }, { [text]: 'pear' }]
  }
  if (depth >= 3) return []
  const others = keys.flatMap((key) =>
    variantsOf(value[key], stock, depth + 1)
      .slice(0, 3)
      .map((one) => ({ ...value, [key]: one })),
  )
  const values = Object.values(value)
  const kinds = new Set(values.map((one) => (one instanceof Ref ? 'object' : typeof one)))
  // Values all of a kind look like a dictionary, whose keys come and go; else each key has a meaning of its own.
  if (kinds.size > 1 || depth > 0) return others
  const [first] = keys as [string]
  const without = Object.fromEntries(Object.entries(value).filter(([key]) => key !== first))
  return [{ ...value, [`${first}2`]: value[first] }, without, ...others, {}]
}

function distinct(variants: readonly unknown[], value: unknown): unknown[] {
  const seen = new Set([keyOf(value)])
  return variants.filter((one) => {
    const key = keyOf(one)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const keyOf = (value: unknown): string =>
  JSON.stringify(value, (_, part) => {
    if (part instanceof Ref) return `#${part.oid}`
    return typeof part === 'bigint' ? `${part}n` : part
  }) ?? 'undefined'
