// Owns: all versions of a method, newest first: source, how each fared, and a button that puts one back.
// Leaves: what each decision does to the kernel; telling of it to news.ts.
// Laws: UI46 an earlier version is shown with its source and what speaks against it, and comes back by one button.
import { h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SlotState, WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { counted } from './proposals.ts'
import { SourceCode } from './source-code.ts'
import { StandingBadge } from './standing.ts'
import { faultOf, useConnection } from './world.ts'

/** A version as ListVersionsCommand shows it. Of one whose record was packed away only the row is left. */
interface ShownVersion {
  version: number
  current: boolean
  state: string
  source?: string
  comment?: string
  author?: string
  model?: string
  tid?: string
  calls?: number
  faults?: number
  evidence?: string[]
  decided?: { by: string; reason: string }
  quarantined?: string
  verdict?: { judge?: string }
}

type Decision = 'SwapBackCommand' | 'KeepVersionCommand' | 'ReleaseVersionCommand'

type List =
  | { kind: 'loading' }
  | { kind: 'fault'; fault: WireFault }
  | { kind: 'shown'; versions: ShownVersion[] }

/** The versions, fetched again when the slot or how its version stands has changed. */
function useVersions({ holder, name, tid, state }: SlotState, asked: number): List {
  const connection = useConnection()
  const [list, setList] = useState<List>({ kind: 'loading' })
  useEffect(() => {
    let ended = false
    connection.read('ListVersionsCommand', { target: holder, selector: name }).then(
      ({ result }) => {
        const { versions } = result as { versions: ShownVersion[] }
        if (!ended) setList({ kind: 'shown', versions: versions.toReversed() })
      },
      (thrown: unknown) => {
        if (!ended) setList({ kind: 'fault', fault: faultOf(thrown) })
      },
    )
    return () => {
      ended = true
    }
  }, [connection, holder, name, tid, state, asked])
  return list
}

export function Versions(props: { slot: SlotState }): JSX.Element {
  const { slot } = props
  const connection = useConnection()
  const { announce } = usePage()
  const [asked, setAsked] = useState(0)
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const list = useVersions(slot, asked)
  const decide = async (op: Decision, version: number, done: string): Promise<void> => {
    setBusy(true)
    setFault(undefined)
    const which = { target: slot.holder, selector: slot.name }
    try {
      if (op === 'SwapBackCommand') await connection.call(op, { ...which, to: version }).answer
      else if (op === 'KeepVersionCommand') await connection.call(op, which).answer
      else await connection.call(op, { ...which, version }).answer
      announce(`Version ${version} of ${slot.name} ${done}`)
    } catch (thrown) {
      setFault(faultOf(thrown))
    } finally {
      setBusy(false)
      setAsked((before) => before + 1)
    }
  }
  if (list.kind === 'loading') return h('p', { class: 'hint', role: 'status' }, 'Fetching…')
  if (list.kind === 'fault') return h(FaultNote, { fault: list.fault })
  return h(
    'div',
    { class: 'past' },
    fault === undefined ? null : h(FaultNote, { fault }),
    h(
      'ol',
      { class: 'version-list', 'aria-label': `Versions of ${slot.name}` },
      list.versions.map((one) =>
        h(Version, {
          key: one.version,
          one,
          selector: slot.name,
          isBusy,
          onDecide: (op, done) => void decide(op, one.version, done),
        }),
      ),
    ),
  )
}

interface VersionProps {
  one: ShownVersion
  selector: string
  isBusy: boolean
  onDecide(op: Decision, done: string): void
}

function Version(props: VersionProps): JSX.Element {
  const { one, selector, isBusy, onDecide } = props
  const { version, current, state, source, evidence = [], quarantined, decided } = one
  return h(
    'li',
    { class: 'version', 'data-version': version },
    h(
      'div',
      { class: 'row' },
      h('strong', null, `Version ${version}`),
      h(StandingBadge, { state }),
      current ? h('span', { class: 'mark' }, 'in the slot') : null,
      h('span', { class: 'muted origin' }, faringText(one)),
      current || source === undefined || state === 'quarantined'
        ? null
        : button(`Put version ${version} back`, 'SwapBackCommand', 'is back'),
      current && state === 'probation'
        ? button(`Keep version ${version}`, 'KeepVersionCommand', 'stays')
        : null,
      state === 'quarantined'
        ? button(`Let version ${version} run again`, 'ReleaseVersionCommand', 'may run again')
        : null,
    ),
    [...(quarantined === undefined ? [] : [quarantined]), ...evidence].map((sentence) =>
      h('p', { key: sentence, class: 'hint bad' }, sentence),
    ),
    decided === undefined
      ? null
      : h('p', { class: 'comment' }, `Decided by ${decided.by}: ${decided.reason}`),
    source === undefined
      ? h('p', { class: 'hint' }, 'Its record was packed away.')
      : h(
          'details',
          null,
          h('summary', null, `Source of version ${version}`),
          h(SourceCode, { source, label: `Source of version ${version} of ${selector}` }),
        ),
  )

  function button(label: string, op: Decision, done: string): JSX.Element {
    return h(
      'button',
      { type: 'button', disabled: isBusy, onClick: () => onDecide(op, done) },
      label,
    )
  }
}

/** Who made it and how it fared, as far as that is known. */
function faringText({ model, author, tid, calls, faults, verdict }: ShownVersion): string {
  const made = model ? `written by ${model}` : author === undefined ? '' : `by ${author}`
  const at = tid === undefined ? '' : `transaction ${tid}`
  const fared =
    calls === undefined ? '' : `${counted(calls, 'call')} on probation, ${faults ?? 0} failed`
  const judged = verdict?.judge === undefined ? '' : `judged by code ${verdict.judge}`
  return [made, at, fared, judged].filter((part) => part !== '').join(' · ')
}
