// Owns: what a draft's verdict rests on beside the draft: the methods and parents that its receiver has, and what became of
// such a source before.
// Leaves: looking at it again within the turn that installs to the objects; the gates to the crucible.
// Laws: GO56 a method is not installed when something that it was judged with has moved. GO57 a source that was taken back or
// is quarantined is not let in again, and the refusal says why it went.
import { type Head, type MethodNeedCall, sourceHash, type Workbench } from '#kernel'
import { GENESIS, MethodRef, type Oid, Ref, type Relied, slotKind } from '#objects'
import type { Refusal } from './refusal.ts'

/** Slots that one verdict rests on: a chain has as many methods in a large world. */
const RELIED_MAX = 512

/**
 * The methods and parents of the receiver's chain as they are now. Data is not among them: it moves with every message, and the
 * probes have tried others. Those of genesis are the same in every image.
 */
export function reliedOn(head: Head, { receiver, learner, selector }: MethodNeedCall): Relied[] {
  const relied: Relied[] = []
  const seen = new Set<Oid>([GENESIS])
  const visit = (oid: Oid): void => {
    if (seen.has(oid) || !head.has(oid)) return
    seen.add(oid)
    const { slots } = head.object(oid)
    for (const { name, tid, value } of slots) {
      const counts = value instanceof MethodRef || slotKind(name, value) === 'parent'
      if (counts) relied.push({ target: oid, slot: name, expect: tid })
    }
    // The slot of the method itself has an expectation of its own.
    if (oid !== learner && !slots.some(({ name }) => name === selector)) {
      relied.push({ target: oid, slot: selector, expect: null })
    }
    const parents = slots.filter(({ name, value }) => slotKind(name, value) === 'parent')
    for (const { value } of parents) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one instanceof Ref) visit(one.oid)
      }
    }
  }
  visit(receiver)
  return relied
    .filter(({ target, slot }) => target !== learner || slot !== selector)
    .slice(0, RELIED_MAX)
}

/** Why a source that was here before is not tried again. */
export function refuseReturned(
  { head, versions, quarantine }: Workbench,
  { learner, selector }: MethodNeedCall,
  source: string,
): Refusal | undefined {
  const barred = quarantine.faultOf(source)
  if (barred !== undefined) return { gate: 'history', sentence: barred.message }
  const hash = sourceHash(source)
  for (const { method, version, state, decided, evidence } of versions.of(learner, selector)) {
    if (state !== 'rolled-back' || head.read(method)?.kind !== 'method') continue
    if (sourceHash(head.method(method).source) !== hash) continue
    const why = [decided?.reason, ...evidence].filter((one) => one !== undefined).join('; ')
    return {
      gate: 'history',
      sentence: `this was version ${version}, which was taken back: ${why}`,
    }
  }
  return undefined
}
