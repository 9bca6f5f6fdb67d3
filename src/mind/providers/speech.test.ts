// Owns: text that comes in pieces.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Speech } from './speech.ts'

function speak(texts: string[], stops: string[]): { said: string[]; text: string; ended: boolean } {
  const said: string[] = []
  const speech = new Speech(stops, (piece) => said.push(piece))
  let whole = ''
  for (const piece of texts) {
    whole += piece
    speech.hear(whole)
    if (speech.ended) break
  }
  return { text: speech.finish(), said, ended: speech.ended }
}

test('[MI19] a stop that comes in pieces is never handed on, and the text ends before it', () => {
  const { said, text, ended } = speak(['a', 'b\n', '`', '``', '\nc', 'd'], ['\n```\n'])
  assert.equal(text, 'ab')
  assert.equal(said.join(''), 'ab')
  assert.equal(ended, true)
})

test('[MI19] what only began like a stop is handed on once it is known not to be one', () => {
  const { said, text, ended } = speak(['a\n', '``', ' b'], ['\n```\n'])
  assert.equal(text, 'a\n`` b')
  assert.equal(said.join(''), text)
  assert.equal(ended, false)
})

test('[MI3] half of a character waits for its other half', () => {
  const said: string[] = []
  const speech = new Speech([], (piece) => said.push(piece))
  speech.hear('a\uFFFD')
  assert.deepEqual(said, ['a'])
  speech.hear('aé')
  assert.deepEqual(said, ['a', 'é'])
})
