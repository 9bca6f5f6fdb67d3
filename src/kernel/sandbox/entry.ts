// Owns: where the worker's program is and with which permissions it runs.
// Leaves: starting it to the power handed in.
// Laws: KN22 it may read its own code and the packages that it imports, nothing else; no addons, no children, no threads.
import { fileURLToPath } from 'node:url'
import { codeExtension, readableCode } from '../child.ts'

/** The program of the image worker and of trials. */
export function workerEntry(): string {
  return fileURLToPath(new URL(`./worker${codeExtension(import.meta.url)}`, import.meta.url))
}

/** Node's arguments for a worker with a heap of so many MiB. */
export function workerArguments(heap: number): string[] {
  return [
    '--permission',
    ...readableCode(import.meta.url).map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${heap}`,
    '--disable-warning=ExperimentalWarning',
    '--no-addons',
  ]
}
