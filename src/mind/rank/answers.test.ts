// What counts as an answer: a call, a directive, a persona's words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callMessages, type CallTool, readCall } from '../tell/call-messages.ts'
import { readDirective } from './directive.ts'
import { brokenRule, personaMessages } from './persona.ts'
import type { PersonaTask } from './task-file.ts'

const TOOLS: CallTool[] = [
  { message: 'deposit', args: ['amount'], about: 'adds to the balance' },
  { message: 'balance', args: [] },
]

test('[RK10] the first object in the text is the call, whatever stands around it', () => {
  const call = { message: 'deposit', args: [50] }
  const text = `${JSON.stringify(call)}\nThat adds 50.`
  assert.deepEqual(readCall(text, TOOLS), { ok: true, call })
  assert.deepEqual(readCall(`\`\`\`json\n${text}\n\`\`\``, TOOLS), { ok: true, call })
  const nested = { message: 'deposit', args: [{ a: { b: '}' } }] }
  assert.deepEqual(readCall(JSON.stringify(nested), TOOLS), { ok: true, call: nested })
  assert.deepEqual(readCall('{"message": "balance"}', TOOLS), {
    ok: true,
    call: { message: 'balance', args: [] },
  })
  assert.deepEqual(readCall('{"message": null}', TOOLS), { ok: true, call: null })
})

test('[RK10] text, strange messages and wrong numbers of arguments are no answer', () => {
  const texts = [
    'deposit(50)',
    '{"message": "deposit", "args": [50',
    '{"message": "withdraw", "args": [50]}',
    '{"message": "deposit", "args": []}',
    '{"message": "deposit", "args": 50}',
    '{"call": "deposit"}',
    '{'.repeat(4_000),
  ]
  for (const text of texts) assert.equal(readCall(text, TOOLS).ok, false, text)
})

test('[RK10] a model is shown every message with its arguments, and the words at the end', () => {
  const last = callMessages(TOOLS, 'pay in 50', 'account').at(-1)
  const lines = [
    'Object: account',
    'Messages:',
    '- deposit(amount): adds to the balance',
    '- balance()',
    'The person says: pay in 50',
  ]
  assert.deepEqual(last, { role: 'user', content: lines.join('\n') })
})

test('[RK11] a directive is told by the first word, in any case and between any signs', () => {
  const directives = [
    { name: 'RUN', about: '' },
    { name: 'ASK', about: '' },
  ]
  assert.equal(readDirective('RUN', directives), 'RUN')
  assert.equal(readDirective(' **ask**.', directives), 'ASK')
  assert.equal(readDirective('We should RUN it', directives), undefined)
  assert.equal(readDirective('RUNNING', directives), undefined)
  assert.equal(readDirective('', directives), undefined)
})

const brick: PersonaTask = {
  id: 'brick',
  category: 'builds-on',
  persona: 'brick',
  text: 'It is slow.',
  robin: 'It drags its feet in snow.',
  rules: {
    words: [4, 12],
    mentions: [['snow', 'feet'], ['measur']],
    avoids: ['sorry'],
    firstPerson: true,
    you: true,
    questions: 1,
    exclamations: 0,
  },
}

test('[RK12] an answer that keeps every rule is right, and a broken one is named', () => {
  assert.equal(brokenRule('Snow? I measure where your time goes.', brick), undefined)
  const broken: [string, RegExp][] = [
    ['I measure snow.', /fewer than 4/],
    ['I measure the snow for you, and then I measure all of it again.', /more than 12/],
    ['I measure where your time goes.', /none of snow, feet/],
    ['Snow: I look where your time goes.', /none of measur/],
    ['Sorry, snow: I measure your time.', /it says sorry/],
    ['Measure the snow under your feet.', /never says I/],
    ['I measure the snow and the feet.', /never says you/],
    ['Snow? I measure your time? Yes.', /2 questions/],
    ['Snow! I measure your time.', /1 exclamations/],
  ]
  for (const [answer, why] of broken) assert.match(brokenRule(answer, brick) ?? '', why, answer)
})

test('[RK12] a word counts where it begins, not within another', () => {
  assert.match(brokenRule('I premeasure your snow here.', brick) ?? '', /none of measur/)
})

test('[RK12] BRICK is shown what ROBIN said', () => {
  const [system, user] = personaMessages(brick)
  assert.match(system?.content ?? '', /^You are BRICK/)
  assert.match(user?.content ?? '', /It is slow\.\nROBIN says: It drags its feet in snow\./)
})
