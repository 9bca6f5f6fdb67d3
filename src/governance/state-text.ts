// Owns: the sentence that names a call by the state that it met and its arguments.
// Leaves: what was wrong with the call to each gate.
import type { Probe } from '#kernel'
import { textOf } from './examples.ts'
import type { Scene } from './scene.ts'

/** The call of a probe, as a gate's sentence begins with it. */
export function stateText({ sets = [], args }: Probe, scene: Scene): string {
  const state = sets
    .filter(({ target }) => target === scene.receiver)
    .map(({ slot, value }) => `${slot} ${textOf(value)}`)
    .join(', ')
  return `with ${state || 'the object as it is'} and arguments (${(args ?? scene.args).map(textOf).join(', ')})`
}
