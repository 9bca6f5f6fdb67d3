// Owns: the checks of who may import whom: doors, the order of folders, rings, packages, dead files.
// Leaves: the names of folders and packages, and the exceptions with their reasons, to allowed.ts.
// Laws: ST20 ST21 ST22 ST23 ST24 ST25 ST26 of STYLE.md.
import ts from 'typescript'
import {
  DOORS,
  FOLDER_ORDER,
  IMAGE_READERS,
  PACKAGES,
  POWERFUL_MODULES,
  POWERS_ELSEWHERE,
} from './allowed.ts'
import { ringsIn } from './rings.ts'
import { type Import, importsOf, lineOf, parse, resolveFrom, walk } from './source.ts'
import {
  type Check,
  filesWhere,
  folderOf,
  isCode,
  isContract,
  isTest,
  type Tree,
  type Violation,
} from './tree.ts'

/** Calls `visit` with every import of every source file. */
function eachImport(
  tree: Tree,
  wanted: (path: string) => boolean,
  visit: (path: string, found: Import) => void,
): void {
  for (const [path, text] of filesWhere(tree, (p) => isCode(p) && wanted(p))) {
    for (const found of importsOf(parse(path, text))) visit(path, found)
  }
}

/** The sentence against an import that goes around a door, or undefined. */
function pastDoor(path: string, specifier: string): string | undefined {
  const folder = folderOf(path)
  if (specifier.startsWith('.')) {
    const target = resolveFrom(path, specifier)
    if (folder === undefined) {
      return target.startsWith('src/') ? 'reach src by its doors, `#name`.' : undefined
    }
    const there = folderOf(target)
    return there === folder ? undefined : `reach ${there ?? target} by its door, \`#name\`.`
  }
  if (!specifier.startsWith('#')) return undefined
  if (!DOORS.has(specifier)) return `${specifier} is not a door; package.json names them.`
  if (specifier === `#${folder}`) return 'inside its own folder a file imports files, not the door.'
  return undefined
}

export const doors: Check = {
  name: 'doors',
  run(tree) {
    const violations: Violation[] = []
    eachImport(
      tree,
      () => true,
      (path, { specifier, line }) => {
        const sentence = pastDoor(path, specifier)
        if (sentence !== undefined) violations.push({ check: 'doors', path, line, sentence })
      },
    )
    return violations
  },
}

/** Doors that do not bear the name of the folder they open. */
const DOOR_FOLDERS: Readonly<Record<string, string>> = {
  '#protocol': 'bridge',
  '#batos': 'main',
  '#image-contract': 'main',
  '#image-door': 'main',
}

/** The sentence against an import that points right, or undefined. */
function pointsRight(path: string, specifier: string): string | undefined {
  const folder = folderOf(path)
  if (folder === undefined || !specifier.startsWith('#')) return undefined
  const target = DOOR_FOLDERS[specifier] ?? specifier.slice(1)
  if (folder === 'ui/web') {
    return specifier === '#protocol' ? undefined : 'the page sees `#protocol` and its own files.'
  }
  if (target === 'powers') {
    if (folder === 'main' || isTest(path)) return undefined
    return 'powers are handed in by main, never imported.'
  }
  if (folder === 'powers') {
    return target === 'ground' ? undefined : 'powers depend on ground alone.'
  }
  const mine = FOLDER_ORDER.indexOf(folder)
  if (mine < 0) return undefined
  const theirs = FOLDER_ORDER.indexOf(target)
  if (theirs > mine) {
    return `${folder} may not import ${target}, which is to its right; let ${folder} declare an interface.`
  }
  const pastKernel = mine > FOLDER_ORDER.indexOf('kernel')
  if (target === 'image' && pastKernel && !isTest(path) && !IMAGE_READERS.has(folder)) {
    return 'right of the kernel the world is reached by messages; only governance reads the image.'
  }
  return undefined
}

export const folderOrder: Check = {
  name: 'folder-order',
  run(tree) {
    const violations: Violation[] = []
    eachImport(
      tree,
      (p) => p.startsWith('src/'),
      (path, { specifier, line }) => {
        const sentence = pointsRight(path, specifier)
        if (sentence !== undefined) violations.push({ check: 'folder-order', path, line, sentence })
      },
    )
    for (const [path] of filesWhere(tree, (p) => p.startsWith('src/') && isCode(p))) {
      const folder = folderOf(path)
      if (folder === undefined || folder === 'ui/web' || folder === 'powers') continue
      if (FOLDER_ORDER.includes(folder)) continue
      const sentence = `${folder} has no place in the order of folders.`
      violations.push({ check: 'folder-order', path, line: 0, sentence })
    }
    return violations
  },
}

export const rings: Check = {
  name: 'rings',
  run(tree) {
    const edges = new Map<string, string[]>()
    eachImport(
      tree,
      () => true,
      (path, { specifier, isValue }) => {
        if (!isValue || !specifier.startsWith('.')) return
        const targets = edges.get(path) ?? []
        targets.push(resolveFrom(path, specifier))
        edges.set(path, targets)
      },
    )
    return ringsIn(edges).map((ring) => ({
      check: 'rings',
      path: ring[0] as string,
      line: 0,
      sentence: `imports in a ring: ${[...ring, ring[0]].join(' → ')}.`,
    }))
  },
}

/** The package of a bare specifier: `@a/b` of `@a/b/c`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string)
}

export const packages: Check = {
  name: 'packages',
  run(tree) {
    const violations: Violation[] = []
    eachImport(
      tree,
      () => true,
      (path, { specifier, line }) => {
        if (/^(\.|#|node:)/.test(specifier) || specifier === 'batos') return
        const name = packageOf(specifier)
        const places = PACKAGES[name]
        const report = (sentence: string): void => {
          violations.push({ check: 'packages', path, line, sentence })
        }
        if (places === undefined) report(`${name} is not among the packages that allowed.ts names.`)
        else if (!places.some((place) => path.startsWith(place))) {
          report(`${name} is imported in ${places.join(', ')} alone.`)
        }
      },
    )
    return violations
  },
}

export const powers: Check = {
  name: 'powers',
  run(tree) {
    const violations: Violation[] = []
    const used = new Set<string>()
    eachImport(
      tree,
      (p) => p.startsWith('src/') && !isTest(p),
      (path, found) => {
        const { specifier, line, isValue } = found
        const name = specifier.replace(/^node:/, '').replace(/\/.*$/, '')
        if (!isValue || !POWERFUL_MODULES.has(name) || path.startsWith('src/powers/')) return
        if (POWERS_ELSEWHERE[path] !== undefined) used.add(path)
        else {
          const sentence = `${specifier} is a power: let src/powers make it and hand it in.`
          violations.push({ check: 'powers', path, line, sentence })
        }
      },
    )
    for (const path of Object.keys(POWERS_ELSEWHERE)) {
      if (used.has(path) || !tree.has(path)) continue
      const sentence = 'needs no power any more; take it off the list in allowed.ts.'
      violations.push({ check: 'powers', path, line: 0, sentence })
    }
    return violations
  },
}

export const namedExports: Check = {
  name: 'named-exports',
  run(tree) {
    const violations: Violation[] = []
    for (const [path, text] of filesWhere(tree, isCode)) {
      const file = parse(path, text)
      const report = (node: ts.Node, sentence: string): void => {
        violations.push({ check: 'named-exports', path, line: lineOf(file, node), sentence })
      }
      for (const node of file.statements) {
        const isExport = ts.isExportDeclaration(node)
        if (isExport && node.exportClause === undefined) {
          report(node, 'export every name by itself, so that a reader sees what is public.')
        }
        const isDoor = /^src\/[^/]+\/index\.ts$/.test(path)
        if (isDoor && !(isExport && node.moduleSpecifier !== undefined)) {
          report(node, 'a door holds `export { … } from` and nothing else.')
        }
      }
    }
    return violations
  },
}

/** Everything that a source text mentions as a path, whether it imports it, spawns it or serves it. */
function mentionsOf(path: string, text: string): string[] {
  const found: string[] = []
  walk(parse(path, text), (node) => {
    if (ts.isTemplateExpression(node) && /^\.{1,2}\//.test(node.head.text)) {
      // The ending is put together at run time, where sources and built files differ.
      found.push(`${resolveFrom(path, node.head.text)}.ts`)
    }
    if (!ts.isStringLiteralLike(node)) return
    if (/^\.{1,2}\//.test(node.text)) found.push(resolveFrom(path, node.text))
    else if (/\.(ts|js)$/.test(node.text)) found.push(resolveFrom(path, `./${node.text}`))
  })
  return found
}

/** Files that are started by a path outside the sources: by the launcher, and by the page's document. */
const STARTED_BY_PATH = new Set(['src/main.ts', 'src/ui/web/main.ts'])

export const deadFiles: Check = {
  name: 'dead-files',
  run(tree) {
    const alive = new Set<string>()
    for (const [path, text] of filesWhere(tree, (p) => isCode(p) && !/\.test\.ts$/.test(p))) {
      for (const mentioned of mentionsOf(path, text)) if (mentioned !== path) alive.add(mentioned)
    }
    const manifest = tree.get('package.json') ?? ''
    const violations: Violation[] = []
    for (const [path] of filesWhere(tree, (p) => p.startsWith('src/') && isCode(p))) {
      if (isTest(path) || alive.has(path) || alive.has(path.replace(/\.ts$/, '.js'))) continue
      if (isContract(path) || STARTED_BY_PATH.has(path)) continue
      if (manifest.includes(`./${path}`)) continue
      const sentence = 'nothing imports, starts or serves this file.'
      violations.push({ check: 'dead-files', path, line: 0, sentence })
    }
    return violations
  },
}
