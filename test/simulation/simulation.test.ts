// Owns: the claims of the simulation: seeds in which everything holds, the same seed twice, mistakes that are caught.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionHistory } from './connection-history.ts'
import { checkHistory, type HistoryTransaction } from './history.ts'
import { kernelHistory } from './kernel-history.ts'
import { simulate } from './simulation.ts'

test('[KN91] [KN92] [KN93] [KN94] in a hundred seeds of crashes and deaths everything that was acknowledged holds', async () => {
  let crashes = 0
  for (let seed = 1; seed <= 100; seed++) {
    const report = await simulate(seed)
    assert.equal(report.violation, undefined, `seed ${seed}: ${report.violation}`)
    crashes += report.crashes
  }
  assert.ok(crashes > 50, `${crashes} crashes`)
})

test('[KN90] the same seed is the same trace, and another is another', async () => {
  const one = await simulate(7)
  assert.equal((await simulate(7)).digest, one.digest)
  assert.notEqual((await simulate(8)).digest, one.digest)
})

test('[KN92] a kernel that forgets the answers of keys is caught', async () => {
  let caught = false
  for (let seed = 1; seed <= 100 && !caught; seed++) {
    const report = await simulate(seed, { lies: { forgetsKeys: true } })
    caught = report.violation !== undefined
  }
  assert.ok(caught)
})

test('[KN95] histories of a simulated kernel with crashes are serializable', async () => {
  const { history, crashes } = await kernelHistory(11, 1_500, 300)
  assert.ok(crashes > 0 && history.length >= 1_000)
  assert.deepEqual(checkHistory(history), [])
})

test('[KN95] connections with read checks are serializable', async () => {
  const history = await connectionHistory(5, 1_000, { readChecks: true })
  assert.deepEqual(checkHistory(history), [])
})

test('[KN95] a write skew and a lost read are found in histories that have them', () => {
  const skew: HistoryTransaction[] = [
    {
      id: 'a',
      status: 'committed',
      steps: [
        { kind: 'read', key: 'x', list: [] },
        { kind: 'append', key: 'y', value: 1 },
      ],
    },
    {
      id: 'b',
      status: 'committed',
      steps: [
        { kind: 'read', key: 'y', list: [] },
        { kind: 'append', key: 'x', value: 2 },
      ],
    },
    {
      id: 'c',
      status: 'committed',
      steps: [
        { kind: 'read', key: 'x', list: [2] },
        { kind: 'read', key: 'y', list: [1] },
      ],
    },
  ]
  assert.notDeepEqual(checkHistory(skew), [])
  assert.deepEqual(checkHistory(skew, { level: 'snapshot' }), [])
  const aborted: HistoryTransaction[] = [
    { id: 'a', status: 'aborted', steps: [{ kind: 'append', key: 'x', value: 1 }] },
    { id: 'b', status: 'committed', steps: [{ kind: 'read', key: 'x', list: [1] }] },
  ]
  assert.equal(checkHistory(aborted)[0]?.name, 'G1a')
})
