// Owns: the invariant of an object: the method that says it, and whether a draft's calls leave it as it was.
// Leaves: asking it before and after each call to the trial.
// Laws: GO63 where an object has an invariant that a person wrote or accepted, a draft that breaks it on any probe on which it
// held is refused.
import type { Head, Held, MethodNeedCall, Probe, TrialReport } from '#kernel'
import { MethodRef, type Oid, Ref, type StoredSlot, slotKind } from '#objects'
import type { Refusal } from './refusal.ts'
import type { Scene } from './scene.ts'
import { stateText } from './state-text.ts'

/** The message by which an object says whether it is as it should be: true, or else a sentence. */
const INVARIANT = 'invariant'
/** Objects of one chain that are looked at. */
const CHAIN_MAX = 16

/** The invariant that binds the drafts of a call; undefined where the receiver has none, or a model's that nobody accepted. */
export function invariantOf(
  head: Head,
  { receiver, selector }: MethodNeedCall,
): string | undefined {
  if (selector === INVARIANT || bindingInvariant(head, receiver) === undefined) return undefined
  return INVARIANT
}

/** An invariant that binds, and the object that has it. */
export interface Binding {
  holder: Oid
  method: Oid
}

/** The invariant that an object is held to: its own, or that of the first parent. */
export function bindingInvariant(head: Head, oid: Oid): Binding | undefined {
  const found = firstOf(head, oid, (holder, slots) => {
    const own = slots.find(({ name }) => name === INVARIANT)
    if (own === undefined) return undefined
    return { holder, method: own.value instanceof MethodRef ? own.value.oid : undefined }
  })
  if (found?.method === undefined) return undefined
  const { model, accepted } = head.method(found.method)
  return model !== '' && accepted === undefined ? undefined : { ...found, method: found.method }
}

/** True when an object has what another holds: it is that one, or has it among its parents. */
export const isHeir = (head: Head, oid: Oid, holder: Oid): boolean =>
  firstOf(head, oid, (one) => (one === holder ? one : undefined)) !== undefined

/** What the first object of a chain, in the order of lookup, comes to. */
function firstOf<T>(
  head: Head,
  from: Oid,
  is: (oid: Oid, slots: readonly StoredSlot[]) => T | undefined,
): T | undefined {
  const seen = new Set<Oid>()
  const visit = (oid: Oid): T | undefined => {
    if (seen.has(oid) || seen.size >= CHAIN_MAX || !head.has(oid)) return undefined
    seen.add(oid)
    const { slots } = head.object(oid)
    const own = is(oid, slots)
    if (own !== undefined) return own
    for (const { name, value } of slots) {
      if (slotKind(name, value) !== 'parent') continue
      for (const parent of Array.isArray(value) ? value : [value]) {
        const found = parent instanceof Ref ? visit(parent.oid) : undefined
        if (found !== undefined) return found
      }
    }
    return undefined
  }
  return visit(from)
}

/** True when an invariant holds; else what it says. */
export function saidOf(held: Held): true | string {
  if ('fault' in held) return held.fault
  if (held.reply === true) return true
  return typeof held.reply === 'string' ? held.reply : 'it does not hold'
}

/** Refuses a draft at the first call after which an invariant that held before does not. */
export function refuseBroken(
  reports: readonly TrialReport[],
  probes: readonly Probe[],
  scene: Scene,
): Refusal | undefined {
  for (const [i, report] of reports.entries()) {
    if (report.kind !== 'kept' || report.invariant === undefined) continue
    const { before, after } = report.invariant
    if (saidOf(before) !== true) continue
    const said = saidOf(after)
    if (said === true) continue
    return {
      gate: 'invariant',
      sentence: `${stateText(probes[i] ?? {}, scene)} it breaks the object's invariant: ${said}`,
    }
  }
  return undefined
}
