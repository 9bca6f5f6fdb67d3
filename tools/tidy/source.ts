// Owns: what a check asks of a source file: its imports, its nodes, the lines they stand on.
// Leaves: parsing to the TypeScript compiler, which keeps types and positions.
// Laws: ST1 a check sees only the map: a file is parsed from its text, once.
import ts from 'typescript'

/** One import or re-export, static or dynamic. `isValue` is false when only types cross. */
export interface Import {
  specifier: string
  line: number
  isValue: boolean
}

const parsed = new Map<string, ts.SourceFile>()

/** The parsed text; the same text is parsed once. */
export function parse(path: string, text: string): ts.SourceFile {
  const key = `${path}\n${text}`
  let file = parsed.get(key)
  if (file === undefined) {
    file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true)
    parsed.set(key, file)
  }
  return file
}

/** The line of a node, from 1. */
export function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}

/** Calls `visit` for every node below and including the one given, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

function carriesValue(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) {
    if (node.isTypeOnly) return false
    const clause = node.exportClause
    if (clause === undefined || !ts.isNamedExports(clause)) return true
    return clause.elements.some((element) => !element.isTypeOnly)
  }
  const clause = node.importClause
  if (clause === undefined) return true
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return false
  const named = clause.namedBindings
  if (clause.name !== undefined || named === undefined || ts.isNamespaceImport(named)) return true
  return named.elements.some((element) => !element.isTypeOnly)
}

/** Every import of a file, types included. */
export function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = []
  walk(file, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const from = node.moduleSpecifier
      if (from === undefined || !ts.isStringLiteral(from)) return
      found.push({
        specifier: from.text,
        line: lineOf(file, node),
        isValue: carriesValue(node),
      })
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const from = node.argument.literal
      if (!ts.isStringLiteral(from)) return
      found.push({ specifier: from.text, line: lineOf(file, node), isValue: false })
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const from = node.arguments[0]
      if (from === undefined || !ts.isStringLiteralLike(from)) return
      found.push({ specifier: from.text, line: lineOf(file, node), isValue: true })
    }
  })
  return found
}

/** The path that a relative specifier names, from the root of the project. */
export function resolveFrom(path: string, specifier: string): string {
  const parts = path.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/**
 * The titles of the tests in a file, with their lines. A computed title is given as its fixed beginning. The claims of a
 * suite, `{ title: '[…] …', … }`, are titles too.
 */
export function titlesOf(file: ts.SourceFile): { title: string; line: number }[] {
  const titles: { title: string; line: number }[] = []
  walk(file, (node) => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === 'title') {
      const { initializer } = node
      if (ts.isStringLiteralLike(initializer) && /^\[[A-Z]{2}\d/.test(initializer.text)) {
        titles.push({ title: initializer.text, line: lineOf(file, node) })
      }
    }
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return
    if (node.expression.text !== 'test' && node.expression.text !== 'it') return
    const first = node.arguments[0]
    if (first === undefined) return
    if (ts.isStringLiteralLike(first)) titles.push({ title: first.text, line: lineOf(file, node) })
    else if (ts.isTemplateExpression(first)) {
      titles.push({ title: first.head.text, line: lineOf(file, node) })
    } else titles.push({ title: '', line: lineOf(file, node) })
  })
  return titles
}
