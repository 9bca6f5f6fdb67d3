// Owns: the codes of the image, with their remedies and whether trying again can help.
// Leaves: throwing them to the stores; the pages that explain them to docs/faults/.
// Laws: a code says what happened to the image; the sentence of each fault says where.
import { faultsOf } from '#ground'
import type { Tid } from '#objects'

/** Makes a fault of the image: code, sentence, data, and a remedy when the table's does not fit. */
export const imageFault = faultsOf({
  IMAGE_IN_USE: {
    retry: 'later',
    remedy: 'Stop the kernel that has this image open, or name another image.',
  },
  IMAGE_DAMAGED: {
    retry: 'never',
    remedy:
      'Run `batos verify` to list every damaged place, then save what is whole with `batos salvage`.',
  },
  LIMIT: {
    retry: 'never',
    remedy: 'Keep less in one object: a collection spreads its items over many.',
  },
  READ_ONLY: {
    retry: 'later',
    remedy: 'Open the image again; what was acknowledged is there.',
  },
  BUSY: {
    retry: 'later',
    remedy: 'Wait until it is done: `data.retryAfter` milliseconds, and call again.',
    retryAfter: 250,
  },
  TRANSACTION_STATE: {
    retry: 'never',
    remedy: 'Abort the transaction and begin another; open a connection that was closed again.',
  },
  TARGET_UNKNOWN: {
    retry: 'never',
    remedy: 'Name an object that exists: `batos ls` lists the names.',
  },
  FIELD_INVALID: { retry: 'never', remedy: 'Correct the argument and call again.' },
  CONFLICT: {
    retry: 'transaction',
    remedy: 'Take the next transaction number from the head of the store and commit again.',
  },
})

/** The fault of a store that was closed. */
export function closedFault(): Error {
  return imageFault('READ_ONLY', 'The store is closed.', { closed: true })
}

/** The fault of a read that asks for what a pack has removed. */
export function packedFault(at: Tid, packedTo: Tid): Error {
  return imageFault(
    'CONFLICT',
    `Transaction ${at} cannot be read any more: the image is packed to transaction ${packedTo}.`,
    { at, packedTo },
    `Read as of transaction ${packedTo} or later.`,
  )
}

/** The fault of a write into a store that was opened for reading. */
export function readOnlyFault(): Error {
  return imageFault(
    'READ_ONLY',
    'The image is open for reading only.',
    { readOnly: true },
    'Open it for writing, when no other process has it.',
  )
}
