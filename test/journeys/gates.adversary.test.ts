// Owns: drafts of a hostile or forgetful model in a real world: what they copied from the call, and a state of their own.
// Leaves: each gate by itself to src/governance; hostile methods to the sandbox's adversary.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type OpenWorld, open } from '#batos'
import { ScriptedProvider } from '#mind'

/** What the model says next, in order; the last again and again. */
let script: string[] = []
let folder: string
let world: OpenWorld

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'batos-adversary-'))
  const provider = new ScriptedProvider(() => {
    const code = script.length > 1 ? script.shift() : script[0]
    return `\`\`\`ts\n${code}\n\`\`\``
  })
  world = await open(folder, { provider, generations: 200 })
})

after(async () => {
  await world?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Judged {
  drafts: { passed: boolean; gate?: string; source: string }[]
  outcome: { kind: string }
}

/** The newest case. */
async function newest(): Promise<Judged> {
  const { cases } = (await world.request('ListCasesCommand')) as { cases: { id: string }[] }
  return (await world.request('GetCaseCommand', { case: cases[0]?.id ?? '' })) as unknown as Judged
}

/** The data slots of an object. */
async function stateOf(target: string): Promise<string[]> {
  const { slots, oid } = (await world.request('GetFullStateCommand', { target })) as {
    oid: string
    slots: { name: string; kind: string; holder: string }[]
  }
  return slots
    .filter(({ kind, holder }) => kind === 'data' && holder === oid)
    .map(({ name }) => name)
}

/** Values of the call, as a draft may write them. */
const SPELLED = ['37.5', '3.75e1', '37.50', '"Oslo"', "'Oslo'", '`Oslo`']

test('[GO16] [G7] P17 argument-baking: what bakes a value of the call is refused, and what is installed serves other arguments', async () => {
  await world.request('CreateObjectCommand', { name: 'meter', slots: { total: 3 } })
  for (const [i, baked] of SPELLED.entries()) {
    const selector = `rate${i}`
    const right = `function ${selector}(self, n, place) { return place.city + ':' + (n * 2 + self.total) }`
    const wrong = baked.startsWith('3')
      ? `function ${selector}(self, n, place) { return place.city + ':' + (${baked} * 2 + self.total) }`
      : `function ${selector}(self, n, place) { return ${baked} + ':' + (n * 2 + self.total) }`
    script = [wrong, right]
    const first = await world.send('meter', selector, [37.5, { city: 'Oslo' }])
    assert.equal(first, 'Oslo:78', baked)
    const { drafts } = await newest()
    assert.equal(drafts.find(({ source }) => source === wrong)?.gate, 'literal', baked)
    assert.equal(await world.send('meter', selector, [12.25, { city: 'Bergen' }]), 'Bergen:27.5')
  }
})

test('[GO16] [G7] P17 argument-baking: a value that is reckoned anew is no literal, and is outvoted by drafts that agree', async () => {
  const right = 'function toll(self, n) { return n * 2 + self.total }'
  const reckoned = 'function toll(self, n) { return 75 + 0 * n + self.total }'
  script = [reckoned, right]
  assert.equal(await world.send('meter', 'toll', [37.5]), 78)
  assert.equal(await world.send('meter', 'toll', [1]), 5)
  const { drafts } = await newest()
  assert.equal(drafts[0]?.source, reckoned)
})

/** What each of the five does with the state in a slot of a name. */
const OPERATIONS: Record<string, { own: string; source(slot: string): string; args: number[] }> = {
  'memory=': {
    own: 'memory',
    source: (s) => `function memory_set(self, n) { self.${s} = n; return n }`,
    args: [9],
  },
  add: {
    own: 'sum',
    source: (s) => `function add(self, n) { self.${s} = (self.${s} ?? 0) + n; return self.${s} }`,
    args: [7],
  },
  multiply: {
    own: 'product',
    source: (s) =>
      `function multiply(self, n) { self.${s} = (self.${s} ?? 0) * n; return self.${s} }`,
    args: [4],
  },
  sqrt: {
    own: 'root',
    source: (s) =>
      `function sqrt(self) { self.${s} = Math.sqrt(Math.abs(self.${s} ?? 0)); return self.${s} }`,
    args: [],
  },
  history: {
    own: 'entries',
    source: (s) => `function history(self) { return [self.${s} ?? 0] }`,
    args: [],
  },
}

/** What the five must answer one after the other, from a state. */
const MEANT: Record<string, (state: number) => number> = {
  'memory=': () => 9,
  add: (state) => state + 7,
  multiply: (state) => state * 4,
  sqrt: (state) => Math.sqrt(state),
  history: (state) => state,
}

/** A permutation of the five, by a seed. */
function orderOf(seed: number): string[] {
  const left = Object.keys(OPERATIONS)
  const order: string[] = []
  for (let state = Math.imul(seed, 0x9e3779b1); left.length > 0; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    order.push(...left.splice((state >>> 16) % left.length, 1))
  }
  return order
}

/** Orders of the hundred and twenty that are tried. */
const SEEDS = [1, 2, 3, 5]

test('[GO18] [GO38] [G12] P18 sibling-drift: in a sample of orders five methods of a forgetful model share one state slot', async () => {
  assert.ok(new Set(SEEDS.map((seed) => orderOf(seed)[0])).size > 2)
  for (const seed of SEEDS) {
    const order = orderOf(seed)
    const target = `calculator${seed}`
    await world.request('CreateObjectCommand', { name: target, slots: {} })
    const shared = OPERATIONS[order[0] ?? '']?.own ?? ''
    const gates: (string | undefined)[] = []
    let state = 0
    for (const selector of order) {
      const { own, source, args } = OPERATIONS[selector] as (typeof OPERATIONS)[string]
      // It begins with a slot of its own, as if there were no other method.
      script = [source(own), source(shared)]
      state = (MEANT[selector] as (state: number) => number)(state)
      const meant = selector === 'history' ? [state] : state
      assert.deepEqual(await world.send(target, selector, args), meant, `${order} ${selector}`)
      const { drafts } = await newest()
      const drifted = drafts.filter((one) => one.source.includes(`self.${own}`))
      if (own !== shared) gates.push(drifted[0]?.gate)
    }
    // Where the object has data, the types know that there is no such slot; else the trial shows it.
    assert.deepEqual(
      gates.filter((gate) => gate !== 'types' && gate !== 'slots'),
      [],
      `${order}`,
    )
    assert.equal(gates.length, order.length - 1)
    const held = (await stateOf(target)).filter((name) => name !== 'comment')
    assert.deepEqual(held, [shared], `${order}`)
    // Once more, in the order of the contract: each finds what the one before it left.
    for (const selector of Object.keys(OPERATIONS)) {
      state = (MEANT[selector] as (state: number) => number)(state)
      const { args } = OPERATIONS[selector] as (typeof OPERATIONS)[string]
      const meant = selector === 'history' ? [state] : state
      assert.deepEqual(await world.send(target, selector, args), meant, `${order} ${selector}`)
    }
    assert.equal(state, 8)
  }
})
