// Owns: the list of what waits for a person, each with who asked and why, and what was decided of late.
// Leaves: what is known to proposals.ts; a question and its buttons to question.ts.
// Laws: UI41 what waits for a person is listed as soon as it waits, and is gone from the list when it is decided.
import { h, type JSX } from 'preact'
import { useId } from 'preact/hooks'
import { counted, type ListedProposal, type Proposals } from './proposals.ts'
import { AskBody } from './question.ts'
import { objectLink } from './view.ts'

/** The part of the page that lists what waits for a person; its head takes the focus when it is gone to. */
export const ASKS_ID = 'asks'

interface AsksProps {
  proposals: Proposals
  /** The one whose question is open, if any. */
  shown: string | undefined
  onShow(id: string | undefined): void
}

export function Asks(props: AsksProps): JSX.Element | null {
  const { proposals, shown, onShow } = props
  const { open, decided } = proposals
  if (open.length === 0) return null
  return h(
    'section',
    { class: 'asks', 'aria-labelledby': ASKS_ID },
    h(
      'div',
      { class: 'section-head' },
      h('h2', { id: ASKS_ID, tabIndex: -1 }, 'Waiting for you'),
      h('span', { class: 'count' }, open.length),
    ),
    h(
      'ol',
      { class: 'ask-list' },
      open.map((one) =>
        h(Ask, {
          key: one.id,
          listed: one,
          places: proposals.places,
          isShown: one.id === shown,
          onShow: (isShown) => onShow(isShown ? one.id : undefined),
        }),
      ),
    ),
    decided.length === 0 ? null : h(Decided, { decided, places: proposals.places }),
  )
}

type Places = Proposals['places']

function Ask(props: {
  listed: ListedProposal
  places: Places
  isShown: boolean
  onShow(isShown: boolean): void
}): JSX.Element {
  const { listed, places, isShown, onShow } = props
  const { id, holder, selector, why, intent, author, waiting } = listed
  const bodyId = useId()
  const what = `${places[holder] ?? holder} ${selector}`
  return h(
    'li',
    { class: 'ask', 'data-proposal': id, 'aria-label': `Proposal ${id}: ${what}` },
    h(
      'div',
      { class: 'ask-head' },
      h('span', { class: 'oid' }, id),
      objectLink(holder, places[holder] ?? holder),
      h('code', { class: 'entry-message' }, selector),
      h('span', { class: 'muted' }, `${counted(waiting, 'message')} parked, asked by ${author}`),
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-expanded': isShown,
          'aria-controls': bodyId,
          'aria-label': isShown ? `Leave ${id} parked` : `Decide about ${id}`,
          onClick: () => onShow(!isShown),
        },
        isShown ? 'Later' : 'Decide…',
      ),
    ),
    h('p', null, why.sentence),
    intent === undefined ? null : h('p', { class: 'comment' }, `Intent: ${intent}`),
    h(
      'div',
      { id: bodyId, hidden: !isShown },
      isShown ? h(AskBody, { id, waiting, onLeave: () => onShow(false) }) : null,
    ),
  )
}

function Decided(props: { decided: readonly ListedProposal[]; places: Places }): JSX.Element {
  const { decided, places } = props
  return h(
    'details',
    null,
    h('summary', null, `Decided of late: ${decided.length}`),
    h(
      'ul',
      { class: 'v-list' },
      decided.map(({ id, holder, selector, status, decided: how }) =>
        h(
          'li',
          { key: id },
          `${id} ${places[holder] ?? holder} ${selector}: ${status}`,
          how === undefined ? '' : ` by ${how.by}${how.reason ? `: ${how.reason}` : ''}`,
        ),
      ),
    ),
  )
}
