// Owns: one question with its buttons: the call on which drafts differ, or whether a draft may come in, and a way to say no.
// Leaves: what is known of a proposal to proposals.ts; running what waits to the kernel.
// Laws: UI42 a question shows the smallest call on which drafts differ and what each does; a reply is picked by one button.
// UI43 nothing is decided by looking: what is left alone stays parked.
import { h, type JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { WireFault } from '#protocol'
import { AcceptButton } from './accept-button.ts'
import { FaultNote } from './fault-note.ts'
import { type Answered, answeredText, OwnAnswer, type OwnAnswerFields } from './own-answer.ts'
import { usePage } from './page-context.ts'
import {
  type Accepted,
  acceptedText,
  callText,
  counted,
  type ShownDraft,
  type ShownProposal,
  useProposal,
} from './proposals.ts'
import { ReviewView } from './review-view.ts'
import { SourceCode } from './source-code.ts'
import { TextField } from './text-field.ts'
import { shortText } from './value.ts'
import { WIRE_TEXT } from './wire-text.ts'
import { faultOf, useConnection } from './world.ts'

/** Characters of a source: what the wire takes, see WIRE_LIMITS.sourceLength. */
const SOURCE_MAX = 65_536

/** What is accepted, and that it is meant where a veto stands. */
type Chosen = ({ draft: number } | { source: string }) & { despiteVeto?: true }

interface Deciding {
  isBusy: boolean
  fault: WireFault | undefined
  /** Rises when the proposal is to be looked at again. */
  asked: number
  accept(chosen: Chosen): void
  answer(fields: OwnAnswerFields): void
  review(draft: number): void
  reject(reason: string): void
}

/** Deciding once: while one decision is under way no other can be made. */
function useDeciding(id: string): Deciding {
  const connection = useConnection()
  const { announce } = usePage()
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const [asked, setAsked] = useState(0)
  const decide = async (how: () => Promise<string>): Promise<void> => {
    setBusy(true)
    setFault(undefined)
    try {
      announce(await how())
    } catch (thrown) {
      setFault(faultOf(thrown))
    } finally {
      setBusy(false)
      setAsked((before) => before + 1)
    }
  }
  const accept = async (chosen: Chosen): Promise<string> => {
    const fields = { proposal: id, ...chosen }
    const { result } = await connection.call('AcceptProposalCommand', fields).answer
    return acceptedText(result as Accepted)
  }
  const answer = async (fields: OwnAnswerFields): Promise<string> => {
    const given = { proposal: id, ...fields }
    const { result } = await connection.call('AnswerProposalCommand', given).answer
    return answeredText(result as Answered)
  }
  const review = async (draft: number): Promise<string> => {
    await connection.call('ReviewProposalCommand', { proposal: id, draft }).answer
    return `Draft ${draft} was reviewed.`
  }
  const reject = async (reason: string): Promise<string> => {
    const fields = reason === '' ? { proposal: id } : { proposal: id, reason }
    const { result } = await connection.call('RejectProposalCommand', fields).answer
    const { waiting } = result as { waiting: number }
    return waiting === 0 ? 'Rejected.' : `Rejected. ${counted(waiting, 'message')} ended.`
  }
  return {
    isBusy,
    fault,
    asked,
    accept: (chosen) => void decide(() => accept(chosen)),
    answer: (fields) => void decide(() => answer(fields)),
    review: (draft) => void decide(() => review(draft)),
    reject: (reason) => void decide(() => reject(reason)),
  }
}

/** What a proposal asks. `onLeave` puts it aside. */
export function AskBody(props: { id: string; waiting: number; onLeave(): void }): JSX.Element {
  const { id, waiting, onLeave } = props
  const deciding = useDeciding(id)
  const view = useProposal(id, waiting, deciding.asked)
  if (view.kind === 'loading') return h('p', { class: 'hint', role: 'status' }, 'Fetching…')
  if (view.kind === 'fault') return h(FaultNote, { fault: view.fault })
  const { shown } = view
  return h(
    'div',
    { class: 'ask-body' },
    shown.question === undefined
      ? h(Offer, { shown, deciding })
      : h(Question, { shown, deciding, onLeave }),
    h(OwnAnswer, { id, isBusy: deciding.isBusy, onAnswer: deciding.answer }),
    h(OwnSource, { shown, deciding }),
    shown.drafts.length === 0 ? null : h(Reviews, { shown, deciding }),
    deciding.fault === undefined ? null : h(FaultNote, { fault: deciding.fault }),
    h(Reject, { id, deciding }),
  )
}

/** Drafts that differ: one call, what each does, and a button for each. */
function Question(props: {
  shown: ShownProposal
  deciding: Deciding
  onLeave(): void
}): JSX.Element {
  const { shown, deciding, onLeave } = props
  const { isBusy } = deciding
  const call = callText(shown)
  const id = useId()
  return h(
    'div',
    { class: 'question', role: 'group', 'aria-labelledby': id },
    h('p', { id }, 'Which is right ', h('code', null, call), '?'),
    h(
      'ul',
      { class: 'options', role: 'list' },
      (shown.question?.options ?? []).map(({ draft, text }) =>
        h(
          'li',
          { key: draft },
          h(AcceptButton, {
            label: `It ${text}`,
            ...{ isPrimary: true, isBusy, vetoes: shown.vetoes?.[draft] ?? [] },
            onAccept: (despite) => deciding.accept(chosen(draft, despite)),
          }),
          h(DraftSource, { draft: shown.drafts[draft], isOpen: false }),
        ),
      ),
    ),
    h('button', { type: 'button', disabled: isBusy, onClick: onLeave }, 'Neither, leave it parked'),
  )
}

/** Nothing to tell apart: one draft, and whether it may come in. Others are folded. */
function Offer(props: { shown: ShownProposal; deciding: Deciding }): JSX.Element {
  const { shown, deciding } = props
  const call = callText(shown)
  if (shown.drafts.length === 0) return h('p', null, 'What is right ', h('code', null, call), '?')
  return h(
    'ul',
    { class: 'options', role: 'list' },
    shown.drafts.map((draft, index) =>
      h(
        'li',
        { key: index },
        h(
          'p',
          null,
          h('code', null, call),
          draft.fails === undefined
            ? ` answers ${shortText(draft.reply)}`
            : ` fails: ${draft.fails}`,
        ),
        h(DraftSource, { draft, isOpen: index === 0 }),
        h(AcceptButton, {
          label: index === 0 ? 'Install it' : `Install draft ${index}`,
          isPrimary: index === 0,
          isBusy: deciding.isBusy,
          vetoes: shown.vetoes?.[index] ?? [],
          onAccept: (despite) => deciding.accept(chosen(index, despite)),
        }),
      ),
    ),
  )
}

const chosen = (draft: number, despite: boolean): Chosen =>
  despite ? { draft, despiteVeto: true } : { draft }

function DraftSource(props: {
  draft: ShownDraft | undefined
  isOpen: boolean
}): JSX.Element | null {
  const { draft, isOpen } = props
  if (draft === undefined) return null
  return h(
    'details',
    { open: isOpen },
    h('summary', null, `Source, ${counted(draft.votes, 'vote')}`),
    h(SourceCode, { source: draft.source, label: 'Source of the draft' }),
    (draft.warnings ?? []).map((one) => h('p', { key: one, class: 'hint' }, `Warning: ${one}`)),
  )
}

/** None of the drafts: a source of one's own, which begins as the likeliest of them. */
function OwnSource(props: { shown: ShownProposal; deciding: Deciding }): JSX.Element {
  const { shown, deciding } = props
  const [source, setSource] = useState(shown.drafts[0]?.source ?? '')
  const submit = (event: Event): void => {
    event.preventDefault()
    deciding.accept({ source })
  }
  return h(
    'details',
    null,
    h('summary', null, 'Write it yourself'),
    h(
      'form',
      { class: 'send', 'aria-label': `A source of your own for ${shown.id}`, onSubmit: submit },
      h(
        'label',
        { class: 'field' },
        h('span', null, 'Source'),
        h('textarea', {
          rows: 6,
          class: 'own-source',
          value: source,
          maxLength: SOURCE_MAX,
          spellcheck: false,
          onInput: (event: { currentTarget: HTMLTextAreaElement }) =>
            setSource(event.currentTarget.value),
        }),
      ),
      h('button', { type: 'submit', disabled: deciding.isBusy }, 'Install this source'),
    ),
  )
}

/** What personas said of a draft. */
function Reviews(props: { shown: ShownProposal; deciding: Deciding }): JSX.Element {
  const { shown, deciding } = props
  const { review } = shown
  if (review === undefined) {
    return h(
      'button',
      {
        type: 'button',
        class: 'quiet add',
        disabled: deciding.isBusy,
        onClick: () => deciding.review(0),
      },
      deciding.isBusy ? 'One moment…' : 'Have robin and brick read it',
    )
  }
  return h(ReviewView, { review })
}

function Reject(props: { id: string; deciding: Deciding }): JSX.Element {
  const { id, deciding } = props
  const [reason, setReason] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    deciding.reject(reason.trim())
  }
  return h(
    'form',
    { class: 'send-fields', 'aria-label': `Reject ${id}`, onSubmit: submit },
    h(TextField, {
      label: 'Why not, if you like',
      value: reason,
      grow: true,
      onText: setReason,
      more: { maxLength: WIRE_TEXT.intent },
    }),
    h('button', { type: 'submit', disabled: deciding.isBusy }, 'Reject'),
  )
}
