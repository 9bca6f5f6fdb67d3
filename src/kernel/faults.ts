// Owns: the codes that the kernel answers with by itself. Their pages are in docs/faults/.
import { faultsOf } from '#ground'
import { KERNEL_LIMITS } from './limits.ts'

export const KERNEL_FAULTS = {
  BUSY: {
    retry: 'later',
    remedy: 'Wait for `data.retryAfter` milliseconds and send it again.',
    retryAfter: KERNEL_LIMITS.retryAfter,
  },
  DEADLINE: { retry: 'later', remedy: 'Send it again with a longer deadline.' },
  CANCELLED: { retry: 'later', remedy: 'Send it again when it is wanted after all.' },
  FUEL: {
    retry: 'never',
    remedy: 'Make the method do less in one message: fewer rounds, smaller pieces.',
  },
  LIMIT: { retry: 'never', remedy: 'Split the value or the work into smaller objects.' },
  METHOD_FAILED: {
    retry: 'never',
    remedy: 'Look at the method with `batos source`, or send other arguments.',
  },
  NOT_UNDERSTOOD: {
    retry: 'never',
    remedy: 'Send a message that the object understands, or give it a method of that name.',
  },
  TARGET_UNKNOWN: {
    retry: 'never',
    remedy: 'Name an object that exists: `batos ls` lists the names.',
  },
  POLICY: {
    retry: 'never',
    remedy: 'Ask for what this machine and its owner allow.',
  },
  GENERATION_REFUSED: {
    retry: 'never',
    remedy:
      'Say with --intent what the message should do, or give the method yourself with `batos method`.',
  },
  CONFLICT: {
    retry: 'transaction',
    remedy: 'Look at what is there now, and decide anew.',
  },
  QUARANTINED: {
    retry: 'never',
    remedy: 'Replace the method, or let it run again with `batos swap release TARGET SELECTOR`.',
  },
  FIELD_INVALID: { retry: 'never', remedy: 'Correct it and send it again.' },
  FRAME_INVALID: {
    retry: 'never',
    remedy: 'Send one MessagePack map as docs/formats/wire.md has it.',
  },
} as const

/** Makes a fault of the kernel; see KERNEL_FAULTS for the codes. */
export const kernelFault = faultsOf(KERNEL_FAULTS)
