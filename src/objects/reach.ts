// Owns: which of the objects born in a turn are referred to from what the turn keeps.
// Leaves: what is kept to world.ts.
// Laws: OB14 an object made in a turn is kept only if something that is kept, a name or the reply refers to it.
import { OBJECT_LIMITS } from './limits.ts'
import type { ObjectState } from './object.ts'

/**
 * The born objects reachable from the roots, which are live values. `stateOf` answers the state behind a handle. Works
 * through a list, because a chain of a thousand new objects is deeper than the engine's stack allows.
 */
export function bornIn(
  roots: readonly unknown[],
  stateOf: (value: object) => ObjectState | undefined,
): Set<ObjectState> {
  const born = new Set<ObjectState>()
  const seen = new Set<object>()
  const waiting: unknown[] = [...roots]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    const state = stateOf(value)
    if (state === undefined) {
      if (value instanceof Uint8Array || value instanceof Date) continue
      if (!Array.isArray(value)) for (const part of Object.values(value)) waiting.push(part)
      // A longer list is refused when it is stored.
      else if (value.length <= OBJECT_LIMITS.arrayLength) {
        for (const part of value) waiting.push(part)
      }
    } else if (state.born) {
      born.add(state)
      for (const slot of state.slots?.values() ?? []) waiting.push(slot.value)
    }
  }
  return born
}
