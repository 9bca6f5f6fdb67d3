// Owns: pieces of generated code: quoted names, ticks and guards, literals that filters of text accept.
// Leaves: where they go to rewrite.ts; whether they are there to verify.ts.
// Laws: KN55 no output holds the marks that a filter of text refuses: HTML comments, imports, direct evals.
import type { Literal } from 'acorn'

/** The parameters of the code: the runtime and the holder's oid. */
export const RUNTIME = '$rt'
export const HOLDER = '$h'

/** The receiver, under a name that a source cannot write. */
export const RECEIVER = '$rts'

/** Charges one unit of fuel. */
export const TICK = 'if(--$rt.n<0)$rt.x();'

/** The same as an expression, before a default value that calls something. */
export const TICK_EXPRESSION = '--$rt.n<0&&$rt.x()'

/** What a catch does first: signals pass, and a stack that ran out becomes one. */
export const catchGuard = (caught: string): string => `$rt.c(${caught});`

/**
 * What stands around a `finally`. It runs when neither a signal passes nor what was caught is one: `flag` says that, also
 * when the stack has no room left to find out.
 */
export const finallyFlag = (flag: string): string => `let ${flag}=0;`
export const finallyCatch = (flag: string, caught: string): string =>
  `{${flag}=1;${catchGuard(caught)}${flag}=0;throw ${caught};}`
export const finallyGuard = (flag: string): string => `if(!${flag}&&!$rt.z)`

/** The runtime's operations and the number of arguments each takes. */
export const OPERATIONS: ReadonlyMap<string, number> = new Map([
  ['s', 3],
  ['s0', 2],
  ['s1', 3],
  ['s2', 4],
  ['q', 3],
  ['o', 2],
  ['g', 2],
  ['w', 3],
  ['u', 3],
  ['l', 4],
  ['p', 3],
  ['d', 2],
  ['r', 4],
  ['k', 1],
])

/** What text filters in front of the evaluator refuse, wherever it stands. */
export const REFUSED_TEXT =
  /<!--|-->|(?:^|[^.]|\.\.\.)\bimport(?:\s*(?:\(|\/[/*]))|(?:^|[^.])\beval(?:\s*\()/

/** A string as code. */
export function quote(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
    .replaceAll('<!--', '\\x3c!--')
    .replaceAll('-->', '--\\x3e')
    .replace(/\bimport(?=\s*[(/])/g, '\\x69mport')
    .replace(/\beval(?=\s*\()/g, '\\x65val')
}

/** A literal as code: as it stands, unless a filter would take it for something else. */
export function literalCode(node: Literal, raw: string): string {
  if (!MARKS.test(raw)) return raw
  if (node.regex) return `/${escapeRaw(node.regex.pattern)}/${node.regex.flags}`
  return typeof node.value === 'string' ? quote(node.value) : raw
}

/** The text of a template between its expressions, as code. */
export function templateCode(raw: string): string {
  return MARKS.test(raw) ? escapeRaw(raw) : raw
}

const MARKS = /<!--|-->|import|eval/

/**
 * Breaks the marks in a template's or a regex's own text without a change of meaning. In an opening mark it is the
 * last dash that is escaped, because `(?<!` and a range `!-` would lose theirs; in a closing mark the bracket.
 */
function escapeRaw(raw: string): string {
  return raw.replace(/\\c[A-Za-z]|\\[\s\S]|[\s\S]/g, (unit: string, index: number) => {
    if (unit.length === 3) return unit
    const at = index + unit.length - 1
    const here = raw[at]
    if (here === '-' && raw.slice(at - 3, at + 1) === '<!--') return '\\x2d'
    if (here === '>' && raw.slice(at - 2, at + 1) === '-->') return '\\x3e'
    if (here === 'i' && /^import(?:\s*[(/]|$)/.test(raw.slice(at, at + 64))) return '\\x69'
    if (here === 'e' && /^eval(?:\s*\(|$)/.test(raw.slice(at, at + 64))) return '\\x65'
    return unit
  })
}
