// Owns: one scene interrupted at every point there is: after each event, at each commit, in every way.
// Leaves: what happens in it to script.ts; running it and what must hold to simulation.ts.
// Laws: KN97 wherever it is interrupted, what was done is there as a whole or not at all, and it goes on.
import type { CallFailure, Left } from './disk.ts'
import { SCENE } from './script.ts'
import { type RunOptions, type RunReport, simulate, Simulation } from './simulation.ts'

/** What a sweep came to: how many points there were, and the first at which something did not hold. */
export interface SweepReport {
  points: number
  /** Of these, such at which something was on its way to the disk, or calls that failed. */
  within: number
  broken: { point: string; report: RunReport } | undefined
}

/** The scene without an interruption: after each event, how many groups were on their way, until all was quiet. */
export async function undisturbed(
  seed: number,
): Promise<{ report: RunReport; onTheWay: number[] }> {
  const simulation = new Simulation(seed, { script: SCENE })
  const onTheWay: number[] = []
  simulation.universe.afterEvent = (event) => {
    onTheWay[event] = simulation.disk.onTheWay
    return false
  }
  const report = await simulation.run()
  return { report, onTheWay }
}

/** The process ends after each event; the disk then has nothing, a torn half or all of what was on its way. */
export async function crashEverywhere(seed: number): Promise<SweepReport> {
  const { onTheWay } = await undisturbed(seed)
  const points: [string, RunOptions][] = []
  for (const [event, groups] of onTheWay.entries()) {
    if (groups === undefined) continue
    const ways: readonly Left[] = groups === 0 ? ['none'] : ['none', 'half', 'all']
    for (const left of ways)
      points.push([`after event ${event}, ${left} left`, { crash: { event, left } }])
  }
  return sweep(seed, points, onTheWay.filter((groups) => groups > 0).length)
}

/** Each commit fails, refused or with the disk broken before or after it was kept; and each read, once. */
export async function failEverywhere(seed: number): Promise<SweepReport> {
  const { report } = await undisturbed(seed)
  const points: [string, RunOptions][] = []
  for (let commit = 1; commit <= report.commits; commit++) {
    for (const how of ['refused', 'broken', 'lost'] satisfies CallFailure[]) {
      points.push([`commit ${commit} ${how}`, { failing: { commit, how } }])
    }
  }
  for (let read = 1; read <= report.reads; read++) {
    points.push([`read ${read} failed`, { failingRead: read }])
  }
  return sweep(seed, points, report.commits + report.reads)
}

async function sweep(
  seed: number,
  points: readonly (readonly [string, RunOptions])[],
  within: number,
): Promise<SweepReport> {
  for (const [point, options] of points) {
    const report = await simulate(seed, { script: SCENE, ...options })
    if (report.violation === undefined) continue
    return { points: points.length, within, broken: { point, report } }
  }
  return { points: points.length, within, broken: undefined }
}
