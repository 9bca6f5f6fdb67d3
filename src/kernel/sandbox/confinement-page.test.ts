// The page of confinement against the titles of the adversary tests: every attack of the contract, and where it is tried.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const SOURCES = new URL('../../', import.meta.url)
const page = readFileSync(new URL('../docs/confinement.md', SOURCES), 'utf8')
/** What a generation hides is tried in a real world, with a model that says what it is told to. */
const JOURNEYS = new URL('../test/journeys/', SOURCES)
const ENDING = '.adversary.test.ts'

/** The attacks of the contract, in its order. */
const CONTRACT =
  `E01 E02 E03 E04 E05 E06 E07 E08 E09 E10 E11 E12 E13 E14 E15 E18 E21 E22 E26 E27 E28 E29 E30 E31 E32 E33 E34
  E37 E38 E43 P05 P06 P07 P08 P09 P10 P11 P12 P13 P14 P15 P16 P17 P18 P20 D01 D02 D03 D04 D05 D10 D12 D13 D14 D16 D20 D24
  D26 D28 D35`.split(/\s+/)

/** The files whose titles cite an attack, by its id. */
function citing(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const paths = [SOURCES, JOURNEYS].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => ({ folder, path })),
  )
  for (const { folder, path } of paths) {
    if (!path.endsWith(ENDING)) continue
    const file = path.replace(/^.*[\\/]/, '').slice(0, -ENDING.length)
    const text = readFileSync(new URL(path, folder), 'utf8')
    // A title begins with the id, or with ids of rules and then with it.
    for (const [, id = ''] of text.matchAll(/['`](?:\[[A-Z]+\d+\] )*([EPD]\d\d) [^'`\n]+['`]/g)) {
      found.set(id, (found.get(id) ?? new Set()).add(file))
    }
  }
  return found
}

test('[KN133] the page has every attack of the contract once, with the files whose titles cite it', () => {
  const rows = [...page.matchAll(/^\| ([EPD]\d\d) \| (.+?) \| (.*?) \| (.*?) \|$/gm)]
  assert.deepEqual(
    rows.map(([, id]) => id),
    CONTRACT,
  )
  const cited = citing()
  for (const [, id = '', attack = '', files = '', end = ''] of rows) {
    assert.deepEqual(files.split(', '), [...(cited.get(id) ?? [])].sort(), id)
    assert.ok(attack.length > 3 && end.length > 3, id)
  }
})
