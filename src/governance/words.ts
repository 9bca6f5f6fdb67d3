// Owns: what the words of a selector and of an intent ask for, in one table of few patterns.
// Leaves: what follows from behaviour and types to the gates; other languages: what is not listed is not judged by its words.
// Laws: GO15 a pattern of words refuses only what the words plainly say.

/** First words of selectors and intents that ask for a change. English, and short on purpose. */
const VERBS_OF_CHANGE = new Set([
  ...['add', 'append', 'insert', 'push', 'put', 'store', 'record', 'register', 'enqueue'],
  ...['remove', 'delete', 'clear', 'reset', 'empty', 'drop', 'pop', 'dequeue', 'take'],
  ...['set', 'change', 'rename', 'update', 'toggle', 'switch', 'turn', 'open', 'close'],
  ...['increment', 'decrement', 'increase', 'decrease', 'bump', 'deposit', 'withdraw', 'transfer'],
  ...['undo', 'redo', 'start', 'stop', 'lock', 'unlock', 'move', 'assign', 'mark'],
])

/** As the first word of a sentence these may speak of a sum or of a look: "Add up the prices", "Take the first". */
const TWO_MEANINGS = new Set(['add', 'take', 'open', 'record', 'empty', 'close', 'put', 'start'])

const firstWord = (selector: string) =>
  (/^[a-z]+/.exec(selector)?.[0] ?? /^[A-Z]?[a-z]+/.exec(selector)?.[0] ?? '').toLowerCase()

/** As the first word of a selector that goes on these may be no verb: open_titles, change_for, set_size. */
const NOT_ONLY_VERBS = new Set([
  'open',
  'close',
  'change',
  'set',
  'record',
  'mark',
  'lock',
  'empty',
])

/** True when the selector's verb says that something changes, and the intent does not speak of something else. */
export function asksForChange(selector: string, intent?: string): boolean {
  const verb = /^\W*([A-Za-z]+)/.exec(intent ?? '')?.[1]?.toLowerCase() ?? ''
  const isAsked = VERBS_OF_CHANGE.has(verb) && !TWO_MEANINGS.has(verb)
  const first = firstWord(selector)
  if (!VERBS_OF_CHANGE.has(first)) return isAsked
  return isAsked || verb === '' || first === selector || !NOT_ONLY_VERBS.has(first)
}

/** What an intent says that can be seen in a method or in its replies. */
export interface Wishes {
  /** Something must be refused with an error. */
  throws: boolean
  /** Texts in quotation marks. */
  quoted: readonly string[]
  /** The reply is the value of this slot as the call leaves it. */
  answersSlot?: string
  /** What the reply is, where the words are plain. */
  reply?: 'boolean' | 'number'
  /** Most digits behind the point. */
  decimals?: number
  /** What must stay as it is: the names of these slots, or everything. */
  keeps: readonly string[] | 'all'
  /** What numbers that change must not fall below or rise above: a number, or the value of a slot. */
  least?: number | string
  most?: number | string
  /** The reply that the words give as an example, which may be that of the call at hand. */
  example?: string
  /** A list that is the reply is in order, or has no doubles. */
  sorted: boolean
  unique: boolean
}

/** Reads an intent. `slots` are the names of the receiver's data. */
export function wishesOf(intent: string | undefined, slots: readonly string[]): Wishes {
  const text = intent ?? ''
  const decimals =
    /round\w*\s+to\s+(?:the\s+nearest\s+)?(\w+)\s*(decimal|digit|place|whole|integer|cent)?/i.exec(
      text,
    )
  const answered =
    /\b(?:answer|return|reply with|give)s?\s+(?:back\s+)?(?:the|its|my)\s+(?:new|updated|resulting|remaining|current)\s+(\w+)\s*(?:$|[.,;])/i.exec(
      text,
    )?.[1]
  const slot = slots.find((name) => name.toLowerCase() === answered?.toLowerCase())
  const reply = replyKind(text)
  const example = exampleIn(text)
  const digits = decimals === null ? undefined : digitsOf(decimals[1] ?? '', decimals[2] ?? '')
  const least = boundIn(LEAST, text, slots)
  const most = boundIn(MOST, text, slots)
  return {
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
    keeps: keptBy(text, slots),
    ...(example === undefined ? {} : { example }),
    throws: THROWS.test(text) && !/\b(not|never|without)\s+(throw|fail|error|an error)/i.test(text),
    quoted: [...text.matchAll(/["“]([^"“”]{1,60})["”]/g)].map((match) => match[1] as string),
    ...(slot === undefined ? {} : { answersSlot: slot }),
    ...(reply === undefined ? {} : { reply }),
    ...(digits === undefined ? {} : { decimals: digits }),
    sorted:
      /\b(sorted|alphabetical(ly)?|ascending|descending|in order of|in alphabetical)\b|\b\w+(?:est|least|most) first\b/i.test(
        text,
      ),
    unique: /\b(unique|distinct|no duplicates|without duplicates|each only once)\b/i.test(text),
  }
}

/** Selectors that ask for all that there is of something, under whatever name the object keeps it. */
const WHOLE = /^(?:history|log|journal|all|list|entries|items|records|contents)$/i

export const asksForWhole = (selector: string) => WHOLE.test(selector)

/** Words of errors. */
const THROWS =
  /\b(?:throws?|errors?|refused?|refuses|reject(?:s|ed)?|complains?|fails?|raises? an? (?:error|exception))\b/i

/** "Never below zero", "but not above max". */
const LEAST =
  /\b(?:never|not|without) (?:go(?:es|ing)? |fall(?:s|ing)? |drop(?:s|ping)? )?(?:below|under|less than) (\w+)/i
const MOST =
  /\b(?:never|not|without) (?:go(?:es|ing)? |ris(?:es?|ing) )?(?:above|over|beyond|more than) (?:the |its )?(\w+)/i

/** The bound that the words set where no error is spoken of: what is refused with an error needs no bound. */
function boundIn(
  pattern: RegExp,
  text: string,
  slots: readonly string[],
): number | string | undefined {
  const sentence = text.split(/(?<=[.;!])\s/).find((one) => pattern.test(one))
  if (sentence === undefined || THROWS.test(sentence)) return undefined
  const word = pattern.exec(sentence)?.[1] ?? ''
  const number = word.toLowerCase() === 'zero' ? 0 : Number(word)
  if (!Number.isNaN(number)) return number
  return slots.find((name) => name.toLowerCase() === word.toLowerCase())
}

/** True when words are spoken of as what a text is made of. */
export const asksForWords = (selector: string, intent = '') =>
  /(?:^|[^a-z])words?(?:[^a-z]|$)/i.test(
    `${selector.replace(/([a-z])([A-Z])/g, '$1 $2')} ${intent}`,
  )

/** Ways to say that all, or what is named, stays as it is. */
const STAYS: readonly RegExp[] = [
  /[^.;,]*\b(?:itself|themselves)\b[^.;]*\bnot\b[^.;]*\bchange[^.;]*/i,
  /\bwithout (?:changing|touching|modifying)\b[^.;]*/i,
  /(?:^|[.;!]\s*)nothing (?:changes|is changed)\b/i,
]
/** The same of what is named alone: "stays as it is" may speak of one case of several. */
const NAMED_STAYS =
  /[^.;,]*\b(?:stays?|remains?|leaves?)\b[^.;,]*\b(?:as (?:it|they) (?:is|are|was|were)|unchanged|untouched)\b[^.;,]*/i
const ONE_CASE = /\b(?:if|when|else|otherwise|unless|between|while|until|case)\b/i

/** Verbs that put what is there into another order. */
const VERBS_OF_ORDER =
  /^(?:sort|order|reorder|arrange|rearrange|reverse|shuffle|rotate|swap|move|rank|promote|demote|bump|flip|mix|prioriti[sz]e|cycle|insert|merge)/i
const ORDERS =
  /\b(?:sort|reorder|rearrange|arrange|reverse|shuffle|rotate|swap|moves?|promote|demote|bump|to the (?:end|front|top|back|start))\b/i

/** True when the words ask for another order of what the object holds, rather than for an answer in order. */
export function asksForOrder(selector: string, intent?: string): boolean {
  const parts = selector.replace(/([a-z])([A-Z])/g, '$1 $2').split(/[^A-Za-z]+|\s+/)
  return (
    parts.some((part) => VERBS_OF_ORDER.test(part) && !/ed$/i.test(part)) ||
    ORDERS.test(intent ?? '')
  )
}

/** "rows itself must not change", "the list itself does not change", "without changing it". */
function keptBy(text: string, slots: readonly string[]): readonly string[] | 'all' {
  const namedIn = (sentence: string) => {
    const words = new Set(sentence.toLowerCase().match(/[\w$]+/g))
    return slots.filter((name) => words.has(name.toLowerCase()))
  }
  const sentence = STAYS.map((one) => one.exec(text)?.[0]).find((one) => one !== undefined)
  if (sentence !== undefined) {
    const named = namedIn(sentence)
    return named.length > 0 ? named : 'all'
  }
  const [named] = NAMED_STAYS.exec(text) ?? []
  return named === undefined || ONE_CASE.test(named) ? [] : namedIn(named)
}

/** A text at the end of the words, introduced as an example. */
function exampleIn(text: string): string | undefined {
  const match =
    /(?:\be\.g\.|\bfor example|\bsuch as)[,:]?\s*(?:["“]([^"“”]{2,60})["”]|(\d[\d:.,/-]*\d))\s*\.?\s*$/i.exec(
      text,
    ) ?? /:\s*["“]([^"“”]{2,60})["”]\s*\.?\s*$/.exec(text)
  return match?.[1] ?? match?.[2]
}

function replyKind(text: string): 'boolean' | 'number' | undefined {
  if (/\b(answer|return|tell)s?\s+(true|false|whether|if)\b/i.test(text)) return 'boolean'
  if (/^(is|are|has|can|does|whether)\b/i.test(text.trim())) return 'boolean'
  if (/^(how many|count how|the number of)\b/i.test(text.trim())) return 'number'
  return /\b(answer|return)s?\s+(how many|the (count|number) of)\b/i.test(text)
    ? 'number'
    : undefined
}

const DIGIT_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six']

function digitsOf(count: string, unit: string): number | undefined {
  if (/^(whole|integer)/i.test(count) || /^(whole|integer)/i.test(unit)) return 0
  if (/^cent/i.test(count) || /^cent/i.test(unit)) return 2
  if (!/^(decimal|digit|place)/i.test(unit)) return undefined
  const word = DIGIT_WORDS.indexOf(count.toLowerCase())
  const digits = word >= 0 ? word : Number(count)
  return Number.isInteger(digits) ? digits : undefined
}
