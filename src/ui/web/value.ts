// Owns: wire values as people read them: references, short texts, whole texts, and text back to values.
// Leaves: drawing to the files that draw.
// Laws: UI20 every value has a short readable form.  UI21 text that is no JSON is answered with what to write instead.

/** Characters of a short form: one line of a card. */
export const SHORT_LENGTH = 96

/** Deepest nesting that is written out; the wire allows as much. */
const DEPTH_MAX = 32

/** The oid in a reference, `{"$ref": "#1"}`, or undefined when the value is none. */
export function refOf(value: unknown): string | undefined {
  if (!isMap(value)) return undefined
  const ref = value['$ref']
  return typeof ref === 'string' && /^#[0-9a-z]+$/.test(ref) ? ref : undefined
}

/** A map of the wire: an object that is no array, no date, no bytes. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !(value instanceof Date) && !(value instanceof Uint8Array)
}

/** The pairs of a map; one that is written as `{"$map": [[k, v]]}` because its keys begin with `$` too. */
export function pairsOf(map: Record<string, unknown>): [string, unknown][] {
  const pairs = map['$map']
  if (Array.isArray(pairs) && Object.keys(map).length === 1) {
    return pairs.filter(Array.isArray).map((pair) => [String(pair[0]), pair[1]])
  }
  return Object.entries(map)
}

/** What kind of value it is, in one word. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Date) return 'date'
  if (value instanceof Uint8Array) return 'bytes'
  if (refOf(value) !== undefined) return 'object'
  if (typeof value === 'object') return 'map'
  if (typeof value === 'string') return 'text'
  return typeof value === 'bigint' ? 'number' : typeof value
}

/** One line for any value, at most SHORT_LENGTH characters and an ellipsis. */
export function shortText(value: unknown): string {
  const text = writeValue(value, 0, SHORT_LENGTH + 1)
  return text.length > SHORT_LENGTH ? `${text.slice(0, SHORT_LENGTH)}…` : text
}

/** The whole value as JSON over several lines, for reading and for editing. */
export function fullText(value: unknown): string {
  return JSON.stringify(plain(value, 0), null, 2) ?? 'null'
}

function writeValue(value: unknown, depth: number, room: number): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room))
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return dateText(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (depth > DEPTH_MAX || room <= 0) return '…'
  const ref = refOf(value)
  if (ref !== undefined) return ref
  const parts: string[] = []
  let used = 0
  const isList = Array.isArray(value)
  const entries: [string, unknown][] = isList
    ? value.map((item) => ['', item])
    : pairsOf(value as Record<string, unknown>)
  for (const [key, item] of entries) {
    if (used > room) break
    const name = isList ? '' : `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: `
    const part = name + writeValue(item, depth + 1, room - used)
    parts.push(part)
    used += part.length
  }
  if (isList) return `[${parts.join(', ')}]`
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

/** The value with everything that JSON has no form for written as text. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return { $int: String(value) }
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return dateText(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (depth > DEPTH_MAX) return '…'
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1))
  const map: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(map, key, { value: plain(item, depth + 1), enumerable: true })
  }
  return map
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString()
}

/** Whether a person may edit the value as JSON without losing anything of it. */
export function isEditable(value: unknown): boolean {
  if (value instanceof Date || value instanceof Uint8Array) return false
  if (Array.isArray(value)) return value.every(isEditable)
  if (isMap(value)) return Object.values(value).every(isEditable)
  return true
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; sentence: string }

/** A value from what a person typed: JSON, or `#oid` for an object. */
export function parseValue(text: string): Parsed<unknown> {
  const trimmed = text.trim()
  if (trimmed === '') return { ok: false, sentence: 'Write a value, such as 42, "text" or [1, 2].' }
  if (/^#[0-9a-z]+$/.test(trimmed)) return { ok: true, value: { $ref: trimmed } }
  try {
    return { ok: true, value: JSON.parse(trimmed) }
  } catch {
    return { ok: false, sentence: adviceFor(trimmed) }
  }
}

/** What to write in place of something that is no JSON. */
function adviceFor(text: string): string {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
  if (/^'.*'$/s.test(text)) {
    return `Text goes in double quotes: ${JSON.stringify(text.slice(1, -1))}`
  }
  if (/^[\p{L}_][^"{}[\],]*$/u.test(text)) {
    return `${shown} is no JSON. As text, write it in double quotes: ${JSON.stringify(text)}`
  }
  if (/^[{[]/.test(text) && /'|[{,]\s*[\p{L}_]+\s*:/u.test(text)) {
    return 'Names and text inside a map or a list go in double quotes, as in {"name": "Ada"}.'
  }
  if (count(text, '[') !== count(text, ']')) return `A square bracket is not closed in ${shown}`
  if (count(text, '{') !== count(text, '}')) return `A curly bracket is not closed in ${shown}`
  if (count(text, '"') % 2 === 1) return `A double quote is not closed in ${shown}`
  return `${shown} is no JSON. Values look like 42, true, "text", [1, 2] or {"name": "Ada"}.`
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
