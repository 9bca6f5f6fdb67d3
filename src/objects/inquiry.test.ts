// Owns: the tests of questions as guest code asks them.
// Leaves: answering them to the kernel.
import assert from 'node:assert/strict'
import test from 'node:test'
import { asFault } from '#ground'
import { readInquiry } from './inquiry.ts'
import { OBJECT_LIMITS } from './limits.ts'

const PERSONA = { of: 'persona', name: 'A', voice: 'v', facets: [], text: 't' }

function codeOf(given: unknown): string | undefined {
  try {
    readInquiry(given)
    return undefined
  } catch (error) {
    return asFault(error)?.code
  }
}

test('[OB48] a question is read into one form, and one that is not whole or over a limit is refused', () => {
  const facet = { name: 'f', purpose: 'code' }
  assert.deepEqual(readInquiry({ ...PERSONA, facets: [facet], more: 1 }), {
    ...PERSONA,
    facets: [{ name: 'f', kind: 'prompt', purpose: 'code', text: '' }],
    heard: [],
    purpose: '',
  })
  assert.deepEqual(readInquiry({ of: 'case', id: 'c1', more: 1 }), { of: 'case', id: 'c1' })
  const { askLength, facets, heard, voiceLength } = OBJECT_LIMITS
  const said = { name: 'B', text: 'b' }
  const refused: [unknown, string][] = [
    ['text', 'METHOD_FAILED'],
    [{ of: 'secrets' }, 'METHOD_FAILED'],
    [{ of: 'case' }, 'METHOD_FAILED'],
    [{ ...PERSONA, voice: null }, 'METHOD_FAILED'],
    [{ ...PERSONA, text: 7 }, 'METHOD_FAILED'],
    [{ ...PERSONA, facets: [7] }, 'METHOD_FAILED'],
    [{ ...PERSONA, facets: Array(facets + 1).fill(facet) }, 'METHOD_FAILED'],
    [{ ...PERSONA, heard: Array(heard + 1).fill(said) }, 'METHOD_FAILED'],
    [{ ...PERSONA, heard: ['b'] }, 'METHOD_FAILED'],
    [{ ...PERSONA, text: 'x'.repeat(askLength + 1) }, 'LIMIT'],
    [{ ...PERSONA, voice: 'x'.repeat(voiceLength + 1) }, 'LIMIT'],
  ]
  for (const [given, code] of refused) assert.equal(codeOf(given), code, JSON.stringify(given))
})
