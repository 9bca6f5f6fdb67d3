// Owns: the measure of what the gates keep out: a model that knows nothing proposes random edits of methods that work.
// Leaves: the edits to edits.ts; right and wrong to the hidden checks of the open tasks.
// Laws: every edit is a proposal of its own, and the vote of three is waived for it: what keeps it out is the gates and the
// comparison with the version in place. The same seed makes the same proposals.
//
//     node bench/null-model.ts [--proposals 200] [--seed 1] [--start right|wrong] [--bare]

import { parseArgs } from 'node:util'
import { type Comparison, Probation, putMethod, Replacement } from '#governance'
import type { Kernel } from '#kernel'
import {
  clearStage,
  describeReceiver,
  type MethodTask,
  namesOf,
  runChecks,
  type Stage,
  selfDeclaration,
  setStage,
  valueOf,
} from '#mind'
import { fromWire, OBJECT_LIMITS, seeded } from '#objects'
import { randomEdits } from './edits.ts'
import { NINE, openTaskKernel, ownTasks } from './task-world.ts'

const { values } = parseArgs({
  options: {
    proposals: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    /** `wrong` begins with a method that is wrong, and with an answer of a person that shows it. */
    start: { type: 'string', default: 'right' },
    /** Nobody has answered anything: the comparison alone keeps out what the gates let through. */
    bare: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const wanted = Number(values.proposals)
const isWrongStart = values.start === 'wrong'

/** Nobody was asked anything: the edits come of chance. */
const BY = { author: 'null', model: 'null', prompt: 'none' }

/** One proposal has one vote, and must be kept out by something else. */
const WAIVED = { alike: 1, ways: 1 }

/** What became of one proposal. */
interface Fate {
  kind: string
  /** `wrong` when the hidden checks fail. Asked of what passed the gates alone. */
  isRight?: boolean
  outcome: Comparison['kind'] | 'taken in' | 'left to a person' | 'taken back'
  gate?: string
  sentence?: string
}

const kernel = await openTaskKernel()
const probation = new Probation(kernel)
const random = seeded(Number(values.seed))

/** The call of a task, as a case has it. */
function caseOf(task: MethodTask, stage: Stage) {
  const args = task.args.map((arg) => valueOf(arg, stage.oids))
  const { selector, intent } = task
  const message = { selector, args, intent }
  const { context } = describeReceiver(kernel.head, stage.receiver, message, namesOf(kernel.head))
  const { receiver, learner } = stage
  const frame = { now: NINE, seed: 7, fuel: OBJECT_LIMITS.fuel }
  return {
    call: { kind: 'method' as const, receiver, learner, selector, args, frame },
    declaration: selfDeclaration(context),
    argTypes: context.args.map(({ type }) => type),
    intent,
  }
}

/** Keeps what the right method answers to the task's call as a person's answer. */
async function keepExample(task: MethodTask, stage: Stage): Promise<void> {
  const { call, declaration, argTypes } = caseOf(task, stage)
  const { selector, learner, receiver, args, frame } = call
  const source = task.ref as string
  const checked = await kernel.workbench.check({ source, selector, declaration, argTypes })
  if ('problems' in checked) throw new Error(`${task.id}: the reference does not compile`)
  const { code, globals } = checked
  const request = { ...frame, target: receiver, selector, args, holder: learner }
  const candidate = { learner, selector, code: { code, globals }, request }
  const [report] = await kernel.workbench.trial(candidate, [{}])
  const expected =
    report.kind === 'kept' ? { reply: fromWire(report.reply) } : { fails: true as const }
  const pinned = { receiver, sets: [], args, frame: { now: frame.now, seed: frame.seed } }
  const example = { ...pinned, expected, by: 'ann', proposal: 'p0' }
  await kernel.keep([kernel.examples.adding(learner, selector, example)])
}

async function propose(task: MethodTask, start: string, edit: { kind: string; source: string }) {
  const stage = await setStage(kernel, task, true)
  const given = { holder: stage.learner, selector: task.selector, source: start }
  await putMethod(kernel.workbench, { ...given, comment: task.intent ?? '', author: 'ann' })
  if (!values.bare) await keepExample(task, stage)
  const replacement = new Replacement(kernel.workbench, caseOf(task, stage))
  const compared = await replacement.consider(edit.source)
  const fate: Fate = { kind: edit.kind, outcome: compared.kind }
  if (compared.kind === 'refused') {
    fate.gate = compared.refusal.gate
    fate.sentence = compared.refusal.sentence
  }
  if (compared.kind === 'mends' || compared.kind === 'corrects') {
    const installed = await replacement.install(compared, BY, WAIVED)
    fate.outcome = installed === undefined ? 'left to a person' : 'taken in'
    if (installed !== undefined && (await isTakenBack(task, stage))) fate.outcome = 'taken back'
  }
  const isThrough = compared.kind !== 'refused' || compared.refusal.gate === 'regress'
  if (isThrough) fate.isRight = (await runChecks(kernel, task, edit.source)).ok
  await clearStage(kernel, stage)
  return fate
}

/** Has the objects of a task serve its checks' calls, and waits for what probation makes of them. */
async function isTakenBack(task: MethodTask, stage: Stage): Promise<boolean> {
  const calls = task.checks.flatMap((check) => check.calls)
  for (const [selector, ...args] of calls) {
    await new Promise((answer) => {
      const message = { principal: 'null', author: 'null', target: stage.receiver, selector }
      const given = args.map((arg) => valueOf(arg, stage.oids))
      kernel.send({ ...message, args: given, policy: 'off' }, { event: () => undefined, answer })
    })
  }
  await probation.idle()
  const rows = kernel.versions.of(stage.learner, task.selector)
  return rows.at(-1)?.state === 'rolled-back'
}

const tasks = (await ownTasks()).filter(({ ref }) => ref !== undefined)
const fates: Fate[] = []
for (let round = 0; fates.length < wanted; round++) {
  const before = fates.length
  for (const task of tasks) {
    if (fates.length >= wanted) break
    const start = isWrongStart ? task.mutants?.[0] : task.ref
    if (start === undefined) continue
    const peers = Object.keys(task.slots)
    const edit = randomEdits(start, peers, round + 1, random)[round]
    if (edit === undefined) continue
    const fate = await propose(task, start, edit)
    fates.push(fate)
    if (values.verbose || fate.outcome === 'taken in') {
      console.log(`${task.id} ${JSON.stringify(fate)} ${edit.source}`)
    }
  }
  if (fates.length === before) break
}
await probation.close()
await kernel.close()

const count = (is: (one: Fate) => boolean) => fates.filter(is).length
const percent = (n: number, of: number) => `${n} (${of === 0 ? 0 : ((100 * n) / of).toFixed(1)} %)`
console.log(
  `\n${fates.length} random edits of ${isWrongStart ? 'wrong' : 'right'} methods${values.bare ? ' without answers' : ''}, seed ${values.seed}`,
)
console.log('| became of them | proposals | of these right by the hidden checks |\n|---|---|---|')
for (const outcome of ['taken in', 'taken back', 'left to a person', 'alike'] as const) {
  const of = (one: Fate) => one.outcome === outcome
  const right = count((one) => of(one) && one.isRight === true)
  console.log(`| ${outcome} | ${percent(count(of), fates.length)} | ${right} |`)
}
for (const gate of [...new Set(fates.flatMap((one) => one.gate ?? []))].sort()) {
  const of = (one: Fate) => one.gate === gate
  const right = count((one) => of(one) && one.isRight === true)
  const shown = gate === 'regress' ? String(right) : ''
  console.log(`| refused: ${gate} | ${percent(count(of), fates.length)} | ${shown} |`)
}
const through = fates.filter(({ isRight }) => isRight !== undefined)
const wrong = through.filter(({ isRight }) => isRight === false).length
console.log(
  `Without the comparison ${percent(through.length, fates.length)} would be through the gates, ${percent(wrong, through.length)} of them wrong.`,
)
