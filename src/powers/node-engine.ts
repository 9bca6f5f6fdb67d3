// Owns: how the engine of a process that is a kernel is set.
// Leaves: which process is one to main.ts; the image worker's engine to kernel/sandbox/entry.ts.
import { setFlagsFromString } from 'node:v8'

/**
 * To be called at the beginning of a process. By default the engine's helping threads share the work of collecting young
 * objects. A kernel leaves few of them alive, so the sharing costs more than it saves, and takes processors from the image
 * worker and from the thread that writes the image.
 */
export function tuneEngine(): void {
  setFlagsFromString('--no-parallel-scavenge')
}
