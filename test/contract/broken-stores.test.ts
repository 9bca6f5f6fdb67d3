// Owns: the proof that the suites can fail: stores that are wrong on purpose are held to them, through the package's own door.
// Leaves: the stores to broken-stores.ts; the installed package to tools/pack.test.ts.
// Laws: IM103.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectionClaims,
  type HeldClaim,
  openMemoryStore,
  type StoreContract,
  storeClaims,
} from '#image-contract'
import { BROKEN, changed } from './broken-stores.ts'

const lacks = { reopen: 'memory ends with its store', damage: 'its bytes cannot be reached' }
const described = (open: StoreContract['open']): StoreContract => ({ name: 'own', open, lacks })

/** The titles of the claims that a store does not keep. */
async function failing(claims: readonly HeldClaim[]): Promise<string[]> {
  const failed: string[] = []
  for (const { title, leftOut, run } of claims) {
    if (leftOut !== undefined) continue
    const [held] = await Promise.allSettled([run()])
    if (held.status === 'rejected') failed.push(title)
  }
  return failed
}

/** Whether a claim of each rule is among the titles. */
function assertNames(titles: readonly string[], rules: readonly string[], what: string): void {
  for (const rule of rules) {
    const isNamed = titles.some((title) => title.includes(`[${rule}]`))
    assert.ok(isNamed, `a store that ${what} should fail ${rule}; it fails ${titles.join('; ')}`)
  }
}

test('[IM103] each broken store fails the claims that speak of what is broken, and a sound one none', async () => {
  assert.deepEqual(await failing(storeClaims(described(openMemoryStore))), [])
  const caught = new Set<string>()
  for (const [what, { store, change }] of Object.entries(BROKEN)) {
    const titles = await failing(storeClaims(described(() => changed(change))))
    assertNames(titles, store, what)
    for (const title of titles) caught.add(title)
  }
  // A claim that no broken store fails would be one that says nothing.
  const held = storeClaims(described(openMemoryStore)).filter(
    ({ leftOut }) => leftOut === undefined,
  )
  assert.deepEqual(
    held.map(({ title }) => title).filter((title) => !caught.has(title)),
    [],
  )
})

test('[IM103] what is wrong below is found from above too, by those who work with objects', async () => {
  for (const [what, { connections, change }] of Object.entries(BROKEN)) {
    if (connections === undefined) continue
    const claims = connectionClaims(described(() => changed(change)))
    const asked = claims.filter(({ title }) =>
      connections.some((rule) => title.includes(`[${rule}]`)),
    )
    assertNames(await failing(asked), connections, what)
  }
})

test('[IM101] a claim is left out for a reason that the store gives, and what it says nothing of it is held to', () => {
  const reasons = { ...lacks, pack: 'it is never packed' }
  for (const suite of [storeClaims, connectionClaims]) {
    const claims = suite({ ...described(openMemoryStore), lacks: reasons })
    const leftOut = new Set(claims.map((claim) => claim.leftOut))
    const expected = [undefined, 'it can be written', reasons.pack, reasons.reopen]
    for (const reason of expected) assert.ok(leftOut.has(reason), `${reason}`)
    const all = suite(described(openMemoryStore))
    const count = (held: readonly HeldClaim[]) =>
      held.filter((claim) => claim.leftOut === undefined).length
    assert.ok(count(all) > count(claims) && count(claims) > 20)
    assert.ok(claims.every(({ title }) => /^(\[\w+\] )+own: /.test(title)))
    const open = openMemoryStore
    const half: StoreContract[] = [
      { name: 'own', open, lacks: { reopen: 'none' } },
      { name: 'own', open, lacks: { ...lacks, write: 'no' } },
      { name: 'own', open, lacks, writer: (store) => store },
    ]
    for (const contract of half) assert.throws(() => suite(contract), /^Error: own /)
  }
})
