// The page of the bridge's contract against the code: its rules, its files, its tests and its departures.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/bridge-contract.md'), 'utf8')
const DECISION = 'decisions/0014-bridge-rules-left-out.md'
/** How many rules each part of the contract has. */
const PARTS = { B: 24, Z: 18 }

/** Every rule of the tables, once, by the cells of its row. */
const rows = page
  .split('\n')
  .filter((line) => /^\| [BZ]\d/.test(line))
  .map((line) => {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1)
    const [id = '', says = '', where = '', tests = '', files = '', departure = ''] = cells.map(
      (cell) => cell.trim(),
    )
    const quoted = (text: string) =>
      [...text.matchAll(/`([^`]+)`/g)].map(([, one]) => one as string)
    return { id, says, where: quoted(where), tests: quoted(tests), files: quoted(files), departure }
  })

/** Every title with its file; what a title takes from a value is written as “…”. The image's rules have ids of the same letters. */
function titles(): Map<string, string> {
  const found = new Map<string, string>()
  const files = ['src', 'test', 'tools'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      `${folder}/${path}`.replaceAll('\\', '/'),
    ),
  )
  for (const file of files) {
    if (!file.endsWith('.test.ts') || file.startsWith('src/image/')) continue
    const text = readFileSync(join(ROOT, file), 'utf8')
    const calls = text.matchAll(/^ *test\(\s*(?:'((?:[^'\\\n]|\\.)*)'|`([^`]*)`)/gm)
    for (const [, plain, computed = ''] of calls) {
      found.set(plain ?? computed.replaceAll(/\$\{[^}]*\}/g, '…'), file)
    }
  }
  return found
}

const idsOf = (title: string) =>
  [...(/^(\[[^\]]+\] )+/.exec(title)?.[0].matchAll(/\[([BZ]\d+)\]/g) ?? [])].map(([, id]) => id)

test('[BR26] the page has every rule of the contract once, in order, and the files that keep it', () => {
  const expected = Object.entries(PARTS).flatMap(([part, count]) =>
    Array.from({ length: count }, (_, index) => `${part}${index + 1}`),
  )
  assert.deepEqual(
    rows.map(({ id }) => id),
    expected,
  )
  for (const { id, says, where } of rows) {
    assert.ok(says.length > 10, id)
    for (const path of where) assert.ok(existsSync(join(ROOT, path)), `${id}: ${path}`)
  }
})

test('[BR26] every test that is cited stands in its file, and every test that names a rule is in its row', () => {
  const known = titles()
  for (const { id, tests, files } of rows) {
    assert.equal(new Set(tests).size, tests.length, id)
    const found = tests.map((title) => known.get(title) ?? `nothing is called “${title}”`)
    assert.deepEqual(files, found, id)
  }
  let count = 0
  for (const title of known.keys()) {
    for (const id of idsOf(title)) {
      const row = rows.find((one) => one.id === id)
      assert.ok(row?.tests.includes(title), `${id} on the page lacks “${title}”`)
      count++
    }
  }
  assert.ok(count > 50, `${count} titles`)
})

test('[BR26] a rule without a test has a decision, and each decision is of a rule whose row leads to it', () => {
  const decided = new Set<string>()
  for (const [, head = ''] of readFileSync(join(ROOT, 'docs', DECISION), 'utf8').matchAll(
    /^- \*\*([^*]+)\*\*/gm,
  )) {
    for (const id of head.match(/\b[BZ]\d+\b/g) ?? []) decided.add(id)
  }
  const linked = rows.filter(({ departure }) => departure.includes(`(${DECISION})`))
  assert.deepEqual(new Set(linked.map(({ id }) => id)), decided)
  for (const { id, tests, where } of rows) {
    if (!decided.has(id)) assert.ok(tests.length > 0 && where.length > 0, id)
  }
})
