// Owns: the page as a whole: header, banner, list, card, log, and what its parts share.
// Leaves: each part to its own file.
// Laws: UI10 a loss of the connection is told in a banner that says what to do.
import { h, type JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Activity, type Entry } from './activity.ts'
import { ActivityLog, useActivity } from './activity-view.ts'
import { ASKS_ID, Asks } from './asks.ts'
import { ObjectCard } from './card.ts'
import type { Connection, ConnectionState } from './connection.ts'
import { Announcer, LiveRegion } from './live-region.ts'
import { type Mind, useMind } from './mind.ts'
import { useNews } from './news.ts'
import { ObjectList } from './object-list.ts'
import { PageContext, type PageParts } from './page-context.ts'
import { counted, type Proposals, useProposals } from './proposals.ts'
import { useTarget } from './route.ts'
import { ConnectionContext, nextFrame, useConnectionState, useNameOf, useNames } from './world.ts'

export function App(props: { connection: Connection }): JSX.Element {
  return h(ConnectionContext.Provider, { value: props.connection }, h(Page, props))
}

function Page(props: { connection: Connection }): JSX.Element {
  const { connection } = props
  const target = useTarget(() => connection.start())
  const [prefix, setPrefix] = useState('')
  const names = useNames(prefix)
  const nameOf = useNameOf(names.objects)
  const activity = useMemo(() => new Activity(connection, nextFrame), [connection])
  const announcer = useMemo(() => new Announcer(), [])
  const entries = useActivity(activity)
  const mind = useMind(entries)
  const asking = useAsking((sentence) => announcer.say(sentence))
  const { proposals } = asking
  const parts: PageParts = {
    nameOf,
    mind,
    send: (message) => activity.send(message),
    announce: (sentence) => announcer.say(sentence),
    isWaiting: (id) => proposals.open.some((one) => one.id === id),
    showQuestion: asking.show,
  }
  useNews(activity)
  useTitle(target, nameOf)
  useAnnouncements(entries, parts.announce)
  return h(
    PageContext.Provider,
    { value: parts },
    h('a', { class: 'skip', href: '#main', onClick: skipToMain }, 'Skip to the object'),
    h(Header, { mind, waiting: proposals.open.length }),
    h(Banner, { onRetry: () => connection.start() }),
    h(
      'div',
      { class: 'columns' },
      h(ObjectList, { names, prefix, onPrefix: setPrefix, target }),
      h(
        'main',
        { id: 'main', tabIndex: -1 },
        h(Asks, { proposals, shown: asking.shown, onShow: asking.show }),
        h(ObjectCard, {
          target,
          welcome: nameOf(target) === 'genesis' && entries.length === 0,
          log: h(ActivityLog, { activity }),
        }),
      ),
    ),
    h(LiveRegion, { announcer }),
  )
}

/** The skip link moves the focus; the address belongs to the object shown. */
function skipToMain(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

interface Asking {
  proposals: Proposals
  /** The proposal whose question is open: the oldest, until a person chooses. */
  shown: string | undefined
  show(id: string | undefined): void
}

function useAsking(announce: (sentence: string) => void): Asking {
  const proposals = useProposals()
  const [chosen, setChosen] = useState<string | 'oldest' | undefined>('oldest')
  const { open } = proposals
  const before = useRef(0)
  useEffect(() => {
    if (open.length > before.current) announce(`${counted(open.length, 'question')} for you`)
    before.current = open.length
  }, [open.length])
  // What was chosen may have been decided meanwhile; what was put aside stays aside.
  const isGone = chosen !== undefined && !open.some(({ id }) => id === chosen)
  const shown = isGone ? open[0]?.id : chosen
  const show = (id: string | undefined): void => {
    setChosen(id)
    if (id !== undefined && id !== shown) goTo(ASKS_ID)
  }
  return { proposals, shown, show }
}

function goTo(id: string): void {
  const place = document.getElementById(id)
  place?.focus()
  place?.scrollIntoView({ block: 'center' })
}

function useTitle(target: string, nameOf: (oid: string) => string): void {
  const title = `${nameOf(target)} · BAT OS`
  useEffect(() => {
    document.title = title
  }, [title])
}

/** Says what happens to messages: learning, learnt, answered, failed. */
function useAnnouncements(entries: readonly Entry[], announce: (sentence: string) => void): void {
  const said = useRef('')
  const newest = entries[0]
  const step = newest?.steps.at(-1)
  const sentence =
    newest === undefined
      ? ''
      : newest.state === 'answered'
        ? `${newest.selector} was answered`
        : newest.state === 'failed'
          ? `${newest.selector} failed: ${newest.fault?.message ?? ''}`
          : step?.kind === 'not-understood'
            ? `${newest.selector} is not understood; it is being learnt`
            : step?.kind === 'installed'
              ? `${newest.selector} was learnt`
              : ''
  useEffect(() => {
    if (sentence === '' || sentence === said.current) return
    said.current = sentence
    announce(sentence)
  }, [sentence])
}

const STATE_WORDS: Readonly<Record<ConnectionState['kind'], string>> = {
  connecting: 'connecting',
  open: 'live',
  lost: 'not connected',
  refused: 'refused',
}

function Header(props: { mind: Mind | undefined; waiting: number }): JSX.Element {
  const state = useConnectionState()
  const { mind, waiting } = props
  return h(
    'header',
    { class: 'top' },
    h(
      'a',
      { class: 'brand', href: '#/o/genesis' },
      h('span', { class: 'orb', 'aria-hidden': 'true' }),
      'BAT OS',
    ),
    h('span', { class: 'tagline' }, 'objects that learn what they do not understand'),
    mind === undefined ? null : h('span', { class: 'mind' }, mindText(mind)),
    mind?.budget === undefined ? null : h('span', { class: 'budget' }, mind.budget),
    waiting === 0
      ? null
      : h(
          'button',
          { type: 'button', class: 'waiting', onClick: () => goTo(ASKS_ID) },
          `${counted(waiting, 'question')} for you`,
        ),
    h(
      'span',
      { class: `live ${state.kind}` },
      h('span', { class: 'dot', 'aria-hidden': 'true' }),
      STATE_WORDS[state.kind],
    ),
  )
}

function mindText({ model, policy }: Mind): string {
  if (policy === 'off') return 'learning is off'
  const what = policy === 'review' ? 'proposes, a person decides' : 'writes what is missing'
  return `${model} ${what}`
}

function Banner(props: { onRetry(): void }): JSX.Element | null {
  const state = useConnectionState()
  if (state.kind === 'lost') {
    return h(
      'div',
      { class: 'banner', role: 'status' },
      h(
        'p',
        null,
        h('strong', null, 'The kernel does not answer.'),
        ' What you see is the last known state. The page tries again by itself; if the kernel was ended, start it with ',
        h('code', null, 'npm start'),
        '.',
      ),
      h('button', { type: 'button', onClick: props.onRetry }, 'Try now'),
    )
  }
  if (state.kind === 'refused') {
    return h(
      'div',
      { class: 'banner', role: 'alert' },
      h(
        'p',
        null,
        h('strong', null, 'The kernel did not accept this page.'),
        ' Open the address that the kernel printed when it started; it carries the token. ',
        h('span', { class: 'muted' }, `${state.fault.code}: ${state.fault.message}`),
      ),
      h('button', { type: 'button', onClick: props.onRetry }, 'Try again'),
    )
  }
  return null
}
