// Owns: what a model is told of a receiver, however large it is.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { describeClass } from './class-context.ts'
import { type DraftContext, describeContext, estimateTokens, functionNameOf } from './context.ts'
import {
  classMessages,
  draftMessages,
  fixedMessages,
  promptHash,
  repairMessages,
  warmUps,
} from './prompt.ts'

const small: DraftContext = {
  object: 'account',
  parents: ['genesis', 'Ledger'],
  slots: [
    { name: 'balance', type: 'number', sample: '0', inherited: false },
    { name: 'other', type: 'any', sample: '"accounts/bob"', inherited: false },
  ],
  methods: [
    { selector: 'size', source: 'function size(self) { return 1 }' },
    { selector: 'slotNames', source: '' },
  ],
  peers: [
    {
      slot: 'other',
      object: 'accounts/bob',
      slots: [{ name: 'balance', type: 'number', sample: '5', inherited: false }],
      methods: [],
    },
  ],
  selector: 'transfer:to:',
  args: [
    { type: 'number', sample: '5' },
    { type: 'string', sample: '"x"' },
  ],
  intent: 'Move the amount.\n Then stop.',
}

const large: DraftContext = {
  ...small,
  slots: Array.from({ length: 300 }, (_, n) => ({
    name: n === 250 ? 'transfers' : `slot${'abcdefghij'[n % 10]}${n}`,
    type: 'string',
    sample: JSON.stringify('long '.repeat(400)),
    inherited: false,
  })),
  methods: Array.from({ length: 200 }, (_, n) => ({
    selector: `method${n}`,
    source: `function method${n}(self) { ${'self.a = 1; '.repeat(200)} }`,
  })),
  intent: `Move the amount. ${'And more. '.repeat(400)}`,
}

test('[MI28] the receiver, its slots, its methods, the objects it knows and the message are told', () => {
  assert.equal(
    describeContext(small),
    [
      'Object: account (parent Ledger)',
      'Slots type: { balance: number; other: Bob }',
      'Slots now: { balance: 0, other: "accounts/bob" }',
      'Methods of self:',
      'function size(self) { return 1 }',
      'self.other is an object: accounts/bob',
      'Slots type: { balance: number }',
      'Slots now: { balance: 5 }',
      'Message: transfer_to(5, "x")',
      'Intent: Move the amount. Then stop.',
    ].join('\n'),
  )
})

test('[MI27] a large receiver keeps to the budget, and what has to do with the message stays longest', () => {
  const text = describeContext(large, 1_200)
  assert.ok(estimateTokens(text) <= 1_200)
  assert.match(text, /transfers: string/)
  assert.match(text, /…/)
})

test('[MI28] name, message and intent survive the smallest budget', () => {
  const text = describeContext(large, 1)
  assert.match(text, /^Object: account/)
  assert.match(text, /\nMessage: transfer_to\(5, "x"\)\nIntent: Move the amount\./)
})

test('[MI28] a selector that is no identifier is asked for by a name that is one', () => {
  const names = ['deposit', 'at:put:', '+', 'class', '3d', 'a-b', 'ä']
  const expected = ['deposit', 'at_put', 'method', '_class', '_3d', 'a_b', 'method']
  assert.deepEqual(names.map(functionNameOf), expected)
})

test('[MI28] an object without data that is to show itself is told how to find what it has', () => {
  const bare = { ...small, slots: [], methods: [], peers: [], args: [] }
  assert.match(describeContext(bare), /^Slots: none$/m)
  const shown = { ...bare, selector: 'display_yourself' }
  assert.match(describeContext(shown), /^Slots: whatever self\.slotNames\(\) answers$/m)
  // Each has worked examples that only objects without data are shown.
  assert.equal(draftMessages(shown).length, draftMessages(small).length + 2)
  assert.equal(draftMessages(bare).length, draftMessages(small).length + 4)
  assert.notDeepEqual(draftMessages(shown).slice(0, -1), draftMessages(bare).slice(0, -1))
})

test('[MI29] every prompt begins with the same messages, and its hash follows them', () => {
  const fixed = fixedMessages()
  for (const context of [small, large, { ...small, slots: [] }]) {
    const messages = draftMessages(context)
    assert.deepEqual(messages.slice(0, fixed.length), fixed)
    assert.equal(messages.at(-1)?.content, describeContext(context))
  }
  const shown = draftMessages({ ...small, slots: [], selector: 'display_yourself' })
  const classes = classMessages(small)
  assert.deepEqual(warmUps(), [classes.slice(0, -1), shown.slice(0, -1), fixed])
  assert.match(promptHash(classes), /^[0-9a-f]{64}$/)
  assert.equal(promptHash(shown), promptHash(shown.map((message) => ({ ...message }))))
  assert.equal(new Set([fixed, shown, classes].map(promptHash)).size, 3)
})

test('[MI29] a repair goes on from the answer before it, with the problem in one line', () => {
  const previous = [...draftMessages(small), { role: 'assistant' as const, content: 'x' }]
  const repair = repairMessages(previous, 'it threw\n\n"no"', 'pay')
  assert.deepEqual(repair.slice(0, -1), previous)
  assert.equal(repair.at(-1)?.role, 'user')
  assert.match(
    repair.at(-1)?.content ?? '',
    /^That method is wrong: it threw "no"\nWrite the whole of pay again/,
  )
})

test('[MI28] the other way to ask shows the same as a class, whose missing method has the intent as its comment', () => {
  const { content } = classMessages(small).at(-1) as { content: string }
  for (const { name } of small.slots) assert.match(content, new RegExp(`^  ${name}: `, 'm'))
  assert.match(content, new RegExp(`\\n  ${functionNameOf(small.selector)}\\(\\n}$`))
  assert.ok(content.includes(`   * Move the amount. Then stop.`))
  assert.doesNotMatch(content, /\bself\b|\bfunction\b/)
  const ending = classMessages({ ...small, intent: 'End */ here' }).at(-1)?.content ?? ''
  assert.ok(ending.includes('End * / here'))
  assert.ok(estimateTokens(describeClass(large, 1_200)) <= 1_200)
})

test('[MI63] without anything known both prompts are the ones that they were, byte for byte', () => {
  const bare = { ...small, slots: [], methods: [], peers: [], args: [] }
  const { intent: _, ...plain } = small
  const hash = createHash('sha256')
  for (const one of [small, large, bare, plain]) {
    hash.update(JSON.stringify([draftMessages(one), classMessages(one)]))
  }
  // Kept completions are found by their prompts.
  const then = 'f76a0527178055f7c2fa8d8c30a9424312b9c413feb6878ab51f8a63349600d8'
  assert.equal(hash.digest('hex'), then)
})

test('[MI63] [MI27] what people have answered and what failed is told in both ways, within the budget', () => {
  const slots = [{ name: 'balance', sample: '5' }]
  const left = [{ name: 'balance', sample: '7' }]
  const known: DraftContext = {
    ...small,
    answered: [
      { slots, args: ['7'], fails: true },
      { slots: [], args: ['2', '"x*/"'], reply: '4', leaves: left },
    ],
    failure: 'a draft of it was rejected:\n too dear',
  }
  const lines = [
    'Must hold: with { balance: 5 } transfer_to(7) throws an Error',
    'Must hold: transfer_to(2, "x*/") returns 4 and leaves { balance: 7 }',
    'Avoid: a draft of it was rejected: too dear',
  ]
  const text = describeContext(known)
  assert.ok(text.includes(`\n${lines.join('\n')}\nMessage: transfer_to`), text)
  const shown = describeClass(known)
  for (const line of lines) assert.ok(shown.includes(`   * ${line.replace('*/', '* /')}\n`), shown)
  const many: DraftContext = {
    ...large,
    answered: Array.from({ length: 3 }, () => ({
      ...{ slots: large.slots.map(({ name, sample }) => ({ name, sample })), args: ['1'] },
      fails: true as const,
    })),
    failure: 'no '.repeat(2_000),
  }
  for (const said of [describeContext(many, 1_200), describeClass(many, 1_200)]) {
    assert.ok(estimateTokens(said) <= 1_200)
    assert.match(said, /Must hold: with .*\n(.*\n)*.*Avoid: no no/)
  }
})
