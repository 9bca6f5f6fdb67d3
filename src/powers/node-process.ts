// Owns: starting child processes of our own programs, with nothing of this process's environment.
// Leaves: what they do to whoever asked; the programs' permissions to the arguments given.
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'

/** A shell that gives itself a limit of data, in KiB, and becomes the program. Where there is no limit it goes without. */
const LIMITED = 'ulimit -d "$0" 2>/dev/null; exec "$@"'

/**
 * Starts a program of ours with this Node. stdin, stdout and stderr are pipes; the environment is empty. `memory` is in
 * MiB: the engine's own limit does not hold bytes outside its heap, so the operating system holds all of them.
 */
export function spawnNode(
  entry: string,
  options: { execArgv: string[]; nice?: number; memory?: number },
) {
  const command = [process.execPath, ...options.execArgv, entry]
  const isLimited = options.memory !== undefined && process.platform !== 'win32'
  const [program = '', ...rest] = isLimited
    ? ['/bin/sh', '-c', LIMITED, String((options.memory ?? 0) * 1024), ...command]
    : command
  const child = spawn(program, rest, { env: {}, stdio: ['pipe', 'pipe', 'pipe'] })
  if (options.nice !== undefined && child.pid !== undefined) setPriority(child.pid, options.nice)
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    kill: (signal: 'SIGTERM' | 'SIGKILL') => {
      child.kill(signal)
    },
    onExit: (callback: (code: number | null, signal: string | null) => void) => {
      child.once('exit', callback)
    },
  }
}
