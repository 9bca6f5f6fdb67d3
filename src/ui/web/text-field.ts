// Owns: a labelled line of text, as every form of the page has it.
// Laws: UI40 every field has a visible label, and no browser corrects names or JSON.
import { h, type JSX, type Ref } from 'preact'
import { WIRE_TEXT } from './wire-text.ts'

export interface TextFieldProps {
  label: string
  value: string
  onText(text: string): void
  /** Whether it takes the room that others leave. */
  grow?: boolean
  field?: Ref<HTMLInputElement>
  /** Attributes of the input that only this field has. */
  more?: Record<string, unknown>
}

export function TextField(props: TextFieldProps): JSX.Element {
  const { label, value, onText, grow, field, more } = props
  return h(
    'label',
    { class: grow === true ? 'field grow' : 'field' },
    h('span', null, label),
    h('input', {
      type: 'text',
      maxLength: WIRE_TEXT.name,
      ...more,
      ref: field ?? null,
      value,
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: false,
      onInput: (event) => onText(event.currentTarget.value),
    }),
  )
}
