// Owns: the claims that histories are serializable, and that the checker of histories finds what is not.
// Leaves: making histories to kernel-history.ts and connection-history.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionHistory } from './connection-history.ts'
import { manyHistories } from './histories.ts'
import { checkHistory, examineHistory, type HistoryTransaction, type Step } from './history.ts'
import { kernelHistory } from './kernel-history.ts'

test('[KN95] many histories of kernels and connections with crashes have no anomaly', async () => {
  const { tallies, found } = await manyHistories(1, 8_000)
  assert.equal(found, undefined, `seed ${found?.seed}: ${found?.anomaly.sentence}`)
  for (const [kind, { committed, crashes, rw }] of tallies) {
    assert.ok(committed > 500 && crashes > 0 && rw > 500, `${kind}: ${committed} committed`)
  }
})

test('[KN90] the same seed is the same history', async () => {
  const text = async () => {
    const kernel = await kernelHistory(3, 400, 120)
    const connections = await connectionHistory(3, 400, { readChecks: true, crashEvery: 120 })
    return JSON.stringify([kernel.history, connections.history])
  }
  assert.equal(await text(), await text())
})

const committed = (id: string, ...steps: Step[]): HistoryTransaction => ({
  id,
  status: 'committed',
  steps,
})
const read = (key: string, ...list: number[]): Step => ({ kind: 'read', key, list })
const append = (key: string, value: number): Step => ({ kind: 'append', key, value })

test('[KN95] a write skew, a lost read, a lost write and an aborted read are found where they are', () => {
  const skew = [
    committed('a', read('x'), append('y', 1)),
    committed('b', read('y'), append('x', 2)),
    committed('c', read('x', 2), read('y', 1)),
  ]
  assert.equal(checkHistory(skew)[0]?.name, 'G2-item')
  assert.deepEqual(checkHistory(skew, { level: 'snapshot' }), [])
  const lost = [
    committed('a', read('x'), append('x', 1)),
    committed('b', read('x'), append('x', 2)),
    committed('c', read('x', 1, 2)),
  ]
  assert.equal(checkHistory(lost, { level: 'snapshot' })[0]?.name, 'G-single')
  const circle = [
    committed('a', append('x', 1), read('y', 2)),
    committed('b', append('y', 2), read('x', 1)),
  ]
  assert.equal(checkHistory(circle)[0]?.name, 'G1c')
  const aborted: HistoryTransaction[] = [
    { id: 'a', status: 'aborted', steps: [append('x', 1)] },
    committed('b', read('x', 1)),
  ]
  assert.equal(checkHistory(aborted)[0]?.name, 'G1a')
})

test('[KN95] an order of time counts: a read that is older than what ended before it is found', () => {
  const history: HistoryTransaction[] = [
    { ...committed('a', append('x', 1)), span: { begin: 1, end: 2 } },
    { ...committed('b', read('x')), span: { begin: 3, end: 4 } },
    { ...committed('c', read('x', 1)), span: { begin: 5, end: 6 } },
  ]
  assert.equal(checkHistory(history)[0]?.name, 'G-single')
  const overlapping = history.map((one) => ({ ...one, span: { begin: 1, end: 9 } }))
  assert.deepEqual(checkHistory(overlapping), [])
})

test('[KN95] one ring among twenty-five thousand transactions is found, and its shortest way is told', () => {
  const history: HistoryTransaction[] = []
  for (let i = 0; i < 50_000; i += 2) {
    const key = `k${i % 500}.${Math.floor(i / 20_000)}`
    history.push(committed(`T${i}`, append(key, i)))
  }
  history.push(
    committed('one', read('p'), append('q', -1)),
    committed('two', read('q'), append('p', -2)),
  )
  history.push(committed('all', read('p', -2), read('q', -1)))
  const { anomalies, edges } = examineHistory(history)
  assert.equal(anomalies.length, 1)
  assert.match(
    anomalies[0]?.sentence ?? '',
    /^(one|two) read [pq] without .*\(rw\); (one|two) read/,
  )
  assert.equal(edges.rw, 2)
})
