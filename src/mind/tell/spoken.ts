// Owns: what can be read out of a person's words without a model: numbers, words, names, and signs that they are no plain
// request.
// Leaves: what follows from it to sureness.ts.

/** A number in the words: its size, how it was written, and whether something must come of it. */
export interface SpokenNumber {
  size: number
  written: string
  mustCount: boolean
}

const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const WORDS = new Map<string, number>([
  ...UNITS.map((word, i) => [word, i] as const),
  ...TENS.map((word, i) => [word, (i + 2) * 10] as const),
  ...TENS.flatMap((ten, i) =>
    UNITS.slice(1, 10).map((unit, j) => [`${ten}-${unit}`, (i + 2) * 10 + j + 1] as const),
  ),
  ['hundred', 100],
  ['thousand', 1_000],
  ['dozen', 12],
])

/** All numbers in the words. Those within a name, as in `robot2`, are no numbers. */
export function spokenNumbers(text: string): SpokenNumber[] {
  const found: SpokenNumber[] = []
  for (const match of text.matchAll(
    /(?<![\p{L}\p{N}_.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)/gu,
  )) {
    const written = match[1] as string
    found.push({ size: Number(written.replaceAll(',', '')), written, mustCount: true })
  }
  for (const [written] of text.toLowerCase().matchAll(/[a-z]+(?:-[a-z]+)?/g)) {
    const size = WORDS.get(written)
    // `one` is mostly no number: not this one, one of them.
    if (size !== undefined) found.push({ size, written, mustCount: size > 1 })
  }
  return found
}

/** The words as they are compared: small letters, single spaces. */
export const plainWords = (text: string) => text.toLowerCase().replace(/\s+/g, ' ').trim()

/** Whether a text stands in the words, from the beginning of a word on. */
export function isSaid(said: string, text: string): boolean {
  const within = plainWords(text)
  const part = plainWords(said)
  if (part === '') return false
  for (let at = within.indexOf(part); at >= 0; at = within.indexOf(part, at + 1)) {
    if (
      at === 0 ||
      !/[\p{L}\p{N}_]/u.test(within[at - 1] as string) ||
      !/[\p{L}\p{N}_]/u.test(part[0] as string)
    ) {
      return true
    }
  }
  return false
}

/** What follows the last slash of a name. */
export const lastOf = (name: string) => name.slice(name.lastIndexOf('/') + 1)

/** The words without parts of them that are values or names. */
export function without(text: string, parts: readonly string[]): string {
  let rest = plainWords(text)
  for (const one of parts) if (one.trim() !== '') rest = rest.replaceAll(plainWords(one), ' ')
  return rest
}

/** Whether a name is mentioned, whole or by what follows its last slash. */
export function isMentioned(name: string, text: string): boolean {
  return isWord(name, text) || isWord(lastOf(name), text)
}

function isWord(name: string, text: string): boolean {
  const within = plainWords(text)
  const word = plainWords(name)
  const isPart = (sign: string | undefined) => sign !== undefined && /[\p{L}\p{N}_/-]/u.test(sign)
  for (let at = within.indexOf(word); at >= 0; at = within.indexOf(word, at + 1)) {
    if (!isPart(within[at - 1]) && !isPart(within[at + word.length])) return true
  }
  return false
}

/** Words of a name such as `set_target`, `addItem` or `at:put:`. */
export function wordsOf(name: string): string[] {
  return (
    name
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}

/** Whether two words are forms of one: `deposit` and `deposits`, `removing` and `remove`. */
export const isLike = (one: string, other: string) => stemOf(one) === stemOf(other)

/** Letters that a stem keeps: what is shorter is no form of another word. */
const STEM_LEAST = 3

function stemOf(word: string): string {
  const stem = word.replace(/(?:ing|ed|es|s|e)$/, '').replace(/(.)\1$/, '$1')
  return stem.length < STEM_LEAST ? word : stem
}

/** Words in which no plain request is made, with what to say of them. */
const HEDGES: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:don['’]?t|do not|never|must not|mustn['’]?t|should not|shouldn['’]?t|won['’]?t|without)\b/gi,
    'it says what is not to be done',
  ],
  [
    /\b(?:if|unless|until|whenever|as soon as|tomorrow|tonight|later|every|each)\b/gi,
    'it is a condition or a time, and messages are sent now',
  ],
  [/\b(?:maybe|perhaps|should i|what if|would it)\b/gi, 'it asks for advice'],
]

/** Why these words are no plain request; `quoted` are parts of them that are values. */
export function hedgeIn(text: string, quoted: readonly string[]): string | undefined {
  const rest = without(text, quoted)
  for (const [pattern, why] of HEDGES) {
    pattern.lastIndex = 0
    const found = pattern.exec(rest)
    if (found !== null) return `${why} (${found[0]})`
  }
  return undefined
}
