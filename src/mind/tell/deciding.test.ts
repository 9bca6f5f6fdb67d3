// Owns: tests of what is sure and what is not, with answers that a script gives.
import assert from 'node:assert/strict'
import test from 'node:test'
import { ScriptedProvider } from '../providers/scripted.ts'
import { readCalls } from './call-text.ts'
import { decide } from './deciding.ts'
import { ALICE, LEDGER, told } from './tell.fixture.ts'
import type { TellObject } from './tell-messages.ts'

const signal = new AbortController().signal

async function decided(text: string, answers: string | string[], target?: TellObject) {
  const script = new ScriptedProvider(typeof answers === 'string' ? [answers] : answers)
  const decision = await decide(script, told(text, target), signal)
  return { decision, asked: script.asked }
}

/** Why words are refused when a model always answers so; undefined when they are sure. */
async function whyNot(text: string, answer: string, target?: TellObject) {
  const { decision } = await decided(text, answer, target)
  return decision.sure ? undefined : decision.why
}

test('[TL1] messages are read line by line, with texts, numbers, lists, maps and names', () => {
  const names = ['alice', 'accounts/bob']
  const read = readCalls('alice.deposit(5)\naccounts/bob.at:put:("x y", [1, -2.5], alice);', names)
  assert.deepEqual(read, {
    ok: true,
    calls: [
      { target: 'alice', selector: 'deposit', args: [5] },
      { target: 'accounts/bob', selector: 'at:put:', args: ['x y', [1, -2.5], { named: 'alice' }] },
    ],
  })
  assert.deepEqual(readCalls('```\nnone\n```', names), { ok: true, calls: [] })
  const map = readCalls(`alice.set({a: 'it\\'s', "b": true})`, names)
  assert.deepEqual(map.ok && map.calls[0]?.args, [{ a: "it's", b: true }])
})

test('[TL1] one line that is no message makes the whole answer none', () => {
  const wrong = [
    'alice.deposit(5)\nThat is all.',
    'alice.deposit(5',
    'alice.deposit(five)',
    'alice.deposit(5) and more',
    'alice.set({"__proto__": 1})',
    'alice.set({"$ref": "#1"})',
    'alice.a b(1)',
    `alice.deep(${'['.repeat(9)}${']'.repeat(9)})`,
    'alice.deposit(1)\n'.repeat(9),
    '',
  ]
  for (const text of wrong) assert.equal(readCalls(text, ['alice']).ok, false, text)
})

test('[TL2] [TL3] three draws that agree are sure, and one of them was shown names alone', async () => {
  const { decision, asked } = await decided('deposit 5 to alice', 'alice.deposit(5)')
  assert.equal(decision.sure, true)
  assert.equal(asked.length, 3)
  const questions = asked.map(({ messages }) => messages.at(-1)?.content ?? '')
  const bare = questions.filter((one) => !one.includes('SECRET COMMENT'))
  assert.equal(bare.length, 1)
  assert.doesNotMatch(bare[0] as string, /adds to|now 55/)
  assert.match(bare[0] as string, /- deposit\(amount\)/)
})

test('[TL3] draws that differ are not sure, and what can be sent of them is told', async () => {
  const { decision, asked } = await decided('deposit 5 to alice', [
    'alice.deposit(5)',
    'alice.transfer(5, alice)',
  ])
  assert.equal(asked.length, 2)
  assert.ok(!decision.sure)
  assert.equal(decision.options.length, 2)
  assert.match(decision.why, /several ways/)
})

test('[TL3] a name that is spelled otherwise is the same message', async () => {
  const set = ['ledger.note("paid")', 'ledger.Note("paid")', 'ledger note("paid")']
  assert.equal((await decided('ledger, note: paid', set)).decision.sure, true)
})

test('[TL4] a value that nobody said is not sent', async () => {
  assert.match(
    (await whyNot('deposit something to alice', 'alice.deposit(50)')) ?? '',
    /50 was not/,
  )
  assert.match((await whyNot('deposit 5 to alice', 'alice.deposit(-5)')) ?? '', /-5 was not/)
  assert.match((await whyNot('note in the ledger: paid', 'ledger.note("unpaid")')) ?? '', /unpaid/)
  assert.equal(await whyNot('deposit twenty to alice', 'alice.deposit(20)'), undefined)
  assert.equal(await whyNot('deposit 1,250.50 to alice', 'alice.deposit(1250.5)'), undefined)
})

test('[TL4] a number or a quoted text that was said must be in a message', async () => {
  const two = 'deposit 5 to alice, then 7 more to alice'
  assert.match((await whyNot(two, 'alice.deposit(5)')) ?? '', /7 is in none/)
  assert.equal(await whyNot(two, 'alice.deposit(5)\nalice.deposit(7)'), undefined)
  const quoted = 'note "rent is paid" in the ledger'
  assert.match((await whyNot(quoted, 'ledger.note("rent")')) ?? '', /rent is paid/)
  assert.match((await whyNot('deposit 5 to alice twice', 'alice.deposit(5)')) ?? '', /twice/)
})

test('[TL4] a value that was said once is not in two messages to one object', async () => {
  const calls = 'alice.deposit(5)\nalice.transfer(5, alice)'
  assert.match((await whyNot('deposit 5 to alice', calls)) ?? '', /said once/)
  const twice = 'alice.deposit(5)\nalice.deposit(5)'
  assert.equal(await whyNot('deposit 5 to alice twice', twice), undefined)
})

test('[TL4] the number of values and their kinds must be those of the method', async () => {
  assert.match((await whyNot('deposit 5 to alice', 'alice.deposit()')) ?? '', /takes amount/)
  assert.match((await whyNot('deposit 5 to alice', 'alice.deposit("5")')) ?? '', /number/)
  const slot = 'set balance of alice to "much"'
  assert.match((await whyNot(slot, 'alice.setSlot:value:("balance", "much")')) ?? '', /number/)
  const method = 'set deposit of alice to 5'
  assert.match((await whyNot(method, 'alice.setSlot:value:("deposit", 5)')) ?? '', /method/)
})

test('[TL5] an object that is named must be in a message, and none that is not', async () => {
  const both = 'deposit 5 to alice and show bob'
  assert.match((await whyNot(both, 'alice.deposit(5)')) ?? '', /bob is in none/)
  assert.equal(await whyNot(both, 'alice.deposit(5)\naccounts/bob.balance()'), undefined)
  assert.match((await whyNot('deposit 5', 'alice.deposit(5)')) ?? '', /bob.*none was named/)
  assert.equal(await whyNot('note: paid', 'ledger.note("paid")'), undefined)
  assert.equal(await whyNot('deposit 5', 'alice.deposit(5)', ALICE), undefined)
  assert.equal(await whyNot('alice gives 5 to bob', 'alice.transfer(5, accounts/bob)'), undefined)
})

test('[TL6] a new message has its name from the words, alone, and beside nothing like it', async () => {
  const { decision } = await decided('freeze alice', 'alice.freeze()')
  assert.ok(decision.sure)
  assert.equal(decision.calls[0]?.known, undefined)
  assert.match((await whyNot('freeze alice', 'alice.lock()')) ?? '', /not said/)
  assert.match(
    (await whyNot('deposits for alice', 'alice.deposits()')) ?? '',
    /understands deposit/,
  )
  assert.equal(await whyNot('clove alice', 'alice.clove()'), undefined)
  const more = 'freeze alice and show alice'
  assert.match((await whyNot(more, 'alice.freeze()\nalice.balance()')) ?? '', /more was asked/)
  assert.match((await whyNot('freeze it', 'ledger.freeze()')) ?? '', /which object/)
  assert.equal(await whyNot('freeze it', 'ledger.freeze()', LEDGER), undefined)
})

test('[TL9] no part of the words is left out whose verb is a message', async () => {
  const both = 'deposit 5 to alice and close alice'
  assert.match((await whyNot(both, 'alice.close()')) ?? '', /5 is in none/)
  assert.match(
    (await whyNot('close bob, and a transfer', 'accounts/bob.close()')) ?? '',
    /transfer/,
  )
  const noted = 'ledger, note: close the deposit'
  assert.equal(await whyNot(noted, 'ledger.note("close the deposit")'), undefined)
})

test('[TL8] what is no plain request is refused, unless such words are within a value', async () => {
  const refused = [
    'do not deposit 5 to alice',
    'if bob is rich deposit 5 to alice',
    'deposit 5 to alice tomorrow',
    'should I deposit 5 to alice?',
  ]
  for (const text of refused)
    assert.notEqual(await whyNot(text, 'alice.deposit(5)'), undefined, text)
  assert.equal(
    await whyNot('ledger note: do not forget', 'ledger.note("do not forget")'),
    undefined,
  )
  assert.match((await whyNot('thank you, alice', 'none')) ?? '', /nothing in it asks/)
})

test('[TL3] what an object says of itself cannot send a message: the draw without it does not agree', async () => {
  // A model that does whatever the text of an object tells it.
  const obeys = new ScriptedProvider(({ messages }) => {
    const question = messages.at(-1)?.content ?? ''
    return question.includes('SECRET COMMENT') ? 'alice.close()' : 'alice.balance()'
  })
  const decision = await decide(obeys, told('how much has alice?'), signal)
  assert.equal(decision.sure, false)
})
