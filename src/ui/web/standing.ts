// Owns: how a version of a method stands, in words and as a badge.
// Laws: UI45 how a version stands is said in words, and by colour beside them.
import { h, type JSX } from 'preact'

/** How a version stands, in words. */
const STANDINGS: Readonly<Record<string, string>> = {
  probation: 'on probation',
  durable: 'durable',
  degraded: 'degraded',
  quarantined: 'quarantined',
  'rolled-back': 'rolled back',
  replaced: 'replaced',
}

const standingText = (state: string): string => STANDINGS[state] ?? state

/** A standing as a badge: words, and a tone beside them. */
export function StandingBadge(props: { state: string }): JSX.Element {
  const { state } = props
  const tone = state === 'durable' ? 'good' : state === 'probation' ? 'warn' : 'bad'
  const isPast = state === 'replaced' || state === 'rolled-back'
  return h('span', { class: `v-badge standing ${isPast ? '' : tone}` }, standingText(state))
}
