// Owns: a data slot's value: showing it, changing it in place, telling a conflict.
// Leaves: the transaction to the kernel.
// Laws: UI31 Enter accepts, Escape restores, Tab accepts and goes on.  UI32 a change names the transaction that it is
// based on; when another came first, both values are shown and nothing is lost.
import { h, type JSX, type RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FullState, SlotState, WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { fullText, isEditable, parseValue, shortText } from './value.ts'
import { drawValue } from './view.ts'
import { faultOf, useConnection } from './world.ts'

/** Lines of a value, as JSON, that are shown without being asked for. */
const LINES_MAX = 24

export interface SlotProps {
  state: FullState
  slot: SlotState
  own: boolean
}

type Editing =
  | { kind: 'no'; savedIn?: string | undefined }
  | { kind: 'text'; text: string; sentence: string; expect: string | null }
  | { kind: 'saving'; text: string }
  | { kind: 'conflict'; mine: unknown; text: string }
  | { kind: 'fault'; fault: WireFault; text: string }

interface SlotEditor {
  editing: Editing
  opener: RefObject<HTMLButtonElement | null>
  begin(text: string): void
  type(text: string, expect: string | null): void
  /** Answers whether the text could be read; what could not stays in the field. */
  accept(text: string, expect: string | null): boolean
  write(value: unknown, text: string, expect: string | null): Promise<void>
  end(): void
}

/** The steps of changing one slot, from reading it to the transaction or the conflict. */
function useSlotEditor(props: SlotProps): SlotEditor {
  const { state, slot, own } = props
  const connection = useConnection()
  const { announce } = usePage()
  const [editing, setEditing] = useState<Editing>({ kind: 'no' })
  const opener = useRef<HTMLButtonElement>(null)

  // Writing a slot that a parent holds makes an own one, which must not be there yet.
  const expectNow = own ? slot.tid : null
  const begin = (text: string): void =>
    setEditing({ kind: 'text', text, sentence: '', expect: expectNow })
  const end = (): void => setEditing({ kind: 'no' })
  // Whoever edited by keyboard goes on from the same row, once its button is there again.
  const wasEditing = useRef(false)
  useEffect(() => {
    const isFree = document.activeElement === null || document.activeElement === document.body
    if (editing.kind === 'no' && wasEditing.current && isFree) opener.current?.focus()
    wasEditing.current = editing.kind !== 'no'
  }, [editing.kind])

  const write = async (value: unknown, text: string, expect: string | null): Promise<void> => {
    setEditing({ kind: 'saving', text })
    const fields = { target: state.oid, slot: slot.name, value, expect }
    try {
      const { result, tid } = await connection.call('SetSlotCommand', fields).answer
      const savedIn = (result as { tid?: string } | null)?.tid ?? tid
      setEditing({ kind: 'no', savedIn })
      announce(`${slot.name} saved in transaction ${savedIn ?? ''}`)
    } catch (thrown) {
      const fault = faultOf(thrown)
      if (fault.code === 'CONFLICT') setEditing({ kind: 'conflict', mine: value, text })
      else setEditing({ kind: 'fault', fault, text })
      announce(fault.message)
    }
  }
  const accept = (text: string, expect: string | null): boolean => {
    const parsed = parseValue(text)
    if (!parsed.ok) {
      setEditing({ kind: 'text', text, sentence: parsed.sentence, expect })
      return false
    }
    if (text === fullText(slot.value)) end()
    else void write(parsed.value, text, expect)
    return true
  }

  const type = (text: string, expect: string | null): void =>
    setEditing({ kind: 'text', text, sentence: '', expect })
  return { editing, opener, begin, type, accept, write, end }
}

/** The value of a data slot, with the way to change it. */
export function DataValue(props: SlotProps): JSX.Element {
  const { slot, own } = props
  const editor = useSlotEditor(props)
  const { editing, opener, begin, end } = editor
  if (editing.kind === 'text') {
    return h(ValueField, {
      name: slot.name,
      text: editing.text,
      sentence: editing.sentence,
      note: own ? '' : 'This makes an own slot here; the parent keeps its value.',
      onText: (text: string) => editor.type(text, editing.expect),
      onAccept: (text: string) => editor.accept(text, editing.expect),
      onCancel: end,
    })
  }
  if (editing.kind === 'saving') {
    return h('span', { class: 'muted', role: 'status' }, `saving ${shortText(editing.text)}`)
  }
  if (editing.kind === 'conflict') {
    return h(ConflictPanel, {
      mine: editing.mine,
      theirs: slot.value,
      name: slot.name,
      onMine: () => void editor.write(editing.mine, editing.text, own ? slot.tid : null),
      onTheirs: end,
      onEdit: () => begin(editing.text),
    })
  }
  return h(
    'div',
    { class: 'value-cell' },
    h(ReadValue, { value: slot.value }),
    isEditable(slot.value)
      ? h(
          'button',
          {
            type: 'button',
            class: 'quiet edit',
            ref: opener,
            'aria-label': `Edit ${slot.name}`,
            onClick: () => begin(fullText(slot.value)),
          },
          'Edit',
        )
      : null,
    editing.kind === 'no' && editing.savedIn !== undefined
      ? h('span', { class: 'saved' }, `saved in ${editing.savedIn}`)
      : null,
    editing.kind === 'fault'
      ? h(
          'div',
          { class: 'wide' },
          h(FaultNote, { fault: editing.fault }),
          h('button', { type: 'button', onClick: () => begin(editing.text) }, 'Edit again'),
          h('button', { type: 'button', class: 'quiet', onClick: end }, 'Dismiss'),
        )
      : null,
  )
}

/** A short value as it is; a long one behind a disclosure. References are links in both. */
function ReadValue(props: { value: unknown }): JSX.Element {
  const { nameOf } = usePage()
  const { value } = props
  const drawn = drawValue(value, { nameOf, send: undefined })
  const isLong = shortText(value).endsWith('…') || fullText(value).split('\n').length > LINES_MAX
  if (!isLong) return h('div', { class: 'value' }, drawn)
  return h(
    'details',
    { class: 'value' },
    h('summary', null, h('code', null, shortText(value))),
    drawn,
  )
}

interface FieldProps {
  name: string
  text: string
  sentence: string
  note: string
  onText(text: string): void
  onAccept(text: string): boolean
  onCancel(): void
}

/** A field for one value as JSON. */
export function ValueField(props: FieldProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    field.current?.focus()
    field.current?.select()
  }, [])
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, its Enter chooses a character.
    if (event.isComposing) return
    if (event.key === 'Escape') {
      event.preventDefault()
      props.onCancel()
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      props.onAccept(props.text)
    } else if (event.key === 'Tab') {
      event.preventDefault()
      const next = editorBeside(field.current, event.shiftKey)
      if (props.onAccept(props.text)) next?.focus()
    }
  }
  const rows = Math.min(props.text.split('\n').length, 12)
  const noteId = `note-${props.name}`
  return h(
    'div',
    { class: 'value-field' },
    h('textarea', {
      ref: field,
      rows,
      value: props.text,
      spellcheck: false,
      'aria-label': `Value of ${props.name}, as JSON`,
      'aria-describedby': noteId,
      'aria-invalid': props.sentence !== '',
      onInput: (event: { currentTarget: HTMLTextAreaElement }) =>
        props.onText(event.currentTarget.value),
      onKeyDown,
    }),
    h(
      'p',
      { id: noteId, class: props.sentence === '' ? 'hint' : 'hint bad', role: 'status' },
      props.sentence || `Enter accepts, Escape restores, Shift+Enter is a new line. ${props.note}`,
    ),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'button', class: 'primary', onClick: () => void props.onAccept(props.text) },
        'Accept',
      ),
      h('button', { type: 'button', onClick: props.onCancel }, 'Cancel'),
    ),
  )
}

/** The button that edits the slot after this one, or before it. */
function editorBeside(field: Element | null, before: boolean): HTMLElement | undefined {
  const row = field?.closest('.slot')
  const side = before ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING
  const buttons = [...document.querySelectorAll<HTMLElement>('.slot .edit')].filter(
    (button) => row && !row.contains(button) && row.compareDocumentPosition(button) & side,
  )
  return before ? buttons.at(-1) : buttons[0]
}

interface ConflictProps {
  name: string
  mine: unknown
  theirs: unknown
  onMine(): void
  onTheirs(): void
  onEdit(): void
}

function ConflictPanel(props: ConflictProps): JSX.Element {
  const side = (title: string, value: unknown): JSX.Element =>
    h('div', null, h('h4', null, title), h('pre', { class: 'source' }, fullText(value)))
  return h(
    'div',
    { class: 'conflict', role: 'group', 'aria-label': `Conflict about ${props.name}` },
    h('p', null, h('strong', null, 'CONFLICT'), ' This slot was changed while you were editing.'),
    h('div', { class: 'sides' }, side('Yours', props.mine), side('In the image', props.theirs)),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', class: 'primary', onClick: props.onMine }, 'Write mine'),
      h('button', { type: 'button', onClick: props.onTheirs }, 'Keep the other'),
      h('button', { type: 'button', class: 'quiet', onClick: props.onEdit }, 'Edit again'),
    ),
  )
}
