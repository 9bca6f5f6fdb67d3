// Owns: how a fault is told: its code, its sentence, what to do.
import { h, type JSX } from 'preact'
import type { WireFault } from '#protocol'

export function FaultNote(props: { fault: WireFault }): JSX.Element {
  const { code, message, remedy } = props.fault
  return h(
    'div',
    { class: 'fault', role: 'group', 'aria-label': `Fault ${code}` },
    h('p', null, h('strong', { class: 'fault-code' }, code), ' ', message),
    remedy ? h('p', { class: 'fault-remedy' }, remedy) : null,
  )
}
