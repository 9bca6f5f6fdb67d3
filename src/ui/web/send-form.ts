// Owns: the form that sends any message to the object shown.
// Leaves: what happens then to activity.ts.
// Laws: UI33 arguments that cannot be read are never sent; the form says what to write instead.
import { h, type JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { FullState } from '#protocol'
import { parseArguments, sendCommand } from './arguments.ts'
import { CopyButton } from './copy-button.ts'
import { usePage } from './page-context.ts'
import { TextField } from './text-field.ts'
import { WIRE_TEXT } from './wire-text.ts'

/** What a person is writing. It is kept by the card, so that a method's "Send…" can fill it. */
export interface Draft {
  selector: string
  args: string
  intent: string
  /** Rises when the draft is put there by something else than typing; the field takes the focus then. */
  filled: number
}

export const EMPTY_DRAFT: Draft = { selector: '', args: '', intent: '', filled: 0 }

interface FormProps {
  state: FullState
  target: string
  draft: Draft
  onDraft(draft: Draft): void
  onSend(selector: string, args: unknown[], intent: string): void
}

export function SendForm(props: FormProps): JSX.Element {
  const { state, target, draft, onDraft, onSend } = props
  const { mind } = usePage()
  const [sentence, setSentence] = useState('')
  const selectorField = useRef<HTMLInputElement>(null)
  const argsField = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => {
    if (draft.filled > 0) selectorField.current?.focus()
  }, [draft.filled])

  const parsed = parseArguments(draft.args)
  const selector = draft.selector.trim()
  const intent = draft.intent.trim()
  const submit = (event: Event): void => {
    event.preventDefault()
    if (selector === '') {
      setSentence('Write the name of a message, such as greet or clone:')
      selectorField.current?.focus()
    } else if (!parsed.ok) {
      setSentence(parsed.sentence)
      argsField.current?.focus()
    } else {
      setSentence('')
      onSend(selector, parsed.value, intent)
    }
  }
  const change = (part: Partial<Draft>): void => {
    setSentence('')
    onDraft({ ...draft, ...part })
  }
  const known = [
    ...new Set(state.slots.filter((slot) => slot.kind !== 'parent').map((slot) => slot.name)),
  ]
  const isKnown = known.includes(selector)
  const command =
    parsed.ok && selector !== '' ? sendCommand(target, selector, parsed.value, intent) : ''
  return h(
    'form',
    { class: 'send', onSubmit: submit, 'aria-label': `Send a message to ${target}` },
    h(
      'div',
      { class: 'send-fields' },
      h(TextField, {
        label: 'Message',
        value: draft.selector,
        field: selectorField,
        onText: (text) => change({ selector: text }),
        more: { list: `${id}-known`, placeholder: 'any name you like' },
      }),
      h(TextField, {
        label: 'Arguments',
        grow: true,
        value: draft.args,
        field: argsField,
        onText: (text) => change({ args: text }),
        more: {
          maxLength: WIRE_TEXT.value,
          placeholder: 'none, or 1, "two", [3, 4]',
          'aria-describedby': `${id}-hint`,
          'aria-invalid': sentence !== '' && !parsed.ok,
        },
      }),
      h('button', { type: 'submit', class: 'primary' }, 'Send'),
    ),
    h(
      'datalist',
      { id: `${id}-known` },
      known.map((name) => h('option', { key: name, value: name })),
    ),
    h(
      'p',
      { id: `${id}-hint`, class: sentence === '' ? 'hint' : 'hint bad', role: 'status' },
      sentence || hintFor(selector, isKnown, mind?.policy !== 'off'),
    ),
    h(IntentField, { intent: draft.intent, command, onIntent: (text) => change({ intent: text }) }),
  )
}

interface IntentProps {
  intent: string
  command: string
  onIntent(intent: string): void
}

/** The intent, which is there when it is asked for or has been filled in, and the command for the whole message. */
function IntentField(props: IntentProps): JSX.Element {
  const { intent, command, onIntent } = props
  const [opened, setOpened] = useState(false)
  const open = opened || intent !== ''
  const toggle = (): void => {
    setOpened(!open)
    if (open) onIntent('')
  }
  return h(
    'div',
    { class: 'send' },
    open
      ? h(
          'label',
          { class: 'field' },
          h('span', null, 'Intent: what should come of it, in plain words'),
          h('textarea', {
            rows: 2,
            value: intent,
            maxLength: WIRE_TEXT.intent,
            onInput: (event: { currentTarget: HTMLTextAreaElement }) =>
              onIntent(event.currentTarget.value),
          }),
        )
      : null,
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'button', class: 'quiet', 'aria-expanded': open, onClick: toggle },
        open ? 'Without intent' : 'Add an intent',
      ),
      command === '' ? null : h(CopyButton, { command }),
    ),
  )
}

function hintFor(selector: string, isKnown: boolean, learns: boolean): string {
  if (isKnown) return `${selector} is understood. Arguments are JSON, with commas between them.`
  if (!learns) return 'Learning is off here: only what is understood already is answered.'
  if (selector === '') return 'A message that nobody understands yet is learnt: a model writes it.'
  return `Nobody here understands ${selector} yet. Send it, and watch it being learnt.`
}
