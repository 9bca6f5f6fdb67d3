// Owns: how a generated method was judged: the Crucible's cases of it, under its row.
// Leaves: judging to the kernel; one case to case-view.ts; all cases to crucible-cases.ts.
// Laws: UI47 a method's row opens the cases of it.
import { h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SlotState, WireFault } from '#protocol'
import { CaseBody, type ListedCase, outcomeText, type ShownCase } from './case-view.ts'
import { FaultNote } from './fault-note.ts'
import { counted } from './proposals.ts'
import { faultOf, useConnection } from './world.ts'

/** Cases of one method that are shown, the newest: each is a need that came, and few methods have more. */
const CASES_MAX = 8

type Cases =
  | { kind: 'loading' }
  | { kind: 'fault'; fault: WireFault }
  | { kind: 'shown'; cases: ShownCase[] }

function useCases({ holder, name, tid }: SlotState): Cases {
  const connection = useConnection()
  const [cases, setCases] = useState<Cases>({ kind: 'loading' })
  useEffect(() => {
    let ended = false
    const fetch = async (): Promise<ShownCase[]> => {
      const { result } = await connection.read('ListCasesCommand', {})
      const { cases: all } = result as { cases: ListedCase[] }
      const ours = all.filter((one) => one.holder === holder && one.selector === name)
      const shown = ours.slice(0, CASES_MAX).map(async ({ id }) => {
        const { result: found } = await connection.read('GetCaseCommand', { case: id })
        return found as ShownCase
      })
      return await Promise.all(shown)
    }
    fetch().then(
      (found) => {
        if (!ended) setCases({ kind: 'shown', cases: found })
      },
      (thrown: unknown) => {
        if (!ended) setCases({ kind: 'fault', fault: faultOf(thrown) })
      },
    )
    return () => {
      ended = true
    }
  }, [connection, holder, name, tid])
  return cases
}

export function Judged(props: { slot: SlotState }): JSX.Element {
  const { slot } = props
  const cases = useCases(slot)
  if (cases.kind === 'loading') return h('p', { class: 'hint', role: 'status' }, 'Fetching…')
  if (cases.kind === 'fault') return h(FaultNote, { fault: cases.fault })
  if (cases.cases.length === 0) {
    return h(
      'p',
      { class: 'empty' },
      'The Crucible keeps its newest cases only, and none of this method is among them.',
    )
  }
  return h(
    'ol',
    { class: 'case-list', 'aria-label': `Cases of ${slot.name}` },
    cases.cases.map((one, index) => h(CaseView, { key: one.id, one, isOpen: index === 0 })),
  )
}

function CaseView(props: { one: ShownCase; isOpen: boolean }): JSX.Element {
  const { one, isOpen } = props
  const { id, drafts, outcome, proposal } = one
  const how =
    outcome.kind === 'refused' ? `refused: ${outcome.code}` : outcomeText(outcome.kind, proposal)
  return h(
    'li',
    { 'data-case': id },
    h(
      'details',
      { open: isOpen },
      h('summary', null, `Case ${id}, ${counted(drafts.length, 'draft')}, ${how}`),
      h(CaseBody, { one }),
    ),
  )
}
