// Owns: answers that people gave, as a gate: the probes that they make and whether a draft answers them so.
// Leaves: keeping them to the kernel; making one out of a question to proposing.ts.
// Laws: GO20 a draft that answers a call otherwise than a person did is refused, for as long as the objects in it exist.
import {
  collectRefs,
  type Example,
  type Expected,
  type MethodNeedCall,
  type Probe,
  type TrialReport,
  type Workbench,
} from '#kernel'
import { toWire } from '#objects'
import { canonical, changesOf, GONE } from './behaviour.ts'
import type { Refusal } from './refusal.ts'
import type { Scene } from './scene.ts'

/** The examples of a need that can still be asked, with its receiver in the place of theirs. */
export function examplesFor(bench: Workbench, call: MethodNeedCall): Example[] {
  return bench.examples(call.learner, call.selector).flatMap((example): Example[] => {
    const { receiver, sets, args } = example
    const oids = collectRefs(
      [...args, ...sets.map(({ value }) => value), leavesOf(example.expected).map((l) => l.value)],
      new Set(sets.map(({ target }) => target)),
    )
    oids.delete(receiver)
    if (![...oids].every((oid) => bench.head.has(oid))) return []
    const moved = sets.map((set) =>
      set.target === receiver ? { ...set, target: call.receiver } : set,
    )
    return [{ ...example, sets: moved }]
  })
}

export const probeOfExample = ({ sets, args, frame }: Example): Probe => ({ sets, args, frame })

/** Refuses a draft at the first example that it answers otherwise. Reports and examples stand in the same order. */
export function refuseExamples(
  reports: readonly TrialReport[],
  examples: readonly Example[],
  scene: Scene,
): Refusal | undefined {
  for (const [i, example] of examples.entries()) {
    const report = reports[i] as TrialReport
    if (isSo(report, example, scene)) continue
    const must =
      'fails' in example.expected ? 'refuse it' : `answer ${textOf(example.expected.reply)}`
    const did = report.kind === 'kept' ? `answers ${textOf(report.reply)}` : 'fails'
    const slots = example.sets.filter(({ target }) => target === scene.receiver)
    const state = slots.map(({ slot, value }) => `${slot} ${textOf(value)}`).join(', ')
    const args = example.args.map(textOf).join(', ')
    const left = leavesOf(example.expected).map(({ slot, value }) => `${slot} ${textOf(value)}`)
    const leaving = left.length === 0 ? '' : ` and leave ${left.join(', ')}`
    return {
      gate: 'examples',
      sentence: `with ${state || 'the object as it is'} and arguments (${args}) it must ${must}${leaving}, as a person said, and it ${did}`,
    }
  }
  return undefined
}

function isSo(report: TrialReport, { expected, sets }: Example, scene: Scene): boolean {
  if ('fails' in expected) return report.kind !== 'kept'
  if (report.kind !== 'kept' || canonical(report.reply) !== canonical(expected.reply)) return false
  const changes = changesOf(report, { sets }, scene)
  return leavesOf(expected).every(({ target, slot, value }) => {
    const change = changes.find((one) => one.oid === target && one.name === slot)
    const before = sets.find((one) => one.target === target && one.slot === slot)?.value
    const after = change === undefined ? before : change.after
    return after !== GONE && canonical(after) === canonical(value)
  })
}

const leavesOf = (expected: Expected) => ('leaves' in expected ? (expected.leaves ?? []) : [])

/** Characters of one value in a sentence. */
const TEXT_MAX = 120

/** A value as a person reads it, cut where it is long. */
export function textOf(value: unknown): string {
  const text =
    JSON.stringify(toWire(value), (_, part) => (typeof part === 'bigint' ? `${part}` : part)) ??
    'nothing'
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
}
