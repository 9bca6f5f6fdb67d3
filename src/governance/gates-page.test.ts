// The page of gates against the code: the twenty gates, their codes, where they are, and the tests that cite them.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GATES } from './refusal.ts'

const ROOT = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/gates.md', ROOT), 'utf8')
/** Where titles may cite a gate; the image's contract has a part G of its own. */
const FOLDERS = ['src/governance/', 'src/kernel/', 'src/mind/', 'test/journeys/']
/** The one that is optional in the list, and left out. */
const LEFT_OUT = 'G14'

interface Row {
  id: string
  codes: string[]
  places: string[]
  refuses: string[]
  passes: string[]
}

const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text as string)

const rows: Row[] = [...page.matchAll(/^\| (G\d+) \|(.+)\|$/gm)].map(([, id = '', rest = '']) => {
  const [, codes = '', places = '', refuses = '', passes = ''] = rest.split('|')
  return {
    id,
    codes: quoted(codes),
    places: quoted(places),
    refuses: quoted(refuses),
    passes: quoted(passes),
  }
})

/** Titles that cite a gate, without what is in brackets before the claim. */
function titles(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const folder of FOLDERS) {
    const url = new URL(folder, ROOT)
    for (const path of readdirSync(url, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.test.ts')) continue
      const text = readFileSync(new URL(path, url), 'utf8')
      for (const [, ids = '', claim = ''] of text.matchAll(
        /^ *test\(\s*'((?:\[[A-Z]+\d+\] )+)((?:[^'\\\n]|\\.)*)'/gm,
      )) {
        for (const [, id = ''] of ids.matchAll(/\[(G\d+)\]/g)) {
          found.set(id, (found.get(id) ?? new Set()).add(claim))
        }
      }
    }
  }
  return found
}

test('[GO70] the page has the twenty gates once, in order, each with tests that it refuses and that it lets pass', () => {
  assert.deepEqual(
    rows.map(({ id }) => id),
    Array.from({ length: 20 }, (_, i) => `G${i + 1}`),
  )
  for (const { id, refuses, passes, places } of rows) {
    if (id === LEFT_OUT) continue
    assert.ok(refuses.length > 0 && passes.length > 0, id)
    assert.ok(places.length > 0, id)
  }
})

test('[GO70] every title on the page is a test that cites the gate, and every such test is on the page', () => {
  const known = titles()
  for (const { id, refuses, passes } of rows) {
    assert.deepEqual(new Set([...refuses, ...passes]), known.get(id) ?? new Set(), id)
    assert.ok(id !== LEFT_OUT || !known.has(id))
  }
  assert.ok([...known.keys()].every((id) => rows.some((row) => row.id === id)))
})

test('[GO70] every code on the page is that of a refusal or a fault, every gate is there, and every place is a file', () => {
  const gates = new Set<string>([...GATES, 'regress'])
  const told = new Set(rows.flatMap(({ codes }) => codes))
  for (const code of told) {
    const isFault = existsSync(new URL(`docs/faults/${code}.md`, ROOT))
    assert.ok(gates.has(code) || isFault, code)
  }
  for (const gate of gates) assert.ok(told.has(gate), gate)
  for (const { id, places } of rows) {
    for (const place of places) assert.ok(existsSync(new URL(place, ROOT)), `${id} ${place}`)
  }
})
