// Owns: what an object shows of itself: asking `display_yourself`, drawing the answer, keeping it fresh.
// Laws: UI35 an answer is drawn again after a change that came later than it; a change that the asking itself made is
// not later, so asking never runs in circles.
import { h, type JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FullState, WireFault } from '#protocol'
import type { Outcome } from './activity.ts'
import { laterTid } from './connection.ts'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { COMPONENT_NAMES, drawValue } from './view.ts'
import { faultOf, useConnection } from './world.ts'

export const DISPLAY_SELECTOR = 'display_yourself'

/** Milliseconds between two askings after changes: an object that changes all the time is drawn once a second. */
const PAUSE_MS = 1_000

/** What a model is told when an object is to learn to show itself. */
export const DISPLAY_INTENT = [
  'Answer a plain value that shows this object to a person, made from its data slots.',
  'It is a tree of maps { component, props, children }, where children is a list.',
  `Components: ${COMPONENT_NAMES.join(', ')}.`,
  'heading and text have props { text }; number { value, label }; badge { text, tone: good | warn | bad };',
  'key-value { items: map }; table { rows: list of maps }; list { items }; progress { value, max, label };',
  'button { label, selector, args } sends a message to this object; grid { columns } has children.',
  'No markup. Change nothing.',
].join(' ')

export interface Display {
  shown: { value: unknown; tid: string | undefined } | undefined
  fault: WireFault | undefined
  asking: boolean
  ask(): void
  /** Takes an answer that came by another way, such as the send form. */
  take(of: string, outcome: Outcome): void
  /** Tells of a change to what the card shows. */
  changed(tid: string): void
  hide(): void
}

export function useDisplay(oid: string | undefined): Display {
  const connection = useConnection()
  const [shown, setShown] = useState<Display['shown']>(undefined)
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const [asking, setAsking] = useState(false)
  const live = useRef({ oid, shown, timer: 0 })
  live.current.oid = oid
  live.current.shown = shown
  useEffect(() => {
    setShown(undefined)
    setFault(undefined)
    return () => clearTimeout(live.current.timer)
  }, [oid])

  const ask = async (): Promise<void> => {
    if (oid === undefined) return
    setAsking(true)
    try {
      const fields = { target: oid, selector: DISPLAY_SELECTOR, args: [], policy: 'off' as const }
      const { result, tid } = await connection.call('SendCommand', fields, { resend: true }).answer
      if (live.current.oid !== oid) return
      setShown({ value: result, tid })
      setFault(undefined)
    } catch (thrown) {
      if (live.current.oid === oid) setFault(faultOf(thrown))
    } finally {
      setAsking(false)
    }
  }
  return {
    shown,
    fault,
    asking,
    ask: () => void ask(),
    take: (of, outcome) => {
      // A message may be answered when another object is shown already.
      if (!outcome.ok || of !== live.current.oid) return
      setShown({ value: outcome.answer, tid: outcome.tid })
      setFault(undefined)
    },
    changed: (tid) => {
      const now = live.current.shown
      if (now === undefined || now.tid === undefined) return
      if (laterTid(tid, now.tid) === now.tid) return
      clearTimeout(live.current.timer)
      live.current.timer = Number(setTimeout(() => void ask(), PAUSE_MS))
    },
    hide: () => setShown(undefined),
  }
}

interface PanelProps {
  state: FullState
  display: Display
  onSend(target: string | undefined, selector: string, args: unknown[]): void
  onLearn(): void
}

/** The object as it shows itself, or the way to get there. */
export function DisplayPanel(props: PanelProps): JSX.Element {
  const { state, display, onSend, onLearn } = props
  const { nameOf } = usePage()
  const can = state.slots.some((slot) => slot.name === DISPLAY_SELECTOR && slot.kind === 'method')
  const { shown, fault, asking } = display
  return h(
    'section',
    { class: 'display', 'aria-labelledby': 'display-title' },
    h(
      'div',
      { class: 'section-head' },
      h('h3', { id: 'display-title' }, 'Display'),
      shown === undefined
        ? null
        : h('span', { class: 'muted' }, shown.tid === undefined ? '' : `as of ${shown.tid}`),
      can
        ? h(
            'button',
            { type: 'button', disabled: asking, onClick: display.ask },
            asking ? 'Asking…' : shown === undefined ? 'Display' : 'Display again',
          )
        : h('button', { type: 'button', onClick: onLearn }, 'Let it learn to show itself'),
      shown === undefined
        ? null
        : h('button', { type: 'button', class: 'quiet', onClick: display.hide }, 'Hide'),
    ),
    fault === undefined ? null : h(FaultNote, { fault }),
    shown === undefined
      ? null
      : h('div', { class: 'view' }, drawValue(shown.value, { nameOf, send: onSend })),
  )
}
