// Owns: gates of one generated method, each with what it refuses and what it lets pass, over the real judge and real trials.
// Leaves: whole messages to test/journeys/crucible.test.ts; gates that are the kernel's to its tests.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { partiesOf, type Voter } from './ballot.ts'
import { swapMethod } from './index.ts'
import { type Call, caseFor, gateOf } from './trying.fixture.ts'
import { openTestWorld } from './world.fixture.ts'

const t = await openTestWorld()
after(() => t.close())
await t.send('setSlot:value:', ['balance', 10])
await t.send('setSlot:value:', ['log', [3, 4]])

const TYPED = 'interface Self { balance: number; log: number[] }'
const rest: Call = { selector: 'rest', args: [3], declaration: TYPED }
const RIGHT = 'function rest(self, n) { return self.balance - n }'

/** Each source is refused by the gate. */
async function refused(gate: string, call: Call, sources: readonly string[]): Promise<void> {
  for (const source of sources) assert.equal(await gateOf(t, call, source), gate, source)
}

async function passes(call: Call, ...sources: readonly string[]): Promise<void> {
  for (const source of sources) assert.equal(await gateOf(t, call, source), undefined, source)
}

test('[GO58] [G2] what does not say where it came from is not installed', async () => {
  const given = { holder: t.oid('it'), selector: 'origin', source: RIGHT, comment: '' }
  const verdict = { votes: 3, of: 3 }
  for (const from of [
    { author: '' },
    { author: 'ann', model: 'tiny' },
    { author: 'ann', model: 'tiny', prompt: 'ab12' },
    { author: 'ann', model: 'tiny', verdict },
  ]) {
    const swap = swapMethod(t.kernel.workbench, { ...given, ...from })
    await assert.rejects(swap, { code: 'FIELD_INVALID', message: /must say where it came from/ })
  }
})

test('[GO58] [G2] model, prompt, seed, persona, examples, verdict and the version before are kept with the body', async () => {
  const given = { holder: t.oid('it'), selector: 'origin', source: RIGHT, comment: 'what is left' }
  const first = await swapMethod(t.kernel.workbench, { ...given, author: 'ann' })
  const made = {
    model: 'tiny',
    prompt: 'ab12',
    seed: 77,
    persona: 'robin',
    verdict: { votes: 3, of: 4 },
  }
  const swap = { ...given, ...made, author: 'bob', examples: [{ reply: 7 }] }
  const { oid } = await swapMethod(t.kernel.workbench, swap)
  const kept = t.kernel.head.method(oid)
  assert.deepEqual(
    [kept.author, kept.model, kept.prompt, kept.persona, kept.version, kept.previous],
    ['bob', 'tiny', 'ab12', 'robin', 2, first.oid],
  )
  assert.equal(kept.seed, 77)
  assert.deepEqual(kept.verdict, made.verdict)
})

test('[GO1] [G3] what is not one function of the arity, strict, and without forbidden syntax is refused', async () => {
  await refused('parse', rest, [
    'function rest(self, n) { return self.balance -',
    'class Rest {}',
    'async function rest(self, n) { return 1 }',
    'function* rest(self, n) { yield 1 }',
    'function rest(self, n) { with (self) { return balance } }',
    'function rest(self, n) { return import("fs") }',
    'function rest(self, n) { return 010 }',
  ])
  await refused('shape', rest, ['function rest(self, n, m) { return self.balance - n }'])
})

test('[GO1] [G3] a function with types, defaults, inner functions and all loops passes', async () => {
  await passes(
    rest,
    'function rest(self, n: number, m = 0): number { return self.balance - n - m }',
    'function rest(self, n) { const less = (a) => a - n; return less(self.balance) }',
    'function rest(self, n) { let sum = 0; for (const one of self.log) sum += one; return sum + n }',
  )
})

test('[GO1] [G4] a method that does not fit its slots or its call is refused', async () => {
  await refused('types', rest, [
    'function rest(self, n) { return self.balance.toUpperCase() }',
    'function rest(self, n) { return self.blance - n }',
    'function rest(self, n) { return n.push(1) }',
  ])
})

test('[GO1] [G4] what cannot be known of a type refuses nothing', async () => {
  const loose = { ...rest, declaration: 'interface Self { balance: any; log: any[] }' }
  await passes(loose, 'function rest(self, n) { return self.log.map((one) => one.toFixed(n))[0] }')
  await passes(rest, RIGHT)
})

test('[GO1] [G5] a name that is not on the list, or a slot that the object does not have, is refused', async () => {
  for (const name of ['process', 'globalThis', 'fetch', 'setTimeout', 'Function', 'eval']) {
    await refused('parse', rest, [`function rest(self, n) { return ${name} }`])
  }
  await refused('slots', rest, [
    'function rest(self, n) { mirror.set(self, "left", n); return self.balance - n }',
  ])
})

test('[GO1] [G5] the language, the slots of the object and one that the intent names may be used', async () => {
  await passes(rest, 'function rest(self, n) { return Math.max(self.balance - n, 0) }')
  const note = { ...rest, selector: 'note', intent: 'keep the number in newest and answer it' }
  await passes(note, 'function note(self, n) { mirror.set(self, "newest", n); return n }')
})

test('[GO16] [G7] a value of the call that brought the need does not stand in the method', async () => {
  const odd = { ...rest, args: [37.5] }
  await refused('literal', odd, ['function rest(self, n) { return self.balance - 37.5 }'])
  // A part of a longer number or word is not that value.
  const part = { ...rest, args: [37], intent: 'at most 137, 37.5 or 370' }
  await refused('literal', part, ['function rest(self, n) { return self.balance - 37 + 0 * n }'])
  await passes(
    { ...part, intent: 'at most 37.' },
    'function rest(self, n) { return self.balance - 37 + 0 * n }',
  )
  await passes(odd, RIGHT, 'function rest(self, n) { return self.balance - n * 1 }')
  await passes(
    { ...odd, intent: 'subtract 37.5' },
    'function rest(self, n) { return self.balance - 37.5 + 0 * n }',
  )
})

test('[GO17] [G8] what may never end is refused before it runs', async () => {
  const text = { ...rest, args: ['aab'] }
  await refused('denial', text, [
    'function rest(self, t) { return /(a+)+b/.test(t) }',
    'function rest(self, t) { while (true) { self.balance += 1 } }',
    'function rest(self, t) { for (;;) { self.balance += 1 } }',
    'function rest(self, t) { while (1 === 1) { self.balance += 1 } return self.balance }',
    'function rest(self, t) { for (let i = 0; i >= 0; i++) self.balance += i; return self.balance }',
    'function rest(self, t) { for (const one of self.log) { self.log.push(one) } return 1 }',
  ])
})

test('[GO17] [G8] a loop with a way out and a pattern without nested repeats pass', async () => {
  const text = { ...rest, args: ['aab'] }
  await passes(text, 'function rest(self, t) { return /a+b/.test(t) ? 1 : 0 }')
  await passes(
    rest,
    'function rest(self, n) { let i = 0; while (true) { if (i > 5) return i + n; i += 1 } }',
  )
})

test('[GO1] [GO2] [G9] a call that fails, answers nothing or calls what nobody understands is refused, and nothing of it stays', async () => {
  const before = t.kernel.head.store.head().tid
  await refused('trial', rest, [
    'function rest(self, n) { return self.log[9].toFixed(n) }',
    'function rest(self, n) { return self["compute"](n) }',
  ])
  await refused('reply', rest, ['function rest(self, n) { self.balance - n }'])
  assert.equal(t.kernel.head.store.head().tid, before)
})

test('[GO1] [GO2] [G9] a call that answers passes with what it wrote, and nothing of it stays', async () => {
  const deposit = { ...rest, selector: 'deposit' }
  const source = 'function deposit(self, n) { self.balance += n; return self.balance }'
  const before = t.kernel.head.store.head().tid
  const vote = await caseFor(t, deposit).consider(source)
  assert.ok('leader' in vote)
  assert.deepEqual([vote.leader.reply, vote.leader.wrote], [13, [t.oid('it')]])
  assert.ok(vote.probes > 10)
  assert.equal(t.kernel.head.store.head().tid, before)
})

test('[GO13] [G10] drafts that do otherwise on one probe are of two parties, whatever their text', async () => {
  const voter = (source: string, ...behaviour: string[]): Voter => ({
    source,
    behaviour,
    reports: [],
    way: '',
  })
  const [a, b] = [voter('a', '1', '2', '3'), voter('b', '1', '2', '4')]
  assert.equal(partiesOf([a, b]).length, 2)
  assert.equal(partiesOf([a, voter('c', '1', '2', '3'), b])[0]?.voters.length, 2)
})

test('[GO20] [G11] a draft that answers a call otherwise than a person did is refused, one that answers so passes', async () => {
  const it = t.oid('it')
  const pinned = { receiver: it, sets: [], args: [4], frame: { now: 1, seed: 1 } }
  const example = { ...pinned, expected: { reply: 6 }, by: 'ann', proposal: 'p1' }
  await t.kernel.keep([t.kernel.examples.adding(it, 'left', example)])
  const left = { ...rest, selector: 'left' }
  await refused('examples', left, ['function left(self, n) { return self.balance + n }'])
  await passes(left, 'function left(self, n) { return self.balance - n }')
})

test('[GO1] [G16] a call that takes too many steps is refused, one that takes some passes', async () => {
  const loop = (rounds: number) =>
    `function rest(self, n) { let i = 0; while (i < ${rounds}) i += 1; return i + n }`
  await refused('resources', rest, [loop(300_000)])
  await passes(rest, loop(300))
})

test('[GO1] [G16] a call that swells what is kept, or its reply, is refused, one that adds some passes', async () => {
  const fill = (n: number) =>
    `function rest(self, n) { self.log = new Array(${n}).fill(1234567); return n }`
  const say = (n: number) => `function rest(self, n) { return "x".repeat(${n}) }`
  await refused('resources', rest, [fill(40_000), say(400_000)])
  await passes(rest, say(400))
})
