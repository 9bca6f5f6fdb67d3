// Owns: the tests of probes and of behaviour: what is varied, how, and when two drafts are alike.
// Leaves: gates in a real world to test/journeys/crucible.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Probe, TrialReport } from '#kernel'
import { Ref } from '#objects'
import { partiesOf, questionOf, type Voter, waysOf } from './ballot.ts'
import { behaviourOf, changesOf, differencesOf } from './behaviour.ts'
import { probesFor } from './probes.ts'
import type { Scene } from './scene.ts'
import { variantsOfText } from './text-variants.ts'

const scene: Scene = {
  receiver: 7,
  args: [5, 'fig'],
  slots: [
    { of: 7, name: 'count', value: 3 },
    { of: 7, name: 'names', value: ['fig', 'plum'] },
    { of: 7, name: 'state', value: 'idle' },
    { of: 7, name: 'due', value: '2026-02-28' },
    { of: 7, name: 'done', value: false },
    { of: 7, name: 'friend', value: new Ref(8) },
    { of: 8, name: 'level', value: 1.5 },
  ],
  siblings: new Map(),
}
const probes = probesFor(scene, ['idle', 'busy'])
const valuesOf = (slot: string) =>
  probes
    .flatMap(({ sets }) => sets?.filter((one) => one.slot === slot) ?? [])
    .map((one) => one.value)

test('[GO12] one scene makes the same probes, bounded, and the call as it came is the first', () => {
  assert.deepEqual(probes, probesFor(scene, ['idle', 'busy']))
  assert.deepEqual(probes[0], {})
  assert.ok(probes.length > 40 && probes.length <= 96, String(probes.length))
  const wide = {
    ...scene,
    slots: Array.from({ length: 40 }, (_, i) => ({ of: 7, name: `s${i}`, value: i })),
  }
  assert.ok(probesFor(wide, []).length <= 96)
  assert.deepEqual(probesFor({ receiver: 7, args: [], slots: [], siblings: new Map() }, []), [
    {},
    { earlier: [[]] },
  ])
})

test('[GO11] what is varied keeps its kind, and references stay', () => {
  assert.ok(valuesOf('count').every((one) => Number.isInteger(one)))
  assert.ok(valuesOf('count').includes(0) && valuesOf('count').includes(5))
  assert.ok(valuesOf('names').some((one) => (one as string[]).length === 0))
  assert.ok(
    valuesOf('names').every((one) => (one as unknown[]).every((part) => typeof part === 'string')),
  )
  assert.ok(valuesOf('state').includes('busy'))
  assert.ok(valuesOf('due').every((one) => /^\d{4}-\d{2}-\d{2}$/.test(one as string)))
  assert.deepEqual([...new Set(valuesOf('done'))], [true])
  assert.deepEqual(valuesOf('friend'), [])
  assert.ok(valuesOf('level').length > 0)
  // A text that names something is replaced by what names something else.
  assert.ok(probes.some(({ args }) => args?.[1] === 'plum'))
})

test('[GO11] texts that hold dates, times, numbers and parts are varied as such', () => {
  assert.ok(variantsOfText('09:30', [], []).every((one) => /^\d\d:\d\d$/.test(one)))
  assert.ok(variantsOfText('12', [], []).every((one) => /^-?\d+$/.test(one)))
  const parts = variantsOfText('a=1;b=2', [], [])
  assert.ok(parts.includes('b=2;a=1') && parts.includes('a=1'))
  assert.ok(variantsOfText('2025-12-31', [], []).includes('2026-01-01'))
})

const firstDifference = (one: readonly string[], other: readonly string[]) =>
  differencesOf(one, other)[0]

const kept = (reply: unknown, count?: number): TrialReport => ({
  kind: 'kept',
  reply,
  wrote:
    count === undefined
      ? []
      : [
          {
            oid: 7,
            born: false,
            changed: ['count'],
            slots: [{ name: 'count', tid: 9, value: count }],
          },
        ],
  posted: [],
  fuel: 3,
})
const fault = (message: string): TrialReport => ({
  kind: 'fault',
  fault: { code: 'METHOD_FAILED', message, remedy: '', retry: 'never' } as never,
})
const of = (reports: TrialReport[], over: Probe[] = reports.map(() => ({}))) =>
  behaviourOf(reports, over, scene)

test('[GO13] drafts are alike when replies and what they leave are; words of refusals do not count', () => {
  assert.equal(firstDifference(of([kept(1), fault('a')]), of([kept(1), fault('b')])), undefined)
  assert.equal(firstDifference(of([kept(1), fault('a')]), of([kept(1), kept(null)])), 1)
  assert.equal(firstDifference(of([kept(1, 4)]), of([kept(1, 5)])), 0)
  assert.equal(firstDifference(of([kept({ a: 1, b: 2 })]), of([kept({ b: 2, a: 1 })])), undefined)
  assert.equal(firstDifference(of([kept(0.1 + 0.2)]), of([kept(0.3)])), undefined)
  assert.equal(firstDifference(of([kept('1')]), of([kept(1)])), 0)
  assert.equal(firstDifference(of([kept(-0)]), of([kept(0)])), undefined)
})

test('[GO13] a draft that crashes on a few probes votes with those that answer there, who speak for it', () => {
  const voter = (source: string, reports: TrialReport[]): Voter => ({
    source,
    way: 'one',
    reports,
    behaviour: of(reports),
  })
  const crash = fault("Cannot read properties of undefined (reading 'x')")
  const rest = [kept(1), kept(2), kept(3)]
  const parties = partiesOf([
    voter('crashes', [crash, ...rest]),
    voter('answers', [kept(0), ...rest]),
    voter('refuses', [fault('no'), ...rest]),
    voter('mostly crashes', [crash, crash, crash, kept(3)]),
  ])
  assert.deepEqual(
    parties.map(({ voters }) => voters.map(({ source }) => source)),
    [['answers', 'crashes'], ['refuses'], ['mostly crashes']],
  )
})

test('[GO36] a party that two ways of asking led to leads before a larger one of one way', () => {
  const voter = (source: string, way: string, reply: number): Voter => {
    const reports = [kept(reply)]
    return { source, way, reports, behaviour: of(reports) }
  }
  const parties = partiesOf([
    voter('a', 'one', 1),
    voter('b', 'one', 1),
    voter('c', 'one', 1),
    voter('d', 'one', 2),
    voter('e', 'other', 2),
  ])
  assert.deepEqual(
    parties.map((party) => [party.voters.map(({ source }) => source).join(''), waysOf(party)]),
    [
      ['de', 2],
      ['abc', 1],
    ],
  )
})

test('[GO11] numbers that sources compare with are met, with those beside them, and sums where one reaches another', () => {
  const first = (words: (string | number)[], args: unknown[], slots: Scene['slots']) =>
    probesFor({ ...scene, args, slots }, words).map(({ args: [one] = [] }) => one)
  const ages = first([18, 65], [30], [])
  for (const age of [17, 18, 19, 64, 65, 66]) assert.ok(ages.includes(age), `${age}`)
  const [of, at] = [7, new Date(5_000)]
  const spent = first(
    [],
    [30],
    [
      { of, name: 'limit', value: 100 },
      { of, name: 'spent', value: 20 },
    ],
  )
  assert.ok(spent.includes(80) && spent.includes(120))
  const dates = first([], [new Date(9_000)], [{ of, name: 'due', value: at }])
  assert.ok(dates.some((date) => (date as Date | undefined)?.getTime() === 5_000))
})

test('[GO13] a reply that is no number any more is unlike a refusal and unlike an answer', () => {
  const broken = fault('the reply is not a finite number: NaN')
  assert.equal(firstDifference(of([broken]), of([fault('no')])), 0)
  assert.equal(firstDifference(of([broken]), of([kept(1)])), 0)
  assert.equal(firstDifference(of([broken]), of([broken])), undefined)
})

test('[GO13] a slot that was written with the value that it had has not changed', () => {
  assert.deepEqual(changesOf(kept(1, 3) as never, {}, scene), [])
  assert.equal(changesOf(kept(1, 4) as never, {}, scene).length, 1)
  const probe = { sets: [{ target: 7, slot: 'count', value: 4 }] }
  assert.deepEqual(changesOf(kept(1, 4) as never, probe, scene), [])
})

test('[GO13] [GO14] the largest party leads, and the question is the smallest call on which two differ', () => {
  const over: Probe[] = [{}, { args: [1000, 'a long one'] }, { args: [0] }]
  const voter = (source: string, replies: number[]): Voter => {
    const reports = replies.map((reply) => kept(reply))
    return { source, way: 'one', reports, behaviour: of(reports, over) }
  }
  const parties = partiesOf([
    voter('a', [1, 2, 3]),
    voter('b', [1, 2, 4]),
    voter('c', [1, 2, 4]),
    voter('d', [1, 9, 3]),
  ])
  assert.deepEqual(
    parties.map(({ voters }) => voters.map(({ source }) => source)),
    [['b', 'c'], ['a'], ['d']],
  )
  const question = questionOf(parties, over)
  assert.deepEqual(question?.probe, { args: [0] })
  assert.deepEqual(
    question?.options.map(({ source, votes, report }) => [
      source,
      votes,
      report.kind === 'kept' && report.reply,
    ]),
    [
      ['b', 2, 4],
      ['a', 1, 3],
    ],
  )
  assert.equal(questionOf(parties.slice(0, 1), over), undefined)
})
