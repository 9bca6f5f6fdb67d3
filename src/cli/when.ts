// Owns: points of time as people type them, and `at`, which asks a command about one of them.
// Leaves: which transaction a time means to the kernel.
// Laws: CL45 a time without a zone is where the person is, as `log` prints it; a time to the second means all of that second.
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'

/** Milliseconds of each unit of a span. */
const UNITS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
}

/** Milliseconds in a span such as `7d`, `12h`, `30m`, `45s` or `0`; undefined for anything else. */
export function spanOf(text: string): number | undefined {
  if (text === '0') return 0
  const parts = /^(\d{1,5})([dhms])$/.exec(text)
  return parts === null ? undefined : Number(parts[1]) * (UNITS[parts[2] as string] as number)
}

/** A span of milliseconds as a person types it, in the largest unit that it is whole in. */
export function spanWords(milliseconds: number): string {
  for (const [unit, size] of Object.entries(UNITS)) {
    if (milliseconds > 0 && milliseconds % size === 0) return `${milliseconds / size}${unit}`
  }
  return `${milliseconds} ms`
}

/**
 * A point of time as the wire takes it: a transaction stays as it is, a span is that long ago, a day or an hour is the person's.
 * What is none of these is handed on, and the kernel says that it is none. With `isStart` a second means its first instant.
 */
export function whenOf(text: string, now: number, isStart = false): string {
  if (/^\d+$/.test(text)) return text
  const span = spanOf(text)
  if (span !== undefined) return new Date(now - span).toISOString()
  const parts =
    /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[ T])(\d\d):(\d\d)(?::(\d\d)(\.\d{1,3})?)?)?$/.exec(text)
  if (parts === null || text === '') return text
  const today = new Date(now)
  const [, year, month, day, hours = 0, minutes = 0, seconds, part] = parts
  const date = new Date(
    year === undefined ? today.getFullYear() : Number(year),
    month === undefined ? today.getMonth() : Number(month) - 1,
    day === undefined ? today.getDate() : Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds ?? 0),
    part === undefined ? 0 : Math.round(Number(`0${part}`) * 1_000),
  )
  // The log shows seconds; what happened in one of them is meant with it.
  const isWhole = seconds !== undefined && part === undefined && !isStart
  return new Date(date.getTime() + (isWhole ? 999 : 0)).toISOString()
}

/** The commands that can be asked about the past. */
export const PAST_VERBS: ReadonlySet<string> = new Set([
  'show',
  'source',
  'ls',
  'dump',
  'log',
  'history',
])

/** Common options that take a word of their own. */
const WITH_WORD: ReadonlySet<string> = new Set(['--image'])

/** `at WHEN show X` as `show X --at WHEN`; all other words as they are. */
export function withoutAt(words: readonly string[]): string[] {
  let first = 0
  while (first < words.length && words[first]?.startsWith('-')) {
    first += WITH_WORD.has(words[first] as string) ? 2 : 1
  }
  const [at, when, verb = '', ...rest] = words.slice(first)
  if (at !== 'at' || when === undefined || !PAST_VERBS.has(verb)) return [...words]
  return [...words.slice(0, first), verb, '--at', when, ...rest]
}

/** `batos at WHEN COMMAND` for a command that has no past. */
export async function at(_command: Command, [, verb = '']: string[]): Promise<never> {
  throw cliFault(
    'FIELD_INVALID',
    `${verb} cannot be asked about the past`,
    { command: verb },
    `\`at\` goes with ${[...PAST_VERBS].join(', ')}.`,
  )
}
