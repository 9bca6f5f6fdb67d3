// Owns: how ROBIN and BRICK are asked in a ranking, and the rules by which their words are judged.
// Leaves: the personas and their prompts to persona/; what a reader feels to the reader.
// Laws: RK12 an answer is right when it keeps every rule of its task: they are looked up in the words, and nothing else is.
import { personaMessages as messagesOf } from '../persona/persona-prompt.ts'
import { VOICES } from '../persona/voices.ts'
import type { ChatMessage } from '../provider.ts'
import type { PersonaTask } from './task-file.ts'

/** All messages for one answer of a persona, as a world would ask it. */
export function personaMessages({ persona, text, robin }: PersonaTask): ChatMessage[] {
  const heard = robin === undefined ? [] : [{ name: VOICES.robin.name, text: robin }]
  // A ranking asks for an answer in dialogue, whatever words the question has.
  const inquiry = { of: 'persona', ...VOICES[persona], text, heard, purpose: 'dialogue' } as const
  return messagesOf(inquiry)
}

/** The first rule that an answer breaks, in a sentence; undefined when it keeps all. */
export function brokenRule(answer: string, { rules }: PersonaTask): string | undefined {
  const text = answer.trim()
  const words = text.split(/\s+/).filter((word) => word !== '').length
  const [least, most] = rules.words
  if (words < least) return `${words} words, fewer than ${least}`
  if (words > most) return `${words} words, more than ${most}`
  const lower = text.toLowerCase()
  for (const choice of rules.mentions ?? []) {
    if (!choice.some((word) => begins(lower, word))) return `none of ${choice.join(', ')}`
  }
  const avoided = rules.avoids?.find((word) => begins(lower, word))
  if (avoided !== undefined) return `it says ${avoided}`
  if (rules.firstPerson === true && !/\b(I|me|my|mine)\b/i.test(text)) return 'it never says I'
  if (rules.you === true && !/\b(you|your|yours)\b/i.test(text)) return 'it never says you'
  return (
    tooMany(text, '?', rules.questions, 'questions') ??
    tooMany(text, '!', rules.exclamations, 'exclamations')
  )
}

/** Whether a word of the text begins so. */
function begins(lower: string, word: string): boolean {
  const wanted = word.toLowerCase()
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    if (at === 0 || !/[a-z0-9]/.test(lower[at - 1] as string)) return true
  }
  return false
}

function tooMany(
  text: string,
  sign: string,
  most: number | undefined,
  what: string,
): string | undefined {
  const count = text.split(sign).length - 1
  return most === undefined || count <= most ? undefined : `${count} ${what}, more than ${most}`
}
