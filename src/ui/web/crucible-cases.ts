// Owns: the Crucible's card: its newest cases, whatever became of them; each opens.
// Leaves: one case to case-view.ts; the cases of one method to judged.ts.
// Laws: UI62 the Crucible's card lists its cases, the newest first, also those that were refused or wait, each with how it stands now.
import { h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { FullState, WireFault } from '#protocol'
import { CaseBody, type ListedCase, outcomeText, type ShownCase } from './case-view.ts'
import { FaultNote } from './fault-note.ts'
import { counted } from './proposals.ts'
import { coalesce, faultOf, nextFrame, useConnection } from './world.ts'

/** Whether an object is the Crucible: the one that is bound to that name. */
export const isCrucible = ({ name }: FullState): boolean => name === 'crucible'

interface Cases {
  cases: readonly ListedCase[]
  places: Readonly<Record<string, string>>
}

type View<T> =
  | { kind: 'loading' }
  | { kind: 'fault'; fault: WireFault }
  | { kind: 'shown'; value: T }

/** The cases, fetched again when a method or a proposal has changed, and when asked once more. */
function useCases(asked: number): View<Cases> {
  const connection = useConnection()
  const [view, setView] = useState<View<Cases>>({ kind: 'loading' })
  useEffect(() => {
    let ended = false
    const fetching = coalesce(async () => {
      try {
        const { result } = await connection.read('ListCasesCommand', {})
        if (!ended) setView({ kind: 'shown', value: result as unknown as Cases })
      } catch (thrown) {
        if (!ended) setView({ kind: 'fault', fault: faultOf(thrown) })
      }
    }, nextFrame)
    fetching.ask()
    const end = connection.subscribe(undefined, undefined, () => fetching.ask())
    return () => {
      ended = true
      fetching.stop()
      end()
    }
  }, [connection, asked])
  return view
}

export function CrucibleCases(): JSX.Element {
  const [asked, setAsked] = useState(0)
  const view = useCases(asked)
  return h(
    'section',
    { class: 'past', 'aria-labelledby': 'cases-title' },
    h(
      'div',
      { class: 'section-head' },
      h('h3', { id: 'cases-title' }, 'Cases'),
      view.kind === 'shown' ? h('span', { class: 'count' }, view.value.cases.length) : null,
      h(
        'button',
        { type: 'button', class: 'quiet', onClick: () => setAsked(asked + 1) },
        'Look again',
      ),
    ),
    listOf(view),
  )
}

function listOf(view: View<Cases>): JSX.Element {
  if (view.kind === 'loading') return h('p', { class: 'hint', role: 'status' }, 'Fetching…')
  if (view.kind === 'fault') return h(FaultNote, { fault: view.fault })
  const { cases, places } = view.value
  if (cases.length === 0) return h('p', { class: 'empty' }, 'There has been no case yet.')
  return h(
    'ol',
    { class: 'case-list', 'aria-label': 'Cases, the newest first' },
    cases.map((one) => h(CaseRow, { key: one.id, one, places, list: view.value })),
  )
}

function CaseRow(props: { one: ListedCase; places: Cases['places']; list: Cases }): JSX.Element {
  const { one, places, list } = props
  const { id, holder, selector, drafts, passed, model, outcome, proposal } = one
  const [isOpen, setOpen] = useState(false)
  const what = `${places[holder] ?? holder} ${selector}`
  const fared = `${counted(drafts, 'draft')} of ${model}, ${passed} passed`
  return h(
    'li',
    { 'data-case': id },
    h(
      'details',
      {
        onToggle: (event: { currentTarget: HTMLDetailsElement }) =>
          setOpen(event.currentTarget.open),
      },
      h('summary', null, `Case ${id}: ${what}, ${fared}, ${outcomeText(outcome, proposal)}`),
      isOpen ? h(OpenCase, { id, list }) : null,
    ),
  )
}

/** A case, fetched when it is opened and whenever the list is. */
function OpenCase(props: { id: string; list: Cases }): JSX.Element {
  const { id, list } = props
  const connection = useConnection()
  const [view, setView] = useState<View<ShownCase>>({ kind: 'loading' })
  useEffect(() => {
    let ended = false
    connection.read('GetCaseCommand', { case: id }).then(
      ({ result }) => {
        if (!ended) setView({ kind: 'shown', value: result as unknown as ShownCase })
      },
      (thrown: unknown) => {
        if (!ended) setView({ kind: 'fault', fault: faultOf(thrown) })
      },
    )
    return () => {
      ended = true
    }
  }, [connection, id, list])
  if (view.kind === 'loading') return h('p', { class: 'hint', role: 'status' }, 'Fetching…')
  if (view.kind === 'fault') return h(FaultNote, { fault: view.fault })
  return h(CaseBody, { one: view.value })
}
