// Owns: the form that makes an object: a name and a parent.
import { h, type JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { openTarget } from './route.ts'
import { TextField } from './text-field.ts'
import { faultOf, useConnection } from './world.ts'

export function CreateForm(props: { name?: string; open?: boolean }): JSX.Element {
  const connection = useConnection()
  const { announce } = usePage()
  const [open, setOpen] = useState(props.open ?? false)
  const [name, setName] = useState(props.name ?? '')
  const [parent, setParent] = useState('genesis')
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (open) first.current?.focus()
  }, [open])

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const chosen = name.trim()
    if (chosen === '') {
      first.current?.focus()
      return
    }
    try {
      const fields = { name: chosen, parents: [parent.trim() || 'genesis'] }
      await connection.call('CreateObjectCommand', fields).answer
      announce(`${chosen} was made`)
      setFault(undefined)
      setName('')
      setOpen(false)
      openTarget(chosen)
    } catch (thrown) {
      setFault(faultOf(thrown))
    }
  }
  if (!open) {
    return h('button', { type: 'button', class: 'add', onClick: () => setOpen(true) }, 'New object')
  }
  return h(
    'form',
    {
      class: 'create',
      'aria-label': 'New object',
      onSubmit: (event: Event) => void submit(event),
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === 'Escape') setOpen(false)
      },
    },
    h(TextField, {
      label: 'Name',
      value: name,
      field: first,
      onText: setName,
      more: { required: true, placeholder: 'accounts/alice' },
    }),
    h(TextField, { label: 'Parent', value: parent, onText: setParent }),
    fault === undefined ? null : h(FaultNote, { fault }),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'submit', class: 'primary' }, 'Create'),
      h('button', { type: 'button', onClick: () => setOpen(false) }, 'Cancel'),
    ),
  )
}
