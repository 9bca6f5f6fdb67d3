// Owns: the kernel's own changes as a world makes them: a slot set or removed, an object made, a method put into a slot,
// slots and names restored.
// Leaves: the turn around a change to world.ts; who may ask for one to the kernel.
// Laws: OB32 a change of the kernel's own is one turn; if the slot is not as it expects, CONFLICT, and nothing changes.
import { objectFault } from './faults.ts'
import { type Oid, oidText, type Tid } from './identity.ts'
import type { Change, Relied } from './turn.ts'
import { isSelector, MethodRef, toLive } from './value.ts'
import type { World } from './world.ts'

/** What a change came to: its answer, and the oid of the method that it installs, 0 for none. */
export interface Changed {
  answer: unknown
  installed: Oid
}

type SlotChange = Exclude<Change, { kind: 'create' | 'restore' }>

/** Makes a change in the running turn. Faults CONFLICT, FIELD_INVALID and TARGET_UNKNOWN. */
export function makeChange(world: World, change: Change): Changed {
  if (change.kind === 'create') return { answer: create(world, change), installed: 0 }
  if (change.kind === 'restore') return { answer: null, installed: restore(world, change) }
  return { answer: null, installed: changeSlot(world, change) }
}

function create(world: World, change: Extract<Change, { kind: 'create' }>): unknown {
  const state = world.bear()
  for (const [i, parent] of change.parents.entries()) {
    world.slotsOf(world.state(parent))
    world.write(state, i === 0 ? 'parent*' : `parent${i + 1}*`, world.handleOf(parent))
  }
  for (const [name, value] of change.slots) {
    world.write(state, name, toLive(value, world.handleOf))
  }
  if (change.name !== undefined) world.bind(change.name, state)
  return state.handle
}

function changeSlot(world: World, change: SlotChange): Oid {
  const state = world.state(change.target)
  const name = change.kind === 'method' ? change.selector : change.slot
  if (change.kind === 'method' && !isSelector(name)) {
    throw objectFault('FIELD_INVALID', `${JSON.stringify(name)} cannot name a method`)
  }
  checkExpected(change, name, world.slotsOf(state).get(name)?.tid ?? null)
  if (change.kind === 'method') for (const one of change.relies ?? []) checkRelied(world, one)
  if (change.kind === 'set') {
    world.write(state, name, toLive(change.value, world.handleOf))
    return 0
  }
  if (change.kind === 'remove') {
    if (world.remove(state, name)) return 0
    throw objectFault('FIELD_INVALID', `${oidText(state.oid)} has no slot ${name} of its own`)
  }
  const installed = change.method === undefined ? world.nextOid++ : 0
  world.write(state, name, new MethodRef(change.method ?? installed))
  // A method may be found through any chain, so every remembered lookup is in doubt.
  world.epoch++
  return installed
}

/** All expectations are looked at before anything changes. Answers the last method's oid, 0 for none. */
function restore(world: World, { slots, names }: Extract<Change, { kind: 'restore' }>): Oid {
  for (const one of slots) {
    checkExpected(one, one.slot, world.slotsOf(world.state(one.target)).get(one.slot)?.tid ?? null)
  }
  for (const { name, expect } of names) {
    if ((world.lookup(name) ?? null) === expect) continue
    throw objectFault('CONFLICT', `the name ${JSON.stringify(name)} has been bound anew since`, {
      name,
    })
  }
  let installed: Oid = 0
  for (const { target, slot, was, value } of slots) {
    const state = world.state(target)
    if (was === 'absent') world.remove(state, slot)
    else if (was === 'value') world.write(state, slot, toLive(value, world.handleOf))
    else {
      installed = world.nextOid++
      world.write(state, slot, new MethodRef(installed))
    }
  }
  for (const { name, oid } of names) world.rebind(name, oid)
  world.epoch++
  return installed
}

function checkRelied(world: World, { target, slot, expect }: Relied): void {
  const found = world.slotsOf(world.state(target)).get(slot)?.tid ?? null
  if (found === expect) return
  throw objectFault(
    'CONFLICT',
    `${slot} of ${oidText(target)}, which the method was judged with, has changed since`,
    { relied: oidText(target), slot, expected: tidOrNull(expect), found: tidOrNull(found) },
  )
}

function checkExpected(
  { expect, target }: { expect?: Tid | null; target: Oid },
  name: string,
  found: Tid | null,
): void {
  if (expect === undefined || found === expect) return
  throw objectFault('CONFLICT', `${name} of ${oidText(target)} has changed since it was read`, {
    expected: tidOrNull(expect),
    found: tidOrNull(found),
  })
}

const tidOrNull = (tid: Tid | null) => (tid === null ? null : String(tid))
