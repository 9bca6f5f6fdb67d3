// Owns: the claims about building one source.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toJavaScript } from './dist-source.ts'

test('[PA3] imports, workers and URLs of built sources get the new ending', () => {
  const text = [
    "import { a } from './a.ts'",
    "export { b } from '../b.ts'",
    "const c = new URL('./c.ts', import.meta.url)",
    'const d = await import(`./d.ts`)',
  ].join('\n')
  const built = toJavaScript(text, () => true)
  assert.equal(built, text.replaceAll('.ts', '.js'))
})

test('[PA3] strings that name no built file, and texts that only look so, stay as they are', () => {
  const text = "const a = ['./page.ts', 'a.ts', '.ts', 'see ./b.ts']\n"
  assert.equal(
    toJavaScript(text, (specifier) => specifier === './b.ts'),
    text,
  )
})

test('[PA3] types go, and every line stays where it was', () => {
  const built = toJavaScript('type A = string\nexport const a: A = `x`\n', () => true)
  assert.match(built, /^\s*\nexport const a\s+= `x`\n$/)
})
