// Owns: a method in its row: how it stands and where it comes from, and its source, versions and judgement when asked for.
// Leaves: writing it anew to method-form.ts; versions to versions.ts; what the Crucible did to judged.ts.
// Laws: UI54 an own method is edited in its row, on top of the version that was shown. UI45 a method's row says its version, how that stands, and how many drafts behaved like it.
import { h, type JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { SlotState } from '#protocol'
import { Judged } from './judged.ts'
import { type GivenMethod, GivenNote, type MethodDraft, MethodForm } from './method-form.ts'
import { SourceCode } from './source-code.ts'
import { StandingBadge } from './standing.ts'
import { Versions } from './versions.ts'

/** Where a method comes from, in a few words. */
function originOf(slot: SlotState): string {
  const words: string[] = []
  if (slot.version !== undefined) words.push(`version ${slot.version}`)
  if (slot.model) words.push(`written by ${slot.model}`)
  else if (slot.author) words.push(`by ${slot.author}`)
  if (slot.persona) words.push(`as ${slot.persona}`)
  if (slot.votes !== undefined) words.push(`${slot.votes} of ${slot.of ?? slot.votes} votes`)
  return words.join(', ')
}

type Part = 'source' | 'edit' | 'versions' | 'judged'

export function MethodBody(props: {
  slot: SlotState
  /** Whether the object shown has it itself. */
  own: boolean
  onPick(selector: string): void
}): JSX.Element {
  const { slot, own, onPick } = props
  const [open, setOpen] = useState<Part | undefined>(undefined)
  // What was written stays until it is given or cancelled, also while another part is open.
  const [draft, setDraft] = useState<MethodDraft | undefined>(undefined)
  const [given, setGiven] = useState<GivenMethod | undefined>(undefined)
  const id = useId()
  const end = (done?: GivenMethod): void => {
    setDraft(undefined)
    setGiven(done)
    setOpen(undefined)
  }
  const origin = originOf(slot)
  const { name, state, model, author } = slot
  // What the world began with has no past worth a button in each row, unless something is amiss or somebody looks.
  const isOfWorld = author === 'world' && open === undefined
  const begin = (): void => {
    setGiven(undefined)
    setDraft(draft ?? draftOf(slot))
  }
  const toggle = (part: Part, label: string, title: string): JSX.Element =>
    h(
      'button',
      {
        type: 'button',
        class: 'quiet disclose',
        'aria-expanded': open === part,
        'aria-controls': id,
        'aria-label': title,
        onClick: () => {
          if (part === 'edit') begin()
          setOpen(open === part ? undefined : part)
        },
      },
      open === part ? `Hide ${label.toLowerCase()}` : label,
    )
  return h(
    'div',
    { class: 'method-body' },
    h(
      'div',
      { class: 'row' },
      toggle('source', 'Source', `Source of ${name}`),
      own && !isOfWorld && slot.source !== undefined
        ? toggle('edit', 'Edit', `Edit ${name}`)
        : null,
      isOfWorld ? null : toggle('versions', 'Versions', `Versions of ${name}`),
      model ? toggle('judged', 'How it was judged', `How ${name} was judged`) : null,
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-label': `Send ${name}`,
          onClick: () => onPick(name),
        },
        'Send…',
      ),
      state === undefined || author === 'world' ? null : h(StandingBadge, { state }),
      origin === '' ? null : h('span', { class: 'muted origin' }, origin),
    ),
    slot.comment ? h('p', { class: 'comment' }, slot.comment) : null,
    given === undefined ? null : h(GivenNote, { selector: name, given }),
    h(
      'div',
      { id, hidden: open === undefined },
      open === 'edit' && draft !== undefined
        ? h(MethodForm, {
            target: slot.holder,
            selector: name,
            draft,
            now: slot,
            onDraft: setDraft,
            onGiven: end,
            onCancel: () => end(),
          })
        : partOf(open, slot),
    ),
  )
}

const draftOf = ({ source = '', comment = '', tid }: SlotState): MethodDraft => ({
  source,
  comment,
  expect: tid,
})

function partOf(open: Part | undefined, slot: SlotState): JSX.Element | null {
  if (open === 'versions') return h(Versions, { slot })
  if (open === 'judged') return h(Judged, { slot })
  if (open === undefined || open === 'edit') return null
  return h(SourceCode, {
    source: slot.source ?? '// This method is part of the kernel; it has no source here.',
    label: `Source of ${slot.name}`,
  })
}
