// Owns: the invariant of an object: the method that says it, and whether a draft's calls leave it as it was.
// Leaves: asking it before and after each call to the trial.
// Laws: GO63 where an object has an invariant that a person wrote or accepted, a draft that breaks it on any probe on which it
// held is refused.
import type { Head, MethodNeedCall, Probe, TrialReport } from '#kernel'
import { MethodRef, type Oid, Ref, slotKind } from '#objects'
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
  if (selector === INVARIANT) return undefined
  const seen = new Set<Oid>()
  const find = (oid: Oid): Oid | undefined => {
    if (seen.has(oid) || seen.size >= CHAIN_MAX || !head.has(oid)) return undefined
    seen.add(oid)
    const { slots } = head.object(oid)
    const own = slots.find(({ name }) => name === INVARIANT)
    if (own !== undefined) return own.value instanceof MethodRef ? own.value.oid : undefined
    for (const { name, value } of slots) {
      if (slotKind(name, value) !== 'parent') continue
      for (const parent of Array.isArray(value) ? value : [value]) {
        const found = parent instanceof Ref ? find(parent.oid) : undefined
        if (found !== undefined) return found
      }
    }
    return undefined
  }
  const found = find(receiver)
  if (found === undefined) return undefined
  const { model, accepted } = head.method(found)
  return model !== '' && accepted === undefined ? undefined : INVARIANT
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
    const held = 'reply' in before && before.reply === true
    if (!held || ('reply' in after && after.reply === true)) continue
    const said =
      'fault' in after
        ? after.fault
        : typeof after.reply === 'string'
          ? after.reply
          : 'it does not hold'
    return {
      gate: 'invariant',
      sentence: `${stateText(probes[i] ?? {}, scene)} it breaks the object's invariant: ${said}`,
    }
  }
  return undefined
}
