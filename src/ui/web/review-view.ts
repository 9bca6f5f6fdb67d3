// Owns: what reviewers said of a draft, in words: each with its veto, what became of that, and what it answered to another's.
// Leaves: reviewing to the kernel; deciding to question.ts.
// Laws: UI60 a veto is shown with what became of it: it holds, it was overturned and by whom, or it is dropped.
import { h, type JSX } from 'preact'

/** A review as a proposal and a case have it. */
export interface ShownReview {
  draft: number
  reviews: {
    persona: string
    text: string
    veto: {
      holds: boolean
      sentence: string
      overturned?: { by: string; sentence: string }
    } | null
    overturns?: { persona: string; stands: boolean; sentence: string }
  }[]
}

type One = ShownReview['reviews'][number]

function vetoText({ veto }: One): string {
  if (veto === null) return ''
  const { holds, sentence, overturned } = veto
  if (overturned !== undefined) return ` The veto was overturned by ${overturned.by}: ${sentence}.`
  return ` The veto ${holds ? 'holds' : 'is dropped'}: ${sentence}.`
}

function overturnText({ overturns }: One): string {
  if (overturns === undefined) return ''
  const { persona, stands, sentence } = overturns
  const what = stands ? 'It overturns' : 'It does not overturn'
  return ` ${what} the veto of ${persona}: ${sentence}.`
}

export function ReviewView(props: { review: ShownReview }): JSX.Element {
  const { draft, reviews } = props.review
  return h(
    'details',
    { open: true },
    h('summary', null, `Review of draft ${draft}`),
    reviews.map((one) =>
      h(
        'p',
        { key: one.persona, class: 'comment' },
        h('strong', null, `${one.persona}: `),
        one.text,
        vetoText(one),
        overturnText(one),
      ),
    ),
  )
}
