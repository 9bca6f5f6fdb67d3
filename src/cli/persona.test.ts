// Owns: the tests of what the verbs about personas and the Crucible print, from answers as the wire has them.
// Leaves: the answers themselves to the journeys.
import assert from 'node:assert/strict'
import test from 'node:test'
import { ran } from './ran.fixture.ts'

const spoken = (persona: string, text: string) => ({ target: persona, persona, text, facet: null })

test('[CL110] each voice stands under its name when several speak, and --json is the answer of the wire', async () => {
  const answers = [spoken('ROBIN', 'Warm.'), spoken('BRICK', 'Hard.')]
  const answer = { AskPersonaCommand: () => ({ answers }) }
  const words = ['persona', 'ask', 'robin', 'Stone?', '--with', 'brick', '--purpose', 'review']
  const both = await ran(words, answer)
  assert.equal(both.out, 'ROBIN:\nWarm.\n\nBRICK:\nHard.\n')
  assert.deepEqual(both.asked, [
    {
      op: 'AskPersonaCommand',
      fields: { personas: ['robin', 'brick'], text: 'Stone?', purpose: 'review' },
    },
  ])
  const one = await ran(['persona', 'ask', 'robin', 'Stone?'], {
    AskPersonaCommand: () => ({ answers: answers.slice(0, 1) }),
  })
  assert.equal(one.out, 'Warm.\n')
  const json = await ran([...words, '--json'], answer)
  assert.deepEqual(JSON.parse(json.out), { answers })
  assert.equal((await ran(['persona', 'ask', 'robin', ' '])).code, 2)
})

test('[CL111] a case is shown with who drafted, each draft and its gate, the vote, and what became of it', async () => {
  const shown = {
    id: 'c1',
    time: new Date(0),
    holder: '#9',
    receiver: '#9',
    selector: 'double',
    args: '[]',
    author: 'cli',
    drafted: { model: 'small', persona: null, prompt: 'abcdefabcdefabcdef' },
    gates: ['draft', 'parse'],
    drafts: [
      { attempt: 1, source: 'oops', passed: false, gate: 'parse', sentence: 'it does not parse' },
      { attempt: 2, source: 'function double(self) {}', passed: true, sentence: 'all is well' },
    ],
    vote: { passed: 1, alike: 1, needed: 3, probes: 70 },
    examples: 2,
    outcome: { kind: 'parked', why: 'too few agree' },
    places: { '#9': 'pair' },
  }
  const { out } = await ran(['crucible', 'show', 'c1'], { GetCaseCommand: () => shown })
  assert.equal(
    out,
    [
      'c1: pair double',
      'asked by cli, drafted by small, prompt abcdefabcdef',
      'Gates: draft, parse',
      'Tests: 2 answers of people',
      '',
      'Draft 1 refused at parse: it does not parse',
      '    oops',
      '',
      'Draft 2 passed: all is well',
      '    function double(self) {}',
      '',
      'Vote: 1 of 1 behave alike on 70 calls; 3 must',
      'It waits for a person: too few agree',
      '',
    ].join('\n'),
  )
  const none = await ran(['crucible', 'ls'], {
    ListCasesCommand: () => ({ cases: [], places: {} }),
  })
  assert.equal(none.out, 'The Crucible has had no case yet.\n')
})

test('[CL112] a review is shown with what became of each veto', async () => {
  const said = { persona: 'ROBIN', text: 'Fine.', veto: null }
  const veto = { holds: true, sentence: 'the draft answered -4' }
  const reviews = [said, { persona: 'BRICK', text: 'No.\nVETO', veto }]
  const { out } = await ran(['proposal', 'review', 'p1'], {
    ReviewProposalCommand: () => ({ proposal: 'p1', draft: 0, reviews }),
  })
  assert.equal(
    out,
    [
      '  ROBIN, who vetoes nothing:',
      '    Fine.',
      '  BRICK:',
      '    No.',
      '    VETO',
      '  The veto holds: the draft answered -4.',
      '',
    ].join('\n'),
  )
})

test('[CL114] tests by somebody who has seen no draft are shown with what each draft does', async () => {
  const tests = {
    persona: 'BRICK',
    model: 'small',
    ran: [
      {
        slots: { coins: 1 },
        args: [2],
        fails: true,
        drafts: [
          { agrees: true, did: 'fails: too little' },
          { agrees: false, did: 'answers -1' },
        ],
      },
      { slots: {}, args: [3], expected: 7, drafts: [{ agrees: true, did: 'answers 7' }] },
    ],
  }
  const shown = {
    ...{ id: 'p1', status: 'open', holder: '#9', receiver: '#9', selector: 'pay', author: 'cli' },
    ...{ time: new Date(0), why: { code: 'policy', sentence: 'a person decides' }, waiting: 1 },
    ...{ args: [2], drafts: [], model: 'small', places: { '#9': 'purse' } },
  }
  const show = async (more: object) =>
    (await ran(['proposal', 'show', 'p1'], { GetProposalCommand: () => ({ ...shown, ...more }) }))
      .out
  const out = await show({ tests })
  assert.ok(
    out.includes(
      [
        'Tests that BRICK wrote without seeing a draft, which decide nothing:',
        '  with coins 1, pay(2) must refuse:',
        '    draft 0 agrees',
        '    draft 1 answers -1',
        '  pay(3) must answer 7:',
        '    draft 0 agrees',
        '',
      ].join('\n'),
    ),
    out,
  )
  assert.match(
    await show({ tests: { ...tests, ran: [] } }),
    /BRICK wrote no test that could be run/,
  )
  assert.doesNotMatch(await show({}), /wrote/)
})
