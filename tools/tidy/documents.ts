// Owns: the checks that keep documents true: fault pages, the order in ARCHITECTURE.md, the glossary, STYLE.md.
// Leaves: what the documents say to their writers.
// Laws: ST42 ST43 ST44 ST45 of STYLE.md.
import ts from 'typescript'
import { FOLDER_ORDER } from './allowed.ts'
import { lineOf, parse, walk } from './source.ts'
import { type Check, filesWhere, isCode, isTest, type Tree, type Violation } from './tree.ts'

/** Words in the glossary: more than this is learnt by nobody. */
const GLOSSARY_WORDS_MAX = 60

/** The parts of a fault's page, in order. */
const FAULT_PARTS = ['## What happened', '## What to do', '## Example']

/** A code in a table of faults: where it stands, and what the table says of trying again. */
interface CodeEntry {
  code: string
  retry: string
  path: string
  line: number
}

/** Every entry of every table; a code that several folders make stands in the table of each. */
function codesOf(tree: Tree): CodeEntry[] {
  const codes: CodeEntry[] = []
  for (const [path, text] of filesWhere(tree, (p) => /^src\/.*\bfaults\.ts$/.test(p))) {
    const file = parse(path, text)
    walk(file, (node) => {
      if (!ts.isPropertyAssignment(node) || !ts.isObjectLiteralExpression(node.initializer)) return
      const code = node.name.getText(file).replace(/^['"]|['"]$/g, '')
      if (!/^[A-Z][A-Z0-9_]+$/.test(code)) return
      const retry = /\bretry: ['"](\w+)['"]/.exec(node.getText(file))?.[1] ?? ''
      codes.push({ code, retry, path, line: lineOf(file, node) })
    })
  }
  return codes
}

/** Every string that sources other than tables and tests hold. */
function stringsOf(tree: Tree): Set<string> {
  const strings = new Set<string>()
  const isUser = (p: string): boolean => p.startsWith('src/') && isCode(p) && !isTest(p)
  for (const [path, text] of filesWhere(tree, isUser)) {
    if (/\bfaults\.ts$/.test(path)) continue
    walk(parse(path, text), (node) => {
      if (ts.isStringLiteralLike(node)) strings.add(node.text)
    })
  }
  return strings
}

export const faultPages: Check = {
  name: 'fault-pages',
  run(tree) {
    const found: Violation[] = []
    const report = (path: string, line: number, sentence: string): void => {
      found.push({ check: 'fault-pages', path, line, sentence })
    }
    const entries = codesOf(tree)
    const codes = new Set(entries.map((entry) => entry.code))
    const strings = stringsOf(tree)
    for (const { code, retry, path, line } of entries) {
      const page = tree.get(`docs/faults/${code}.md`)
      if (page === undefined) report(path, line, `${code} has no page.`)
      else if (!page.includes(`\`retry: '${retry}'\``)) {
        report(path, line, `the page of ${code} says something else of trying again.`)
      }
      if (!strings.has(code)) report(path, line, `${code} is in the table, and nothing makes it.`)
    }
    for (const [path, text] of filesWhere(tree, (p) => /^docs\/faults\/.*\.md$/.test(p))) {
      const code = path.slice('docs/faults/'.length, -'.md'.length)
      if (!codes.has(code)) report(path, 0, `no table of faults has ${code}.`)
      if (!text.startsWith(`# ${code}\n`)) report(path, 1, `the page must begin with "# ${code}".`)
      let at = -1
      for (const part of FAULT_PARTS) {
        const next = text.indexOf(`\n${part}\n`)
        if (next <= at) report(path, 0, `"${part}" is missing, or not in its place.`)
        at = next
      }
    }
    return found
  },
}

export const architecture: Check = {
  name: 'architecture',
  run(tree) {
    const path = 'ARCHITECTURE.md'
    const text = tree.get(path)
    if (text === undefined) return [{ check: 'architecture', path, line: 0, sentence: 'missing.' }]
    const found: Violation[] = []
    const order = FOLDER_ORDER.join(' → ')
    if (!text.includes(order)) {
      const sentence = `the order of folders must stand there as \`${order}\`.`
      found.push({ check: 'architecture', path, line: 0, sentence })
    }
    const folders = new Set<string>()
    for (const [file] of filesWhere(tree, (p) => /^src\/[^/]+\/.*\.ts$/.test(p))) {
      folders.add(file.split('/')[1] as string)
    }
    const told = new Set([...text.matchAll(/\bsrc\/([a-z]+)\b/g)].map((match) => match[1]))
    for (const folder of folders) {
      if (told.has(folder)) continue
      found.push({ check: 'architecture', path, line: 0, sentence: `src/${folder} is not told.` })
    }
    for (const folder of told) {
      if (folders.has(folder as string) || tree.has(`src/${folder}.ts`)) continue
      found.push({ check: 'architecture', path, line: 0, sentence: `src/${folder} is not there.` })
    }
    return found
  },
}

export const glossary: Check = {
  name: 'glossary',
  run(tree) {
    const path = 'GLOSSARY.md'
    const found: Violation[] = []
    const report = (sentence: string): void => {
      found.push({ check: 'glossary', path, line: 0, sentence })
    }
    const text = tree.get(path)
    if (text === undefined) report('missing.')
    const words = [...(text ?? '').matchAll(/^- \*\*([^*]+)\*\*/gm)].map((match) => match[1] ?? '')
    if (words.length > GLOSSARY_WORDS_MAX) {
      report(`${words.length} words; at most ${GLOSSARY_WORDS_MAX}.`)
    }
    for (const [index, word] of words.entries()) {
      const before = words[index - 1]
      if (before !== undefined && before.toLowerCase() >= word.toLowerCase()) {
        report(`"${word}" is not in its place in the alphabet, or stands there twice.`)
      }
    }
    return found
  },
}

/** The check that compares STYLE.md with the names of all checks: a rule that is not checked is a wish. */
export function styleNamesChecks(names: readonly string[]): Check {
  return {
    name: 'style-names-checks',
    run(tree) {
      const path = 'STYLE.md'
      const text = tree.get(path) ?? ''
      const cited = new Set([...text.matchAll(/\(tidy: ([a-z-]+)\)/g)].map((match) => match[1]))
      const found: Violation[] = []
      const report = (sentence: string): void => {
        found.push({ check: 'style-names-checks', path, line: 0, sentence })
      }
      for (const name of names) if (!cited.has(name)) report(`no rule names the check ${name}.`)
      for (const name of cited) {
        if (!names.includes(name as string)) report(`there is no check ${name}.`)
      }
      for (const [index, line] of text.split('\n').entries()) {
        if (!/^- \*\*ST/.test(line)) continue
        const rest = text.split('\n').slice(index)
        const end = rest.findIndex((next, at) => at > 0 && /^(- |#|$)/.test(next))
        const whole = rest.slice(0, end < 0 ? undefined : end).join(' ')
        if (!/\((tidy: [a-z-]+|types|review)\)\s*$/.test(whole)) {
          report(`line ${index + 1} does not say who keeps the rule.`)
        }
      }
      return found
    },
  }
}
