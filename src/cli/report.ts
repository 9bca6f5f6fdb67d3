// Owns: how a command that failed says so: what failed, what to do next, and the number it ends with.
// Leaves: the sentences and remedies to whoever made the fault.
// Laws: CL4 a failure is one line with its code, then the remedy; a stack only with --debug. CL5 with --json a failure
// is one document too.
import { asFault, type FaultRecord } from '#ground'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { plain, type Terminal } from './terminal.ts'

/** Errors of the system, in words: what a person can do about them. */
const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'Look at the permissions of that path, or name another image with --image.',
  EPERM: 'Look at the permissions of that path, or name another image with --image.',
  EROFS: 'That disk cannot be written; name another image with --image.',
  ENOSPC: 'Make room on that disk and run the command again.',
  ENOTDIR: 'A part of that path is a file; name another image with --image.',
  EADDRINUSE: 'Another program listens there; choose another port.',
}

/** The record of whatever was thrown. What is no fault is told by its own sentence, with no code. */
function recordOf(thrown: unknown): FaultRecord {
  const fault = asFault(thrown)
  if (fault !== undefined) return fault.toRecord()
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = (error as { code?: unknown }).code
  const remedy = typeof code === 'string' ? SYSTEM_WORDS[code] : undefined
  return {
    code: '',
    message: error.message,
    remedy: remedy ?? 'Run it again with --debug to see where it happened.',
    retry: 'never',
  }
}

/** Says what went wrong; answers the exit code. */
export function report(
  terminal: Terminal,
  thrown: unknown,
  options: { json: boolean; debug: boolean },
): number {
  const record = recordOf(thrown)
  const { code, message, remedy } = record
  if (options.json) {
    terminal.json({ ok: false, fault: code === '' ? { ...record, code: 'FAILED' } : record })
  }
  const { err } = terminal
  err.line(`${err.style('red', code === '' ? 'batos' : code)}: ${plain(message)}`)
  if (remedy !== '') err.line(`  ${plain(remedy)}`)
  if (options.debug && thrown instanceof Error) err.line(plain(thrown.stack ?? ''))
  return code === '' ? EXIT.failed : exitCodeOf(record)
}
