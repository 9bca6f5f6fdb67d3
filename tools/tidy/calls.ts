// Owns: the checks of what is called and read: hidden authority, sleeping tests, unfinished work, machine paths.
// Leaves: the list of calls and their homes to allowed.ts.
// Laws: ST30 ST31 ST32 ST33 ST34 ST35 ST36 of STYLE.md.
import ts from 'typescript'
import { BANNED_CALLS, type BannedCall, ENTRIES } from './allowed.ts'
import { importsOf, lineOf, parse, walk } from './source.ts'
import { type Check, filesWhere, isCode, isContract, isTest, type Violation } from './tree.ts'

/** The text of a call as the list names it: `Date.now`, `new Date()`, `new Function`; undefined for others. */
function callName(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node)) {
    const callee = node.expression
    if (ts.isIdentifier(callee)) return callee.text
    if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return
    return `${callee.expression.text}.${callee.name.text}`
  }
  if (!ts.isNewExpression(node) || !ts.isIdentifier(node.expression)) return
  const isBare = node.expression.text === 'Date' && (node.arguments?.length ?? 0) === 0
  return isBare ? 'new Date()' : `new ${node.expression.text}`
}

function isAtHome(banned: BannedCall, path: string): boolean {
  if (banned.exceptions[path] !== undefined || ENTRIES[path] !== undefined) return true
  return banned.home.some((home) => path.startsWith(home))
}

export const bannedCalls: Check = {
  name: 'banned-calls',
  run(tree) {
    const found: Violation[] = []
    const rules = new Map(BANNED_CALLS.map((banned) => [banned.call, banned]))
    for (const [path, text] of filesWhere(tree, (p) => isCode(p) && !p.startsWith('tools/'))) {
      // Tests may look at the clock and print; chance without a seed makes a test that cannot be repeated.
      const onlyChance = isTest(path) || isContract(path) || !path.startsWith('src/')
      const file = parse(path, text)
      walk(file, (node) => {
        const banned = rules.get(callName(node) ?? '')
        if (banned === undefined || isAtHome(banned, path)) return
        if (onlyChance && banned.call !== 'Math.random') return
        const sentence = `${banned.call}: ${banned.cure}`
        found.push({ check: 'banned-calls', path, line: lineOf(file, node), sentence })
      })
    }
    return found
  },
}

/** What of `process` only a program's entry may touch. */
const PROCESS_READS = new Set(['env', 'argv', 'cwd', 'exit', 'chdir', 'execPath'])

export const processReads: Check = {
  name: 'process-reads',
  run(tree) {
    const found: Violation[] = []
    const inSource = (p: string): boolean => p.startsWith('src/') && isCode(p) && !isTest(p)
    for (const [path, text] of filesWhere(tree, inSource)) {
      if (ENTRIES[path] !== undefined || path.startsWith('src/powers/')) continue
      const file = parse(path, text)
      walk(file, (node) => {
        if (!ts.isPropertyAccessExpression(node)) return
        if (!ts.isIdentifier(node.expression) || node.expression.text !== 'process') return
        if (!PROCESS_READS.has(node.name.text)) return
        const sentence = `process.${node.name.text} is read by the entry alone and handed in.`
        found.push({ check: 'process-reads', path, line: lineOf(file, node), sentence })
      })
    }
    return found
  },
}

export const faultsByCode: Check = {
  name: 'faults-by-code',
  run(tree) {
    const found: Violation[] = []
    const outside = (p: string): boolean => isCode(p) && !p.startsWith('src/ground/')
    for (const [path, text] of filesWhere(tree, outside)) {
      const file = parse(path, text)
      walk(file, (node) => {
        if (!ts.isBinaryExpression(node)) return
        if (node.operatorToken.kind !== ts.SyntaxKind.InstanceOfKeyword) return
        if (!ts.isIdentifier(node.right) || node.right.text !== 'Fault') return
        const sentence = 'a fault is known by its code, since it is stored and crosses processes.'
        found.push({ check: 'faults-by-code', path, line: lineOf(file, node), sentence })
      })
    }
    return found
  },
}

/** True for an expression that turns a test off, or all others off. */
function isSelective(node: ts.Node): boolean {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression, name } = node.expression
    if (!/^(only|skip|todo)$/.test(name.text) || !ts.isIdentifier(expression)) return false
    return /^(test|it|describe|suite|t)$/.test(expression.text)
  }
  if (!ts.isPropertyAssignment(node) || !ts.isIdentifier(node.name)) return false
  if (!/^(only|skip|todo)$/.test(node.name.text)) return false
  return node.initializer.kind === ts.SyntaxKind.TrueKeyword
}

export const wholeTests: Check = {
  name: 'whole-tests',
  run(tree) {
    const found: Violation[] = []
    for (const [path, text] of filesWhere(tree, (p) => isTest(p) || isContract(p))) {
      if (!isCode(path)) continue
      const file = parse(path, text)
      walk(file, (node) => {
        if (!isSelective(node)) return
        const sentence = 'a test runs, or it goes; a case that cannot apply says its reason.'
        found.push({ check: 'whole-tests', path, line: lineOf(file, node), sentence })
      })
    }
    return found
  },
}

/** True when a test waits for time to pass: `setTimeout(resolve, …)`, or the promise form of it. */
function isSleep(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return false
  const first = node.arguments[0]
  if (node.expression.text !== 'setTimeout' || first === undefined) return false
  return ts.isIdentifier(first) && node.arguments.length > 1
}

export const sleeplessTests: Check = {
  name: 'sleepless-tests',
  run(tree) {
    const found: Violation[] = []
    for (const [path, text] of filesWhere(tree, (p) => isTest(p) && isCode(p))) {
      const file = parse(path, text)
      const report = (line: number): void => {
        const sentence = 'a test waits for an event, not for time.'
        found.push({ check: 'sleepless-tests', path, line, sentence })
      }
      for (const { specifier, line } of importsOf(file)) {
        if (specifier === 'node:timers/promises') report(line)
      }
      walk(file, (node) => {
        if (isSleep(node)) report(lineOf(file, node))
      })
    }
    return found
  },
}

/** Reports each line of each text file that a pattern matches. */
function linesMatching(
  check: string,
  pattern: RegExp,
  sentence: string,
): Pick<Check, 'name' | 'run'> {
  return {
    name: check,
    run(tree) {
      const found: Violation[] = []
      for (const [path, text] of tree) {
        for (const [index, line] of text.split('\n').entries()) {
          if (pattern.test(line)) found.push({ check, path, line: index + 1, sentence })
        }
      }
      return found
    },
  }
}

export const unfinished: Check = linesMatching(
  'unfinished',
  /\b(TO(?:DO)|FIX(?:ME)|HA(?:CK)|XX(?:X))\b/,
  'finish it, or leave it out; what is absent on purpose stands in ARCHITECTURE.md.',
)

export const machinePaths: Check = linesMatching(
  'machine-paths',
  /(^|[^\w.])\/(work|root|home)\/\w|\bregistry\.npmjs\b|\bpypi\.org\b|\bpythonhosted\b/,
  'a path or host of one machine; the project speaks of itself alone.',
)
