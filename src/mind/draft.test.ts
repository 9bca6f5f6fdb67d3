// Owns: what models write, and what becomes of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskSource } from './code-scan.ts'
import { extractDraft } from './draft.ts'

const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``
const source = (text: string, selector: string) => {
  const draft = extractDraft(text, selector)
  return draft.ok ? draft.source : `PROBLEM ${draft.problem}`
}
const METHOD =
  'function deposit(self, amount) {\n  self.balance += amount\n  return self.balance\n}'

test('[MI31] a method is found with and without a fence, in prose, and when its fence was not closed', () => {
  const texts = [
    METHOD,
    fenced(METHOD),
    `Here it is:\n\n${fenced(METHOD)}\n\nIt adds the amount. Don't forget { this }.`,
    `\`\`\`typescript\n${METHOD}`,
    `\`\`\`\n${METHOD}\n\`\`\``,
    `Sure, it's easy:\n${METHOD}\nThis function adds.`,
    fenced(`export default ${METHOD}`),
    fenced(`// adds\n${METHOD}\n\nconsole.log(deposit({ balance: 1 }, 2))`),
    fenced(METHOD).replaceAll('\n', '\r\n'),
  ]
  for (const text of texts) assert.equal(source(text, 'deposit'), METHOD)
})

test('[MI31] the function with the name of the selector is taken among several, and a wrong name is put right', () => {
  const helper = 'function round(n) {\n  return Math.round(n)\n}'
  assert.equal(source(fenced(`${helper}\n${METHOD}`), 'deposit'), METHOD)
  assert.equal(source(fenced(METHOD.replace('deposit', 'put')), 'deposit'), METHOD)
  const keyword = source(fenced('function put(self, k, v) { return self.map[k] = v }'), 'at:put:')
  assert.equal(keyword, 'function at_put(self, k, v) { return self.map[k] = v }')
})

test('[MI31] self comes first also when the model forgot it or called it this', () => {
  const body = '{ return self.n }'
  assert.equal(source(`function f() ${body}`, 'f'), `function f(self) ${body}`)
  assert.equal(source(`function f(a: number) ${body}`, 'f'), `function f(self, a: number) ${body}`)
  assert.equal(
    source(`function f(this: Self, a) ${body}`, 'f'),
    `function f(self: Self, a) ${body}`,
  )
  assert.equal(source(`function f(self: Self) ${body}`, 'f'), `function f(self: Self) ${body}`)
})

test('[MI31] arrows and method shorthands become functions', () => {
  assert.equal(
    source(fenced('const f = (self, n: number) => self.n + n;'), 'f'),
    'function f(self, n: number) {\n  return self.n + n;\n}',
  )
  assert.equal(
    source(fenced('const f = (self) => {\n  return self.n\n}\n'), 'f'),
    'function f(self) {\n  return self.n\n}',
  )
  assert.equal(
    source(fenced('  f(self) {\n    return 1\n  }'), 'f'),
    'function f(self) {\n  return 1\n}',
  )
})

test('[MI31] TypeScript annotations stay, and a type with braces is not taken for the body', () => {
  const code =
    'function f<T>(self: Self, a: { b: T }, c = { d: 1 }): { e: number } | { g: T }[] {\n  return { e: c.d }\n}'
  assert.equal(source(fenced(code), 'f'), code)
})

test('[MI31] what cannot be mended is one sentence', () => {
  const problems: [string, RegExp][] = [
    ['I cannot do that.', /^PROBLEM there is no function; write function f\(self/],
    ['', /there is no function/],
    ['function f(self) { if (self.n) {', /cut off/],
    ['function f(self, ', /cut off/],
    ['async function f(self) { return 1 }', /must not be async/],
    ['function* f(self) { yield 1 }', /must not be a generator/],
  ]
  for (const [text, problem] of problems) assert.match(source(text, 'f'), problem)
})

test('[MI32] this becomes self in code and stays in strings, comments and regular expressions', () => {
  const code = [
    'function f(self) {',
    '  // this stays',
    '  const re = /this[/}]/g',
    "  return this.a + 'this' + `this ${this.b} }` + self.this + this['c']",
    '}',
  ].join('\n')
  const mended = [
    'function f(self) {',
    '  // this stays',
    '  const re = /this[/}]/g',
    "  return self.a + 'this' + `this ${self.b} }` + self.this + self['c']",
    '}',
  ].join('\n')
  assert.equal(source(fenced(code), 'f'), mended)
})

test('[MI32] braces in text do not end a method', () => {
  const code = [
    'function f(self) {',
    '  const a = "}" + \'}\' + `}${`}` + "}"}`',
    '  const b = 4 / 2 / 1 // }',
    '  /* } */ return a.replace(/}/g, String(b))',
    '}',
  ].join('\n')
  assert.equal(source(`${code}\nmore }`, 'f'), code)
})

test('[MI30] hostile text gives a problem, and scanning it looks at each character a bounded number of times', () => {
  const hostile = [
    '`${',
    '/*',
    '(',
    '<',
    'const a = (',
    'x',
    'async ',
    '```ts\n',
    '\n',
    'function f(',
    ': {',
  ]
  for (const piece of hostile) {
    for (const before of ['', 'function f(self', '```\n']) {
      const text = before + piece.repeat(Math.floor(19_000 / piece.length))
      assert.equal(maskSource(text).length, text.length)
      assert.equal(extractDraft(text, 'f').ok, false)
    }
  }
  assert.deepEqual(extractDraft('x'.repeat(20_001), 'f'), {
    ok: false,
    problem: 'the method is far too long',
  })
})
