// The verbs about proposals, against answers as the wire has them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answers, ran } from './ran.fixture.ts'

const SOURCE = 'function add(self, n) {\n  return self.count += n\n}\n'
const ACCEPTED: Answers = {
  AcceptProposalCommand: () => ({ tid: '8', version: 1, waiting: 2, example: false }),
}
const accept = (...words: string[]) => ['proposal', 'accept', 'p-1', ...words]

test('[CL103] a source of the person’s own is accepted from a file, or from stdin, byte for byte', async () => {
  const files = { '/here/mine.ts': SOURCE }
  const asked = [{ op: 'AcceptProposalCommand', fields: { proposal: 'p-1', source: SOURCE } }]
  const fromFile = await ran(accept('--source', 'mine.ts'), ACCEPTED, { files })
  assert.deepEqual([fromFile.code, fromFile.asked], [0, asked])
  assert.match(
    fromFile.out,
    /^Installed: version 1, transaction 8\. 2 messages that waited went on\./,
  )
  const fromInput = await ran(accept('--source', '-'), ACCEPTED, { input: SOURCE })
  assert.deepEqual([fromInput.code, fromInput.asked], [0, asked])
})

test('[CL103] a file that is not there, and a draft beside a source, are refused before anything is asked', async () => {
  const missing = await ran(accept('--source', 'mine.ts'), ACCEPTED)
  assert.notEqual(missing.code, 0)
  assert.match(missing.err, /there is no file "?mine\.ts/)
  const both = await ran(accept('--source', '-', '--draft', '0'), ACCEPTED, { input: SOURCE })
  assert.notEqual(both.code, 0)
  assert.match(both.err, /Either a draft is accepted, or a source of your own/)
  assert.deepEqual([missing.asked, both.asked], [[], []])
})

test('[CL103] a draft is accepted by its number, and the likeliest without one', async () => {
  const numbered = await ran(accept('--draft', '1'), ACCEPTED)
  const plain = await ran(accept(), ACCEPTED)
  assert.deepEqual(
    [numbered, plain].map(({ asked }) => asked[0]?.fields),
    [{ proposal: 'p-1', draft: 1 }, { proposal: 'p-1' }],
  )
})
