// Owns: the codes with which a method is kept out of the image. Their pages are in docs/faults/.
import { faultsOf } from '#ground'

export const GOVERNANCE_FAULTS = {
  POLICY: {
    retry: 'never',
    remedy:
      'Look at `data.source`; if it is right, give it with `batos method TARGET SELECTOR FILE`.',
  },
  GENERATION_REFUSED: {
    retry: 'never',
    remedy:
      'Look at `data.source`; if it is right, give it with `batos method TARGET SELECTOR FILE`.',
  },
  TARGET_UNKNOWN: { retry: 'never', remedy: '`batos log` lists the transactions.' },
  CONFLICT: {
    retry: 'transaction',
    remedy: 'Undo what came later first (`data.conflicts` lists it), or set it by hand.',
  },
  FIELD_INVALID: { retry: 'never', remedy: 'Change by hand what should be otherwise.' },
  LIMIT: { retry: 'never', remedy: 'Do less at a time.' },
  METHOD_FAILED: { retry: 'never', remedy: 'Correct the source and give it again.' },
} as const

/** Makes a fault of governance; see GOVERNANCE_FAULTS for the codes. */
export const governanceFault = faultsOf(GOVERNANCE_FAULTS)
