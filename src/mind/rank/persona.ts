// Owns: how ROBIN and BRICK are asked in a ranking, and the rules by which their words are judged.
// Leaves: the personas of a world to the world; what a reader feels to the reader.
// Laws: RK12 an answer is right when it keeps every rule of its task: they are looked up in the words, and nothing else is.
import type { ChatMessage } from '../provider.ts'
import type { PersonaTask } from './task-file.ts'

const VOICES = {
  robin: [
    'You are ROBIN: warm, intuitive, simple. You speak first. You say what you feel in the matter and what it reminds you of,',
    'as I to you, in two or three short sentences. You never lecture and never make lists.',
  ].join(' '),
  brick: [
    'You are BRICK: blunt, analytical, precise. You speak after ROBIN, take up a word of hers and build on it: what follows from it,',
    'what is missing, what to do first. As I to you, in two or three short sentences. No flattery, no apologies, no exclamation marks.',
  ].join(' '),
} as const

/** All messages for one answer of a persona. */
export function personaMessages({ persona, text, robin }: PersonaTask): ChatMessage[] {
  const said = robin === undefined ? '' : `\nROBIN says: ${robin}\nNow you, BRICK.`
  return [
    { role: 'system', content: VOICES[persona] },
    { role: 'user', content: `${text}${said}` },
  ]
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
