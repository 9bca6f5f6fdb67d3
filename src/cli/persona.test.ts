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
      'Gates in their order: draft, parse',
      'Tests: 2 answers of people',
      '',
      'Draft 1 refused at parse: it does not parse',
      '    oops',
      '',
      'Draft 2 passed: all is well',
      '    function double(self) {}',
      '',
      'Vote: 1 of 1 behave alike on 70 calls; 3 must',
      'It went to a person: too few agree',
      '',
    ].join('\n'),
  )
  const none = await ran(['crucible', 'ls'], {
    ListCasesCommand: () => ({ cases: [], places: {} }),
  })
  assert.equal(none.out, 'The Crucible has had no case yet.\n')
})

test('[CL115] a case that went to a person names its proposal, how it stands now, who decided, and what reviewers said', async () => {
  const robin = {
    ...{ persona: 'ROBIN', text: 'No.' },
    veto: {
      ...{ holds: true, sentence: 'the draft answered -4' },
      overturned: { by: 'BRICK', sentence: 'the draft answered -4' },
    },
  }
  const brick = {
    ...{ persona: 'BRICK', text: 'Yes.', veto: null },
    overturns: {
      persona: 'ROBIN',
      stands: true,
      sentence: 'the draft answered -4, which is right',
    },
  }
  const shown = {
    ...{
      id: 'c1',
      time: new Date(0),
      holder: '#9',
      receiver: '#9',
      selector: 'double',
      args: '[]',
    },
    ...{ author: 'cli', drafted: { model: 'small', persona: null, prompt: 'abcdef' } },
    ...{ gates: ['draft'], judging: 'beef', examples: 0, places: { '#9': 'pair' } },
    drafts: [
      {
        attempt: 1,
        source: 'x',
        passed: true,
        way: 'a method of a class',
        sentence: 'all is well',
      },
    ],
    vote: {
      ...{ passed: 4, alike: 3, needed: 3, probes: 70, ways: 1 },
      ...{ rule: 'without a person when it is so', verdict: 'not enough: 1 of 2 ways' },
    },
    outcome: { kind: 'parked', why: 'too few agree' },
  }
  const show = async (proposal: object) =>
    (
      await ran(['crucible', 'show', 'c1'], {
        GetCaseCommand: () => ({ ...shown, proposal: { id: 'p1', ...proposal } }),
      })
    ).out
  const open = await show({ status: 'open' })
  assert.match(open, /Judged by code beef\n/)
  assert.match(open, /Draft 1, asked for as a method of a class, passed: all is well\n/)
  assert.match(
    open,
    /Vote: 3 of 4 behave alike on 70 calls, by 1 way of asking: not enough: 1 of 2 ways\n {2}It comes in without a person when it is so\n/,
  )
  assert.match(open, /It waits for a person as proposal p1: too few agree\n$/)
  const decided = { by: 'me', draft: 0, tid: '9', despite: ['ROBIN says so'] }
  const review = { draft: 0, reviews: [robin, brick] }
  assert.equal(
    (await show({ status: 'accepted', decided, review })).split('way of asking: ')[1],
    [
      'not enough: 1 of 2 ways',
      '  It comes in without a person when it is so',
      'It went to a person as proposal p1: too few agree',
      'p1 is accepted by me, draft 0, transaction 9.',
      '  Despite a veto: ROBIN says so',
      'Review of its draft 0:',
      '  ROBIN:',
      '    No.',
      '  The veto was overturned by BRICK: the draft answered -4.',
      '  BRICK, who vetoes nothing:',
      '    Yes.',
      '  BRICK overturns the veto of ROBIN: the draft answered -4, which is right.',
      '',
    ].join('\n'),
  )
  assert.match(
    await show({ status: 'rejected', decided: { by: 'me', reason: 'no' } }),
    /p1 is rejected by me: no/,
  )
  assert.match(await show({ status: 'gone' }), /no longer known/)
  const ls = await ran(['crucible', 'ls'], {
    ListCasesCommand: () => ({
      cases: [
        {
          ...{ ...shown, model: 'small', drafts: 1, passed: 1, outcome: 'parked' },
          proposal: { id: 'p1', status: 'rejected' },
        },
      ],
      places: { '#9': 'pair' },
    }),
  })
  assert.equal(ls.out, 'c1  parked as p1, rejected  pair double  1 draft of small, 1 passed\n')
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
