// Owns: telling code from text inside a source, in one pass and without parsing it.
// Leaves: whether the source is right to the judge, where a parser may hang without harm.
// Laws: MI30 the pass is linear in the length of the source, whatever it holds.

/** One character for each of the source: the character itself where it is code, a space in strings, comments and regular expressions. */
export function maskSource(source: string): string {
  const out = source.split('')
  /** For each open template: the depth of braces inside its current `${`. */
  const templates: number[] = []
  let at = 0
  let last = ''
  const blank = (until: number) => {
    for (; at < until && at < source.length; at++) if (source[at] !== '\n') out[at] = ' '
  }
  while (at < source.length) {
    const char = source[at] as string
    const next = source[at + 1]
    if (char === '/' && next === '/') blank(orEnd(source.indexOf('\n', at), source))
    else if (char === '/' && next === '*') blank(orEnd(source.indexOf('*/', at + 2), source, 2))
    else if (char === '"' || char === "'") {
      blank(stringEnd(source, at, char))
      last = char
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop()
      const end = templateEnd(source, at + 1)
      const opens = source[end - 1] === '{'
      blank(end)
      if (opens) templates.push(0)
      last = '`'
    } else if (char === '/' && startsRegExp(last, source, at)) {
      blank(regExpEnd(source, at))
      last = ')'
    } else {
      const depth = templates.length - 1
      if (char === '{' && depth >= 0) templates[depth] = (templates[depth] as number) + 1
      if (char === '}' && depth >= 0) templates[depth] = (templates[depth] as number) - 1
      if (char.trim() !== '') last = char
      at++
    }
  }
  return out.join('')
}

/** The index just behind the bracket that closes the one at `open`, or -1. Works on a mask. */
export function closingOf(mask: string, open: number): number {
  let depth = 0
  for (let at = open; at < mask.length; at++) {
    const char = mask[at] as string
    if (char === '(' || char === '[' || char === '{') depth++
    if (char === ')' || char === ']' || char === '}') depth--
    if (depth === 0) return at + 1
  }
  return -1
}

function orEnd(found: number, source: string, more = 0): number {
  return found < 0 ? source.length : found + more
}

function stringEnd(source: string, start: number, quote: string): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === quote) return at + 1
    // A quote that is not closed on its line is an apostrophe in prose.
    else if (source[at] === '\n') return at
  }
  return source.length
}

/** Behind the closing backquote, or behind the `${` that opens code. */
function templateEnd(source: string, start: number): number {
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '`') return at + 1
    else if (source[at] === '$' && source[at + 1] === '{') return at + 2
  }
  return source.length
}

/** A slash begins a regular expression where a value may begin. */
function startsRegExp(last: string, source: string, at: number): boolean {
  if (last === '' || '(,=:[!&|?{};+-*%<>~^'.includes(last)) return true
  return /\b(return|typeof|case|in|of)\s*$/.test(source.slice(Math.max(0, at - 12), at))
}

function regExpEnd(source: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < source.length && source[at] !== '\n'; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '[') inClass = true
    else if (source[at] === ']') inClass = false
    else if (source[at] === '/' && !inClass) return at + 1
  }
  // Not closed on its line: it was a division after all.
  return start + 1
}
