// Owns: which facet of a persona answers a request, and the sentence that says why.
// Leaves: what a facet says to the persona; serving adapters to the weaver.
// Laws: MI51 a facet is chosen by the purpose of the request: the one that was said, else the one that its words show;
// the choice is told with its reason.
import type { Routed } from '#kernel'
import type { Facet, PersonaInquiry } from '#objects'

/** Purposes that words show, in the order in which they are looked for: a review of code is a review. */
const SHOWN: readonly [string, RegExp][] = [
  [
    'review',
    /\b(review|criticis|criticiz|verdict|veto|flaw|what is wrong|find the (bug|mistake))/i,
  ],
  ['code', /```|\b(code|function|method|implement|source|typescript|javascript)\b/i],
]

/** What is meant when nothing else is. */
const ORDINARY = 'dialogue'

/** The purpose of a request and the words that showed it. */
function purposeOf({ text, purpose }: PersonaInquiry): { purpose: string; because: string } {
  if (purpose !== '') return { purpose, because: `the request says that it is for ${purpose}` }
  for (const [shown, words] of SHOWN) {
    const found = words.exec(text)?.[0]
    if (found !== undefined) {
      return { purpose: shown, because: `${JSON.stringify(found)} in the request means ${shown}` }
    }
  }
  return { purpose: ORDINARY, because: `nothing in the request says otherwise than ${ORDINARY}` }
}

/** A route with the text of its facet. */
export interface Route extends Routed {
  text: string
}

/** The facet for a request. Of several for one purpose the first is taken; without any the voice speaks alone. */
export function routeOf(inquiry: PersonaInquiry): Route {
  const { purpose, because } = purposeOf(inquiry)
  const { facets, name } = inquiry
  const facet = facets.find((one) => one.purpose === purpose)
  if (facet !== undefined) return chosen(purpose, facet, because)
  const missing = `${because}, for which ${name} has no facet`
  const ordinary = facets.find((one) => one.purpose === ORDINARY)
  if (ordinary !== undefined) return chosen(purpose, ordinary, missing)
  return { purpose, facet: null, why: `${missing}: the voice speaks alone`, text: '' }
}

function chosen(purpose: string, { name, kind, purpose: of, text }: Facet, because: string): Route {
  const unserved = kind === 'prompt' ? '' : `; its ${kind} is not served here, so its text speaks`
  return { purpose, facet: { name, kind, purpose: of }, why: `${because}${unserved}`, text }
}
