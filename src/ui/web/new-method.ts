// Owns: the form that gives an object a method of a name that it has no own slot of.
// Leaves: the source and what speaks against it to method-form.ts.
// Laws: UI54 a new method never replaces a slot that is there already.
import { h, type JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FullState } from '#protocol'
import { type GivenMethod, GivenNote, type MethodDraft, MethodForm } from './method-form.ts'
import { TextField } from './text-field.ts'

const EMPTY: MethodDraft = { source: '', comment: '', expect: null }

/** A function of that name without a body, as long as nothing else was written. */
const emptyFunction = (name: string): string =>
  `function ${name.replace(/[^A-Za-z0-9_$]/g, '_').replace(/^(?=\d)/, '_')}(self) {\n  \n}\n`

export function NewMethod(props: { state: FullState }): JSX.Element {
  const { state } = props
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [draft, setDraft] = useState(EMPTY)
  const [given, setGiven] = useState<{ selector: string; of: GivenMethod } | undefined>(undefined)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (open) first.current?.focus()
  }, [open])
  const begin = (): void => {
    setGiven(undefined)
    setOpen(true)
  }
  const end = (): void => {
    setOpen(false)
    setName('')
    setDraft(EMPTY)
  }
  if (!open) {
    return h(
      'div',
      null,
      h('button', { type: 'button', class: 'quiet add', onClick: begin }, 'Add a method'),
      given === undefined ? null : h(GivenNote, { selector: given.selector, given: given.of }),
    )
  }
  const selector = name.trim()
  const rename = (text: string): void => {
    const isOwn = draft.source !== '' && draft.source !== emptyFunction(selector)
    setName(text)
    if (!isOwn) setDraft({ ...draft, source: text.trim() === '' ? '' : emptyFunction(text.trim()) })
  }
  return h(
    'div',
    { class: 'new-slot', role: 'group', 'aria-label': 'Add a method' },
    h(TextField, { label: 'Name of the method', value: name, field: first, onText: rename }),
    h(MethodForm, {
      target: state.oid,
      selector,
      draft,
      now: state.slots.find((slot) => slot.name === selector && slot.holder === state.oid),
      onDraft: setDraft,
      onGiven: (of: GivenMethod) => {
        end()
        setGiven({ selector, of })
      },
      onCancel: end,
    }),
  )
}
