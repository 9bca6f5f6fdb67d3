// Owns: where the judge's program is and with which permissions it runs.
// Leaves: the network to the operating system, since Node's permissions say nothing of it; nothing here opens a socket.
// Laws: KN56 the judge reads its own code and packages; it has no other files, no children, threads, addons, environment.
import { fileURLToPath } from 'node:url'
import { type Confined, codeExtension, readableCode } from '../child.ts'
import { KERNEL_LIMITS } from '../limits.ts'
import { HEAP_MIB, PROCESSOR_SECONDS } from './limits.ts'

/** The path of the judge's program, beside this file. */
export function judgeEntry(): string {
  return fileURLToPath(new URL(`./judge-main${codeExtension(import.meta.url)}`, import.meta.url))
}

/** How the judge is started. */
export function judgeOptions(): Confined {
  return {
    execArgv: judgeArguments(),
    memory: HEAP_MIB + KERNEL_LIMITS.beyondHeap,
    processor: PROCESSOR_SECONDS,
    files: KERNEL_LIMITS.childFiles,
    written: 0,
  }
}

/** Node's arguments for the judge. It has no code from strings either: it reads sources and runs none. */
export function judgeArguments(): string[] {
  return [
    '--permission',
    ...readableCode(import.meta.url).map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${HEAP_MIB}`,
    '--disallow-code-generation-from-strings',
    '--disable-warning=ExperimentalWarning',
  ]
}
