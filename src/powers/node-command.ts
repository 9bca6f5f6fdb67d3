// Owns: running a program that the user has, such as Python, with the user's environment, and hearing what it says.
// Leaves: our own programs to node-process.ts, which get no environment at all.
import { spawn } from 'node:child_process'

/** Most text kept of each stream, UTF-16 units: enough to see why something failed. */
const TEXT_MAX = 1_000_000

export interface CommandAnswer {
  /** null when there is no such program or it was killed. */
  code: number | null
  stdout: string
  stderr: string
}

/** Makes a runner of programs that adds to the environment given. It rejects only when the signal fires. */
export function commandRunner(environment: Readonly<Record<string, string | undefined>>) {
  return (
    command: string,
    args: readonly string[],
    options: { signal: AbortSignal; environment: Record<string, string> },
  ): Promise<CommandAnswer> =>
    new Promise((resolve, reject) => {
      const { signal } = options
      if (signal.aborted) return reject(signal.reason)
      const child = spawn(command, [...args], {
        env: { ...environment, ...options.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const said = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          said[name] = (said[name] + text).slice(-TEXT_MAX)
        })
      }
      const stop = () => {
        child.kill('SIGTERM')
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
      child.once('error', (error) => {
        signal.removeEventListener('abort', stop)
        resolve({ code: null, stdout: '', stderr: error.message })
      })
      child.once('close', (code) => {
        signal.removeEventListener('abort', stop)
        resolve({ code, ...said })
      })
    })
}
