// Owns: one slot of a card: name, kind in words, value or source, who holds it.
// Leaves: changing values to slot-edit.ts.
// Laws: UI18 a row says its kind in text.  UI19 a changed row is marked for two seconds, by shape as well as by colour.
import { h, type JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { FullState, SlotState } from '#protocol'
import { usePage } from './page-context.ts'
import { DataValue } from './slot-edit.ts'
import { SourceCode } from './source-code.ts'
import { drawValue, objectLink } from './view.ts'

interface RowProps {
  state: FullState
  slot: SlotState
  changed: boolean
  /** Puts the selector of a method into the send form. */
  onPick(selector: string): void
}

export function SlotRow(props: RowProps): JSX.Element {
  const { state, slot, changed } = props
  const { nameOf } = usePage()
  const own = slot.holder === state.oid
  return h(
    'li',
    { class: changed ? 'slot changed' : 'slot', 'data-slot': slot.name },
    h(
      'div',
      { class: 'slot-head' },
      h('span', { class: 'slot-name' }, slot.name),
      h('span', { class: `kind ${slot.kind}` }, slot.kind),
      changed ? h('span', { class: 'mark' }, 'changed') : null,
      own
        ? null
        : h('span', { class: 'held' }, 'held by ', objectLink(slot.holder, nameOf(slot.holder))),
    ),
    h('div', { class: 'slot-body' }, slotBody(props, own)),
  )
}

function slotBody(props: RowProps, own: boolean): JSX.Element {
  const { state, slot, onPick } = props
  const { nameOf } = usePage()
  if (slot.kind === 'method') return h(MethodBody, { slot, onPick })
  if (slot.kind === 'parent') return drawValue(slot.value, { nameOf, send: undefined })
  return h(DataValue, { state, slot, own })
}

/** Where a method comes from, in a few words. */
function originOf(slot: SlotState): string {
  const words: string[] = []
  if (slot.version !== undefined) words.push(`version ${slot.version}`)
  if (slot.model) words.push(`written by ${slot.model}`)
  else if (slot.author) words.push(`by ${slot.author}`)
  return words.join(', ')
}

function MethodBody(props: { slot: SlotState; onPick(selector: string): void }): JSX.Element {
  const { slot, onPick } = props
  const [open, setOpen] = useState(false)
  const id = useId()
  const origin = originOf(slot)
  return h(
    'div',
    { class: 'method-body' },
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          class: 'quiet disclose',
          'aria-expanded': open,
          'aria-controls': id,
          'aria-label': `Source of ${slot.name}`,
          onClick: () => setOpen(!open),
        },
        open ? 'Hide source' : 'Source',
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-label': `Send ${slot.name}`,
          onClick: () => onPick(slot.name),
        },
        'Send…',
      ),
      origin === '' ? null : h('span', { class: 'muted origin' }, origin),
    ),
    slot.comment ? h('p', { class: 'comment' }, slot.comment) : null,
    h(
      'div',
      { id, hidden: !open },
      open
        ? h(SourceCode, {
            source: slot.source ?? '// This method is part of the kernel; it has no source here.',
            label: `Source of ${slot.name}`,
          })
        : null,
    ),
  )
}
