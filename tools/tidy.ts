// Owns: all checks of the house in one list, and the command that runs them: `npm run tidy`.
// Leaves: each check to its file in tidy/; the reasons to STYLE.md.
// Laws: ST1 a check sees only the map from path to text. ST2 every check has a rule, and a test that plants a violation.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  bannedCalls,
  faultsByCode,
  machinePaths,
  processReads,
  sleeplessTests,
  unfinished,
  wholeTests,
} from './tidy/calls.ts'
import { architecture, faultPages, glossary, styleNamesChecks } from './tidy/documents.ts'
import {
  deadFiles,
  doors,
  folderOrder,
  namedExports,
  packages,
  powers,
  rings,
} from './tidy/imports.ts'
import { lawsExist, ruleIds } from './tidy/rules.ts'
import {
  emptyCatch,
  fileLength,
  fileNames,
  functionLength,
  groundSize,
  opening,
} from './tidy/shape.ts'
import { type Check, readTree, type Tree, type Violation } from './tidy/tree.ts'

const CHECKS: readonly Check[] = [
  fileLength,
  functionLength,
  fileNames,
  opening,
  emptyCatch,
  groundSize,
  doors,
  folderOrder,
  rings,
  packages,
  powers,
  namedExports,
  deadFiles,
  bannedCalls,
  processReads,
  faultsByCode,
  wholeTests,
  sleeplessTests,
  unfinished,
  machinePaths,
  ruleIds,
  lawsExist,
  faultPages,
  architecture,
  glossary,
]

/** Every check, the one of STYLE.md last, since it knows the names of the others. */
export const ALL_CHECKS: readonly Check[] = [
  ...CHECKS,
  styleNamesChecks([...CHECKS.map((check) => check.name), 'style-names-checks']),
]

/** The root of the project that this file lies in. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** What breaks the rules of the house in a tree. */
export function tidy(tree: Tree): Violation[] {
  return ALL_CHECKS.flatMap((check) => check.run(tree))
}

/** A violation as a line that an editor can jump to. */
export function lineFor({ check, path, line, sentence }: Violation): string {
  return `${path}:${line}: ${sentence} (${check})`
}

if (import.meta.main) {
  const violations = tidy(readTree(ROOT))
  for (const violation of violations) process.stdout.write(`${lineFor(violation)}\n`)
  process.stdout.write(violations.length === 0 ? 'The tree is tidy.\n' : '')
  process.exitCode = violations.length === 0 ? 0 : 1
}
