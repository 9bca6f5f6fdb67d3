// Owns: whether an objection to a draft holds: the call that it names is made in a trial, and what came is compared.
// Leaves: who objects, and in which words, to the mind; deciding to a person.
// Laws: GO60 an objection counts only when its call, made in a trial, comes to something else than the objection says is
// right; any other is dropped, and told as dropped.
import type { Proposal, TrialReport, Workbench } from '#kernel'
import { fromWire, OBJECT_LIMITS } from '#objects'
import { canonical } from './behaviour.ts'

/** A call on which a draft is said to be wrong, in wire form: what it should answer, or that it should refuse. */
export type Objection = { args: unknown[] } & ({ expected: unknown } | { fails: true })

/** What became of one: `holds` when the draft did something else than it should. */
export interface Tested {
  objection: Objection
  holds: boolean
  /** What the draft did, in a sentence. */
  sentence: string
}

/** Says nothing of types: that the draft fits them was judged when it was drafted. */
const ANYTHING = 'interface Self { [slot: string]: any }'

/** Makes the call that an objection names, on the image as it is; nothing of it remains. */
export async function testObjection(
  bench: Workbench,
  proposal: Pick<Proposal, 'holder' | 'receiver' | 'selector' | 'time'>,
  source: string,
  objection: Objection,
): Promise<Tested> {
  const { holder, receiver, selector, time } = proposal
  const dropped = (sentence: string): Tested => ({ objection, holds: false, sentence })
  const argTypes = objection.args.map(() => 'any')
  const checked = await bench.check({ source, selector, declaration: ANYTHING, argTypes })
  if ('problems' in checked) return dropped('the draft does not parse any more')
  if (checked.arity.least > objection.args.length) {
    return dropped(`the call has ${objection.args.length} arguments, too few for the method`)
  }
  const args = objection.args.map(fromWire)
  const request = { now: time, seed: 0, fuel: OBJECT_LIMITS.fuel, target: receiver }
  const { code, globals } = checked
  const candidate = {
    learner: holder,
    selector,
    code: { code, globals },
    request: { ...request, selector, args, holder },
  }
  const [report] = await bench.trial(candidate, [{}])
  return { objection, ...judged(report, objection) }
}

function judged(report: TrialReport, objection: Objection): Omit<Tested, 'objection'> {
  if (report.kind === 'not-understood') {
    return { holds: true, sentence: `the draft sends ${report.selector}, which nobody understands` }
  }
  if (report.kind === 'fault') {
    const refused = `the draft refused with: ${report.fault.message}`
    return { holds: !('fails' in objection), sentence: refused }
  }
  const reply = canonical(fromWire(report.reply))
  const sentence = `the draft answered ${reply.slice(0, SHOWN)}`
  if ('fails' in objection) return { holds: true, sentence }
  return { holds: reply !== canonical(fromWire(objection.expected)), sentence }
}

/** UTF-16 units of an answer in a sentence. */
const SHOWN = 200
