// Owns: the checks of size, name and form: what can be said of a file without its neighbours.
// Leaves: imports to imports.ts, calls to calls.ts.
// Laws: ST10 ST11 ST12 ST13 ST14 ST15 of STYLE.md.
import ts from 'typescript'
import { lineOf, parse, walk } from './source.ts'
import { type Check, filesWhere, isCode, isTest, type Violation } from './tree.ts'

/** Lines of a file: a reader holds less than this in the head, and most files need a third of it. */
const FILE_LINES_MAX = 700

/** Lines of a function: what fits on a tall screen, so that its beginning and end are seen together. */
const FUNCTION_LINES_MAX = 70

/** Files in ground: it is what everybody leans on, so it must stay small enough to know by heart. */
const GROUND_FILES_MAX = 15

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/

/** Names that say nothing of what is inside, so anything ends up there. */
const EMPTY_NAMES = /^(utils?|types|helpers?|managers?|services?|common|misc|shared|lib)$/

export const fileLength: Check = {
  name: 'file-length',
  run(tree) {
    const found: Violation[] = []
    for (const [path, text] of filesWhere(tree, (p) => isCode(p) || /\.mjs$/.test(p))) {
      const lines = text.split('\n').length - 1
      if (lines <= FILE_LINES_MAX) continue
      const sentence = `${lines} lines; at most ${FILE_LINES_MAX}. Find the second noun in it.`
      found.push({ check: 'file-length', path, line: 0, sentence })
    }
    return found
  },
}

function linesOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.end).line - lineOf(file, node) + 2
}

/** Lines of a function without those of the functions inside it, which are counted by themselves. */
function ownLines(file: ts.SourceFile, node: ts.Node): number {
  let inner = 0
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child)) inner += linesOf(file, child) - 1
    else ts.forEachChild(child, visit)
  }
  ts.forEachChild(node, visit)
  return linesOf(file, node) - inner
}

export const functionLength: Check = {
  name: 'function-length',
  run(tree) {
    const found: Violation[] = []
    for (const [path, text] of filesWhere(tree, (p) => isCode(p) && !isTest(p))) {
      const file = parse(path, text)
      walk(file, (node) => {
        if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
        const lines = ownLines(file, node)
        if (lines <= FUNCTION_LINES_MAX) return
        const sentence = `a function of ${lines} lines of its own; at most ${FUNCTION_LINES_MAX}.`
        found.push({ check: 'function-length', path, line: lineOf(file, node), sentence })
      })
    }
    return found
  },
}

export const fileNames: Check = {
  name: 'file-names',
  run(tree) {
    const found: Violation[] = []
    for (const [path] of filesWhere(tree, (p) => isCode(p) || /^tools\/.*\.mjs$/.test(p))) {
      const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.(ts|mjs)$/, '')
      const folders = path.split('/').slice(0, -1)
      const report = (sentence: string): void => {
        found.push({ check: 'file-names', path, line: 0, sentence })
      }
      if (!KEBAB.test(base)) report('write the name in kebab-case.')
      const empty = [base.replace(/\..*$/, ''), ...folders].find((word) => EMPTY_NAMES.test(word))
      if (empty !== undefined) report(`"${empty}" says nothing of what is inside; name the noun.`)
    }
    return found
  },
}

/** The comment that a text begins with, after a shebang; undefined when code comes first. */
function headOf(text: string): string | undefined {
  const body = text.replace(/^#!.*\n/, '').trimStart()
  if (body.startsWith('/*')) return body.slice(0, body.indexOf('*/'))
  return /^(\/\/.*\n)+/.exec(body)?.[0]
}

export const opening: Check = {
  name: 'opening',
  run(tree) {
    const found: Violation[] = []
    for (const [path, text] of filesWhere(tree, (p) => isCode(p) || /^tools\/.*\.mjs$/.test(p))) {
      const head = headOf(text)
      const report = (sentence: string): void => {
        found.push({ check: 'opening', path, line: 1, sentence })
      }
      if (head === undefined) report('open with a comment that says what the file owns.')
      else if (!path.startsWith('src/') || isTest(path) || path.endsWith('/index.ts')) continue
      else if (!head.includes('Owns:')) report('the first comment must say "Owns:".')
    }
    return found
  },
}

/** True when the braces of a block hold neither a statement nor a sentence of why not. */
function isBlank(file: ts.SourceFile, block: ts.Block): boolean {
  if (block.statements.length > 0) return false
  return !/\/[/*]/.test(block.getText(file))
}

export const emptyCatch: Check = {
  name: 'empty-catch',
  run(tree) {
    const found: Violation[] = []
    for (const [path, text] of filesWhere(tree, isCode)) {
      const file = parse(path, text)
      const report = (node: ts.Node): void => {
        const sentence = 'an error is swallowed; handle it, or say in the braces why it is no loss.'
        found.push({ check: 'empty-catch', path, line: lineOf(file, node), sentence })
      }
      walk(file, (node) => {
        if (ts.isCatchClause(node) && isBlank(file, node.block)) report(node)
        if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return
        if (node.expression.name.text !== 'catch') return
        const handler = node.arguments[0]
        if (handler === undefined || !ts.isArrowFunction(handler)) return
        if (ts.isBlock(handler.body) && isBlank(file, handler.body)) report(handler)
      })
    }
    return found
  },
}

export const groundSize: Check = {
  name: 'ground-size',
  run(tree) {
    const files = [...filesWhere(tree, (p) => p.startsWith('src/ground/') && isCode(p))]
    const count = files.filter(([path]) => !isTest(path)).length
    if (count <= GROUND_FILES_MAX) return []
    const sentence = `${count} files; at most ${GROUND_FILES_MAX}. What has a domain word goes elsewhere.`
    return [{ check: 'ground-size', path: 'src/ground', line: 0, sentence }]
  },
}
