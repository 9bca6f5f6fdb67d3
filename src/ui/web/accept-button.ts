// Owns: the button that accepts a draft, and its second question where a veto stands.
// Leaves: which vetoes stand to the kernel; deciding to question.ts.
// Laws: UI61 a draft against which a veto stands is accepted by a second button, below the veto with its call.
import { h, type JSX } from 'preact'
import { useState } from 'preact/hooks'

export function AcceptButton(props: {
  label: string
  isPrimary: boolean
  isBusy: boolean
  /** Vetoes that stand against the draft, in sentences. */
  vetoes: readonly string[]
  onAccept(despiteVeto: boolean): void
}): JSX.Element {
  const { label, isPrimary, isBusy, vetoes, onAccept } = props
  const [isAsked, setAsked] = useState(false)
  const isVetoed = vetoes.length > 0
  const button = (text: string, onClick: () => void, primary: boolean, name?: string) =>
    h(
      'button',
      {
        type: 'button',
        class: primary ? 'primary' : '',
        disabled: isBusy,
        'aria-label': name,
        onClick,
      },
      text,
    )
  if (!isVetoed) return button(label, () => onAccept(false), isPrimary)
  return h(
    'div',
    { class: 'vetoed' },
    vetoes.map((one) => h('p', { key: one, class: 'hint bad' }, `A veto stands: ${one}.`)),
    isAsked
      ? h(
          'div',
          { class: 'row', role: 'group', 'aria-label': 'Despite the veto?' },
          button('Yes, despite the veto', () => onAccept(true), isPrimary),
          button('No', () => setAsked(false), false),
        )
      : button(`${label}…`, () => setAsked(true), isPrimary),
  )
}
