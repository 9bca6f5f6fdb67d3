// Owns: on which line of a text a value begins, or it stops being JSON, so that a person finds what a fault is about.
// Leaves: parsing to JSON.parse; what is wrong with the value to task-file.ts.

/** Sticky, so that each is tried just where the walk is. */
const SPACE = /\s*/y
const STRING = /"(?:[^"\\]|\\.)*"/y
const OTHER = /[^\s,\]}]+/y

/**
 * The line, counted from one, on which the value at `path` begins; when a part of the path is not there, the line of the
 * last part that is. The text must be JSON.
 */
export function lineOfPath(text: string, path: readonly PropertyKey[]): number {
  let at = after(SPACE, text, 0)
  for (const step of path) {
    const next = text[at] === '{' ? member(text, at, step) : element(text, at, step)
    if (next === undefined) break
    at = next
  }
  return text.slice(0, at).split('\n').length
}

function after(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** Where the value of a key begins in the object that begins at `open`. */
function member(text: string, open: number, step: PropertyKey): number | undefined {
  for (let at = after(SPACE, text, open + 1); text[at] === '"'; ) {
    const end = after(STRING, text, at)
    const colon = after(SPACE, text, end)
    const value = after(SPACE, text, colon + 1)
    if (JSON.parse(text.slice(at, end)) === step) return value
    at = next(text, value)
  }
  return undefined
}

/** Where the element with an index begins in the array that begins at `open`. */
function element(text: string, open: number, step: PropertyKey): number | undefined {
  if (text[open] !== '[') return undefined
  let at = after(SPACE, text, open + 1)
  for (let index = 0; at < text.length && text[at] !== ']'; index++) {
    if (index === step) return at
    at = next(text, at)
  }
  return undefined
}

/** Behind a value and the comma that follows it. */
function next(text: string, value: number): number {
  const comma = after(SPACE, text, pastValue(text, value))
  return text[comma] === ',' ? after(SPACE, text, comma + 1) : comma
}

function pastValue(text: string, value: number): number {
  let depth = 0
  for (let at = value; at < text.length; ) {
    const sign = text[at] as string
    if (sign === '"') at = after(STRING, text, at)
    else if (sign === '{' || sign === '[') {
      depth++
      at++
    } else if (sign === '}' || sign === ']') {
      depth--
      at++
    } else if (depth > 0) at++
    else at = after(OTHER, text, at)
    if (depth <= 0) return at
  }
  return text.length
}

const TOKEN =
  /[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null/iy

/** What may come next, and of what. */
type Wanted = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'next'

/** The line, counted from one, on which a text stops being JSON; engines do not always say. */
export function lineOfMistake(text: string): number {
  const open: string[] = []
  let wanted: Wanted = 'value'
  let at = after(SPACE, text, 0)
  for (;;) {
    TOKEN.lastIndex = at
    const [token] = TOKEN.exec(text) ?? []
    const then: Wanted | undefined = token === undefined ? undefined : step(wanted, token, open)
    if (then === undefined || token === undefined) return text.slice(0, at).split('\n').length
    wanted = then
    at = after(SPACE, text, at + token.length)
  }
}

/** Takes a token; what may come behind it, undefined when it may not stand there. */
function step(wanted: Wanted, token: string, open: string[]): Wanted | undefined {
  const isText = token.startsWith('"')
  switch (wanted) {
    case 'colon':
      return token === ':' ? 'value' : undefined
    case 'key':
      return isText ? 'colon' : undefined
    case 'first key':
      return isText ? 'colon' : close(token, open)
    case 'next':
      if (token !== ',' || open.length === 0) return close(token, open)
      return open.at(-1) === '}' ? 'key' : 'value'
    default:
      if (wanted === 'first value' && token === ']') return close(token, open)
      if (token === '{' || token === '[') {
        open.push(token === '{' ? '}' : ']')
        return token === '{' ? 'first key' : 'first value'
      }
      return /^[}\],:]$/.test(token) ? undefined : 'next'
  }
}

function close(token: string, open: string[]): Wanted | undefined {
  if (open.at(-1) !== token) return undefined
  open.pop()
  return 'next'
}
