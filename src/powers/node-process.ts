// Owns: starting child processes of our own programs, with nothing of this process's environment.
// Leaves: what they do to whoever asked; the programs' permissions to the arguments given.
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'

/** Starts a program of ours with this Node. stdin, stdout and stderr are pipes; the environment is empty. */
export function spawnNode(entry: string, options: { execArgv: string[]; nice?: number }) {
  const child = spawn(process.execPath, [...options.execArgv, entry], {
    env: {},
    stdio: ['pipe', 'pipe', 'pipe'],
  })
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
