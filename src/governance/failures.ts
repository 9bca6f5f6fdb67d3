// Owns: what spoke last against a method of a selector: why a version of it was taken back, or a proposal rejected.
// Leaves: refusing the same source again to reliance.ts; telling a model to the mind.
// Laws: GO82 of what was taken back or rejected the newest reason is told, and a person's choice of another version is none.
import type { Workbench } from '#kernel'
import type { Oid } from '#objects'
import { SYSTEM } from './swapping.ts'

/** The newest reason, as a sentence without a full stop; undefined when nothing has spoken against any. */
export function lastFailure(
  { versions, rejection }: Workbench,
  holder: Oid,
  selector: string,
): string | undefined {
  const back = versions
    .of(holder, selector)
    .filter(({ state, decided }) => state === 'rolled-back' && decided?.by === SYSTEM)
    .map(({ decided }) => ({ time: decided?.time ?? 0, reason: decided?.reason ?? '' }))
    .reduce<{ time: number; reason: string } | undefined>(
      (newest, one) => (newest === undefined || one.time >= newest.time ? one : newest),
      undefined,
    )
  const no = rejection?.(holder, selector)
  if (back === undefined && no === undefined) return undefined
  if (back === undefined || (no !== undefined && no.time >= back.time)) {
    return `a draft of it was rejected: ${no?.reason}`
  }
  return `a version of it was taken back: ${back.reason}`
}
