// Owns: random edits of a method's source: one small change that keeps it a method.
// Leaves: judging them to null-model.ts.
// Laws: the same seed makes the same edits; an edit is never the text that it began with.
import ts from 'typescript'

/** A part of the source and what takes its place. */
interface Edit {
  kind: string
  from: number
  to: number
  text: string
}

/** Operators that may stand for one another. */
const OPERATORS: readonly (readonly string[])[] = [
  ['+', '-', '*', '/', '%'],
  ['<', '<=', '>', '>=', '===', '!=='],
  ['&&', '||'],
  ['+=', '-=', '*=', '='],
]

const others = <T>(all: readonly T[], one: T) => all.filter((other) => other !== one)

/** All edits of one source. `peers` are names of slots beside those that the source uses. */
function editsOf(source: string, peers: readonly string[]): Edit[] {
  const file = ts.createSourceFile('method.ts', source, ts.ScriptTarget.Latest, true)
  const edits: Edit[] = []
  const put = (kind: string, node: ts.Node, ...texts: string[]) => {
    for (const text of texts) {
      edits.push({ kind, from: node.getStart(file), to: node.end, text })
    }
  }
  const locals = new Set<string>()
  const members = new Set<string>(peers)
  const gather = (node: ts.Node): void => {
    const isNamed = ts.isParameter(node) || ts.isVariableDeclaration(node)
    if (isNamed && ts.isIdentifier(node.name)) locals.add(node.name.text)
    if (ts.isPropertyAccessExpression(node) && node.expression.getText(file) === 'self') {
      members.add(node.name.text)
    }
    node.forEachChild(gather)
  }
  gather(file)
  const visit = (node: ts.Node): void => {
    editNode(node, file, { locals: [...locals], members: [...members] }, put)
    node.forEachChild(visit)
  }
  visit(file)
  return edits.filter(({ from, to, text }) => source.slice(from, to) !== text)
}

type Put = (kind: string, node: ts.Node, ...texts: string[]) => void
interface Names {
  locals: string[]
  members: string[]
}

function editNode(node: ts.Node, file: ts.SourceFile, names: Names, put: Put): void {
  const text = node.getText(file)
  if (ts.isBinaryExpression(node)) {
    const own = node.operatorToken.getText(file)
    const family = OPERATORS.find((one) => one.includes(own))
    if (family !== undefined) put('operator', node.operatorToken, ...others(family, own))
  }
  if (ts.isNumericLiteral(node)) {
    const n = Number(node.text)
    put('constant', node, `${n + 1}`, `(${n - 1})`, '0', `${n * 2}`, `(-${n})`)
  }
  if (ts.isStringLiteral(node)) put('constant', node, "''", `${text} + ' '`)
  if (node.kind === ts.SyntaxKind.TrueKeyword) put('constant', node, 'false')
  if (node.kind === ts.SyntaxKind.FalseKeyword) put('constant', node, 'true')
  const condition =
    ts.isIfStatement(node) || ts.isWhileStatement(node)
      ? node.expression
      : ts.isConditionalExpression(node)
        ? node.condition
        : undefined
  if (condition !== undefined) put('condition', condition, `!(${condition.getText(file)})`)
  if (ts.isIdentifier(node)) renamed(node, text, names, put)
  if (ts.isBlock(node)) statements(node, file, names, put)
}

function renamed(node: ts.Identifier, text: string, { locals, members }: Names, put: Put): void {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    if (members.includes(text)) put('name', node, ...others(members, text))
    return
  }
  const isDeclared = ts.isParameter(parent) || ts.isVariableDeclaration(parent)
  if (isDeclared && parent.name === node) return
  if (text !== 'self' && locals.includes(text)) {
    put('name', node, ...others(locals, text).filter((one) => one !== 'self'))
  }
}

function statements(block: ts.Block, file: ts.SourceFile, names: Names, put: Put): void {
  const all = block.statements
  for (const [i, one] of all.entries()) {
    const text = one.getText(file)
    if (!ts.isVariableStatement(one)) put('drop', one, '')
    if (ts.isExpressionStatement(one)) put('twice', one, `${text}; ${text}`)
    for (const name of names.members) put('early', one, `return self.${name}; ${text}`)
    const next = all[i + 1]
    if (next === undefined) continue
    const both = { ...one, getStart: () => one.getStart(file), end: next.end } as ts.Node
    put('order', both, `${next.getText(file)}; ${text}`)
  }
}

/** Up to `many` different edits of a source, by a generator of numbers from 0 to 1. */
export function randomEdits(
  source: string,
  peers: readonly string[],
  many: number,
  random: () => number,
): { kind: string; source: string }[] {
  const edits = editsOf(source, peers)
  const kinds = [...new Set(edits.map(({ kind }) => kind))]
  const found = new Map<string, string>()
  // Kind first, so that the kind with most places does not crowd out the others.
  for (let tries = 0; tries < many * 20 && found.size < many && kinds.length > 0; tries++) {
    const kind = kinds[Math.floor(random() * kinds.length)]
    const ofKind = edits.filter((one) => one.kind === kind)
    const { from, to, text } = ofKind[Math.floor(random() * ofKind.length)] as Edit
    const edited = source.slice(0, from) + text + source.slice(to)
    if (edited !== source && !found.has(edited)) found.set(edited, kind as string)
  }
  return [...found].map(([edited, kind]) => ({ kind, source: edited }))
}
