// Owns: the codes with which the bridge refuses what it was sent. Their pages are in docs/faults/.
import { faultsOf } from '#ground'

export const BRIDGE_FAULTS = {
  FRAME_INVALID: {
    retry: 'never',
    remedy: 'Send one MessagePack map `{v: 1, id, op, …}` without extensions but time.',
  },
  OP_UNKNOWN: { retry: 'never', remedy: 'DescribeCommand lists the operations.' },
  FIELD_INVALID: { retry: 'never', remedy: 'Correct the field and send the message again.' },
  UNAUTHENTICATED: {
    retry: 'never',
    remedy: 'Send HelloCommand with the token of the image’s kernel.json first.',
  },
  BUSY: {
    retry: 'later',
    remedy: 'Wait for answers before sending more.',
    // About a turn of a busy kernel: by then some answers have left.
    retryAfter: 100,
  },
  LIMIT: { retry: 'never', remedy: 'Ask for less at a time.' },
  TARGET_UNKNOWN: {
    retry: 'never',
    remedy: 'Name an object that exists: `batos ls` lists the names.',
  },
  POLICY: { retry: 'never', remedy: 'Ask for what this machine and its owner allow.' },
  CANCELLED: { retry: 'later', remedy: 'Connect again and ask for what was not answered.' },
} as const

/** Makes a fault of the bridge; see BRIDGE_FAULTS for the codes. */
export const bridgeFault = faultsOf(BRIDGE_FAULTS)
