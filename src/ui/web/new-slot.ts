// Owns: the form that adds a data slot to an object.
// Laws: UI37 a new slot never replaces one that is there already: the change says that it must be absent.
import { h, type JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FullState, WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { TextField } from './text-field.ts'
import { parseValue } from './value.ts'
import { WIRE_TEXT } from './wire-text.ts'
import { faultOf, useConnection } from './world.ts'

export function NewSlot(props: { state: FullState }): JSX.Element {
  const { state } = props
  const connection = useConnection()
  const { announce } = usePage()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const [sentence, setSentence] = useState('')
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (open) first.current?.focus()
  }, [open])
  useEffect(() => setOpen(false), [state.oid])

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setFault(undefined)
    const parsed = parseValue(text)
    if (name.trim() === '') return setSentence('Write the name of the slot.')
    if (!parsed.ok) return setSentence(parsed.sentence)
    try {
      const fields = { target: state.oid, slot: name.trim(), value: parsed.value, expect: null }
      await connection.call('SetSlotCommand', fields).answer
      announce(`${name} added`)
      setName('')
      setText('')
      setOpen(false)
    } catch (thrown) {
      setFault(faultOf(thrown))
    }
  }
  if (!open) {
    return h(
      'button',
      { type: 'button', class: 'quiet add', onClick: () => setOpen(true) },
      'Add a slot',
    )
  }
  const typed = (set: (text: string) => void) => (text: string) => {
    setSentence('')
    set(text)
  }
  const close = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') setOpen(false)
  }
  return h(
    'form',
    {
      class: 'new-slot',
      onSubmit: (event: Event) => void submit(event),
      onKeyDown: close,
      'aria-label': 'Add a slot',
    },
    h(
      'div',
      { class: 'send-fields' },
      h(TextField, { label: 'Name', value: name, field: first, onText: typed(setName) }),
      h(TextField, {
        label: 'Value, as JSON',
        grow: true,
        value: text,
        onText: typed(setText),
        more: { maxLength: WIRE_TEXT.value, placeholder: '42, "text", [1, 2], #1' },
      }),
      h('button', { type: 'submit', class: 'primary' }, 'Add'),
      h('button', { type: 'button', onClick: () => setOpen(false) }, 'Cancel'),
    ),
    sentence === '' ? null : h('p', { class: 'hint bad', role: 'status' }, sentence),
    fault === undefined ? null : h(FaultNote, { fault }),
  )
}
