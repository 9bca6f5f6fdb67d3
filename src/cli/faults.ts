// Owns: the codes with which the command line refuses what was typed. Their pages are in docs/faults/.
import { faultsOf } from '#ground'

export const CLI_FAULTS = {
  FIELD_INVALID: {
    retry: 'never',
    remedy: 'Correct it and run the command again; `--help` shows an example.',
  },
  TARGET_UNKNOWN: {
    retry: 'never',
    remedy: 'Name an object that exists: `batos ls` lists the names.',
  },
  POLICY: { retry: 'never', remedy: 'See what waits for you with `batos proposal ls`.' },
  CONFLICT: { retry: 'transaction', remedy: 'Name another place.' },
  IMAGE_IN_USE: {
    retry: 'later',
    remedy: 'Stop the kernel that has this image open, or name another image.',
  },
  GENERATION_FAILED: {
    retry: 'later',
    remedy: 'Fetch the model with `batos model pull`, then run the command again.',
  },
} as const

/** Makes a fault of the command line; see CLI_FAULTS for the codes. */
export const cliFault = faultsOf(CLI_FAULTS)
