// Owns: reading what a model wrote as messages: `name.message(values)`, one a line.
// Leaves: whether there is such an object and such a message to the caller.
// Laws: TL1 what is not a message in every line is no answer; nothing of it is guessed.
import { TELL_LIMITS } from './limits.ts'

/** An object named in a message. */
export interface Named {
  named: string
}

/** One message as it was written. */
export interface WrittenCall {
  target: string
  selector: string
  args: unknown[]
}

export type ReadCalls = { ok: true; calls: WrittenCall[] } | { ok: false; problem: string }

/** Identifiers, keyword selectors as `at:put:`, and names of objects as `accounts/alice`. */
const SELECTOR = /^[\p{L}_$][\p{L}\p{N}_$]*(?:(?::[\p{L}_$][\p{L}\p{N}_$]*)*:)?$/u
const WORD = /[\p{L}_$][\p{L}\p{N}_$/-]*/uy
const NUMBER = /[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y
const SPACE = /\s*/y

/** Reads an answer. `names` are the objects that were shown. `none` alone is an answer without messages. */
export function readCalls(text: string, names: readonly string[]): ReadCalls {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('```'))
  if (lines.length === 0) return { ok: false, problem: 'the answer is empty' }
  if (lines.every((line) => /^none\.?$/i.test(line))) return { ok: true, calls: [] }
  if (lines.length > TELL_LIMITS.calls) {
    return { ok: false, problem: `there are more than ${TELL_LIMITS.calls} messages` }
  }
  const calls: WrittenCall[] = []
  for (const line of lines) {
    const call = readLine(line, names)
    if (typeof call === 'string') return { ok: false, problem: call }
    calls.push(call)
  }
  return { ok: true, calls }
}

function readLine(line: string, names: readonly string[]): WrittenCall | string {
  // Small models now and then leave a space where the dot should be.
  const known = names
    .filter((name) => line.startsWith(`${name}.`) || line.startsWith(`${name} `))
    .sort((one, other) => other.length - one.length)[0]
  const target = known ?? /^[^.()\s"']+(?=\.)/.exec(line)?.[0]
  if (target === undefined) return `there is no message in ${JSON.stringify(line.slice(0, 80))}`
  const rest = line.slice(target.length + 1)
  const open = rest.indexOf('(')
  const selector = (open < 0 ? rest.replace(/[;\s]+$/, '') : rest.slice(0, open)).trim()
  if (!SELECTOR.test(selector)) return `${JSON.stringify(selector.slice(0, 80))} is no message`
  if (open < 0) return { target, selector, args: [] }
  const reader = new ValueReader(rest, open + 1, names)
  const args = reader.list(')')
  if (args === undefined) return `the values of ${selector} cannot be read`
  if (!/^\s*;?\s*(?:\/\/.*)?$/.test(rest.slice(reader.at))) return `more follows ${selector}`
  return { target, selector, args }
}

/** Reads values as JSON writes them, texts in either quotes, and objects by their bare names. */
class ValueReader {
  readonly #text: string
  readonly #names: readonly string[]
  at: number

  constructor(text: string, at: number, names: readonly string[]) {
    this.#text = text
    this.at = at
    this.#names = names
  }

  /** The values up to a closing sign, undefined when they cannot be read. */
  list(close: ')' | ']', depth = 0): unknown[] | undefined {
    const values: unknown[] = []
    if (this.#takes(close)) return values
    for (;;) {
      const value = this.#value(depth)
      if (value === undefined) return undefined
      values.push(value.value)
      if (this.#takes(close)) return values
      if (!this.#takes(',')) return undefined
    }
  }

  #value(depth: number): { value: unknown } | undefined {
    if (depth > TELL_LIMITS.depth) return undefined
    if (this.#takes('[')) {
      const list = this.list(']', depth + 1)
      return list === undefined ? undefined : { value: list }
    }
    if (this.#takes('{')) return this.#map(depth + 1)
    const string = this.#match(STRING)
    if (string !== undefined) return { value: unquoted(string) }
    const number = this.#match(NUMBER)
    if (number !== undefined) return { value: Number(number) }
    const word = this.#match(WORD)
    if (word === 'true' || word === 'false') return { value: word === 'true' }
    if (word === 'null') return { value: null }
    if (word !== undefined && this.#names.includes(word)) return { value: { named: word } }
    return undefined
  }

  #map(depth: number): { value: Record<string, unknown> } | undefined {
    const entries: [string, unknown][] = []
    while (!this.#takes('}')) {
      if (entries.length > 0 && !this.#takes(',')) return undefined
      const string = this.#match(STRING)
      const key = string === undefined ? this.#match(WORD) : unquoted(string)
      if (key === undefined || key === '__proto__' || key.startsWith('$') || !this.#takes(':')) {
        return undefined
      }
      const value = this.#value(depth)
      if (value === undefined) return undefined
      entries.push([key, value.value])
    }
    return { value: Object.fromEntries(entries) }
  }

  #takes(sign: string): boolean {
    this.#match(SPACE)
    if (!this.#text.startsWith(sign, this.at)) return false
    this.at += sign.length
    return true
  }

  #match(pattern: RegExp): string | undefined {
    if (pattern !== SPACE) this.#match(SPACE)
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
const unquoted = (text: string) =>
  text.slice(1, -1).replace(/\\(.)/g, (_, one: string) => ESCAPES[one] ?? one)
