// Owns: one slot of a card: name, kind in words, value or source, who holds it.
// Leaves: changing values to slot-edit.ts; a method's source, versions and judgement to method-body.ts.
// Laws: UI18 a row says its kind in text.  UI19 a changed row is marked for two seconds, by shape as well as by colour.
import { h, type JSX } from 'preact'
import type { FullState, SlotState } from '#protocol'
import { MethodBody } from './method-body.ts'
import { usePage } from './page-context.ts'
import { DataValue } from './slot-edit.ts'
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
  if (slot.kind === 'method') return h(MethodBody, { slot, own, onPick })
  if (slot.kind === 'parent') return drawValue(slot.value, { nameOf, send: undefined })
  return h(DataValue, { state, slot, own })
}
