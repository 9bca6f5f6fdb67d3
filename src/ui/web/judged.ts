// Owns: how a generated method was judged: the Crucible's cases of it, each draft with its gate, the vote, the outcome.
// Leaves: judging to the kernel.
// Laws: UI47 a case names the gates in their order, says of every draft whether it passed or which gate refused it and why, and
// tells the vote.
import { h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SlotState, WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { counted } from './proposals.ts'
import { SourceCode } from './source-code.ts'
import { faultOf, useConnection } from './world.ts'

/** Cases of one method that are shown, the newest: each is a need that came, and few methods have more. */
const CASES_MAX = 8

/** A case as ListCasesCommand lists it. */
interface ListedCase {
  id: string
  holder: string
  selector: string
}

/** A case as GetCaseCommand shows it. */
interface ShownCase extends ListedCase {
  time: Date
  args: string
  intent?: string
  author: string
  drafted: { model: string; persona: string | null }
  gates: string[]
  drafts: { attempt: number; source: string; passed: boolean; gate?: string; sentence: string }[]
  vote: { passed: number; alike: number; needed: number; probes: number } | null
  examples: number
  outcome:
    | { kind: 'installed' }
    | { kind: 'parked'; why: string }
    | { kind: 'refused'; code: string; message: string }
}

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
  const { id, args, intent, author, drafted, gates, drafts, examples } = one
  const by = drafted.persona === null ? drafted.model : `${drafted.persona} (${drafted.model})`
  return h(
    'li',
    { 'data-case': id },
    h(
      'details',
      { open: isOpen },
      h('summary', null, `Case ${id}, ${counted(drafts.length, 'draft')}, ${outcomeText(one)}`),
      h(
        'div',
        { class: 'case' },
        h('p', null, `Asked by ${author} with (${args}), drafted by ${by}.`),
        intent === undefined ? null : h('p', { class: 'comment' }, `Intent: ${intent}`),
        h(
          'ol',
          { class: 'steps', 'aria-label': `Drafts of case ${id}` },
          drafts.map((draft, index) => h(DraftView, { key: index, draft })),
        ),
        h('p', null, h('strong', null, 'Vote: '), voteText(one)),
        examples === 0
          ? null
          : h('p', null, `${counted(examples, 'answer')} of people had to be given again.`),
        h('p', { class: 'hint' }, `Gates in their order: ${gates.join(', ')}.`),
      ),
    ),
  )
}

function DraftView(props: { draft: ShownCase['drafts'][number] }): JSX.Element {
  const { attempt, source, passed, gate, sentence } = props.draft
  const title = passed ? 'Passed' : `Refused by ${gate ?? 'a gate'}`
  return h(
    'li',
    { class: `step trial ${passed ? 'ok' : 'bad'}` },
    h('span', { class: 'step-title' }, title),
    h('span', { class: 'muted' }, ` attempt ${attempt} · `),
    sentence,
    source === ''
      ? null
      : h(
          'details',
          null,
          h('summary', null, `Source of attempt ${attempt}`),
          h(SourceCode, { source, label: `Source of attempt ${attempt}` }),
        ),
  )
}

function voteText({ vote }: ShownCase): string {
  if (vote === null) return 'there was none.'
  const { passed, alike, needed, probes } = vote
  const calls = counted(probes, 'call')
  return `${alike} of ${passed} that passed behaved alike on ${calls}; ${needed} were needed.`
}

function outcomeText({ outcome }: ShownCase): string {
  if (outcome.kind === 'parked') return 'left to a person'
  if (outcome.kind === 'refused') return `refused: ${outcome.code}`
  return 'installed'
}
