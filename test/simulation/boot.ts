// Owns: starting a kernel over a simulated disk, with simulated workers, and the judge without its process.
// Leaves: when it starts and ends to those who plan a run.
import { compileMethod, type Judge, Kernel, type KernelOptions } from '#kernel'
import type { Disk } from './disk.ts'
import { SimulatedWorker, type WorkerFaults, type WorkerLies } from './simulated-worker.ts'
import type { Life, TimerLies, Universe } from './universe.ts'

/** Milliseconds since 1970 at which every run begins. */
export const BEGINNING = 1_700_000_000_000

const compiled = new Map<string, ReturnType<typeof compileMethod>>()

/** What the judge would answer; a source is compiled once for all runs. */
export function compile(source: string): ReturnType<typeof compileMethod> {
  let answer = compiled.get(source)
  if (answer === undefined) {
    answer = compileMethod(source)
    compiled.set(source, answer)
  }
  return answer
}

/** Of the judge's process nothing is simulated but how long it takes; it answers at once outside a life. */
export function simulatedJudge(universe: Universe, life?: Life): Judge {
  const judge = {
    compile: async (source: string) => {
      if (life !== undefined) await pause(universe, life, 20, 'the judge answers')
      return compile(source)
    },
    close: async () => undefined,
  }
  return judge as unknown as Judge
}

/** Resolves within so many milliseconds, if the process lives so long. */
export function pause(universe: Universe, life: Life, most: number, what: string): Promise<void> {
  return new Promise((go) => universe.after(universe.between(0, most), what, go, life))
}

export interface Boot extends Partial<KernelOptions> {
  universe: Universe
  disk: Disk
  life: Life
  faults: WorkerFaults
  lies?: (WorkerLies & TimerLies) | undefined
  /** What the kernel's clock shows more than the universe's, in milliseconds. */
  offset?: number
}

/** A kernel to which everything that happens comes from the universe. */
export function bootKernel({
  universe,
  disk,
  life,
  faults,
  lies,
  offset = 0,
  ...more
}: Boot): Kernel {
  return new Kernel({
    store: disk.open(life),
    spawn: () => new SimulatedWorker(universe, life, faults, lies),
    judge: simulatedJudge(universe, life),
    learner: {
      name: 'none',
      learn: async () => ({ kind: 'fault', fault: nothingDrafted('GENERATION_REFUSED') }),
    },
    policy: 'auto',
    now: () => Math.floor(BEGINNING + universe.time + offset),
    random: () => universe.below(2 ** 32),
    timers: universe.timersOf(life, lies),
    ...more,
  })
}

export const nothingDrafted = (code: string) => ({
  code,
  message: 'nothing was drafted',
  remedy: 'none',
  retry: 'never' as const,
})
