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
  shown: { value: unknown; tid: string } | undefined
  fault: WireFault | undefined
  asking: boolean
  ask(): void
  /** What is known of the object now. An answer without a transaction of its own is at least as new as when it was asked for. */
  asOf(): string
  /** Takes an answer that came by another way, such as the send form. */
  take(from: string, outcome: Outcome, begun: string): void
  /** Tells of a change to what the card shows. */
  changed(tid: string): void
  hide(): void
}

/** `tid` is that of the state which the card shows. */
export function useDisplay(oid: string | undefined, tid: string): Display {
  const connection = useConnection()
  const [shown, setShown] = useState<Display['shown']>(undefined)
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const [asking, setAsking] = useState(false)
  const live = useRef({ oid, tid, shown, timer: 0, newest: '' })
  live.current.oid = oid
  live.current.tid = tid
  live.current.shown = shown
  useEffect(() => {
    setShown(undefined)
    setFault(undefined)
    live.current.newest = ''
    return () => {
      clearTimeout(live.current.timer)
      live.current.timer = 0
    }
  }, [oid])

  const asOf = (): string => laterTid(live.current.tid, live.current.newest) ?? ''
  // It may be called by a listener of an earlier drawing, so it asks for the object that is shown now.
  const ask = async (): Promise<void> => {
    const of = live.current.oid
    if (of === undefined) return
    const begun = asOf()
    setAsking(true)
    try {
      const fields = { target: of, selector: DISPLAY_SELECTOR, args: [], policy: 'off' as const }
      const { answer } = connection.call('SendCommand', fields, { resend: true })
      const { result, tid: made } = await answer
      if (live.current.oid !== of) return
      setShown({ value: result, tid: made ?? begun })
      setFault(undefined)
    } catch (thrown) {
      if (live.current.oid === of) setFault(faultOf(thrown))
    } finally {
      setAsking(false)
    }
  }
  const refresh = (): void => {
    const now = live.current
    now.timer = 0
    // The news of a change may come before the answer that it belongs to, so they are compared only here.
    const seen = now.shown?.tid
    if (seen === undefined || laterTid(now.newest, seen) === seen) return
    void ask()
  }
  return {
    shown,
    fault,
    asking,
    ask: () => void ask(),
    asOf,
    take: (from, outcome, begun) => {
      // A message may be answered when another object is shown already.
      if (!outcome.ok || from !== live.current.oid) return
      setShown({ value: outcome.answer, tid: outcome.tid ?? begun })
      setFault(undefined)
    },
    changed: (changedIn) => {
      const now = live.current
      now.newest = laterTid(changedIn, now.newest) ?? changedIn
      if (now.shown === undefined || now.timer !== 0) return
      now.timer = Number(setTimeout(refresh, PAUSE_MS))
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
      shown === undefined ? null : h('span', { class: 'muted' }, `as of transaction ${shown.tid}`),
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
