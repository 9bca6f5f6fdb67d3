// Owns: what a model is shown of the receiver, and how much of it: the text between the examples and the answer.
// Leaves: the rules and examples to prompt.ts; types and samples to shape.ts and the caller.
// Laws: MI27 the text keeps to its budget: samples are cut first, then what has least to do with the message is left out.
// MI28 the message, the receiver's name and the intent are never left out.
import { MIND_LIMITS } from './limits.ts'
import { propertyName } from './shape.ts'

/** A data slot: its type as TypeScript text, and its value as JavaScript would write it. */
export interface SlotContext {
  name: string
  type: string
  sample: string
  inherited: boolean
}

/** A method that is there; an empty source for one that is built in. */
export interface MethodContext {
  selector: string
  source: string
}

/** An object that a slot refers to; `slot` is its name, with `[]` behind it when the slot is an array of such objects. */
export interface PeerContext {
  slot: string
  object: string
  slots: SlotContext[]
  methods: MethodContext[]
}

/** A call that a person has answered: what the receiver has in it, and what must come of it. */
export type AnsweredContext = {
  slots: { name: string; sample: string }[]
  args: string[]
} & ({ reply: string; leaves: { name: string; sample: string }[] } | { fails: true })

/** What is known of the method that is asked for. */
export interface KnownContext {
  /** The newest first. */
  answered?: AnsweredContext[]
  /** What spoke against the last version or draft, in a sentence. */
  failure?: string
}

export interface DraftContext extends KnownContext {
  /** What people call the receiver, such as `account`. */
  object: string
  parents: string[]
  slots: SlotContext[]
  methods: MethodContext[]
  peers: PeerContext[]
  selector: string
  args: { type: string; sample: string }[]
  intent?: string
}

/** The part of a context that is shown, with texts cut: what is left out has least to do with the message. */
export interface ShownContext {
  slots: SlotContext[]
  methods: MethodContext[]
  peers: PeerContext[]
  args: string[]
  intent: string
  /** What is known of the method, in sentences. */
  known: string[]
}

/** How much is shown: characters of a sample and of a source, and how many of each kind. */
interface Measure {
  sample: number
  source: number
  slots: number
  methods: number
  peers: number
  peerMethods: number
  intent: number
  answers: number
  failure: number
}

/** From generous to sparse: the first whose text keeps to the budget is taken. */
const MEASURES: readonly Measure[] = [
  {
    sample: 240,
    source: 800,
    slots: 40,
    methods: 12,
    peers: 4,
    peerMethods: 6,
    intent: 4_096,
    answers: 3,
    failure: 400,
  },
  {
    sample: 120,
    source: 500,
    slots: 30,
    methods: 8,
    peers: 3,
    peerMethods: 4,
    intent: 4_096,
    answers: 3,
    failure: 300,
  },
  {
    sample: 60,
    source: 300,
    slots: 20,
    methods: 5,
    peers: 2,
    peerMethods: 3,
    intent: 2_000,
    answers: 2,
    failure: 200,
  },
  {
    sample: 40,
    source: 160,
    slots: 14,
    methods: 3,
    peers: 1,
    peerMethods: 2,
    intent: 1_500,
    answers: 1,
    failure: 150,
  },
  {
    sample: 24,
    source: 100,
    slots: 8,
    methods: 1,
    peers: 0,
    peerMethods: 0,
    intent: 1_000,
    answers: 1,
    failure: 100,
  },
]

/** Characters of English and code for one token of the default model, on the low side. */
const TOKEN_CHARACTERS = 3

/** About how many tokens a text is. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / TOKEN_CHARACTERS)
}

/** The text about the receiver and the message that the model is to answer. */
export function describeContext(
  context: DraftContext,
  budget: number = MIND_LIMITS.contextTokens,
): string {
  return fitted(context, budget, (shown) => render(context, shown))
}

/** The first text, from the most generous to the sparsest, that keeps to a budget in tokens; else the sparsest. */
export function fitted(
  context: DraftContext,
  budget: number,
  textOf: (shown: ShownContext) => string,
): string {
  let text = ''
  for (const measure of MEASURES) {
    text = textOf(shownOf(context, measure))
    if (estimateTokens(text) <= budget) break
  }
  return text
}

function shownOf(context: DraftContext, measure: Measure): ShownContext {
  const words = wordsOf(`${context.selector} ${context.intent ?? ''}`)
  const slotsOf = (slots: readonly SlotContext[]) =>
    mostRelevant(slots, ({ name }) => name, words, measure.slots).map((slot) => ({
      ...slot,
      type: cut(slot.type, measure.sample),
      sample: cut(slot.sample, measure.sample),
    }))
  const methodsOf = (methods: readonly MethodContext[], most: number) => {
    const known = methods.filter(({ source }) => source.trim() !== '')
    return mostRelevant(known, ({ selector }) => selector, words, most).map((method) => ({
      ...method,
      source: cut(method.source.trim(), measure.source),
    }))
  }
  const peers = mostRelevant(context.peers, ({ slot }) => slot, words, measure.peers)
  return {
    slots: slotsOf(context.slots),
    methods: methodsOf(context.methods, measure.methods),
    peers: peers.map((peer) => ({
      ...peer,
      slots: slotsOf(peer.slots),
      methods: methodsOf(peer.methods, measure.peerMethods),
    })),
    args: context.args.map(({ sample }) => cut(sample, measure.sample)),
    intent: cut((context.intent?.trim() ?? '').replace(/\s+/g, ' '), measure.intent),
    known: knownLines(context, words, measure),
  }
}

/** Slots of one answered call that are shown. */
const ANSWERED_SLOTS = 8

function knownLines(
  { selector, answered = [], failure }: DraftContext,
  words: ReadonlySet<string>,
  measure: Measure,
): string[] {
  const stateOf = (slots: readonly { name: string; sample: string }[]) =>
    mostRelevant(slots, ({ name }) => name, words, ANSWERED_SLOTS)
      .map(({ name, sample }) => `${propertyName(name)}: ${cut(sample, measure.sample)}`)
      .join(', ')
  const lines = answered.slice(0, measure.answers).map((one) => {
    const args = one.args.map((arg) => cut(arg, measure.sample)).join(', ')
    const state = one.slots.length === 0 ? '' : `with { ${stateOf(one.slots)} } `
    const call = `${state}${functionNameOf(selector)}(${args})`
    if ('fails' in one) return `Must hold: ${call} throws an Error`
    const left = one.leaves.length === 0 ? '' : ` and leaves { ${stateOf(one.leaves)} }`
    return `Must hold: ${call} returns ${cut(one.reply, measure.sample)}${left}`
  })
  if (failure === undefined) return lines
  return [...lines, `Avoid: ${cut(failure.replace(/\s+/g, ' ').trim(), measure.failure)}`]
}

function render(context: DraftContext, shown: ShownContext): string {
  const { peers, intent } = shown
  // Everything has genesis above it: saying so says nothing.
  const parents = context.parents.filter((name) => name !== 'genesis').join(', ')
  const lines = [`Object: ${context.object}${parents === '' ? '' : ` (parent ${parents})`}`]
  if (showsUnknown(context)) lines.push('Slots: whatever self.slotNames() answers')
  else lines.push(...slotLines(shown.slots, (slot) => typeOf(slot, peers)))
  lines.push(...methodLines('Methods of self:', shown.methods))
  for (const peer of peers) {
    const each = peer.slot.endsWith('[]')
    const where = each ? `Each of self.${peer.slot.slice(0, -2)}` : `self.${peer.slot}`
    lines.push(`${where} is an object: ${peer.object}`)
    lines.push(...slotLines(peer.slots, ({ type }) => type))
    lines.push(...methodLines(`Methods of ${peer.object}:`, peer.methods))
  }
  lines.push(...shown.known)
  lines.push(`Message: ${functionNameOf(context.selector)}(${shown.args.join(', ')})`)
  if (intent !== '') lines.push(`Intent: ${intent}`)
  return lines.join('\n')
}

/**
 * True when an object without data is to show itself. What it learns then serves every object below it, so the method
 * must look at the slots that there are.
 */
export function showsUnknown(context: DraftContext): boolean {
  return context.slots.length === 0 && isDisplay(context.selector)
}

/** True for a selector that asks an object to show itself. */
export function isDisplay(selector: string): boolean {
  return /^(display|show|describe|inspect)/i.test(selector)
}

/** A slot's type as a model is shown it: what refers to objects that are shown has their name. */
export function typeOf(slot: SlotContext, peers: readonly PeerContext[]): string {
  const one = peers.find((peer) => peer.slot === slot.name)
  if (one !== undefined) return typeName(one.object)
  const each = peers.find((peer) => peer.slot === `${slot.name}[]`)
  return each === undefined ? slot.type : `${typeName(each.object)}[]`
}

/** The name of an object as that of a type. */
export function typeName(object: string): string {
  const letters = (object.split('/').at(-1) as string).replace(/[^\w$]/g, '')
  return /^[A-Za-z_$]/.test(letters)
    ? (letters[0] as string).toUpperCase() + letters.slice(1)
    : 'any'
}

function slotLines(slots: readonly SlotContext[], typed: (slot: SlotContext) => string): string[] {
  if (slots.length === 0) return ['Slots: none']
  const types = slots.map((slot) => `${propertyName(slot.name)}: ${typed(slot)}`)
  const values = slots.map(({ name, sample }) => `${propertyName(name)}: ${sample}`)
  return [`Slots type: { ${types.join('; ')} }`, `Slots now: { ${values.join(', ')} }`]
}

function methodLines(title: string, methods: readonly MethodContext[]): string[] {
  return methods.length === 0 ? [] : [title, ...methods.map(({ source }) => source)]
}

/** The `most` items whose names have most words in common with the message, in the order in which they were. */
function mostRelevant<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  words: ReadonlySet<string>,
  most: number,
): Item[] {
  if (items.length <= most) return [...items]
  const ranked = items.map((item, at) => {
    let score = 0
    for (const word of wordsOf(nameOf(item))) if (words.has(word)) score++
    return { item, at, score }
  })
  ranked.sort((a, b) => b.score - a.score || a.at - b.at)
  return ranked
    .slice(0, most)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** The words in a name or a sentence, in lower case, without a plural's s. */
function wordsOf(text: string): Set<string> {
  const parts = text.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
  const found = parts.match(/[a-z]{2,}/g) ?? []
  return new Set(found.map((word) => (word.length > 3 ? word.replace(/s$/, '') : word)))
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** The name of the function that is the method: the selector where it is an identifier, else its letters. */
export function functionNameOf(selector: string): string {
  const letters = selector.replace(/[^\w$]+/g, '_').replace(/^_+|_+$/g, '')
  if (letters === '') return 'method'
  return /^\d/.test(letters) || RESERVED.has(letters) ? `_${letters}` : letters
}

/** Words that cannot name a function in strict code. */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export ' +
    'extends false finally for function if implements import in instanceof interface let new null package ' +
    'private protected public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)
