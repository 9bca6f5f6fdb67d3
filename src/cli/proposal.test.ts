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

test('[CL116] a draft with a veto is shown with it, and accepted with --despite-veto', async () => {
  const meant = await ran(accept('--despite-veto'), ACCEPTED)
  assert.deepEqual(meant.asked[0]?.fields, { proposal: 'p-1', despiteVeto: true })
  const shown = {
    ...{ id: 'p1', status: 'open', holder: '#9', receiver: '#9', selector: 'pay', author: 'cli' },
    ...{ time: new Date(0), why: { code: 'policy', sentence: 'a person decides' }, waiting: 1 },
    ...{ args: [2], model: 'small', places: { '#9': 'purse' }, case: 'c1' },
    drafts: [{ source: SOURCE, votes: 3, reply: 1 }],
    vetoes: [['ROBIN says that pay(-1) must refuse, and the draft answered -1']],
  }
  const { out } = await ran(['proposal', 'show', 'p1'], { GetProposalCommand: () => shown })
  assert.match(out, /A veto stands: ROBIN says that pay\(-1\) must refuse/)
  assert.match(out, /proposal accept p1 --despite-veto/)
  assert.match(out, /How it was judged: batos crucible show c1/)
})

test('[CL103] a draft is accepted by its number, and the likeliest without one', async () => {
  const numbered = await ran(accept('--draft', '1'), ACCEPTED)
  const plain = await ran(accept(), ACCEPTED)
  assert.deepEqual(
    [numbered, plain].map(({ asked }) => asked[0]?.fields),
    [{ proposal: 'p-1', draft: 1 }, { proposal: 'p-1' }],
  )
})

const ANSWERED: Answers = {
  AnswerProposalCommand: ({ value, fails, draw }) => ({
    waiting: 2,
    example: value !== undefined || fails === true,
    drawn: draw !== false,
  }),
}
const answer = (...words: string[]) => ran(['proposal', 'answer', 'p-1', ...words], ANSWERED)

test('[CL104] an answer is read as an argument of send is, or says that the call must be refused', async () => {
  const asked = async (...words: string[]) => (await answer(...words)).asked[0]?.fields
  assert.deepEqual(await asked('7'), { proposal: 'p-1', value: 7 })
  assert.deepEqual(await asked('["a", null]'), { proposal: 'p-1', value: ['a', null] })
  assert.deepEqual(await asked('null'), { proposal: 'p-1', value: null })
  assert.deepEqual(await asked('plain words'), { proposal: 'p-1', value: 'plain words' })
  assert.deepEqual(await asked('--fails'), { proposal: 'p-1', fails: true })
  assert.deepEqual(await asked('7', '--no-draw'), { proposal: 'p-1', value: 7, draw: false })
  assert.match(
    (await answer('7')).out,
    /^The answer is kept: .* 2 messages that waited ask for new drafts now\.$/m,
  )
  assert.match((await answer('7', '--no-draw')).out, /The proposal stays as it is\./)
})

test('[CL104] neither an answer nor a refusal, and both, are told before anything is asked', async () => {
  for (const words of [[], ['7', '--fails']]) {
    const done = await answer(...words)
    assert.notEqual(done.code, 0)
    assert.match(done.err, /Say what it should answer, or --fails/)
    assert.deepEqual(done.asked, [])
  }
})

test('[CL104] drafts are drawn anew without an answer', async () => {
  const done = await ran(['proposal', 'draw', 'p-1'], ANSWERED)
  assert.deepEqual(done.asked[0]?.fields, { proposal: 'p-1' })
  assert.match(done.out, /^2 messages that waited ask for new drafts now\.$/m)
})
