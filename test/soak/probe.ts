// Owns: what a kernel under watch tells of itself: its heap after a collection, and what keeps its loop alive.
// Leaves: everything that can be seen from outside to samples.ts.
//
// Loaded before the command's own program; it writes the file that BATOS_SOAK_PROBE names, and keeps nothing alive.
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is in the file. */
export interface Probed {
  /** Bytes. */
  heap: number
  /** What the engine has of the system for its heap. */
  committed: number
  external: number
  /** Sockets, pipes, timers and the like. */
  handles: number
}

const path = process.env.BATOS_SOAK_PROBE
const every = Number(process.env.BATOS_SOAK_PROBE_MS ?? 10_000)

if (path !== undefined) {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  setInterval(() => {
    // What the heap has not given back yet is not held, so it is collected before it is looked at.
    collect()
    const { heapUsed, heapTotal, external } = process.memoryUsage()
    const handles = process.getActiveResourcesInfo().length
    const probed: Probed = { heap: heapUsed, committed: heapTotal, external, handles }
    writeFileSync(`${path}.new`, JSON.stringify(probed))
    renameSync(`${path}.new`, path)
  }, every).unref()
}
