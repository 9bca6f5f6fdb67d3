// Owns: the tests of what words ask for: each pattern with what it must see and what it must not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asksForChange, asksForOrder, wishesOf } from './words.ts'

const wishes = (intent: string, slots: string[] = []) => wishesOf(intent, slots)

test('[GO15] an error is wished for where the intent says so, and not where it says the opposite', () => {
  assert.ok(wishes('Throw if there is not enough.').throws)
  assert.ok(wishes('Refuse amounts below zero').throws)
  assert.ok(!wishes('Never fail, answer 0 instead').throws)
  assert.ok(!wishes('Count the items').throws)
})

test('[GO15] texts in quotation marks are quoted, and apostrophes are none', () => {
  assert.deepEqual(wishes('Answer "low" or “high”; the dog\'s and the cat\'s').quoted, [
    'low',
    'high',
  ])
})

test('[GO15] the new value of a slot is the reply where the intent says so', () => {
  assert.equal(wishes('Take it out. Answer the new balance.', ['balance']).answersSlot, 'balance')
  assert.equal(wishes('Return the remaining stock', ['stock']).answersSlot, 'stock')
  assert.equal(
    wishes('Answer the new balance of the other one', ['balance']).answersSlot,
    undefined,
  )
  assert.equal(wishes('Answer the balance with interest', ['balance']).answersSlot, undefined)
})

test('[GO15] what must stay as it is, and an example at the end', () => {
  assert.deepEqual(wishes('Sort the rows; rows itself must not change.', ['rows', 'n']).keeps, [
    'rows',
  ])
  assert.equal(wishes('The fraction itself does not change.').keeps, 'all')
  assert.deepEqual(wishes('Throw if it is full, and change nothing.').keeps, [])
  assert.equal(wishes('The seconds as h:mm:ss, e.g. 1:02:05.').example, '1:02:05')
  assert.equal(wishes('Each letter followed by a dot: "G.B."').example, 'G.B.')
  assert.equal(wishes('Answer "low" when it is below 5.').example, undefined)
})

test('[GO15] true and false, counts, digits, order and doubles', () => {
  assert.equal(wishes('Answer true when it is empty').reply, 'boolean')
  assert.equal(wishes('How many words are there?').reply, 'number')
  assert.equal(wishes('Answer the longest word').reply, undefined)
  assert.equal(wishes('rounded to two decimals').decimals, 2)
  assert.equal(wishes('Round to the nearest whole number').decimals, 0)
  assert.equal(wishes('The names in a round').decimals, undefined)
  assert.ok(wishes('in alphabetical order').sorted)
  assert.ok(wishes('without duplicates').unique)
})

test('[GO15] a change is asked for by the verb of the selector, or of the intent where it has one meaning', () => {
  assert.ok(asksForChange('next', 'Set the state to the one that follows'))
  assert.ok(!asksForChange('cost', 'Add up the prices'))
  assert.ok(!asksForChange('total', 'Answer the total'))
})

test('[GO15] what has a second meaning as the first word of a selector is no verb where the intent asks for none', () => {
  assert.ok(!asksForChange('open_titles', 'Titles of the todos that are not done.'))
  assert.ok(!asksForChange('change_for', 'How much to give back'))
  assert.ok(asksForChange('open', 'Whoever has the key may come in'))
  assert.ok(asksForChange('set_size'))
  assert.ok(asksForChange('deposit', 'The amount goes to the balance'))
})

test('[GO15] "stays as it is" binds what it names, and not one case of several', () => {
  const slots = ['results', 'state', 'heating']
  assert.deepEqual(wishes('The names. The results stay as they are.', slots).keeps, ['results'])
  assert.equal(wishes('How much is left. Nothing changes.', slots).keeps, 'all')
  assert.deepEqual(wishes('Go on; after the last one nothing changes.', slots).keeps, [])
  assert.deepEqual(wishes('A locked one stays as it is.', slots).keeps, [])
  assert.deepEqual(wishes('Turn it on, and leave heating as it is otherwise.', slots).keeps, [])
  assert.deepEqual(wishes('Zero is an error and leaves everything unchanged.', slots).keeps, [])
})

test('[GO15] raising a target and pushing to failures are no errors', () => {
  assert.ok(!wishes('Raise the target by two').throws)
  assert.ok(!wishes('Push it to failures').throws)
  assert.ok(wishes('Raise an error for a name that is not there').throws)
})

test('[GO37] another order is asked for by a verb, and not by an answer that is in order', () => {
  assert.ok(asksForOrder('sort_by_name'))
  assert.ok(asksForOrder('moveUp'))
  assert.ok(asksForOrder('get', 'The value, and the key moves to the end of order'))
  assert.ok(!asksForOrder('sorted_names', 'The names in alphabetical order'))
  assert.ok(!asksForOrder('podium', 'The names of the three fastest, the fastest first'))
})

test('[GO15] bounds are read where the words keep to them, and not where they speak of an error', () => {
  const slots = ['health', 'max', 'target']
  assert.equal(wishes('Take it from health, never below zero. Answer it.', slots).least, 0)
  assert.equal(wishes('Raise the target, but never above max.', slots).most, 'max')
  assert.equal(wishes('Add n, going not above 10', slots).most, 10)
  assert.equal(wishes('Throw when it would be not more than 5.', slots).most, undefined)
  assert.equal(wishes('The health, not under 3', slots).least, 3)
})
