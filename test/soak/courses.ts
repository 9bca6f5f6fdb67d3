// Owns: which figures of a run must stay flat, and by what measure each; the verdicts of a run.
// Leaves: the judgement itself to flatness.ts.
import { judge, type Measure, type Verdict } from './flatness.ts'
import type { Sample } from './samples.ts'

/** Seconds of a window: at least one pack falls into it. */
export interface Pacing {
  packSeconds: number
}

/** Every figure that is judged. Slacks are what one more buffer, page or pause of the machine comes to. */
export function courses({ packSeconds }: Pacing): Record<string, Measure> {
  const window = packSeconds * 1.5
  return {
    // The file without what stays by decision: descriptions of transactions, replies for a day, compiled code.
    'file, less what stays, MiB': { slack: 1 },
    // Looked at when a pack has just ended: what is written until the next one comes and goes.
    'pages a pack left, less versions': { slack: 64 },
    'bytes a description': { slack: 4 },
    'kernel RSS MiB': { slack: 8 },
    // The head's cache fills between packs, and a pack empties it.
    'kernel heap MiB': { slack: 2, lowestOf: window },
    'kernel external MiB': { slack: 2 },
    // A new worker fills its memory of objects up to a limit, and none is killed after the first third of a run.
    'worker RSS MiB': { slack: 16, from: 0.6 },
    'judge RSS MiB': { slack: 12 },
    'LMDB readers': { slack: 0.5 },
    descriptors: { slack: 2 },
    handles: { slack: 4 },
    threads: { slack: 1 },
    children: { slack: 0.5 },
    queue: { slack: 16 },
    pending: { slack: 16 },
    outbox: { slack: 20 },
    peers: { slack: 2 },
    'messages/s': { slack: 5, mustNotFall: true },
    'p99 ms': { slack: 40 },
  }
}

/** The figures of a run by name, in the order in which they are judged. */
export function pointsOf(
  samples: readonly Sample[],
  name: string,
): { at: number; value: number }[] {
  return samples.flatMap((sample) => {
    const value = sample[name]
    return value === undefined ? [] : [{ at: sample.at, value }]
  })
}

export function verdicts(
  samples: readonly Sample[],
  seconds: number,
  pacing: Pacing,
): Map<string, Verdict> {
  return new Map(
    Object.entries(courses(pacing)).map(([name, measure]) => [
      name,
      judge(pointsOf(samples, name), seconds, measure),
    ]),
  )
}
