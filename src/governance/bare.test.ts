// Owns: the claims of objects without data, whose methods make their first slots, and of calls that come one after another.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { putMethod } from './atomic-swap.ts'
import { type Call, caseFor, gateOf } from './trying.fixture.ts'
import { openTestWorld } from './world.fixture.ts'

const t = await openTestWorld()
after(() => t.close())
await t.send('clone:', ['bare'], { target: t.oid('genesis') })
const receiver = t.oid('bare')
const add: Call = { selector: 'add', args: [5], receiver }

/** How many of the drafts behave alike, by the vote after the last. */
async function alike(call: Call, ...sources: string[]): Promise<number> {
  const judged = caseFor(t, call)
  let most = 0
  for (const source of sources) {
    const vote = await judged.consider(source)
    assert.ok('alike' in vote, JSON.stringify(vote))
    most = vote.alike
  }
  return most
}

test('[GO38] drafts that give an object without data its first slot are alike whatever they call it', async () => {
  const named = (name: string) =>
    `function add(self, n) { self.${name} = (self.${name} ?? 0) + n; return self.${name} }`
  assert.equal(await alike(add, named('value'), named('total'), named('sum')), 3)
})

test('[GO38] a draft that forgets what came before is unlike one that adds to it', async () => {
  const sum = 'function add(self, n) { self.value = (self.value ?? 0) + n; return self.value }'
  const last = 'function add(self, n) { self.value = n; return self.value }'
  assert.equal(await alike(add, sum, last), 1)
})

test('[GO38] an object with data gets no slot that nobody spoke of, and no method writes over itself', async () => {
  const total = 'function add(self, n) { self.sum = n; return n }'
  const it = { ...add, receiver: t.oid('it') }
  await t.send('setSlot:value:', ['balance', 1])
  assert.equal(await gateOf(t, it, total), 'slots')
  assert.equal(await gateOf(t, { ...it, intent: 'Keep it in sum.' }, total), undefined)
  assert.equal(await gateOf(t, add, 'function add(self, n) { self.add = n; return n }'), 'slots')
})

test('[GO1] [GO38] a draft that reads a slot before there is one is told where its value begins', async () => {
  const told = async (source: string) => {
    const outcome = await caseFor(t, add).consider(source)
    return 'gate' in outcome ? `${outcome.gate}: ${outcome.sentence}` : ''
  }
  const sum = 'function add(self, n) { self.value += n; return self.value }'
  assert.match(await told(sum), /^trial: .*NaN.*; value is not there .* self\.value \?\?= 0/)
  const log = 'function add(self, n) { this.log.push(n); return n }'
  assert.match(await told(log), /^trial: .*; log is not there before the first call/)
  const begun =
    'function add(self, n) { self.log ??= []; self.value ??= 0; self.value += n; return self.value }'
  assert.equal(await told(begun), '')
  const thrown = 'function add(self, n) { self.value = 1; throw new Error("no") }'
  assert.doesNotMatch(await told(thrown), /is not there/)
})

test('[GO37] sorting what is only asked about is refused, and what the words ask to sort is not', async () => {
  await t.send('setSlot:value:', ['list', [3, 1, 2]])
  const lowest: Call = { selector: 'lowest', receiver: t.oid('it') }
  const inPlace = 'function lowest(self) { return self.list.sort((a, b) => a - b)[0] ?? 0 }'
  const onCopy = 'function lowest(self) { return [...self.list].sort((a, b) => a - b)[0] ?? 0 }'
  assert.equal(await gateOf(t, lowest, inPlace), 'effect')
  assert.equal(await gateOf(t, lowest, onCopy), undefined)
  const sort =
    'function sort_list(self) { self.list.sort((a, b) => a - b); return self.list.length }'
  assert.equal(await gateOf(t, { ...lowest, selector: 'sort_list' }, sort), undefined)
  const next = 'function next(self) { self.list.push(self.list.shift()); return self.list[0] ?? 0 }'
  assert.equal(await gateOf(t, { ...lowest, selector: 'next' }, next), undefined)
})

test('[GO38] what a method of an object without data reads is the slot that the next one must leave', async () => {
  await t.send('clone:', ['drifting'], { target: t.oid('genesis') })
  const drifting = t.oid('drifting')
  await putMethod(t.kernel.workbench, {
    holder: drifting,
    selector: 'memory',
    source: 'function memory(self) { return self.total ?? 0 }',
    comment: '',
    author: 'ann',
  })
  const call: Call = { selector: 'add', args: [5], receiver: drifting }
  const named = (name: string) =>
    `function add(self, n) { self.${name} = (self.${name} ?? 0) + n; return self.${name} }`
  assert.equal(await gateOf(t, call, named('sum')), 'slots')
  assert.equal(await gateOf(t, call, named('total')), undefined)
})

test('[GO38] an object without data may have nothing to undo', async () => {
  const undo = 'function undo(self) { return self.value ?? 0 }'
  assert.equal(await gateOf(t, { ...add, selector: 'undo', args: [] }, undo), undefined)
  const it = { selector: 'undo', receiver: t.oid('it') }
  assert.equal(await gateOf(t, it, 'function undo(self) { return self.balance }'), 'effect')
})

test('[GO15] a history is the whole of what is kept for it, whatever the slot is called', async () => {
  await t.send('setSlot:value:', ['steps', ['add 1', 'add 2']])
  const whole = (name: string) => `function ${name}(self) { return self.steps }`
  assert.equal(
    await gateOf(
      t,
      { ...add, selector: 'history', args: [], receiver: t.oid('it') },
      whole('history'),
    ),
    undefined,
  )
  assert.equal(
    await gateOf(
      t,
      { ...add, selector: 'latest', args: [], receiver: t.oid('it') },
      whole('latest'),
    ),
    'alias',
  )
})

test('[GO15] a number that leaves the bounds in the words on any probe is refused', async () => {
  await t.send('setSlot:value:', ['health', 30])
  const intent = 'Take the damage from health, never below zero. Answer the health.'
  const hit: Call = { selector: 'hit', args: [12], intent, receiver: t.oid('it') }
  const bare = 'function hit(self, n) { self.health -= n; return self.health }'
  const bound =
    'function hit(self, n) { self.health = Math.max(0, self.health - n); return self.health }'
  assert.equal(await gateOf(t, hit, bare), 'intent')
  assert.equal(await gateOf(t, hit, bound), undefined)
})

test('[GO39] an answer in an order is refused when it follows the order of the list that it is made from', async () => {
  const entries = [
    { date: '2026-03-09', text: 'rain' },
    { date: '2026-03-02', text: 'sun' },
  ]
  await t.send('setSlot:value:', ['entries', entries])
  const intent = 'The texts of the entries, the earliest first.'
  const texts: Call = { selector: 'texts', intent, receiver: t.oid('it') }
  const asTheyAre = 'function texts(self) { return self.entries.map(one => one.text) }'
  const sorted = `function texts(self) {
    return [...self.entries].sort((a, b) => a.date < b.date ? -1 : 1).map(one => one.text)
  }`
  assert.equal(await gateOf(t, texts, asTheyAre), 'intent')
  assert.equal(await gateOf(t, texts, sorted), undefined)
  assert.equal(
    await gateOf(t, { ...texts, intent: 'The texts of the entries.' }, asTheyAre),
    undefined,
  )
})

test('[GO39] a count of words is refused when more spaces make more of them', async () => {
  await t.send('setSlot:value:', ['line', 'the quick fox'])
  const count: Call = { selector: 'word_count', receiver: t.oid('it') }
  const spaces = "function word_count(self) { return self.line.split(' ').length }"
  const words =
    'function word_count(self) { return self.line.split(/\\s+/).filter(one => one).length }'
  assert.equal(await gateOf(t, count, spaces), 'intent')
  assert.equal(await gateOf(t, count, words), undefined)
})
