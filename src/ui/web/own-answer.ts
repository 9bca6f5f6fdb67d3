// Owns: a person's own answer to the call of a question: a value, or that it must be refused; and drawing anew.
// Leaves: picking a draft to question.ts; keeping the answer to the kernel.
// Laws: UI66 where no draft is right a person says what is, in a field beside them; it is kept, and what waits asks for new drafts.
import { h, type JSX } from 'preact'
import { useState } from 'preact/hooks'
import { TextField } from './text-field.ts'
import { parseValue } from './value.ts'
import { WIRE_TEXT } from './wire-text.ts'

/** What is said of a call, in the fields of the wire; nothing asks for other drafts alone. */
export type OwnAnswerFields = { value: unknown } | { fails: true } | Record<string, never>

/** What AnswerProposalCommand answers. */
export interface Answered {
  waiting: number
  example: boolean
  drawn: boolean
}

interface OwnAnswerProps {
  /** The proposal's id, which tells its form from others. */
  id: string
  isBusy: boolean
  onAnswer(fields: OwnAnswerFields): void
}

export function OwnAnswer(props: OwnAnswerProps): JSX.Element {
  const { id, isBusy, onAnswer } = props
  const [text, setText] = useState('')
  const [sentence, setSentence] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    const parsed = parseValue(text)
    if (!parsed.ok) return setSentence(parsed.sentence)
    setSentence('')
    onAnswer({ value: parsed.value })
  }
  const button = (label: string, fields: OwnAnswerFields) =>
    h('button', { type: 'button', disabled: isBusy, onClick: () => onAnswer(fields) }, label)
  return h(
    'form',
    { class: 'send-fields', 'aria-label': `What ${id} should answer`, onSubmit: submit },
    h(TextField, {
      label: 'It should answer',
      value: text,
      grow: true,
      onText: (typed) => {
        setSentence('')
        setText(typed)
      },
      more: { maxLength: WIRE_TEXT.value },
    }),
    h('button', { type: 'submit', disabled: isBusy }, 'Answer so'),
    button('It must refuse', { fails: true }),
    button('Draw anew', {}),
    sentence === '' ? null : h('p', { class: 'hint', role: 'alert' }, sentence),
  )
}

/** What an answer did, in a sentence or more. */
export function answeredText({ waiting, example }: Answered): string {
  const kept = example ? 'The answer is kept: later drafts must give it. ' : ''
  if (waiting === 0) return `${kept}Nobody waits: the next such message has it drafted anew.`
  return waiting === 1
    ? `${kept}1 message that waited asks for new drafts now.`
    : `${kept}${waiting} messages that waited ask for new drafts now.`
}
