// Owns: what the kernel asks of a child process, and which code a confined child may read.
// Leaves: starting processes to powers/node-process.ts, which is handed in.
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A child process with three pipes. `onExit` is called once. */
export interface ChildLike {
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  onExit(callback: (code: number | null, signal: string | null) => void): void
}

/**
 * Starts one of our own programs with Node's arguments given and an empty environment. `nice` lowers its priority (0 to
 * 19). The operating system holds the rest, where it does such a thing: `memory` bounds its data, in MiB, `processor` its
 * processor time, in seconds, `files` what it has open, and `written` the files that it writes.
 */
export type SpawnChild = (
  entry: string,
  options: {
    execArgv: string[]
    nice?: number
    memory?: number
    processor?: number
    files?: number
    written?: number
  },
) => ChildLike

/** How a child that runs or reads what nobody vouches for is started. */
export type Confined = Required<Omit<Parameters<SpawnChild>[1], 'nice'>>

/** `.ts` in a checkout, `.js` in the packed package. */
export function codeExtension(moduleUrl: string): string {
  return moduleUrl.endsWith('.ts') ? '.ts' : '.js'
}

/** Paths that a confined child reads its own program from: the code's folder and every place of packages above it. */
export function readableCode(moduleUrl: string): string[] {
  const path = fileURLToPath(moduleUrl)
  const parts = path.split('/')
  const code = parts.findLastIndex((part) => part === 'src' || part === 'dist')
  const paths = [parts.slice(0, code + 1).join('/')]
  for (let i = code; i > 0; i--) {
    const folder = parts.slice(0, i).join('/')
    paths.push(`${folder}/node_modules`, `${folder}/package.json`)
  }
  return paths
}
