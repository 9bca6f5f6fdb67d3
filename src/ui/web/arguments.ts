// Owns: what a person types as the arguments of a message, and the command line that says the same.
// Laws: UI22 arguments are JSON values between commas, or one JSON list of them; a mistake is named by its place.
// UI23 a copied command is quoted so that a shell passes every argument unchanged.
import { type Parsed, parseValue } from './value.ts'

/** The arguments in a text: `1, "two"`, or `[1, "two"]`; a list as the only argument is `[[1, 2]]`. */
export function parseArguments(text: string): Parsed<unknown[]> {
  const trimmed = text.trim()
  if (trimmed === '') return { ok: true, value: [] }
  const whole = tryJson(trimmed)
  if (Array.isArray(whole)) return { ok: true, value: whole }
  const values: unknown[] = []
  const parts = splitAtCommas(trimmed)
  for (const [index, part] of parts.entries()) {
    const parsed = parseValue(part)
    if (!parsed.ok) {
      const place = parts.length > 1 ? `Argument ${index + 1}: ` : ''
      return { ok: false, sentence: place + parsed.sentence }
    }
    values.push(parsed.value)
  }
  return { ok: true, value: values }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Cuts at the commas that are outside of brackets and of double quotes. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let inText = false
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (inText) {
      if (character === '\\') at++
      else if (character === '"') inText = false
    } else if (character === '"') inText = true
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    else if (character === ',' && depth <= 0) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** A word as a POSIX shell passes it on unchanged. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The command that shows an object. */
export function showCommand(target: string): string {
  return `batos show ${shellWord(target)}`
}

/** The command that sends a message. An argument that is text is quoted as JSON when it would be read as something else. */
export function sendCommand(
  target: string,
  selector: string,
  args: readonly unknown[],
  intent: string,
): string {
  const words = ['batos', 'send', target, selector]
  for (const argument of args) {
    if (typeof argument === 'string' && tryJson(argument) === undefined) {
      words.push(argument.startsWith('-') || argument === '' ? JSON.stringify(argument) : argument)
    } else {
      words.push(JSON.stringify(argument))
    }
  }
  if (intent !== '') words.push('--intent', intent)
  return words.map(shellWord).join(' ')
}
