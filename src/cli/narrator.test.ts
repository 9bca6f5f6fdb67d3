// What is told of a message before its answer.
import assert from 'node:assert/strict'
import test from 'node:test'
import { DraftText, Narrator } from './narrator.ts'
import { handed } from './powers.fixture.ts'
import { Terminal } from './terminal.ts'

const SOURCE = 'function deposit(self, n) {\n  self.balance += n\n  return self.balance\n}'
const TEXT = `\`\`\`ts\n${SOURCE}\n\`\`\``

/** A draft's tokens, cut where a model might cut them. */
const tokens = (text: string) => text.match(/[\s\S]{1,3}/g) ?? []

const EVENTS = [
  { kind: 'queued' },
  { kind: 'not-understood', target: '#4f', selector: 'deposit', holder: '#4f' },
  { kind: 'drafting', model: 'small', attempt: 1 },
  ...tokens(TEXT).map((text) => ({ kind: 'token', text })),
  { kind: 'trial', attempt: 1, ok: false, detail: 'it answers nothing', source: SOURCE },
  { kind: 'drafting', model: 'small', attempt: 2 },
  ...tokens(TEXT).map((text) => ({ kind: 'token', text })),
  { kind: 'trial', attempt: 2, ok: true, detail: 'every gate was passed', source: SOURCE },
  { kind: 'installed', holder: '#4f', selector: 'deposit', version: 1, tid: '7' },
  { kind: 'something-new', detail: 'of a later kernel' },
]

const indented = SOURCE.replace(/^/gm, '    ')

function told(terminal: boolean): string {
  const hands = handed({ terminal, color: false })
  const stream = new Terminal(hands.powers, true).err
  const narrator = new Narrator(stream, { target: 'account', selector: 'deposit' })
  for (const event of EVENTS) narrator.tell(event)
  return hands.err()
}

test('[CL50] where nobody looks each event is one line, and a draft is shown once it was tried', () => {
  assert.equal(
    told(false),
    [
      'account does not understand deposit.',
      'small writes it:',
      'Refused: it answers nothing.',
      'small writes it again (attempt 2):',
      indented,
      'Tried on a copy of the world: every gate was passed.',
      'Installed in account: version 1, transaction 7.',
      '',
    ].join('\n'),
  )
})

test('[CL50] on a terminal a draft appears as it is written, indented and without its fences', () => {
  assert.equal(
    told(true),
    [
      'account does not understand deposit.',
      'small writes it:',
      indented,
      'Refused: it answers nothing.',
      'small writes it again (attempt 2):',
      indented,
      'Tried on a copy of the world: every gate was passed.',
      'Installed in account: version 1, transaction 7.',
      '',
    ].join('\n'),
  )
})

test('[CL50] another message that is missed on the way is told by its oid', () => {
  const hands = handed()
  const stream = new Terminal(hands.powers, true).err
  const narrator = new Narrator(stream, { target: 'account', selector: 'deposit' })
  narrator.tell({ kind: 'not-understood', target: '#9', selector: 'round', holder: '#9' })
  narrator.tell({ kind: 'not-understood', target: '#4f', selector: 'deposit', holder: '#4f' })
  assert.equal(hands.err(), '#9 does not understand round.\naccount does not understand deposit.\n')
})

test('[CL50] a draft shows the same text however it is cut, and steers no terminal', () => {
  for (const text of [TEXT, SOURCE, `${SOURCE}\n`, `\n\n${TEXT}\n\n`, 'one\n\ntwo', '`x` is it']) {
    const whole = new DraftText()
    const expected = whole.take(text) + whole.end()
    const cut = new DraftText()
    const shown = [...text].map((one) => cut.take(one)).join('') + cut.end()
    assert.equal(shown, expected)
  }
  assert.ok(!new DraftText().take('\u001b[2Jx').includes('\u001b'))
})
