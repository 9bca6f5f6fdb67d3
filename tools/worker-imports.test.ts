// Owns: the claim that no program but the kernel's own loads ZeroMQ.
// Leaves: reading imports to tidy/source.ts, and the list of programs to tidy/allowed.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ENTRIES } from './tidy/allowed.ts'
import { importsOf, parse, resolveFrom, walk } from './tidy/source.ts'
import { readTree, type Tree } from './tidy/tree.ts'
import ts from 'typescript'
import { ROOT } from './tidy.ts'

const tree = readTree(ROOT)
const doors = (
  JSON.parse(tree.get('package.json') as string) as { imports: Record<string, string> }
).imports

/** Every package whose code a program loads, by the files that it imports as values, now or later. */
function packagesOf(program: string, of: Tree): Map<string, string> {
  const found = new Map<string, string>()
  const seen = new Set<string>()
  const visit = (path: string) => {
    const text = of.get(path)
    if (text === undefined || seen.has(path)) return
    seen.add(path)
    for (const { specifier, isValue } of importsOf(parse(path, text))) {
      if (!isValue) continue
      const door = doors[specifier]
      if (door !== undefined) visit(door.replace('./', ''))
      else if (specifier.startsWith('.')) visit(resolveFrom(path, specifier))
      else found.set(specifier, path)
    }
  }
  visit(program)
  assert.ok(seen.has(program), `${program} is there`)
  return found
}

const WORKERS = Object.keys(ENTRIES)
  .filter((path) => path !== 'src/main.ts')
  .map((path) => (path.endsWith('/pipe.ts') ? path.replace('pipe.ts', 'worker.ts') : path))

test('[BR48] [B21] [Z14] no worker, judge or model host reaches ZeroMQ by any import, and nothing starts a thread', () => {
  assert.ok(WORKERS.length >= 3)
  for (const worker of WORKERS) {
    const at = packagesOf(worker, tree).get('zeromq')
    assert.equal(at, undefined, `${worker} loads zeromq by ${at}`)
  }
  // The kernel's own program does, so the search would find it.
  assert.match(packagesOf('src/main.ts', tree).get('zeromq') ?? '', /^src\/kernel\/zmq\//)
  for (const [path, text] of tree) {
    if (!/^src\/.*\.ts$/.test(path) || /\.test\.ts$/.test(path)) continue
    walk(parse(path, text), (node) => {
      const isWorker =
        ts.isNewExpression(node) &&
        ts.isIdentifier(node.expression) &&
        node.expression.text === 'Worker'
      assert.ok(!isWorker, `${path} starts a thread, and a socket in a thread can end the process`)
    })
  }
})
