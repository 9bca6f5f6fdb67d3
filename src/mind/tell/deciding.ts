// Owns: turning a person's words into messages with a model, and deciding whether that is sure.
// Leaves: which objects there are to surroundings.ts; sending to the bridge.
// Laws: TL3 messages are sent only when three answers agree, one of which saw nothing but names; else nothing is sent and
// what was thought of is told.
import type { Provider } from '../provider.ts'
import { readCalls } from './call-text.ts'
import { TELL_LIMITS } from './limits.ts'
import { wordsOf } from './spoken.ts'
import { callKey, doubt, misfit, type TellCall, type Told } from './sureness.ts'
import { TELL_STOPS, type TellMessage, type TellObject, tellMessages } from './tell-messages.ts'

/** Three ways to ask: the model's favourite, a warmer one of the same prompt, and one that is shown names alone. */
const DRAWS: readonly { temperature: number; seed?: number; bare: boolean }[] = [
  { temperature: 0, bare: false },
  { temperature: 0.7, seed: 11, bare: false },
  { temperature: 0, bare: true },
]

/** One answer of a model: messages, or why it is none. */
export type Drawn = { calls: readonly TellCall[] } | { problem: string }

/** The messages that a person's words come to, or why that is not sure and what was thought of. */
export type Decision =
  | { sure: true; calls: readonly TellCall[]; drawn: readonly Drawn[] }
  | {
      sure: false
      why: string
      options: readonly (readonly TellCall[])[]
      drawn: readonly Drawn[]
    }

/** Asks a model, and decides. Rejects with the model's fault, or with the signal's reason. */
export async function decide(
  provider: Provider,
  told: Told,
  signal: AbortSignal,
): Promise<Decision> {
  const drawn: Drawn[] = []
  for (const { bare, ...how } of DRAWS) {
    const { text } = await provider.complete(
      {
        messages: tellMessages(told.objects, told.text, bare),
        maxTokens: TELL_LIMITS.tokens,
        stop: [...TELL_STOPS],
        ...how,
      },
      () => undefined,
      signal,
    )
    drawn.push(read(text, told))
    // Once two differ, or one cannot be right, a further one changes nothing.
    if (why(told, drawn) !== undefined) break
  }
  const [leader] = drawn
  const reason = why(told, drawn)
  if (reason === undefined && leader !== undefined && 'calls' in leader) {
    return { sure: true, calls: leader.calls, drawn }
  }
  return { sure: false, why: reason ?? 'there is no answer', options: optionsOf(drawn), drawn }
}

function read(text: string, { objects }: Told): Drawn {
  const answer = readCalls(
    text,
    objects.map(({ name }) => name),
  )
  if (!answer.ok) return { problem: answer.problem }
  const calls: TellCall[] = []
  for (const { target, selector, args } of answer.calls) {
    const object = objects.find(({ name }) => name === target)
    if (object === undefined) return { problem: `there is no ${target} here` }
    const known = object.understood.get(selector) ?? spelledLike(object, selector)
    calls.push({ object, selector: known?.selector ?? selector, args, known })
  }
  return { calls }
}

/** The message of the same words, as `set_target` for `setTarget`, if there is just one. */
function spelledLike({ understood }: TellObject, selector: string): TellMessage | undefined {
  const words = wordsOf(selector).join(' ')
  const like = [...understood.values()].filter((one) => wordsOf(one.selector).join(' ') === words)
  return like.length === 1 ? like[0] : undefined
}

/** Why these answers, drawn so far, are not sure. */
function why(told: Told, drawn: readonly Drawn[]): string | undefined {
  const [leader] = drawn
  if (leader === undefined) return undefined
  if ('problem' in leader) return leader.problem
  const key = keyOf(leader)
  const isAlike = drawn.every((one) => keyOf(one) === key)
  return doubt(told, leader.calls) ?? (isAlike ? undefined : 'it can be understood in several ways')
}

/** What two draws must have in common. Whether `9` or `"9"` is meant the first one says, which saw more than names. */
const keyOf = (drawn: Drawn) =>
  'calls' in drawn
    ? drawn.calls
        .map((call) => callKey({ ...call, args: loose(call.args) as unknown[] }))
        .join('\n')
    : undefined

function loose(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(loose)
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, loose(part)]))
}

/** What was thought of and can be sent, each once. */
function optionsOf(drawn: readonly Drawn[]): (readonly TellCall[])[] {
  const options = new Map<string | undefined, readonly TellCall[]>()
  for (const one of drawn) {
    if (!('calls' in one) || one.calls.length === 0) continue
    if (one.calls.every((call) => misfit(call) === undefined)) options.set(keyOf(one), one.calls)
  }
  return [...options.values()]
}
