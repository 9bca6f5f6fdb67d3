// Owns: the tests of how personas are asked: their voices, the choice of a facet, the budget of a prompt.
// Leaves: personas in a world to the journeys.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { asFault } from '#ground'
import type { PersonaInquiry } from '#objects'
import { ScriptedProvider } from '../providers/scripted.ts'
import { PersonaAdviser } from './adviser.ts'
import { personaMessages } from './persona-prompt.ts'
import { objectionIn } from './review.ts'
import { routeOf } from './routing.ts'
import { VOICES } from './voices.ts'

const WORLD = new URL('../../../world/personas.ts', import.meta.url)

const asked = (more: Partial<PersonaInquiry> = {}): PersonaInquiry => ({
  of: 'persona',
  ...VOICES.brick,
  text: 'What is a stone?',
  heard: [],
  purpose: '',
  ...more,
})

const faultOf = (ask: () => unknown) => {
  try {
    ask()
  } catch (error) {
    return asFault(error)
  }
  return assert.fail('nothing was refused')
}

test('[MI50] the first personas of a world are those that a ranking asks', () => {
  const text = readFileSync(WORLD, 'utf8').replaceAll('\n// ', ' ')
  for (const { voice, facets } of Object.values(VOICES)) {
    assert.ok(text.includes(JSON.stringify(voice)), voice)
    for (const facet of facets) assert.ok(text.includes(JSON.stringify(facet.text)), facet.name)
  }
})

test('[MI51] the purpose that was said chooses the facet, else the words of the request, and the reason is told', () => {
  const routes: [Partial<PersonaInquiry>, string | undefined, RegExp][] = [
    [{}, 'plumb-line', /otherwise than dialogue/],
    [{ text: 'Write a function that adds.' }, 'load-path', /"function" in the request/],
    [{ text: 'Review this function.' }, 'stress-test', /"Review" in the request/],
    [{ text: 'Review this.', purpose: 'code' }, 'load-path', /says that it is for code/],
    [{ purpose: 'song' }, 'plumb-line', /has no facet/],
    [{ facets: [] }, undefined, /the voice speaks alone/],
  ]
  for (const [more, facet, why] of routes) {
    const route = routeOf(asked(more))
    assert.equal(route.facet?.name, facet)
    assert.match(route.why, why)
  }
  const adapter = { name: 'a', kind: 'adapter', purpose: 'dialogue', text: '' }
  assert.match(routeOf(asked({ facets: [adapter] })).why, /its adapter is not served here/)
})

test("[MI52] the persona's part of a prompt is the same for every question of one facet", () => {
  const first = personaMessages(asked())[0]
  const heard = [{ name: 'ROBIN', text: 'It is warm.' }]
  assert.deepEqual(personaMessages(asked({ text: 'Why?', heard }))[0], first)
})

test('[MI53] what was said before is left out oldest first, and a text that is too long is refused with the limit', () => {
  const long = (name: string) => ({ name, text: `${name} `.repeat(400) })
  const heard = [long('A'), long('B'), long('C')].map((one) => ({
    ...one,
    text: one.text.repeat(2),
  }))
  const content = personaMessages(asked({ heard }))[1]?.content ?? ''
  assert.deepEqual([content.includes('A says'), content.includes('C says')], [false, true])
  for (const more of [
    { text: 'x'.repeat(16_000) },
    { voice: 'x'.repeat(4_000) },
    { heard: [{ name: 'A', text: 'x'.repeat(16_000) }] },
  ]) {
    const fault = faultOf(() => personaMessages(asked(more)))
    assert.equal(fault?.code, 'LIMIT')
    assert.match(fault?.message ?? '', /takes about \d+ tokens; the limit is \d+/)
  }
})

test('[MI54] a persona that comes second is given the words of those before, by name', () => {
  const heard = [{ name: 'ROBIN', text: 'It is warm.' }]
  const content = personaMessages(asked({ heard }))[1]?.content ?? ''
  assert.match(content, /^What is a stone\?\nROBIN says: It is warm\.\nNow you, BRICK/)
})

test('[MI55] two questions in a row are two prompts that know nothing of each other', async () => {
  const provider = new ScriptedProvider(['one', 'two'])
  const adviser = new PersonaAdviser('scripted', async () => provider)
  const signal = new AbortController().signal
  for (const text of ['First?', 'Second?']) await adviser.speak(asked({ text }), () => {}, signal)
  assert.deepEqual(
    provider.asked.map(({ messages }) => messages.map(({ content }) => content)),
    ['First?', 'Second?'].map((text) => [VOICES.brick.voice, text]),
  )
})

test('[MI56] the choice is told before the first word, and no model is opened for what is refused', async () => {
  const provider = new ScriptedProvider(['a word'])
  let opened = 0
  const adviser = new PersonaAdviser('scripted', async () => {
    opened++
    return provider
  })
  const signal = new AbortController().signal
  const events: unknown[] = []
  const tell = (event: { kind: string }) => void events.push(event.kind)
  await assert.rejects(adviser.speak(asked({ text: 'x'.repeat(16_000) }), tell, signal))
  assert.equal(opened, 0)
  const spoken = await adviser.speak(asked(), tell, signal)
  assert.deepEqual(events, ['speaking', 'token', 'token'])
  assert.deepEqual([spoken.text, spoken.facet?.name], ['a word', 'plumb-line'])
  await assert.rejects(
    adviser.speak(asked(), tell, AbortSignal.abort(new Error('enough'))),
    /enough/,
  )
})

test('[MI58] a veto is read from the words when it names a call, and is no veto without one', () => {
  assert.deepEqual(objectionIn('So.\nVETO {"args": [-1], "expected": 0}'), {
    args: [-1],
    expected: 0,
  })
  assert.deepEqual(objectionIn('VETO: {"args": [], "fails": true, "more": 1}'), {
    args: [],
    fails: true,
  })
  for (const none of ['NO VETO', 'I like it.', '']) assert.equal(objectionIn(none), undefined)
  for (const empty of ['VETO', 'VETO {"args": 7}', 'VETO {"args": []}', 'VETO {oops}', 'VETO []']) {
    assert.equal(objectionIn(empty), null)
  }
})
