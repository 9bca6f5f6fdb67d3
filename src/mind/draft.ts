// Owns: finding the method in what a model wrote, and mending what models get wrong about its form.
// Leaves: whether the method is right to governance; parsing it to the judge.
// Laws: MI31 the answer is one function whose name is the selector's and whose first parameter is self, or one sentence
// that says what is missing, fit to be shown to the model. MI32 text in strings and comments is never mended.
import { functionNameOf } from './context.ts'
import { closingOf, maskSource } from './code-scan.ts'

/** A method's source, or the sentence that says why there is none. */
export type Draft = { ok: true; source: string } | { ok: false; problem: string }

/** Longest text that is looked at, UTF-16 units: ten times the longest method that a budget of tokens allows. */
const TEXT_MAX = 20_000

/** Finds the method for a selector in a model's text. */
export function extractDraft(text: string, selector: string): Draft {
  const name = functionNameOf(selector)
  if (text.length > TEXT_MAX) return { ok: false, problem: 'the method is far too long' }
  const source = codeIn(text)
  const mask = maskSource(source)
  const head = findHead(source, mask, name)
  if (head === undefined) {
    return { ok: false, problem: `there is no function; write function ${name}(self, ...)` }
  }
  if (head.odd !== undefined) return { ok: false, problem: `the method must not be ${head.odd}` }
  const paramsEnd = closingOf(mask, head.open)
  const body = paramsEnd < 0 ? undefined : bodyOf(source, mask, paramsEnd, head.arrow)
  if (body === undefined) return { ok: false, problem: 'the function was cut off before its end' }
  const params = source.slice(head.open + 1, paramsEnd - 1)
  const self = withSelf(params, mask.slice(head.open + 1, paramsEnd - 1))
  const between = source.slice(paramsEnd, body.start).replace(/\s*=>\s*$/, ' ')
  const generics = source.slice(head.generics, head.open)
  const code = body.expression
    ? `{\n  return ${source.slice(body.start, body.end).trim()};\n}`
    : source.slice(body.start, body.end)
  const lines = `function ${name}${generics.trim()}(${self})${between || ' '}${code}`
  return { ok: true, source: withoutThis(dedent(lines)) }
}

/** The fenced block that holds a function, also when it is not closed; without a fence the whole text. */
function codeIn(text: string): string {
  const plain = text.replace(/\r\n/g, '\n')
  const blocks = [...plain.matchAll(/```[^\n`]*\n([\s\S]*?)(?:\n[ \t]{0,20}```|$)/g)].map(
    (m) => m[1] as string,
  )
  return blocks.find((block) => /function|=>|\(self\b/.test(block)) ?? blocks[0] ?? plain
}

interface Head {
  /** Index of the bracket that opens the parameters. */
  open: number
  /** Index behind the name, where type parameters may stand. */
  generics: number
  arrow: boolean
  odd?: string
}

const FUNCTION = /(async\s+)?\bfunction\b\s*(\*?)\s*([\w$]*)\s*(?:<[^(){}]{0,200}>)?\s*\(/g
const ARROW =
  /\b(?:const|let|var)\s+([\w$]+)\s*(?::[^=;]*)?=\s*(async\s+)?(?=\([^{};]*\)[^{};=]*=>)/g
const SHORTHAND = /^[ \t]*(async\s+)?([\w$]+)[ \t]*\((?=[^(){}]{0,400}\)[^(){};]{0,200}\{)/gm
const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'return'])

/** The head of the function with that name; without one, of the first function that is not inside another. */
function findHead(source: string, mask: string, name: string): Head | undefined {
  const heads: { named: string; head: Head }[] = []
  for (const match of mask.matchAll(FUNCTION)) {
    const head: Head = {
      open: match.index + match[0].length - 1,
      generics: match.index + match[0].search(/[<(]/),
      arrow: false,
    }
    if (match[1] !== undefined) head.odd = 'async'
    if (match[2] === '*') head.odd = 'a generator'
    heads.push({ named: match[3] as string, head })
  }
  const wanted = heads.find(({ named }) => named === name)
  if (wanted !== undefined) return wanted.head
  const arrows = [...mask.matchAll(ARROW)].map((match) => {
    const open = match.index + match[0].length
    const head: Head = { open, generics: open, arrow: true }
    if (match[2] !== undefined) head.odd = 'async'
    return { named: match[1] as string, head }
  })
  const arrow = arrows.find(({ named }) => named === name)
  if (arrow !== undefined) return arrow.head
  for (const match of mask.matchAll(SHORTHAND)) {
    if (STATEMENTS.has(match[2] as string) || match[2] !== name) continue
    const open = match.index + match[0].length - 1
    return { open, generics: open, arrow: false, ...(match[1] ? { odd: 'async' } : {}) }
  }
  return heads[0]?.head ?? (source.includes('=>') ? arrows[0]?.head : undefined)
}

/** Where the body begins and ends behind the parameters and a return type; undefined when it has no end. */
function bodyOf(
  source: string,
  mask: string,
  from: number,
  arrow: boolean,
): { start: number; end: number; expression: boolean } | undefined {
  let at = from
  let typed = false
  for (; at < mask.length; at++) {
    const char = mask[at] as string
    if (char === ':' || char === '|' || char === '&' || char === ',' || char === '<') typed = true
    else if (char === '{' && typed) {
      // Here a type of an object begins, and not the body.
      at = closingOf(mask, at) - 1
      if (at < 0) return undefined
      typed = false
    } else if (arrow && mask.startsWith('=>', at)) {
      const start = at + 2 + (/^\s*/.exec(source.slice(at + 2)) as RegExpExecArray)[0].length
      if (mask[start] !== '{') return { start, end: expressionEnd(mask, start), expression: true }
      at = start - 1
      typed = false
    } else if (char === '{') break
    else if (char.trim() !== '') typed = false
  }
  const end = at < mask.length ? closingOf(mask, at) : -1
  return end < 0 ? undefined : { start: at, end, expression: false }
}

function expressionEnd(mask: string, start: number): number {
  let depth = 0
  for (let at = start; at < mask.length; at++) {
    const char = mask[at] as string
    if ('([{'.includes(char)) depth++
    if (')]}'.includes(char)) depth--
    if (depth < 0 || (depth === 0 && char === ';')) return at
  }
  return mask.length
}

/** The parameters with self before them, unless it is there; a first parameter called this becomes self. */
function withSelf(params: string, mask: string): string {
  const first = /^\s*([\w$]+)/.exec(mask)
  if (first?.[1] === 'self') return params.trim()
  if (first?.[1] === 'this') return params.replace(/^\s*this/, 'self').trim()
  return params.trim() === '' ? 'self' : `self, ${params.trim()}`
}

/** Says self where the model said this. */
function withoutThis(source: string): string {
  const mask = maskSource(source)
  let out = ''
  let done = 0
  for (const match of mask.matchAll(/(?<![\w$.])this(?![\w$])(?!\s*:)/g)) {
    out += `${source.slice(done, match.index)}self`
    done = match.index + 4
  }
  return out + source.slice(done)
}

/** Takes away the indentation that the last line, the closing brace, has. */
function dedent(source: string): string {
  const lines = source.split('\n')
  const indent = (/^[ \t]*/.exec(lines.at(-1) as string) as RegExpExecArray)[0]
  if (indent === '') return source
  return lines
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join('\n')
}
