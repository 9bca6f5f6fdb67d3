// Owns: whether the bench of the calculator tells right ones from wrong ones: scripted drafts, the real gates.
// Leaves: how a model fares to bench/calculator.ts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from '#batos'
import { type CompletionRequest, ScriptedProvider } from '#mind'
import { check, SELECTORS, type Selector } from '../../bench/calculator-checks.ts'
import { askable, orderOf, runOnce, SeededProvider } from '../../bench/calculator-run.ts'

const operation = (name: string, expression: string, guard = '') => `function ${name}(self, n) {
  ${guard}
  const before = self.value ?? 0
  self.value = ${expression}
  self.log = [...(self.log ?? []), { op: '${name}', n, before }]
  return self.value
}`

const RIGHT: Record<Selector, string> = {
  add: operation('add', 'before + n'),
  subtract: operation('subtract', 'before - n'),
  multiply: operation('multiply', 'before * n'),
  divide: operation('divide', 'before / n', "if (n === 0) throw new Error('divided by zero')"),
  memory: 'function memory(self) {\n  return self.value ?? 0\n}',
  history: 'function history(self) {\n  return self.log ?? []\n}',
  undo: `function undo(self) {
  const log = self.log ?? []
  const last = log.at(-1)
  if (last !== undefined) {
    self.value = last.before
    self.log = log.slice(0, -1)
  }
  return self.value ?? 0
}`,
}

function scripted(sourceOf: (selector: Selector) => string): ScriptedProvider {
  return new ScriptedProvider(({ messages }: CompletionRequest) => {
    const asked = messages.map(({ content }) => content).join('\n')
    const [, selector] =
      [...asked.matchAll(/\n(?:Message: | {3}\* Called as: )(\w+)\(/g)].at(-1) ?? []
    return `\`\`\`ts\n${sourceOf(selector as Selector)}\n\`\`\``
  })
}

const DRIFTING: Record<Selector, string> = {
  ...RIGHT,
  add: RIGHT.add.replaceAll('self.value', 'self.sum'),
  multiply: RIGHT.multiply.replaceAll('self.value', 'self.product'),
  memory: RIGHT.memory.replaceAll('self.value', 'self.memorized'),
}

const once = (sources: Record<Selector, string>, order: number, slots: boolean) => {
  const provider = scripted((selector) => sources[selector])
  return runOnce({ provider, order, time: 1, seed: 1, intents: true, slots })
}

/** A calculator with methods that a person gave, and what the check says of it. */
async function examined(sources: Partial<Record<Selector, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'batos-calculator-'))
  const world = await open(folder)
  try {
    const slots = { value: 0, log: [], sum: 0, product: 0, memorized: 0 }
    await world.request('CreateObjectCommand', { name: 'calculator', slots })
    for (const [selector, source] of Object.entries(sources)) {
      await world.request('CreateMethodCommand', {
        target: 'calculator',
        method_name: selector,
        source,
      })
    }
    return await check(askable(world), new Set(Object.keys(sources) as Selector[]))
  } finally {
    await world.shut()
    rmSync(folder, { recursive: true, force: true })
  }
}

test('[RK16] methods that are right together pass, and each that is wrong is told with what it did', async () => {
  assert.deepEqual((await examined(RIGHT)).wrong, {})
  const wrong: [Selector, string, string, Selector, RegExp][] = [
    ['add', 'return self.value', "return 'done'", 'add', /^it answers "done", not the new value$/],
    ['subtract', 'before - n', 'n - before', 'subtract', /^from 23.5 by 4 it answers -19.5/],
    [
      'divide',
      "throw new Error('divided by zero')",
      'return self.value = 0',
      'divide',
      /^by zero it/,
    ],
    ['multiply', "{ op: 'multiply', n, before }", '', 'history', /^multiply leaves 0 entries/],
    ['multiply', "op: 'multiply', n, before", 'done: true', 'history', /which does not tell it$/],
    ['undo', 'last.before', '0', 'undo', /^it leaves 0 where 38.125 was$/],
    ['memory', 'self.value ?? 0', "'a number'", 'memory', /^it answers "a number", not a number$/],
    ['history', 'self.log ?? []', '7', 'history', /^it answers 7, not a list$/],
  ]
  for (const [selector, from, to, of, why] of wrong) {
    const source = RIGHT[selector].replace(from, to)
    assert.notEqual(source, RIGHT[selector])
    assert.match((await examined({ ...RIGHT, [selector]: source })).wrong[of] ?? '', why)
  }
})

test('[RK16] dividing by zero may be refused or answered with a text', async () => {
  const divide = RIGHT.divide.replace('throw new Error', 'return String')
  assert.deepEqual((await examined({ ...RIGHT, divide })).wrong, {})
})

test('[RK16] methods that name the state each in its own way are told apart from one that is shared', async () => {
  assert.equal((await examined(RIGHT)).drift, undefined)
  assert.match(
    (await examined(DRIFTING)).drift ?? '',
    /^after add answered 23.5, memory answers 0$/,
  )
  const { memory: _, ...silent } = DRIFTING
  const unlogged = Object.entries(silent).map(([name, source]) => [
    name,
    source.replace(/\n {2}self\.log = .*/, ''),
  ])
  const { drift } = await examined(Object.fromEntries(unlogged))
  assert.match(drift ?? '', /^no slot is common to the operations/)
})

test('[RK16] drafts that are right are learnt, by an empty object and by one with slots', async () => {
  for (const slots of [false, true]) {
    const run = await once(RIGHT, 2, slots)
    assert.deepEqual(
      run.learnt.map(({ outcome, why }) => [outcome, why]),
      SELECTORS.map(() => ['installed', '']),
    )
    assert.deepEqual(run.wrong, {})
    assert.ok(run.right && run.consistent)
  }
})

test('[RK16] drafts that drift make no calculator that counts as right', async () => {
  for (const slots of [true, false]) {
    const run = await once(DRIFTING, 1, slots)
    assert.ok(!(run.right && run.consistent), JSON.stringify(run))
  }
})

test('[RK17] orders and the seeds of drafts follow from the numbers of a run', async () => {
  const orders = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((order) => orderOf(order, 1).join(' '))
  assert.equal(new Set(orders).size, 10)
  assert.equal(orderOf(3, 1).join(' '), orders[2])
  const seeds = async (label: string) => {
    const behind = new ScriptedProvider(['a'])
    const provider = new SeededProvider(behind)
    const signal = new AbortController().signal
    provider.begin(label)
    for (const seed of [undefined, 1, 2]) {
      const request = { messages: [], maxTokens: 1, temperature: 0.7 }
      const seeded = seed === undefined ? request : { ...request, seed }
      await provider.complete(seeded, () => undefined, signal)
    }
    return behind.asked.map(({ seed }) => seed)
  }
  const [greedy, second, third] = await seeds('1/1/1/add')
  assert.equal(greedy, undefined)
  assert.notEqual(second, third)
  assert.deepEqual(await seeds('1/1/1/add'), [greedy, second, third])
  assert.notEqual((await seeds('1/1/2/add'))[1], second)
})
