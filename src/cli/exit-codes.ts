// Owns: how a command ends, as a number for scripts.
// Leaves: the sentence to report.ts.
// Laws: CL2 an exit code says what kind of thing happened; the fault's code says which.

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  refused: 5,
  unreachable: 6,
  notUnderstood: 7,
  damaged: 8,
  interrupted: 130,
} as const

/** For the help: each code with its meaning. */
export const EXIT_WORDS: readonly (readonly [number, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'failed'],
  [EXIT.usage, 'usage'],
  [EXIT.notFound, 'not found'],
  [EXIT.conflict, 'conflict'],
  [EXIT.refused, 'refused by policy or security'],
  [EXIT.unreachable, 'cannot reach the kernel'],
  [EXIT.notUnderstood, 'not understood and not generated'],
  [EXIT.damaged, 'damaged image'],
  [EXIT.interrupted, 'interrupted'],
]

const BY_FAULT: Readonly<Record<string, number>> = {
  FIELD_INVALID: EXIT.usage,
  FRAME_INVALID: EXIT.usage,
  OP_UNKNOWN: EXIT.usage,
  TARGET_UNKNOWN: EXIT.notFound,
  CONFLICT: EXIT.conflict,
  IMAGE_IN_USE: EXIT.conflict,
  POLICY: EXIT.refused,
  UNAUTHENTICATED: EXIT.refused,
  CANCELLED: EXIT.unreachable,
  NOT_UNDERSTOOD: EXIT.notUnderstood,
  GENERATION_FAILED: EXIT.notUnderstood,
  GENERATION_REFUSED: EXIT.notUnderstood,
  IMAGE_DAMAGED: EXIT.damaged,
}

/** The exit code of a command that a fault ended. What has no kind of its own has simply failed. */
export function exitCodeOf(fault: {
  code: string
  data?: Record<string, unknown> | undefined
}): number {
  // The image is open in a kernel that does not answer: nothing conflicts, it only cannot be reached.
  if (fault.code === 'IMAGE_IN_USE' && fault.data?.unanswered === true) return EXIT.unreachable
  return Object.hasOwn(BY_FAULT, fault.code) ? (BY_FAULT[fault.code] as number) : EXIT.failed
}
