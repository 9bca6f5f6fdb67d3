// Owns: the files that a browser gets: our own modules without their types, the style sheet, three libraries.
// Leaves: serving them, and every header, to the bridge.
// Laws: UI1 nothing is fetched from elsewhere, and the first load is at most 120 KiB by gzip.
// UI2 the files are read once and bear an ETag made from their bytes.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { PageFiles } from '#bridge'

type PageFile = PageFiles['files'] extends ReadonlyMap<string, infer File> ? File : never

/** What the first load of the page may weigh, bytes after gzip: read in a moment, also on a slow machine. */
export const FIRST_LOAD_BYTES_MAX = 120 * 1024

const JAVASCRIPT = 'text/javascript; charset=utf-8'

/** The libraries of the page by the name under which its modules import them. */
const LIBRARIES: Readonly<Record<string, string>> = {
  preact: '/lib/preact.js',
  'preact/hooks': '/lib/preact-hooks.js',
  msgpackr: '/lib/msgpackr.js',
}

let read: PageFiles | undefined

/** The files of the page. They are read at the first call and kept, since they do not change while a kernel runs. */
export function pageFiles(): PageFiles {
  read ??= readPageFiles()
  return read
}

function readPageFiles(): PageFiles {
  const files = new Map<string, PageFile>()
  const web = new URL('./web/', import.meta.url)
  const modules: string[] = []
  let entry = ''
  for (const name of readdirSync(web).sort()) {
    const text = readWebFile(new URL(name, web), name)
    if (text === undefined) continue
    const path = `/web/${name}`
    files.set(path, pageFile(text.type, text.text))
    if (text.type === JAVASCRIPT) modules.push(path)
    if (/^main\.[jt]s$/.test(name)) entry = path
  }
  files.set('/lib/preact.js', pageFile(JAVASCRIPT, libraryText('preact')))
  files.set('/lib/preact-hooks.js', pageFile(JAVASCRIPT, libraryText('preact/hooks')))
  files.set('/lib/msgpackr.js', pageFile(JAVASCRIPT, msgpackrModule()))
  return { files, document: (nonce) => documentText(nonce, entry, modules) }
}

/** The text of one of our own files as the browser gets it; undefined for those that are not for the browser. */
function readWebFile(url: URL, name: string): { type: string; text: string } | undefined {
  if (/\.test\.[jt]s$|\.d\.ts$/.test(name)) return undefined
  if (name.endsWith('.css')) {
    return { type: 'text/css; charset=utf-8', text: readFileSync(url, 'utf8') }
  }
  if (name.endsWith('.svg')) return { type: 'image/svg+xml', text: readFileSync(url, 'utf8') }
  // An installed package has its types stripped already; both kinds keep the name that their importers use.
  if (name.endsWith('.js')) return { type: JAVASCRIPT, text: readFileSync(url, 'utf8') }
  if (name.endsWith('.ts')) {
    return { type: JAVASCRIPT, text: stripTypeScriptTypes(readFileSync(url, 'utf8')) }
  }
  return undefined
}

function libraryText(specifier: string): string {
  const text = readFileSync(fileURLToPath(import.meta.resolve(specifier)), 'utf8')
  // Source maps are not served; without this line no browser asks for them.
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, '')
}

/**
 * msgpackr as a module. Its usual build compiles readers with `new Function`, which the page's policy forbids;
 * the build without that is a script that fills an `exports` object, so it is given one.
 */
function msgpackrModule(): string {
  const script = fileURLToPath(import.meta.resolve('msgpackr/index-no-eval'))
  const text = readFileSync(script.replace(/\.cjs$/, '.min.js'), 'utf8')
  return [
    'const exports = {}, module = { exports }',
    text.replace(/^\/\/# sourceMappingURL=.*$/m, ''),
    'export const { Packr, Unpackr } = exports',
  ].join('\n')
}

function pageFile(type: string, text: string): PageFile {
  const body = Buffer.from(text)
  const hash = createHash('sha256').update(body).digest('base64url')
  return { type, body, gzip: gzipSync(body, { level: 9 }), etag: `"${hash}"` }
}

function documentText(nonce: string, entry: string, modules: readonly string[]): string {
  const preload = [...Object.values(LIBRARIES), ...modules]
    .map((path) => `<link rel="modulepreload" href="${path}">`)
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>BAT OS</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="A live world of objects that learn the messages they do not understand">
<link rel="icon" href="/web/icon.svg">
<link rel="stylesheet" href="/web/page.css">
<script type="importmap" nonce="${nonce}">${JSON.stringify({ imports: LIBRARIES })}</script>
${preload}
<script type="module" src="${entry}"></script>
</head>
<body>
<noscript>This page needs JavaScript. Without it, use the command: batos show genesis</noscript>
<div id="page"></div>
</body>
</html>
`
}
