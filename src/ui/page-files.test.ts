// Owns: what a browser is given to load.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRST_LOAD_BYTES_MAX, pageFiles } from './page-files.ts'

test('[UI1] the first load is at most 120 KiB by gzip', () => {
  let bytes = pageFiles().document('n').length
  for (const file of pageFiles().files.values()) bytes += file.gzip.length
  assert.ok(bytes <= FIRST_LOAD_BYTES_MAX, `${bytes} bytes`)
})

test('[UI1] every module imports only what is served, and nothing is fetched from elsewhere', () => {
  const { files, document } = pageFiles()
  const html = document('n')
  const map = JSON.parse(/<script type="importmap"[^>]*>(.*)<\/script>/.exec(html)?.[1] ?? '')
  const imports = map.imports as Record<string, string>
  for (const path of Object.values(imports)) assert.ok(files.has(path), path)
  for (const match of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.ok(files.has(match[1] as string), match[1])
  }
  let seen = 0
  for (const [path, file] of files) {
    if (!path.startsWith('/web/') || !file.type.startsWith('text/javascript')) continue
    for (const match of String(file.body).matchAll(/^(?:import|export)[^'"]*? from '([^']+)'/gm)) {
      const specifier = match[1] as string
      const target = specifier.startsWith('./') ? `/web/${specifier.slice(2)}` : imports[specifier]
      assert.ok(target !== undefined && files.has(target), `${path} imports ${specifier}`)
      seen++
    }
  }
  assert.ok(seen > 20)
})

test('[UI1] no test and no type declaration is served', () => {
  for (const path of pageFiles().files.keys()) assert.doesNotMatch(path, /\.test\.|\.d\.ts$/)
})

test('[UI2] the files are read once, and each bears its own ETag', () => {
  assert.equal(pageFiles(), pageFiles())
  const etags = [...pageFiles().files.values()].map((file) => file.etag)
  assert.equal(new Set(etags).size, etags.length)
  for (const etag of etags) assert.match(etag, /^"[\w-]{43}"$/)
})

test('[UI3] no module compiles text, and only the import map is written into the document', () => {
  for (const [path, file] of pageFiles().files) {
    const text = String(file.body)
    assert.doesNotMatch(text, /\bnew Function\b|\beval\(/, path)
    if (!path.startsWith('/web/')) continue
    assert.doesNotMatch(text, /innerHTML|dangerouslySetInnerHTML|document\.write/, path)
  }
  const scripts = [
    ...pageFiles()
      .document('n')
      .matchAll(/<script([^>]*)>/g),
  ].map((m) => m[1])
  assert.equal(scripts.length, 2)
  assert.ok(scripts.every((attributes) => /importmap|src="/.test(attributes ?? '')))
})
