// Owns: the tree that is checked: a map from path to text, so that a test can plant a violation without a disk.
// Leaves: what is wrong with it to the checks.
// Laws: ST1 a check sees only the map, never the disk.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths from the root of the project, with `/`, to the text of the file. */
export type Tree = ReadonlyMap<string, string>

/** One thing that breaks a rule of the house. Lines count from 1; 0 means the file as a whole. */
export interface Violation {
  check: string
  path: string
  line: number
  sentence: string
}

/** A rule that a program can keep. The name is the one that STYLE.md cites. */
export interface Check {
  name: string
  run(tree: Tree): Violation[]
}

/** Folders that hold what others made, or what the project makes. */
const SKIPPED = new Set(['node_modules', 'dist', 'live_image', '.git', '.set-up-lock'])

/** Endings of the files that people write here. */
const TEXT = /(\.(ts|mjs|js|json|md|css|html|py|sql|sh|txt)|^LICENSE|^run)$/

/** Reads every text file of the project. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>()
  const read = (folder: string): void => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) read(path)
      else if (entry.isFile() && TEXT.test(entry.name)) {
        tree.set(path, readFileSync(join(root, path), 'utf8'))
      }
    }
  }
  read('')
  return tree
}

/** True for TypeScript of the project, tests included. */
export function isCode(path: string): boolean {
  return /^(src|test|tools|bench|examples)\/.*\.ts$/.test(path)
}

/** True for tests and for the programs that tests start, which end in `.fixture.ts`. */
export function isTest(path: string): boolean {
  return /\.(test|fixture)\.ts$/.test(path) || path.startsWith('test/')
}

/** True for a suite that several tests run: it holds titles, and no test runner finds it by itself. */
export function isContract(path: string): boolean {
  return /(-contract|\/contract-[a-z-]+)\.ts$/.test(path)
}

/** The files of a kind, in order of path. */
export function* filesWhere(
  tree: Tree,
  wanted: (path: string) => boolean,
): Generator<[path: string, text: string]> {
  for (const [path, text] of tree) if (wanted(path)) yield [path, text]
}

/**
 * The folder of a source file as the order of folders knows it: `kernel`, `ui/web` for what runs in the browser,
 * `main` for what lies in src itself; undefined outside src.
 */
export function folderOf(path: string): string | undefined {
  if (path.startsWith('src/ui/web/')) return 'ui/web'
  const parts = path.split('/')
  if (parts[0] !== 'src') return undefined
  return parts.length === 2 ? 'main' : parts[1]
}
