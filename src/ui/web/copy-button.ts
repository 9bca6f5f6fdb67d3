// Owns: the button that copies the command line for what is shown.
// Laws: UI28 every card and every message can be had as a command; where the clipboard is closed, the text is shown.
import { h, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { usePage } from './page-context.ts'

/** Milliseconds for which the button says that it has copied. */
const SAID_MS = 2_000

export function CopyButton(props: { command: string }): JSX.Element {
  const { announce } = usePage()
  const [state, setState] = useState<'idle' | 'copied' | 'closed'>('idle')
  useEffect(() => {
    if (state !== 'copied') return
    const timer = setTimeout(() => setState('idle'), SAID_MS)
    return () => clearTimeout(timer)
  }, [state])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.command)
      setState('copied')
      announce('Command copied')
    } catch {
      // A browser may refuse the clipboard; the person can still take the text.
      setState('closed')
    }
  }
  if (state === 'closed') {
    return h('input', {
      class: 'command',
      readOnly: true,
      value: props.command,
      'aria-label': 'Command line',
      onFocus: (event) => event.currentTarget.select(),
    })
  }
  return h(
    'button',
    { type: 'button', class: 'quiet', title: props.command, onClick: () => void copy() },
    state === 'copied' ? 'Copied' : 'Copy as CLI',
  )
}
