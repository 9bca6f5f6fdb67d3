// Owns: the objects that a person may mean, as of one moment: what each understands, with how many values of which kind.
// Leaves: the words themselves to spoken.ts; the text for a model to tell-messages.ts.
// Laws: TL7 what an object is called and what it understands are shown only where they are names; other text of its own is
// shown as a value, in quotes, on one line.
import type { Example, Head } from '#kernel'
import { MethodRef, type Oid, oidText, Ref, type StoredSlot, slotKind, toWire } from '#objects'
import { sampleOfValue } from '../shape.ts'
import { TELL_LIMITS } from './limits.ts'
import { isLike, isMentioned, wordsOf } from './spoken.ts'
import type { Told } from './sureness.ts'
import type { TellArgument, TellMessage, TellObject } from './tell-messages.ts'

/** A name that can be shown to a model as one: anything else could be a sentence. */
const NAME = /^[\p{L}_$][\p{L}\p{N}_$:/.-]{0,63}$/u

/** What every object understands, with words that say it: those of genesis that a person may mean. */
export const COMMON: readonly TellMessage[] = [
  common('setSlot:value:', ['slot', 'value'], 'gives a slot a value'),
  common('clone:', ['name'], 'makes a new object like it, of that name'),
]
const SHOWN_OF_GENESIS = new Set(COMMON.map(({ selector }) => selector))

function common(selector: string, names: string[], about: string): TellMessage {
  const args = names.map((name) => ({ name, optional: false }))
  return { selector, args, rest: false, about }
}

/** What a person said, with the objects that they may mean. `target` is one that was given beside the words. */
export function surroundingsOf(
  head: Head,
  text: string,
  target: { name: string; oid: Oid } | undefined,
  examples: (holder: Oid, selector: string) => Example[],
): Told {
  const bound = head.store
    .names({ limit: TELL_LIMITS.names })
    .filter(({ name, oid }) => NAME.test(name) && head.has(oid))
  const look = ({ name, oid }: { name: string; oid: Oid }) =>
    tellObject(head, name, oid, text, examples)
  const oids = new Set(target === undefined ? [] : [target.oid])
  const mentions = bound.filter(({ name, oid }) => {
    if (!isMentioned(name, text) || oids.has(oid)) return false
    oids.add(oid)
    return true
  })
  // One more than is shown: that it is in no message then says that not all could be.
  const mentioned = mentions.slice(0, TELL_LIMITS.objects + 1).map(look)
  const shown = mentioned.slice(0, TELL_LIMITS.objects)
  if (target !== undefined) {
    const given = look(target)
    return { text, target: given, mentioned, objects: [given, ...shown] }
  }
  if (shown.length > 0) return { text, target: undefined, mentioned, objects: shown }
  const others = bound
    .filter(({ name }) => !name.includes('/'))
    .slice(0, TELL_LIMITS.looked)
    .map(look)
  const byWords = others
    .map((object) => ({ object, shared: sharedWords(object, text) }))
    .sort((one, other) => other.shared - one.shared)
    .map(({ object }) => object)
  return { text, target: undefined, mentioned: [], objects: byWords.slice(0, TELL_LIMITS.objects) }
}

/** How many words of the text are in what an object understands of its own. */
function sharedWords(object: TellObject, text: string): number {
  const own = object.messages.flatMap(({ selector }) => wordsOf(selector))
  return wordsOf(text).filter((word) => own.some((one) => isLike(one, word))).length
}

function tellObject(
  head: Head,
  name: string,
  oid: Oid,
  text: string,
  examples: (holder: Oid, selector: string) => Example[],
): TellObject {
  const understood = new Map<string, TellMessage>()
  const slots = new Map<string, string>()
  const shown: TellMessage[] = []
  const seen = new Set<Oid>()
  const visit = (one: Oid) => {
    if (seen.has(one) || seen.size >= TELL_LIMITS.chain) return
    seen.add(one)
    const object = head.object(one)
    for (const slot of object.slots) {
      if (slots.has(slot.name)) continue
      const { kind, message, isShown } = slotMessage(head, one, slot, examples)
      slots.set(slot.name, kind)
      if (message === undefined) continue
      understood.set(slot.name, message)
      if (isShown && NAME.test(slot.name)) shown.push(message)
    }
    for (const parent of parentsOf(object.slots)) visit(parent)
  }
  visit(oid)
  return { name, oid: oidText(oid), understood, slots, messages: nearest(shown, text) }
}

const parentsOf = (slots: readonly StoredSlot[]): Oid[] =>
  slots
    .filter(({ name, value }) => slotKind(name, value) === 'parent')
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Ref => value instanceof Ref)
    .map((ref) => ref.oid)

function slotMessage(
  head: Head,
  holder: Oid,
  { name, value }: StoredSlot,
  examples: (holder: Oid, selector: string) => Example[],
): { kind: string; message?: TellMessage; isShown: boolean } {
  if (value instanceof MethodRef) {
    const { source, comment, author } = head.method(value.oid)
    const common = author === 'world' ? COMMON.find(({ selector }) => selector === name) : undefined
    const signature = signatureOf(source)
    const example = examples(holder, name)[0]?.args.map((one) => sampleOfValue(toWire(one), 30))
    const eg = example === undefined ? '' : `for example ${name}(${example.join(', ')})`
    const about = [comment, eg].filter((one) => one !== '').join('; ')
    const message = common ?? { selector: name, ...signature, about }
    return { kind: 'method', message, isShown: author !== 'world' || SHOWN_OF_GENESIS.has(name) }
  }
  if (slotKind(name, value) === 'parent') return { kind: 'parent', isShown: false }
  const wire = toWire(value)
  const about = `now ${sampleOfValue(wire, TELL_LIMITS.about / 2)}`
  const message = { selector: name, args: [], rest: false, about }
  const kind = typeof wire
  const isPlain = kind === 'number' || kind === 'string' || kind === 'boolean'
  return { kind: isPlain ? kind : 'other', message, isShown: name !== 'comment' }
}

/** The messages that are shown: all if they are few, else those that share words with the text. */
function nearest(messages: readonly TellMessage[], text: string): TellMessage[] {
  if (messages.length <= TELL_LIMITS.messages) return [...messages]
  const said = wordsOf(text)
  const near = ({ selector }: TellMessage) =>
    wordsOf(selector).filter((one) => said.some((word) => isLike(one, word))).length
  return messages
    .map((message, at) => ({ message, at, near: near(message) }))
    .sort((one, other) => other.near - one.near || one.at - other.at)
    .slice(0, TELL_LIMITS.messages)
    .map(({ message }) => message)
}

/** The values that a method takes after self, from its source. What cannot be read takes any. */
export function signatureOf(source: string): { args: TellArgument[]; rest: boolean } {
  const open = source.indexOf('(')
  const parts = open < 0 ? undefined : parametersIn(source, open)
  if (parts === undefined) return { args: [], rest: true }
  const args: TellArgument[] = []
  for (const part of parts.slice(1)) {
    const read =
      /^(\.\.\.)?\s*([\p{L}_$][\p{L}\p{N}_$]*)?\s*(\?)?\s*(?::\s*([^=]+?))?\s*(=[\s\S]*)?$/u.exec(
        part,
      )
    if (read?.[1] !== undefined) return { args, rest: true }
    const declared = read?.[4]?.trim()
    const type = ['number', 'string', 'boolean'].find((one) => one === declared)
    args.push({
      name: read?.[2] ?? 'value',
      optional: read?.[3] !== undefined || read?.[5] !== undefined,
      ...(type === undefined ? {} : { type: type as 'number' }),
    })
  }
  return { args, rest: false }
}

/** The texts between the commas of a list of parameters. */
function parametersIn(source: string, open: number): string[] | undefined {
  const parts: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < source.length; at++) {
    const sign = source[at] as string
    if ('([{<'.includes(sign)) depth++
    else if (')]}'.includes(sign) || (sign === '>' && source[at - 1] !== '=')) depth--
    const isEnd = depth === 0
    if (isEnd || (depth === 1 && sign === ',')) {
      const part = source.slice(from, at).trim()
      if (part !== '') parts.push(part)
      from = at + 1
    }
    if (isEnd) return parts
  }
  return undefined
}
