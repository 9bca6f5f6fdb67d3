// Owns: the log of messages as a person reads it: each step in words, drafts as they are written, the answer.
// Leaves: what happened to activity.ts.
// Laws: UI34 every step of a message is named in words, and a fault with its code, sentence and remedy.
import { h, type JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Activity, Entry, Step } from './activity.ts'
import { sendCommand } from './arguments.ts'
import { CopyButton } from './copy-button.ts'
import { FaultNote } from './fault-note.ts'
import { NewsView } from './news.ts'
import { usePage } from './page-context.ts'
import { SourceCode } from './source-code.ts'
import { shortText } from './value.ts'
import { drawValue, objectLink } from './view.ts'

/** Milliseconds after which a running message says for how long it has been running. */
const PATIENCE_MS = 1_000

/** Characters of an intent that are shown without being asked for. */
const INTENT_LENGTH = 120

export function useActivity(activity: Activity): readonly Entry[] {
  const [, setCount] = useState(0)
  useEffect(() => activity.listen(() => setCount((count) => count + 1)), [activity])
  return activity.entries
}

export function ActivityLog(props: { activity: Activity }): JSX.Element {
  const entries = useActivity(props.activity)
  const { news } = props.activity
  const finished = news.length > 0 || entries.some((entry) => entry.state !== 'working')
  const told = [
    ...entries.map((entry) => ({
      id: entry.id,
      line: h(EntryView, { key: entry.id, entry, activity: props.activity }),
    })),
    ...news.map((one) => ({ id: one.id, line: h(NewsView, { key: one.id, news: one }) })),
  ].sort((a, b) => b.id - a.id)
  return h(
    'section',
    { class: 'activity', 'aria-labelledby': 'activity-title' },
    h(
      'div',
      { class: 'section-head' },
      h('h2', { id: 'activity-title' }, 'Messages'),
      finished
        ? h(
            'button',
            { type: 'button', class: 'quiet', onClick: () => props.activity.clear() },
            'Clear',
          )
        : null,
    ),
    told.length === 0
      ? h(
          'p',
          { class: 'empty' },
          'Nothing was sent from here yet. What you send appears in this place, step by step: ',
          'who did not understand it, what the model writes, how it was tried, what came of it.',
        )
      : h(
          'ol',
          { class: 'entries' },
          told.map(({ line }) => line),
        ),
  )
}

function EntryView(props: { entry: Entry; activity: Activity }): JSX.Element {
  const { entry, activity } = props
  const { nameOf } = usePage()
  const label = entry.target.startsWith('#') ? nameOf(entry.target) : entry.target
  const args = entry.args.map(shortText).join(', ')
  return h(
    'li',
    { class: `entry ${entry.state}` },
    h(
      'div',
      { class: 'entry-head' },
      objectLink(entry.target, label),
      h('code', { class: 'entry-message' }, `${entry.selector}${args === '' ? '' : ` (${args})`}`),
      h('span', { class: `entry-state ${entry.state}` }, stateText(entry)),
    ),
    h(Intent, { text: entry.intent }),
    h(
      'ol',
      { class: 'steps' },
      entry.steps.map((step, index) =>
        h(StepView, { key: index, step, writing: isWriting(entry, index) }),
      ),
    ),
    entry.state === 'answered'
      ? h(
          'div',
          { class: 'answer', role: 'group', 'aria-label': 'Answer' },
          h('span', { class: 'answer-title' }, 'Answer'),
          drawValue(entry.answer, {
            nameOf,
            send: (target, selector, sent) =>
              void activity.send({
                target: target ?? entry.target,
                selector,
                args: sent,
                intent: '',
              }),
          }),
        )
      : null,
    entry.fault === undefined ? null : h(FaultNote, { fault: entry.fault }),
    h(
      'div',
      { class: 'row' },
      entry.state === 'working' ? h(Elapsed, { began: entry.began }) : null,
      entry.state === 'working'
        ? h(
            'button',
            { type: 'button', disabled: entry.cancelling, onClick: () => activity.cancel(entry) },
            entry.cancelling ? 'Cancelling…' : 'Cancel',
          )
        : null,
      h(CopyButton, {
        command: sendCommand(label, entry.selector, entry.args, entry.intent),
      }),
    ),
  )
}

function Intent(props: { text: string }): JSX.Element | null {
  const { text } = props
  if (text === '') return null
  const whole = h('p', { class: 'comment' }, text)
  if (text.length <= INTENT_LENGTH) return whole
  return h(
    'details',
    { class: 'intent' },
    h('summary', null, `${text.slice(0, INTENT_LENGTH)}…`),
    whole,
  )
}

/** Whether a draft is being written at this moment: it is the last step of a message without an answer. */
function isWriting(entry: Entry, index: number): boolean {
  return entry.state === 'working' && index === entry.steps.length - 1
}

function stateText(entry: Entry): string {
  if (entry.state === 'working') return 'working'
  const seconds = ((entry.ended ?? entry.began) - entry.began) / 1_000
  const time = seconds < 10 ? seconds.toFixed(1) : String(Math.round(seconds))
  return `${entry.state === 'answered' ? 'answered' : 'no answer'} after ${time} s`
}

function Elapsed(props: { began: number }): JSX.Element {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), PATIENCE_MS)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.floor((now - props.began) / 1_000)
  return h('span', { class: 'muted elapsed' }, seconds < 1 ? '' : `${seconds} s`)
}

function StepView(props: { step: Step; writing: boolean }): JSX.Element {
  const { step, writing } = props
  const { nameOf, isWaiting, showQuestion } = usePage()
  const line = (
    kind: string,
    title: string,
    ...rest: (JSX.Element | string | null)[]
  ): JSX.Element =>
    h('li', { class: `step ${kind}` }, h('span', { class: 'step-title' }, title), ...rest)
  switch (step.kind) {
    case 'queued':
      return line('queued', 'Queued')
    case 'not-understood':
      return line(
        'not-understood',
        'Not understood',
        h('span', null, ` ${step.selector} is not known; `),
        objectLink(step.holder, nameOf(step.holder)),
        ' will learn it',
      )
    case 'drafting':
      return line(
        writing ? 'drafting now' : 'drafting',
        writing ? 'Writing' : 'Wrote',
        h('span', { class: 'muted' }, ` ${step.model} · attempt ${step.attempt}`),
        h(DraftText, { text: step.text, writing }),
      )
    case 'trial':
      return line(
        step.ok ? 'trial ok' : 'trial bad',
        step.ok ? 'Trial passed' : 'Trial failed',
        h('span', null, ` ${step.detail}`),
        step.source === ''
          ? null
          : h(
              'details',
              null,
              h('summary', null, 'What was tried'),
              h(SourceCode, { source: step.source, label: 'Source that was tried' }),
            ),
      )
    case 'installed':
      return line(
        'installed',
        'Learnt',
        h('span', null, ` ${step.selector}, version ${step.version}, held by `),
        objectLink(step.holder, nameOf(step.holder)),
        h('span', { class: 'muted' }, ` · transaction ${step.tid}`),
      )
    case 'parked':
      return line(
        isWaiting(step.proposal) ? 'parked now' : 'parked',
        'Left to a person',
        h('span', null, ` ${step.reason}`),
        isWaiting(step.proposal)
          ? h(
              'button',
              { type: 'button', class: 'quiet', onClick: () => showQuestion(step.proposal) },
              `Decide about ${step.proposal}`,
            )
          : null,
      )
    case 'progress':
      return line('progress', 'Progress', h('span', null, ` ${step.detail}`))
    default:
      // A newer kernel may tell of things that this page has no words for.
      return line('progress', String((step as { kind: unknown }).kind))
  }
}

/** A draft while it is written: open and following its end; afterwards folded, since the trial shows the source. */
function DraftText(props: { text: string; writing: boolean }): JSX.Element | null {
  const { text, writing } = props
  const box = useRef<HTMLPreElement>(null)
  useLayoutEffect(() => {
    if (writing && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [text, writing])
  if (text === '') return writing ? h('p', { class: 'hint' }, 'The model is reading…') : null
  const draft = h(
    'pre',
    { class: 'source draft', ref: box, tabIndex: 0, role: 'group', 'aria-label': 'Draft' },
    text,
  )
  if (writing) return draft
  return h('details', null, h('summary', null, `Draft, ${text.length} characters`), draft)
}
