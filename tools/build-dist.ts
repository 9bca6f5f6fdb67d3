// Owns: dist/, which is made before the package is packed: JavaScript, declarations, and what the sources read.
// Leaves: rewriting one file to dist-source.ts; what goes into the package to `files` of package.json.
// Laws: PA1 no test is built; the page's files are copied as they are, since the server strips them when it serves.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rewrite, toJavaScript } from './dist-source.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Texts about the sources: true of the clone, of no use in the package. */
const LEFT_OUT = /(\.(test|fixture)\.ts|\/SPEC\.md|\/tsconfig\.json)$/

/** Paths of every file in a folder, from that folder, with `/`. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
}

function isBuilt(path: string): boolean {
  return path.endsWith('.ts') && !path.startsWith('ui/web/') && !LEFT_OUT.test(`/${path}`)
}

/** Tells Node what the package's own files are, and where the doors lead. */
function manifest(): string {
  const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    imports: Record<string, string>
  }
  const doors = Object.entries(imports).map(([door, path]) => {
    const built = path.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js')
    return [door, built] as const
  })
  return `${JSON.stringify({ type: 'module', imports: Object.fromEntries(doors) }, undefined, 2)}\n`
}

/** Writes the type declarations that the library's entry needs. Ends the build when the types do not hold. */
function declare(dist: string): void {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const project = join(ROOT, 'tools', 'tsconfig.dist.json')
  const args = [compiler, '-p', project, '--outDir', dist]
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the types do not hold, so the package was not built')
  for (const path of filesIn(dist).filter((each) => each.endsWith('.d.ts'))) {
    const text = readFileSync(join(dist, path), 'utf8')
    writeFileSync(
      join(dist, path),
      rewrite(text, () => true),
    )
  }
}

/** Makes dist/ anew from src/. */
function build(): void {
  const source = join(ROOT, 'src')
  const dist = join(ROOT, 'dist')
  rmSync(dist, { recursive: true, force: true })
  for (const path of filesIn(source)) {
    if (LEFT_OUT.test(`/${path}`)) continue
    const target = join(dist, path)
    mkdirSync(dirname(target), { recursive: true })
    if (!isBuilt(path)) {
      copyFileSync(join(source, path), target)
      continue
    }
    const names = (specifier: string): boolean => {
      const named = posix.join(posix.dirname(path), specifier)
      return isBuilt(named) && existsSync(join(source, named))
    }
    const text = toJavaScript(readFileSync(join(source, path), 'utf8'), names)
    writeFileSync(target.replace(/\.ts$/, '.js'), text)
  }
  writeFileSync(join(dist, 'package.json'), manifest())
  declare(dist)
}

build()
