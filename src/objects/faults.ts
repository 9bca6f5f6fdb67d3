// Owns: the codes that running a message can end in, and telling our own faults from what guest code makes of them.
// Leaves: the pages of the codes to docs/faults/.
// Laws: OB33 a fault of ours cannot be altered by guest code, and nothing that guest code makes passes for one.
import { type Fault, faultsOf } from '#ground'
import { type Oid, oidText } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'

export const OBJECT_FAULTS = {
  NOT_UNDERSTOOD: {
    retry: 'never',
    remedy: 'Send a message that the object understands, or give it a method of that name.',
  },
  METHOD_FAILED: {
    retry: 'never',
    remedy: 'Look at the method with `batos source`, or send other arguments.',
  },
  FUEL: {
    retry: 'never',
    remedy: 'Make the method do less in one message: fewer rounds, smaller pieces.',
  },
  LIMIT: { retry: 'never', remedy: 'Split the value or the work into smaller objects.' },
  CONFLICT: {
    retry: 'transaction',
    remedy: 'Read the object again and repeat the change on what it holds now.',
  },
  TARGET_UNKNOWN: {
    retry: 'never',
    remedy: 'Name an object that exists: `batos ls` lists the names.',
  },
  FIELD_INVALID: { retry: 'never', remedy: 'Correct the field and send the message again.' },
} as const

const OURS = new WeakSet<object>()

/** Makes a fault one of ours: guest code may catch it and read it, and that is all. Answers it. */
export function sealFault(fault: Fault): Fault {
  if (fault.data !== undefined) freezeAll(fault.data)
  OURS.add(Object.freeze(fault))
  return fault
}

/** The fault in a thrown value if it is one that `sealFault` made ours. */
export function ownFault(thrown: unknown): Fault | undefined {
  return typeof thrown === 'object' && thrown !== null && OURS.has(thrown)
    ? (thrown as Fault)
    : undefined
}

function freezeAll(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  // Views of bytes cannot be frozen, and no fault of ours has any.
  Object.freeze(value)
  for (const part of Object.values(value)) freezeAll(part)
}

const make = faultsOf(OBJECT_FAULTS)

/** Makes a fault of the object model; see OBJECT_FAULTS for the codes. */
export const objectFault: typeof make = (...parts) => sealFault(make(...parts))

/** The fault of a message that nobody in a chain understands. The selector may come from anywhere, so it is cut. */
export function notUnderstood(oid: Oid, selector: string): Fault {
  const short = selector.slice(0, OBJECT_LIMITS.nameLength)
  const target = oidText(oid)
  const data = { target, selector: short }
  return objectFault('NOT_UNDERSTOOD', `${target} does not understand ${short}`, data)
}

/** Faults LIMIT when something would take more bytes than it may. */
export function checkSize(what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return
  throw objectFault('LIMIT', `${what} would take ${bytes} bytes; the limit is ${limit}`)
}

/** Faults LIMIT when there are more than there may be. */
export function checkCount(what: string, count: number, limit: number): void {
  if (count > limit) throw objectFault('LIMIT', `${count} ${what}; the limit is ${limit}`)
}
