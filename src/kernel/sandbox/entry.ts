// Owns: where the worker's program is and with which permissions it runs.
// Leaves: starting it to the power handed in.
// Laws: KN22 it may read its own code and the packages that it imports, nothing else; no addons, no children, no threads,
// and no more memory than a limit. KN130 the operating system holds its limits as well.
import { fileURLToPath } from 'node:url'
import { type Confined, codeExtension, readableCode } from '../child.ts'
import { KERNEL_LIMITS } from '../limits.ts'

/** The program of the image worker and of trials. */
export function workerEntry(): string {
  return fileURLToPath(new URL(`./worker${codeExtension(import.meta.url)}`, import.meta.url))
}

/** How a worker with a heap of so many MiB is started, for so many seconds of processor time. */
export function workerOptions(
  heap: number,
  processor: number = KERNEL_LIMITS.workerProcessor,
): Confined {
  return {
    execArgv: workerArguments(heap),
    memory: heap + KERNEL_LIMITS.beyondHeap,
    processor,
    files: KERNEL_LIMITS.childFiles,
    written: 0,
  }
}

/** Node's arguments for a worker with a heap of so many MiB. */
function workerArguments(heap: number): string[] {
  return [
    '--permission',
    ...readableCode(import.meta.url).map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${heap}`,
    // The kernel and the disk have better use for the processors than threads that help to collect young objects.
    '--no-parallel-scavenge',
    '--disable-proto=delete',
    '--disable-warning=ExperimentalWarning',
    '--no-addons',
  ]
}
