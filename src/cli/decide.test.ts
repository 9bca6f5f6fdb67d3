// A message that waits for a person, where its sender sits: at a terminal, and elsewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#ground'
import { type Handed, handed } from './powers.fixture.ts'
import { run } from './run.ts'

const DRAFTS = [
  { source: 'function add(self, n) {\n  return self.count += n\n}\n', votes: 2, reply: 3 },
  { source: 'function add(self, n) {\n  return self.count + n\n}\n', votes: 2, reply: 3 },
]
const OPTIONS = [
  { draft: 0, text: 'answers 3, count becomes 3' },
  { draft: 1, text: 'answers 3' },
]
const QUESTION = {
  call: { sets: [{ target: '#7', slot: 'count', value: 0 }], args: [3] },
  options: OPTIONS,
}
const SHOWN = {
  ...{ id: 'p-1', status: 'open', holder: '#7', receiver: '#7', selector: 'add', args: [3] },
  ...{ author: 'me', model: 'scripted', waiting: 1, places: { '#7': 'counter' } },
  why: { code: 'undecided', sentence: '2 of 4 drafts behave alike' },
  drafts: DRAFTS,
  question: QUESTION,
}

interface Scene {
  /** What the person types, line by line; undefined closes the input. */
  typed: (string | undefined)[]
  shown?: object
  /** What accepting comes to, if not an installation. */
  refused?: Fault
  words?: string[]
  terminal?: boolean
}

/** Sends `add 3`, which is parked; it is answered with 3 once something is accepted. */
async function scene({ typed, shown = SHOWN, refused, words = [], terminal = true }: Scene) {
  const accepted: Record<string, unknown>[] = []
  const answered: Record<string, unknown>[] = []
  const questions: string[] = []
  const sent = Promise.withResolvers<{ result: unknown; tid: string }>()
  const request = async (op: string, fields: Record<string, unknown> = {}) => {
    if (op === 'GetProposalCommand') return shown
    if (op === 'AnswerProposalCommand') {
      answered.push(fields)
      sent.resolve({ result: 3, tid: '9' })
      return { waiting: 1, example: 'value' in fields, drawn: true }
    }
    if (op !== 'AcceptProposalCommand') return {}
    accepted.push(fields)
    if (refused === undefined || refused.data?.relied === undefined) {
      sent.resolve({ result: 3, tid: '9' })
    }
    if (refused !== undefined) throw refused
    return { tid: '8', version: 1, waiting: 1, example: true }
  }
  const world: Handed['world'] = () => ({
    request,
    requestWithTid: async (_op, _fields, options) => {
      options?.onEvent?.({ kind: 'parked', proposal: 'p-1', reason: 'drafts differ' })
      return sent.promise
    },
  })
  const ask = async (question: string) => {
    questions.push(question)
    if (typed.length === 0) throw new Error('nothing more is typed')
    return typed.shift()
  }
  const hands = handed({
    ...{ world, terminal, color: false, words: ['send', 'counter', 'add', '3', ...words] },
    ...(terminal ? { ask } : {}),
  })
  const code = await run(hands.powers)
  return { code, out: hands.out(), err: hands.err(), accepted, answered, questions }
}

test('[CL102] at a terminal the smallest question is asked, and what is picked answers the message', async () => {
  const { code, out, err, accepted, questions } = await scene({ typed: ['2'] })
  assert.deepEqual(questions, [
    'with count 0 and add(3): [1] answers 3, count becomes 3  [2] answers 3  [=VALUE] it should answer VALUE  [f] it must refuse  [d] draw anew  [n] neither, leave it parked ',
  ])
  assert.deepEqual(accepted, [{ proposal: 'p-1', draft: 1 }])
  assert.equal(code, 0)
  assert.match(out, /^3$/m)
  assert.match(err, /Installed: version 1, transaction 8\. 1 message that waited went on\./)
})

test('[CL102] what is no choice is asked again', async () => {
  const { code, accepted, questions } = await scene({ typed: ['', 'yes', '3', '0', ' 1 '] })
  assert.equal(questions.length, 5)
  assert.deepEqual([code, accepted], [0, [{ proposal: 'p-1', draft: 0 }]])
})

test('[CL102] with neither, or when the input closes, the message stays parked', async () => {
  for (const typed of [['N'], [undefined]]) {
    const { code, out, err, accepted } = await scene({ typed })
    assert.deepEqual([code, out, accepted], [5, '', []])
    assert.match(err, /parked as proposal p-1: drafts differ/)
    assert.match(err, /batos proposal show p-1/)
  }
})

test('[CL102] where drafts do not differ the source is shown and may be installed', async () => {
  const { question: _, ...shown } = SHOWN
  const { code, err, accepted, questions } = await scene({ typed: ['1'], shown })
  assert.deepEqual([code, accepted], [0, [{ proposal: 'p-1', draft: 0 }]])
  assert.match(
    questions[0] ?? '',
    /^with add\(3\): \[1\] install it {2}\[=VALUE\].* {2}\[n\] neither/,
  )
  assert.match(err, / {4}function add\(self, n\) \{/)
  assert.doesNotMatch(err, /return self\.count \+ n/)
})

test('[CL116] a draft against which a veto stands is asked about twice, and accepted as meant', async () => {
  const shown = { ...SHOWN, vetoes: [['ROBIN says that add(-1) must refuse'], []] }
  const { code, err, accepted, questions } = await scene({ typed: ['1', '', '1', 'y'], shown })
  assert.deepEqual([code, accepted], [0, [{ proposal: 'p-1', draft: 0, despiteVeto: true }]])
  assert.equal(questions.filter((one) => one.startsWith('Install it despite that?')).length, 2)
  assert.match(err, /A veto stands: ROBIN says that add\(-1\) must refuse\./)
  const other = await scene({ typed: ['2'], shown })
  assert.deepEqual(other.accepted, [{ proposal: 'p-1', draft: 1 }])
})

test('[CL102] when somebody else was faster the message goes on by their decision', async () => {
  const code = 'CONFLICT'
  const message = 'proposal p-1 was accepted by another'
  const refused = new Fault({ code, message, remedy: 'Look.', retry: 'never', data: {} })
  const done = await scene({ typed: ['1'], refused })
  assert.equal(done.code, 0)
  assert.match(done.err, /was accepted by another/)
  assert.match(done.out, /^3$/m)
})

test('[CL104] where neither is right the person types what is, that it must be refused, or asks for other drafts', async () => {
  const typed: [string, object, RegExp][] = [
    ['= [1, "two"]', { value: [1, 'two'] }, /The answer is kept: .*1 message that waited asks/],
    ['=x', { value: 'x' }, /The answer is kept/],
    ['F', { fails: true }, /1 message that waited asks for new drafts now\./],
    ['d', {}, /^1 message that waited asks/m],
  ]
  for (const [said, fields, told] of typed) {
    const { code, out, err, accepted, answered } = await scene({ typed: ['=', said] })
    assert.deepEqual([code, accepted, answered], [0, [], [{ proposal: 'p-1', ...fields }]])
    assert.match(out, /^3$/m)
    assert.match(err, told)
  }
})

test('[CL104] a draft whose surroundings have moved is asked about again, and drawn anew', async () => {
  const code = 'CONFLICT'
  const data = { relied: '#7' }
  const message = 'the drafts were judged on what is there no more'
  const refused = new Fault({ code, message, remedy: 'Draw.', retry: 'never', data })
  const done = await scene({ typed: ['1', 'd'], refused })
  assert.deepEqual([done.code, done.answered], [0, [{ proposal: 'p-1' }]])
  assert.match(done.err, /judged on what is there no more/)
})

test('[CL102] any other fault of accepting ends the command with it', async () => {
  const message = 'the image is busy'
  const refused = new Fault({ code: 'BUSY', message, remedy: 'Wait.', retry: 'later', data: {} })
  const done = await scene({ typed: ['1'], refused })
  assert.notEqual(done.code, 0)
  assert.match(done.err, /the image is busy/)
})

test('[CL102] without a terminal nothing is asked: the proposal is named, and how to have the reply', async () => {
  const { code, out, err, questions } = await scene({
    ...{ typed: [], terminal: false, words: ['--key', 'k1'] },
  })
  assert.deepEqual([code, out, questions], [5, '', []])
  assert.match(err, /parked as proposal p-1/)
  assert.match(err, /send it again with --key k1 for its reply/)
})

test('[CL102] an interrupt at the question accepts nothing and ends the command', async () => {
  const accepted: unknown[] = []
  const hands = handed({
    world: () => ({
      request: async (op) => {
        if (op === 'AcceptProposalCommand') accepted.push(op)
        return op === 'GetProposalCommand' ? SHOWN : {}
      },
      requestWithTid: (_op, _fields, options) => {
        options?.onEvent?.({ kind: 'parked', proposal: 'p-1', reason: 'drafts differ' })
        return new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
        })
      },
    }),
    ask: (_question, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        hands.signal('SIGINT')
      }),
    ...{ terminal: true, words: ['send', 'counter', 'add', '3'] },
  })
  assert.equal(await run(hands.powers), 130)
  assert.deepEqual(accepted, [])
})
