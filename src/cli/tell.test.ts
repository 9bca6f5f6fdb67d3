// Owns: tests of `tell` against answers as the wire has them: the question at a terminal, lines as they would be typed.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { ran } from './ran.fixture.ts'
import { sendLine } from './tell.ts'

const READINGS = [5, 50].map((amount) => ({
  messages: [{ target: 'alice', oid: '#2', selector: 'deposit', args: [amount] }],
}))

const refused = () =>
  new Fault({
    code: 'GENERATION_REFUSED',
    message: 'not sure what is meant',
    remedy: 'Say it otherwise.',
    retry: 'never',
    data: { options: READINGS },
  })

function answers() {
  return {
    TellCommand: (fields: Record<string, unknown>) => {
      if (fields.messages === undefined) throw refused()
      return { messages: fields.messages, answers: [7], tids: ['9'] }
    },
  }
}

const asks = (...typed: (string | undefined)[]) => ({
  terminal: true,
  ask: async () => typed.shift(),
})

test('[CL121] a terminal asks which reading is meant, and sends the one that was picked', async () => {
  const { code, err, asked } = await ran(['tell', 'deposit', 'some'], answers(), asks('x', '2'))
  assert.equal(code, 0, err)
  assert.match(err, /\[1\] batos send alice deposit 5\n.*\[2\] batos send alice deposit 50\n/s)
  const told = asked.filter(({ op }) => op === 'TellCommand').map(({ fields }) => fields)
  assert.deepEqual(told[0], { text: 'deposit some' })
  assert.deepEqual(told[1], { text: 'deposit some', messages: READINGS[1]?.messages })
  assert.match(err, /undo 9/)
})

test('[CL121] whoever picks none, and a script, sends nothing and ends with 7', async () => {
  for (const given of [asks('n'), asks(undefined), {}]) {
    const { code, err, asked } = await ran(['tell', 'deposit some'], answers(), given)
    assert.equal(code, 7)
    assert.match(err, /\[2\] batos send alice deposit 50/)
    assert.equal(asked.filter(({ op }) => op === 'TellCommand').length, 1)
  }
})

test('[CL120] a message is shown as the words that send it', () => {
  const line = (args: unknown[], intent?: string) =>
    sendLine({
      target: 'a/b',
      selector: 'at:put:',
      args,
      ...(intent === undefined ? {} : { intent }),
    })
  assert.equal(line([5, 'x']), 'batos send a/b at:put: 5 x')
  assert.equal(line(['5', 'two words']), `batos send a/b at:put: '"5"' 'two words'`)
  assert.equal(line([-5]), 'batos send a/b at:put: -- -5')
  assert.equal(line([{ $ref: '#3' }]), `batos send a/b at:put: '{"$ref":"#3"}'`)
  assert.equal(line([], "it's"), `batos send a/b at:put: --intent 'it'\\''s'`)
  assert.ok(!line(['\u001b[2J']).includes('\u001b'))
})
