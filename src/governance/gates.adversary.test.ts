// Owns: drafts that hide something from whoever takes them in: what they copied from the call, and a state of their own.
// Leaves: each gate in a real world to test/journeys/crucible.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod, type TrialReport } from '#kernel'
import { refuseBehaviour, type Trial } from './behaviour-gates.ts'
import type { Scene } from './scene.ts'
import { refuseSource } from './source-gates.ts'
import { wishesOf } from './words.ts'

const scene: Scene = {
  receiver: 7,
  args: [37.5, { city: 'Oslo' }],
  slots: [{ of: 7, name: 'total', value: 3 }],
  siblings: new Map([['memory=', 'function remember(self, n) { self.total = n; return n }']]),
}

function gateOf(source: string): string | undefined {
  const made = compileMethod(source)
  if ('problems' in made) assert.fail(made.problems[0]?.message)
  const given = {
    source,
    facts: made.facts,
    scene,
    intent: undefined,
    wishes: wishesOf(undefined, ['total']),
  }
  return refuseSource(given)?.gate
}

test('[GO16] [G7] P17 argument-baking: no value of the call stands in the method, however it is written', () => {
  for (const baked of ['37.5', '3.75e1', '37.50', '"Oslo"', "'Oslo'", '`Oslo`']) {
    const source = `function rate(self, n, place) { return n === ${baked} || place.city === ${baked} }`
    assert.equal(gateOf(source), 'literal', baked)
  }
  assert.equal(gateOf('function rate(self, n, place) { return n > 38 && place.city }'), undefined)
})

/** The gate that refuses a draft whose trial wrote these slots of the receiver. */
function gateOfWrites(selector: string, changed: string[]): string | undefined {
  const report = {
    kind: 'kept',
    reply: 1,
    fuel: 10,
    wrote: [{ oid: 7, born: false, slots: changed.map((name) => ({ name, value: 9 })), changed }],
    posted: [],
  } as unknown as TrialReport
  const source = `function f(self, n) { self.${changed[0]} = n; return n }`
  const trial: Trial = {
    ...{ selector, source, intent: undefined, wishes: wishesOf(undefined, ['total']), scene },
    ...{ probes: [{}], reports: [report] },
  }
  return refuseBehaviour(trial)?.gate
}

test('[GO18] [G12] P18 sibling-drift: whatever the order, a method keeps its state in the slot that is there', () => {
  for (const selector of ['memory=', 'add', 'multiply', 'sqrt', 'history']) {
    assert.equal(gateOfWrites(selector, ['total']), undefined, selector)
    for (const other of ['value', 'memory', 'current', 'state']) {
      assert.equal(gateOfWrites(selector, [other]), 'slots', `${selector} ${other}`)
      assert.equal(gateOfWrites(selector, ['total', other]), 'slots', `${selector} ${other}`)
    }
  }
})
