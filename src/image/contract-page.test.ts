// The page of the image's contract against the code: its rules, their claims, what each needs, and what each store lacks.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CONNECTION_CLAIMS } from './connection-contract.ts'
import { type Ability, leftOutOf } from './contract-parts.ts'
import { STORE_CLAIMS } from './store-contract.ts'
import { storesUnderTest } from './stores.fixture.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const docs = (path: string) => readFileSync(join(HERE, '../../docs', path), 'utf8')
const page = docs('image-contract.md')

/** How many rules each part of the contract has. */
const PARTS = { A: 15, B: 21, C: 11, D: 20, E: 13, F: 9, G: 13, H: 4, I: 7, J: 8, K: 4 }
const ABILITIES: readonly Ability[] = ['write', 'refuse', 'pack', 'reopen', 'damage', 'files']

/** A row of the tables of rules. */
interface Row {
  id: string
  level: string
  says: string
  claims: string[]
  places: string[]
}

/** The rows of the table whose head begins with these cells. */
function cellsOf(head: string): string[][] {
  const lines = page.split('\n')
  const found: string[][] = []
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith(`| ${head}`)) continue
    for (const row of lines.slice(at + 2)) {
      if (!row.startsWith('|')) break
      found.push(
        row
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    }
  }
  assert.ok(found.length > 0, head)
  return found
}

const rows: Row[] = cellsOf('rule |').map(
  ([id = '', level = '', says = '', claims = '', places = '']) => ({
    id,
    level,
    says,
    claims: [...claims.matchAll(/`([^`]+)`/g)].map(([, title]) => title as string),
    places: places.split('<br>').filter((place) => place !== ''),
  }),
)

/** Every title with what it needs, or with its file; what a title takes from a number is written as “…”. */
function titles(): Map<string, string> {
  const found = new Map<string, string>()
  for (const { title, needs = [] } of [...CONNECTION_CLAIMS, ...STORE_CLAIMS]) {
    assert.ok(!found.has(title), `two claims are called ${title}`)
    found.set(title, needs.length === 0 ? '—' : needs.join(', '))
  }
  const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((path) => path.endsWith('.test.ts'))) {
    const text = readFileSync(join(HERE, file), 'utf8')
    const calls = text.matchAll(/^ *test\(\s*(?:'((?:[^'\\\n]|\\.)*)'|`([^`]*)`)/gm)
    for (const [, plain, computed = ''] of calls) {
      const title = plain ?? computed.replaceAll(/\$\{[^}]*\}/g, '…')
      found.set(title, `\`${file.replaceAll('\\', '/')}\``)
    }
  }
  return found
}

const idsOf = (title: string) =>
  [...(/^(\[[^\]]+\] )+/.exec(title)?.[0].matchAll(/\[([A-K]\d+)\]/g) ?? [])].map(([, id]) => id)

test('[IM102] the page has every rule of the contract once, in order, and says how binding it is', () => {
  const expected = Object.entries(PARTS).flatMap(([part, count]) =>
    Array.from({ length: count }, (_, index) => `${part}${index + 1}`),
  )
  assert.deepEqual(
    rows.map(({ id }) => id),
    expected,
  )
  for (const { id, level, says } of rows) {
    assert.match(level, /^[MSO]$/, id)
    assert.ok(says.length > 10, id)
  }
  assert.equal(rows.filter(({ level }) => level === 'M').length, 98)
})

test('[IM102] every claim that is cited stands in the sources, with what it needs or its file', () => {
  const known = titles()
  for (const { id, claims, places } of rows) {
    const found = claims.map((title) => known.get(title) ?? `nothing is called “${title}”`)
    assert.deepEqual(places, found, id)
    assert.equal(new Set(claims).size, claims.length, id)
  }
})

test('[IM102] every rule that must be kept has a claim, and every other one a claim or a decision', () => {
  const decisions = new Map<string, string[]>()
  for (const path of ['0010-image-rules-left-out.md', '0011-store-rules-left-out.md']) {
    for (const [, head = ''] of docs(`decisions/${path}`).matchAll(/^- \*\*([^*]+)\*\*/gm)) {
      for (const id of head.match(/\b[A-K]\d+\b/g) ?? []) {
        decisions.set(id, [...(decisions.get(id) ?? []), path])
      }
    }
  }
  const lines = page.split('\n')
  for (const { id, level, claims } of rows) {
    const line = lines.find((one) => one.startsWith(`| ${id} |`)) as string
    const linked = [...line.matchAll(/\(decisions\/([^)]+)\)/g)].map(([, path]) => path as string)
    assert.deepEqual(new Set(linked), new Set(decisions.get(id)), id)
    if (level === 'M') assert.ok(claims.length > 0, id)
    else assert.ok(claims.length + linked.length > 0, id)
  }
})

test('[IM102] every title that names a rule of the contract is on the page, in the row of that rule', () => {
  const cited = new Map(rows.map(({ id, claims }) => [id, new Set(claims)]))
  let count = 0
  for (const title of titles().keys()) {
    for (const id of idsOf(title)) {
      assert.ok(cited.get(id as string)?.has(title), `${id} on the page lacks “${title}”`)
      count++
    }
  }
  assert.ok(count > 120, `${count} titles`)
})

test('[IM101] [IM102] the page has every store, which claims run over it, and why the others are left out', () => {
  const stores = storesUnderTest('nowhere')
  assert.deepEqual(
    cellsOf('store |').map(([name]) => name),
    stores.map(({ name }) => name),
  )
  const told = cellsOf('a claim that needs').map(([need, over, elsewhere]) => [
    need,
    over?.split(', '),
    elsewhere === '' ? [] : elsewhere?.split('<br>'),
  ])
  const expected = [undefined, ...ABILITIES].map((need) => {
    const reasons = new Map<string, string[]>()
    const over: string[] = []
    for (const store of stores) {
      const reason = leftOutOf(store, need === undefined ? [] : [need])
      if (reason === undefined) over.push(store.name)
      else reasons.set(reason, [...(reasons.get(reason) ?? []), store.name])
    }
    const elsewhere = [...reasons].map(([reason, names]) => `${names.join(', ')}: ${reason}`)
    return [need === undefined ? '—' : `\`${need}\``, over, elsewhere]
  })
  assert.deepEqual(told, expected)
})
