// Owns: the codes of what can go wrong when a model is asked, and what a person can do about it.
// Leaves: whether a draft is good enough to governance; when to ask again to the caller.
// Laws: MI1 whatever fails on the way to a model's answer is one of these faults, never a bare error.
import { faultsOf } from '#ground'

export const mindFault = faultsOf({
  FIELD_INVALID: {
    retry: 'never',
    remedy: 'Correct that line of the file and run the command again.',
  },
  GENERATION_REFUSED: {
    retry: 'never',
    remedy:
      'Say which object is meant and give each value, or send the message yourself with `batos send`.',
  },
  LIMIT: { retry: 'never', remedy: 'Say it in fewer words.' },
  GENERATION_FAILED: {
    retry: 'later',
    remedy: 'Try again; if it persists, look at `batos doctor` and `batos model ls`.',
  },
})

/** The one sentence in whatever was thrown, with the cause that network errors hide one level down. */
export function sentenceOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const cause = thrown.cause instanceof Error ? thrown.cause : undefined
  if (cause === undefined) return thrown.message
  const code = 'code' in cause ? String(cause.code) : ''
  return `${thrown.message}: ${cause.message || code}`
}
