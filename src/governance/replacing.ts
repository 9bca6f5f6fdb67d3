// Owns: whether a draft may take the place of a method that works: it is compared with that one on the probes of its case.
// Leaves: the gates that every draft passes to the crucible; how it fares afterwards to probation.ts.
// Laws: GO65 a replacement is refused where the version in place answers and it does otherwise, unless that one does not keep to
// what a person said; one that does the same everywhere brings nothing. GO66 nor may it cost more than twice as much. GO67 it
// needs as many alike as a new method, and begins on probation.
import { collectRefs, type TrialReport, type Workbench } from '#kernel'
import { MethodRef, type Tid } from '#objects'
import { swapMethod } from './atomic-swap.ts'
import { CRASHED } from './behaviour.ts'
import { beyondAuto, Case, type CaseGiven, type Observed, type Vote } from './crucible.ts'
import { textOf } from './examples.ts'
import { governanceFault } from './faults.ts'
import { GATES, type Refusal } from './refusal.ts'
import type { Scene } from './scene.ts'
import { stateText } from './state-text.ts'

/** Drafts that must behave alike, and ways of asking that must have led to them, before one replaces a method by itself. */
const NEEDED = { alike: 3, ways: 2 }
/** How many times the ticks of the version in place are too much, and ticks of a call that are little. */
const FUEL_TIMES = 2
const FUEL_LITTLE = 1_000

/**
 * How a draft compares with the version in place. `mends`: it answers where that one breaks, and does the same elsewhere. `corrects`:
 * that one does not keep to what a person said, which the draft does.
 */
export type Comparison =
  | { kind: 'mends' | 'corrects'; sentence: string; vote: Vote }
  | { kind: 'alike'; probes: number }
  | { kind: 'refused'; refusal: Refusal | { gate: 'regress'; sentence: string } }

/** What a source does beside the version in place, for whoever gives it. */
export interface Weighed extends Pick<Observed, 'unlike' | 'broken'> {
  /** Whether the version in place answers any of the calls: arguments of a kind that it does not take say nothing. */
  fits: boolean
  /** Calls that it answers or refuses on purpose, and of these those that come to something else. */
  compared: number
  differ: number
  /** The first of those, in a sentence. */
  otherwise?: string
  /** Why it costs too much. */
  dear?: string
}

/** Replacements of one method in one state of the image. */
export class Replacement {
  readonly #bench: Workbench
  readonly #given: CaseGiven
  readonly #case: Case
  readonly #kept: { source: string; tid: Tid }

  /** Faults TARGET_UNKNOWN when the one who would learn it has no such method of its own. */
  constructor(bench: Workbench, given: CaseGiven) {
    const { learner, selector } = given.call
    const slot = bench.head.object(learner).slots.find(({ name }) => name === selector)
    if (!(slot?.value instanceof MethodRef)) {
      throw governanceFault('TARGET_UNKNOWN', `there is no method ${selector} to replace`)
    }
    this.#bench = bench
    this.#given = given
    this.#case = new Case(bench, given)
    this.#kept = { source: bench.head.method(slot.value.oid).source, tid: slot.tid }
  }

  /** Puts a draft, which was asked for in some `way`, through the gates, then compares it with the version in place. */
  async consider(source: string, way = ''): Promise<Comparison> {
    const vote = await this.#case.consider(source, way)
    if ('gate' in vote) return { kind: 'refused', refusal: vote }
    const draft = this.#case.latest as Observed
    const kept = await this.#case.observe(this.#kept.source)
    if (kept === undefined) {
      const sentence = 'the version in place does not compile any more'
      return { kind: 'corrects', sentence, vote }
    }
    const dear = dearer(draft, kept)
    if (dear !== undefined) return { kind: 'refused', refusal: dear }
    if (kept.refusal !== undefined) {
      return { kind: 'corrects', sentence: `the version in place: ${kept.refusal.sentence}`, vote }
    }
    const [regress] = differing(draft, kept)
    if (regress !== undefined) {
      const sentence = regressAt(regress, draft, kept, this.#case.scene)
      return { kind: 'refused', refusal: { gate: 'regress', sentence } }
    }
    const mended = kept.behaviour.filter(
      (text, i) => text === CRASHED && draft.behaviour[i] !== CRASHED,
    ).length
    if (mended === 0) return { kind: 'alike', probes: kept.probes.length }
    return { kind: 'mends', sentence: `it answers ${mended} calls that broke`, vote }
  }

  /**
   * What a source would change, for the person who gives it: no gate is asked, and nothing is refused. Undefined when the source,
   * or the version in place, does not compile.
   */
  async weigh(source: string): Promise<Weighed | undefined> {
    // What either compares with makes probes for both.
    await this.#case.learn(source)
    const given = await this.#case.observe(source)
    const kept = await this.#case.observe(this.#kept.source)
    if (given === undefined || kept === undefined) return undefined
    const others = differing(given, kept)
    const dear = dearer(given, kept)
    const first = others[0]
    const { unlike, broken } = given
    return {
      ...{ unlike, broken },
      fits: kept.reports.some(({ kind }) => kind === 'kept'),
      compared: kept.behaviour.filter((text) => text !== CRASHED).length,
      differ: others.length,
      ...(first === undefined
        ? {}
        : { otherwise: regressAt(first, given, kept, this.#case.scene) }),
      ...(dear === undefined ? {} : { dear: dear.sentence }),
    }
  }

  /** Installs the likeliest draft, which must have been compared last. Undefined when it needs a person. Faults CONFLICT. */
  async install(
    { vote }: { vote: Vote },
    by: { author: string; model: string; prompt: string; comment?: string },
    needed = NEEDED,
  ): Promise<{ tid: Tid; version: number } | undefined> {
    const { call } = this.#given
    const { leader } = vote
    const beyond = beyondAuto(leader, call, collectRefs(call.args, new Set()))
    const isEnough = vote.alike >= needed.alike && vote.ways >= needed.ways
    if (!isEnough || beyond !== undefined) return undefined
    const { tid, version } = await swapMethod(this.#bench, {
      ...{ holder: call.learner, selector: call.selector, source: leader.source, comment: '' },
      ...by,
      expect: this.#kept.tid,
      verdict: { gates: GATES, probes: vote.probes, votes: vote.alike, of: vote.passed },
      relies: this.#case.relies,
    })
    return { tid, version }
  }
}

/** The probes on which the version in place answers, or refuses on purpose, and the other does otherwise. */
const differing = (draft: Observed, kept: Observed): number[] =>
  kept.behaviour.flatMap((text, i) => (text === CRASHED || text === draft.behaviour[i] ? [] : [i]))

function regressAt(at: number, draft: Observed, kept: Observed, scene: Scene): string {
  const [mine, theirs] = [draft, kept].map(({ reports }) => shown(reports[at] as TrialReport))
  const state = stateText(draft.probes[at] ?? {}, scene)
  const isSame = mine === theirs
  const did = isSame ? `${mine} and leaves something else` : mine
  return `${state} it ${did}; the version in place ${theirs}`
}

function shown(report: TrialReport): string {
  if (report.kind === 'kept') return `answers ${textOf(report.reply)}`
  return report.kind === 'fault' ? `fails: ${report.fault.message}` : `sends ${report.selector}`
}

/** Why a draft costs too much beside the version in place. */
function dearer(draft: Observed, kept: Observed): Refusal | undefined {
  let [paired, fuel, before] = [0, 0, 0]
  for (const [i, mine] of draft.reports.entries()) {
    const theirs = kept.reports[i]
    if (mine.kind !== 'kept' || theirs?.kind !== 'kept') continue
    paired++
    fuel += mine.fuel
    before += theirs.fuel
  }
  if (fuel <= before * FUEL_TIMES || fuel <= FUEL_LITTLE * paired) return undefined
  return {
    gate: 'resources',
    sentence: `it takes ${fuel} steps for ${paired} calls that take the version in place ${before}`,
  }
}
