// Owns: starting child processes of our own programs, with nothing of this process's environment, within limits that the
// operating system holds.
// Leaves: what they do to whoever asked; the programs' permissions to the arguments given.
import { execFile, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { promisify } from 'node:util'

/** What the operating system is asked to hold a program to. What is left out has no limit of ours. */
export interface SystemLimits {
  /** MiB of data: the engine's own limit does not hold bytes outside its heap. */
  memory?: number
  /** Seconds of processor time of all its threads, from its beginning. */
  processor?: number
  /** Files, pipes and sockets open at a time. */
  files?: number
  /** Bytes of any file that it writes, in blocks of 512: 0 for none at all. Pipes are no files. */
  written?: number
}

/** The shell's letter of each limit, and how many of its units ours is. */
const LETTERS: Record<keyof SystemLimits, [letter: string, units: number]> = {
  memory: ['d', 1024],
  processor: ['t', 1],
  files: ['n', 1],
  written: ['f', 1],
}

/**
 * Starts a program of ours with this Node. stdin, stdout and stderr are pipes; the environment is empty. A shell gives itself
 * the limits and becomes the program, which has the number that is answered and nothing of the shell's own environment. A limit that the system does not have, or
 * already holds lower, is gone without. A program with limits leaves no image of its memory when it dies.
 */
export function spawnNode(
  entry: string,
  options: { execArgv: string[]; nice?: number } & SystemLimits,
) {
  const command = [process.execPath, ...options.execArgv, entry]
  const limits = process.platform === 'win32' ? '' : limitsOf(options)
  const [program = '', ...rest] =
    limits === ''
      ? command
      : ['/bin/sh', '-c', `${limits}exec /usr/bin/env -i "$@"`, 'sh', ...command]
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

/** What would have to hold for a limit to be seen, small enough that no system has it lower already. */
const SEEN: Required<SystemLimits> = { memory: 1_024, processor: 60, files: 64, written: 0 }

/** Which limits this system takes: a shell gives itself each and reads it back. All are false where there are none. */
export async function systemLimits(): Promise<Record<keyof SystemLimits, boolean>> {
  const names = Object.keys(LETTERS) as (keyof SystemLimits)[]
  let read: string[] = []
  if (process.platform !== 'win32') {
    const letters = names.map((name) => LETTERS[name][0])
    const asking = `${limitsOf(SEEN)}for one in ${letters.join(' ')}; do ulimit -$one || echo none; done`
    const told = await promisify(execFile)('/bin/sh', ['-c', asking], { env: {} })
    read = told.stdout.split('\n')
  }
  const held = names.map((name, i) => {
    const most = SEEN[name] * LETTERS[name][1]
    // macOS takes it, and does not hold it.
    if (name === 'memory' && process.platform === 'darwin') return [name, false]
    return [name, /^\d+$/.test(read[i] ?? '') && Number(read[i]) <= most]
  })
  return Object.fromEntries(held) as Record<keyof SystemLimits, boolean>
}

/** The shell's commands for limits. Each stands alone, so that one that is refused takes no other with it. */
function limitsOf(limits: SystemLimits): string {
  let commands = ''
  for (const [name, [letter, units]] of Object.entries(LETTERS)) {
    const limit = limits[name as keyof SystemLimits]
    if (limit !== undefined)
      commands += `ulimit -${letter} ${Math.ceil(limit * units)} 2>/dev/null;`
  }
  return commands && `ulimit -c 0 2>/dev/null;${commands}`
}
