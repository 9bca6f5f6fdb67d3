// The verbs about versions, against answers as the wire has them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ran } from './ran.fixture.ts'

test('[CL130] a version that a model wrote is listed with its vote, who accepted it, and the hash of the code that judged it', async () => {
  const made = { method: '#12', tid: '9', author: 'ann', calls: 0 }
  const versions = [
    { ...made, version: 1, current: false, state: 'replaced' },
    {
      ...{ ...made, version: 2, current: true, state: 'probation', model: 'small' },
      ...{ accepted: 'bob', verdict: { votes: 3, of: 4, judge: 'beef' } },
    },
  ]
  const { out } = await ran(['swap', 'ls', 'it', 'pay'], {
    ListVersionsCommand: () => ({ holder: '#9', selector: 'pay', versions }),
  })
  assert.equal(
    out,
    [
      '  1  replaced     by ann, at 9',
      '* 2  probation    by small, 3 of 4 drafts alike, accepted by bob, judged by code beef, at 9',
      '',
    ].join('\n'),
  )
})
