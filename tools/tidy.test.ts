// Owns: a planted violation for every check, the clean case beside it, and the claim that this tree is tidy.
// Leaves: the rules and their reasons to STYLE.md.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FOLDER_ORDER } from './tidy/allowed.ts'
import { readTree } from './tidy/tree.ts'
import { ALL_CHECKS, lineFor, ROOT, tidy } from './tidy.ts'

/** What one check says of a tree: `path:line` of each violation. */
function found(name: string, files: Record<string, string>): string[] {
  const check = ALL_CHECKS.find((each) => each.name === name)
  assert.ok(check, `there is a check ${name}`)
  return check.run(new Map(Object.entries(files))).map(({ path, line }) => `${path}:${line}`)
}

/** A source file with a fitting head. */
const source = (text: string): string => `// Owns: a part.\n${text}\n`

/** A line of code, many times. */
const lines = (count: number): string => 'work()\n'.repeat(count)

test('[ST10] a file of 701 lines is one too long, and 700 are not', () => {
  assert.deepEqual(found('file-length', { 'src/kernel/a.ts': lines(701) }), ['src/kernel/a.ts:0'])
  assert.deepEqual(found('file-length', { 'src/kernel/a.ts': lines(700) }), [])
})

test('[ST11] a function of 71 lines is found where it begins, tests excepted', () => {
  const long = `const x = 1\nfunction f() {\n${lines(69)}}\n`
  const short = `function f() {\n${lines(68)}}\n`
  assert.deepEqual(found('function-length', { 'src/a/a.ts': long }), ['src/a/a.ts:2'])
  assert.deepEqual(found('function-length', { 'src/a/a.ts': short }), [])
  assert.deepEqual(found('function-length', { 'src/a/a.test.ts': long }), [])
  const maker = `function make() {\n${`function f() {\n${lines(40)}}\n`.repeat(3)}}\n`
  assert.deepEqual(found('function-length', { 'src/a/a.ts': maker }), [])
})

test('[ST12] names in other cases and names that say nothing are refused', () => {
  assert.deepEqual(found('file-names', { 'src/a/PetName.ts': '' }), ['src/a/PetName.ts:0'])
  assert.deepEqual(found('file-names', { 'src/a/utils.ts': '' }), ['src/a/utils.ts:0'])
  assert.deepEqual(found('file-names', { 'src/helpers/a.ts': '' }), ['src/helpers/a.ts:0'])
  assert.deepEqual(found('file-names', { 'src/a/pet-name.adversary.test.ts': '' }), [])
})

test('[ST13] a file that opens with code, or does not say what it owns, is found', () => {
  assert.deepEqual(found('opening', { 'src/a/a.ts': 'const x = 1\n' }), ['src/a/a.ts:1'])
  assert.deepEqual(found('opening', { 'src/a/a.ts': '// Code.\nconst x = 1\n' }), ['src/a/a.ts:1'])
  assert.deepEqual(found('opening', { 'src/a/a.ts': source('const x = 1') }), [])
  assert.deepEqual(found('opening', { 'tools/a.mjs': '#!/usr/bin/env node\n// Starts it.\n' }), [])
})

test('[ST14] a catch without an act or a sentence is found, in both forms', () => {
  const silent = 'try { f() } catch {}\ng().catch(() => {})\n'
  const told = 'try { f() } catch { /* It is gone, which was wanted. */ }\n'
  assert.deepEqual(found('empty-catch', { 'src/a/a.ts': silent }), ['src/a/a.ts:1', 'src/a/a.ts:2'])
  assert.deepEqual(found('empty-catch', { 'src/a/a.ts': told }), [])
})

test('[ST15] a sixteenth file in ground is one too many', () => {
  const files: Record<string, string> = {}
  for (let n = 1; n <= 15; n += 1) files[`src/ground/word-${n}.ts`] = ''
  assert.deepEqual(found('ground-size', files), [])
  files['src/ground/word-16.ts'] = ''
  assert.deepEqual(found('ground-size', files), ['src/ground:0'])
})

test('[ST20] a relative import into another folder, an unknown door and the own door are found', () => {
  const check = (text: string): string[] => found('doors', { 'src/kernel/a.ts': text })
  assert.deepEqual(check("import { x } from '../image/store.ts'"), ['src/kernel/a.ts:1'])
  assert.deepEqual(check("import type { x } from '../image/store.ts'"), ['src/kernel/a.ts:1'])
  assert.deepEqual(check("import { x } from '#cellar'"), ['src/kernel/a.ts:1'])
  assert.deepEqual(check("import { x } from '#kernel'"), ['src/kernel/a.ts:1'])
  assert.deepEqual(check("import { x } from '#image'\nimport { y } from './zmq/b.ts'"), [])
  const journey = { 'test/journeys/a.test.ts': "import { x } from '../../src/kernel/b.ts'" }
  assert.deepEqual(found('doors', journey), ['test/journeys/a.test.ts:1'])
})

test('[ST21] an import to the right, even of a type, and an import of powers are found', () => {
  const check = (path: string, from: string): string[] =>
    found('folder-order', { [path]: `import type { x } from '${from}'` })
  assert.deepEqual(check('src/image/a.ts', '#kernel'), ['src/image/a.ts:1'])
  assert.deepEqual(check('src/kernel/a.ts', '#powers'), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/powers/a.ts', '#objects'), ['src/powers/a.ts:1'])
  assert.deepEqual(check('src/mind/a.ts', '#image'), ['src/mind/a.ts:1'])
  assert.deepEqual(check('src/ui/web/a.ts', '#kernel'), ['src/ui/web/a.ts:1'])
  assert.deepEqual(check('src/cellar/a.ts', '#ground'), ['src/cellar/a.ts:0'])
})

test('[ST21] imports to the left, of powers by main, and of the image by governance are not found', () => {
  const check = (path: string, from: string): string[] =>
    found('folder-order', { [path]: `import { x } from '${from}'` })
  assert.deepEqual(check('src/kernel/a.ts', '#image'), [])
  assert.deepEqual(check('src/governance/a.ts', '#image'), [])
  assert.deepEqual(check('src/main.ts', '#powers'), [])
  assert.deepEqual(check('src/ui/web/a.ts', '#protocol'), [])
})

test('[ST22] a ring of values is found once, and a ring closed by types is none', () => {
  const ring = {
    'src/a/a.ts': "import { b } from './b.ts'",
    'src/a/b.ts': "import { c } from './c.ts'",
    'src/a/c.ts': "import { a } from './a.ts'",
  }
  assert.deepEqual(found('rings', ring), ['src/a/a.ts:0'])
  const byType = { ...ring, 'src/a/c.ts': "import { type A } from './a.ts'" }
  assert.deepEqual(found('rings', byType), [])
})

test('[ST23] a package outside its home, or one without a home, is found', () => {
  const check = (path: string, name: string): string[] =>
    found('packages', { [path]: `import x from '${name}'` })
  assert.deepEqual(check('src/kernel/a.ts', 'lmdb'), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/kernel/a.ts', 'left-pad/core'), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/image/lmdb/a.ts', 'lmdb'), [])
})

test('[ST24] files and sockets outside powers are found, pure modules and types are not', () => {
  const check = (path: string, text: string): string[] => found('powers', { [path]: text })
  const reads = "import { readFile } from 'node:fs/promises'"
  assert.deepEqual(check('src/kernel/a.ts', reads), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/powers/a.ts', reads), [])
  assert.deepEqual(check('src/kernel/a.ts', "import type { Stats } from 'node:fs'"), [])
  assert.deepEqual(check('src/kernel/a.ts', "import { join } from 'node:path'"), [])
})

test('[ST25] a star and logic in a door are found', () => {
  const check = (path: string, text: string): string[] => found('named-exports', { [path]: text })
  assert.deepEqual(check('src/a/b.ts', "export * from './c.ts'"), ['src/a/b.ts:1'])
  assert.deepEqual(check('src/a/index.ts', 'export const x = 1'), ['src/a/index.ts:1'])
  assert.deepEqual(check('src/a/index.ts', "export { type X, y } from './b.ts'"), [])
})

test('[ST26] a file that only its test knows is dead; one that is spawned by its path is not', () => {
  const files = {
    'src/a/used.ts': source("start(new URL('./worker.ts', import.meta.url))"),
    'src/a/worker.ts': source(''),
    'src/a/index.ts': "export { x } from './used.ts'",
    'src/a/lost.ts': source(''),
    'src/a/lock-holder.fixture.ts': source(''),
    'src/a/lost.test.ts': "import { x } from './lost.ts'",
    'package.json': '{ "imports": { "#a": "./src/a/index.ts" } }',
  }
  assert.deepEqual(found('dead-files', files), ['src/a/lost.ts:0'])
})

test('[ST30] the clock, chance and printing are found outside their homes', () => {
  const check = (path: string, text: string): string[] => found('banned-calls', { [path]: text })
  assert.deepEqual(check('src/kernel/a.ts', 'f(Date.now())'), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/kernel/a.ts', '\nnew Date()'), ['src/kernel/a.ts:2'])
  assert.deepEqual(check('src/kernel/a.ts', 'new Date(1)'), [])
  assert.deepEqual(check('src/kernel/a.ts', "new Function('x')"), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/kernel/a.ts', "console.log('x')"), ['src/kernel/a.ts:1'])
  assert.deepEqual(check('src/kernel/a.test.ts', 'Math.random()'), ['src/kernel/a.test.ts:1'])
  assert.deepEqual(check('src/powers/clock.ts', 'Date.now()'), [])
})

test('[ST31] reading the environment or ending the process outside an entry is found', () => {
  const text = 'if (process.env.HOME) process.exit(1)'
  const where = 'src/kernel/a.ts:1'
  assert.deepEqual(found('process-reads', { 'src/kernel/a.ts': text }), [where, where])
  assert.deepEqual(found('process-reads', { 'src/main.ts': text }), [])
})

test('[ST32] a fault that is told by its class is found outside ground', () => {
  const text = 'if (e instanceof Fault) f()'
  assert.deepEqual(found('faults-by-code', { 'src/a/a.ts': text }), ['src/a/a.ts:1'])
  assert.deepEqual(found('faults-by-code', { 'src/ground/fault.ts': text }), [])
})

test('[ST33] a test that is skipped or singled out is found, in both forms', () => {
  const text = "test.only('x', f)\ntest('y', { skip: true }, f)\ntest('z', f)\nlist.skip(2)"
  const where = ['src/a/a.test.ts:1', 'src/a/a.test.ts:2']
  assert.deepEqual(found('whole-tests', { 'src/a/a.test.ts': text }), where)
})

test('[ST34] a test that sleeps is found, and one that bounds a wait is not', () => {
  const sleeps = 'await new Promise((resolve) => setTimeout(resolve, 10))'
  const imported = "import { setTimeout } from 'node:timers/promises'"
  assert.deepEqual(found('sleepless-tests', { 'test/a.test.ts': sleeps }), ['test/a.test.ts:1'])
  assert.deepEqual(found('sleepless-tests', { 'test/a.test.ts': imported }), ['test/a.test.ts:1'])
  assert.deepEqual(found('sleepless-tests', { 'test/a.test.ts': 'setTimeout(() => f(), 9)' }), [])
})

test('[ST35] a mark of unfinished work is found in any text', () => {
  const mark = ['TO', 'DO'].join('')
  assert.deepEqual(found('unfinished', { 'docs/a.md': `fine\n${mark}: more` }), ['docs/a.md:2'])
  assert.deepEqual(found('unfinished', { 'docs/a.md': 'todo lists are fine' }), [])
})

test('[ST36] a path of one machine and the host of a registry are found', () => {
  const path = ['', 'home', 'someone'].join('/')
  const host = ['registry', 'npmjs', 'org'].join('.')
  assert.deepEqual(found('machine-paths', { 'README.md': `see ${path}` }), ['README.md:1'])
  assert.deepEqual(found('machine-paths', { 'README.md': `from ${host}` }), ['README.md:1'])
  assert.deepEqual(found('machine-paths', { 'README.md': 'src/home/work and ./work/it' }), [])
})

test('[ST40] a rule without a test, a title without a rule and an unknown rule are found', () => {
  const files = {
    'src/a/SPEC.md': '# A\n\n- **AA1** It holds.\n- **AA2** It lasts.\n',
    'src/a/a.test.ts': "test('[AA1] it holds', f)\ntest('it is', f)\ntest('[AA9] it is', f)\n",
  }
  const where = ['src/a/a.test.ts:2', 'src/a/a.test.ts:3', 'src/a/SPEC.md:4']
  assert.deepEqual(found('rule-ids', files), where)
})

test('[ST40] titles of shared suites count, and rules of style that a reader keeps need no test', () => {
  const files = {
    'src/a/SPEC.md': '- **AA1** It holds.\n- **AA2** It lasts.\n',
    'src/a/store-contract.ts': "test('[AA1] [B3] it holds', f)\ntest(`[AA2] by ${name}`, f)\n",
    'STYLE.md': '- **ST98** Be kind. (review)\n',
  }
  assert.deepEqual(found('rule-ids', files), [])
})

test('[ST41] a law that no document declares is found on its line', () => {
  const files = {
    'src/a/SPEC.md': '- **AA1** It holds.\n',
    'src/a/a.ts': '// Owns: a.\n// Laws: AA1 it holds. AA7 it flies.\n',
  }
  assert.deepEqual(found('laws-exist', files), ['src/a/a.ts:2'])
})

const PAGE =
  "# BUSY\n\n`retry: 'later'`.\n\n" +
  '## What happened\n\n.\n\n## What to do\n\n.\n\n## Example\n\n.\n'

test('[ST42] a code without a page or a maker, and a page without a code or a part, are found', () => {
  const table = 'export const F = faultsOf({\n  BUSY: { retry: "later", remedy: "Wait." },\n})\n'
  const files = {
    'src/a/faults.ts': table,
    'src/a/a.ts': "throw F('BUSY', 'full')",
    'docs/faults/BUSY.md': PAGE,
  }
  assert.deepEqual(found('fault-pages', files), [])
  const unmade = { ...files, 'src/a/a.ts': '' }
  assert.deepEqual(found('fault-pages', unmade), ['src/a/faults.ts:2'])
  const { 'docs/faults/BUSY.md': page, ...pageless } = files
  assert.deepEqual(found('fault-pages', pageless), ['src/a/faults.ts:2'])
  const never = { ...files, 'src/a/faults.ts': table.replace('later', 'never') }
  assert.deepEqual(found('fault-pages', never), ['src/a/faults.ts:2'])
  const stray = { ...files, 'docs/faults/GONE.md': page.replace('BUSY', 'GONE') }
  assert.deepEqual(found('fault-pages', stray), ['docs/faults/GONE.md:0'])
  const partless = { ...files, 'docs/faults/BUSY.md': page.replace('## Example', 'Example') }
  assert.deepEqual(found('fault-pages', partless), ['docs/faults/BUSY.md:0'])
})

test('[ST43] a folder that is not drawn and one that is drawn but not there are found', () => {
  const order = `Imports point left: ${FOLDER_ORDER.join(' → ')}.`
  const files = { 'src/image/a.ts': '', 'ARCHITECTURE.md': `${order}\n- src/image keeps it\n` }
  const where = 'ARCHITECTURE.md:0'
  assert.deepEqual(found('architecture', files), [])
  assert.deepEqual(found('architecture', { ...files, 'src/mind/a.ts': '' }), [where])
  assert.deepEqual(found('architecture', { 'ARCHITECTURE.md': files['ARCHITECTURE.md'] }), [where])
  assert.deepEqual(found('architecture', { 'ARCHITECTURE.md': 'None.' }), [where])
})

test('[ST44] a sixty-first word and a word out of order are found', () => {
  const glossary = (words: string[]): Record<string, string> => ({
    'GLOSSARY.md': words.map((word) => `- **${word}** — a word.\n`).join(''),
  })
  const many = Array.from({ length: 61 }, (_, n) => `word ${String(n).padStart(2, '0')}`)
  assert.deepEqual(found('glossary', glossary(many)), ['GLOSSARY.md:0'])
  assert.deepEqual(found('glossary', glossary(many.slice(1))), [])
  assert.deepEqual(found('glossary', glossary(['turn', 'slot'])), ['GLOSSARY.md:0'])
})

test('[ST2] a check without a rule, a rule without its check and a rule without a keeper are found', () => {
  const rules = ALL_CHECKS.map(({ name }, n) => `- **ST${n}** Why. (tidy: ${name})\n`)
  const where = 'STYLE.md:0'
  assert.deepEqual(found('style-names-checks', { 'STYLE.md': rules.join('') }), [])
  assert.deepEqual(found('style-names-checks', { 'STYLE.md': rules.slice(1).join('') }), [where])
  const invented = `${rules.join('')}- **ST98** Why. (tidy: no-such-check)\n`
  assert.deepEqual(found('style-names-checks', { 'STYLE.md': invented }), [where])
  const unkept = `${rules.join('')}- **ST99** Be kind.\n`
  assert.deepEqual(found('style-names-checks', { 'STYLE.md': unkept }), [where])
})

test('[ST2] the tree is tidy', () => {
  assert.deepEqual(tidy(readTree(ROOT)).map(lineFor), [])
})
