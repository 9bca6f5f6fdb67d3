// Owns: which objections stand against a draft of a proposal, and that it is not accepted past them by oversight.
// Leaves: testing an objection to objection.ts; who objects, and who overturns, to the mind.
// Laws: GO62 a draft against which a veto stands, with a call that shows it, is accepted only by whoever says so once more; which
// vetoes those were is kept with the decision. A veto that was overturned holds nobody back.
import type { Proposal } from '#kernel'
import { OBJECT_LIMITS } from '#objects'
import { governanceFault } from './faults.ts'
import type { Objection } from './objection.ts'

/** What a reviewer said against a draft, as a proposal keeps it. */
export interface KeptReview {
  persona: string
  veto: {
    holds: boolean
    sentence: string
    objection?: Objection
    /** Another reviewer showed that the draft does what is right there. */
    overturned?: { by: string; sentence: string }
  } | null
}

/** The draft that a source is, as far as anybody has reviewed it: one that is given by hand may be one of the drafts. */
function draftOf({ drafts }: Proposal, draft: number, source: string | undefined): number {
  if (source === undefined) return draft
  return drafts.findIndex((one) => one.source.trim() === source.trim())
}

/** The vetoes that stand against a draft: who, the call, what it should come to, and what the draft did. */
export function standingVetoes(proposal: Proposal, draft: number): string[] {
  const { review, earlier = [], selector } = proposal
  const all = [...earlier, ...(review === undefined ? [] : [review])]
  const sentences = all
    .filter((one) => one.draft === draft)
    .flatMap(({ reviews }) => reviews as KeptReview[])
    .flatMap(({ persona, veto }) => {
      if (veto === null || !veto.holds || veto.overturned !== undefined) return []
      const { objection, sentence } = veto
      return objection === undefined ? [] : [vetoText(persona, selector, objection, sentence)]
    })
  return [...new Set(sentences)]
}

function vetoText(persona: string, selector: string, objection: Objection, did: string): string {
  const call = `${selector}(${objection.args.map(inWords).join(', ')})`
  const should = 'fails' in objection ? 'refuse' : `answer ${inWords(objection.expected)}`
  return `${persona} says that ${call} must ${should}, and ${did}`
}

/** The vetoes that an acceptance goes past. Faults POLICY when there are some and it does not say so. */
export function vetoesPast(
  proposal: Proposal,
  chosen: { draft: number; source: string | undefined; despiteVeto: boolean },
): string[] {
  const { id } = proposal
  const draft = draftOf(proposal, chosen.draft, chosen.source)
  const vetoes = standingVetoes(proposal, draft)
  if (vetoes.length === 0 || chosen.despiteVeto) return vetoes
  throw governanceFault(
    'POLICY',
    `a veto stands against draft ${draft} of proposal ${id}: ${vetoes.join('; ')}`,
    { proposal: id, draft, vetoes },
    `If the draft is right, \`batos proposal accept ${id} --draft ${draft} --despite-veto\`; else reject it, or give a source of your own.`,
  )
}

/** A wire value in a sentence. */
function inWords(value: unknown): string {
  const text = JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}` : one)) ?? ''
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}

/** UTF-16 units of a value in a sentence: as much as one names of a name. */
const SHOWN = OBJECT_LIMITS.nameLength
