// Owns: the tests of what words ask for: each pattern with what it must see and what it must not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asksForChange, wishesOf } from './words.ts'

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
