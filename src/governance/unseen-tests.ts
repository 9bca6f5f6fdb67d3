// Owns: running tests that were written without a draft: what each draft does on them, and whether that is what was expected.
// Leaves: who writes them, and in which words, to the mind; deciding to a person.
// Laws: GO61 such a test is run and shown as agreeing or not, and refuses nothing.
import type { MethodNeedCall, Probe, ProposedTest, TrialReport, Workbench } from '#kernel'
import { fromWire, toWire } from '#objects'
import { canonical } from './behaviour.ts'
import { textOf } from './examples.ts'
import { sceneOf } from './scene.ts'

/** A call and what should come of it, in wire form; `slots` are those of the receiver that differ. */
export type UnseenTest = { slots: Record<string, unknown>; args: unknown[] } & (
  | { expected: unknown }
  | { fails: true }
)

/** Says nothing of types: that the draft fits them was judged when it was drafted. */
const ANYTHING = 'interface Self { [slot: string]: any }'

/** Runs all tests on each source, in trials of which nothing remains. A test that cannot be made is left out. */
export async function runUnseen(
  bench: Workbench,
  call: MethodNeedCall,
  sources: readonly string[],
  tests: readonly UnseenTest[],
): Promise<ProposedTest[]> {
  const names = sceneOf(bench.head, call)
    .slots.filter(({ of }) => of === call.receiver)
    .map(({ name }) => name)
  const made = tests.flatMap((test) => {
    const probe = probeOf(test, call, names)
    return probe === undefined ? [] : [{ test, probe }]
  })
  if (made.length === 0) return []
  const probes = made.map(({ probe }) => probe)
  const all: (readonly TrialReport[] | undefined)[] = []
  for (const source of sources) all.push(await runOne(bench, call, source, probes))
  return made.map(({ test }, i) => ({
    ...test,
    drafts: all.map((reports) => judged(reports?.[i], test)),
  }))
}

function probeOf(test: UnseenTest, call: MethodNeedCall, names: readonly string[]) {
  if (test.args.length !== call.args.length) return undefined
  if (!Object.keys(test.slots).every((name) => names.includes(name))) return undefined
  try {
    const sets = Object.entries(test.slots).map(([slot, value]) => ({
      target: call.receiver,
      slot,
      value: fromWire(value),
    }))
    const probe: Probe = { sets, args: test.args.map(fromWire) }
    if ('expected' in test) fromWire(test.expected)
    return probe
  } catch {
    // Words that are no values of the world make no call.
    return undefined
  }
}

async function runOne(
  bench: Workbench,
  { learner, receiver, selector, args, frame }: MethodNeedCall,
  source: string,
  probes: readonly Probe[],
): Promise<readonly TrialReport[] | undefined> {
  const argTypes = args.map(() => 'any')
  const checked = await bench.check({ source, selector, declaration: ANYTHING, argTypes })
  if ('problems' in checked) return undefined
  const { code, globals } = checked
  const request = { ...frame, target: receiver, selector, args, holder: learner }
  return bench.trial({ learner, selector, code: { code, globals }, request }, probes)
}

function judged(report: TrialReport | undefined, test: UnseenTest): ProposedTest['drafts'][number] {
  if (report === undefined) return { agrees: false, did: 'does not compile' }
  if (report.kind === 'not-understood') return { agrees: false, did: `sends ${report.selector}` }
  if (report.kind === 'fault') {
    return { agrees: 'fails' in test, did: `fails: ${report.fault.message.slice(0, SHOWN)}` }
  }
  const reply = fromWire(report.reply)
  const agrees = 'expected' in test && canonical(reply) === canonical(fromWire(test.expected))
  return { agrees, did: `answers ${textOf(toWire(reply))}` }
}

/** UTF-16 units of a fault in a sentence. */
const SHOWN = 120
