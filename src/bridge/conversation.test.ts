// Owns: for how long and how many sessions are kept that can be resumed, and what of them.
// Leaves: messages and connections to test/journeys/messages.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONVERSATION_LIMITS, Conversation, Conversations } from './conversation.ts'

test('[BR23] [B2] a session without a connection is there for 60 s and then is a new one', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const conversations = new Conversations()
  const first = conversations.join('one')
  assert.equal(first?.resumed, false)
  conversations.leave('one')
  t.mock.timers.tick(CONVERSATION_LIMITS.life - 1)
  const again = conversations.join('one')
  assert.equal(again?.resumed, true)
  assert.equal(again?.conversation, first?.conversation)
  // It is connected now, for as long as it likes.
  t.mock.timers.tick(10 * CONVERSATION_LIMITS.life)
  assert.equal(conversations.join('one')?.resumed, true)
  conversations.leave('one')
  t.mock.timers.tick(CONVERSATION_LIMITS.life)
  const anew = conversations.join('one')
  assert.equal(anew?.resumed, false)
  assert.notEqual(anew?.conversation, first?.conversation)
})

test('[BR23] so many sessions are kept and no more, until one is forgotten', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const conversations = new Conversations()
  for (let i = 0; i < CONVERSATION_LIMITS.sessions; i++) assert.ok(conversations.join(`s${i}`))
  assert.equal(conversations.join('more'), undefined)
  assert.equal(conversations.join('s0')?.resumed, true)
  conversations.leave('s0')
  t.mock.timers.tick(CONVERSATION_LIMITS.life)
  assert.equal(conversations.join('more')?.resumed, false)
})

test('[BR22] what a session keeps is bounded in bytes and in ids, the newest of them', () => {
  const conversation = new Conversation(true)
  const half = new Uint8Array(CONVERSATION_LIMITS.answerBytes / 2)
  for (let id = 0; id < 3; id++) conversation.keep(id, half)
  assert.deepEqual(
    [0, 1, 2].map((id) => conversation.known(id) === 'given'),
    [true, false, false],
  )
  for (let id = 3; id < CONVERSATION_LIMITS.ids + 1; id++) conversation.keep(id, new Uint8Array(1))
  assert.deepEqual([conversation.known(0), conversation.known(1)], [undefined, 'given'])
  const unnamed = new Conversation(false)
  unnamed.keep(1, half)
  assert.equal(unnamed.known(1), undefined)
})
