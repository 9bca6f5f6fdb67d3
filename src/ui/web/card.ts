// Owns: one object as a card: its name, its parents, its display, the send form, its slots by holder.
// Leaves: each part to its own file.
// Laws: UI36 own slots come first, then those of each parent in the order of lookup.
import { Fragment, h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { FullState, SlotState, WireFault } from '#protocol'
import { showCommand } from './arguments.ts'
import { CopyButton } from './copy-button.ts'
import { CreateForm } from './create-form.ts'
import { CrucibleCases, isCrucible } from './crucible-cases.ts'
import {
  DISPLAY_INTENT,
  DISPLAY_SELECTOR,
  type Display,
  DisplayPanel,
  useDisplay,
} from './display.ts'
import { FaultNote } from './fault-note.ts'
import { NewMethod } from './new-method.ts'
import { NewSlot } from './new-slot.ts'
import { usePage } from './page-context.ts'
import { isPersona, PersonaForm } from './persona-form.ts'
import { type Draft, EMPTY_DRAFT, SendForm } from './send-form.ts'
import { SlotRow } from './slot-row.ts'
import { TellForm } from './tell-form.ts'
import { refOf } from './value.ts'
import { objectLink } from './view.ts'
import { type ObjectView, slotKey, useObject } from './world.ts'

/** The card of a target, with the log between what one does with the object and what it is made of. */
export function ObjectCard(props: {
  target: string
  welcome: boolean
  log: JSX.Element
}): JSX.Element {
  const { target, log } = props
  const { announce } = usePage()
  const [oid, setOid] = useState<string | undefined>(undefined)
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT)
  const [seen, setSeen] = useState('')
  const display = useDisplay(oid, seen)
  const view = useObject(target, display.changed)
  const tid = view.kind === 'state' ? view.tid : ''
  const current = view.kind === 'state' ? view.state.oid : undefined
  useEffect(() => {
    setOid(current)
    setDraft(EMPTY_DRAFT)
  }, [current])
  useEffect(() => {
    setSeen(tid)
    if (view.kind !== 'state' || view.changed.size === 0) return
    const what = view.changed.size === 1 ? 'One slot' : `${view.changed.size} slots`
    announce(`${what} changed in ${view.state.name ?? view.state.oid}`)
  }, [tid])

  const fill = (part: Partial<Draft>): void =>
    setDraft({ ...EMPTY_DRAFT, ...part, filled: draft.filled + 1 })
  const above = (): JSX.Element => {
    if (view.kind === 'state') {
      return h(Card, { ...props, state: view.state, display, draft, setDraft, fill })
    }
    if (view.kind === 'fault') return h(Absent, { target, fault: view.fault })
    return h('p', { class: 'empty card', role: 'status' }, `Looking at ${target}…`)
  }
  // Another object's slots are other rows, even where their holder and name are the same.
  const slots =
    view.kind === 'state'
      ? h(Slots, { key: current, view, onPick: (selector) => fill({ selector }) })
      : null
  // The log keeps its place whatever is above it, so that what is opened in it stays open.
  return h(Fragment, null, above(), log, slots)
}

/** What is said in place of a card that cannot be had. */
function Absent(props: { target: string; fault: WireFault }): JSX.Element {
  const { target, fault } = props
  const isUnknown = fault.code === 'TARGET_UNKNOWN' && !target.startsWith('#')
  return h(
    'article',
    { class: 'card' },
    h('h1', null, target),
    isUnknown
      ? h(
          'p',
          { class: 'empty' },
          'There is no object of this name yet. It appears here as soon as there is.',
        )
      : h(FaultNote, { fault }),
    isUnknown ? h(CreateForm, { name: target, open: true }) : null,
  )
}

interface CardProps {
  welcome: boolean
  state: FullState
  display: Display
  draft: Draft
  setDraft(draft: Draft): void
  fill(part: Partial<Draft>): void
}

function Card(props: CardProps): JSX.Element {
  const { state, display, welcome, draft, setDraft, fill } = props
  const { send } = usePage()
  const label = state.name ?? state.oid
  const sendHere = async (
    selector: string,
    args: unknown[],
    intent: string,
    target = label,
  ): Promise<void> => {
    const begun = display.asOf()
    const outcome = await send({ target, selector, args, intent })
    if (selector === DISPLAY_SELECTOR && target === label) {
      display.take(state.oid, outcome, begun)
    }
  }
  return h(
    'article',
    { class: 'card', 'aria-labelledby': 'card-title' },
    h(CardHead, { state, label }),
    welcome ? h(Welcome, { onTry: fill }) : null,
    h(SendForm, {
      state,
      target: label,
      draft,
      onDraft: setDraft,
      onSend: (selector, args, intent) => void sendHere(selector, args, intent),
    }),
    h(TellForm, { key: `tell ${label}`, target: label }),
    isPersona(state) ? h(PersonaForm, { key: `ask ${label}`, target: label }) : null,
    isCrucible(state) ? h(CrucibleCases, null) : null,
    h(DisplayPanel, {
      state,
      display,
      onSend: (target, selector, args) => void sendHere(selector, args, '', target ?? label),
      onLearn: () => void sendHere(DISPLAY_SELECTOR, [], DISPLAY_INTENT),
    }),
  )
}

function CardHead(props: { state: FullState; label: string }): JSX.Element {
  const { state, label } = props
  const path = label.split('/')
  return h(
    'header',
    { class: 'card-head' },
    h(
      'h1',
      { id: 'card-title' },
      path.map((part, index) => [
        index > 0 ? h('span', { class: 'path-mark' }, '/') : null,
        h('span', { key: index, class: index < path.length - 1 ? 'path' : '' }, part),
      ]),
    ),
    h('span', { class: 'oid', title: 'The identity of this object' }, state.oid),
    h('span', { class: 'muted tid' }, `transaction ${state.tid}`),
    h(CopyButton, { command: showCommand(label) }),
    h(Parents, { state }),
    h(Comment, { state }),
  )
}

/** What the object says of itself in a slot called comment, if that is its own. */
function Comment(props: { state: FullState }): JSX.Element | null {
  const { slots, oid } = props.state
  const slot = slots.find(({ name, holder }) => name === 'comment' && holder === oid)
  if (typeof slot?.value !== 'string') return null
  return h('p', { class: 'comment wide-line' }, slot.value)
}

/** The parents of an object by name: what it delegates to, in order. */
function Parents(props: { state: FullState }): JSX.Element {
  const { state } = props
  const { nameOf } = usePage()
  const refs = state.slots
    .filter((slot) => slot.kind === 'parent' && slot.holder === state.oid)
    .flatMap((slot) => [slot.value].flat())
    .map(refOf)
    .filter((oid) => oid !== undefined)
  return h(
    'p',
    { class: 'parents' },
    h('span', { class: 'parents-title' }, 'Parents'),
    refs.length === 0
      ? h('span', { class: 'muted' }, 'none: everything else comes from here')
      : refs.map((oid) => objectLink(oid, nameOf(oid))),
  )
}

/** Messages to begin with. Each fills the form; the person sends it. */
const FIRST_MESSAGES: readonly { label: string; draft: Partial<Draft> }[] = [
  { label: 'make an object', draft: { selector: 'clone:', args: '"account"' } },
  {
    label: 'greet somebody',
    draft: { selector: 'greet', args: '"Ada"', intent: 'Answer a friendly greeting to that name.' },
  },
  {
    label: 'add two numbers',
    draft: { selector: 'add', args: '2, 40', intent: 'Answer the sum of both numbers.' },
  },
]

function Welcome(props: { onTry(draft: Partial<Draft>): void }): JSX.Element {
  return h(
    'section',
    { class: 'welcome', 'aria-label': 'Welcome' },
    h(
      'p',
      null,
      'This is a world of objects. Each has slots, and answers messages. ',
      h('strong', null, 'genesis'),
      ' is the first; all others descend from it.',
    ),
    h(
      'p',
      null,
      'Send it anything. A message that it does not understand is not an error: ',
      'a model writes the method, it is tried, and from then on genesis knows it.',
    ),
    h(
      'div',
      { class: 'row' },
      h('span', { class: 'muted' }, 'Begin with'),
      FIRST_MESSAGES.map(({ label, draft }) =>
        h('button', { key: label, type: 'button', onClick: () => props.onTry(draft) }, label),
      ),
    ),
  )
}

function Slots(props: {
  view: Extract<ObjectView, { kind: 'state' }>
  onPick(selector: string): void
}): JSX.Element {
  const { view, onPick } = props
  const { state, changed } = view
  const { nameOf } = usePage()
  const own = state.slots.filter((slot) => slot.holder === state.oid)
  const holders = [...new Set(state.slots.map((slot) => slot.holder))].filter(
    (holder) => holder !== state.oid,
  )
  const rows = (slots: SlotState[]): JSX.Element =>
    h(
      'ul',
      { class: 'slots', role: 'list' },
      slots.map((slot) =>
        h(SlotRow, {
          key: slotKey(slot),
          state,
          slot,
          changed: changed.has(slotKey(slot)),
          onPick,
        }),
      ),
    )
  return h(
    'div',
    { class: 'slot-groups', role: 'region', 'aria-label': 'Slots' },
    h(
      'section',
      { 'aria-labelledby': 'own-title' },
      h(
        'div',
        { class: 'section-head' },
        h('h3', { id: 'own-title' }, 'Own slots'),
        h('span', { class: 'count' }, own.length),
      ),
      own.length === 0
        ? h(
            'p',
            { class: 'empty' },
            'It has no slots of its own. Add one below, or send it something.',
          )
        : rows(own),
      h(NewSlot, { state }),
      h(NewMethod, { state }),
    ),
    holders.map((holder) => {
      const slots = state.slots.filter((slot) => slot.holder === holder)
      return h(
        'section',
        { key: holder, 'aria-label': `Inherited from ${nameOf(holder)}` },
        h(
          'div',
          { class: 'section-head' },
          h('h3', null, 'Inherited from ', objectLink(holder, nameOf(holder))),
          h('span', { class: 'count' }, slots.length),
        ),
        rows(slots),
      )
    }),
  )
}
