// Owns: what in a method may never end, as its source shows it: loops without a way out, walks of what grows under them,
// patterns that backtrack without bound.
// Leaves: patterns to scslre; what is done about it to governance; what does not show in the source to fuel.
// Laws: KN156 a loop is named when nothing in it can end it.
import { createRequire } from 'node:module'
import type { MethodTree } from './parse.ts'
import { childrenOf, type Tree } from './tree.ts'

type Kind<Type extends Tree['type']> = Extract<Tree, { type: Type }>
type Loop = Kind<'WhileStatement' | 'DoWhileStatement' | 'ForStatement'>

/** Characters of a loop's head that are shown. */
const SHOWN = 60
/** Of each kind so many are named. */
const NAMED = 8

/** Each as its head stands in the source, in order and without doubles. */
export interface Endings {
  endless: string[]
  /** Patterns that take exponential time on some text. */
  slow: string[]
}

/** Looks through a method; `text` is what the tree's positions refer to. */
export function endingsOf(method: MethodTree, text: string): Endings {
  const endless = new Set<string>()
  const slow = new Set<string>()
  const walk = (node: Tree): void => {
    if (isEndless(node, text)) endless.add(headOf(node, text))
    const pattern = patternOf(node)
    if (pattern !== undefined && isSlow(pattern)) slow.add(headOf(node, text))
    for (const child of childrenOf(node)) walk(child)
  }
  for (const parameter of method.params) walk(parameter)
  walk(method.body)
  return { endless: [...endless].slice(0, NAMED), slow: [...slow].slice(0, NAMED) }
}

function headOf({ start, end }: Tree, text: string): string {
  return text.slice(start, Math.min(end, start + SHOWN)).split('\n')[0] as string
}

function isEndless(node: Tree, text: string): boolean {
  switch (node.type) {
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ForStatement':
      return (isAlways(node.test) || isRunaway(node) || isStill(node)) && !hasExit(node.body)
    case 'ForOfStatement':
      return growsUnder(node, text) && !hasExit(node.body)
    default:
      return false
  }
}

/** A test that holds whatever the values are, or none. */
function isAlways(test: Tree | null | undefined): boolean {
  if (test === null || test === undefined) return true
  if (test.type === 'LogicalExpression') {
    const either = [test.left, test.right] as const
    return test.operator === '&&' ? either.every(isAlways) : either.some(isAlways)
  }
  const known = constantOf(test)
  return known !== undefined && Boolean(known.value)
}

/** The value of an expression of literals alone. */
function constantOf(node: Tree): { value: unknown } | undefined {
  if (node.type === 'Literal' && !node.regex) return { value: node.value }
  if (node.type === 'UnaryExpression' && node.operator === '!') {
    const inner = constantOf(node.argument)
    return inner && { value: !inner.value }
  }
  if (node.type !== 'BinaryExpression') return undefined
  const left = constantOf(node.left as Tree)?.value
  const right = constantOf(node.right)?.value
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  const compare = COMPARISONS[node.operator]
  return compare && { value: compare(left, right) }
}

const COMPARISONS: Record<string, (a: number, b: number) => boolean> = {
  '===': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!==': (a, b) => a !== b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

/** `for (let i = 0; i >= 0; i++)`: it counts away from its end. */
function isRunaway(node: Loop): boolean {
  if (node.type !== 'ForStatement' || node.test?.type !== 'BinaryExpression') return false
  const { left, operator } = node.test
  if (left.type !== 'Identifier' || assigned(node.body).has(left.name)) return false
  const step = stepOf(node.update, left.name)
  return (step > 0 && operator.startsWith('>')) || (step < 0 && operator.startsWith('<'))
}

/** How a `for` moves its variable: more than 0 up, less down, 0 when it does not show. */
function stepOf(update: Tree | null | undefined, name: string): number {
  if (update?.type === 'UpdateExpression') {
    if (update.argument.type !== 'Identifier' || update.argument.name !== name) return 0
    return update.operator === '++' ? 1 : -1
  }
  if (update?.type !== 'AssignmentExpression') return 0
  if (update.left.type !== 'Identifier' || update.left.name !== name) return 0
  const by = constantOf(update.right)?.value
  if (typeof by !== 'number') return 0
  return update.operator === '+=' ? by : update.operator === '-=' ? -by : 0
}

/** A test of variables and literals alone, none of which anything in the loop assigns. */
function isStill(node: Loop): boolean {
  if (node.test === null || node.test === undefined) return false
  const names = plainNames(node.test)
  if (names === undefined || names.size === 0) return false
  const changed = assigned(node.body)
  if (node.type === 'ForStatement' && node.update)
    for (const name of assigned(node.update)) changed.add(name)
  // What is called may assign a variable that it shares with the loop.
  return !callsLocal(node) && ![...names].some((name) => changed.has(name))
}

function plainNames(test: Tree): Set<string> | undefined {
  if (test.type === 'Identifier') return new Set([test.name])
  if (test.type === 'Literal') return new Set()
  if (test.type === 'UnaryExpression') return plainNames(test.argument)
  if (test.type !== 'BinaryExpression' && test.type !== 'LogicalExpression') return undefined
  const left = plainNames(test.left as Tree)
  const right = plainNames(test.right)
  return left === undefined || right === undefined ? undefined : new Set([...left, ...right])
}

/** Variables that are assigned anywhere in a piece of the tree. */
function assigned(root: Tree): Set<string> {
  const names = new Set<string>()
  const walk = (node: Tree): void => {
    if (node.type === 'AssignmentExpression') patternNames(node.left, names)
    if (node.type === 'UpdateExpression') patternNames(node.argument, names)
    if (node.type === 'ForOfStatement' || node.type === 'ForInStatement')
      patternNames(node.left, names)
    for (const child of childrenOf(node)) walk(child)
  }
  walk(root)
  return names
}

function patternNames(pattern: Tree, names: Set<string>): void {
  if (pattern.type === 'Identifier') names.add(pattern.name)
  else if (pattern.type !== 'MemberExpression')
    for (const child of childrenOf(pattern)) patternNames(child, names)
}

function callsLocal(root: Tree): boolean {
  if (root.type === 'CallExpression' && root.callee.type === 'Identifier') return true
  return childrenOf(root).some(callsLocal)
}

/** `for (const x of list) list.push(…)`: the walk never comes to the end of what it lengthens. */
function growsUnder({ right, body }: Kind<'ForOfStatement'>, text: string): boolean {
  const walked = text.slice(right.start, right.end)
  const walk = (node: Tree): boolean =>
    (node.type === 'CallExpression' &&
      node.callee.type === 'MemberExpression' &&
      node.callee.property.type === 'Identifier' &&
      GROWING.has(node.callee.property.name) &&
      text.slice(node.callee.object.start, node.callee.object.end) === walked) ||
    childrenOf(node).some(walk)
  return (right.type === 'Identifier' || right.type === 'MemberExpression') && isBare(body, walk)
}

const GROWING = new Set(['push', 'unshift'])

/** Whether what is looked for happens at every step: in the loop's body itself, under no condition. */
function isBare(body: Tree, looked: (node: Tree) => boolean): boolean {
  const statements = body.type === 'BlockStatement' ? body.body : [body]
  return statements.some((one) => one.type === 'ExpressionStatement' && looked(one))
}

const FUNCTIONS = new Set(['FunctionExpression', 'FunctionDeclaration', 'ArrowFunctionExpression'])
const BREAKABLE = new Set([
  'WhileStatement',
  'DoWhileStatement',
  'ForStatement',
  'ForOfStatement',
  'ForInStatement',
  'SwitchStatement',
])

/** Whether something in a loop's body leaves it. */
function hasExit(body: Tree): boolean {
  const walk = (node: Tree, isInner: boolean): boolean => {
    if (FUNCTIONS.has(node.type)) return false
    if (node.type === 'ReturnStatement' || node.type === 'ThrowStatement') return true
    // A label may be that of this loop or of one around it: both leave it, or go on with one that does.
    if (node.type === 'BreakStatement') return !isInner || Boolean(node.label)
    if (node.type === 'ContinueStatement') return Boolean(node.label)
    const inner = isInner || BREAKABLE.has(node.type)
    return childrenOf(node).some((child) => walk(child, inner))
  }
  return walk(body, false)
}

interface Pattern {
  source: string
  flags: string
}

/** The pattern of a literal, or of `RegExp` with texts that stand there. */
function patternOf(node: Tree): Pattern | undefined {
  if (node.type === 'Literal' && node.regex) {
    return { source: node.regex.pattern, flags: node.regex.flags }
  }
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return undefined
  if (node.callee.type !== 'Identifier' || node.callee.name !== 'RegExp') return undefined
  const [source, flags] = node.arguments.map((one) =>
    one.type === 'Literal' ? one.value : undefined,
  )
  if (typeof source !== 'string') return undefined
  return { source, flags: typeof flags === 'string' ? flags : '' }
}

type Analyser = typeof import('scslre')
let analyser: Analyser | undefined

function isSlow(pattern: Pattern): boolean {
  // Loaded at the first pattern: most methods have none.
  analyser ??= createRequire(import.meta.url)('scslre') as Analyser
  if (!isPattern(pattern)) return false
  const { reports } = analyser.analyse(pattern, { reportTypes: { Move: false, Trade: false } })
  return reports.some(({ exponential }) => exponential)
}

/** One that is none fails where it is made, and walks nothing. */
function isPattern({ source, flags }: Pattern): boolean {
  try {
    return new RegExp(source, flags) !== undefined
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
