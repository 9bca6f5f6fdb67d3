// Owns: the codes that running a message can end in. Their pages are in docs/faults/.
import { faultsOf } from '#ground'

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

/** Makes a fault of the object model; see OBJECT_FAULTS for the codes. */
export const objectFault = faultsOf(OBJECT_FAULTS)
