// Owns: what happens to methods beside messages, in words: taken back, proven, quarantined, released, decided by a person.
// Leaves: when it is told to activity.ts.
// Laws: UI44 what happens to a method is told among the messages, whoever did it.
import { h, type JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Activity, News } from './activity.ts'
import type { NewsEvent } from './connection.ts'
import { usePage } from './page-context.ts'
import { objectLink } from './view.ts'
import { useConnection } from './world.ts'

/** What happened, as the sentence that follows the object and the selector. */
export function newsText(event: NewsEvent): string {
  if (event.kind === 'proposal') return `Proposal ${event.proposal} is ${event.status}.`
  const { kind, version, reason, to } = event
  const why = reason === '' ? '' : `: ${reason}`
  switch (kind) {
    case 'rolled-back': {
      const instead = to === undefined ? 'Nothing is in its place.' : `Version ${to} is back.`
      return `Version ${version} was taken out${why}. ${instead}`
    }
    case 'durable':
      return `Version ${version} has proven itself${why}.`
    case 'quarantined':
      return `Version ${version} does not run any more${why}.`
    default:
      return `Version ${version} runs again${why}.`
  }
}

export function NewsView(props: { news: News }): JSX.Element {
  const { event } = props.news
  const { nameOf } = usePage()
  return h(
    'li',
    { class: `entry news ${event.kind}` },
    h(
      'div',
      { class: 'entry-head' },
      objectLink(event.holder, nameOf(event.holder)),
      h('code', { class: 'entry-message' }, event.selector),
    ),
    h('p', null, newsText(event)),
  )
}

/** Tells the log what happens to methods anywhere in the world. */
export function useNews(activity: Activity): void {
  const connection = useConnection()
  useEffect(
    () =>
      connection.subscribe(undefined, undefined, (notice) => {
        if (notice.kind !== 'change' && notice.kind !== 'gap') activity.tell(notice)
      }),
    [connection, activity],
  )
}
