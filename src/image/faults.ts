// Owns: the codes of the image, with their remedies and whether trying again can help.
// Leaves: throwing them to the stores; the pages that explain them to docs/faults/.
// Laws: a code says what happened to the image; the sentence of each fault says where.
import { faultsOf } from '#ground'

/** Makes a fault of the image: code, sentence, data, and a remedy when the table's does not fit. */
export const imageFault = faultsOf({
  IMAGE_IN_USE: {
    retry: 'later',
    remedy: 'Stop the kernel that has this image open, or name another image.',
  },
  IMAGE_DAMAGED: {
    retry: 'never',
    remedy: 'Run `batos verify` to list every damaged place, then load the last dump.',
  },
  LIMIT: {
    retry: 'never',
    remedy: 'Keep less in one object: a collection spreads its items over many.',
  },
  READ_ONLY: {
    retry: 'later',
    remedy: 'Open the image again; what was acknowledged is there.',
  },
  CONFLICT: {
    retry: 'transaction',
    remedy: 'Take the next transaction number from the head of the store and commit again.',
  },
})

/** The fault of a store that was closed. */
export function closedFault(): Error {
  return imageFault('READ_ONLY', 'The store is closed.', { closed: true })
}
