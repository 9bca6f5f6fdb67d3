// Owns: the review of a draft by two personas in turn: what they are shown, and reading the objection in their words.
// Leaves: whether an objection holds to governance; deciding to a person.
// Laws: MI57 the second reviewer is given the words of the first. MI58 a veto is an objection with a call; without one, or
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
  veto: { holds: boolean; sentence: string; objection?: Objection } | null
}

/** Who reviews, in their order. */
const REVIEWERS = ['robin', 'brick'] as const

const ASKED = [
  'Is there a call on which this method answers wrongly? If there is, end with one line of this form, with values as JSON:',
  'VETO {"args": [1, 2], "expected": 3}',
  'where expected is what it should answer; or {"args": [1], "fails": true} where it should refuse.',
  'If you found none, end with: NO VETO',
].join('\n')

/** The question that reviewers are asked about a draft. */
export function reviewText(
  { selector, intent, args }: Pick<Proposal, 'selector' | 'intent' | 'args'>,
  source: string,
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
  ].join('\n')
}

/** The objection in a reviewer's words: undefined when there is none, null for a veto without a call that can be made. */
export function objectionIn(text: string): Objection | null | undefined {
  const found = [...text.matchAll(/(?<!NO )\bVETO\b:?[ \t]*(\{.*\})?/g)].at(-1)
  if (found === undefined) return undefined
  let given: unknown
  try {
    given = JSON.parse(found[1] ?? '')
  } catch {
    // Words that are no call show nothing.
    return null
  }
  if (typeof given !== 'object' || given === null || !isMap(given)) return null
  const { args, expected, fails } = given
  if (!Array.isArray(args)) return null
  if (fails === true) return { args, fails }
  return expected === undefined ? null : { args, expected }
}

/** Has both reviewers speak about a draft, and tries what they object. Faults as asking a persona does. */
export async function review(
  bench: Workbench,
  adviser: Adviser,
  { proposal, source }: { proposal: Proposal; source: string },
  tell: (event: KernelEvent) => void,
  signal: AbortSignal,
): Promise<Reviewed[]> {
  const text = reviewText(proposal, source)
  const heard: Heard[] = []
  const reviews: Reviewed[] = []
  for (const name of REVIEWERS) {
    const persona: Persona = personaOf(bench.head, bench.head.resolve(name), name)
    const inquiry = { of: 'persona', ...persona, text, heard, purpose: 'review' } as const
    const spoken = await adviser.speak({ ...inquiry, heard: [...heard] }, tell, signal)
    heard.push({ name: spoken.persona, text: spoken.text })
    reviews.push(await reviewed(bench, proposal, source, spoken))
  }
  return reviews
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
