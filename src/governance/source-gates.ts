// Owns: the gates that look at a draft's source and at what the judge found in it, before anything runs.
// Leaves: parsing, names and types to the judge; what the draft does to behaviour-gates.ts.
// Laws: GO16 a value of the call that brought the need does not stand in the method, unless the words name it.
// GO17 a loop that cannot end and a pattern that backtracks without bound do not run, not even in a trial.
import type { MethodFacts } from '#kernel'
import type { Refusal } from './refusal.ts'
import { isStoredMap, type Scene } from './scene.ts'
import type { Wishes } from './words.ts'

export interface SourceFacts {
  source: string
  facts: MethodFacts
  scene: Scene
  intent: string | undefined
  wishes: Wishes
}

/** The first gate that a source fails. */
export function refuseSource(given: SourceFacts): Refusal | undefined {
  return leakOf(given) ?? endless(given) ?? missingThrow(given)
}

/** Numbers that stand in methods of their own accord: nobody copied them from a call. */
const COMMON_NUMBERS = new Set([0, 1, 2, 10, 12, 24, 60, 100, 1000])

function leakOf({ source, facts, scene, intent }: SourceFacts): Refusal | undefined {
  const leaves = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (isStoredMap(value)) Object.values(value).forEach(visit)
    else leaves.add(value)
  }
  scene.args.forEach(visit)
  const known = [intent ?? '', ...scene.siblings.values()].join('\n')
  for (const literal of facts.literals) {
    const value = valueOf(literal)
    if (!leaves.has(value)) continue
    if (typeof value === 'number' && COMMON_NUMBERS.has(value)) continue
    if (typeof value === 'string' && value.length < 2) continue
    if (stands(String(value), known)) continue
    // A text that a slot holds may be a state, which methods compare with.
    if (scene.slots.some((slot) => slot.value === value) && source.includes('===')) continue
    return {
      gate: 'literal',
      sentence: `${literal} is a value of this one call; use the parameter, so that other calls work too`,
    }
  }
  return undefined
}

/** Whether a value stands in a text by itself, and not as a part of a longer number or word. */
function stands(value: string, text: string): boolean {
  const isPart = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}_]/u.test(char)
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    const [before, after] = [text[at - 1], text[at + value.length]]
    const isLonger = isPart(value[0]) && isPart(before)
    const isFraction = /^\d/.test(value) && /^\.\d/.test(text.slice(at + value.length))
    if (!isLonger && !isFraction && !(isPart(value.at(-1)) && isPart(after))) return true
  }
  return false
}

function valueOf(literal: string): unknown {
  const text = literal.replaceAll('_', '')
  if (/^[\d.]/.test(text)) return Number(text)
  if (!/^["']/.test(text)) return text
  const inner = text.slice(1, -1)
  return inner.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function endless({ facts }: SourceFacts): Refusal | undefined {
  const [slow] = facts.slow
  if (slow !== undefined) {
    return {
      gate: 'denial',
      sentence: `the pattern ${slow.slice(0, 80)} may take for ever on some texts; match without it`,
    }
  }
  const [loop] = facts.endless
  if (loop === undefined) return undefined
  return { gate: 'denial', sentence: `the loop "${loop}" has no way out; give it an end` }
}

function missingThrow({ source, wishes }: SourceFacts): Refusal | undefined {
  if (!wishes.throws || /\bthrow\b/.test(source)) return undefined
  return {
    gate: 'intent',
    sentence: 'the intent names a case that is an error; check it first and throw new Error("...")',
  }
}
