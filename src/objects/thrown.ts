// Owns: what becomes of a value that guest code threw: always a fault record, whatever the value is.
// Leaves: signals to world.ts, since they are thrown by ourselves.
// Laws: OB33 nothing that guest code makes passes for a fault of ours, and a sentence of its own has a bounded length.
import type { Fault, FaultRecord } from '#ground'
import { objectFault, ownFault } from './faults.ts'
import { OBJECT_LIMITS } from './limits.ts'

/** The fault in what guest code threw. Runs no guest code: only own data properties are looked at. */
export function faultOfThrown(thrown: unknown): FaultRecord {
  const fault = ownFault(thrown)
  if (fault !== undefined) return fault.toRecord()
  if (isOverflow(thrown)) return tooDeep().toRecord()
  if (isExhausted(thrown))
    return objectFault('LIMIT', 'a value needs more memory than there is').toRecord()
  const sentence =
    typeof thrown === 'string'
      ? thrown
      : thrown instanceof Error
        ? (ownText(thrown, 'message') ?? 'the method threw an error without a message')
        : 'the method threw something that is not an error'
  const bounded = sentence.slice(0, OBJECT_LIMITS.sentenceLength)
  return objectFault('METHOD_FAILED', bounded).toRecord()
}

/** Whether it is the engine's error of a stack that ran out. */
export function isOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && /call stack/i.test(ownText(thrown, 'message') ?? '')
}

/** Whether it is the engine's error of bytes that it was not granted, which depends on what else is in memory. */
function isExhausted(thrown: unknown): boolean {
  const text = thrown instanceof Error ? ownText(thrown, 'message') : undefined
  return /^(?:array buffer allocation failed|failed to allocate memory)$/i.test(text ?? '')
}

/** The fault of a stack that ran out. */
export function tooDeep(): Fault {
  return objectFault('LIMIT', 'functions called functions too deeply')
}

function ownText(value: object, name: string): string | undefined {
  const text: unknown = Object.getOwnPropertyDescriptor(value, name)?.value
  return typeof text === 'string' ? text : undefined
}
