// Owns: the review of a draft by two personas in turn: what they are shown, and reading the objection in their words.
// Leaves: whether an objection holds to governance; deciding to a person.
// Laws: MI57 the second reviewer is given the words of the first, and may overturn what was objected by saying what is right
// there, which is tried too. MI58 a veto is an objection with a call; without one, or
// when the call does not show what is claimed, it is shown as dropped and counts for nothing.
import { type Objection, type Tested, testObjection } from '#governance'
import {
  type Adviser,
  type KernelEvent,
  type Persona,
  type Proposal,
  personaOf,
  type Spoken,
  type Workbench,
} from '#kernel'
import { type Heard, isMap, toWire } from '#objects'

/** What one reviewer said, and what became of an objection in it. */
export interface Reviewed {
  persona: string
  text: string
  facet: string | null
  model: string
  /** Null when nothing was objected to. A veto without a call has no `objection`. */
  veto: {
    holds: boolean
    sentence: string
    objection?: Objection
    overturned?: { by: string; sentence: string }
  } | null
  /** What it answered to a veto before it: whose, and whether that is overturned. */
  overturns?: { persona: string; stands: boolean; sentence: string }
}

/** What a reviewer says is right for the call of an objection: an answer, or that it should refuse. */
type Right = { expected: unknown } | { fails: true }

/** Who reviews, in their order. */
const REVIEWERS = ['robin', 'brick'] as const

const ASKED = [
  'Is there a call on which this method answers wrongly? If there is, end with one line of this form, with values as JSON:',
  'VETO {"args": [1, 2], "expected": 3}',
  'where expected is what it should answer; or {"args": [1], "fails": true} where it should refuse.',
  'If you found none, end with: NO VETO',
].join('\n')

const ASKED_AGAIN = [
  'If a veto that you were told of is wrong, say on a line of its own what its call should come to, and it is tried:',
  'OVERTURN {"expected": 3}',
  'or OVERTURN {"fails": true} where it should refuse.',
].join('\n')

/** The question that reviewers are asked about a draft; `isSecond` for one who was told of a veto. */
export function reviewText(
  { selector, intent, args }: Pick<Proposal, 'selector' | 'intent' | 'args'>,
  source: string,
  isSecond = false,
): string {
  const call = args.map((one) => JSON.stringify(toWire(one))).join(', ')
  return [
    'Review this method.',
    `It is to understand: ${selector}(${call})`,
    ...(intent === undefined ? [] : [`Intent: ${intent}`]),
    '```ts',
    source.trimEnd(),
    '```',
    ASKED,
    ...(isSecond ? [ASKED_AGAIN] : []),
  ].join('\n')
}

/** The objection in a reviewer's words: undefined when there is none, null for a veto without a call that can be made. */
export function objectionIn(text: string): Objection | null | undefined {
  const given = mapAfter(/(?<!NO )\bVETO\b:?[ \t]*(\{.*\})?/g, text)
  if (given === undefined || given === null) return given
  const { args } = given
  const right = rightIn(given)
  return Array.isArray(args) && right !== null ? { args, ...right } : null
}

/** What a reviewer's words say is right for the call of a veto before: undefined when they answer none, null when not how. */
export function overturningIn(text: string): Right | null | undefined {
  const given = mapAfter(/\bOVERTURN\b:?[ \t]*(\{.*\})?/g, text)
  return given === undefined || given === null ? given : rightIn(given)
}

function rightIn({ expected, fails }: Record<string, unknown>): Right | null {
  if (fails === true) return { fails }
  return expected === undefined ? null : { expected }
}

/** The map behind the last word of a form; null when there is none behind it, undefined without the word. */
function mapAfter(form: RegExp, text: string): Record<string, unknown> | null | undefined {
  const found = [...text.matchAll(form)].at(-1)
  if (found === undefined) return undefined
  let given: unknown
  try {
    given = JSON.parse(found[1] ?? '')
  } catch {
    // Words that are no call show nothing.
    return null
  }
  return typeof given === 'object' && given !== null && isMap(given) ? given : null
}

/** Has both reviewers speak about a draft, and tries what they object. Faults as asking a persona does. */
export async function review(
  bench: Workbench,
  adviser: Adviser,
  { proposal, source }: { proposal: Proposal; source: string },
  tell: (event: KernelEvent) => void,
  signal: AbortSignal,
): Promise<Reviewed[]> {
  const heard: Heard[] = []
  const reviews: Reviewed[] = []
  for (const name of REVIEWERS) {
    const persona: Persona = personaOf(bench.head, bench.head.resolve(name), name)
    const standing = reviews.findLast(({ veto }) => veto?.holds === true)
    const text = reviewText(proposal, source, standing !== undefined)
    const inquiry = { of: 'persona', ...persona, text, heard, purpose: 'review' } as const
    const spoken = await adviser.speak({ ...inquiry, heard: [...heard] }, tell, signal)
    heard.push({ name: spoken.persona, text: spoken.text })
    const said = await reviewed(bench, proposal, source, spoken)
    const answered =
      standing === undefined
        ? undefined
        : await overturned(bench, { proposal, source }, standing, spoken)
    reviews.push(answered === undefined ? said : { ...said, overturns: answered })
  }
  return reviews
}

/** What a reviewer made of a veto before, which is marked when the draft does what this one says is right there. */
async function overturned(
  bench: Workbench,
  { proposal, source }: { proposal: Proposal; source: string },
  { persona, veto }: Reviewed,
  spoken: Spoken,
): Promise<Reviewed['overturns']> {
  const right = overturningIn(spoken.text)
  if (right === undefined || veto?.objection === undefined) return undefined
  if (right === null) {
    return { persona, stands: false, sentence: 'it does not say what the call should come to' }
  }
  const { args } = veto.objection
  const { holds, sentence } = await testObjection(bench, proposal, source, { args, ...right })
  if (holds) return { persona, stands: false, sentence: `${sentence}, which neither says is right` }
  veto.overturned = { by: spoken.persona, sentence }
  return { persona, stands: true, sentence: `${sentence}, which is right` }
}

async function reviewed(
  bench: Workbench,
  proposal: Proposal,
  source: string,
  { persona, text, facet, model }: Spoken,
): Promise<Reviewed> {
  const said = { persona, text, facet: facet?.name ?? null, model }
  const objection = objectionIn(text)
  if (objection === undefined) return { ...said, veto: null }
  if (objection === null) {
    return { ...said, veto: { holds: false, sentence: 'it names no call that can be made' } }
  }
  const { holds, sentence }: Tested = await testObjection(bench, proposal, source, objection)
  return { ...said, veto: { holds, sentence, objection } }
}
