// Owns: finding a slot: the receiver's own, then its parents depth-first in slot order, each object once, the first wins.
// Leaves: fetching ghosts to the world that is handed in.
// Laws: OB7 own slots come first. OB8 parents in slot order, depth-first, each once, so cycles end. OB9 what a lookup
// remembers never outlives a change that could alter it: such a change moves the epoch.
import { objectFault } from './faults.ts'
import { OBJECT_LIMITS } from './limits.ts'
import type { ObjectState, Slot } from './object.ts'

/** What a lookup needs of the world. */
export interface Delegation {
  epoch: number
  slotsOf(state: ObjectState): Map<string, Slot>
  stateOf(value: unknown): ObjectState | undefined
}

/** The objects in an object's parent slots, in order. */
export function parentsOf(world: Delegation, state: ObjectState): ObjectState[] {
  if (state.parents !== undefined) return state.parents
  const parents: ObjectState[] = []
  for (const slot of world.slotsOf(state).values()) {
    if (slot.kind !== 'parent') continue
    const list = Array.isArray(slot.value) ? slot.value : [slot.value]
    for (const value of list) {
      const parent = world.stateOf(value)
      if (parent !== undefined) {
        parent.isParent = true
        parents.push(parent)
      }
    }
  }
  state.parents = parents
  return parents
}

/** Every object of a delegation chain in the order of lookup, the first included. */
export function chainOf(world: Delegation, state: ObjectState): ObjectState[] {
  const chain: ObjectState[] = []
  const seen = new Set<ObjectState>()
  const visit = (one: ObjectState) => {
    if (seen.has(one)) return
    if (seen.size >= OBJECT_LIMITS.delegation) {
      throw objectFault('LIMIT', `a lookup passed more than ${OBJECT_LIMITS.delegation} objects`)
    }
    seen.add(one)
    chain.push(one)
    for (const parent of parentsOf(world, one)) visit(parent)
  }
  visit(state)
  return chain
}

/** The object that holds `name` for `state`, or undefined. Remembered per object until the epoch moves. */
export function findHolder(
  world: Delegation,
  state: ObjectState,
  name: string,
): ObjectState | undefined {
  if (world.slotsOf(state).has(name)) return state
  if (state.found === undefined || state.foundEpoch !== world.epoch) {
    state.found = new Map()
    state.foundEpoch = world.epoch
  }
  const known = state.found.get(name)
  if (known !== undefined) return known === null ? undefined : known
  let holder: ObjectState | null = null
  for (const one of chainOf(world, state)) {
    if (one !== state && world.slotsOf(one).has(name)) {
      holder = one
      break
    }
  }
  // Bounded, because names come from outside.
  if (state.found.size >= 1_024) state.found.clear()
  state.found.set(name, holder)
  return holder ?? undefined
}

/** The next holder of `name` in the chain of `state` after `after`: what resend uses. */
export function findAbove(
  world: Delegation,
  state: ObjectState,
  after: ObjectState,
  name: string,
): ObjectState | undefined {
  const chain = chainOf(world, state)
  const start = chain.indexOf(after)
  if (start < 0) return undefined
  for (const one of chain.slice(start + 1)) if (world.slotsOf(one).has(name)) return one
  return undefined
}
